# ruff: noqa: ANN001, ANN201, ANN202 - fixtures and generators, whose types live in conftest
"""The notes of many contacts: one outcome for each, a bounded memory, and an end that is one."""

import asyncio
from contextlib import aclosing

import pytest

from ghl_notes.bulk import each
from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    NotFound,
    Unavailable,
)
from ghl_notes.testing import Fault


async def generated(ids):
    """Give ids one by one, asynchronously."""
    for one in ids:
        await asyncio.sleep(0)
        yield one


async def idle(turns: int = 20) -> None:
    """Let everything that can happen now happen."""
    for _ in range(turns):
        await asyncio.sleep(0)


KINDS = [list, tuple, iter, lambda ids: (one for one in ids), dict.fromkeys, generated]
NAMES = ["list", "tuple", "iterator", "generator", "keys", "async generator"]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
@pytest.mark.parametrize("concurrency", [1, 3, None])
async def test_each_contact_comes_once(start, connect, kind, concurrency) -> None:
    """Any kind of iterable gives one result with all notes for each of its ids."""
    fake = await start(contacts=60, notes_per_contact=2)
    ids = fake.contact_ids()
    stream = connect(fake).notes.stream(kind(ids), concurrency=concurrency)
    results = [result async for result in stream]

    assert sorted(result.contact_id for result in results) == sorted(ids)
    assert all(result.error is None and len(result.notes) == 2 for result in results)
    assert {n.contact_id for r in results for n in r.notes} == set(ids)


async def test_an_id_given_twice_comes_twice(fake, client, contact_id) -> None:
    """The stream answers what it was asked, and does not sort out ids."""
    results = [result async for result in client.notes.stream([contact_id] * 3)]

    assert [result.contact_id for result in results] == [contact_id] * 3
    assert fake.stats.reads(contact_id) == 3


@pytest.mark.parametrize("kind", [list, generated])
async def test_nothing_gives_nothing(fake, client, tasks, kind) -> None:
    """No ids, no results, no requests, and nothing left behind."""
    assert [result async for result in client.notes.stream(kind([]))] == []
    assert fake.stats.requests == 0
    assert tasks() == set()


async def test_contacts_feed_the_stream(start, connect) -> None:
    """The contacts of a location, as they are paged through, can be streamed as they come."""
    fake = await start(contacts=250, notes_per_contact=1)
    client = connect(fake, location_id=fake.location_id)
    ids = (contact.id async for contact in client.contacts.stream())
    results = [result async for result in client.notes.stream(ids)]

    assert sorted(result.contact_id for result in results) == sorted(fake.contact_ids())


async def test_a_failure_is_data_and_the_others_go_on(fake, client) -> None:
    """An error belongs to its contact, with the call it came from, and ends nothing."""
    ids = list(fake.contact_ids())
    fake.inject(Fault.LOCATION_INACTIVE, path_contains=ids[3])
    given = [*ids, "nobody"]
    errors = {r.contact_id: r.error async for r in client.notes.stream(given)}

    assert len(errors) == 11
    assert isinstance(errors.pop("nobody"), NotFound)
    assert isinstance(errors[ids[3]], LocationInactive)
    assert errors.pop(ids[3]).path == f"/contacts/{ids[3]}/notes"
    assert set(errors.values()) == {None}


@pytest.mark.parametrize("bad", ["../x", "a/b", "", 5, None])
async def test_a_bad_id_is_data_too(fake, client, contact_id, bad) -> None:
    """One bad id in a million ends nothing, and is never sent."""
    found = {r.contact_id: r.error async for r in client.notes.stream([contact_id, bad])}

    assert found[contact_id] is None
    assert isinstance(found[str(bad)], ConfigurationError)
    assert fake.stats.requests == 1


async def test_an_unreadable_note_is_told(client, fake, contact_id) -> None:
    """A note that cannot be read stands beside its neighbours, and is no failure of the contact."""
    fake.inject(Fault.NULL_TEXT)
    (result,) = [result async for result in client.notes.stream([contact_id])]

    assert result.error is None
    assert (len(result.notes), len(result.notes.unreadable)) == (4, 1)


async def test_a_contact_gets_the_patience_of_bulk_work(start, connect) -> None:
    """In a stream a contact is tried more often than a single call, and then reported."""
    fake = await start(contacts=1)
    fake.inject(Fault.SERVER_ERROR, 100)
    (result,) = [r async for r in connect(fake).notes.stream(fake.contact_ids())]

    assert isinstance(result.error, Unavailable)
    assert result.error.status == 500
    assert fake.stats.requests == 8


# leaving


@pytest.fixture
async def slow(start, connect):
    """Give a client and ids, of which the first answers at once and the others never."""
    fake = await start(contacts=100, slow=60.0)
    client, ids = connect(fake), fake.contact_ids()
    await client.notes.list(ids[0])
    for contact_id in ids[1:]:
        fake.inject(Fault.SLOW, 100, path_contains=contact_id)
    return fake, client, ids


async def leave_by_break(stream) -> None:
    async for _ in stream:
        break


async def leave_by_error(stream) -> None:
    async def consume() -> None:
        async for _ in stream:
            raise LookupError

    with pytest.raises(LookupError):
        await consume()


async def leave_by_aclose(stream) -> None:
    await anext(stream)
    await stream.aclose()


async def leave_by_aclosing(stream) -> None:
    async with aclosing(stream) as results:
        async for _ in results:
            break


async def leave_by_cancellation(stream) -> None:
    async def consume() -> None:
        async for _ in stream:
            pass

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0.05)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer


async def leave_by_timeout(stream) -> None:
    async def consume() -> None:
        async for _ in stream:
            pass

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(consume(), 0.05)


LEAVING = [
    leave_by_break,
    leave_by_error,
    leave_by_aclose,
    leave_by_aclosing,
    leave_by_cancellation,
    leave_by_timeout,
]


@pytest.mark.parametrize("leave", LEAVING)
@pytest.mark.parametrize("kind", [list, generated])
async def test_leaving_ends_the_work(slow, tasks, leave, kind) -> None:
    """However the loop is left, no task stays, no request follows, and the client still works."""
    fake, client, ids = slow
    await leave(client.notes.stream(kind(ids), concurrency=5))
    await idle()
    before = fake.stats.requests
    await asyncio.sleep(0.03)

    assert tasks() == set()
    assert fake.stats.requests == before < 10
    assert len(await client.notes.list(ids[0])) == 5


async def test_a_stream_that_is_never_begun_does_nothing(fake, client, contact_id, tasks) -> None:
    """Making a stream starts no work, and dropping it warns of nothing."""
    stream = client.notes.stream([contact_id])
    await idle()
    del stream

    assert (fake.stats.requests, tasks()) == (0, set())


# the source


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("kind", ["generator", "async generator"])
async def test_an_error_of_the_source_comes_last(fake, client, tasks, kind, concurrency) -> None:
    """The results of the ids before it are handed out, and then the source's own error."""
    ids = fake.contact_ids()[:6]

    def broken():
        yield from ids
        raise LookupError

    async def broken_later():
        for one in broken():
            yield one

    source, seen = (broken() if kind == "generator" else broken_later()), []

    async def consume() -> None:
        async for result in client.notes.stream(source, concurrency=concurrency):
            seen.append(result.contact_id)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(LookupError):
        await consume()

    assert sorted(seen) == sorted(ids)
    assert tasks() == set()


async def test_a_cancelled_source_ends_the_stream(fake, client, tasks) -> None:
    """A source that waits for something which is cancelled elsewhere is no reason to hang."""

    async def source():
        yield fake.contact_ids()[0]
        raise asyncio.CancelledError

    async def consume() -> None:
        async for _ in client.notes.stream(source(), concurrency=3):
            pass

    consumer = asyncio.create_task(consume())
    await asyncio.wait([consumer], timeout=0.2)
    ended = consumer.done()
    consumer.cancel()

    assert ended
    assert tasks() <= {"consume"}


async def test_an_error_of_the_observer_ends_the_stream(fake, connect, tasks) -> None:
    """What is not an error of HighLevel's is a bug somewhere, and is raised, not carried."""

    def fail(_: object) -> None:
        raise LookupError

    async def consume() -> None:
        async for _ in connect(fake, observer=fail).notes.stream(fake.contact_ids()):
            pass

    with pytest.raises(LookupError):
        await consume()

    assert tasks() == set()


@pytest.mark.parametrize("kind", [iter, generated])
@pytest.mark.parametrize("concurrency", [1, 5])
async def test_a_slow_consumer_bounds_the_memory(start, connect, kind, concurrency) -> None:
    """Ids are taken no faster than results are: what is under way, and as many that wait."""
    fake = await start(contacts=200, notes_per_contact=1)
    taken = []

    def watched():
        for one in fake.contact_ids():
            taken.append(one)
            yield one

    consumed = 0
    async with aclosing(
        connect(fake).notes.stream(kind(watched()), concurrency=concurrency)
    ) as stream:
        async for _ in stream:
            consumed += 1
            await asyncio.sleep(0.01)
            assert len(taken) - consumed <= 2 * concurrency + 1
            if consumed == 12:
                break

    assert consumed == 12


@pytest.mark.parametrize("concurrency", [0, -1, True, "x", 1.5])
async def test_a_bad_concurrency_is_refused_at_the_call(fake, client, concurrency) -> None:
    """The mistake shows where it was made, before the first step of the loop."""
    with pytest.raises(ConfigurationError, match="concurrency"):
        client.notes.stream([], concurrency=concurrency)


@pytest.mark.parametrize("ids", ["0rJe9N74mNsdjVwzSoKX", b"abc", None, 5])
async def test_bad_ids_are_refused_at_the_call(client, ids) -> None:
    """One id instead of many would be read letter by letter."""
    with pytest.raises(ConfigurationError, match="contact_ids"):
        client.notes.stream(ids)


@pytest.mark.parametrize("concurrency", [1, 20])
async def test_a_fault_of_ours_is_never_lost(concurrency) -> None:
    """An error that no outcome has a place for ends the loop, even if all workers are done."""

    async def broken(item: str) -> str:
        raise LookupError(item)

    with pytest.raises(LookupError):
        async for _ in each(["one"], broken, concurrency=concurrency):
            pass


async def test_a_storm_loses_nobody(start, connect) -> None:
    """With every fault about, each contact has one outcome, and no error is of a strange kind."""
    stalls = (Fault.SLOW, Fault.STALL, Fault.STALL_BEFORE)
    few = (*stalls, Fault.HUGE, Fault.GZIP_BOMB, Fault.RATE_LIMITED)
    rates = {fault: 0.02 for fault in Fault if fault not in few}
    fake = await start(contacts=400, notes_per_contact=1, fault_rates=rates)
    client = connect(fake, timeout=3.0)  # for the faults that stall
    results = [r async for r in client.notes.stream(fake.contact_ids(), concurrency=20)]

    assert sorted(result.contact_id for result in results) == sorted(fake.contact_ids())
    assert all(r.error is None or isinstance(r.error, HighLevelError) for r in results)
    assert sum(r.error is None for r in results) > 300
