"""What came back: status, headers and bytes, and the JSON in them."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Concatenate, Final, ParamSpec, TypeVar

from attrs import define

from ghl_notes.errors import AmbiguousWrite, ConfigurationError, UnexpectedResponse
from ghl_notes.http.rate import Headers
from ghl_notes.models import Json, Listing

try:
    import orjson
except ImportError:  # the extra "speedups" is not installed
    orjson = None  # type: ignore[assignment]
    _ONLY_JSON = None
else:
    # Both writers refuse what JSON has not, such as times.
    _ONLY_JSON = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


P = ParamSpec("P")
T = TypeVar("T")


@define(eq=False)
class Reply:
    """What came back, read to its end. ``server`` is who answered, for messages."""

    status: int
    headers: Headers
    body: bytes
    server: str = "HighLevel"


@define(eq=False)
class Answer:
    """A reply that was a success: its decoded JSON (None for an empty body), and to which call.

    ``size`` is how many bytes the body had.
    """

    payload: Json
    status: int
    headers: Headers
    method: str = ""
    path: str = ""
    size: int = 0

    @property
    def server_time(self) -> datetime | None:
        """HighLevel's clock when it answered, to the second, if it said."""
        return http_date(self.headers.get("Date", ""))

    def read(self, reader: Callable[Concatenate[Json, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Read the payload; what cannot be read is told with the call and its trace id."""
        try:
            found = reader(self.payload, *args, **more)
        except UnexpectedResponse as error:
            self._name(error)
            raise
        if isinstance(found, Listing):
            self.name(found.unreadable)
        return found

    def name(self, errors: Iterable[UnexpectedResponse]) -> None:
        """Tell errors about parts of the payload which call they came from."""
        for error in errors:
            self._name(error)

    def read_created(
        self, reader: Callable[Concatenate[Json, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Read what a create made; if it cannot be read, it was made all the same."""
        try:
            return self.read(reader, *args, **more)
        except UnexpectedResponse as error:
            msg = "HighLevel took this, and its reply cannot be read; look before repeating it"
            raise AmbiguousWrite(
                msg,
                status=self.status,
                trace_id=error.trace_id,
                method=self.method,
                path=self.path,
            ) from error

    def _name(self, error: UnexpectedResponse) -> None:
        trace = self.payload.get("traceId") if isinstance(self.payload, dict) else None
        error.status, error.trace_id = self.status, trace if isinstance(trace, str) else None
        error.at(self.method, self.path)


def encode(content: object) -> bytes:
    """Write JSON; refuse what is none, without quoting it."""
    try:
        if orjson is not None:
            body = orjson.dumps(content, option=_ONLY_JSON)
            if b"null" not in body:  # as which it writes NaN, and the other refuses it
                return body
        return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        pass  # what they say may quote the content
    msg = "this cannot be sent as JSON: a value is no JSON, or a text is not valid Unicode"
    raise ConfigurationError(msg)


def decode(reply: Reply) -> Json:
    """Decode the body; an empty one is None."""
    body = reply.body
    if not body or body.isspace():
        return None
    if orjson is not None:
        try:
            return orjson.loads(body)  # type: ignore[no-any-return]
        except ValueError:
            pass  # it may be only one odd letter, which the decoder below lets pass
    try:
        return loads(body)
    except (ValueError, RecursionError):
        pass  # the first holds the whole body, which may hold tokens
    kind = reply.headers.get("Content-Type", "no content type")
    msg = f"{reply.server}'s {reply.status} is not JSON ({kind}, {len(body)} bytes)"
    raise UnexpectedResponse(msg, status=reply.status, garbled=True, page="html" in kind)


def loads(body: bytes) -> Json:
    """Read JSON as patiently as can be, so that one odd letter or number never costs the rest.

    Letters that are not valid stand as U+FFFD, a number that Python cannot hold as its digits in a
    string, and ``NaN`` and ``Infinity`` as None. Raises ``ValueError`` for what is no JSON, and
    ``RecursionError`` for what is nested too deeply.
    """
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode(encoding, "replace")
    return json.loads(  # type: ignore[no-any-return]
        text, strict=False, parse_int=_whole, parse_float=_fraction, parse_constant=_no_number
    )


def _whole(digits: str) -> Json:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _fraction(digits: str) -> Json:
    number = float(digits)
    return number if isfinite(number) else digits


def _no_number(_: str) -> None:
    return None


_MOST_DIGITS: Final = 1_000  # Python refuses more than 4,300, in reading and in writing


def require_whole(reply: Reply) -> None:
    """Refuse a success that is no whole answer to a read, such as a 206; another try may be.

    A 203 was changed on its way, a 202 is not done yet, and 207 to 226 speak of other things.
    """
    if reply.status not in _WHOLE:
        msg = f"{reply.server}'s {reply.status} is not a whole answer"
        raise UnexpectedResponse(msg, status=reply.status, garbled=True)


_WHOLE: Final = frozenset({200, 201, 204})


def http_date(value: str) -> datetime | None:
    """Read a date as HTTP writes it; None for anything else."""
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
