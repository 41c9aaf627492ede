"""Who gets into a pretend Close, and how it refuses."""

import json
import math
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from attrs import define, evolve, field

from ghl_notes.testing import pages
from ghl_notes.testing.desk import Endpoint
from ghl_notes.testing.faults import Fault
from ghl_notes.testing.grants import Grants
from ghl_notes.testing.limiter import Limiter, Reading
from ghl_notes.testing.replies import Call, Refusal, Reply
from ghl_notes.testing.routes import Routes

__all__ = ["REPLACEMENTS", "CloseDoors", "limit_header", "refusal_headers"]

_LONGEST = 2_000  # characters of a URL
_METHODS = ("GET", "POST", "PUT", "DELETE")

REPLACEMENTS: Mapping[Fault, Reply] = {
    # The body of a 429 is deprecated; this is one of those that were seen.
    Fault.RATE_LIMITED: Reply(429, {"error": {"message": "API call count exceeded."}}),
    Fault.SERVER_ERROR: Reply(500, {"error": "Internal server error"}),
    Fault.BAD_GATEWAY: Reply(502, pages.BAD_GATEWAY),
    Fault.HTML: Reply(200, pages.MAINTENANCE),
    Fault.FORBIDDEN_HTML: Reply(403, pages.FORBIDDEN),
    Fault.RESET_BEFORE: Reply(500, ""),
    Fault.STALL_BEFORE: Reply(500, ""),
    Fault.TOKEN_EXPIRED: Reply(401, {"error": "The access token expired."}),
}
"""How Close answers under a fault that comes instead of the work."""


def limit_header(limiter: Limiter, reading: Reading, now: float) -> dict[str, str]:
    """Write a limit as Close does; its seconds may have a fraction."""
    reset = f"{limiter.resets_in(now):.3f}".rstrip("0").rstrip(".")
    told = f"limit={limiter.limit}, remaining={reading.remaining}, reset={reset}"
    return {"ratelimit": told}


def refusal_headers(limiter: Limiter, reading: Reading, now: float) -> dict[str, str]:
    """Write what a 429 says: the same, and how long to wait, in whole seconds."""
    wait = math.ceil(limiter.resets_in(now))
    return {**limit_header(limiter, reading, now), "retry-after": str(wait)}


@define(eq=False)
class CloseDoors:
    """Credentials, and calls that stand for others."""

    api_key: str = field(repr=False)
    grants: Grants
    endpoints: Routes[Endpoint]
    clock: Callable[[], float]

    def meant(self, call: Call) -> Call:
        """Read the query from the body of a POST that says it is a GET."""
        if len(call.path) + len(urlencode(call.query)) > _LONGEST:
            raise Refusal.of(414, {"error": "Request-URI Too Long"})
        override = call.headers.get("x-http-method-override")
        if call.method != "POST" or override is None:
            return call
        return evolve(call, method=override.upper(), query={**call.query, **_params(call)})

    def admit(self, call: Call) -> None:
        """Let an API key or a good access token in."""
        if call.basic == f"{self.api_key}:":
            return
        try:
            self.grants.check(call.bearer or "", self.clock())
        except Refusal:
            said = "The API key or the access token is not valid."
            raise Refusal.of(401, {"error": said}) from None

    def missing(self, call: Call) -> Reply:
        """Answer where nothing is, or nothing for this method."""
        others = (evolve(call, method=method) for method in _METHODS)
        if any(self.endpoints.find(other) for other in others):
            return Reply(405, {"error": "Method Not Allowed"})
        return Reply(404, {"error": "Not Found"})


def _params(call: Call) -> dict[str, str]:
    try:
        params = json.loads(call.body)["_params"]
        return {str(name): _spelled(value) for name, value in params.items()}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise Refusal.of(400, {"error": "The body must be an object with _params."}) from None


def _spelled(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
