"""The store for tests and scripts: a dict, gone with its process."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from attrs import define

from ghl_notes.models import StoredInstall

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
    """Keeps installs in this process. Whoever restarts it must authorize again."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._installs: dict[str, StoredInstall] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._claims: dict[str, float] = {}
        self._room = _SWEEP

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        return self._installs.get(key)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, in this process, to change the install under ``key``."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield _Held(self._installs, key, self._installs.get(key))

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key."""
        for key in sorted(self._installs):
            if (stored := self._installs.get(key)) is not None:
                yield stored

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        now = self._clock()
        if self._claims.get(name, now) > now:
            return False
        if len(self._claims) >= self._room:
            self._claims = {one: ends for one, ends in self._claims.items() if ends > now}
            self._room = len(self._claims) + _SWEEP
        self._claims[name] = now + seconds
        return True

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        self._claims[name] = self._clock() + seconds

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        self._claims.pop(name, None)

    async def close(self) -> None:
        """Do nothing: the installs stay for as long as this object."""
