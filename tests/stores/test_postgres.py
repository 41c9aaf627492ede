"""The store in PostgreSQL: its tables, its connections, and what is told when they fail."""

import asyncio
import secrets
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import pytest_asyncio

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.models import Owner, location_key
from ghl_notes.stores import TokenStore
from ghl_notes.stores.owned import OwnedStore
from ghl_notes.stores.waiting import Crowded
from tests.stores.installs import KEY, count_of, count_on, install, keys, save
from tests.stores.servers import conninfo, extra, place_on

psycopg = extra("psycopg")
postgres = extra("ghl_notes.stores.postgres")
database = extra("ghl_notes.stores.postgres_database")

TABLES = ["ghl_notes_claims", "ghl_notes_installs"]


@pytest_asyncio.fixture
async def schema() -> AsyncIterator[str]:
    """Give an empty schema."""
    async with place_on("postgres") as place:
        yield place


@pytest_asyncio.fixture
async def db(schema: str) -> AsyncIterator["psycopg.AsyncConnection"]:
    """Give a connection of another program to that schema."""
    connecting = psycopg.AsyncConnection.connect(conninfo(schema), autocommit=True)
    async with await connecting as connection:
        yield connection


@pytest_asyncio.fixture
async def store(schema: str) -> AsyncIterator[TokenStore]:
    """Give an empty store."""
    one = postgres.PostgresStore(conninfo(schema))
    yield one
    await one.close()


async def rows(db: "psycopg.AsyncConnection", statement: str) -> list[tuple[object, ...]]:
    return await (await db.execute(statement)).fetchall()


async def tables(db: "psycopg.AsyncConnection") -> list[str]:
    found = await rows(db, "SELECT relname FROM pg_class WHERE pg_table_is_visible(oid)")
    return sorted(
        name for (name,) in found if str(name).startswith("ghl_notes_") and "pkey" not in name
    )


async def until(db: "psycopg.AsyncConnection", statement: str, expected: object) -> None:
    """Wait for the server to give this answer."""
    async with asyncio.timeout(5):
        while await rows(db, statement) != [(expected,)]:  # noqa: ASYNC110 - the server ends it
            await asyncio.sleep(0.01)


async def refused(conninfo: str) -> ConfigurationError:
    """Use a store that cannot be used, in each way, and return what is raised first."""
    store = postgres.PostgresStore(conninfo)
    raised = []
    for use in (lambda: store.load(KEY), lambda: save(store, install()), lambda: keys(store)):
        with pytest.raises(ConfigurationError) as error:
            await use()
        raised.append(error.value)
    with pytest.raises(ConfigurationError):
        await store.claim("n", seconds=60)
    await store.close()
    return raised[0]


def told(error: BaseException) -> str:
    """Write an error down as a log does, with all that led to it."""
    return "".join(traceback.format_exception(error))


# --- the tables -----------------------------------------------------------------------------


async def test_the_tables_are_made_on_first_use(
    store: TokenStore, db: "psycopg.AsyncConnection"
) -> None:
    """A new schema needs no preparation, and its tables say whose and how old they are."""
    before = await tables(db)
    await store.load(KEY)
    comments = [await rows(db, f"SELECT obj_description('{one}'::regclass)") for one in TABLES]

    assert (before, await tables(db)) == ([], TABLES)
    assert comments == [[("ghl_notes 2",)], [("ghl_notes 2",)]]


async def test_everyone_may_be_the_first(schema: str) -> None:
    """Services that start at once on a new schema make the tables once, and all can use them."""
    stores = [postgres.PostgresStore(conninfo(schema)) for _ in range(8)]
    loaded = await asyncio.gather(*(store.load(KEY) for store in stores))
    await asyncio.gather(*(store.close() for store in stores))

    assert loaded == [None] * 8


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("NULL", "not one of this library"),
        ("'my notes 1'", "not one of this library"),
        ("'ghl_notes one'", "not one of this library"),
        ("'ghl_notes 9'", "written by a newer ghl_notes"),
    ],
)
async def test_what_is_not_ours_is_left_alone(
    schema: str, db: "psycopg.AsyncConnection", table: str, comment: str, why: str
) -> None:
    """A table of somebody else, or of a newer version, is named and kept; none is added."""
    await db.execute(f"CREATE TABLE {table} (key text, name text, mine int)")
    await db.execute(f"INSERT INTO {table} VALUES ('{KEY}', 'n', 5)")
    await db.execute(f"COMMENT ON TABLE {table} IS {comment}")
    error = await refused(conninfo(schema))

    assert why in str(error)
    assert table in str(error)
    assert await tables(db) == [table]
    assert await rows(db, f"SELECT * FROM {table}") == [(KEY, "n", 5)]


async def test_a_table_that_lost_a_column(
    store: TokenStore, schema: str, db: "psycopg.AsyncConnection"
) -> None:
    """A table of ours that somebody has changed is no store any more."""
    await save(store, install())
    await db.execute("ALTER TABLE ghl_notes_installs DROP COLUMN spent_at")
    with pytest.raises(ConfigurationError, match="spent_at"):
        await store.load(KEY)
    with pytest.raises(ConfigurationError, match="spent_at"):
        await save(store, install())


@asynccontextmanager
async def role(db: "psycopg.AsyncConnection", *grants: str) -> AsyncIterator[str]:
    """Give a role that may do what is granted and nothing else."""
    name = f"ghl_notes_{secrets.token_hex(4)}"
    await db.execute(f"CREATE ROLE {name}")
    try:
        for grant in grants:
            await db.execute(f"GRANT {grant} TO {name}")
        yield name
    finally:
        await db.execute(f"DROP OWNED BY {name}")
        await db.execute(f"DROP ROLE {name}")


async def test_a_role_need_not_create_tables(
    store: TokenStore, schema: str, db: "psycopg.AsyncConnection"
) -> None:
    """Where the tables are, the right to read and write them is enough."""
    await store.load(KEY)
    access = f"SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)}"
    async with role(db, f"USAGE ON SCHEMA {schema}", access) as name:
        modest = postgres.PostgresStore(conninfo(schema, role=name))
        await save(modest, install(count=3))
        claimed = await modest.claim("n", seconds=60)
        await modest.close()

    assert claimed
    assert count_of(await store.load(KEY)) == 3


@pytest.mark.parametrize("made", [False, True])
async def test_a_role_that_may_not(
    store: TokenStore,
    schema: str,
    db: "psycopg.AsyncConnection",
    made: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Without its rights a role is told which it needs."""
    if made:
        await store.load(KEY)
    async with role(db, f"USAGE ON SCHEMA {schema}") as name:
        error = await refused(conninfo(schema, role=name))

    assert "permission denied" in str(error)
    assert "SELECT, INSERT, UPDATE and DELETE" in str(error)
    assert await tables(db) == (TABLES if made else [])


# Version 1, as it was released. Never to be changed.
VERSION_1 = """
CREATE TABLE ghl_notes_installs (
    key text COLLATE "C" PRIMARY KEY,
    user_type text NOT NULL,
    location_id text,
    company_id text,
    user_id text,
    scopes text NOT NULL,
    access_token text NOT NULL,
    refresh_token text,
    issued_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    installed_at double precision,
    spent_at double precision
);
COMMENT ON TABLE ghl_notes_installs IS 'ghl_notes 1';
CREATE TABLE ghl_notes_claims (
    name text COLLATE "C" PRIMARY KEY, ends double precision NOT NULL
);
COMMENT ON TABLE ghl_notes_claims IS 'ghl_notes 1';
"""
SAVE_1 = """
INSERT INTO ghl_notes_installs (key, user_type, location_id, company_id, scopes, access_token,
    refresh_token, issued_at, expires_at, installed_at)
VALUES ('location:loc', 'Location', 'loc', 'com', 'a.read', 'access 1', 'refresh 1', 1, 2, 3)
ON CONFLICT (key) DO NOTHING
"""
READER = Owner("highlevel", "65-reader")


async def of_version_1(db: "psycopg.AsyncConnection") -> None:
    """Make the tables as version 0.1 left them."""
    await db.execute(VERSION_1)
    await db.execute(SAVE_1)


async def test_tables_that_kept_no_app_are_brought_up_to_date(
    schema: str, db: "psycopg.AsyncConnection"
) -> None:
    """Services that start at once on tables of the version before change them once, for all."""
    await of_version_1(db)
    stores = [postgres.PostgresStore(conninfo(schema)) for _ in range(8)]
    loaded = await asyncio.gather(*(store.load(KEY) for store in stores))
    found = await asyncio.gather(
        *(OwnedStore(store, READER).load(location_key("loc", READER)) for store in stores)
    )
    await asyncio.gather(*(store.close() for store in stores))
    comment = await rows(db, "SELECT obj_description('ghl_notes_installs'::regclass)")

    assert comment == [("ghl_notes 2",)]
    assert [count_of(one) for one in (*loaded, *found)] == [1] * 16
    assert {one.install.client_id for one in found if one} == {READER.client_id}
    assert await rows(db, "SELECT key FROM ghl_notes_installs") == [(location_key("loc", READER),)]


async def test_a_process_of_version_1_goes_on(
    store: TokenStore, db: "psycopg.AsyncConnection"
) -> None:
    """It can still save what it holds; an app that comes waits for that, and loses nothing."""
    await of_version_1(db)
    await store.load(KEY)
    async with db.transaction():
        await db.execute("SELECT 1 FROM ghl_notes_installs FOR UPDATE")
        finding = asyncio.create_task(OwnedStore(store, READER).load(location_key("loc", READER)))
        await asyncio.sleep(0.1)
        early = finding.done()
        await db.execute("UPDATE ghl_notes_installs SET access_token = 'access 2'")
    found = await asyncio.wait_for(finding, 10)
    await db.execute(SAVE_1)

    assert not early
    assert count_of(found) == 2
    assert count_of(await store.load(KEY)) == 1


async def test_a_role_that_may_not_change_the_tables(
    schema: str, db: "psycopg.AsyncConnection"
) -> None:
    """A role that may not alter the tables gets an error that names the owner; nothing changes."""
    await of_version_1(db)
    access = f"SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)}"
    async with role(db, f"USAGE ON SCHEMA {schema}", access) as name:
        error = await refused(conninfo(schema, role=name))
    comment = await rows(db, "SELECT obj_description('ghl_notes_installs'::regclass)")

    assert "their owner must open the store once" in str(error)
    assert comment == [("ghl_notes 1",)]


# --- connections ----------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [2, 3])
async def test_holds_never_starve_readers(schema: str, connections: int) -> None:
    """However many hold installs, and wait for more, reading and claiming goes on."""
    store = postgres.PostgresStore(conninfo(schema), connections=connections)
    other = postgres.PostgresStore(conninfo(schema))
    await save(store, install(count=1))
    async with asyncio.timeout(10), other.hold(KEY) as hold:
        waiting = [asyncio.create_task(count_on(store)) for _ in range(6)]
        for n in range(20):
            assert count_of(await store.load(KEY)) == 1
            assert await store.claim(f"n{n}", seconds=60)
        done = [one for one in waiting if one.done()]
        await hold.save(install(count=5))
        await asyncio.gather(*waiting)

    assert done == []
    assert count_of(await store.load(KEY)) == 11
    await store.close()
    await other.close()


async def test_a_crowd_is_told_from_a_holder_that_stands_still(schema: str) -> None:
    """Who finds no connection for a hold is told so, and that it is worth another try."""
    store = postgres.PostgresStore(conninfo(schema), connections=2, hold_timeout=0.3)
    async with store.hold("other"):
        with pytest.raises(Crowded, match="no connection for a hold was free") as raised:
            await count_on(store)
    await save(store, install(count=1))

    assert (raised.value.waited, raised.value.maybe_applied) == (True, False)
    assert raised.value.retry_after == 1
    await store.close()


def test_one_connection_is_not_enough() -> None:
    """A store needs one connection beside its holds."""
    with pytest.raises(ConfigurationError, match="connections"):
        postgres.PostgresStore("", connections=1)


async def test_it_opens_no_more_than_it_may(schema: str, db: "psycopg.AsyncConnection") -> None:
    """A store stays within its connections, and keeps few of them while nobody uses it."""
    name = f"test {secrets.token_hex(4)}"
    store = postgres.PostgresStore(conninfo(schema, application_name=name), connections=4)
    count = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'"
    async with AsyncExitStack() as holds:
        for n in range(3):
            await holds.enter_async_context(store.hold(f"location:{n}"))
        await asyncio.gather(*(store.load(KEY) for _ in range(20)))
        busy = await rows(db, count)
    await until(db, count, 2)  # the server sees them go a moment later
    await store.close()
    await until(db, count, 0)

    assert busy == [(4,)]


async def test_a_restart_of_the_server_is_not_noticed(
    schema: str, db: "psycopg.AsyncConnection"
) -> None:
    """Connections that ended while nobody used them are replaced, without an error."""
    name = f"test {secrets.token_hex(4)}"
    store = postgres.PostgresStore(conninfo(schema, application_name=name))
    await asyncio.gather(*(save(store, install(str(n), n)) for n in range(4)))
    ended = await rows(
        db,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE application_name = '{name}'",
    )

    assert ended
    assert await asyncio.gather(*(store.load(f"location:{n}") for n in range(4))) == [
        install(str(n), n) for n in range(4)
    ]
    await store.close()


async def test_a_holder_who_lost_its_connection(schema: str, db: "psycopg.AsyncConnection") -> None:
    """A save whose transaction is gone fails, writes nothing, and leaves the row free."""
    name = f"test {secrets.token_hex(4)}"
    store = postgres.PostgresStore(conninfo(schema, application_name=name))
    await save(store, install(count=1))
    async with store.hold(KEY) as hold:
        await db.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE application_name = '{name}'"
        )
        with pytest.raises(Unavailable, match="try again") as raised:
            await hold.save(install(count=2))
    async with asyncio.timeout(5):
        before = await count_on(store)

    assert raised.value.maybe_applied is False
    assert before == 1
    await store.close()


async def test_settings_are_a_transactions_own(
    store: TokenStore, db: "psycopg.AsyncConnection"
) -> None:
    """A hold ends 45 s after its host vanished, and no session keeps what one needed."""
    idle = "SHOW idle_in_transaction_session_timeout"
    await store.claim("n", seconds=60)
    async with store.hold(KEY) as hold:
        durable, within = await rows(hold.db, "SHOW synchronous_commit"), await rows(hold.db, idle)
        await hold.save(install())
        after = await rows(hold.db, idle)

    assert within == [("45s",)]
    assert after == await rows(db, idle)
    assert durable == await rows(db, "SHOW synchronous_commit")


async def test_a_strict_database_is_no_hindrance(schema: str) -> None:
    """Holders take turns also where every transaction is serializable unless it says otherwise."""
    options = f"-csearch_path={schema} -cdefault_transaction_isolation=serializable"
    strict = psycopg.conninfo.make_conninfo(conninfo(schema), options=options)
    stores = [postgres.PostgresStore(strict) for _ in range(2)]
    async with asyncio.timeout(20):
        await asyncio.gather(*(count_on(stores[n % 2]) for n in range(12)))

    assert count_of(await stores[0].load(KEY)) == 12
    for store in stores:
        await store.close()


# --- holds and claims -----------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_save_ends_first(
    store: TokenStore, schema: str, db: "psycopg.AsyncConnection", times: int
) -> None:
    """A save that was begun is written, however often its caller is cancelled."""
    await save(store, install(count=1))
    await db.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_SCHEMA)); RETURN NEW; END'"
    )
    await db.execute(
        "CREATE TRIGGER slow BEFORE UPDATE ON ghl_notes_installs"
        " FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    await db.execute(f"SELECT pg_advisory_lock(hashtext('{schema}'))")
    lock = f"hashtext('{schema}')::oid::bigint"
    waits = f"SELECT count(*) FROM pg_locks WHERE objid::bigint = {lock} AND NOT granted"
    saving = asyncio.create_task(save(store, install(count=2)))
    await until(db, waits, 1)
    for _ in range(times):
        saving.cancel()
        await store.load(KEY)
    early = saving.done()
    await db.execute(f"SELECT pg_advisory_unlock(hashtext('{schema}'))")
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(saving, 5)

    assert not early
    assert count_of(await store.load(KEY)) == 2


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
async def test_a_holder_cancelled_twice_leaves_no_connection(
    schema: str, db: "psycopg.AsyncConnection", steps: int
) -> None:
    """However impatient its caller, a connection is given back or closed."""
    name, held = f"test {secrets.token_hex(4)}", asyncio.Event()
    store = postgres.PostgresStore(conninfo(schema, application_name=name))

    async def hold_for_ever() -> None:
        async with store.hold(KEY):
            held.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(hold_for_ever())
    await asyncio.wait_for(held.wait(), 5)
    holding.cancel()
    for _ in range(steps):
        await asyncio.sleep(0)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(holding, 5)
    idle = len(store._database._idle)
    await store.close()

    assert idle == 1
    await until(db, f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'", 0)


async def test_an_idle_connection_that_was_closed_is_replaced(store: TokenStore) -> None:
    """A connection that ended while nobody used it is no reason to fail."""
    await store.load(KEY)
    idle = [*store._database._idle]
    for one in idle:
        await one.close()
    await save(store, install(count=1))

    assert idle
    assert count_of(await store.load(KEY)) == 1


async def test_nobody_sees_the_place_of_an_install_that_is_not_there(
    store: TokenStore, db: "psycopg.AsyncConnection"
) -> None:
    """What a hold locks where nothing is stored yet is seen by no reader, and leaves nothing."""
    async with store.hold(KEY):
        within = await keys(store), await store.load(KEY)

    assert within == ([], None)
    assert await rows(db, "SELECT count(*) FROM ghl_notes_installs") == [(0,)]


async def test_a_hold_changes_only_its_own_install(store: TokenStore) -> None:
    """What would be written to a row that is not locked is refused."""
    await save(store, install(count=1))
    async with store.hold(KEY) as hold:
        with pytest.raises(ConfigurationError, match="another install"):
            await hold.save(install("other"))

    assert await keys(store) == [KEY]


async def test_claims_that_are_over_are_cleared_away(
    store: TokenStore, db: "psycopg.AsyncConnection", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table does not grow with every claim there ever was."""
    monkeypatch.setattr(postgres, "_SWEEP", 10)
    for n in range(30):
        await store.claim(f"n{n}", seconds=1e-6)
    left = await rows(db, "SELECT count(*) FROM ghl_notes_claims")

    assert left <= [(11,)]


@pytest.mark.parametrize("seconds", [5, 0])
async def test_a_claim_does_not_follow_a_clock_that_is_set_back(
    store: TokenStore, db: "psycopg.AsyncConnection", seconds: float
) -> None:
    """A claim of a time that is still to come lasts for its own seconds, and no hour longer."""
    await store.claim("n", seconds=60)
    await db.execute("UPDATE ghl_notes_claims SET made = made + 3600, ends = ends + 3600")
    claimed = await store.claim("n", seconds=seconds)
    left = await rows(
        db, "SELECT ends - extract(epoch FROM clock_timestamp()) FROM ghl_notes_claims"
    )

    assert not claimed
    assert (50,) <= left[0] <= (60,)


async def test_many_waiters_keep_no_connection_from_others(
    schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waits for installs that others hold take turns with holds that are free."""
    monkeypatch.setattr(postgres, "_SLICE_SECONDS", 0.1)
    other = postgres.PostgresStore(conninfo(schema))
    store = postgres.PostgresStore(conninfo(schema), connections=2)
    async with AsyncExitStack() as holds, asyncio.timeout(10):
        for n in range(4):
            await holds.enter_async_context(other.hold(f"location:{n}"))
        waiting = [asyncio.create_task(save(store, install(str(n)))) for n in range(4)]
        await asyncio.sleep(0.05)
        await save(store, install("free"))
        done = [one for one in waiting if one.done()]
        await holds.aclose()
        await asyncio.gather(*waiting)

    assert done == []
    assert len(await keys(store)) == 5
    await store.close()
    await other.close()


async def test_a_holder_that_stands_still_is_ended_by_the_server(
    store: TokenStore, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is free before those who wait for it give up, and its save says that it came late."""
    monkeypatch.setattr(postgres, "_LONGEST_HOLD", "300ms")
    await save(store, install(count=1))
    other = postgres.PostgresStore(conninfo(schema))
    async with store.hold(KEY) as hold:
        async with asyncio.timeout(5):
            before = await count_on(other)
        with pytest.raises(Unavailable):
            await hold.save(install(count=7))
    await other.close()

    assert before == 1
    assert count_of(await store.load(KEY)) == 2


# --- what is told ---------------------------------------------------------------------------


async def test_a_server_that_is_not_there() -> None:
    """Whoever cannot connect is told at once what to look at, without the password."""
    store = postgres.PostgresStore("postgresql://me:hush@127.0.0.1:1/test")
    for use in (store.load(KEY), save(store, install()), keys(store), store.claim("n", seconds=1)):
        with pytest.raises(Unavailable, match="see that it runs") as raised:
            await use

        assert raised.value.maybe_applied is False
        assert "hush" not in told(raised.value)
    await store.close()


async def test_a_database_that_is_not_there(schema: str) -> None:
    """The server's own words are passed on, without the password."""
    store = postgres.PostgresStore(conninfo(schema, dbname="no_such_database", password="hush"))
    with pytest.raises(Unavailable, match="no_such_database") as raised:
        await store.load(KEY)

    assert "hush" not in told(raised.value)
    await store.close()


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://me:hu@sh@127.0.0.1/test",
        "postgresql://me:hu/sh@127.0.0.1/test",
        "postgresql://me:12/sh@127.0.0.1/test",
        "postgresql://me:hu%sh@127.0.0.1/test",
        "host=127.0.0.1 password=hu sh",
        "postgresql://me:hush@caf\udce9/test",
        "hush",
    ],
)
def test_a_conninfo_that_cannot_be_read(conninfo: str) -> None:
    """A password that breaks its URL is not told, but how to write it."""
    with pytest.raises(ConfigurationError, match="percent-encode") as raised:
        postgres.PostgresStore(conninfo)

    assert "hu" not in str(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


async def test_a_value_that_cannot_be_used_is_no_outage() -> None:
    """What libpq refuses before it asks a server is a fault of the arguments, and stays one."""
    places = [":99999/test", ":0/test", ":abc/test", ":1/test?sslmode=maybe"]
    places += [":1/test?keepalives_idle=soon", ":1/test?target_session_attrs=best"]
    for place in places:
        store = postgres.PostgresStore(f"postgresql://me:hush@127.0.0.1{place}")
        with pytest.raises(HighLevelError) as raised:
            await store.load(KEY)
        assert type(raised.value) is ConfigurationError, place
        assert "hush" not in told(raised.value), place
        await store.close()


PASSING = [
    *("08006", "25006", "25P03", "40001", "40P01", "53000", "53100", "53200", "53300", "53400"),
    *("55000", "55006", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "58000", "58030"),
    *("25P02", "0A000", "XX000"),
]
HOPELESS = [
    *("22001", "22021", "23505", "23514", "3F000", "42501", "42703", "42P01", "42804", "XX001"),
]


def test_what_the_server_says_passes_or_does_not() -> None:
    """Only what no later try mends is a fault of the arguments; all else is to be tried again."""
    for codes, expected in ((PASSING, Unavailable), (HOPELESS, ConfigurationError)):
        for code in codes:
            error = psycopg.errors.lookup(code)("in a bad moment")
            assert type(database._failure(error)) is expected, code


async def test_a_standby_may_become_a_primary(schema: str, db: "psycopg.AsyncConnection") -> None:
    """A database that takes no writes for the moment is no fault of the arguments."""
    options = f"-csearch_path={schema} -cdefault_transaction_read_only=on"
    standby = psycopg.conninfo.make_conninfo(conninfo(schema), options=options)
    for made in (False, True):
        store = postgres.PostgresStore(standby)
        uses = [lambda s=store: save(s, install()), lambda s=store: s.claim("n", seconds=1)]
        for use in uses if made else [*uses, lambda s=store: s.load(KEY)]:
            with pytest.raises(Unavailable, match="read-only"):
                await use()
        loaded = await store.load(KEY) if made else None
        await store.close()
        primary = postgres.PostgresStore(conninfo(schema))
        await save(primary, install())
        await primary.close()

    assert loaded == install()


async def test_an_error_tells_no_token(store: TokenStore, db: "psycopg.AsyncConnection") -> None:
    """PostgreSQL quotes the row in the details of some errors; ours do not."""
    await save(store, install(count=1))
    await db.execute("ALTER TABLE ghl_notes_installs ADD CHECK (refresh_token <> 'refresh 2')")
    with pytest.raises(ConfigurationError, match="check constraint") as raised:
        await save(store, install(count=2))

    assert "access 2" not in told(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    assert count_of(await store.load(KEY)) == 1


async def test_an_id_with_a_nul(store: TokenStore) -> None:
    """PostgreSQL's texts hold no NUL, so such an id is refused."""
    for use in (
        store.load("location:\0"),
        save(store, install("\0")),
        store.claim("\0", seconds=1),
    ):
        with pytest.raises(ConfigurationError, match="NUL"):
            await use
