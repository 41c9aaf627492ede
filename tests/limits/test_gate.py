"""The queue in front of the limit: fair, wakeful, and without leaks. Time is looptime's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghl_notes.errors import RateLimited
from ghl_notes.events import Event, Waited
from ghl_notes.http.gate import Gate
from ghl_notes.http.limits import Limits
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.window import Slot

pytestmark = pytest.mark.looptime(end=100_000)


@pytest_asyncio.fixture(autouse=True)
async def the_end_of_time() -> None:
    """Fail who waits for ever: with this alarm ahead, looptime comes to its end."""
    asyncio.get_running_loop().call_later(200_000, lambda: None)


LIMITS = Limits(burst=4, interval=10.0)
AGE = 10.05  # the interval and its guard
NOTHING_LEFT_TODAY = RateSnapshot(4, 10.0, 3, 200_000, 0, 5_000.0)


def now() -> float:
    return asyncio.get_running_loop().time()


async def opened(limits: Limits = LIMITS, **options: object) -> Gate:
    """Make a gate whose first reply came one interval ago."""
    gate = Gate(limits, **{"longest": 60.0, "observer": None, **options})
    gate.answered(await gate.slot(), None, ok=True)
    await asyncio.sleep(2 * AGE)
    return gate


async def idle() -> None:
    """Let every task that can go on do so, without time passing."""
    for _ in range(5):
        await asyncio.sleep(0)


def crowd(gate: Gate, names: Iterable[str], seen: list[tuple[str, float]]) -> list[asyncio.Task]:
    """Let tasks ask in this order, by a name that begins with b for bulk; note who got when."""

    async def ask(name: str) -> None:
        slot = await gate.slot(bulk=name.startswith("b"))
        seen.append((name, now()))
        gate.answered(slot, None, ok=True)

    return [asyncio.create_task(ask(name)) for name in names]


async def test_in_the_order_of_asking() -> None:
    """Whoever asked first goes first, four in each interval."""
    gate, seen = await opened(), []
    start = now()
    await asyncio.gather(*crowd(gate, "acdefghijk", seen))

    assert "".join(name for name, _ in seen) == "acdefghijk"
    assert [when - start for _, when in seen] == pytest.approx([0] * 4 + [AGE] * 4 + [2 * AGE] * 2)


async def test_the_first_goes_alone() -> None:
    """Until one reply has told the limit, nobody else is let through, bulk or not."""
    gate, seen = Gate(LIMITS, longest=60.0, observer=None), []
    first = await gate.slot()
    crowd(gate, ["a", "b"], seen)
    await asyncio.sleep(100)
    waiting = list(seen)
    gate.answered(first, None, ok=True)
    await idle()

    assert waiting == []
    assert [name for name, _ in seen] == ["a", "b"]


async def test_single_calls_go_before_bulk_work() -> None:
    """A call that somebody waits for overtakes every call of a stream, and no other."""
    gate, seen = await opened(), []
    tasks = crowd(gate, ["b1", "b2", "b3", "b4", "b5", "b6"], seen)
    await asyncio.sleep(1)
    tasks += crowd(gate, ["s1", "s2"], seen)
    await asyncio.gather(*tasks)

    assert [name for name, _ in seen] == ["b1", "b2", "b3", "b4", "s1", "s2", "b5", "b6"]


async def test_bulk_work_leaves_the_reserve() -> None:
    """With half of the limit reserved a single call need not wait while a stream does."""
    gate, seen = await opened(Limits(burst=4, reserve=0.5)), []
    tasks = crowd(gate, ["b1", "b2", "b3", "b4"], seen)
    await asyncio.sleep(1)
    tasks += crowd(gate, ["s1", "s2", "s3"], seen)
    await asyncio.sleep(1)
    early = [name for name, _ in seen]
    await asyncio.gather(*tasks)

    assert early == ["b1", "b2", "s1", "s2"]
    assert [name for name, _ in seen[4:]] == ["s3", "b3", "b4"]


async def test_who_need_not_wait_does_not_wait() -> None:
    """A slot that is free is given at once, and only a wait is told to the observer."""
    events: list[Event] = []
    gate = await opened(observer=events.append)
    slots = [await gate.slot() for _ in range(4)]
    quick = list(events)
    for slot in slots:
        gate.answered(slot, None, ok=True)
    await gate.slot()

    assert quick == []
    assert events == [Waited(seconds=pytest.approx(AGE))]


async def test_an_observer_that_fails_costs_no_slot() -> None:
    """What an observer raises reaches the caller, and the slot goes to the next one."""

    def fail(_: Event) -> None:
        raise KeyError

    gate = await opened(Limits(burst=1), observer=fail)
    gate.answered(await gate.slot(), None, ok=True)
    start = now()
    with pytest.raises(KeyError):
        await gate.slot()
    slot = await gate.slot()

    assert slot.taken_at - start == pytest.approx(AGE)


# --- giving slots back ----------------------------------------------------------------------


async def give_back(gate: Gate, slot: Slot, how: str) -> None:
    match how:
        case "answered":
            gate.answered(slot, None, ok=True)
        case "failed":
            gate.answered(slot, None, ok=False)
        case "lost":
            gate.lost(slot)
        case "cancel":
            gate.cancel(slot)


@pytest.mark.parametrize(
    ("how", "wait"), [("answered", AGE), ("failed", AGE), ("lost", AGE), ("cancel", 0.0)]
)
async def test_a_slot_that_is_given_back_wakes_the_next(how: str, wait: float) -> None:
    """A request that went out keeps its place for an interval; one that did not frees it."""
    gate, seen = await opened(), []
    slots = [await gate.slot() for _ in range(4)]
    crowd(gate, ["a"], seen)
    await asyncio.sleep(50)
    returned = now()
    await give_back(gate, slots[0], how)
    await asyncio.sleep(20)

    assert seen == [("a", pytest.approx(returned + wait))]


@pytest.mark.parametrize("already", ["waiting", "served"])
async def test_who_stops_waiting_takes_nothing_along(already: str) -> None:
    """A caller that is cancelled, even with its slot in the post, leaves it to the next."""
    gate, seen = await opened(Limits(burst=1)), []
    slot = await gate.slot()
    first, *_ = crowd(gate, ["a", "c"], seen)
    await idle()
    if already == "served":
        gate.cancel(slot)  # which gives the slot to the first, who has not run yet
        first.cancel()
    else:
        first.cancel()
        await idle()
        gate.cancel(slot)
    await idle()

    assert slot.taken_at == now()
    assert seen == [("c", now())]


async def test_a_cancelled_crowd_is_forgotten() -> None:
    """When all who waited have gone, nothing is left that would wake up for them."""
    gate, seen = await opened(), []
    for _ in range(4):
        gate.answered(await gate.slot(), None, ok=True)
    tasks = crowd(gate, ["a", "b", "c"], seen)
    await idle()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(AGE)
    free = [await gate.slot() for _ in range(4)]

    assert seen == []
    assert [slot.taken_at for slot in free] == [now()] * 4


steps = st.lists(
    st.tuples(
        st.sampled_from(["answered", "failed", "lost", "cancel"]),
        st.sampled_from([0.0, 0.01, 0.3, 5.0, 11.0]),  # when it asks
        st.sampled_from([0.0, 0.1, 2.0, 15.0]),  # how long its request takes
        st.none() | st.sampled_from([0.0, 0.1, 1.0, 10.05, 30.0]),  # when it is cancelled
        st.booleans(),
    ),
    max_size=25,
)


@given(steps)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_no_slot_is_lost_or_made(schedule: list[tuple]) -> None:
    """Whatever is answered, lost or cancelled when, the limit holds, and is whole afterwards."""
    gate, gone_out = await opened(), []

    async def one(how: str, asks: float, takes: float, *, bulk: bool) -> None:
        await asyncio.sleep(asks)
        slot = await gate.slot(bulk=bulk)
        try:
            if how != "cancel":
                gone_out.append(now())
            await asyncio.sleep(takes)
        finally:
            await give_back(gate, slot, how)

    async def life(how: str, asks: float, takes: float, ends: float | None, bulk: bool) -> None:  # noqa: FBT001
        async with asyncio.timeout(ends):
            await one(how, asks, takes, bulk=bulk)

    await asyncio.gather(*(life(*step) for step in schedule), return_exceptions=True)
    await asyncio.sleep(2 * AGE)
    whole = [await gate.slot() for _ in range(4)]
    trailing = [sum(end - 10.0 < one <= end for one in gone_out) for end in gone_out]

    assert max(trailing, default=0) <= 4
    assert [slot.taken_at for slot in whole] == [now()] * 4


# --- refusals -------------------------------------------------------------------------------


async def outcomes(tasks: list[asyncio.Task]) -> list[BaseException | None]:
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_429_holds_everyone_back_once() -> None:
    """After a refusal all who wait go on when it ends, in their order and within the limit."""
    gate, seen = await opened(), []
    refused = await gate.slot()
    await asyncio.sleep(0.1)
    gate.rejected(refused, RateSnapshot(4, 10.0, 4, None, None, None), 7.0)
    start = now()
    await asyncio.gather(*crowd(gate, ["a", "b", "c"], seen))

    assert [name for name, _ in seen] == ["a", "c", "b"]
    assert [when - start for _, when in seen] == pytest.approx([7.05] * 3)


async def test_a_429_that_says_nothing_costs_an_interval() -> None:
    """Without ``Retry-After`` the whole window is waited for."""
    gate = await opened()
    gate.rejected(await gate.slot(), None, None)
    start = now()
    await gate.slot()

    assert now() - start == pytest.approx(AGE)


def day_is_over(gate: Gate, slot: Slot) -> None:
    gate.answered(slot, NOTHING_LEFT_TODAY, ok=True)


def long_hold(gate: Gate, slot: Slot) -> None:
    gate.rejected(slot, None, 4_999.95)


@pytest.mark.parametrize("end", [day_is_over, long_hold])
async def test_a_refusal_wakes_everyone(end: Callable[[Gate, Slot], None]) -> None:
    """When waiting has become pointless, those who wait and those who come are told so at once."""
    gate, seen = await opened(), []
    slots = [await gate.slot() for _ in range(4)]
    tasks = crowd(gate, ["a", "b1", "b2"], seen)
    await idle()
    start = now()
    end(gate, slots[0])
    errors = await outcomes([*tasks, *crowd(gate, ["c"], seen)])

    assert now() == start
    assert seen == []
    assert [type(error) for error in errors] == [RateLimited] * 4


@pytest.mark.parametrize(("end", "daily"), [(day_is_over, True), (long_hold, False)])
async def test_a_refusal_says_until_when(end: Callable[[Gate, Slot], None], *, daily: bool) -> None:
    """The error tells which limit it is, and when to come back: as far as that is believed."""
    gate = await opened()
    for seconds in (300.0, 5_000.0):  # at first, and when a probe was told the same
        end(gate, await gate.slot())
        with pytest.raises(RateLimited) as raised:
            await gate.slot()
        error, expected = raised.value, datetime.now(UTC) + timedelta(seconds=seconds)

        assert (error.daily, error.retry_after) == (daily, pytest.approx(seconds))
        assert error.resets_at is not None
        assert abs(error.resets_at - expected) < timedelta(seconds=30)
        await asyncio.sleep(300)


@pytest.mark.parametrize("end", [day_is_over, long_hold])
async def test_one_probe_opens_what_was_shut_by_a_word(
    end: Callable[[Gate, Slot], None],
) -> None:
    """After five minutes one request asks; who comes meanwhile waits for its reply."""
    gate, seen = await opened(), []
    end(gate, await gate.slot())
    await asyncio.sleep(300)
    probe = await gate.slot()
    crowd(gate, ["a", "b"], seen)
    await asyncio.sleep(5)
    assert seen == []
    gate.answered(probe, RateSnapshot(4, 10.0, 3, 200_000, 199_990, None), ok=True)
    await idle()

    assert seen == [("a", now()), ("b", now())]


@pytest.mark.parametrize("end", [day_is_over, long_hold])
@pytest.mark.parametrize("how", ["lost", "cancel"])
async def test_a_probe_without_a_reply_is_followed_by_another(
    end: Callable[[Gate, Slot], None], how: str
) -> None:
    """An unsent one at once, and one that brought no reply after five minutes more."""
    gate = await opened()
    end(gate, await gate.slot())
    await asyncio.sleep(300)
    await give_back(gate, await gate.slot(), how)
    if how == "lost":
        with pytest.raises(RateLimited):
            await gate.slot()
        await asyncio.sleep(300)

    assert (await gate.slot()).probe


@pytest.mark.parametrize("end", [day_is_over, long_hold])
async def test_after_a_refusal_comes_another_day(end: Callable[[Gate, Slot], None]) -> None:
    """Once its time is over, the refused location works again."""
    gate = await opened()
    end(gate, await gate.slot())
    await asyncio.sleep(5_001)
    slot = await gate.slot()

    assert slot.taken_at == now()


async def test_refused_and_cancelled_at_once() -> None:
    """A caller that gives up in the moment of a refusal leaves no error behind unread."""
    gate, seen = await opened(), []
    slots = [await gate.slot() for _ in range(4)]
    (task,) = crowd(gate, ["a"], seen)
    await idle()
    day_is_over(gate, slots[0])
    task.cancel()

    assert [type(error) for error in await outcomes([task])] == [asyncio.CancelledError]


async def test_the_day_is_not_overdrawn_by_a_crowd() -> None:
    """Of a crowd that waits, just as many get through as the day has left."""
    gate, seen = Gate(Limits(burst=4, daily=10), longest=60.0, observer=None), []
    errors = await outcomes(crowd(gate, [f"a{n}" for n in range(20)], seen))

    assert [name for name, _ in seen] == [f"a{n}" for n in range(10)]
    assert [type(error) for error in errors[10:]] == [RateLimited] * 10


async def test_a_crowd_is_served_without_delay() -> None:
    """Ten thousand waiters cost ten thousand slots and no more time than the limit says."""
    gate, seen = await opened(Limits(burst=1_000)), []
    start = now()
    work: Awaitable[object] = asyncio.gather(*crowd(gate, map(str, range(10_000)), seen))
    await work

    assert [name for name, _ in seen] == [str(n) for n in range(10_000)]
    assert now() - start == pytest.approx(9 * AGE)
