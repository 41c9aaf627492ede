"""HighLevel's HTTP rules without any I/O: how a call is built, and what a reply means.

Whatever this library believes about paths, headers, statuses and error texts stands here, once.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias
from urllib.parse import quote, urlencode

from attrs import define

from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.rate import Headers, RateSnapshot
from ghl_notes.models import Json

try:
    import orjson
except ImportError:  # the extra "speedups" is not installed
    orjson = None  # type: ignore[assignment]

BASE_URL: Final = "https://services.leadconnectorhq.com"
VERSION: Final = "2021-07-28"

Params: TypeAlias = Mapping[str, str | int | float | bool | None]

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_UNSAFE_ID: Final = re.compile(r"[/?#%\\\s\x00-\x1f\x7f\ud800-\udfff]|^\.{1,2}$").search
_SAFE_PATH: Final = re.compile(r"(/([A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?").fullmatch
_DOTS: Final = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)|%2f|%5c", re.IGNORECASE).search

# A read sent by POST is repeatable too, which only the resource that builds it knows.
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
METHODS: Final = _REPEATABLE | {"POST", "PATCH"}


@define(eq=False)
class Request:
    """One call before it has a host, a token or a slot."""

    method: str
    path: str
    params: Params | None = None
    json: Json | Mapping[str, Json] = None
    form: Mapping[str, str] | None = None
    repeatable: bool = True
    bulk: bool = False
    gone_is_done: bool = False


@define(eq=False)
class Reply:
    """What came back, read to its end."""

    status: int
    headers: Headers
    body: bytes


@define(eq=False)
class Answer:
    """A reply that was a success: its decoded JSON (None for an empty body) and its headers."""

    payload: Json
    status: int
    headers: Headers

    @property
    def server_time(self) -> datetime | None:
        """HighLevel's clock when it answered, to the second, if it said."""
        return _http_date(self.headers.get("Date", ""))


# --- building -------------------------------------------------------------------------------


def segment(name: str, value: str) -> str:
    """Make ``value`` one segment of a path; refuse what would lead out of it."""
    if isinstance(value, str):
        if _PLAIN_ID(value):
            return value
        if value and not _UNSAFE_ID(value):
            return quote(value, safe="")
    shown = repr(value)[:40]
    msg = f"{name} must be a HighLevel id (a non-empty string without / ? # % or spaces): {shown}"
    raise ConfigurationError(msg)


def any_request(
    method: str, path: str, *, params: Params | None, json: Json, repeatable: bool | None
) -> Request:
    """Build a call to an endpoint that this library does not know."""
    method = method.upper() if isinstance(method, str) else ""
    if method not in METHODS:
        msg = f"method must be one of {', '.join(sorted(METHODS))}"
        raise ConfigurationError(msg)
    if not isinstance(path, str) or not _SAFE_PATH(path) or _DOTS(path):
        msg = "path must begin with / and be quoted, without a host, a query or dot segments"
        raise ConfigurationError(msg)
    safe = method in _REPEATABLE if repeatable is None else repeatable
    return Request(method, path, params, json, repeatable=safe)


def target(request: Request) -> str:
    """Join the path and the query."""
    if not request.params:
        return request.path
    pairs = {k: _text(v) for k, v in request.params.items() if v is not None}
    return f"{request.path}?{urlencode(pairs)}"


def content(request: Request) -> tuple[bytes | None, str | None]:
    """Encode the body, and name its media type."""
    if request.form is not None:
        return urlencode(request.form).encode(), "application/x-www-form-urlencoded"
    if request.json is None:
        return None, None
    try:
        if orjson is not None:
            return orjson.dumps(request.json), "application/json"
        return json.dumps(request.json, ensure_ascii=False).encode(), "application/json"
    except (TypeError, ValueError, RecursionError):
        pass  # what they say may quote the content
    msg = "this cannot be sent as JSON: a value is no JSON, or a text is not valid Unicode"
    raise ConfigurationError(msg)


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- reading --------------------------------------------------------------------------------


def read(request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:
    """Turn a reply into its answer, or raise the error that tells the caller what to do."""
    if 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's own numbers
        try:
            return Answer(decode(reply), reply.status, reply.headers)
        except UnexpectedResponse:
            page = "html" in reply.headers.get("Content-Type", "")
            if request.gone_is_done and not page:  # the status says all there is to a delete
                return Answer(None, reply.status, reply.headers)
            raise
    raise failure(reply, rate).at(request.method, request.path)


def decode(reply: Reply) -> Json:
    """Decode the body; an empty one is None."""
    body = reply.body
    if not body or body.isspace():
        return None
    if orjson is not None:
        try:
            return orjson.loads(body)  # type: ignore[no-any-return]
        except ValueError:
            pass  # it may be only a raw control character, which the decoder below lets pass
    try:
        return json.loads(body, strict=False)  # type: ignore[no-any-return]
    except (ValueError, RecursionError) as error:
        kind = reply.headers.get("Content-Type", "no content type")
        msg = f"HighLevel's {reply.status} is not JSON ({kind}, {len(body)} bytes)"
        raise UnexpectedResponse(msg, status=reply.status, garbled=True) from error


def token_rejected(reply: Reply) -> bool:
    """Tell whether a 401 is about the token itself, so that a renewed one may pass.

    A missing scope, the wrong kind of token and a missing version are 401 as well, and renewing
    for them would only burn a rotation. What is not recognised counts as an expired token.
    """
    return reply.status == 401 and not _NOT_THE_TOKEN("; ".join(_said(reply)[0]))  # noqa: PLR2004


def failure(reply: Reply, rate: RateSnapshot | None = None) -> HighLevelError:
    """Name the error that a reply other than 2xx stands for."""
    messages, trace_id = _said(reply)
    said = "; ".join(messages) or _unsaid(reply)
    status = reply.status
    if status == 429:  # noqa: PLR2004
        return _limited(reply, rate, messages, trace_id)
    if status >= 500 or status in _SERVER_AT_FAULT:  # noqa: PLR2004
        return Unavailable(
            f"HighLevel failed with {status}: {said}",
            settled=status not in _MAYBE_STILL_AT_WORK,
            status=status,
            messages=messages,
            trace_id=trace_id,
            retry_after=retry_after(reply.headers),
        )
    for matches, text, cls, remedy in _ERRORS:
        if status in matches and (text is None or text(said)):
            about = f"{said} ({status}): {remedy}"
            return cls(about, status=status, messages=messages, trace_id=trace_id)
    msg = f"HighLevel answered {status}, which no call expects: {said}"
    return UnexpectedResponse(msg, status=status, trace_id=trace_id)


def retry_after(headers: Headers) -> float | None:
    """Read ``Retry-After`` in seconds, whether it was sent as seconds or as a date."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        when, now = _http_date(value), _http_date(headers.get("Date", ""))
        if when is None:
            return None
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if seconds < _YEAR else None


_YEAR: Final = 366 * 86_400.0
_SERVER_AT_FAULT: Final = frozenset({408, 425})
# A gateway gave up waiting, and what stands behind it may still be writing; 52x is Cloudflare's.
_MAYBE_STILL_AT_WORK: Final = frozenset({502, 504, 520, 522, 524})

_NOT_THE_TOKEN: Final = re.compile(
    r"\bscope|auth\s?class|user\s?type|version header|access to this location|not active",
    re.IGNORECASE,
).search
_NOT_ACTIVE: Final = re.compile(r"location is not active", re.IGNORECASE).search
_NOT_FOUND: Final = re.compile(
    r"\bnot found\b|no such|does(?: not|n't) exist|(?<!should )not exist", re.IGNORECASE
).search  # "property x should not exist" is about the call, not about what it names

_4XX: Final = range(400, 500)
_ERRORS: Final = (
    # statuses, text, error, remedy: the first line that fits is taken
    (
        _4XX,
        _NOT_ACTIVE,
        LocationInactive,
        "the location is paused or unpaid, try when it is active",
    ),
    ((401,), None, AccessDenied, "check the token's scopes, its kind and its location"),
    ((403,), None, AccessDenied, "use a token of this location, with the scope granted"),
    ((404,), None, NotFound, "check the id, and that it belongs to this location"),
    ((400,), _NOT_FOUND, NotFound, "check the id, and that it belongs to this location"),
    (_4XX, None, RequestRejected, "fix the call, it fails the same way again"),
)


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


_LONGEST: Final = 500  # characters of one text


def _said(reply: Reply) -> tuple[tuple[str, ...], str | None]:
    """Find the texts and the trace id in any of the shapes that HighLevel's errors have."""
    try:
        body = decode(reply)
    except UnexpectedResponse:
        body = reply.body[:_LONGEST].decode(errors="replace").strip()
        if body[:1] in ("<", "{", "["):  # a page, or half a reply
            return (), None
    if not isinstance(body, dict):
        return (body[:_LONGEST],) if body and isinstance(body, str) else (), None
    trace = body.get("traceId")
    error = body.get("error")
    inner = error.get("message") if isinstance(error, dict) else None
    found = next(
        (x for x in (body.get("message"), inner, body.get("error_description"), error) if x), None
    )
    texts = found if isinstance(found, list) else [found]
    said = tuple(text[:_LONGEST] for text in texts if isinstance(text, str) and text)
    return said, trace if isinstance(trace, str) else None


def _unsaid(reply: Reply) -> str:
    kind = reply.headers.get("Content-Type", "").split(";")[0]
    return "a page instead of an API reply, often from a proxy" if "html" in kind else "no reason"


def _http_date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
