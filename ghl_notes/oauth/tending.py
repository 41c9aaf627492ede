"""How each install is, and keeping those alive that nobody uses."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from ghl_notes.errors import HighLevelError, LocationInactive, ReauthorizationRequired
from ghl_notes.models import Install, InstallHealth
from ghl_notes.oauth.installs import Installs


async def tended(installs: Installs, install: Install, *, idle_since: datetime) -> InstallHealth:
    """Renew an install that has rested since before that time, and tell how it is."""

    async def renew() -> None:
        await installs.auth_of(install).renew_if_older(idle_since)

    return await _looked_at(installs, install, renew)


async def checked(
    installs: Installs, install: Install, *, ask: Callable[[Install], Awaitable[None]]
) -> InstallHealth:
    """Make a call in an install's name, and tell how it is."""
    return await _looked_at(installs, install, lambda: ask(install))


async def _looked_at(
    installs: Installs, install: Install, look: Callable[[], Awaitable[None]]
) -> InstallHealth:
    if install.spent_at is not None:
        return InstallHealth(install=install, state="spent")
    try:
        await look()
        after = await _now(installs, install)
    except HighLevelError as error:
        return await _unwell(installs, install, error)
    renewed = after.renewed_at != install.renewed_at
    return InstallHealth(install=after, state="renewed" if renewed else "healthy")


async def _unwell(installs: Installs, install: Install, error: HighLevelError) -> InstallHealth:
    if isinstance(error, ReauthorizationRequired):
        with suppress(HighLevelError):  # what matters is told already
            install = await _now(installs, install)
        return InstallHealth(install=install, state="spent", error=error)
    inactive = isinstance(error, LocationInactive)
    return InstallHealth(install=install, state="inactive" if inactive else "failed", error=error)


async def _now(installs: Installs, install: Install) -> Install:
    """Read it again, for what has changed meanwhile."""
    stored = await installs.load(install.key)
    return install if stored is None else stored.install
