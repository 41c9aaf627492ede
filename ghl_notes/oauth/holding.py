"""Reading and changing what the store keeps of an install."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.models import StoredInstall
from ghl_notes.stores.protocol import SEALED, Hold, Overtaken, TokenStore
from ghl_notes.stores.waiting import Crowded

__all__ = ["ahead", "held", "readable"]

R = TypeVar("R")


async def held(
    store: TokenStore, key: str, change: Callable[[Hold], Awaitable[R]], *, patience: float = 0.0
) -> R:
    """Change an install under the store's hold, and begin again if the hold lapsed meanwhile.

    After that ``change`` finds what another process has written, or what it wrote itself. Where
    there is a crowd, it is tried for ``patience`` seconds, and the hold is let go between the
    tries: a hold must end soon, and others may want this install.
    """
    clock = asyncio.get_running_loop().time
    ends = clock() + patience
    tries = 0
    while True:
        tries += 1
        try:
            return await _held(store, key, change)
        except Crowded as error:
            if clock() >= ends:
                if tries > 1:  # one try says itself how long it took
                    error.args = (f"{error.args[0]}; tried for {patience:g} s",)
                raise


async def _held(store: TokenStore, key: str, change: Callable[[Hold], Awaitable[R]]) -> R:
    why = ""
    for _ in range(2):
        try:
            async with store.hold(key) as hold:
                readable(hold.stored)
                return await change(hold)
        except Overtaken:
            why = f"another process keeps changing the install {key}"
        except asyncio.CancelledError:
            # The end of ``asyncio.run`` cancels what a store began, and not this.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            why = f"the work on the install {key} was cut off, as when the program ends"
    msg = f"{why}; try again"
    raise Unavailable(msg, maybe_applied=False)


async def ahead(store: TokenStore, key: str, *, clock: Callable[[], float]) -> float | None:
    """Tell when the install began that stands now, if by our clock that is yet to come.

    The clock was set back since, or another machine's is ahead. What a code brought by now is
    newer than that, though its time is earlier. None also where the store cannot be read.
    """
    # A code works once: nothing here, nor what the end of ``asyncio.run`` cancels in a store,
    # keeps what it brought from being saved.
    with suppress(Exception, asyncio.CancelledError):
        there = await store.load(key)
        if there is not None and there.order[0] > clock():
            return there.order[0]
    return None


def readable(stored: StoredInstall | None) -> StoredInstall | None:
    """Pass on what can be read; raise ``ConfigurationError`` for what was encrypted."""
    # Taken for tokens they would be refused by HighLevel, and the install would look spent.
    if stored is not None and stored.token.access_token.startswith(SEALED):
        msg = f"the install {stored.install.key} is encrypted: wrap the store in Sealed(...)"
        raise ConfigurationError(msg)
    return stored
