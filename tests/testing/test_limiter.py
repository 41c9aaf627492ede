"""The server side of the limit counts as HighLevel was seen to count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.testing.limiter import Limiter, Trail

gaps = st.lists(st.floats(0, 30, allow_nan=False), max_size=120)
limits = st.integers(1, 8)


def run(limiter: Limiter, gaps: list[float]) -> list[float]:
    """Send requests with these gaps and give the times of those let in."""
    accepted, now = [], 0.0
    for gap in gaps:
        now += gap
        if limiter.take(now, now).accepted:
            accepted.append(now)
    return accepted


def most_in_trailing(times: list[float], interval: float) -> int:
    """Count the fullest trailing interval, the slow way."""
    return max((sum(0 <= end - one < interval for one in times) for end in times), default=0)


@given(limits, gaps)
def test_sliding_never_lets_more_in_than_the_limit(limit: int, gaps: list[float]) -> None:
    """No trailing interval holds more accepted requests than the limit."""
    accepted = run(Limiter(limit, 10.0, 10_000, sliding=True), gaps)

    assert most_in_trailing(accepted, 10.0) <= limit


@given(limits, gaps)
def test_fixed_windows_hold_the_limit(limit: int, gaps: list[float]) -> None:
    """Each window, from the first request after the last window's end, holds the limit at most."""
    accepted = run(Limiter(limit, 10.0, 10_000), gaps)

    while accepted:
        window = [one for one in accepted if one - accepted[0] < 10.0]
        assert len(window) <= limit
        accepted = accepted[len(window) :]


@given(gaps=gaps, sliding=st.booleans())
def test_everything_below_the_limit_gets_in(gaps: list[float], *, sliding: bool) -> None:
    """A client that stays below the limit is never refused."""
    assert len(gaps) == len(run(Limiter(120, 10.0, 120, sliding=sliding), gaps))


@given(gaps, limits)
def test_the_trail_is_the_fullest_trailing_interval(gaps: list[float], limit: int) -> None:
    """The monitor agrees with counting by hand, refused requests included."""
    trail, times, now = Trail(float(limit)), [], 0.0
    for gap in gaps:
        now += gap
        times.append(now)
        trail.add(now)

    assert most_in_trailing(times, float(limit)) == trail.most


def test_a_fixed_window_starts_with_a_request() -> None:
    """After a pause the window begins at the next request, not at a multiple of the interval."""
    limiter = Limiter(2, 10.0, 100)

    assert [limiter.take(now, 0).remaining for now in (3.0, 4.0, 12.9)] == [1, 0, 0]
    assert limiter.take(17.0, 0).remaining == 1
    assert limiter.take(26.9, 0).accepted
    assert not limiter.take(26.9, 0).accepted


def test_refused_requests_do_not_count() -> None:
    """Neither the window nor the day pays for a refused request."""
    limiter = Limiter(1, 10.0, 2)
    limiter.take(0.0, 0.0)
    refused = limiter.take(5.0, 5.0)

    assert (refused.accepted, refused.remaining, refused.daily_remaining) == (False, 0, 1)
    assert limiter.take(10.0, 10.0).accepted


@pytest.mark.parametrize("sliding", [False, True])
def test_the_day_lasts_24_hours_from_its_first_request(*, sliding: bool) -> None:
    """The daily budget returns a day after the first request, and the header counts down to it."""
    limiter = Limiter(10, 10.0, 1, sliding=sliding)
    first = limiter.take(0.0, 1000.0)
    spent = limiter.take(60.0, 1060.0)

    assert (first.accepted, first.daily_reset_ms) == (True, 86_400_000)
    assert (spent.accepted, spent.daily_reset_ms) == (False, 86_340_000)
    assert limiter.take(90_000.0, 87_400.0).accepted


def test_headers_are_those_recorded() -> None:
    """The six headers have the recorded names and forms."""
    limiter = Limiter(100, 10.0, 200_000)

    assert limiter.headers(limiter.take(0.0, 0.0)) == {
        "x-ratelimit-limit-daily": "200000",
        "x-ratelimit-daily-remaining": "199999",
        "x-ratelimit-daily-reset": "86400000",
        "x-ratelimit-interval-milliseconds": "10000",
        "x-ratelimit-max": "100",
        "x-ratelimit-remaining": "99",
    }
