"""Others beside us: in our window or not, as the headers tell. Time is a number here."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.http.limits import Limits
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.window import Window

LIMIT, INTERVAL, DAILY = 50, 10.0, 200_000
LATENCY = 0.1


class Location:
    """A fixed window that counts our requests, others' if they share it, and a day for all."""

    def __init__(self, others: int, *, shared: bool) -> None:
        self.others, self.shared = others, shared
        self.day = DAILY
        self.refused = 0
        self._began, self._used, self._theirs = -INTERVAL, 0, 0.0

    def stamp(self, now: float, *, ours: bool = True) -> RateSnapshot | None:
        """Count a request in; None for a refusal."""
        if now - self._began >= INTERVAL:
            self._began, self._used = now, 0
        if self._used >= LIMIT:
            self.refused += ours
            return None
        self._used += 1
        self.day -= 1
        return RateSnapshot(LIMIT, INTERVAL, LIMIT - self._used, DAILY, self.day, None)

    def pass_time(self, seconds: float, now: float) -> None:
        """Let the others make their requests, evenly."""
        self._theirs += self.others * seconds / INTERVAL
        while self._theirs >= 1:
            self._theirs -= 1
            if self.shared:
                self.stamp(now, ours=False)
            else:
                self.day -= 1


def stream(
    location: Location, window: Window, intervals: int, order: Callable[[list[int]], list[int]]
) -> list[float]:
    """Send whatever the window lets through; replies come in any order. Return when each went."""
    sent: list[float] = []
    now, step = 0.0, 0.05
    while now < intervals * INTERVAL:
        slots = []
        while window.delay(now, bulk=True) <= 0:
            slots.append(window.take(now))
        rates = [location.stamp(now) for _ in slots]
        sent += [now] * len(slots)
        location.pass_time(LATENCY, now + LATENCY)
        for n in order(list(range(len(slots)))):
            if (rate := rates[n]) is None:
                window.rejected(slots[n], now + LATENCY, None, INTERVAL)
            else:
                window.answered(slots[n], now + LATENCY, rate, ok=True)
        now += LATENCY + step
        location.pass_time(step, now)
    return sent


@given(others=st.integers(LIMIT // 3 + 2, LIMIT), rng=st.randoms())
@settings(max_examples=20, deadline=None)
def test_who_shares_the_day_and_not_the_window_takes_nothing_from_it(
    others: int, rng: Random
) -> None:
    """Private integrations of one location have a window each: after few intervals it is ours."""
    location = Location(others, shared=False)
    window = Window(Limits(burst=LIMIT, interval=INTERVAL))
    sent = stream(location, window, 24, lambda all_: rng.sample(all_, len(all_)))

    assert len([at for at in sent if at >= 12 * INTERVAL]) >= LIMIT * 11
    assert location.refused == 0


def test_a_window_that_is_full_of_ours_had_no_room_for_others() -> None:
    """Whoever the day tells of was elsewhere, and nothing is held back for them at all."""
    location = Location(LIMIT, shared=False)
    sent = stream(location, Window(Limits(burst=LIMIT, interval=INTERVAL)), 8, list)

    assert len(sent) >= 7 * LIMIT


@pytest.mark.parametrize("others", [5, 17, 20, 25, 40])
def test_who_is_in_the_window_is_not_met(others: int) -> None:
    """Where others draw from our window, it is used, and no request of ours is refused."""
    location = Location(others, shared=True)
    stream(location, Window(Limits(burst=LIMIT, interval=INTERVAL)), 24, list)

    assert location.refused == 0
    assert DAILY - location.day >= 24 * LIMIT // 2


@pytest.mark.parametrize("told", [False, True])
def test_the_day_is_believed_again_when_the_window_tells_of_others(*, told: bool) -> None:
    """Once anybody was in it, room is held again for those whom the day alone tells of."""
    location = Location(20, shared=False)
    window, now = Window(Limits(burst=LIMIT, interval=INTERVAL)), 30 * INTERVAL
    stream(location, window, 12, list)
    assert window.delay(now) == 0.0
    left = location.day
    for seen in (5 if told else 0, 0, 0):
        rate = RateSnapshot(LIMIT, INTERVAL, LIMIT - 1 - seen, DAILY, left, None)
        window.answered(window.take(now), now, rate, ok=True)
        now, left = now + 3 * INTERVAL, left - 61
        assert window.delay(now) == 0.0
    free = 0
    while window.delay(now) <= 0:
        window.take(now)
        free += 1

    assert (free < LIMIT) == told
