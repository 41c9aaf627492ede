# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and generators, whose types live in conftest
"""Two apps, and two providers, on one store: each lives from its own installs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import pytest_asyncio

from ghl_notes import App, HighLevel, ReauthorizationRequired
from ghl_notes.models import Install, StoredInstall
from ghl_notes.models.installs import former_key
from ghl_notes.sources.close import CloseOAuth
from ghl_notes.stores import Hold, MemoryStore
from ghl_notes.testing import FakeClose, FakeHighLevel
from tests.flows.conftest import QUICK
from tests.stores.conftest import making

KINDS = ["memory", "sqlite", "postgres", "redis", "sealed memory"]


@pytest_asyncio.fixture(params=KINDS)
async def opening(request, tmp_path):
    """Give a way to open one store as several processes do."""
    async with making(request.param, tmp_path) as make:
        yield make


def of(app, cls=HighLevel, **options):
    """Make the ``HighLevel``, or the ``CloseOAuth``, of a fake's app."""
    scopes = ("all.full_access", "offline_access") if cls is CloseOAuth else app.scopes
    ours = App(
        client_id=app.client_id,
        client_secret=app.client_secret,
        redirect_uri=app.redirect_uri,
        scopes=scopes,
    )
    return cls(ours, **options)


@pytest_asyncio.fixture
async def two(opening) -> AsyncIterator[tuple[FakeHighLevel, HighLevel, HighLevel]]:
    """Give two apps on one store."""
    async with FakeHighLevel(limit=None, locations=2) as fake:
        apps = fake.app, fake.add_app()
        reader, writer = (
            of(app, store=opening(), base_url=fake.url, retries=QUICK) for app in apps
        )
        async with reader, writer:
            yield fake, reader, writer


def code_for(fake, highlevel, **options) -> str:
    others = [app for app in fake._parts.oauth.others if app.client_id == highlevel.app.client_id]
    return fake.authorize_code(app=others[0] if others else None, **options)


async def ids(installs) -> list[tuple[str | None, str | None]]:
    return [(one.client_id, one.location_id) async for one in installs]


async def test_two_apps_on_one_location(two) -> None:
    """Both live on, whoever renews when, and none ever uses a token of the other."""
    fake, reader, writer = two
    for highlevel in (reader, writer):
        await highlevel.install(code_for(fake, highlevel))
    contact_id = fake.contact_ids()[0]
    for _ in range(4):
        fake.expire_access_tokens()
        calls = [
            highlevel.location(fake.location_id).notes.list(contact_id)
            for highlevel in (reader, writer)
            for _ in range(5)
        ]
        assert [len(notes) for notes in await asyncio.gather(*calls)] == [5] * 10

    assert (fake.stats.refreshes, fake.stats.invalid_grants) == (8, 0)
    assert await ids(reader.installs()) == [(reader.app.client_id, fake.location_id)]
    assert await ids(writer.installs()) == [(writer.app.client_id, fake.location_id)]


async def test_what_ends_one_app_leaves_the_other_alone(two) -> None:
    """Spent, looked at and forgotten is what belongs to the app that does it."""
    fake, reader, writer = two
    for highlevel in (reader, writer):
        await highlevel.install(code_for(fake, highlevel))
    contact_id, location_id = fake.contact_ids()[0], fake.location_id
    fake.revoke(app=fake.app)
    with pytest.raises(ReauthorizationRequired):
        await reader.location(location_id).notes.list(contact_id)
    looked_at = {
        highlevel.app.client_id: [health.state async for health in highlevel.check()]
        for highlevel in (reader, writer)
    }
    forgotten = await reader.forget(location_id=location_id)
    again = await reader.forget(location_id=location_id)

    assert list(looked_at.values()) == [["spent"], ["healthy"]]
    assert [one.client_id for one in forgotten] == [reader.app.client_id]
    assert again == []
    assert await reader.find(location_id=location_id) is None
    assert len(await writer.location(location_id).notes.list(contact_id)) == 5
    assert [health.state async for health in writer.tend(idle_days=0)] == ["renewed"]


async def test_each_app_asks_its_own_agency(two) -> None:
    """A location's token is minted by the app's own agency, and goes with it."""
    fake, reader, writer = two
    for highlevel in (reader, writer):
        await highlevel.install(code_for(fake, highlevel, company=True))
    contact_id = fake.contact_ids()[0]
    for highlevel in (reader, writer):
        assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5
    before = await ids(writer.installs())
    forgotten = await reader.forget(company_id=fake.company_id)

    assert fake.stats.mints == 2
    assert len(forgotten) == 2
    assert await ids(reader.installs()) == []
    assert await ids(writer.installs()) == before
    with pytest.raises(ReauthorizationRequired):
        await reader.location(fake.location_id).notes.list(contact_id)


async def test_an_app_that_is_not_installed_has_nothing(two) -> None:
    """Another app's install on the location is not used, and costs no request."""
    fake, reader, writer = two
    await reader.install(code_for(fake, reader, company=True))
    await reader.install(code_for(fake, reader))
    before = fake.stats.requests
    with pytest.raises(ReauthorizationRequired):
        await writer.location(fake.location_id).notes.list(fake.contact_ids()[0])

    assert fake.stats.requests == before
    assert await ids(writer.installs()) == []


async def test_highlevel_and_close_on_one_store(opening) -> None:
    """Neither provider sees, renews or spends what is the other's."""
    async with FakeHighLevel(limit=None) as fake, FakeClose(leads=1) as close:
        highlevel = of(fake.app, store=opening(), base_url=fake.url, retries=QUICK)
        oauth = of(close.app, CloseOAuth, store=opening(), base_url=close.host)
        async with highlevel, oauth:
            await oauth.install(close.authorize_code())
            await highlevel.install(fake.authorize_code(company=True))
            await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])
            looked_at = [health.state async for health in highlevel.tend(idle_days=0)]
            checked = [health.state async for health in highlevel.check()]
            auth = oauth.auth(close.organization_id)
            renewed = await auth.renew(await auth.token())
            await highlevel.forget(company_id=fake.company_id)

            assert looked_at == ["renewed"] * 2
            assert checked == ["healthy"] * 2
            assert await auth.token() == renewed
            assert [one.company_id async for one in oauth.installs()] == [close.organization_id]
            assert [one.provider async for one in oauth.installs()] == ["close"]
            assert [one async for one in highlevel.installs()] == []


# --- installs of version 0.1 ----------------------------------------------------------------


async def make_old(store) -> None:
    """Let all installs of a store be as version 0.1 kept them."""
    for stored in [one async for one in store.list()]:
        async with store.hold(stored.install.key) as hold:
            await hold.delete()
        bare = attrs.evolve(stored.install, provider="highlevel", client_id=None)
        async with store.hold(bare.key) as hold:
            await hold.save(StoredInstall.of(bare, stored.token))


async def test_an_older_store_goes_on(opening) -> None:
    """Each app goes on with what it installed before; an app that comes later finds nothing."""
    async with FakeHighLevel(limit=None) as fake, FakeClose(leads=1) as close:
        store = opening()
        first = of(fake.app, store=store, base_url=fake.url)
        oauth = of(close.app, CloseOAuth, store=store, base_url=close.host)
        await first.install(fake.authorize_code())
        await oauth.install(close.authorize_code())
        await make_old(store)
        fake.expire_access_tokens()
        await first.close()
        await oauth.close()

        highlevel = of(fake.app, store=opening(), base_url=fake.url, retries=QUICK)
        later = of(fake.add_app(), store=opening(), base_url=fake.url, retries=QUICK)
        oauth = of(close.app, CloseOAuth, store=opening(), base_url=close.host)
        async with highlevel, later, oauth:
            client = highlevel.location(fake.location_id)
            lists = await asyncio.gather(
                *(client.notes.list(contact_id) for contact_id in fake.contact_ids()[:3])
            )
            auth = oauth.auth(close.organization_id)
            await auth.renew(await auth.token())

            assert [len(notes) for notes in lists] == [5] * 3
            assert await ids(later.installs()) == []
            assert await ids(highlevel.installs()) == [(fake.app.client_id, fake.location_id)]
        assert fake.stats.invalid_grants == close.stats.invalid_grants == 0


class OwnStore:
    """A store as somebody wrote it for version 0.1: it rebuilds installs, and knows no app."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredInstall] = {}
        self.inner = MemoryStore()

    async def load(self, key: str) -> StoredInstall | None:
        stored = self.rows.get(key)
        if stored is None:
            return None
        return attrs.evolve(
            stored,
            install=Install(
                user_type=stored.install.user_type,
                location_id=stored.install.location_id,
                company_id=stored.install.company_id,
                scopes=stored.install.scopes,
                installed_at=stored.install.installed_at,
                renewed_at=stored.install.renewed_at,
                expires_at=stored.install.expires_at,
                spent_at=stored.install.spent_at,
            ),
        )

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[Hold]:
        async with self.inner.hold(key):
            yield _OwnHold(self.rows, key, await self.load(key))

    async def list(self) -> AsyncIterator[StoredInstall]:
        for key in sorted(self.rows):
            stored = await self.load(key)
            assert stored is not None
            yield stored

    async def close(self) -> None:
        """Do nothing."""


@attrs.define
class _OwnHold:
    rows: dict[str, StoredInstall]
    key: str
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        self.rows[self.key] = self.stored = stored

    async def delete(self) -> None:
        self.rows.pop(self.key, None)


async def test_a_store_written_for_version_0_1_can_be_shared() -> None:
    """Its older installs are moved to the app that comes first, and two apps keep apart."""
    async with FakeHighLevel(limit=None) as fake:
        store, contact_id, app = OwnStore(), fake.contact_ids()[0], fake.add_app()
        async with of(fake.app, store=store, base_url=fake.url) as before:
            await before.install(fake.authorize_code())
        store.rows = {former_key(key): one for key, one in store.rows.items()}
        first = of(fake.app, store=store, base_url=fake.url, retries=QUICK)
        second = of(app, store=store, base_url=fake.url, retries=QUICK)
        async with first, second:
            assert len(await first.location(fake.location_id).notes.list(contact_id)) == 5
            await second.install(fake.authorize_code(app=app))
            for _ in range(2):
                fake.expire_access_tokens()
                for highlevel in (first, second):
                    await highlevel.location(fake.location_id).notes.list(contact_id)

            assert fake.stats.invalid_grants == 0
            assert len(store.rows) == 2
            assert await ids(first.installs()) == [(fake.app.client_id, fake.location_id)]
            assert await ids(second.installs()) == [(app.client_id, fake.location_id)]


# --- claims ---------------------------------------------------------------------------------


async def test_two_apps_share_no_claims(two) -> None:
    """What one app has seen or begun is new to the other, and known to its own processes."""
    _, reader, writer = two
    again = of(reader.app, store=reader.store)
    told = [
        await highlevel.claims.claim("webhook:1", seconds=60)
        for highlevel in (reader, again, writer)
    ]
    await writer.claims.forget("webhook:1")
    await reader.claims.remember("webhook:2", seconds=60)

    assert told == [True, False, True]
    assert not await again.claims.claim("webhook:1", seconds=60)
    assert await writer.claims.claim("webhook:2", seconds=60)
    assert not await again.claims.claim("webhook:2", seconds=60)
