"""How each install is, and keeping those alive that nobody uses."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from ghl_notes.errors import HighLevelError, LocationInactive, ReauthorizationRequired
from ghl_notes.models import Health, Install, InstallHealth
from ghl_notes.oauth.installs import Installs


async def tended(installs: Installs, install: Install, *, idle_since: datetime) -> InstallHealth:
    """Renew an install that has rested since before that time, and tell how it is."""

    async def look() -> None:
        await installs.auth_of(install).look(idle_since=idle_since)

    return await _looked_at(installs, install, look)


async def checked(
    installs: Installs, install: Install, *, ask: Callable[[Install], Awaitable[None]]
) -> InstallHealth:
    """Make a call in an install's name, and tell how it is."""

    async def look() -> None:
        if install.spent_at is not None:  # its agency may give it a token
            await installs.auth_of(install).look(idle_since=install.spent_at)
        else:
            await ask(install)

    return await _looked_at(installs, install, look)


async def _looked_at(
    installs: Installs, install: Install, look: Callable[[], Awaitable[None]]
) -> InstallHealth:
    try:
        await look()
        after = await _now(installs, install)
    except HighLevelError as error:
        return await _unwell(installs, install, error)
    renewed = after.renewed_at != install.renewed_at
    return InstallHealth(install=after, state="renewed" if renewed else "healthy")


async def _unwell(installs: Installs, before: Install, error: HighLevelError) -> InstallHealth:
    install = before
    with suppress(HighLevelError):  # the health has its error already
        install = await _now(installs, before)
    if isinstance(error, ReauthorizationRequired):
        known = before.spent_at is not None
        return InstallHealth(install=install, state="spent", error=None if known else error)
    return InstallHealth(install=install, state=_state(install, error), error=error)


def _state(install: Install, error: HighLevelError) -> Health:
    if isinstance(error, LocationInactive):
        return "inactive"
    return "failed" if install.in_doubt_since is None else "in doubt"


async def _now(installs: Installs, install: Install) -> Install:
    """Read it again, for what has changed meanwhile."""
    return await installs.find(install.key) or install
