"""With no traffic but our own there is never a rejection, and never a request too few.

A pretend server counts by each of the rules that HighLevel may have; requests are stamped by it
anywhere between their sending and their reply, some replies are lost, and some requests are taken
back unsent. Time is a number here.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from itertools import count, pairwise
from math import inf, nextafter

import pytest
from attrs import define, field, frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghl_notes.http.limits import Limits
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.window import Slot, Window

DAY = 86_400.0
DAILY = 200_000


@define
class Server:
    """Counts requests in windows of one kind, and writes the headers of its replies."""

    kind: str
    limit: int
    interval: float
    phase: float = 0.0
    daily_left: int = DAILY
    stamped: list[float] = field(factory=list)
    rejected: int = 0
    _began: float = -inf
    _used: int = 0

    def stamp(self, now: float) -> RateSnapshot | None:
        """Count a request in; None for a rejection."""
        used = self._in_window(now)
        if used >= self.limit:
            self.rejected += 1
            return None
        self._used += 1
        self.stamped.append(now)
        self.daily_left -= 1
        return RateSnapshot(
            self.limit, self.interval, self.limit - used - 1, DAILY, self.daily_left, DAY - now
        )

    def _in_window(self, now: float) -> int:
        if self.kind == "sliding":
            return sum(one > now - self.interval for one in self.stamped)
        if self.kind == "clock":
            began = now - (now - self.phase) % self.interval
        else:  # from the first request after the last window's end
            began = now if now - self._began >= self.interval else self._began
        if began > self._began:
            self._began, self._used = began, 0
        return self._used


@frozen
class Call:
    """One request: when it is wanted, and what becomes of it."""

    gap: float
    to_server: float = 0.0
    to_us: float = 0.0
    fate: str = "answered"  # or lost, late, unreached, unsent, refused
    headers: bool = True


@define
class Run:
    """A client that sends as soon as its window lets it, against a server."""

    window: Window
    server: Server
    sent: list[float] = field(factory=list)
    held: list[float] = field(factory=list)
    _events: list[tuple[float, int, Callable[[float], None]]] = field(factory=list)
    _tie: count = field(factory=count)
    _waiting: deque[Call] = field(factory=deque)
    _flying: int = 0
    _ended: list[float] = field(factory=list)
    _answers: int = 0

    def play(self, calls: Iterable[Call]) -> "Run":
        """Let everything happen, in the order of time."""
        now = 0.0
        for call in calls:
            now += call.gap
            self._at(now, lambda _, call=call: self._waiting.append(call))
        while self._events:
            now, _, happen = heapq.heappop(self._events)
            happen(now)
            self._pump(now)
        assert not self._waiting, "a request was never let through"
        return self

    def _at(self, when: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (when, next(self._tie), happen))

    def _pump(self, now: float) -> None:
        while self._waiting:
            assert self.window.refusal(now, inf) is None
            delay = self.window.delay(now)
            if delay > 0:
                if self._answers and self._ours(now) < self.server.limit:
                    self.held.append(now)
                if delay < inf:
                    self._at(max(now + delay, nextafter(now, inf)), lambda _: None)
                return
            self._send(self._waiting.popleft(), now)

    def _ours(self, now: float) -> int:
        age = self.window.interval + self.window.guard
        return self._flying + sum(one + age > now for one in self._ended)

    def _send(self, call: Call, now: float) -> None:
        slot = self.window.take(now)
        self.sent.append(now)
        self._flying += 1
        arrives = now + call.to_server
        if call.fate == "unsent":
            self._at(arrives, lambda at: self._unsent(slot, at))
        elif call.fate == "unreached":
            self._at(arrives + call.to_us, lambda at: self._lost(slot, at))
        elif call.fate == "late":  # given up, and then it arrives all the same
            self._at(now + call.to_us, lambda at: self._lost(slot, at, ARRIVAL))
            later = now + call.to_us + min(call.to_server, ARRIVAL)
            self._at(later, self.server.stamp)
        else:
            self._at(arrives, lambda at: self._arrive(call, slot, at))

    def _arrive(self, call: Call, slot: Slot, now: float) -> None:
        if call.fate == "refused":  # for a reason of the server's own
            self._at(now + call.to_us, lambda at: self._refused(slot, at))
            return
        rate = self.server.stamp(now)
        if call.fate == "lost":
            self._at(now + call.to_us, lambda at: self._lost(slot, at))
        else:
            told = rate if call.headers else None
            self._at(now + call.to_us, lambda at: self._answered(slot, at, told))

    def _refused(self, slot: Slot, now: float) -> None:
        self._flying -= 1
        self.window.rejected(slot, now, None, 3.0)

    def _unsent(self, slot: Slot, _: float) -> None:
        self._flying -= 1
        self.window.cancel(slot)

    def _lost(self, slot: Slot, now: float, arrives: float = 0.0) -> None:
        self._flying -= 1
        self._ended.append(now + arrives)
        self.window.lost(slot, now, arrives)

    def _answered(self, slot: Slot, now: float, rate: RateSnapshot | None) -> None:
        self._flying -= 1
        self._ended.append(now)
        self._answers += 1
        self.window.answered(slot, now, rate, ok=True)


def most_in_any_interval(times: list[float], interval: float) -> int:
    times = sorted(times)
    return max((sum(end - interval < one <= end for one in times) for end in times), default=0)


LIMIT, INTERVAL = 4, 10.0
ARRIVAL = 12.0  # for how long a request that was given up may still arrive
gaps = st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.5, 3.0, 9.99, 10.0, 10.04, 10.05, 10.06, 25.0])
delays = st.sampled_from([0.0, 0.0, 0.001, 0.3, 4.0, 9.999, 12.0])


def schedules(*fates: str) -> st.SearchStrategy[list[Call]]:
    """Make requests that mostly are answered, and sometimes meet one of these fates."""
    call = st.builds(
        Call,
        gap=gaps | st.floats(0, 30),
        to_server=delays | st.floats(0, 15),
        to_us=delays | st.floats(0, 15),
        fate=st.sampled_from(["answered"] * 5 + list(fates)),
        headers=st.booleans(),
    )
    return st.lists(call, max_size=40)


servers = st.builds(
    Server,
    kind=st.sampled_from(["first", "clock", "sliding"]),
    limit=st.just(LIMIT),
    interval=st.just(INTERVAL),
    phase=st.floats(0, 10),
)
# Requests that are answered one after the other, then a crowd: windows fill at their very ends.
edge = [Call(0.0, 0.0, 10.0), *[Call(0.0)] * 12]
# A reply that was stamped before, and came after, a request whose reply was lost.
overtaken = [
    Call(0.0),
    Call(1.0, to_server=0.1, to_us=14.0),
    Call(0.0, to_server=1.0, to_us=1.0, fate="lost"),
    *[Call(29.0), Call(0.5), Call(0.0), Call(0.0)],
]


@given(server=servers, schedule=schedules("lost", "late", "unreached", "unsent", "refused"))
@example(Server("sliding", LIMIT, INTERVAL), [Call(0.0), *[Call(0.0, 11.9, 0.1, "late")] * 30])
@example(Server("clock", LIMIT, INTERVAL), [Call(0.0, fate="lost")] * 9)
@example(Server("first", LIMIT, INTERVAL), edge)
@settings(max_examples=250, deadline=None)
def test_no_rejection_of_our_own_making(server: Server, schedule: list[Call]) -> None:
    """However the server aligns its windows, it never has to refuse a request of ours."""
    run = Run(Window(Limits(burst=LIMIT, interval=INTERVAL)), server).play(schedule)

    assert run.server.rejected == 0
    assert most_in_any_interval(run.server.stamped, INTERVAL) <= LIMIT
    assert len(run.sent) == len(schedule)


@given(server=servers, schedule=schedules("lost", "late", "unreached", "unsent"))
@example(Server("first", LIMIT, INTERVAL), overtaken)
@settings(max_examples=250, deadline=None)
def test_nothing_is_held_back_for_others_that_are_not_there(
    server: Server, schedule: list[Call]
) -> None:
    """As long as all requests are ours, a request waits only for the limit itself."""
    run = Run(Window(Limits(burst=LIMIT, interval=INTERVAL)), server).play(schedule)

    assert run.held == []


@given(
    server=servers,
    burst=st.integers(1, 50),
    interval=st.floats(0.5, 60),
    schedule=schedules("lost", "unreached", "unsent"),
)
@settings(max_examples=100, deadline=None)
def test_the_limit_is_learned_from_the_first_reply(
    server: Server, burst: int, interval: float, schedule: list[Call]
) -> None:
    """Whatever we believed, the first request goes alone and its reply tells the true limit."""
    window = Window(Limits(burst=burst, interval=interval))
    run = Run(window, server).play([Call(0.0, 0.1, 0.1), *schedule])

    assert run.server.rejected == 0
    assert run.held == []
    assert (window.limit, window.interval) == (LIMIT, INTERVAL)


@pytest.mark.parametrize("kind", ["first", "clock", "sliding"])
@pytest.mark.parametrize("latency", [0.0, 0.2])
def test_the_limit_is_used_to_the_full(kind: str, latency: float) -> None:
    """A sender that always has work gets the whole limit in each interval plus guard and reply."""
    limits, rounds = Limits(burst=25, interval=10.0), 8
    window = Window(limits)
    run = Run(window, Server(kind, 25, 10.0)).play([Call(0.0, latency)] * 25 * rounds)
    length = window.interval + window.guard + latency
    starts = run.sent[::25]

    assert window.guard <= 0.06
    assert run.sent[24] - run.sent[0] == pytest.approx(latency)
    # The first goes alone, which costs a reply's time once in a run.
    assert all(later - earlier <= length + 1e-6 for earlier, later in pairwise(starts))
    assert starts[-1] <= (rounds - 1) * length + 1e-6


def test_a_sandbox_is_not_run_over() -> None:
    """Where 25 are allowed and we believed in 100, a crowd of 200 meets no refusal."""
    run = Run(Window(Limits()), Server("sliding", 25, 10.0)).play([Call(0.0, 0.1, 0.1)] * 200)

    assert run.server.rejected == 0
    assert len(run.server.stamped) == 200


def test_failures_open_nothing() -> None:
    """Replies that tell nothing, such as a 401 at the door, unlock neither crowd nor limit."""
    window, now, sent = Window(Limits(burst=5)), 0.0, []
    while now < 9.9:
        if window.delay(now) <= 0:
            sent.append(now)
            slot = window.take(now)
            assert window.delay(now) == inf
            window.answered(slot, now + 0.01, None, ok=False)
        now += 0.05

    assert len(sent) == 5
