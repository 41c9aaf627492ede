"""Replies that tell of different intervals: each is kept as long as it is in force."""

from collections import deque
from itertools import pairwise
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghl_notes.http.limits import Limits
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.window import Slot, Window

LIMITS = {0.01: 8, 1.0: 2, 4.0: 5, 10.0: 8}  # how many are allowed, by the interval
LONGEST = 10.0

Told = tuple[float, float]  # when a reply came, and the interval that it told of


def reply(window: Window, slot: Slot, now: float, interval: float) -> None:
    limit = LIMITS[interval]
    window.answered(slot, now, RateSnapshot(limit, interval, limit, None, None, None), ok=True)


def is_in_force(interval: float, told: list[Told], now: float) -> bool:
    """Tell whether two replies in a row told of it, and it was told again in time ever since."""
    times = [at for at, one in told if one == interval]
    pairs = [(a, b) for (a, x), (b, y) in pairwise(told) if x == y == interval]
    sure = max((b for a, b in pairs if b - a < interval), default=inf)
    later = [at for at in times if at >= sure]
    steady = all(after - before < interval for before, after in pairwise(later))
    return bool(later) and steady and now < later[-1] + interval


schedules = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.0, 0.005, 0.3, 0.99, 1.0, 2.5, 4.0]) | st.floats(0, 6),
        st.sampled_from([0.0, 0.0, 0.02, 0.5, 3.0]),  # how long until its reply
        st.sampled_from([*LIMITS, *[4.0, 10.0] * 2]),  # what that tells
    ),
    max_size=60,
)
crowd = [(0.0, 0.0, 10.0)] * 7
one_odd = [*crowd, (0.0, 0.0, 0.01), *[(0.05, 0.0, 10.0)] * 8]
an_endpoint = [*crowd, *[(0.9, 0.0, 1.0)] * 4, *[(0.1, 0.0, 10.0)] * 8]
long_gone = [*crowd, *[(1.0, 0.0, 1.0)] * 14, *[(0.1, 0.0, 10.0)] * 9]


@given(schedules)
@example(one_odd)
@example(an_endpoint)
@example(long_gone)
@settings(max_examples=300, deadline=None)
def test_no_interval_that_is_in_force_sees_more_than_its_limit(
    schedule: list[tuple[float, float, float]],
) -> None:
    """Whatever intervals the replies tell of, and in what order."""
    window, now = Window(Limits(burst=LIMITS[LONGEST], interval=LONGEST)), 0.0
    flying: list[tuple[float, int, Slot, float]] = []
    told: list[Told] = []
    sent: list[float] = []
    for gap, latency, interval in schedule:
        wanted = now + gap
        while flying or now < wanted:
            delay = window.delay(now)
            if now >= wanted and delay <= 0:
                break
            following = max(wanted, now + max(delay, 1e-9) if delay < inf else 0.0)
            if flying and (flying[0][0] <= following or delay == inf):
                at, _, slot, one = flying.pop(0)
                now = max(now, at)
                reply(window, slot, now, one)
                told.append((now, one))
            else:
                now = following
        while (delay := window.delay(now)) > 0:
            assert delay < inf
            now += max(delay, 1e-9)
        sent.append(now)
        for one, limit in LIMITS.items():
            if is_in_force(one, told, now):
                assert sum(now - one < at for at in sent) <= limit, (one, sent, told)
        flying.append((now + latency, len(sent), window.take(now), interval))
        flying.sort()


def test_the_limit_of_an_endpoint_is_kept_beside_the_locations() -> None:
    """Two in a second, and eight in ten: until a second has passed, and then eight in ten alone."""
    window = Window(Limits(burst=8, interval=10.0))
    for interval in (10.0, 10.0, 1.0):
        reply(window, window.take(0.0), 0.0, interval)

    assert window.delay(0.5) == pytest.approx(0.51)
    assert (window.limit, window.interval) == (8, 10.0)
    for _ in range(2):
        assert window.delay(1.02) == 0.0
        reply(window, window.take(1.02), 1.02, 1.0)
    assert window.delay(1.02) == pytest.approx(1.01)
    free = deque[float]()
    while window.delay(2.1) <= 0:
        free.append(window.take(2.1).taken_at)
    assert len(free) == 3


def test_limits_that_replies_tell_of_by_turns_are_both_kept() -> None:
    """A limit is sure when it was told twice, though a reply of another endpoint came between."""
    window, now, sent = Window(Limits()), 0.0, list[float]()
    while now < 60.0:
        if (delay := window.delay(now)) > 0:
            now += delay
            continue
        sent.append(now)
        slot, (limit, interval) = window.take(now), ((30, 1.0), (100, 10.0))[len(sent) % 2]
        now += 0.02
        left = limit - sum(now - interval < at for at in sent)
        told = RateSnapshot(limit, interval, max(0, left), None, None, None)
        window.answered(slot, now, told, ok=True)

    assert len(sent) > 500
    assert max(sum(0 <= at - begin < 10.0 for at in sent) for begin in sent) <= 100


def test_a_shorter_interval_is_believed_when_the_longer_one_is_told_no_more() -> None:
    """A server that changes its limit is followed after one interval of the old one."""
    window, now = Window(Limits(burst=8, interval=10.0)), 0.0
    for _ in range(2):
        reply(window, window.take(now), now, 10.0)
    while now < 12.0:
        now += max(window.delay(now), 0.5)
        reply(window, window.take(now), now, 1.0)

    assert (window.limit, window.interval) == (2, 1.0)


def test_what_was_sent_before_is_not_taken_for_others_when_an_interval_comes_back() -> None:
    """Requests of ours that are remembered for a longer interval are ours still."""
    window = Window(Limits(burst=8, interval=10.0))
    for n in range(6):
        reply(window, window.take(2.0 * n), 2.0 * n, 1.0)
    assert window.delay(12.0) == 0.0
    slot = window.take(12.0)
    window.answered(slot, 12.0, RateSnapshot(8, 10.0, 3, None, None, None), ok=True)

    assert window.delay(12.0) == 0.0
    assert not window._others.any
