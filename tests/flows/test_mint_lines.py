# ruff: noqa: ANN001, ANN201, ANN202 - fixtures and generators, whose types live in conftest
"""Mints stand in line by agency, hold nothing meanwhile, and leave when nobody wants them."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import attrs
import pytest

from ghl_notes import ConfigurationError, ReauthorizationRequired, Unavailable
from ghl_notes.oauth import lines
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import Failure
from tests.keys import company_on
from tests.stores.conftest import making

SOON = 5.0  # seconds in which all that need not wait is done, on any machine


@pytest.fixture
async def fake(start):
    """Give an agency of twelve locations."""
    return await start(locations=12, contacts=1)


@pytest.fixture
async def agency(fake, build, store):
    """Give an agency's app whose limit is known, so that several mints go out at once."""
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    await highlevel.mint(fake.location_ids[-1])
    return highlevel


@pytest.fixture
def stuck(fake):
    """Keep the mints of the agency at HighLevel until they may go on."""
    go_on = asyncio.Event()
    arrived: list[str] = []

    async def look(request) -> Failure | None:
        if request.kind == "mint" and request.phase == "arrived":
            arrived.append(request.owner_id)
            await go_on.wait()

    fake.on_token = look
    yield arrived, go_on
    go_on.set()


def called(fake, highlevel, location_ids, *, company_id=None) -> list[asyncio.Task]:
    """Make a call in each location."""

    async def call(location_id: str) -> int:
        client = highlevel.location(location_id, company_id=company_id)
        return len(await client.notes.list(fake.contact_ids(location_id)[0]))

    return [asyncio.create_task(call(one)) for one in location_ids]


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres", "redis"])
async def test_holds_of_a_stopped_process_stop_no_other_location(
    fake, build, tmp_path, monkeypatch, kind
) -> None:
    """A process that is stopped in the middle of its mints keeps those locations alone."""
    monkeypatch.setattr(lines, "_USUAL_HOLD", 0.02)
    async with making(kind, tmp_path) as make, AsyncExitStack() as held:
        holder, highlevel = make(), build(fake, store=make())
        await highlevel.install(fake.authorize_code(company=True))
        *theirs, free = fake.location_ids[:6]
        for one in theirs:
            await held.enter_async_context(holder.hold(highlevel._installs.location_key(one)))
        waiting = called(fake, highlevel, theirs)
        await asyncio.sleep(0.1)
        async with asyncio.timeout(SOON):
            assert await asyncio.gather(*called(fake, highlevel, [free])) == [5]
        assert not any(task.done() for task in waiting)
        await held.aclose()
        assert await asyncio.gather(*waiting) == [5] * 5
        await highlevel.close()
        await holder.close()


async def test_an_agency_waits_for_no_other(fake, agency, store, until) -> None:
    """While many locations of one agency stand in line, one of another gets its token at once."""
    *ours, theirs = fake.location_ids[:9]
    arrived, go_on = [], asyncio.Event()

    async def look(request) -> Failure | None:
        if request.kind != "mint" or request.phase != "arrived":
            return None
        if request.owner_id == theirs:
            return Failure(status=201, payload=minted(fake, theirs, "another"))
        arrived.append(request.owner_id)
        await go_on.wait()
        return None

    fake.on_token = look
    await another_agency(fake, store)
    waiting = called(fake, agency, ours, company_id=fake.company_id)
    await until(lambda: len(arrived) == 4)
    async with asyncio.timeout(SOON):
        assert await asyncio.gather(*called(fake, agency, [theirs], company_id="another")) == [5]
    go_on.set()

    assert await asyncio.gather(*waiting) == [5] * 8


async def another_agency(fake, store) -> None:
    """Store the install of a second agency."""
    stored = await store.load(company_on(fake))
    other = attrs.evolve(stored.install, company_id="another")
    async with store.hold(other.key) as hold:
        await hold.save(type(stored).of(other, stored.token))


def minted(fake, location_id: str, company_id: str) -> dict[str, object]:
    """Give the reply to a mint of another agency."""
    return {
        "access_token": fake.private_token_for(location_id),
        "refresh_token": "refresh",
        "expires_in": 86_399,
        "userType": "Location",
        "locationId": location_id,
        "companyId": company_id,
    }


async def test_nothing_is_held_while_the_limit_has_no_room(fake, build, stuck, until) -> None:
    """A location is held for its mint alone, and not for the wait until its agency may ask."""
    held: set[str] = set()

    class Watched(MemoryStore):
        @asynccontextmanager
        async def hold(self, key: str):
            async with super().hold(key) as hold:
                held.add(key)
                yield hold
                held.discard(key)

    (arrived, go_on), highlevel = stuck, build(fake, store=Watched())
    await highlevel.install(fake.authorize_code(company=True))
    waiting = called(fake, highlevel, fake.location_ids)
    await until(lambda: arrived)  # the first goes alone, till its reply tells the limit
    await asyncio.sleep(0.05)
    assert len(held) == 1
    go_on.set()

    assert await asyncio.gather(*waiting) == [5] * 12


async def test_a_line_that_stands_still_is_left(fake, agency, stuck, monkeypatch, until) -> None:
    """Who stands behind mints that hang is told so, and what can be done about it."""
    arrived, go_on = stuck
    first = called(fake, agency, fake.location_ids[:4])
    await until(lambda: len(arrived) == 4)
    monkeypatch.setattr(lines, "_STANDSTILL", 0.02)
    (fifth,) = called(fake, agency, fake.location_ids[4:5])
    async with asyncio.timeout(SOON):
        with pytest.raises(Unavailable, match="stand in line") as raised:
            await fifth

    assert (raised.value.waited, raised.value.maybe_applied) == (True, False)
    assert raised.value.retry_after is not None
    assert not any(task.done() for task in first)
    go_on.set()
    assert await asyncio.gather(*first) == [5] * 4


async def test_a_line_that_moves_is_waited_in(monkeypatch) -> None:
    """However long it is, a line in which tokens come is left by nobody."""
    monkeypatch.setattr(lines, "_STANDSTILL", 0.02)
    line = lines._Line("of com", 4)
    for _ in range(4):
        await line.take()
    line._moved_at = asyncio.get_running_loop().time() + 60  # it moves all the time
    last = asyncio.create_task(line.take())
    await asyncio.sleep(0.05)
    assert not last.done()
    line.leave()

    await asyncio.wait_for(last, SOON)


async def test_a_turn_is_lost_to_nobody_who_left() -> None:
    """Whoever leaves the line, before or just as it was his turn, the next one gets it."""
    for leaves_late in (False, True):
        line = lines._Line("of com", 4)
        for _ in range(4):
            await line.take()
        gone, last = (asyncio.create_task(line.take()) for _ in range(2))
        await asyncio.sleep(0)
        if leaves_late:
            line.leave()
        gone.cancel()
        await asyncio.wait({gone})
        if not leaves_late:
            line.leave()
        await asyncio.wait_for(last, SOON)


@pytest.mark.parametrize("explicit", [False, True])
async def test_what_nobody_waits_for_is_not_asked(fake, agency, stuck, until, explicit) -> None:
    """A mint that has not begun ends with its last caller, and ``close`` waits for no such one."""
    arrived, go_on = stuck
    ids = fake.location_ids[:9]
    if explicit:
        calls = [asyncio.create_task(agency.mint(one)) for one in ids]
    else:
        calls = called(fake, agency, [*ids, *ids])
    await until(lambda: len(arrived) == 4)
    for call in calls[1:]:
        call.cancel()
    await asyncio.gather(*calls[1:], return_exceptions=True)
    go_on.set()
    await calls[0]
    await agency.close()

    assert len(arrived) == 4


async def test_one_caller_is_enough(fake, agency, stuck, until) -> None:
    """A mint in line goes on while anybody waits for it, whoever has gone."""
    arrived, go_on = stuck
    first = called(fake, agency, fake.location_ids[:4])
    await until(lambda: len(arrived) == 4)
    impatient, patient = called(fake, agency, [fake.location_ids[5]] * 2)
    await asyncio.sleep(0.02)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    go_on.set()

    assert await asyncio.gather(patient, *first) == [5] * 5


async def test_who_comes_after_the_last_one_left_stands_in_line_anew(
    fake, agency, stuck, until
) -> None:
    """A caller gets a token though all that waited for it before him were cancelled just now."""
    arrived, go_on = stuck
    first = called(fake, agency, fake.location_ids[:4])
    await until(lambda: len(arrived) == 4)
    (gone,) = called(fake, agency, [fake.location_ids[5]])
    await asyncio.sleep(0.02)
    gone.cancel()
    (call,) = called(fake, agency, [fake.location_ids[5]])
    await asyncio.sleep(0.02)
    go_on.set()

    assert await asyncio.gather(call, *first) == [5] * 5


async def test_closing_ends_what_has_not_begun(
    fake, agency, store, stuck, until, monkeypatch
) -> None:
    """Mints in line, and one behind a hold, end with ``close``; those at HighLevel are saved."""
    monkeypatch.setattr(lines, "_USUAL_HOLD", 60)
    arrived, go_on = stuck
    *ids, held = fake.location_ids[:9]
    async with store.hold(agency._installs.location_key(held)):
        behind = called(fake, agency, [held])
        calls = called(fake, agency, ids)
        await until(lambda: len(arrived) == 3)  # the fourth waits for its hold
        closing = asyncio.create_task(agency.close())
        async with asyncio.timeout(SOON):
            ended = await asyncio.gather(*behind, *calls[3:], return_exceptions=True)
        assert not closing.done()
        go_on.set()
        async with asyncio.timeout(SOON):
            await closing

    assert {type(one) for one in ended} == {ConfigurationError}
    assert all("closed" in str(one) for one in ended)
    stored = [one.install.location_id async for one in store.list()]
    assert set(arrived) < set(stored)
    assert len(arrived) == 3
    await asyncio.gather(*calls[:3], return_exceptions=True)


async def test_what_is_forgotten_in_line_is_not_asked(fake, agency, stuck, until) -> None:
    """An agency that is forgotten is not asked for the tokens of those that stood in line."""
    arrived, go_on = stuck
    calls = called(fake, agency, fake.location_ids[:9])
    await until(lambda: len(arrived) == 4)
    forgetting = asyncio.create_task(agency.forget(company_id=fake.company_id))
    while await agency.find(company_id=fake.company_id):  # noqa: ASYNC110 - a store sets no event
        await asyncio.sleep(0)
    go_on.set()
    await forgetting
    ended = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(one) for one in ended} == {ReauthorizationRequired}
    assert [one async for one in agency.installs()] == []
    assert len(arrived) == 4
