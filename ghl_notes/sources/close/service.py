"""Close's rules of HTTP, without I/O: credentials, limits and errors.

https://developer.close.com/topics/rate-limits and https://developer.close.com/api/overview
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.failures import retry_after
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.reply import Answer, Reply, decode
from ghl_notes.http.request import Request
from ghl_notes.models import Json
from ghl_notes.sources.failures import failure, limited

_RATE: Final = re.compile(
    r"\s*limit=(?P<limit>\d{1,9})(?:;[^,]*)?,\s*remaining=(?P<remaining>\d{1,9}),"
    r"\s*reset=(?P<reset>\d{1,9}(?:\.\d+)?)\s*"
).fullmatch
_LEAST_SECONDS: Final = 0.1
_UNTOLD_SECONDS: Final = 2.0  # what Close's own client waits when a 429 does not say


class CloseService:
    """Close's side of the calls of one endpoint group, which have one limit.

    A reply tells how long the window still lasts, not its length, so the longest that was told
    is taken for it.
    """

    def __init__(self, scheme: Literal["Basic", "Bearer"]) -> None:
        self._scheme = scheme
        self._longest = _LEAST_SECONDS

    def headers(self, request: Request, token: str) -> dict[str, str]:
        """Show the credentials, and say of a POST that it is a GET too long for a URL."""
        headers = {"Authorization": f"{self._scheme} {token}", "x-tz-offset": "0"}
        if request.method == "POST":
            headers["x-http-method-override"] = "GET"
        return headers

    def rate(self, reply: Reply) -> RateSnapshot | None:
        """Read ``RateLimit: limit=100, remaining=50, reset=5.2``; None for anything else."""
        told = _RATE(reply.headers.get("RateLimit", ""))
        if told is None or not int(told["limit"]):
            return None
        self._longest = max(self._longest, float(told["reset"]))
        limit = int(told["limit"])
        left = min(limit, int(told["remaining"]))
        return RateSnapshot(limit, self._longest, left, None, None, None)

    def token_rejected(self, reply: Reply) -> bool:  # noqa: ARG002 - the protocol's
        """Tell that another token may pass; there is no other API key."""
        return self._scheme == "Bearer"

    def read(self, request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:
        """Turn a reply into its answer, or into the error that it stands for."""
        if 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's own numbers
            return Answer(decode(reply), reply.status, reply.headers, request.method, request.path)
        body = _body(reply)
        if reply.status == 429:  # noqa: PLR2004
            raise limited(reply, _wait(reply, rate, body), tuple(_messages(body)))
        raise failure(reply, tuple(_messages(body)), credentials="the API key or the token").at(
            request.method, request.path
        )

    def finished(self, request: Request, answer: Answer) -> Answer:  # noqa: ARG002 - the protocol's
        """Take the answer as it is."""
        return answer


def _body(reply: Reply) -> Json:
    try:
        return decode(reply)
    except UnexpectedResponse:  # a page of a proxy: the status says enough
        return None


def _wait(reply: Reply, rate: RateSnapshot | None, body: Json) -> float:
    """Read how long to wait, from the places in which Close has told it over the years."""
    told = _RATE(reply.headers.get("RateLimit", ""))
    if rate is not None and told is not None:
        return float(told["reset"])
    after = retry_after(reply.headers)
    if after is not None:
        return after
    fields = body if isinstance(body, dict) else {}
    inner = fields.get("error")
    for place in (inner if isinstance(inner, dict) else {}, fields):
        seconds = place.get("rate_reset")
        if isinstance(seconds, int | float) and 0 <= seconds < 86_400:  # noqa: PLR2004
            return float(seconds)
    return _UNTOLD_SECONDS


def _messages(told: Json) -> Iterator[str]:
    """Find the texts of an error: ``error``, ``errors``, and ``field-errors``, however deep."""
    if isinstance(told, dict):
        for name, value in told.items():
            if isinstance(value, str):
                general = name in ("error", "message")
                yield value if general else f"{name}: {value}"
            else:
                yield from _messages(value)
    elif isinstance(told, list):
        for value in told:
            yield from [value] if isinstance(value, str) else _messages(value)
