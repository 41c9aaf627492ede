"""No word of a server shuts a location for longer than five minutes without being asked again."""

from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghl_notes.http.failures import retry_after
from ghl_notes.http.limits import Limits
from ghl_notes.http.rate import rate
from ghl_notes.http.shut import BELIEVED
from ghl_notes.http.window import Window

USUAL = {
    "X-RateLimit-Max": "100",
    "X-RateLimit-Interval-Milliseconds": "10000",
    "X-RateLimit-Remaining": "90",
    "X-RateLimit-Limit-Daily": "200000",
    "X-RateLimit-Daily-Remaining": "199000",
    "X-RateLimit-Daily-Reset": "80000000",
}
ODD = {
    "nothing left of the day": (200, {"X-RateLimit-Daily-Remaining": "0"}),
    "a year": (429, {"Retry-After": "31536000"}),
    "an hour": (429, {"Retry-After": "3600"}),
    "a date": (429, {"Retry-After": "Fri, 17 Jul 2099 10:27:18 GMT"}),
    "a refusal for the day": (429, {"X-RateLimit-Daily-Remaining": "0"}),
    "an interval of a day": (
        200,
        {
            "X-RateLimit-Max": "1",
            "X-RateLimit-Interval-Milliseconds": "86400000",
            "X-RateLimit-Remaining": "0",
        },
    ),
    "five minutes": (200, {"X-RateLimit-Max": "1", "X-RateLimit-Interval-Milliseconds": "300000"}),
    "one at a time": (200, {"X-RateLimit-Max": "1", "X-RateLimit-Remaining": "0"}),
    "10^15 at a time": (200, {"X-RateLimit-Max": "1" + "0" * 15}),
    "10^12 left": (200, {"X-RateLimit-Daily-Remaining": "1" + "0" * 12}),
    "less than nothing": (200, {"X-RateLimit-Remaining": "-1", "X-RateLimit-Max": "-5"}),
    "no limit at all": (200, {"X-RateLimit-Max": "0"}),
    "no day": (200, {"X-RateLimit-Limit-Daily": "0", "X-RateLimit-Daily-Remaining": "0"}),
}


def reply(window: Window, now: float, status: int, headers: dict[str, str]) -> None:
    """Send a request and let this be its reply."""
    slot, told = window.take(now), rate(headers)
    if status == 429:
        after = retry_after(headers)
        window.rejected(slot, now, told, window.interval if after is None else after)
    else:
        window.answered(slot, now, told, ok=True)


def is_open(window: Window, now: float) -> bool:
    return window.refusal(now, inf) is None and window.delay(now) <= 0


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_header_is_found_out_by_one_probe(odd: str) -> None:
    """Within five minutes one request goes out, and with its usual reply all is as before."""
    window, (status, headers) = Window(Limits()), ODD[odd]
    reply(window, 0.0, 200, USUAL)
    reply(window, 1.0, status, {**USUAL, **headers})
    now = next(1.0 + n for n in range(400) if is_open(window, 1.0 + n))
    assert now <= 1.0 + BELIEVED + 2
    reply(window, now, 200, USUAL)

    assert (window.limit, window.interval) == (100, 10.0)
    assert is_open(window, now + 0.001)


def test_a_day_that_is_over_costs_few_probes() -> None:
    """What is confirmed stays shut, and is asked about twelve times an hour at most."""
    window = Window(Limits())
    over = {**USUAL, "X-RateLimit-Daily-Remaining": "0"}
    reply(window, 0.0, 200, over)
    probes = 0
    for second in range(1, 3600):
        if is_open(window, float(second)):
            probes += 1
            reply(window, float(second), 429, over)

    assert probes == 11
    assert window.refusal(3599.5, inf) == (True, pytest.approx(80_000 - 200, abs=301))


def test_a_day_of_our_own_is_not_probed() -> None:
    """A limit that its user has set is kept, whatever a server would allow."""
    window = Window(Limits(daily=3))
    for n in range(3):
        reply(window, float(n), 200, {})

    assert not any(is_open(window, 3.0 + 60 * n) for n in range(1, 1000))


numbers = st.sampled_from(
    ["0", "1", "-1", "5", "100", "299999", "300000", "86400000"]
) | st.integers(0, 10**17).map(str)
headers = st.fixed_dictionaries({}, optional=dict.fromkeys((*USUAL, "Retry-After"), numbers)).map(
    lambda odd: {**USUAL, **odd}
)
steps = st.tuples(
    st.sampled_from([200, 200, 429]),
    headers,
    st.floats(0, 2 * BELIEVED),
    st.sampled_from(["replied", "replied", "lost", "given up", "unsent"]),
)


@given(st.lists(steps, max_size=30))
@example(
    [
        (
            200,
            USUAL | {"X-RateLimit-Limit-Daily": "1", "X-RateLimit-Daily-Remaining": "0"},
            0.0,
            "replied",
        ),
        *2 * [(200, USUAL | {"X-RateLimit-Max": "0"}, 0.0, "replied")],
        (200, USUAL, 0.0, "replied"),
    ]
)
@example(
    [
        (200, USUAL, 0.0, "given up"),
        (
            200,
            USUAL | {"X-RateLimit-Max": "1", "X-RateLimit-Interval-Milliseconds": "299999"},
            0.0,
            "replied",
        ),
        (200, USUAL, 0.0, "replied"),
    ]
)
@settings(max_examples=200, deadline=None)
def test_nothing_shuts_for_long(script: list[tuple[int, dict[str, str], float, str]]) -> None:
    """Whatever is said, and whatever becomes of the probes, five minutes later one may go."""
    window, now = Window(Limits()), 0.0
    for status, said, gap, fate in script:
        now += gap
        if not is_open(window, now):
            assert any(is_open(window, now + 10 * n) for n in range(1, 32))
            now = next(now + 10 * n for n in range(1, 32) if is_open(window, now + 10 * n))
        if fate == "replied":
            reply(window, now, status, said)
        elif fate == "unsent":
            window.cancel(window.take(now))
        else:
            window.lost(window.take(now), now, 120.0 if fate == "given up" else 0.0)
        assert window._in_flight == 0
