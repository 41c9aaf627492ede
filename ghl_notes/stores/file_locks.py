"""Locks between the processes of one machine, which the kernel frees when their holder dies."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary
from zlib import crc32

from ghl_notes.errors import ConfigurationError

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["FileLocks"]

# Many installs renew at once; two share a lock only when they share one of these.
_STRIPES: Final = 64
_POLL_SECONDS: Final = 0.02


class FileLocks:
    """Locks by name, as files in a folder that is made when the first is taken.

    On Windows they hold between the tasks of one process only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Wait for the lock, and hold it."""
        stripe = crc32(name.encode()) % _STRIPES
        turn = self._turns.setdefault(stripe, asyncio.Lock())
        async with turn:
            lock = await self._lock(stripe)
            try:
                yield
            finally:
                if lock is not None:
                    _unlock(lock)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold a lock that stands for all of them, from a thread that may block."""
        if fcntl is None:
            yield
            return
        lock = self._file("new")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            _unlock(lock)

    async def _lock(self, stripe: int) -> int | None:
        if fcntl is None:
            return None
        lock = self._file(f"{stripe:02d}")
        try:
            while not _try_lock(lock):  # noqa: ASYNC110 - another process ends it
                await asyncio.sleep(_POLL_SECONDS)
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _file(self, name: str) -> int:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            return os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            msg = f"{self._folder} cannot be used for locks ({error})"
            raise ConfigurationError(msg) from error


def _unlock(lock: int) -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)  # closing alone leaves it to a child that was forked meanwhile
    os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
