# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""What is uninstalled while its token is being asked for stays forgotten."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from ghl_notes import ReauthorizationRequired
from ghl_notes.stores import MemoryStore, Overtaken


class Lapsing(MemoryStore):
    """A store whose holds may lapse, which a save finds out."""

    @asynccontextmanager
    async def hold(self, key: str):
        async with super().hold(key) as hold:
            yield _Compared(hold, lambda: self._installs.get(key))


class _Compared:
    def __init__(self, hold, now) -> None:
        self.stored, self.delete = hold.stored, hold.delete
        self._hold, self._now = hold, now

    async def save(self, stored) -> None:
        if self._now() != self.stored:
            raise Overtaken
        await self._hold.save(stored)


@pytest.fixture
async def highlevel(fake, build, store, clock):
    """Give an agency's app."""
    highlevel = build(fake, store=store, clock=clock)
    await highlevel.install(fake.authorize_code(company=True))
    return highlevel


@pytest.fixture
def during(fake):
    """Do something while the reply of the first mint is on its way."""

    def watch(act) -> list:
        acting = []

        async def look(request) -> None:
            if request.kind == "mint" and request.phase == "answered" and not acting:
                acting.append(asyncio.create_task(act()))
                await asyncio.sleep(0.05)

        fake.on_token = look
        return acting

    return watch


@pytest.mark.parametrize(
    ("ahead", "company", "known", "explicit"),
    [
        *((ahead, False, known, False) for ahead in (-3600, 0, 3600, None) for known in (0, 1)),
        *((ahead, False, known, True) for ahead in (3600, None) for known in (0, 1)),
        *((None, True, known, explicit) for known in (0, 1) for explicit in (0, 1)),
    ],
)
async def test_a_mint_under_way_brings_nothing_back(
    fake, highlevel, store, clock, contact_id, during, ahead, company, known, explicit
) -> None:
    """Whatever the clocks of the two say, and whether the location was known before or not."""
    client = highlevel.location(fake.location_id, company_id=fake.company_id)
    if known:
        await client.notes.list(contact_id)
        fake.revoke()
        clock.now += 10

    async def forget() -> object:
        before = None if ahead is None else clock.at() + timedelta(seconds=ahead)
        ids = {"location_id": fake.location_id}
        if company:
            ids, before = {"company_id": fake.company_id}, None
        return await highlevel.forget(**ids, before=before)

    acting = during(forget)
    work = highlevel.mint(fake.location_id) if explicit else client.notes.list(contact_id)
    with pytest.raises(ReauthorizationRequired):
        await work
    await asyncio.gather(*acting)
    left = [install.location_id async for install in highlevel.installs()]

    assert acting
    assert fake.stats.mints == 1 + known
    if not (known and ahead == -3600 and not company):  # whose install is newer than that
        assert left == ([] if company else [None])


async def test_a_newer_install_is_not_touched(fake, highlevel, clock, during) -> None:
    """An UNINSTALL that comes late does not stop the mint of the INSTALL after it."""
    since = clock.at() - timedelta(seconds=10)

    async def forget() -> None:
        await highlevel.forget(location_id=fake.location_id, before=since - timedelta(seconds=1))

    acting = during(forget)
    install = await highlevel.mint(fake.location_id, since=since)
    await asyncio.gather(*acting)

    assert install.installed_at == since
    assert await highlevel.find(location_id=fake.location_id) == install


async def test_another_process_forgets_while_this_one_mints(
    fake, highlevel, build, store, clock, contact_id, during
) -> None:
    """The hold keeps the two apart: what was minted first is forgotten after."""
    other = build(fake, store=store, clock=clock)

    async def forget() -> None:
        await other.forget(location_id=fake.location_id)

    acting = during(forget)
    await highlevel.location(fake.location_id).notes.list(contact_id)
    await asyncio.gather(*acting)

    assert await highlevel.find(location_id=fake.location_id) is None


async def test_an_agency_that_another_process_forgets_takes_its_mints_with_it(
    fake, build, store, clock, contact_id
) -> None:
    """A token that is asked for while its agency is forgotten elsewhere is not saved."""
    highlevel, other = (build(fake, store=store, clock=clock) for _ in range(2))
    await highlevel.install(fake.authorize_code(company=True))

    async def look(request) -> None:
        if request.kind == "mint" and request.phase == "answered":
            await other.forget(company_id=fake.company_id)

    fake.on_token = look
    with pytest.raises(ReauthorizationRequired):
        await highlevel.location(fake.location_id).notes.list(contact_id)

    assert [one async for one in highlevel.installs()] == []


async def test_a_lapsed_hold_brings_nothing_back(fake, build, clock, contact_id) -> None:
    """A row that was there when the mint began and is gone after it was forgotten by somebody."""
    store = Lapsing()
    highlevel = build(fake, store=store, clock=clock)
    await highlevel.install(fake.authorize_code(company=True))
    client = highlevel.location(fake.location_id)
    await client.notes.list(contact_id)
    key = (await highlevel.find(location_id=fake.location_id)).key
    fake.revoke()

    async def look(request) -> None:
        if request.kind == "mint" and request.phase == "answered":
            store._installs.pop(key, None)

    fake.on_token = look
    with pytest.raises(ReauthorizationRequired):
        await client.notes.list(contact_id)

    assert await store.load(key) is None
    assert fake.stats.mints == 2


async def test_a_refresh_under_a_lapsed_hold_brings_nothing_back(fake, build, contact_id) -> None:
    """Another process forgets the location while its refresh is under way: no agency is asked."""
    store = Lapsing()
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    await highlevel.install(fake.authorize_code())
    key = (await highlevel.find(location_id=fake.location_id)).key
    fake.expire_access_tokens()

    async def look(request) -> None:
        if request.kind == "refresh" and request.phase == "answered":
            store._installs.pop(key, None)

    fake.on_token = look
    with pytest.raises(ReauthorizationRequired):
        await highlevel.location(fake.location_id).notes.list(contact_id)

    assert await store.load(key) is None
    assert fake.stats.mints == 0
