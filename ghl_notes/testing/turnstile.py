"""How a call gets through to its work: is there room in the limit, and does a fault strike."""

from collections.abc import Callable, Mapping
from functools import partial

from attrs import define, evolve, field

from ghl_notes.testing.faults import (
    REPLACING,
    UNCOUNTED,
    Failure,
    Fault,
    FaultPlan,
    OddHeaders,
    Trouble,
)
from ghl_notes.testing.limiter import Limiter, Reading, Trail
from ghl_notes.testing.replies import Call, Outcome, Refusal, Reply
from ghl_notes.testing.stats import Stats

__all__ = ["Turnstile"]

Work = Callable[[], Reply]
Told = Callable[[Limiter, Reading, float], Mapping[str, str]]


@define(eq=False, kw_only=True)
class Turnstile:
    """Stands before the work of a service, with a limit for each owner; ``now`` is monotonic.

    ``replies`` is how the service answers under each fault that comes instead of the work,
    ``headers`` what every reply tells of the limit, and ``refusal`` what a 429 tells. Paths that
    begin as one of ``spared`` meet only faults that name them.
    """

    faults: FaultPlan
    stats: Stats
    clock: Callable[[], float]
    make_limiter: Callable[[], Limiter]
    replies: Mapping[Fault, Reply]
    headers: Told
    refusal: Told
    spared: tuple[str, ...] = ()
    _limiters: dict[str, Limiter] = field(factory=dict, init=False)

    def limiter(self, owner: str) -> Limiter:
        """Give the limit of an owner."""
        if owner not in self._limiters:
            self._limiters[owner] = self.make_limiter()
        return self._limiters[owner]

    def order(
        self, fault: Trouble, times: int, *, method: str | None, path_contains: str | None
    ) -> None:
        """Let the next ``times`` matching requests meet a fault that the service knows."""
        if isinstance(fault, Fault) and fault in REPLACING and fault not in self.replies:
            msg = f"there is no {fault} here"
            raise ValueError(msg)
        self.faults.order(fault, times, method=method, path_contains=path_contains)

    def open(self, call: Call, work: Work) -> Outcome:
        """Let in whoever comes: no limit is counted, and a fault strikes only if it was ordered."""
        fault = call.trouble or self.faults.pick(call.method, call.path, api=False)
        return _outcome(self._reply(fault, work), fault)

    def pass_by(
        self, call: Call, now: float, owner: str, work: Work, *, flagged: bool = False
    ) -> Outcome:
        """Let a call in if its owner has room; ``flagged`` as in ``FaultPlan.pick``."""
        limiter, wall = self.limiter(owner), self.clock()
        self.stats.see(owner, now, partial(Trail, limiter.interval))
        if limiter.full(now, wall):
            return Outcome(self._too_many(limiter, limiter.reading(wall, accepted=False), now))
        # A fault strikes whoever comes through, so a request out of turn does not use it up.
        api = not call.path.startswith(self.spared)
        fault = call.trouble or self.faults.pick(call.method, call.path, api=api, flagged=flagged)
        if fault is Fault.RATE_LIMITED:
            reading = evolve(limiter.reading(wall, accepted=False), remaining=0)
            return Outcome(self._too_many(limiter, reading, now))
        if _is_uncounted(fault):
            return _outcome(self._reply(fault, work), fault)
        reading = limiter.take(now, wall)
        self.stats.accepted += 1
        reply = self._reply(fault, work)
        told = self.headers(limiter, reading, now)
        return _outcome(evolve(reply, headers={**told, **reply.headers}), fault)

    def _too_many(self, limiter: Limiter, reading: Reading, now: float) -> Reply:
        self.stats.rejected_429 += 1
        return evolve(self.replies[Fault.RATE_LIMITED], headers=self.refusal(limiter, reading, now))

    def _reply(self, fault: Trouble | None, work: Work) -> Reply:
        """Do the work and return its reply, unless a fault replaces either."""
        if isinstance(fault, Failure):
            if fault.applied:
                _act(work)
            return Reply(fault.status, fault.body(), fault.headers)
        if isinstance(fault, Fault) and fault in REPLACING:
            return self.replies[fault]
        return _act(work)


def _is_uncounted(fault: Trouble | None) -> bool:
    if isinstance(fault, Failure):
        return fault.status in (401, 429) and not fault.applied
    return isinstance(fault, Fault) and fault in UNCOUNTED


def _outcome(reply: Reply, fault: Trouble | None) -> Outcome:
    if isinstance(fault, OddHeaders):
        headers = {**reply.headers, **{name.lower(): one for name, one in fault.headers.items()}}
        kept = {name: value for name, value in headers.items() if value is not None}
        return Outcome(evolve(reply, headers=kept))
    if isinstance(fault, Failure):
        return Outcome(reply, Fault.CUT_BODY if fault.cut else None)
    return Outcome(reply, fault)


def _act(work: Work) -> Reply:
    try:
        return work()
    except Refusal as refusal:
        return refusal.reply
