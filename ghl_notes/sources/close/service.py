"""Close's rules of HTTP, without I/O: credentials, limits and errors.

https://developer.close.com/topics/rate-limits and https://developer.close.com/api/overview
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from ghl_notes.errors import HighLevelError
from ghl_notes.http.denials import Blame, Denial, denial
from ghl_notes.http.failures import retry_after
from ghl_notes.http.rate import MOST_SECONDS, RateSnapshot
from ghl_notes.http.reply import Answer, Reply
from ghl_notes.http.request import Request
from ghl_notes.models import Json
from ghl_notes.sources.failures import denied, failure, limited, refusal, success

_RATE: Final = re.compile(
    r"(?:^|[\s,;])(limit|remaining|reset)=(\d{1,9}(?:\.\d{1,9})?)(?=[\s,;]|$)"
).findall
_LEAST_SECONDS: Final = 0.1
_MOST_SECONDS: Final = 86_400.0
_UNTOLD_SECONDS: Final = 2.0  # what Close's own client waits when a 429 does not say
_REMEMBERED: Final = 1_000
_DEEPEST: Final = 8  # levels of an error's body
_LISTS: Final = ("/me/", "/activity/note/", "/user/", "/event/")
_CREDENTIALS: Final = "the API key or the token"
_GENERAL: Final = ("error", "errors", "field-errors", "message")


class CloseService:
    """Close's side of the calls of one endpoint group, which have one limit.

    A reply tells how long the window still lasts, not its length. So the longest that was told to
    any request which may still be in the window is taken for it.
    """

    def __init__(self, scheme: Literal["Basic", "Bearer"]) -> None:
        self._scheme = scheme
        self._resets: deque[float] = deque()

    def headers(self, request: Request, token: str) -> dict[str, str]:
        """Show the credentials, and say of a POST that it is a GET too long for a URL."""
        headers = {"Authorization": f"{self._scheme} {token}", "x-tz-offset": "0"}
        if request.method == "POST":
            headers["x-http-method-override"] = "GET"
        return headers

    def rate(self, reply: Reply) -> RateSnapshot | None:
        """Read ``RateLimit: limit=100, remaining=50, reset=5.2``; None for anything else."""
        told = _told(reply)
        if told is None or told["reset"] > MOST_SECONDS:
            return None
        limit = int(told["limit"])
        while len(self._resets) >= min(limit, _REMEMBERED):
            self._resets.popleft()
        self._resets.append(told["reset"])
        left = min(limit, int(told["remaining"]))
        return RateSnapshot(limit, max(self._resets), left, None, None, None)

    def denial(self, reply: Reply) -> Denial:
        """Say what a 401 is about; there is no other API key, so a key is never renewed."""
        found = denial("; ".join(_messages(refusal(reply))))
        return found if self._scheme == "Bearer" else Denial(Blame.CALL, found.words)

    def read(self, request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:  # noqa: ARG002
        """Turn a reply into its answer, or into the error that it stands for."""
        if 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's own numbers
            payload = success(reply)
            return Answer(payload, reply.status, reply.headers, request.method, request.path)
        if reply.status in (401, 403):
            raise denied(reply, _CREDENTIALS, "; ".join(_messages(refusal(reply))))
        raise refused(reply, by_id=request.path not in _LISTS)

    def finished(self, request: Request, answer: Answer) -> Answer:  # noqa: ARG002 - the protocol's
        """Take the answer as it is."""
        return answer


def refused(reply: Reply, *, by_id: bool = True) -> HighLevelError:
    """Name the error of a reply that is no success; ``by_id`` as in ``failure``."""
    body = refusal(reply)
    told = _messages(body)
    if reply.status == 429:  # noqa: PLR2004 - HTTP's own number
        return limited(reply, _wait(reply, body), told)
    return failure(reply, told, credentials=_CREDENTIALS, by_id=by_id)


def _told(reply: Reply) -> Mapping[str, float] | None:
    """Read the header, in any order and with any parameters; None if it lacks something."""
    pairs = _RATE(reply.headers.get("RateLimit", ""))
    told = {name: float(number) for name, number in pairs}
    if len(told) < 3 or told["limit"] < 1 or told["reset"] > _MOST_SECONDS:  # noqa: PLR2004
        return None
    return {**told, "reset": max(_LEAST_SECONDS, told["reset"])}


def _wait(reply: Reply, body: Json) -> float:
    """Read how long to wait, from the places in which Close has told it over the years."""
    told = _told(reply)
    if told is not None:
        return told["reset"]
    after = retry_after(reply.headers)
    if after is not None:
        return after
    fields = body if isinstance(body, dict) else {}
    inner = fields.get("error")
    for place in (inner if isinstance(inner, dict) else {}, fields):
        seconds = place.get("rate_reset")
        if type(seconds) in (int, float) and 0 <= seconds <= _MOST_SECONDS:  # type: ignore[operator]
            return float(seconds)  # type: ignore[arg-type]
    return _UNTOLD_SECONDS


def _messages(told: Json, name: str = "", depth: int = 0) -> Iterator[str]:
    """Find the texts of an error: ``error``, ``errors``, ``field-errors``, with their fields."""
    if isinstance(told, str) and told.strip():
        yield f"{name}: {told}" if name else told
    elif depth < _DEEPEST and isinstance(told, dict):
        for key, value in told.items():
            yield from _messages(value, name if key in _GENERAL else key, depth + 1)
    elif depth < _DEEPEST and isinstance(told, list):
        for value in told:
            yield from _messages(value, name, depth + 1)
