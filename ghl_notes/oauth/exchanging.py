"""A code, exchanged: it works once, and no grace is documented for a reply that is lost."""

from collections.abc import Awaitable, Callable

from ghl_notes.errors import HighLevelError, ReauthorizationRequired
from ghl_notes.events import Observer
from ghl_notes.http.outcomes import maybe_applied
from ghl_notes.http.retries import RetryPolicy, retrying
from ghl_notes.models import StoredInstall

__all__ = ["exchanged"]


async def exchanged(
    send: Callable[[], Awaitable[StoredInstall]],
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

    async def attempt() -> StoredInstall:
        try:
            return await send()
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
