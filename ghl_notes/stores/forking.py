"""Whose a store is: a fork shares its sockets and copies no threads, and a loop has its own."""

import asyncio
import os
import threading

from ghl_notes.errors import ConfigurationError

__all__ = ["OwnLoop", "OwnProcess"]


class OwnProcess:
    """Remembers the process that used a store first."""

    def __init__(self) -> None:
        self._pid: int | None = None

    def check(self) -> None:
        """Raise ``ConfigurationError`` in a child that was forked after the first use."""
        if self._pid is None:
            self._pid = os.getpid()
        elif self._pid != os.getpid():
            msg = "this store was in use before the process was forked: make one in each process"
            raise ConfigurationError(msg)


class OwnLoop:
    """Remembers the event loop in which a store has its connections and its waiters."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()  # two threads may be the first at once

    def is_another(self) -> bool:
        """Make the running loop the owner, and tell whether it follows one that is closed.

        Raises ``ConfigurationError`` while the owner is another loop that is not closed.
        """
        running = asyncio.get_running_loop()
        if running is self._loop:
            return False
        with self._lock:
            before = self._loop
            if before is not None and not before.is_closed():
                msg = "this store is in use in another event loop: make one for each loop"
                raise ConfigurationError(msg)
            self._loop = running
        return before is not None

    def let_go(self) -> None:
        """Belong to no loop: nothing of one is left."""
        self._loop = None
