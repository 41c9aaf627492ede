"""The store for tests and scripts: a dict, gone with its process."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from attrs import define

from ghl_notes.models import Owner, StoredInstall
from ghl_notes.stores.adopting import adopted_by, newer
from ghl_notes.stores.forking import OwnLoop, OwnProcess
from ghl_notes.stores.waiting import HOLD_SECONDS, Turns, Wait, checked_timeout, too_late

__all__ = ["MemoryStore"]

# Claims that are over are cleared away when so many were made since.
_SWEEP = 1000


@define
class _Held:
    installs: dict[str, StoredInstall]
    key: str
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        self.installs[stored.install.key] = self.stored = stored

    async def delete(self) -> None:
        self.installs.pop(self.key, None)
        self.stored = None


class MemoryStore:
    """Keeps installs in this process. After a restart their users must authorize again.

    Belongs to the process and to the event loop that uses it first, and to the next loop when that
    one is closed; another one gets ``ConfigurationError``. A caller who waits for a hold
    for ``hold_timeout`` seconds gets ``Unavailable``.
    """

    def __init__(
        self,
        *,
        hold_timeout: float = HOLD_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hold_timeout = checked_timeout(hold_timeout, "MemoryStore")
        self._clock = clock
        self._process = OwnProcess()
        self._loop = OwnLoop(AsyncExitStack)  # with nothing to close
        self._turns = Turns()
        self._installs: dict[str, StoredInstall] = {}
        self._claims: dict[str, float] = {}
        self._room = _SWEEP

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        await self._check()
        return self._installs.get(key)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, in this process, to change the install under ``key``."""
        await self._check()
        async with self._turns.taken(key, Wait.of(self._hold_timeout)) as is_ours:
            if not is_ours:
                raise too_late(f"the install {key}", self._hold_timeout, "another task")
            yield _Held(self._installs, key, self._installs.get(key))

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key."""
        await self._check()
        for key in sorted(self._installs):
            if (stored := self._installs.get(key)) is not None:
                yield stored

    async def adopt(self, *, provider: str, client_id: str) -> None:
        """Make all installs of that provider whose app is unknown those of this app."""
        await self._check()
        for key, stored in list(self._installs.items()):
            adopted = adopted_by(Owner(provider, client_id), stored)
            if adopted is not None:
                there = self._installs.get(adopted.install.key)
                self._installs[adopted.install.key] = newer(there, adopted)
                del self._installs[key]

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        await self._check()
        now = self._clock()
        if self._claims.get(name, now) > now:
            return False
        if seconds <= 0:
            return True
        if len(self._claims) >= self._room:
            self._claims = {one: ends for one, ends in self._claims.items() if ends > now}
            self._room = len(self._claims) + _SWEEP
        self._claims[name] = now + seconds
        return True

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        await self._check()
        self._claims[name] = self._clock() + seconds

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        await self._check()
        self._claims.pop(name, None)

    async def close(self) -> None:
        """Keep the installs, which stay for as long as this object; any loop may use it next."""
        self._process.check()
        await self._loop.close()

    async def _check(self) -> None:
        self._process.check()
        await self._loop.check()
