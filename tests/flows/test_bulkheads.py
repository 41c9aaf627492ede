# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""Locations that hang take nothing from the others: not their connections, nor their renewals."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp
import pytest

from ghl_notes import AmbiguousWrite, HighLevel, Limits, RetryPolicy
from ghl_notes.errors import Unavailable
from ghl_notes.testing import Fault

ONCE = RetryPolicy(attempts=1, bulk_attempts=1, base=0)
AT_ONCE = Limits(burst=10_000)


@pytest.fixture
async def fake(start):
    """Give an agency of six locations with a contact each."""
    return await start(locations=6, contacts=1)


def contact_of(fake, location_id: str) -> str:
    return fake.contact_ids(location_id)[0]


async def opened(fake, highlevel: HighLevel, *location_ids: str) -> None:
    """Install on locations, and let each limiter learn of the limit."""
    for location_id in location_ids:
        await highlevel.install(fake.authorize_code(location_id=location_id))
        await highlevel.location(location_id).notes.list(contact_of(fake, location_id))


def hang(fake, *location_ids: str) -> None:
    """Let every call about a contact of these locations hang."""
    for location_id in location_ids:
        fake.inject(Fault.STALL_BEFORE, 100_000, path_contains=contact_of(fake, location_id))


async def stream(fake, highlevel: HighLevel, location_id: str) -> None:
    """Read the notes of very many contacts."""
    ids = [contact_of(fake, location_id)] * 1_000
    async for _ in highlevel.location(location_id).notes.stream(ids):
        pass


async def single(fake, highlevel: HighLevel, location_id: str) -> None:
    """Make a hundred calls at once."""
    notes, contact_id = highlevel.location(location_id).notes, contact_of(fake, location_id)
    await asyncio.gather(*(notes.list(contact_id) for _ in range(100)))


async def listed(stream) -> list:
    return [one async for one in stream]


async def ended(tasks: list) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("borrowed", [False, True])
@pytest.mark.parametrize("work", [stream, single])
async def test_others_go_on_beside_what_hangs(fake, build, work, borrowed) -> None:
    """With three locations stuck, another lists, creates, streams and renews at once."""
    async with aiohttp.ClientSession() as session:
        highlevel = build(fake, limits=AT_ONCE, session=session if borrowed else None)
        *stuck, free, other = fake.location_ids[:5]
        await opened(fake, highlevel, *stuck, free, other)
        hang(fake, *stuck)
        tasks = [asyncio.create_task(work(fake, highlevel, one)) for one in stuck]
        await asyncio.sleep(0.3)
        async with asyncio.timeout(5):
            notes, contact_id = highlevel.location(free).notes, contact_of(fake, free)
            assert len(await notes.list(contact_id)) == 5
            assert await notes.create(contact_id, "Text")
            results = [one async for one in notes.stream([contact_id] * 100)]
            assert [one.error for one in results] == [None] * 100
            fake.expire_access_tokens()
            assert await highlevel.location(other).notes.list(contact_of(fake, other))
        assert not any(task.done() for task in tasks)
        await ended(tasks)
        await highlevel.close()


async def test_a_mint_has_a_connection_of_its_own(fake, build) -> None:
    """A location of an agency gets its token while the calls of others hang."""
    highlevel = build(fake, limits=AT_ONCE)
    stuck, fresh = fake.location_ids[:2], fake.location_ids[2]
    await highlevel.install(fake.authorize_code(company=True))
    for location_id in stuck:
        await highlevel.location(location_id).notes.list(contact_of(fake, location_id))
    hang(fake, *stuck)
    tasks = [asyncio.create_task(single(fake, highlevel, one)) for one in stuck]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(5):
        assert await highlevel.location(fresh).notes.list(contact_of(fake, fresh))
    await ended(tasks)


async def test_a_call_that_gets_no_connection_was_not_sent(fake, build) -> None:
    """Waiting for one has a time of its own; then it is plain that nothing happened."""
    highlevel = build(fake, limits=AT_ONCE, timeout=0.4, retries=ONCE)
    (location_id, *_) = fake.location_ids
    await opened(fake, highlevel, location_id)
    hang(fake, location_id)
    tasks, contact_id = highlevel.location(location_id).tasks, contact_of(fake, location_id)
    due = datetime(2027, 1, 1, tzinfo=UTC)
    before = fake.stats.requests
    calls = (tasks.create(contact_id, f"Call {n}", due_date=due) for n in range(200))
    errors = await asyncio.gather(*calls, return_exceptions=True)

    unsent = [one for one in errors if isinstance(one, Unavailable)]
    assert len([one for one in errors if isinstance(one, AmbiguousWrite)]) + len(unsent) == 200
    assert unsent
    assert {(one.maybe_applied, one.waited) for one in unsent} == {(False, True)}
    posts = sum(seen.method == "POST" for seen in list(fake.requests)[before:])
    assert posts <= 200 - len(unsent)


async def test_a_pool_of_somebody_else_is_shared_out(fake, build) -> None:
    """Over a session of four connections, two hanging streams leave one for a call and a token."""
    connector = aiohttp.TCPConnector(limit=4)
    async with aiohttp.ClientSession(connector=connector) as session:
        highlevel = build(fake, limits=AT_ONCE, session=session)
        *stuck, free = fake.location_ids[:3]
        await opened(fake, highlevel, *stuck, free)
        hang(fake, *stuck)
        tasks = [asyncio.create_task(stream(fake, highlevel, one)) for one in stuck]
        await asyncio.sleep(0.2)
        fake.expire_access_tokens()
        async with asyncio.timeout(5):
            assert await highlevel.location(free).notes.list(contact_of(fake, free))
        await ended(tasks)
        await highlevel.close()


@pytest.mark.parametrize("borrowed", [False, True])
async def test_a_crowd_of_renewals_is_served(start, build, monkeypatch, borrowed) -> None:
    """Many tokens ended at once: each waits for its connection as long as any call does."""
    monkeypatch.setattr("ghl_notes.http.transport._TOKEN_PATIENCE", 0.02)
    fake = await start(locations=40, contacts=1)

    async def delay(request) -> None:
        if request.phase == "answered":
            await asyncio.sleep(0.02)

    connector = aiohttp.TCPConnector(limit=20)  # one of them for tokens
    async with aiohttp.ClientSession(connector=connector) as session:
        highlevel = build(fake, limits=AT_ONCE, session=session if borrowed else None)
        fake.on_token = delay
        codes = [fake.authorize_code(location_id=one) for one in fake.location_ids]
        await asyncio.gather(*map(highlevel.install, codes))
        fake.expire_access_tokens()
        half = fake.location_ids[:20]
        streams = [highlevel.location(one).notes.stream([contact_of(fake, one)]) for one in half]
        calls = [
            highlevel.location(one).notes.list(contact_of(fake, one))
            for one in fake.location_ids[20:]
        ]
        results = await asyncio.gather(*map(listed, streams), *calls)

        assert [one.error for found in results[:20] for one in found] == [None] * 20
        assert [len(found) for found in results[20:]] == [5] * 20
        assert fake.stats.refreshes == 40
        await highlevel.close()


async def test_clients_over_one_session_share_its_connections(fake, connect) -> None:
    """Each has a location of its own, and four that take all they can get stop no other."""
    async with aiohttp.ClientSession() as session:
        calls = []
        for one in fake.location_ids[:5]:
            token, contact_id = fake.private_token_for(one), contact_of(fake, one)
            client = connect(fake, token=token, limits=AT_ONCE, session=session)
            await client.notes.list(contact_id)
            calls.append((client.notes, contact_id))
        *stuck, (notes, contact_id) = calls
        hang(fake, *fake.location_ids[:4])
        tasks = [asyncio.create_task(listed(its.stream([id_] * 1_000))) for its, id_ in stuck]
        tasks += [asyncio.create_task(its.list(id_)) for its, id_ in stuck for _ in range(30)]
        await asyncio.sleep(0.2)
        async with asyncio.timeout(5):
            assert await notes.list(contact_id)
            results = await listed(notes.stream([contact_id] * 20))
        assert [one.error for one in results] == [None] * 20
        await ended(tasks)


async def test_a_cancelled_crowd_leaves_all_connections_free(fake, build) -> None:
    """A call that is cancelled, while queued or in flight, gives its connection back."""
    highlevel = build(fake, limits=AT_ONCE)
    (location_id, *_) = fake.location_ids
    await opened(fake, highlevel, location_id)
    hang(fake, location_id)
    for _ in range(3):
        task = asyncio.create_task(single(fake, highlevel, location_id))
        await asyncio.sleep(0.1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    pool = highlevel._wiring.transport.places.pool

    assert (pool.shared, pool.bulk, pool.reserved) == (0, 0, [0, 0])
