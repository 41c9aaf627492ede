# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""Several processes on one store, and one that begins again."""

import asyncio
import stat

import attrs
import pytest

from ghl_notes.errors import ReauthorizationRequired
from ghl_notes.stores import MemoryStore, SQLiteStore


@pytest.fixture(params=["sqlite", "memory"])
def stores(request, tmp_path):
    """Give a maker of stores that share their contents, as those of several processes do."""
    if request.param == "sqlite":
        return lambda: SQLiteStore(tmp_path / "installs.db")
    shared = MemoryStore()
    return lambda: shared


async def date_back(store, key: str) -> None:
    """Let a stored access token end in the past."""
    async with store.hold(key) as hold:
        token = attrs.evolve(hold.stored.token, expires_at=hold.stored.token.issued_at - 1)
        await hold.save(type(hold.stored).of(hold.stored.install, token))


async def test_a_restart_needs_no_request(fake, build, contact_id, stores) -> None:
    """A process that begins finds the install, and its first call is the caller's own."""
    first = build(fake, store=stores())
    await first.install(fake.authorize_code())
    await first.close()
    before = fake.stats.requests
    client = build(fake, store=stores()).location(fake.location_id)
    assert len(await client.notes.list(contact_id)) == 5

    assert fake.stats.requests == before + 1


@pytest.mark.parametrize("late", [False, True])
async def test_two_processes_renew_once(start, build, stores, late) -> None:
    """Both see the token's end at the same time, ahead or by a 401: one of them renews."""
    fake = await start(latency=0.01)
    contact_id, store = fake.contact_ids()[0], stores()
    one, other = build(fake, store=stores()), build(fake, store=stores())
    install = await one.install(fake.authorize_code())
    clients = [each.location(fake.location_id) for each in (one, other)]
    if late:
        await asyncio.gather(*(client.notes.list(contact_id) for client in clients))
        fake.expire_access_tokens()
    else:
        await date_back(store, install.key)
        clients[0] = build(fake, store=stores()).location(fake.location_id)
    calls = [client.notes.list(contact_id) for client in clients for _ in range(20)]
    lists = await asyncio.gather(*calls)
    await store.close()

    assert all(len(notes) == 5 for notes in lists)
    assert (fake.stats.refreshes, fake.stats.invalid_grants) == (1, 0)


async def test_what_another_process_renewed_is_used(fake, build, contact_id, stores) -> None:
    """A 401 looks into the store before it spends a refresh token."""
    one, other = build(fake, store=stores()), build(fake, store=stores())
    await one.install(fake.authorize_code())
    clients = [each.location(fake.location_id) for each in (one, other)]
    for client in clients:
        await client.notes.list(contact_id)
    for _ in range(4):
        fake.expire_access_tokens()
        for client in clients:
            await client.notes.list(contact_id)
        clients.reverse()

    assert fake.stats.refreshes == 4


async def test_two_processes_mint_once_each_at_most(start, build, stores) -> None:
    """Two that mint at once both end with a token that works, and one is stored."""
    fake = await start(latency=0.01)
    contact_id = fake.contact_ids()[0]
    one, other = build(fake, store=stores()), build(fake, store=stores())
    await one.install(fake.authorize_code(company=True))
    clients = [each.location(fake.location_id) for each in (one, other)]
    for _ in range(2):
        lists = await asyncio.gather(*(client.notes.list(contact_id) for client in clients))
        assert [len(notes) for notes in lists] == [5, 5]

    assert fake.stats.mints <= 2


async def test_a_new_install_heals_other_processes(fake, build, contact_id, stores) -> None:
    """Who has found an install spent sees the next one, whichever process stored it."""
    one, other = build(fake, store=stores()), build(fake, store=stores())
    await one.install(fake.authorize_code())
    client = other.location(fake.location_id)
    await client.notes.list(contact_id)
    fake.revoke()
    with pytest.raises(ReauthorizationRequired):
        await client.notes.list(contact_id)
    await one.install(fake.authorize_code())

    assert len(await client.notes.list(contact_id)) == 5


async def test_the_file_is_for_its_owner_alone(fake, build, tmp_path) -> None:
    """Tokens lie in a file that nobody else can read, nor the files SQLite puts beside it."""
    highlevel = build(fake, store=SQLiteStore(tmp_path / "installs.db"))
    await highlevel.install(fake.authorize_code())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_a_cancelled_caller_does_not_tear_the_save(start, build, tmp_path, until) -> None:
    """With a file, too, a renewal outlives its caller and is on disk when the app has closed."""
    fake = await start(latency=0.02)
    path = tmp_path / "installs.db"
    highlevel = build(fake, store=SQLiteStore(path))
    install = await highlevel.install(fake.authorize_code())
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    fake.expire_access_tokens()
    call = asyncio.create_task(client.notes.list(contact_id))
    await until(lambda: fake.stats.refreshes)
    call.cancel()
    await highlevel.close()
    again = build(fake, store=SQLiteStore(path)).location(fake.location_id)

    assert install.location_id == again.location_id
    assert len(await again.notes.list(contact_id)) == 5
    assert fake.stats.refreshes == 1
