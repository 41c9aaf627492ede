"""The whole service without its sockets: a call goes in, a reply comes out.

In this order: is there such a route, is the version known, is the token good, is there room in
the limit, does a fault strike; only then is the work done.
"""

import random
from collections.abc import Callable, Mapping
from functools import partial

from attrs import define, evolve, field, frozen

from ghl_notes.testing import pages
from ghl_notes.testing.faults import REPLACING, UNCOUNTED, Fault, FaultPlan
from ghl_notes.testing.grants import Grant, Grants
from ghl_notes.testing.ids import make_uuid
from ghl_notes.testing.limiter import Limiter, Reading, Trail
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply
from ghl_notes.testing.routes import Route, Routes
from ghl_notes.testing.stats import Stats

__all__ = ["Outcome", "Service"]

_VERSIONS = ("2021-07-28", "2021-04-15", "2023-02-21", "v3")


@frozen
class Outcome:
    """A reply, and what shall happen to it on the wire."""

    reply: Reply
    fault: Fault | None = None


@define(eq=False, kw_only=True)
class Service:
    """Doors and counters round the routes. ``now`` is monotonic, ``clock`` Unix time.

    ``public`` is what needs no bearer token, by method and path.
    """

    routes: Routes
    public: Mapping[tuple[str, str], Callable[[Call], Reply]]
    grants: Grants
    private: Mapping[str, Grant] = field(repr=False)
    faults: FaultPlan
    stats: Stats
    make_limiter: Callable[[], Limiter]
    retry_after: float | None
    rng: random.Random
    clock: Callable[[], float]
    _limiters: dict[str, Limiter] = field(factory=dict, init=False)

    def answer(self, call: Call, now: float) -> Outcome:
        """Answer a call that comes in at ``now``."""
        self.stats.requests += 1
        try:
            outcome = self._dispatch(call, now)
        except Refusal as refusal:
            outcome = Outcome(refusal.reply)
        return evolve(outcome, reply=self._traced(outcome.reply))

    def limiter(self, owner_id: str) -> Limiter:
        """Give the limit of a location or company."""
        if owner_id not in self._limiters:
            self._limiters[owner_id] = self.make_limiter()
        return self._limiters[owner_id]

    def _dispatch(self, call: Call, now: float) -> Outcome:
        public = self.public.get((call.method, call.path))
        if public is not None:
            self.stats.by_route[f"{call.method} {call.path}"] += 1
            return self._open(call, public)
        route = self.routes.find(call)
        if route is None:
            raise Refusal(404, f"Cannot {call.method} {call.path}", "Not Found")
        self.stats.by_route[route.name] += 1
        return self._metered(call, route, self._admit(call, route), now)

    def _open(self, call: Call, act: Callable[[Call], Reply]) -> Outcome:
        _require_version(call, optional=True)
        fault = self.faults.pick(call.method, call.path, api=False)
        reply = _replacement(fault) if fault in REPLACING else _act(partial(act, call))
        return Outcome(reply, fault)

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

    def _metered(self, call: Call, route: Route, grant: Grant, now: float) -> Outcome:
        limiter, wall = self.limiter(grant.owner_id), self.clock()
        self.stats.see(grant.owner_id, now, partial(Trail, limiter.interval))
        if limiter.full(now, wall):
            return Outcome(self._too_many(limiter, limiter.reading(wall, accepted=False)))
        # A fault strikes whoever comes through, so a request out of turn does not use it up.
        api = not call.path.startswith("/oauth/")
        fault = self.faults.pick(call.method, call.path, api=api, flagged=route.flagged)
        if fault is Fault.RATE_LIMITED:
            reading = evolve(limiter.reading(wall, accepted=False), remaining=0)
            return Outcome(self._too_many(limiter, reading))
        if fault in UNCOUNTED:
            return Outcome(_replacement(fault))
        headers = limiter.headers(limiter.take(now, wall))
        self.stats.accepted += 1
        act = partial(route.act, call, grant, route.values(call))
        reply = _replacement(fault) if fault in REPLACING else _act(act)
        return Outcome(evolve(reply, headers={**reply.headers, **headers}), fault)

    def _too_many(self, limiter: Limiter, reading: Reading) -> Reply:
        """Refuse for the limit. The real body is in no document, and no Retry-After was seen."""
        self.stats.rejected_429 += 1
        headers = limiter.headers(reading)
        if self.retry_after is not None:
            headers["retry-after"] = f"{self.retry_after:g}"
        return evolve(_replacement(Fault.RATE_LIMITED), headers=headers)

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


def _act(work: Callable[[], Reply]) -> Reply:
    try:
        return work()
    except Refusal as refusal:
        return refusal.reply


def _replacement(fault: Fault | None) -> Reply:
    return _REPLACEMENTS[fault]


def _said(status: int, message: str, error: str | None = None) -> Reply:
    payload: Payload = {"statusCode": status, "message": message}
    return Reply(status, payload if error is None else {**payload, "error": error})


_REPLACEMENTS: Mapping[Fault | None, Reply] = {
    Fault.RATE_LIMITED: _said(429, "Too Many Requests", "Too Many Requests"),
    Fault.SERVER_ERROR: _said(500, "Internal server error"),
    Fault.BAD_GATEWAY: Reply(502, pages.BAD_GATEWAY),
    Fault.HTML: Reply(200, pages.MAINTENANCE),
    Fault.FORBIDDEN_HTML: Reply(403, pages.FORBIDDEN),
    Fault.RESET_BEFORE: Reply(500, ""),
    Fault.TOKEN_EXPIRED: _said(401, "Invalid token: access token is invalid", "Unauthorized"),
    Fault.LOCATION_INACTIVE: _said(400, "Location is not active"),
    Fault.REFUSED_OK: Reply(200, {"succeded": False, "succeeded": False, "success": False}),
}
