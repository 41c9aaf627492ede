"""Which error a reply stands for: HighLevel's statuses and texts, and what they mean."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import frozen

from ghl_notes.errors import (
    AccessDenied,
    DenialReason,
    HighLevelError,
    LocationInactive,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.denials import Blame, Denial, blame, denial, has_given_up, is_passing
from ghl_notes.http.details import Details, details
from ghl_notes.http.rate import Headers, RateSnapshot
from ghl_notes.http.reply import Answer, Reply, decode, http_date
from ghl_notes.models import Json


def denied(reply: Reply) -> Denial:
    """Return what a 401 is about, by its message and not by its advice."""
    return denial(_said(reply).reason)


def failure(
    reply: Reply, rate: RateSnapshot | None = None, scope: str | None = None
) -> HighLevelError:
    """Name the error that a reply other than 2xx stands for; ``scope`` is what the call needs."""
    told = _said(reply)
    error = _named(reply, told, rate, scope)
    error.canonical_code, error.meta = told.details.code, told.details.meta
    return error


def _named(
    reply: Reply, told: "_Said", rate: RateSnapshot | None, scope: str | None
) -> HighLevelError:
    messages, trace_id, status = told.messages, told.trace_id, reply.status
    said = "; ".join(messages) or _unsaid(reply)
    if status == 429:  # noqa: PLR2004
        return _limited(reply, rate, messages, trace_id)
    passing = has_given_up(status, told.reason)
    if status >= 500 or status in _SERVER_AT_FAULT or passing:  # noqa: PLR2004
        return Unavailable(
            f"HighLevel failed with {status}: {said}",
            settled=not passing and status not in _MAYBE_STILL_AT_WORK,
            status=status,
            messages=messages,
            trace_id=trace_id,
            retry_after=retry_after(reply.headers),
        )
    if _is_foreign(status, told):
        return _foreign(reply, told, said)
    if status in (401, 403) and not _NOT_ACTIVE(told.reason):
        return _denied(told, said, status, scope)
    for matches, text, cls, remedy in _ERRORS:
        if status in matches and (text is None or text(told.reason)):
            about = f"{said} ({status}): {remedy}"
            return cls(about, status=status, messages=messages, trace_id=trace_id)
    msg = f"HighLevel answered {status}, which no call expects: {said}"
    return UnexpectedResponse(msg, status=status, trace_id=trace_id)


def honest(answer: Answer) -> Answer:
    """Refuse a success that says of itself, in any of its spellings, that it failed."""
    told = answer.payload
    if isinstance(told, dict) and any(told.get(name) is False for name in _SUCCESS):
        msg = "HighLevel answered with success, and says in it that the call failed"
        error = UnexpectedResponse(msg, problems=_excuses(told))
        answer.name([error])
        raise error
    return answer


def _excuses(told: Mapping[str, Json]) -> list[str]:
    """Find what a failed bulk change says of each contact."""
    responses = told.get("responses")
    lines = responses if isinstance(responses, list) else []
    return [
        f"{one.get('contactId')}: {one['message']}"[:_LONGEST]
        for one in lines
        if isinstance(one, dict) and isinstance(one.get("message"), str)
    ]


_SUCCESS: Final = ("succeded", "succeeded", "success")


def retry_after(headers: Headers) -> float | None:
    """Read ``Retry-After`` in seconds, whether it was sent as seconds or as a date."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        when, now = http_date(value), http_date(headers.get("Date", ""))
        if when is None:
            return None
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if seconds < _YEAR else None


_YEAR: Final = 366 * 86_400.0
_SERVER_AT_FAULT: Final = frozenset({408, 425})
# A gateway gave up waiting, and what stands behind it may still be writing; 52x is Cloudflare's.
_MAYBE_STILL_AT_WORK: Final = frozenset({502, 504, 520, 522, 524})

_NOT_ACTIVE: Final = re.compile(r"location is not active", re.IGNORECASE).search
_NOT_FOUND: Final = re.compile(
    r"\bnot found\b|no such|does(?: not|n't) exist|(?<!should )not exist", re.IGNORECASE
).search  # "property x should not exist" is about the call, not about what it names
# A route that is not there is no contact or note that is gone. Express and Kong say it so.
_NO_ROUTE: Final = re.compile(r"\bCannot [A-Z]+ /|\bno Route matched\b").search

_4XX: Final = range(400, 500)
_ERRORS: Final = (
    # statuses, text, error, remedy: the first line that fits is taken
    (
        _4XX,
        _NOT_ACTIVE,
        LocationInactive,
        "the location is paused or unpaid, try when it is active",
    ),
    (
        _4XX,
        _NO_ROUTE,
        RequestRejected,
        "there is no such call, check base_url and that this version of the API has it",
    ),
    ((404,), None, NotFound, "check the id, and that it belongs to this location"),
    ((400,), _NOT_FOUND, NotFound, "check the id, and that it belongs to this location"),
    (_4XX, None, RequestRejected, "fix the call, it fails the same way again"),
)


# HighLevel's API words its refusals in JSON objects. Anything else under these statuses is a
# gateway's, which knows of no contact, note or scope: it passes, or the address is wrong.
GATEWAY_REFUSES: Final = frozenset({400, 403, 404, 405, 410, 422})


def _is_foreign(status: int, told: "_Said") -> bool:
    """Tell whether the API did not say this itself, by its form and by words that are known."""
    words = told.reason
    known = _NOT_ACTIVE(words) or (status == 403 and _reason(words) is not None)  # noqa: PLR2004
    return status in GATEWAY_REFUSES and not told.is_object and not known


def _foreign(reply: Reply, told: "_Said", said: str) -> Unavailable:
    """Say that a call was refused on its way, so that it had no effect and may go again."""
    doubt = is_passing(said)  # a gateway that gave up waiting has refused nothing
    return Unavailable(
        f"this {reply.status} is no reply of {reply.server}'s API ({said[:_SHOWN]}): a gateway or "
        "proxy refused the call on its way; if that lasts, check base_url",
        maybe_applied=doubt,
        settled=not doubt,
        status=reply.status,
        messages=told.messages,
        retry_after=retry_after(reply.headers),
    )


_SHOWN: Final = 120  # characters of what came


def _limited(
    reply: Reply, rate: RateSnapshot | None, messages: tuple[str, ...], trace_id: str | None
) -> RateLimited:
    daily = rate is not None and rate.daily_remaining == 0
    after = retry_after(reply.headers)
    if after is None and rate is not None:
        after = rate.daily_reset if daily else rate.interval
    limit = "daily limit" if daily else "rate limit"
    msg = f"the location's {limit} is used up (429); come back after retry_after seconds"
    return RateLimited(
        msg,
        daily=daily,
        resets_at=None if after is None else datetime.now(UTC) + timedelta(seconds=after),
        status=429,
        messages=messages,
        trace_id=trace_id,
        retry_after=after,
    )


def _denied(told: "_Said", said: str, status: int, scope: str | None) -> AccessDenied:
    """Say why a token does not reach this far, and what can be done about it."""
    reason = _reason(told.reason)
    needed = scope if reason == "scope" else None
    if needed is not None:
        remedy = f"grant {needed}, in the app's scopes and by installing it again"
    elif reason is None and status == 401:  # noqa: PLR2004
        remedy = "these words do not blame the token; check the call, its scope and its location"
    else:
        remedy = _REMEDIES[reason]
    return AccessDenied(
        f"{said} ({status}): {remedy}",
        scope=needed,
        reason=reason,
        status=status,
        messages=told.messages,
        trace_id=told.trace_id,
    )


def _reason(words: str) -> DenialReason | None:
    if _OTHER_LOCATION(words):
        return "location"
    if _OTHER_KIND(words):
        return "kind"
    if _SCOPE_MISSING(words):
        return "scope"
    return "token" if blame(words) is Blame.TOKEN else None


_OTHER_LOCATION: Final = re.compile(r"access to this location", re.IGNORECASE).search
_OTHER_KIND: Final = re.compile(r"auth\s?class|user\s?type", re.IGNORECASE).search
# A wrong kind of token is reported in terms of scopes too: "authClass type is not allowed to ...".
_SCOPE_MISSING: Final = re.compile(r"\bscope", re.IGNORECASE).search
_REMEDIES: Final[Mapping[DenialReason | None, str]] = {
    "token": "check that the token is whole and in force",
    "scope": "check the token's scopes",
    "kind": "use a token of the kind that this call takes, of a location or of an agency",
    "location": "use a token of this location",
    None: "use a token of this location, with the scope granted",
}


_LONGEST: Final = 500  # characters of one text


_NOTHING: Final = Details()


@frozen
class _Said:
    """What an error says: what is wrong, and what HighLevel advises, which decides nothing.

    ``is_object`` is whether it came as the API's errors do, in a JSON object.
    """

    texts: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    trace_id: str | None = None
    details: Details = _NOTHING
    is_object: bool = False

    @property
    def messages(self) -> tuple[str, ...]:
        return self.texts + self.advice

    @property
    def reason(self) -> str:
        return "; ".join(self.texts)


def _said(reply: Reply) -> _Said:
    """Find the texts and the trace id in any of the shapes that HighLevel's errors have."""
    try:
        body = decode(reply)
    except UnexpectedResponse:
        body = reply.body[:_LONGEST].decode(errors="replace").strip()
        if body[:1] in ("<", "{", "["):  # a page, or half a reply
            return _Said()
    if not isinstance(body, dict):
        return _Said(_texts(body) if isinstance(body, str) else ())
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    places = (body.get("message"), inner.get("message"), body.get("error_description"), error)
    said = next(filter(None, map(_texts, places)), ())
    trace = body.get("traceId")
    trace_id = trace if isinstance(trace, str) else None
    advice = _texts(inner.get("resolution"))
    return _Said(said, advice, trace_id, details(body), is_object=True)


def _texts(told: object) -> tuple[str, ...]:
    many = told if isinstance(told, list) else [told]
    return tuple(text[:_LONGEST] for text in many if isinstance(text, str) and text)


def _unsaid(reply: Reply) -> str:
    """Say what came instead of a reason; of a page its title, since its text may quote the call."""
    kind = reply.headers.get("Content-Type", "").split(";")[0]
    if "html" not in kind and reply.body.lstrip()[:1] != b"<":
        return "no reason"
    title = _TITLE(reply.body[:_PAGE_HEAD].decode(errors="replace"))
    named = f", '{' '.join(title[1].split())}'" if title else ""
    return f"a page instead of an API reply, often from a proxy{named}"


_PAGE_HEAD: Final = 4_096  # bytes
_TITLE: Final = re.compile(r"<title>([^<>]{1,80})", re.IGNORECASE).search
