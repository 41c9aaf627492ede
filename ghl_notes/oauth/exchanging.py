"""A code, exchanged: it works once, and no grace is documented for a reply that is lost."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from ghl_notes.errors import HighLevelError, ReauthorizationRequired
from ghl_notes.events import Observer
from ghl_notes.http.outcomes import maybe_applied
from ghl_notes.http.retries import RetryPolicy, retrying
from ghl_notes.models import StoredInstall

__all__ = ["exchanged"]


class Exchange(Protocol):
    """Sends a code, in the time that is left after ``spent`` seconds."""

    def __call__(self, *, spent: float) -> Awaitable[StoredInstall]:
        """Return the install that it brings."""
        ...


async def exchanged(
    send: Exchange,
    policy: RetryPolicy,
    *,
    server: str,
    observer: Observer | None,
) -> StoredInstall:
    """Send a code, a few times if need be, and return its install.

    Raises ``ReauthorizationRequired`` for a code that is unknown, used or too old, with a
    message for the case that our own first try may have used it.
    """
    lost: list[HighLevelError] = []
    clock = asyncio.get_running_loop().time
    began = clock()

    async def attempt() -> StoredInstall:
        try:
            return await send(spent=clock() - began)
        except HighLevelError as error:
            if maybe_applied(error):
                lost.append(error)
            raise

    try:
        return await retrying(attempt, policy, observer=observer)()
    except ReauthorizationRequired as error:
        if not lost:
            raise
        msg = f"{server}'s reply to this code was lost, and a code works once"
        raise ReauthorizationRequired(
            f"{msg}; send the user through authorize() again",
            status=error.status,
            messages=error.messages,
        ) from lost[0]
