# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""Of two installs of one app on one location the newer stays, however late the older is saved."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
import pytest

from ghl_notes import Unavailable
from ghl_notes.stores import MemoryStore, SQLiteStore
from tests.keys import location_on


class Slow:
    """A store whose holds begin when the test says so, and may fail before that."""

    def __init__(self, store) -> None:
        self.held_back, self.may_go, self.is_away = asyncio.Event(), asyncio.Event(), False
        self._store = store
        self.load, self.list, self.close = store.load, store.list, store.close
        self.adopt = store.adopt

    @asynccontextmanager
    async def hold(self, key: str):
        if self.is_away:
            raise Unavailable("the store is away", maybe_applied=False)
        self.held_back.set()
        await self.may_go.wait()
        async with self._store.hold(key) as hold:
            yield hold


@pytest.fixture(params=["memory", "sqlite"])
async def stores(request, tmp_path):
    """Give a maker of stores that share their contents, as those of several processes do."""
    shared, made = MemoryStore(), []

    def make() -> MemoryStore | SQLiteStore:
        made.append(shared if request.param == "memory" else SQLiteStore(tmp_path / "i.db"))
        return made[-1]

    yield make
    for store in made:
        await store.close()


async def tokens_in(store, fake) -> tuple[str, str | None]:
    token = (await store.load(location_on(fake))).token
    return token.access_token, token.refresh_token


@pytest.mark.parametrize("renewed", [False, True])
async def test_a_slow_save_replaces_no_newer_install(
    fake, build, stores, contact_id, clock, renewed
) -> None:
    """An install whose save took long gives way to one that another process made meanwhile."""
    slow, quick = Slow(stores()), stores()
    first = build(fake, store=slow, clock=clock)
    second = build(fake, store=quick, clock=clock)
    installing = asyncio.create_task(first.install(fake.authorize_code()))
    await slow.held_back.wait()
    clock.now += 1
    newer = await second.install(fake.authorize_code())
    if renewed:
        clock.now += 86_400
        fake.expire_access_tokens()
        await second.location(fake.location_id).notes.list(contact_id)
    before = await tokens_in(quick, fake)
    slow.may_go.set()
    installed = await installing
    await first.location(fake.location_id).notes.list(contact_id)

    assert installed.installed_at == newer.installed_at
    assert await tokens_in(quick, fake) == before


async def test_a_kept_install_replaces_no_newer_one(fake, build, stores, contact_id, clock) -> None:
    """An install that could not be saved is saved later, unless there is a newer one by then."""
    slow, quick = Slow(stores()), stores()
    slow.may_go.set()
    first = build(fake, store=slow, clock=clock)
    second = build(fake, store=quick, clock=clock)
    slow.is_away = True
    with pytest.raises(Unavailable):
        await first.install(fake.authorize_code())
    slow.is_away = False
    clock.now += 1
    await second.install(fake.authorize_code())
    before = await tokens_in(quick, fake)
    await first.location(fake.location_id).notes.list(contact_id)
    await first.close()

    assert await tokens_in(stores(), fake) == before


async def test_a_newer_install_replaces_a_renewal_that_is_later(
    fake, build, stores, contact_id, clock
) -> None:
    """A new install counts from when it began, though the old one was renewed since."""
    slow, quick = Slow(stores()), stores()
    second = build(fake, store=quick, clock=clock)
    await second.install(fake.authorize_code())
    clock.now += 86_400
    first = build(fake, store=slow, clock=clock)
    installing = asyncio.create_task(first.install(fake.authorize_code()))
    await slow.held_back.wait()
    clock.now += 1
    fake.expire_access_tokens()
    await second.location(fake.location_id).notes.list(contact_id)
    slow.may_go.set()
    installed = await installing

    assert (await quick.load(location_on(fake))).install.installed_at == installed.installed_at
    assert len(await first.location(fake.location_id).notes.list(contact_id)) == 5


async def test_a_clock_that_was_set_back_keeps_no_install_out(fake, build, stores, clock) -> None:
    """What is stored from a time that is yet to come is replaced by the user's new install."""
    highlevel = build(fake, store=stores(), clock=clock)
    clock.now += 86_400
    await highlevel.install(fake.authorize_code())
    clock.now -= 86_400
    again = await highlevel.install(fake.authorize_code())

    assert (await stores().load(location_on(fake))).install.installed_at == again.installed_at


@pytest.mark.parametrize("seconds", [1, 45, 59, 61, 86_400])
async def test_a_clock_that_is_behind_keeps_no_install_out(
    fake, build, stores, contact_id, clock, seconds
) -> None:
    """A new install counts though its clock is behind the old one's: set back, or of a machine."""
    behind = type(clock)()
    behind.now = clock.now - seconds
    first = build(fake, store=stores(), clock=clock)
    second = build(fake, store=stores(), clock=behind)
    await first.install(fake.authorize_code())
    await first.location(fake.location_id).notes.list(contact_id)
    fake.revoke()  # as its user removes the app
    again = await second.install(fake.authorize_code())
    stored = (await stores().load(location_on(fake))).install

    assert stored.installed_at == again.installed_at == behind.at()
    for highlevel in (first, second):
        assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5


@pytest.mark.parametrize("kept", [False, True])
async def test_it_stays_newer_until_it_is_saved(
    fake, build, stores, contact_id, clock, kept
) -> None:
    """The old one may be renewed, or the store be away, while a new one of such a clock waits."""
    behind = type(clock)()
    behind.now = clock.now - 45
    slow, quick = Slow(stores()), stores()
    first = build(fake, store=slow, clock=behind)
    second = build(fake, store=quick, clock=clock)
    await second.install(fake.authorize_code())
    slow.is_away = kept
    installing = asyncio.create_task(first.install(fake.authorize_code()))
    await (asyncio.wait({installing}) if kept else slow.held_back.wait())
    fake.expire_access_tokens()
    await second.location(fake.location_id).notes.list(contact_id)
    slow.is_away = False
    slow.may_go.set()
    await asyncio.gather(installing, return_exceptions=True)
    await first.close()

    assert isinstance(installing.exception(), Unavailable if kept else type(None))
    assert (await stores().load(location_on(fake))).install.installed_at == behind.at()


async def test_a_clock_that_is_ahead_does_not_make_a_newer_install_old(
    fake, build, stores, clock
) -> None:
    """What another machine installed while this one waited stays, though its clock is ahead."""
    ahead = type(clock)()
    ahead.now = clock.now + 45
    slow, quick = Slow(stores()), stores()
    installing = asyncio.create_task(
        build(fake, store=slow, clock=clock).install(fake.authorize_code())
    )
    await slow.held_back.wait()
    await build(fake, store=quick, clock=ahead).install(fake.authorize_code())
    before = await tokens_in(quick, fake)
    slow.may_go.set()

    assert (await installing).installed_at == ahead.at()
    assert await tokens_in(quick, fake) == before


async def test_an_install_is_saved_though_nothing_can_be_read_before(fake, build, store) -> None:
    """A code works once, so the look at what stands there may fail: in any way, or cut off."""
    load, trouble = store.load, list[BaseException]()

    async def stumble(key: str) -> object:
        if trouble:
            raise trouble.pop()
        return await load(key)

    store.load = stumble
    for error in (Unavailable("away"), ValueError("of one's own"), asyncio.CancelledError()):
        trouble.append(error)
        installed = await build(fake, store=store).install(fake.authorize_code())

        assert not trouble, error
        assert (await load(location_on(fake))).install == installed, error


async def test_a_spent_install_keeps_no_install_out(fake, build, stores, clock) -> None:
    """An older install is better than a newer one that is dead."""
    slow, quick = Slow(stores()), stores()
    first = build(fake, store=slow, clock=clock)
    installing = asyncio.create_task(first.install(fake.authorize_code()))
    await slow.held_back.wait()
    clock.now += 1
    await build(fake, store=quick, clock=clock).install(fake.authorize_code())
    async with quick.hold(location_on(fake)) as hold:
        spent = attrs.evolve(hold.stored.install, spent_at=clock.at())
        await hold.save(attrs.evolve(hold.stored, install=spent))
    slow.may_go.set()
    await installing

    assert (await quick.load(location_on(fake))).install.spent_at is None


async def test_a_mint_for_an_older_install_replaces_no_newer_one(
    fake, build, stores, contact_id, clock
) -> None:
    """An INSTALL that comes days late changes nothing about what was installed since."""
    store = stores()
    highlevel = build(fake, store=store, clock=clock)
    await highlevel.install(fake.authorize_code(company=True))
    await highlevel.install(fake.authorize_code())
    before = await store.load(location_on(fake))
    clock.now += 2 * 86_400  # its access token has ended, and its refresh token lives
    late = clock.at() - timedelta(days=5)
    install = await highlevel.mint(fake.location_id, company_id=fake.company_id, since=late)

    assert install.installed_at == before.install.installed_at
    assert await store.load(location_on(fake)) == before
    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5


async def test_of_two_that_wait_to_be_saved_the_newer_is_kept(fake, build, clock) -> None:
    """In one process, too, it does not matter in which order saves fail."""
    slow = Slow(MemoryStore())
    slow.may_go.set()
    highlevel = build(fake, store=slow, clock=clock)
    slow.is_away = True
    for step in (10, -9):
        clock.now += step
        with pytest.raises(Unavailable):
            await highlevel.install(fake.authorize_code())
    slow.is_away = False
    await highlevel.close()
    stored = (await slow.load(location_on(fake))).install

    assert stored.installed_at == clock.at() + timedelta(seconds=9)
