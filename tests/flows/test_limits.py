# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The limit from end to end: used to the full, never crossed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ghl_notes import Limits, Sent, Waited
from ghl_notes.errors import RateLimited
from ghl_notes.testing import Fault, OddHeaders

SHORT = Limits(burst=20, interval=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("window", ["fixed", "sliding"])
async def test_a_stream_stays_inside_the_limit(start, connect, window) -> None:
    """Nothing is refused, no interval sees more than the limit, and little of it is wasted."""
    fake = await start(contacts=120, notes_per_contact=1, limit=20, interval=0.2, window=window)
    client = connect(fake, limits=SHORT)
    loop = asyncio.get_running_loop()
    began = loop.time()
    results = [result async for result in client.notes.stream(fake.contact_ids())]
    took = loop.time() - began

    assert [r.error for r in results] == [None] * 120
    assert fake.stats.rejected_429 == 0
    assert 10 < fake.stats.max_in_window <= 20
    assert took < 6 * 0.2 * 1.6


@pytest.mark.slow
async def test_many_tasks_share_one_limit(start, connect) -> None:
    """Single calls and streams of one client stand in one line."""
    fake = await start(contacts=30, notes_per_contact=1, limit=20, interval=0.2)
    client, ids = connect(fake, limits=SHORT), fake.contact_ids()

    async def stream() -> list:
        return [result async for result in client.notes.stream(ids)]

    await asyncio.gather(stream(), stream(), *(client.notes.list(one) for one in ids))

    assert fake.stats.accepted == 90
    assert (fake.stats.rejected_429, fake.stats.max_in_window) == (0, 20)


async def test_each_location_has_its_own_limit(start, build) -> None:
    """A location that waits does not hold up another one."""
    fake = await start(locations=2, limit=20, interval=0.2)
    highlevel = build(fake, limits=SHORT)
    for location_id in fake.location_ids:
        await highlevel.install(fake.authorize_code(location_id))

    async def spend(location_id: str) -> None:
        client, contact_id = highlevel.location(location_id), fake.contact_ids(location_id)[0]
        await asyncio.gather(*(client.notes.list(contact_id) for _ in range(30)))

    await asyncio.gather(*map(spend, fake.location_ids))

    assert fake.stats.rejected_429 == 0
    assert [fake.stats.max_in_window_of(one) for one in fake.location_ids] == [20, 20]


async def test_a_smaller_limit_is_learned_from_the_headers(start, connect) -> None:
    """A sandbox has less than what is documented, and its first reply says so."""
    fake = await start(contacts=60, notes_per_contact=1, limit=25, interval=0.2)
    client = connect(fake, limits=Limits(burst=100, interval=0.2))
    results = [result async for result in client.notes.stream(fake.contact_ids())]

    assert all(result.error is None for result in results)
    assert fake.stats.rejected_429 == 0
    assert fake.stats.max_in_window <= 25


@pytest.mark.parametrize(
    "told",
    [
        {"X-RateLimit-Interval-Milliseconds": "10"},
        {"X-RateLimit-Max": "3", "X-RateLimit-Interval-Milliseconds": "50"},
    ],
)
async def test_a_reply_that_tells_of_a_shorter_interval_lets_no_more_through(
    start, connect, told
) -> None:
    """An endpoint may have its own limit, and a header may be wrong once: ours is kept."""
    fake = await start(contacts=30, notes_per_contact=1, limit=10, interval=0.4)
    client, ids = connect(fake, limits=Limits(burst=10, interval=0.4)), fake.contact_ids()
    await asyncio.gather(*(client.notes.list(one) for one in ids[:8]))
    fake.inject(OddHeaders({**told, "X-RateLimit-Remaining": "2"}))
    await client.notes.list(ids[8])
    await asyncio.sleep(0.06)
    await asyncio.gather(*(client.notes.list(one) for one in ids[9:19]))

    assert (fake.stats.rejected_429, fake.stats.accepted) == (0, 19)
    assert fake.stats.max_in_window <= 10


async def test_the_daily_limit_ends_a_stream_at_once(start, connect) -> None:
    """Each contact that is left says when to come back, and none of them costs a request."""
    fake = await start(contacts=100, notes_per_contact=1, daily=30)
    results = [r async for r in connect(fake).notes.stream(fake.contact_ids(), concurrency=5)]
    errors = [result.error for result in results if result.error is not None]

    assert (len(results), len(errors)) == (100, 70)
    assert {type(error) for error in errors} == {RateLimited}
    assert all(error.daily for error in errors)
    tomorrow = datetime.now(UTC) + timedelta(hours=24)
    assert all(abs(error.resets_at - tomorrow) < timedelta(minutes=1) for error in errors)
    assert all(error.retry_after == pytest.approx(86_400, abs=60) for error in errors)
    assert fake.stats.requests == 30


async def test_the_daily_limit_is_told_to_a_single_call(start, connect) -> None:
    """A day that others have used up is an error at once, not a sleep of hours."""
    fake = await start(daily=1)
    fake.spend(1)
    client = connect(fake)
    for _ in range(2):
        with pytest.raises(RateLimited) as raised:
            await client.notes.list(fake.contact_ids()[0])
        assert raised.value.daily

    assert raised.value.resets_at > datetime.now(UTC)
    assert fake.stats.requests == 1


async def test_a_429_holds_everyone_back_once(start, connect, until) -> None:
    """One refusal holds the whole location for one interval, and is no failure of anyone."""
    fake = await start(contacts=60, limit=200, interval=0.2)
    client, ids = connect(fake), fake.contact_ids()
    await client.notes.list(ids[0])
    fake.inject(Fault.RATE_LIMITED)
    with_429 = asyncio.create_task(client.notes.list(ids[1]))
    await until(lambda: fake.stats.rejected_429)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(with_429, *(client.notes.list(one) for one in ids[:20]))

    assert 0.15 < loop.time() - began < 0.4
    assert fake.stats.rejected_429 == 1
    assert fake.stats.requests == 23


async def test_a_long_hold_is_told(start, connect) -> None:
    """A server that asks for more patience than the policy has is an error with the time."""
    fake = await start(retry_after=300.0)
    client, contact_id = connect(fake), fake.contact_ids()[0]
    fake.inject(Fault.RATE_LIMITED)
    for expected in (1, 1):
        with pytest.raises(RateLimited) as raised:
            await client.notes.list(contact_id)
        assert raised.value.retry_after == pytest.approx(300, abs=3)
        assert not raised.value.daily
        assert fake.stats.requests == expected


async def test_a_cancelled_wait_costs_nothing(start, connect, until) -> None:
    """Callers that give up in the queue take no slot from those behind them."""
    fake = await start(limit=5, interval=0.15)
    client, ids = connect(fake, limits=Limits(burst=5, interval=0.15)), fake.contact_ids()
    calls = [asyncio.create_task(client.notes.list(ids[0])) for _ in range(30)]
    await until(lambda: fake.stats.accepted == 5)
    for call in calls[5:]:
        call.cancel()
    assert len(await client.notes.list(ids[1])) == 5
    done = await asyncio.gather(*calls, return_exceptions=True)

    assert sum(not isinstance(result, BaseException) for result in done) == 5
    assert (fake.stats.requests, fake.stats.rejected_429) == (6, 0)


async def test_waiting_is_told(start, connect) -> None:
    """The observer hears of each wait in the queue, and how long it was."""
    fake, events = await start(limit=5, interval=0.1), []
    limits = Limits(burst=5, interval=0.1)
    client = connect(fake, limits=limits, observer=events.append)
    await client.notes.list(fake.contact_ids()[0])
    await asyncio.gather(*(client.notes.list(fake.contact_ids()[0]) for _ in range(6)))
    waits = [event.seconds for event in events if isinstance(event, Waited)]

    assert len(waits) == 2
    assert all(0.05 < seconds < 0.4 for seconds in waits)
    assert sum(isinstance(event, Sent) for event in events) == 7
