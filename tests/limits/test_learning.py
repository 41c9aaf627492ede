"""What a window learns from the headers of replies, and when it forgets it again."""

import copy
from math import inf

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.day import DAY
from ghl_notes.http.limits import Limits
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.shut import BELIEVED
from ghl_notes.http.window import Slot, Window

INTERVAL = 10.0
# How long others are allowed for after they were last seen: by the window's own counter, and by
# the day's.
FORGOTTEN_BY_COUNTER = 2 * 10.05
FORGOTTEN_BY_DAY = 2 * 3 * INTERVAL


def snapshot(
    remaining: int,
    *,
    limit: int = 100,
    daily: int | None = 200_000,
    left: int | None = None,
    reset: float | None = None,
) -> RateSnapshot:
    return RateSnapshot(limit, INTERVAL, remaining, daily, left, reset)


def room(window: Window, now: float, *, bulk: bool = False) -> int:
    """Count how many slots could be had at this moment, without taking any."""
    window, free = copy.deepcopy(window), 0
    while window.refusal(now, inf) is None and window.delay(now, bulk=bulk) <= 0:
        window.take(now)
        free += 1
    return free


def opened(limits: Limits | None = None, **known: object) -> Window:
    """Make a window whose first reply is long forgotten at time 0."""
    window = Window(limits or Limits())
    answer(window, window.take(-500.0), -500.0, **known)
    assert window.delay(0.0) == 0.0
    return window


def answer(window: Window, slot: Slot, now: float, **known: object) -> None:
    rate = snapshot(**known) if known else None
    window.answered(slot, now, rate, ok=True)


def call(window: Window, now: float, **known: object) -> None:
    answer(window, window.take(now), now, **known)


# --- others, by the window's own counter ----------------------------------------------------


@pytest.mark.parametrize(("others", "left"), [(0, 99), (1, 97), (30, 65), (90, 9), (99, 9)])
def test_others_are_allowed_for(others: int, left: int) -> None:
    """What others used is left to them, with a tenth and one to spare; a tenth stays ours."""
    window = opened()
    call(window, 0.0, remaining=99 - others)

    assert room(window, 0.0) == left


@given(st.floats(0, 100), st.integers(1, 90))
def test_others_are_forgotten(later: float, others: int) -> None:
    """Two intervals after they were seen the whole limit is ours again, and not before one."""
    window = opened()
    call(window, 0.0, remaining=99 - others)
    free = room(window, later)

    assert free == 100 or later < FORGOTTEN_BY_COUNTER
    assert free < 100 or later > INTERVAL


@pytest.mark.parametrize("look", [10.1, 15.0, 19.9])
def test_looking_does_not_prolong_the_memory(look: float) -> None:
    """Others are forgotten in time, however seldom the window was asked in between."""
    window = opened()
    call(window, 0.0, remaining=49)
    window.delay(look)

    assert room(window, FORGOTTEN_BY_COUNTER + 0.01) == 100


def test_our_own_requests_are_not_taken_for_others() -> None:
    """Replies that come out of order tell of our own requests, not of others'."""
    window = opened()
    slots = [window.take(0.0) for _ in range(60)]
    for n in reversed(range(60)):
        answer(window, slots[n], 1.0, remaining=99 - n)

    assert room(window, 1.0) == 40


def test_the_limit_follows_the_server() -> None:
    """A limit that is raised or lowered while we work is kept from the next reply on."""
    window = opened()
    call(window, 0.0, remaining=24, limit=25)
    lowered = room(window, 0.0)
    call(window, 0.1, remaining=148, limit=150)

    assert lowered == 24
    assert room(window, 0.1) == 148


# --- others, by the day's counter -----------------------------------------------------------


def quiet_calls(window: Window, *, others: int, rounds: int) -> float:
    """Call once in every two intervals while others use that many a round; return the end."""
    left, now = 150_000, 0.0
    for n in range(rounds):
        now, left = 20.0 * n, left - 1 - (others if n else 0)
        call(window, now, remaining=99, left=left)
    return now


@pytest.mark.parametrize(
    ("others", "least", "most"), [(0, 99, 99), (20, 50, 89), (100, 25, 49), (400, 9, 9)]
)
def test_the_day_tells_of_others_too(others: int, least: int, most: int) -> None:
    """What the day's counter lost between quiet moments, less our own, is left to others.

    They are left somewhat more than they were seen to use, and never so much that we stand still.
    """
    window = opened()
    now = quiet_calls(window, others=others, rounds=3)

    assert least <= room(window, now) <= most


@given(st.floats(0, 200))
def test_the_day_forgets_others(later: float) -> None:
    """Six intervals after they were last seen, others are forgotten, and not before three."""
    window = opened()
    now = quiet_calls(window, others=100, rounds=3)
    free = room(window, now + later)

    assert free == 100 or later < FORGOTTEN_BY_DAY
    assert free < 100 or later > 3 * INTERVAL


@pytest.mark.parametrize("look", [31.0, 45.0, 59.9])
def test_looking_does_not_prolong_the_memory_of_the_day(look: float) -> None:
    """The memory of the day's others ends in time, however seldom the window was asked."""
    window = opened()
    now = quiet_calls(window, others=100, rounds=2)
    window.delay(now + look)

    assert room(window, now + FORGOTTEN_BY_DAY + 0.01) == 100


# --- the day --------------------------------------------------------------------------------


@given(burst=st.integers(1, 8), daily=st.integers(1, 30))
def test_the_day_is_used_up_and_comes_again(burst: int, daily: int) -> None:
    """After the day's requests waiting is refused until 24 h after the first of them."""
    window, sent, now = Window(Limits(burst=burst, daily=daily)), 0, 5.0
    while window.refusal(now, inf) is None:
        now += window.delay(now)
        call(window, now)
        sent += 1

    assert sent == daily
    assert window.refusal(now, inf) == (True, 5.0 + DAY - now)
    assert window.refusal(5.0 + DAY, inf) is None
    assert room(window, 5.0 + DAY) == min(burst, daily)


@pytest.mark.parametrize(("reset", "ends"), [(80_000.0, 80_000.0), (None, DAY)])
def test_the_server_says_when_the_day_is_over(reset: float | None, ends: float) -> None:
    """Nothing left is nothing left, until the reset that the server told or a day of our own."""
    window = Window(Limits())
    call(window, 0.0, remaining=99, left=0, reset=reset)
    assert window.refusal(0.0, inf) == (True, BELIEVED)
    probe = window.take(BELIEVED)
    answer(window, probe, BELIEVED, remaining=99, left=0, reset=reset and reset - BELIEVED)

    assert probe.probe
    assert window.refusal(BELIEVED, inf) == (True, ends - BELIEVED)
    assert window.refusal(ends, inf) is None
    assert window.delay(ends) == 0.0


def test_what_is_left_of_the_day_is_not_overdrawn() -> None:
    """Once the server says that three are left, three more are sent."""
    window = opened()
    call(window, 0.0, remaining=99, left=3)

    assert room(window, 0.0) == 3


def test_a_smaller_day_of_our_own_is_corrected() -> None:
    """What the headers say wins over what the limiter started with."""
    window = Window(Limits(daily=10))
    call(window, 0.0, remaining=99, left=199_999)

    assert room(window, 0.0) == 99


def test_unsent_and_refused_requests_cost_no_day() -> None:
    """What never went out, and what was refused, is given back to the day."""
    window = opened(Limits(daily=3))
    window.cancel(window.take(0.0))
    window.rejected(window.take(0.0), 0.0, None, 0.0)

    assert room(window, 100.0) == 2


def test_a_new_day_is_noticed_by_its_counter() -> None:
    """A counter that jumps up has begun a new day, whatever our own clock says."""
    window = opened()
    call(window, 0.0, remaining=99, left=5)
    call(window, 20.0, remaining=99, left=199_999)

    assert room(window, 20.0) == 99


@pytest.mark.parametrize("reset", [None, 0.0])
def test_a_late_reply_of_the_old_day_does_not_end_the_new_one(reset: float | None) -> None:
    """A reply that says "none left" and comes after the day's end stops nothing for long."""
    window = Window(Limits(burst=3, daily=4))
    call(window, 0.0)
    late = window.take(DAY - 1)
    assert window.refusal(DAY, inf) is None
    answer(window, late, DAY + 0.5, remaining=2, limit=3, daily=4, left=0, reset=reset)

    refusal = window.refusal(DAY + 1.0, inf)
    assert refusal is None or refusal[1] <= DAY
    assert window.refusal(2 * DAY + 1.0, inf) is None


# --- refusals -------------------------------------------------------------------------------


def test_a_refusal_holds_the_location_back_once() -> None:
    """Ten requests that were refused together make one hold, not ten."""
    window = opened()
    slots = [window.take(0.0) for _ in range(10)]
    for n, slot in enumerate(slots):
        window.rejected(slot, 0.2 + 0.1 * n, snapshot(0), 5.0)

    assert window.delay(1.2) == pytest.approx(4.0 + window.guard)
    assert window.delay(5.2 + window.guard) == 0.0


def test_a_refusal_after_the_hold_begins_another() -> None:
    """A request that was sent after a hold and refused again holds back again."""
    window = opened()
    window.rejected(window.take(0.0), 0.0, None, 5.0)
    window.rejected(window.take(6.0), 6.1, None, 8.0)

    assert window.delay(7.0) == pytest.approx(6.1 + 8.0 + window.guard - 7.0)


def test_a_refusal_tells_of_others() -> None:
    """Refused with only a few of ours in the window, the rest of it is others'."""
    window = opened()
    for _ in range(20):
        call(window, 0.0)
    window.rejected(window.take(0.0), 0.0, None, 0.0)

    assert room(window, window.guard) < 10
    assert room(window, FORGOTTEN_BY_DAY + 0.01) == 100


@pytest.mark.parametrize(
    ("wait", "longest", "refusal"),
    [(30.0, 60.0, None), (61.0, 60.0, (False, 61.05)), (90.0, 60.0, (False, 90.05))],
)
def test_a_long_hold_is_refused(
    wait: float, longest: float, refusal: tuple[bool, float] | None
) -> None:
    """Waiting is refused, with the seconds that are left, where it would be long."""
    window = opened()
    window.rejected(window.take(0.0), 0.0, None, wait)

    assert window.refusal(0.0, longest) == refusal
    assert window.refusal(wait, longest) is None


def test_even_the_first_reply_may_be_a_refusal() -> None:
    """A client that starts into a used-up window waits like any other, and then goes on."""
    window = Window(Limits())
    window.rejected(window.take(0.0), 0.1, snapshot(0), 10.0)

    assert window.delay(0.1) == pytest.approx(10.05)
    assert window.delay(10.2) == 0.0


# --- reserve and settings -------------------------------------------------------------------


@given(burst=st.integers(1, 200), reserve=st.floats(0, 0.999))
@example(burst=100, reserve=0.95)
def test_bulk_work_leaves_the_reserve_to_single_calls(burst: int, reserve: float) -> None:
    """Streams leave the share that they were told to leave, but never stand still for it."""
    window = opened(Limits(burst=burst, reserve=reserve))
    bulk, single = room(window, 0.0, bulk=True), room(window, 0.0)

    assert single == burst
    assert bulk == max(1, burst - round(burst * reserve))


@pytest.mark.parametrize("name", ["burst", "daily"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, None, "100", inf])
def test_counts_are_whole_numbers(name: str, value: object) -> None:
    """A limit of nothing, or of something that is no count, is refused by its name."""
    with pytest.raises(ConfigurationError, match=f"Limits: {name}"):
        Limits(**{name: value})


@pytest.mark.parametrize("value", [0, -1.0, inf, float("nan"), True, None, "10"])
def test_an_interval_is_a_time(value: object) -> None:
    """An interval is a positive and finite number of seconds."""
    with pytest.raises(ConfigurationError, match="Limits: interval"):
        Limits(interval=value)


@pytest.mark.parametrize("value", [1, 1.0, -0.1, float("nan"), True, None, "0"])
def test_a_reserve_is_a_share(value: object) -> None:
    """All of the limit cannot be reserved, or streams would never move."""
    with pytest.raises(ConfigurationError, match="Limits: reserve"):
        Limits(reserve=value)
