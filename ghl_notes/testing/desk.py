"""A whole service without its sockets, for those that are simpler than HighLevel.

In this order: is there such an endpoint, are the credentials good, is there room in the limit, does
a fault strike; only then is the work done.
"""

from collections.abc import Callable
from functools import partial

from attrs import define, field, frozen

from ghl_notes.testing.replies import Call, Outcome, Refusal, Reply
from ghl_notes.testing.routes import Path, Routes
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["Desk", "Endpoint", "OnRequest"]

OnRequest = Callable[[str, str], None]
"""What a test has called with the method and the path of each request, before it is answered."""


@frozen
class Endpoint(Path):
    """A path and what answers it; an ``open`` one wants no credentials and has no limit."""

    act: Callable[[Call, tuple[str, ...]], Reply]
    open: bool = field(default=False, kw_only=True)


@define(eq=False, kw_only=True)
class Desk:
    """Doors and counters round the endpoints.

    ``meant`` gives the call that a call stands for, ``admit`` refuses wrong credentials,
    ``missing`` answers where nothing is, and ``owner`` names whose limit an endpoint draws from.
    ``flagged`` tells that every reply has a flag of success.
    """

    endpoints: Routes[Endpoint]
    turnstile: Turnstile
    meant: Callable[[Call], Call]
    admit: Callable[[Call], None]
    missing: Callable[[Call], Reply]
    owner: Callable[[Endpoint], str]
    on_request: Callable[[], OnRequest | None]
    flagged: bool = False

    def answer(self, call: Call, now: float) -> Outcome:
        """Answer a call that comes in at ``now``."""
        self.turnstile.stats.requests += 1
        try:
            return self._dispatch(self.meant(call), now)
        except Refusal as refusal:
            return Outcome(refusal.reply)

    def _dispatch(self, call: Call, now: float) -> Outcome:
        listener = self.on_request()
        if listener is not None:
            listener(call.method, call.path)
        endpoint = self.endpoints.find(call)
        if endpoint is None:
            return Outcome(self.missing(call))
        self.turnstile.stats.by_route[endpoint.name] += 1
        work = partial(endpoint.act, call, endpoint.values(call))
        if endpoint.open:
            return self.turnstile.open(call, work)
        self.admit(call)
        owner = self.owner(endpoint)
        return self.turnstile.pass_by(call, now, owner, work, flagged=self.flagged)
