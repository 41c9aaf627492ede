"""The store for tests and scripts: a dict, gone with its process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from attrs import define

from ghl_notes.models import StoredInstall

__all__ = ["MemoryStore"]


@define
class _Held:
    installs: dict[str, StoredInstall]
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        self.installs[stored.install.key] = self.stored = stored


class MemoryStore:
    """Keeps installs in this process. Whoever restarts it must authorize again."""

    def __init__(self) -> None:
        self._installs: dict[str, StoredInstall] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        return self._installs.get(key)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, in this process, to change the install under ``key``."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield _Held(self._installs, self._installs.get(key))

    async def delete(self, key: str) -> None:
        """Forget the install under ``key``."""
        self._installs.pop(key, None)

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key."""
        for key in sorted(self._installs):
            if (stored := self._installs.get(key)) is not None:
                yield stored

    async def close(self) -> None:
        """Do nothing: the installs stay for as long as this object."""
