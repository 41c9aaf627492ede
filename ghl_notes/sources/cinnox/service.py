"""CINNOX's rules of HTTP, without I/O: its errors stand in the body, whatever the status says.

https://docs.cinnox.com/docs/error-codes-and-rate-limit
"""

import re
from typing import Final

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    RequestRejected,
    Unavailable,
)
from ghl_notes.http.denials import Blame, Denial
from ghl_notes.http.failures import retry_after
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.reply import Answer, Reply
from ghl_notes.http.request import Request
from ghl_notes.models import Json
from ghl_notes.sources.failures import denied, failure, limited, refusal, success

_FINE: Final = (None, 0, 200)
_TOO_MANY: Final = 6451010
_NO_SUCH_URL: Final = 6450001
_INTERNAL: Final = 6451001
_WRONG_ARGUMENT: Final = (7910000, 6451000)
_DIGITS: Final = re.compile(r"[0-9]{1,15}").fullmatch
# No header tells how long a refusal lasts; the window is a minute.
_UNTOLD_SECONDS: Final = 15.0
_CREDENTIALS: Final = "app_token, that it belongs to app_id, and that base_url is the app's own"


class CinnoxService:
    """CINNOX's side of every call of one app."""

    def headers(self, request: Request, token: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """Show the app's token."""
        return {"Authorization": f"Bearer {token}"}

    def rate(self, reply: Reply) -> RateSnapshot | None:  # noqa: ARG002 - the protocol's
        """Know nothing: CINNOX has no headers about its limit."""
        return None

    def denial(self, reply: Reply) -> Denial:  # noqa: ARG002 - the protocol's
        """Say that no other token will pass: it never changes."""
        return Denial(Blame.CALL, "")

    def read(self, request: Request, reply: Reply, rate: RateSnapshot | None) -> Answer:  # noqa: ARG002
        """Turn a reply into its answer, or into the error that its body or status stands for."""
        fine = 200 <= reply.status < 300  # noqa: PLR2004 - HTTP's own numbers
        payload = success(reply) if fine else refusal(reply)
        told = payload if isinstance(payload, dict) else {}
        code, message = _code(told.get("code")), told.get("message")
        if fine and code in _FINE:
            return Answer(payload, reply.status, reply.headers, request.method, request.path)
        if reply.status in (401, 403) and code != _TOO_MANY:
            raise denied(reply, _CREDENTIALS, message if isinstance(message, str) else "")
        raise _error(reply, code, message if isinstance(message, str) else "", request)

    def finished(self, request: Request, answer: Answer) -> Answer:  # noqa: ARG002 - the protocol's
        """Take the answer as it is."""
        return answer


def _error(reply: Reply, code: int | None, said: str, request: Request) -> HighLevelError:
    told = (said,) if said else ()
    status = reply.status
    if code == _TOO_MANY or status == 429:  # noqa: PLR2004 - HTTP's own numbers
        after = retry_after(reply.headers)
        return limited(reply, _UNTOLD_SECONDS if after is None else after, told)
    if code == _INTERNAL:
        msg = f"CINNOX failed inside ({code}): {said or 'no reason'}"
        return Unavailable(msg, status=status, messages=told)
    if code == _NO_SUCH_URL or (status == 404 and code is None):  # noqa: PLR2004
        msg = "CINNOX has nothing at this address: check base_url and app_id"
        return ConfigurationError(msg, status=status, messages=told)
    if code in _WRONG_ARGUMENT:
        msg = f"CINNOX refuses {_argument(said, request)}: {said or 'no reason'} ({code})"
        return RequestRejected(msg, status=status, messages=told)
    if 200 <= status < 300:  # noqa: PLR2004
        msg = f"CINNOX answered with success, and code {code} in it: {said or 'no reason'}"
        return RequestRejected(msg, status=status, messages=told)
    return failure(reply, told, credentials=_CREDENTIALS)


def _code(told: Json) -> int | None:
    """Read a code, as a number or as a text of digits; -1 for one that is something else."""
    if told is None or type(told) is int:
        return told
    return int(told) if isinstance(told, str) and _DIGITS(told) else -1


def _argument(said: str, request: Request) -> str:
    """Name the argument that a message is about: one code serves for every wrong one."""
    names = tuple(request.params or ())
    words = said.lower()
    named = next((name for name in names if re.search(rf"\b{name.lower()}\b", words)), None)
    return named or f"one of {', '.join(names)}"
