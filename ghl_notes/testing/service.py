"""The whole service without its sockets: a call goes in, a reply comes out.

In this order: is there such a route, is the version known, is the token good, is there room in
the limit, does a fault strike; only then is the work done.
"""

import random
from collections.abc import Callable, Mapping
from functools import partial

from attrs import define, evolve, field

from ghl_notes.testing import pages
from ghl_notes.testing.faults import Fault
from ghl_notes.testing.grants import Grant, Grants
from ghl_notes.testing.ids import make_uuid
from ghl_notes.testing.replies import Call, Outcome, Payload, Refusal, Reply
from ghl_notes.testing.routes import Route, Routes
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["REPLACEMENTS", "Service"]

_VERSIONS = ("2021-07-28", "2021-04-15", "2023-02-21", "v3")


@define(eq=False, kw_only=True)
class Service:
    """Doors and counters round the routes. ``now`` is monotonic, ``clock`` Unix time.

    ``public`` is what needs no bearer token, by method and path.
    """

    routes: Routes[Route]
    public: Mapping[tuple[str, str], Callable[[Call], Reply]]
    grants: Grants
    private: Mapping[str, Grant] = field(repr=False)
    turnstile: Turnstile
    rng: random.Random
    clock: Callable[[], float]

    def answer(self, call: Call, now: float) -> Outcome:
        """Answer a call that comes in at ``now``."""
        self.turnstile.stats.requests += 1
        try:
            outcome = self._dispatch(call, now)
        except Refusal as refusal:
            outcome = Outcome(refusal.reply)
        return evolve(outcome, reply=self._traced(outcome.reply))

    def _dispatch(self, call: Call, now: float) -> Outcome:
        public = self.public.get((call.method, call.path))
        if public is not None:
            self.turnstile.stats.by_route[f"{call.method} {call.path}"] += 1
            _require_version(call, optional=True)
            return self.turnstile.open(call, partial(public, call))
        route = self.routes.find(call)
        if route is None:
            raise Refusal(404, f"Cannot {call.method} {call.path}", "Not Found")
        self.turnstile.stats.by_route[route.name] += 1
        grant = self._admit(call, route)
        work = partial(route.act, call, grant, route.values(call))
        return self.turnstile.pass_by(call, now, grant.owner_id, work, flagged=route.flagged)

    def _admit(self, call: Call, route: Route) -> Grant:
        """Let the bearer in, or refuse: in HighLevel a 401 says more than "expired"."""
        _require_version(call)
        grant = self._bearer(call.bearer or "")
        if route.company and grant.private:
            message = "This authClass type is not allowed to access this scope."
            raise Refusal(401, message, "Unauthorized")
        if route.company is not (grant.location_id is None):
            raise Refusal(401, "Token's user type mismatch!", "Unauthorized")
        if route.scope not in grant.scopes:
            message = "The token is not authorized for this scope."
            raise Refusal(401, message, "Unauthorized")
        return grant

    def _bearer(self, token: str) -> Grant:
        if not token.startswith("pit-"):
            return self.grants.check(token, self.clock())
        if token not in self.private:
            raise Refusal(401, "Invalid Private Integration token", "Unauthorized")
        return self.private[token]

    def _traced(self, reply: Reply) -> Reply:
        """Put a trace id into every JSON object, of successes and errors alike."""
        if isinstance(reply.payload, str):
            return reply
        return evolve(reply, payload={**reply.payload, "traceId": make_uuid(self.rng)})


def _require_version(call: Call, *, optional: bool = False) -> None:
    if call.version is None and not optional:
        raise Refusal(401, "version header was not found.", "Unauthorized")
    if call.version not in (None, *_VERSIONS):
        message = f"Invalid API version segment '{call.version}' at position 0"
        raise Refusal(400, message, "Bad Request")


def _said(status: int, message: str, error: str | None = None) -> Reply:
    payload: Payload = {"statusCode": status, "message": message}
    return Reply(status, payload if error is None else {**payload, "error": error})


# The real body of a 429 is in no document.
REPLACEMENTS: Mapping[Fault, Reply] = {
    Fault.RATE_LIMITED: _said(429, "Too Many Requests", "Too Many Requests"),
    Fault.SERVER_ERROR: _said(500, "Internal server error"),
    Fault.BAD_GATEWAY: Reply(502, pages.BAD_GATEWAY),
    Fault.HTML: Reply(200, pages.MAINTENANCE),
    Fault.FORBIDDEN_HTML: Reply(403, pages.FORBIDDEN),
    Fault.RESET_BEFORE: Reply(500, ""),
    Fault.STALL_BEFORE: Reply(500, ""),
    Fault.TOKEN_EXPIRED: _said(401, "Invalid token: access token is invalid", "Unauthorized"),
    Fault.LOCATION_INACTIVE: _said(400, "Location is not active"),
    Fault.REFUSED_OK: Reply(200, {"succeded": False, "succeeded": False, "success": False}),
}
"""How HighLevel answers under a fault that comes instead of the work."""
