"""Which error a refusal of another system stands for; the statuses mean the same everywhere."""

from collections.abc import Sequence
from typing import Final

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.failures import retry_after
from ghl_notes.http.reply import Reply

_MOST: Final = 500  # characters of one text


def failure(reply: Reply, messages: Sequence[str], *, credentials: str) -> HighLevelError:
    """Name the error of a status that is no success; ``credentials`` says what to check for it."""
    told = tuple(message[:_MOST] for message in messages)
    said = f"{reply.server} says: {'; '.join(told) or 'no reason'} ({reply.status})"
    status = reply.status
    if status >= 500 or status in (408, 425):  # noqa: PLR2004 - HTTP's own numbers
        after = retry_after(reply.headers)
        return Unavailable(said, status=status, messages=told, retry_after=after)
    if status in (401, 402, 403):
        remedy = "the plan does not include this" if status == 402 else f"check {credentials}"  # noqa: PLR2004
        return AccessDenied(f"{said}: {remedy}", status=status, messages=told)
    if status == 404:  # noqa: PLR2004
        return NotFound(f"{said}: check the id", status=status, messages=told)
    if 400 <= status < 500:  # noqa: PLR2004
        return RequestRejected(f"{said}: fix the call", status=status, messages=told)
    return UnexpectedResponse(f"{said}, which no call expects", status=status)


def limited(reply: Reply, seconds: float, messages: Sequence[str] = ()) -> RateLimited:
    """Say that the limit refused the call."""
    msg = f"{reply.server}'s rate limit is used up; come back after retry_after seconds"
    told = tuple(message[:_MOST] for message in messages)
    return RateLimited(msg, status=reply.status, messages=told, retry_after=seconds)
