# ruff: noqa: ANN001, ANN201, ANN202 - fixtures and generators, whose types live in conftest
"""A renewal that goes wrong half-way: what is tried next, and what is never lost."""

import asyncio
from contextlib import asynccontextmanager

import attrs
import pytest

from ghl_notes import ReauthorizationRequired, Renewed, Spent, Unavailable
from ghl_notes.errors import AccessDenied, ConfigurationError
from ghl_notes.oauth import remembering, renewal
from ghl_notes.stores import MemoryStore, Overtaken
from ghl_notes.testing import Fault
from tests.keys import location_on


class Shaky(MemoryStore):
    """A store that cannot be reached while ``down``, and whose saves fail while ``full``.

    ``beside`` is done once in the middle of a hold, as another process would.
    """

    down = full = False
    trouble = Unavailable("the store is full", maybe_applied=False)
    beside = None

    async def load(self, key: str):
        if self.down:
            raise Unavailable("the store is down", maybe_applied=False)
        return await super().load(key)

    @asynccontextmanager
    async def hold(self, key: str):
        if self.down:
            raise Unavailable("the store is down", maybe_applied=False)
        async with super().hold(key) as hold:
            yield _ShakyHold(hold, self)


class _ShakyHold:
    def __init__(self, hold, store: Shaky) -> None:
        self.stored, self.delete = hold.stored, hold.delete
        self._hold, self._store = hold, store

    async def save(self, stored) -> None:
        if self._store.full:
            raise self._store.trouble
        if self._store.beside is not None:
            beside, self._store.beside = self._store.beside, None
            await beside(self._hold)
            raise Overtaken
        await self._hold.save(stored)


@pytest.fixture
def store() -> Shaky:
    return Shaky()


@pytest.fixture(autouse=True)
def nothing_is_saved_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test does saves a token, however long the test takes."""
    monkeypatch.setattr(renewal, "_SAVE_AGAIN_SECONDS", 60)


@pytest.fixture
def events() -> list[object]:
    return []


@pytest.fixture
async def highlevel(fake, build, store, events):
    """Give an app that is installed on the first location."""
    highlevel = build(fake, store=store, observer=events.append)
    await highlevel.install(fake.authorize_code())
    return highlevel


@pytest.fixture
def key(fake) -> str:
    return location_on(fake)


@pytest.fixture
def read(highlevel, fake, contact_id):
    """Give a call that needs a good token."""
    return lambda: highlevel.location(fake.location_id).notes.list(contact_id)


async def test_a_store_that_is_down_costs_no_valid_token(read, store) -> None:
    """A call that needs no renewal needs no store."""
    await read()
    store.down = True

    assert len(await read()) == 5


async def test_a_store_that_is_down_is_told_as_such(fake, highlevel, read, store, events) -> None:
    """A renewal without its store spends nothing, and works once the store is back."""
    fake.expire_access_tokens()
    store.down = True
    with pytest.raises(Unavailable, match="store is down"):
        await read()
    assert fake.stats.refreshes == 0
    store.down = False

    assert len(await read()) == 5
    assert fake.stats.refreshes == 1


@pytest.mark.parametrize("grace", [0, 30])
async def test_a_token_that_could_not_be_saved_is_kept(start, build, store, key, grace) -> None:
    """After a failed save the renewed token is the only one, so the next caller saves it."""
    fake = await start(grace=grace)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    old = await store.load(key)
    fake.expire_access_tokens()
    store.full = True
    with pytest.raises(Unavailable, match="full"):
        await client.notes.list(contact_id)
    assert await store.load(key) is old
    store.full = False

    assert len(await client.notes.list(contact_id)) == 5
    assert (fake.stats.refreshes, fake.stats.invalid_grants) == (1, 0)
    assert (await store.load(key)).token.refresh_token != old.token.refresh_token


async def test_closing_saves_what_could_not_be_saved(fake, highlevel, read, store, key) -> None:
    """The last chance of a renewed token is taken."""
    old = await store.load(key)
    fake.expire_access_tokens()
    store.full = True
    with pytest.raises(Unavailable):
        await read()
    store.full = False
    await highlevel.close()

    assert (await store.load(key)).token.refresh_token != old.token.refresh_token
    assert fake.stats.refreshes == 1


async def test_closing_tells_what_was_lost(fake, highlevel, read, store) -> None:
    """A renewed token that cannot be saved at the end either is not passed over in silence."""
    fake.expire_access_tokens()
    store.full = True
    with pytest.raises(Unavailable):
        await read()
    with pytest.raises(Unavailable, match="full"):
        await highlevel.close()
    store.full = False
    await highlevel.close()


async def test_a_token_that_was_kept_gives_way_to_a_newer_one(
    fake, highlevel, build, read, store, key
) -> None:
    """What another process saved meanwhile is not overwritten by an older renewal."""
    fake.expire_access_tokens()
    store.full = True
    with pytest.raises(Unavailable):
        await read()
    store.full = False
    other = build(fake, store=store)
    await other.install(fake.authorize_code())
    newer = await store.load(key)
    await highlevel.close()

    assert await store.load(key) == newer


async def test_a_hold_that_lapsed_overwrites_nothing(
    fake, highlevel, read, store, key, events
) -> None:
    """A holder that was overtaken uses what the other has saved."""
    other = {}

    async def renew_beside(hold) -> None:
        other["stored"] = await highlevel._installs.refresh(hold.stored).spend()
        await hold.save(other["stored"])

    fake.expire_access_tokens()
    store.beside = renew_beside

    assert len(await read()) == 5
    assert await store.load(key) == other["stored"]
    assert fake.stats.invalid_grants == 0


async def test_a_spent_token_that_was_renewed_beside_is_no_death(
    start, build, store, key, events
) -> None:
    """An ``invalid_grant`` for a token that another process has just spent is no death."""
    fake = await start(grace=0)
    highlevel = build(fake, store=store, observer=events.append)
    await highlevel.install(fake.authorize_code())
    stored = await store.load(key)
    renewed = await highlevel._installs.refresh(stored).spend()
    fake.expire_access_tokens()
    usable = await highlevel._installs.refresh(renewed).spend()

    async def save_beside(hold) -> None:
        await hold.save(usable)

    store.beside = save_beside

    assert len(await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])) == 5
    assert await store.load(key) == usable
    assert not [event for event in events if isinstance(event, Spent)]


async def test_a_hold_that_lapses_again_and_again(fake, read, store) -> None:
    """Somebody who is overtaken each time gives up, and nothing is lost."""

    async def overtake(hold) -> None:
        store.beside = overtake

    fake.expire_access_tokens()
    store.beside = overtake
    with pytest.raises(Unavailable, match="another process"):
        await read()
    store.beside = None

    assert len(await read()) == 5


async def test_a_spent_install_is_remembered_by_the_store(
    fake, highlevel, build, read, store, events, contact_id
) -> None:
    """A process that starts later knows it without a request, and tells no second event."""
    fake.revoke()
    with pytest.raises(ReauthorizationRequired):
        await read()
    before = fake.stats.requests
    later = build(fake, store=store, observer=events.append)
    with pytest.raises(ReauthorizationRequired):
        await later.location(fake.location_id).notes.list(contact_id)

    assert fake.stats.requests == before
    assert len([event for event in events if isinstance(event, Spent)]) == 1


async def test_an_install_without_a_refresh_token(fake, read, store, key) -> None:
    """Where there is nothing to renew with, the install is spent with its access token."""
    stored = await store.load(key)
    token = attrs.evolve(stored.token, refresh_token=None)
    async with store.hold(key) as hold:
        await hold.save(attrs.evolve(stored, token=token))
    assert len(await read()) == 5
    fake.expire_access_tokens()
    before = fake.stats.by_route["POST /oauth/token"]
    with pytest.raises(ReauthorizationRequired):
        await read()

    assert fake.stats.by_route["POST /oauth/token"] == before
    assert (await store.load(key)).install.spent_at is not None


async def test_the_agency_heals_what_is_spent(fake, highlevel, read, store, key, events) -> None:
    """A location that was found spent works again once its agency installs the app."""
    fake.revoke()
    with pytest.raises(ReauthorizationRequired):
        await read()
    await highlevel.install(fake.authorize_code(company=True))

    assert len(await read()) == 5
    assert (await store.load(key)).install.spent_at is None
    assert [event for event in events if isinstance(event, Renewed)][-1].minted


async def test_sealed_tokens_are_not_taken_for_dead_ones(fake, build, store, key) -> None:
    """A store that lacks its ``Sealed`` is named, and nothing in it is touched."""
    maker = build(fake, store=store)
    await maker.install(fake.authorize_code())
    stored = await store.load(key)
    sealed = attrs.evolve(stored.token, access_token="sealed:gAAAAAB", refresh_token=None)
    async with store.hold(key) as hold:
        await hold.save(attrs.evolve(stored, token=sealed))
    kept = await store.load(key)
    before = fake.stats.requests
    highlevel = build(fake, store=store)
    client = highlevel.location(fake.location_id)
    with pytest.raises(ConfigurationError, match="Sealed"):
        await client.notes.list(fake.contact_ids()[0])
    with pytest.raises(ConfigurationError, match="Sealed"):
        await highlevel.forget(location_id=fake.location_id)

    assert await store.load(key) is kept
    assert fake.stats.requests == before


async def test_a_mint_with_an_old_token_of_the_agency(start, build, store) -> None:
    """The agency's token is renewed when minting finds it dead, and the mint goes on."""
    fake = await start(locations=8)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    fake.expire_access_tokens()
    clients = [highlevel.location(location_id) for location_id in fake.location_ids]
    ids = [fake.contact_ids(location_id)[0] for location_id in fake.location_ids]
    async with asyncio.timeout(20):
        notes = await asyncio.gather(
            *(client.notes.list(one) for client, one in zip(clients, ids, strict=True))
        )

    assert [len(one) for one in notes] == [5] * 8
    assert (fake.stats.mints, fake.stats.refreshes) == (8, 1)


async def test_a_mint_that_is_refused_for_good(fake, build, store, mint_path) -> None:
    """An agency whose fresh token is refused too is told as such, after one renewal."""
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    fake.inject(Fault.TOKEN_EXPIRED, 9, path_contains=mint_path)
    with pytest.raises(AccessDenied, match="agency"):
        await highlevel.mint(fake.location_id)

    assert fake.stats.refreshes == 1


async def test_a_location_where_the_app_is_not_installed(
    fake, build, monkeypatch, moments, mint_path
) -> None:
    """The agency's refusal is asked for once in a while, not by every call, and ends by itself."""
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 5.0)
    highlevel = build(fake)
    highlevel._installs.monotonic = moments
    await highlevel.install(fake.authorize_code(company=True))
    fake.uninstall()
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    for _ in range(20):
        with pytest.raises(ReauthorizationRequired, match="install the app there") as raised:
            await client.notes.list(contact_id)
    assert raised.value.location_id == fake.location_id
    assert fake.stats.by_route[f"POST {mint_path}"] == 1
    fake.install()
    moments.now += 6

    assert len(await client.notes.list(contact_id)) == 5


async def test_an_unsaved_token_outlives_an_old_one_that_looks_good(
    start, build, store, key
) -> None:
    """A caller who finds the spent token's access token still good does not let go of the new."""
    fake = await start(grace=0)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    auth, old = highlevel._installs.location(fake.location_id), await store.load(key)
    store.full = True
    with pytest.raises(Unavailable):
        await auth.renew(old.token.access_token)
    assert await auth.token() == old.token.access_token  # good by its time
    store.full = False
    renewed = await auth.renew(old.token.access_token)

    assert (await store.load(key)).token.access_token == renewed != old.token.access_token
    assert (fake.stats.refreshes, fake.stats.invalid_grants) == (1, 0)


async def test_an_unsaved_token_outlives_the_verdict_of_others(start, build, store, key) -> None:
    """Another process may find the old token dead meanwhile; whoever has the new one saves it."""
    fake = await start(grace=0)
    events = []
    highlevel, other = (build(fake, store=store, observer=events.append) for _ in range(2))
    await highlevel.install(fake.authorize_code())
    contact_id = fake.contact_ids()[0]
    fake.expire_access_tokens()
    store.full = True
    with pytest.raises(Unavailable):
        await highlevel.location(fake.location_id).notes.list(contact_id)
    store.full = False
    with pytest.raises(ReauthorizationRequired):
        await other.location(fake.location_id).notes.list(contact_id)

    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5
    assert len(await other.location(fake.location_id).notes.list(contact_id)) == 5
    assert (await store.load(key)).install.spent_at is None


async def test_a_cancelled_close_cancels_no_renewal(start, build, store, key, until) -> None:
    """A renewal whose request is under way comes to its end, and its token is saved."""
    fake = await start(latency=0.1)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    old = await store.load(key)
    auth = highlevel._installs.location(fake.location_id)
    calling = asyncio.create_task(auth.renew(old.token.access_token))
    await until(lambda: fake.stats.refreshes)
    closing = asyncio.create_task(highlevel.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    renewed = await asyncio.wait_for(calling, 5)

    assert (await store.load(key)).token.access_token == renewed


async def test_no_renewal_begins_while_closing(fake, highlevel, store, key) -> None:
    """After close has begun a token is not spent any more, since nobody would save the next."""
    old = await store.load(key)
    auth = highlevel._installs.location(fake.location_id)
    await highlevel.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await auth.renew(old.token.access_token)

    assert fake.stats.refreshes == 0


async def test_closing_saves_them_all(start, build, store) -> None:
    """Renewed tokens that wait to be saved get there, although the store stumbles once more."""
    fake = await start(locations=3)
    highlevel = build(fake, store=store)
    for location_id in fake.location_ids:
        await highlevel.install(fake.authorize_code(location_id))
    fake.expire_access_tokens()
    store.full = True
    for location_id in fake.location_ids:
        with pytest.raises(Unavailable):
            await highlevel.location(location_id).notes.list(fake.contact_ids(location_id)[0])
    store.full = False
    before = [await store.load(location_on(fake, one)) for one in fake.location_ids]

    async def fail(hold) -> None:
        raise Unavailable("the store stumbles")

    store.beside = fail
    await highlevel.close()
    after = [await store.load(location_on(fake, one)) for one in fake.location_ids]

    assert not [one for one, two in zip(before, after, strict=True) if one == two]


async def test_a_code_is_not_lost_to_a_store_that_stumbles(fake, build, store) -> None:
    """A code works once, so its install is saved again if the first try fails."""
    highlevel = build(fake, store=store)

    async def fail(hold) -> None:
        raise Unavailable("the store stumbles")

    store.beside = fail
    install = await highlevel.install(fake.authorize_code())

    assert await highlevel.find(location_id=fake.location_id) == install


async def test_a_renewal_changes_no_owner(fake, highlevel, store, key) -> None:
    """A reply about another install is not used: what is stored keeps its tokens and its facts."""
    stored = await store.load(key)
    other = attrs.evolve(stored.install, location_id="other")
    async with store.hold(other.key) as hold:
        await hold.save(type(stored).of(other, stored.token))
    fake.expire_access_tokens()
    with pytest.raises(Unavailable, match=f"locationId is {fake.location_id}, and not other"):
        await highlevel._installs.auth_of(other).renew(stored.token.access_token)
    after = await store.load(other.key)

    assert await store.load(key) is stored
    assert after.token == stored.token
    assert after.install.location_id == "other"
    assert after.install.in_doubt_since is not None


@pytest.mark.parametrize("scopes", [None, ["contacts.readonly", "oauth.readonly"]])
async def test_an_install_whose_agency_is_refused_is_told(
    start, build, store, scopes, mint_path
) -> None:
    """Uninstalled by its user, and its agency gets no token: one event, and one request or two."""
    fake, events = await start(), []
    highlevel = build(fake, store=store, observer=events.append)
    await highlevel.install(fake.authorize_code(company=True, scopes=scopes))
    await highlevel.install(fake.authorize_code())
    fake.uninstall()
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    for _ in range(10):
        with pytest.raises(ReauthorizationRequired):
            await client.notes.list(contact_id)

    assert [event for event in events if isinstance(event, Spent)] == [
        Spent(location_id=fake.location_id, company_id=fake.company_id)
    ]
    assert fake.stats.by_route[f"POST {mint_path}"] == 1


async def test_an_agency_at_its_limit(start, build, store, mint_path) -> None:
    """A mint that has to wait long lets go of its hold, and the call is made later."""
    fake = await start(retry_after=90)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    fake.inject(Fault.RATE_LIMITED, path_contains=mint_path)
    with pytest.raises(Unavailable, match="limit") as raised:
        await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])

    assert raised.value.retry_after == pytest.approx(90, abs=1)


async def test_forgetting_waits_for_a_renewal(start, build, store, key, until) -> None:
    """A renewal under way does not bring back what was forgotten meanwhile."""
    fake = await start(latency=0.05)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    auth, old = highlevel._installs.location(fake.location_id), await store.load(key)
    calling = asyncio.create_task(auth.renew(old.token.access_token))
    await until(lambda: fake.stats.refreshes)
    await highlevel.forget(location_id=fake.location_id)
    await asyncio.gather(calling, return_exceptions=True)

    assert await store.load(key) is None
    with pytest.raises(ReauthorizationRequired):
        await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])


async def test_what_another_process_forgot_is_forgotten_here(
    fake, highlevel, read, store, key
) -> None:
    """Forgetting lets go of a token in use even when the store has nothing left to forget."""
    await read()
    async with store.hold(key) as hold:
        await hold.delete()
    assert await highlevel.forget(location_id=fake.location_id) == []
    with pytest.raises(ReauthorizationRequired):
        await read()


async def test_an_unsaved_token_is_saved_by_the_next_call(
    fake, highlevel, read, store, key
) -> None:
    """Also where the old token is still good, so that no later crash can lose the new one."""
    old = await store.load(key)
    store.full = True
    tended = [one async for one in highlevel.tend(idle_days=-1)]
    await read()
    store.full = False
    await read()  # within the pause after a failure, the old token serves
    highlevel._installs.location(fake.location_id)._quiet_until = 0
    await read()

    assert [one.state for one in tended] == ["failed"]
    assert (await store.load(key)).token.refresh_token != old.token.refresh_token
    assert fake.stats.refreshes == 1


async def test_an_install_that_could_not_be_saved_is_kept(fake, build, store, key) -> None:
    """A code works once, so what it brought is saved by the next call, once the store is back."""
    highlevel = build(fake, store=store)
    store.full = True
    with pytest.raises(Unavailable, match="full"):
        await highlevel.install(fake.authorize_code())
    assert await store.load(key) is None
    store.full = False

    client = highlevel.location(fake.location_id)
    assert len(await client.notes.list(fake.contact_ids()[0])) == 5
    assert await store.load(key) is not None


async def test_a_user_who_leaves_has_installed(start, build, store, key, until) -> None:
    """Cancelling ``install`` after its code went out loses nothing."""
    fake = await start(latency=0.05)
    highlevel = build(fake, store=store)
    installing = asyncio.create_task(highlevel.install(fake.authorize_code()))
    await until(lambda: fake.stats.exchanges)
    installing.cancel()
    await asyncio.gather(installing, return_exceptions=True)
    await highlevel.close()

    assert await store.load(key) is not None


async def test_a_page_of_a_proxy_spends_no_install(start, build, store, key, mint_path) -> None:
    """A refusal that HighLevel did not word tells nobody that an install is dead."""
    fake, events = await start(grace=0), []
    highlevel = build(fake, store=store, observer=events.append)
    await highlevel.install(fake.authorize_code(company=True))
    await highlevel.install(fake.authorize_code())
    fake.revoke()
    fake.inject(Fault.FORBIDDEN_HTML, 1000, path_contains=mint_path)
    with pytest.raises(Unavailable):
        await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])

    assert not [event for event in events if isinstance(event, Spent)]


async def test_minting_leaves_holds_to_others(start, build) -> None:
    """However many locations wait for their agency's limit, few of them hold meanwhile."""
    most, held = 0, 0

    class Watched(MemoryStore):
        @asynccontextmanager
        async def hold(self, key: str):
            nonlocal most, held
            async with super().hold(key) as hold:
                held, most = held + 1, max(most, held + 1)
                yield hold
                held -= 1

    fake = await start(locations=30, latency=0.01)
    highlevel = build(fake, store=Watched())
    await highlevel.install(fake.authorize_code(company=True))
    await asyncio.gather(*(highlevel.mint(one) for one in fake.location_ids))

    assert fake.stats.mints == 30
    assert most == 4


async def test_forgetting_lets_go_of_what_waits_to_be_saved(
    fake, build, store, key, contact_id
) -> None:
    """An install that could not be saved is not brought back by the next call."""
    highlevel = build(fake, store=store)
    store.full = True
    with pytest.raises(Unavailable):
        await highlevel.install(fake.authorize_code())
    store.full = False
    await highlevel.forget(location_id=fake.location_id)
    with pytest.raises(ReauthorizationRequired):
        await highlevel.location(fake.location_id).notes.list(contact_id)

    assert await store.load(key) is None


async def test_an_old_uninstall_spares_what_waits_to_be_saved(
    start, build, store, key, clock
) -> None:
    """A newer install is not removed, wherever it is kept for the moment."""
    fake = await start(clock=clock)
    highlevel = build(fake, store=store, clock=clock)
    before = clock.at()
    clock.now += 60
    store.full = True
    with pytest.raises(Unavailable):
        await highlevel.install(fake.authorize_code())
    store.full = False
    await highlevel.forget(location_id=fake.location_id, before=before)
    contact_id = fake.contact_ids()[0]

    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5
    assert await store.load(key) is not None


@pytest.mark.parametrize("way", ["renewal", "install", "a store of one's own"])
async def test_an_unsaved_token_is_saved_though_nobody_asks(
    fake, highlevel, read, store, key, way, monkeypatch
) -> None:
    """The next who asks may be another process, after the grace: it finds the new token."""
    monkeypatch.setattr(renewal, "_SAVE_AGAIN_SECONDS", 0.1)
    old = await store.load(key)
    fake.expire_access_tokens()
    store.full = True
    if way == "a store of one's own":  # which raises what it likes
        store.trouble = OSError("full")
    with pytest.raises((Unavailable, OSError), match="full"):
        await (highlevel.install(fake.authorize_code()) if way == "install" else read())
    await asyncio.sleep(0.2)  # so that one try of it has failed
    store.full = False
    async with asyncio.timeout(10):
        while (await store.load(key)).token == old.token:  # noqa: ASYNC110 - a store has no event
            await asyncio.sleep(0.05)

    assert len(await read()) == 5
    assert fake.stats.refreshes == (way != "install")
