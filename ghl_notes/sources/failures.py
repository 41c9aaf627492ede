"""Which error a refusal of another system stands for; the statuses mean the same everywhere."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    DenialReason,
    HighLevelError,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.denials import is_passing
from ghl_notes.http.failures import GATEWAY_REFUSES, retry_after
from ghl_notes.http.reply import Reply, decode, require_whole
from ghl_notes.models import Json

_LONGEST: Final = 500  # characters of one text
_MOST: Final = 10  # texts of one reply


def success(reply: Reply) -> Json:
    """Decode a reply whose status is a success. All that is asked of sources is to be read."""
    require_whole(reply)
    try:
        return decode(reply)
    except UnexpectedResponse as error:
        if not _is_page(reply):
            raise
        msg = f"{error}: a page instead of an API's reply, so check base_url"
        raise UnexpectedResponse(msg, status=reply.status, garbled=True) from None


def refusal(reply: Reply) -> Json:
    """Decode a reply whose status is none; what is no JSON is its text, and a page is nothing."""
    try:
        return decode(reply)
    except UnexpectedResponse:
        return None if _is_page(reply) else reply.body[: 2 * _LONGEST].decode(errors="replace")


def denied(reply: Reply, credentials: str, words: str = "") -> HighLevelError:
    """Say what to check, in no ``words`` of the server's: they may quote the credentials.

    A gateway's message that it could not answer is no denial: it raises ``Unavailable``.
    """
    if is_passing(words):
        msg = f"{reply.server}'s gateway could not answer, with status {reply.status}"
        after = retry_after(reply.headers)
        return Unavailable(msg, settled=False, status=reply.status, retry_after=after)
    msg = f"{reply.server} refuses the credentials ({reply.status}): check {credentials}"
    reason: DenialReason | None = "token" if reply.status == 401 else None  # noqa: PLR2004
    return AccessDenied(msg, reason=reason, status=reply.status)


def failure(
    reply: Reply, messages: Iterable[str], *, credentials: str, by_id: bool = False
) -> HighLevelError:
    """Name the error of a status that is no success; ``credentials`` says what to check for it.

    ``by_id``: the call asks for one thing by its id, which may be the reason of a 404.
    """
    told = _short(messages)
    said = f"{reply.server} says: {'; '.join(told) or 'no reason'} ({reply.status})"
    status = reply.status
    foreign = _is_foreign(reply)
    if status >= 500 or status in (408, 425) or foreign:  # noqa: PLR2004 - HTTP's own numbers
        remedy = ", in the words of a gateway or proxy; if it lasts, check base_url"
        msg = f"{said}{remedy if foreign else ''}"
        after = retry_after(reply.headers)
        return Unavailable(msg, status=status, messages=told, retry_after=after)
    if status in (401, 402, 403):
        remedy = "the plan does not include this" if status == 402 else f"check {credentials}"  # noqa: PLR2004
        return AccessDenied(f"{said}: {remedy}", status=status, messages=told)
    lost = status == 404 and not (by_id and isinstance(refusal(reply), dict))  # noqa: PLR2004
    if lost or 300 <= status < 400:  # noqa: PLR2004
        msg = f"{reply.server}'s API is not at this address ({status}): check base_url"
        return ConfigurationError(msg, status=status)
    if status == 404:  # noqa: PLR2004
        return NotFound(f"{said}: check the id", status=status, messages=told)
    if 400 <= status < 500:  # noqa: PLR2004
        return RequestRejected(f"{said}: fix the call", status=status, messages=told)
    return UnexpectedResponse(f"{said}, which no call expects", status=status)


def _is_foreign(reply: Reply) -> bool:
    """Tell whether an API that answers in JSON has not said this; 403 and 404 have remedies."""
    if reply.status not in GATEWAY_REFUSES or reply.status in (403, 404):
        return False
    return not isinstance(refusal(reply), dict | list)


def limited(reply: Reply, seconds: float, messages: Iterable[str] = ()) -> RateLimited:
    """Say that the limit refused the call."""
    return RateLimited(
        f"{reply.server}'s rate limit is used up; come back after retry_after seconds",
        resets_at=datetime.now(UTC) + timedelta(seconds=seconds),
        status=reply.status,
        messages=_short(messages),
        retry_after=seconds,
    )


def _short(messages: Iterable[str]) -> Sequence[str]:
    return tuple(message[:_LONGEST] for message in islice(messages, _MOST))


def _is_page(reply: Reply) -> bool:
    return reply.body.lstrip()[:1] == b"<"
