"""How long a caller waits for a hold, and in which order callers take turns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self
from weakref import WeakValueDictionary

from attrs import frozen

from ghl_notes.errors import ConfigurationError, Unavailable

__all__ = [
    "HOLD_SECONDS",
    "Busy",
    "Crowded",
    "Turns",
    "Wait",
    "acquired",
    "checked_timeout",
    "too_late",
]

HOLD_SECONDS: Final = 60.0
"""How long a caller waits for a hold: longer than any that is well, which ends within 30 s."""

_SOON: Final = 1.0


class Busy(Exception):
    """It is held already. ``holder`` names the process, if that is known by now."""

    def __init__(self, holder: str = "") -> None:
        super().__init__()
        self.holder = holder


class Crowded(Unavailable):
    """There are more renewals at once than connections for them, and nothing else is wrong.

    Nobody is stopped, and nothing was sent: it is soon worth another try, in the line of others.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, maybe_applied=False, waited=True, retry_after=_SOON)


@frozen
class Wait:
    """A wait that ends at one moment, however many parts it has. Times are the loop's."""

    seconds: float
    ends: float

    @classmethod
    def of(cls, seconds: float) -> Self:
        """Begin now."""
        return cls(seconds, asyncio.get_running_loop().time() + seconds)

    @property
    def left(self) -> float:
        """The seconds that are left; 0 when it is over."""
        return max(0.0, self.ends - asyncio.get_running_loop().time())


class Turns:
    """Lets the tasks of one event loop take turns, by name and in the order in which they came."""

    def __init__(self) -> None:
        # By loop, since an asyncio lock that one loop has waited for is of no use to another.
        self._locks: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock]
        self._locks = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, name: str, wait: Wait) -> AsyncIterator[bool]:
        """Take a turn, and give True; give False if none came in time."""
        lock = self._locks.setdefault((asyncio.get_running_loop(), name), asyncio.Lock())
        is_ours = await acquired(lock, wait)
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release()


async def acquired(lock: asyncio.Lock | asyncio.Semaphore, wait: Wait) -> bool:
    """Acquire a lock of asyncio's; False if it is not free in time."""
    try:
        async with asyncio.timeout_at(wait.ends):
            return await lock.acquire()
    except TimeoutError:
        return False


def checked_timeout(seconds: float, name: str) -> float:
    """Return ``seconds``. Raises ``ConfigurationError`` for what is no time to wait."""
    if not seconds > 0:
        msg = f"{name}: hold_timeout must be above 0, in seconds"
        raise ConfigurationError(msg)
    return seconds


def too_late(what: str, seconds: float, holder: str) -> Unavailable:
    """Make the error of a wait in vain, which names the holder. It is not to be retried."""
    msg = f"{what} was not free within {seconds:g} s: {holder} holds it and may be stopped;"
    msg += " let it go on or end it, and try again"
    return Unavailable(msg, maybe_applied=False, waited=True)
