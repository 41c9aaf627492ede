"""How each install is, and keeping those alive that nobody uses."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from ghl_notes.errors import HighLevelError, LocationInactive, ReauthorizationRequired
from ghl_notes.models import Health, Install, InstallHealth
from ghl_notes.oauth.installs import Installs


async def tended(installs: Installs, install: Install, *, idle_since: datetime) -> InstallHealth:
    """Renew an install that has rested since before that time, and tell how it is."""

    async def renew() -> Install:
        return await installs.auth_of(install).renew_if_older(idle_since)

    return await _looked_at(install, renew)


async def checked(install: Install, ask: Callable[[Install], Awaitable[Install]]) -> InstallHealth:
    """Make a call in an install's name, and tell how it is."""
    return await _looked_at(install, lambda: ask(install))


async def _looked_at(install: Install, look: Callable[[], Awaitable[Install]]) -> InstallHealth:
    if install.spent_at is not None:
        return InstallHealth(install=install, state="spent")
    try:
        after = await look()
    except HighLevelError as error:
        return InstallHealth(install=install, state=_state(error), error=error)
    renewed = after.renewed_at != install.renewed_at
    return InstallHealth(install=after, state="renewed" if renewed else "healthy")


def _state(error: HighLevelError) -> Health:
    if isinstance(error, ReauthorizationRequired):
        return "spent"
    return "inactive" if isinstance(error, LocationInactive) else "failed"
