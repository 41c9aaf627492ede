"""Which call gets a connection: no location and no kind of work can have all of them."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import Unavailable
from ghl_notes.http.loops import LoopOwner
from ghl_notes.http.places import Capacity, Lane, Place, Places
from ghl_notes.http.transport import Transport
from ghl_notes.oauth.session import ATTEMPT_SECONDS

SMALL = Capacity(shared=4, each=2, bulk=3, own=1, reserved=2, tokens=1)


def places(capacity: Capacity = SMALL, patience: float = 1.0) -> Places:
    return Places(capacity, patience=patience, owner=LoopOwner(), server="HighLevel")


def most(lane: Lane, *, bulk: bool) -> list[Place]:
    """Take all that a lane gives."""
    return list(iter(lambda: lane.take(bulk), None))


def test_what_hangs_leaves_room_for_others() -> None:
    """However much bulk work and single calls of some locations hang, another has its places."""
    ours = places(Capacity())
    for _ in range(25):
        assert most(ours.lane(), bulk=True)
        assert most(ours.lane(), bulk=False)

    fresh = ours.lane()
    assert len(most(fresh, bulk=False)) == 2
    assert len(most(fresh, bulk=True)) == 2


def test_thirty_that_hang_leave_room_for_one_more() -> None:
    """Up to thirty locations may have taken all that they can get, and the next has its places."""
    ours = places(Capacity())
    for _ in range(30):
        lane = ours.lane()
        assert most(lane, bulk=True)
        assert most(lane, bulk=False)

    fresh = ours.lane()
    assert [len(most(fresh, bulk=bulk)) for bulk in (False, True)] == [2, 2]


def test_two_streams_leave_a_quarter_to_single_calls() -> None:
    """Bulk work never takes all of what is shared, nor does one location."""
    ours = places(Capacity())
    assert [len(most(ours.lane(), bulk=True)) for _ in range(3)] == [52, 27, 2]
    assert len(most(ours.lane(), bulk=False)) == 27


@pytest.mark.parametrize("limit", range(1, 300, 7))
def test_any_limit_of_a_session_is_divided(limit: int) -> None:
    """There is never more than the session has, and at least one for each purpose."""
    capacity = Capacity.within(limit)
    slow = capacity.tokens if limit >= 14 else 0  # requests for tokens go on without their places
    assert capacity.total + slow <= max(limit, 2)
    assert min(capacity.shared, capacity.each, capacity.bulk, capacity.tokens) >= 1
    assert Capacity.within(0) == Capacity() == Capacity.within(10_000)


@pytest.mark.parametrize("limit", [*range(1, 300, 7), 480, 999, 10_000])
def test_any_limit_of_a_session_is_divided_among_clients(limit: int) -> None:
    """Together they never have more than the session, nor less than one client would alone."""
    alone, common = Capacity.within(limit), Capacity.among_clients(limit)
    assert common.total + (common.tokens if limit >= 14 else 0) <= max(limit, 2)
    assert common.shared * (alone.total + limit) >= alone.shared * limit
    for name in ("shared", "bulk", "reserved", "tokens"):
        assert getattr(common, name) >= getattr(alone, name), name
    assert (common.each, common.own) == (alone.each, alone.own)


async def test_who_waits_gets_what_is_given_back() -> None:
    """In the order of asking within a lane, single calls first, and one lane after the other."""
    ours, got = places(), []
    lane, other = ours.lane(), ours.lane()
    taken = most(lane, bulk=False)

    async def want(name: str, where: Lane, *, bulk: bool = False) -> Place:
        place = await where.wait(bulk=bulk)
        got.append(name)
        return place

    most(other, bulk=False)
    tasks = [asyncio.create_task(want(name, lane)) for name in "ab"]
    tasks.append(asyncio.create_task(want("c", other)))
    await asyncio.sleep(0)
    assert lane.take(bulk=False) is None
    for place in taken:
        lane.leave(place)
    await asyncio.sleep(0.01)
    assert got == ["a", "b"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_wait_has_its_own_bound() -> None:
    """A call that gets none in time fails with ``waited``, and nothing was sent."""
    lane = places(patience=0.02).lane()
    most(lane, bulk=False)
    with pytest.raises(Unavailable, match="no connection") as raised:
        await lane.wait(bulk=False)
    assert (raised.value.maybe_applied, raised.value.waited) == (False, True)


async def test_who_is_cancelled_with_a_place_in_the_post_gives_it_back() -> None:
    """A place is not lost with a caller who was just to get it."""
    lane = places(Capacity(shared=1, each=1, bulk=1, own=0, reserved=0, tokens=1)).lane()
    (place,) = most(lane, bulk=False)
    first, second = (asyncio.create_task(lane.wait(bulk=False)) for _ in range(2))
    await asyncio.sleep(0)
    lane.leave(place)
    first.cancel()
    assert await asyncio.wait_for(second, 1)


class _Steps:
    """Lanes under any order of taking, waiting, leaving and giving up."""

    def __init__(self) -> None:
        self.ours = places()
        self.lanes = [self.ours.lane() for _ in range(4)]
        self.held: list[tuple[Lane, Place]] = []

    def take(self, which: int, *, bulk: bool) -> None:
        lane = self.lanes[which]
        if (place := lane.take(bulk)) is not None:
            self.held.append((lane, place))

    def leave(self, which: int) -> None:
        if self.held:
            lane, place = self.held.pop(which % len(self.held))
            lane.leave(place)

    def check(self) -> None:
        shared = [place for _, place in self.held if not place.reserved]
        assert len(shared) == self.ours.pool.shared <= SMALL.shared
        assert sum(place.bulk for place in shared) == self.ours.pool.bulk <= SMALL.bulk
        for lane in self.lanes:
            its = [place for other, place in self.held if other is lane]
            assert sum(not place.reserved for place in its) <= SMALL.each
            assert sum(place.reserved for place in its) <= 2 * SMALL.own


@given(st.lists(st.tuples(st.sampled_from(["take", "bulk", "leave"]), st.integers(0, 30))))
def test_the_counters_hold_in_any_order(steps: list[tuple[str, int]]) -> None:
    """What is counted is what is held, within every bound, and all of it comes back."""
    run = _Steps()
    for what, which in steps:
        if what == "leave":
            run.leave(which)
        else:
            run.take(which % 4, bulk=what == "bulk")
        run.check()
    while run.held:
        run.leave(0)

    assert (run.ours.pool.shared, run.ours.pool.bulk, run.ours.pool.reserved) == (0, 0, [0, 0])


@pytest.mark.parametrize("begun", [False, True])
def test_a_place_of_a_closed_loop_is_not_given_on(begun: bool) -> None:  # noqa: FBT001 - a row
    """A call may be cleaned up long after its loop ended, before the next one takes anything."""
    ours = places()
    lane = ours.lane()

    async def hang() -> tuple[list[Place], list[asyncio.Task[Place]]]:
        ours.owner.enter(asyncio.get_running_loop())
        taken = most(lane, bulk=False)
        waiting = [asyncio.create_task(lane.wait(bulk=False)) for _ in range(3)]
        await asyncio.sleep(0)
        return taken, waiting

    loop = asyncio.new_event_loop()
    taken, waiting = loop.run_until_complete(hang())
    loop.close()
    following = asyncio.new_event_loop()
    if begun:
        ours.owner.enter(following)
    for place in taken:
        lane.leave(place)
    assert not any(task.done() for task in waiting)
    if not begun:
        ours.owner.enter(following)

    assert len(most(lane, bulk=False)) == 3
    assert (ours.pool.shared, ours.pool.reserved) == (2, [1, 0])
    following.close()
    for task in waiting:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        task.get_coro().close()  # type: ignore[union-attr]
    assert len(most(lane, bulk=True)) == 1


@pytest.mark.looptime
@pytest.mark.parametrize("timeout", [1.0, 30.0, 300.0])
async def test_a_call_for_a_token_waits_no_longer_than_a_hold_allows(timeout: float) -> None:  # noqa: ASYNC109 - the client's
    """However patient the client is: a store gives up a hold that takes most of a minute."""
    transport = Transport(None, timeout=timeout)
    async with AsyncExitStack() as stack:
        for _ in range(transport.places.capacity.tokens):
            await stack.enter_async_context(transport.place_for_token())
        with pytest.raises(Unavailable, match="became free in 5 s") as raised:
            await stack.enter_async_context(transport.place_for_token())

    assert asyncio.get_running_loop().time() == 5
    assert (raised.value.waited, raised.value.maybe_applied) == (True, False)
    assert ATTEMPT_SECONDS > 5
    async with transport.place_for_token():
        pass
    await transport.close()


async def test_calls_for_tokens_over_one_session_share_what_is_kept_for_them() -> None:
    """Two clients divide the connections for tokens of one session; another session has its own."""
    async with AsyncExitStack() as stack:
        first, other = [await stack.enter_async_context(aiohttp.ClientSession()) for _ in range(2)]
        transports = [Transport(one, timeout=1.0) for one in (first, first, other)]
        for transport in transports:
            async with transport.place_for_token():
                pass
        lanes = [transport.token_lane for transport in transports]
        taken = [len(most(lane, bulk=False)) for lane in lanes]

    kept = Capacity.within(100).tokens
    assert taken == [kept, 0, kept]
