"""Whose a store is: a fork shares its sockets and copies no threads, and a loop has its own."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack

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
    """Remembers the event loop that has a store's connections, and closes them when it ends.

    ``renew`` puts new ones in their place, and gives what closes the old ones.
    """

    def __init__(self, renew: Callable[[], AsyncExitStack]) -> None:
        self._renew = renew
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()  # two threads may be the first at once
        self._ending: AsyncGenerator[None, None] | None = None

    async def check(self) -> None:
        """Belong to the running loop.

        Raises ``ConfigurationError`` while another loop is the owner and not closed.
        """
        running = asyncio.get_running_loop()
        if running is self._loop:
            return
        with self._lock:
            if self._loop is not None and not self._loop.is_closed():
                msg = "this store is in use in another event loop: make one for each loop"
                raise ConfigurationError(msg)
            is_left = self._loop is not None
            self._loop = running
        if is_left:  # by a loop that did not end its generators: nothing can close them any more
            self._renew()
        # A loop ends its generators before it is closed, so this one closes the connections.
        self._ending = self._until_the_end()
        await anext(self._ending)

    async def close(self) -> None:
        """Close the connections, and belong to no loop."""
        await self.check()
        ending, self._ending = self._ending, None
        if ending is not None:
            await ending.aclose()

    async def _until_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._loop = None
            await self._renew().aclose()
