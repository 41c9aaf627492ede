"""Which event loop a client belongs to: connections, waiting calls and timers live in one alone."""

import asyncio
import threading

from ghl_notes.errors import ConfigurationError


class LoopOwner:
    """The one event loop in which the parts of a client run; once it is closed, the next one.

    Each part keeps the loop that it last ran in, and asks here only when it finds itself in
    another. One thread's loop is never taken over by another thread while it lives.
    """

    def __init__(self) -> None:
        self.era: int = 0  # how many loops there have been
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to this loop from now on. Raises ``ConfigurationError`` while another lives."""
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                self._loop = loop
                self.era += 1
            elif self._loop is not loop:
                raise elsewhere()

    def is_of(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether this is the loop that it belongs to."""
        return self._loop is loop

    def is_now(self, era: int) -> bool:
        """Tell whether what was begun in an era still counts; its end may come long after it."""
        return era == self.era and (self._loop is None or not self._loop.is_closed())


class LoopLock:
    """A lock for the tasks of one event loop; in the next one it is free again."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    def here(self) -> asyncio.Lock:
        """Return the lock of the running loop."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock


def elsewhere() -> ConfigurationError:
    """Say that something is used in another event loop than its own."""
    return ConfigurationError(
        "this belongs to another event loop, which is still open: "
        "make one client for each event loop, and so for each thread"
    )
