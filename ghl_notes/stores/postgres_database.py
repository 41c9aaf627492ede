"""The database behind ``PostgresStore``: its connections, its schema, and what its errors mean."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeAlias

import psycopg
from attrs import frozen
from psycopg import AsyncConnection, IsolationLevel
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.stores.finishing import finished
from ghl_notes.stores.forking import OwnProcess

__all__ = ["ALONE", "CLAIMS", "INSTALLS", "Connection", "PostgresDatabase", "explained"]

Connection: TypeAlias = AsyncConnection[TupleRow]
Values: TypeAlias = Sequence[object] | Mapping[str, object]

INSTALLS: Final = "ghl_notes_installs"
CLAIMS: Final = "ghl_notes_claims"


@frozen
class _Table:
    """A table as it was first, and what ``ALTER TABLE`` made of it with each later version."""

    columns: str
    steps: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The newest version, which stands in the table's comment."""
        return 1 + len(self.steps)


# "C" is the order of code points, which every store lists by.
_TABLES: Final = {
    INSTALLS: _Table(
        """
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
        """,
        # Nullable, since a process of the version before may still write rows.
        ("ADD provider text, ADD client_id text, ADD in_doubt_since double precision",),
    ),
    CLAIMS: _Table(
        """
        name text COLLATE "C" PRIMARY KEY,
        ends double precision NOT NULL
        """
    ),
}
# Not to_regclass, which may still miss what was created while its transaction waited.
_FOUND: Final = """
SELECT obj_description(oid, 'pg_class') FROM pg_class
WHERE relname = %s AND pg_table_is_visible(oid)
"""
ALONE: Final = f"SELECT pg_advisory_xact_lock({0x67686C6E})"  # "ghln"
"""The lock of those who create the tables, change them, or adopt what is in them."""
# To alter a table is to wait for all who use it, and meanwhile all others wait too.
_ALTER_PATIENCE: Final = "SET LOCAL lock_timeout = '10s'"

_ANSWER_SECONDS: Final = 30.0
_KEPT: Final = 2  # connections that nobody uses
# What the conninfo may say otherwise. A host that vanished is noticed within half a minute.
_DEFAULTS: Final = {
    "application_name": "ghl_notes",
    "client_encoding": "UTF8",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}


class PostgresDatabase:
    """Some connections to one database, opened when they are needed.

    The first use creates the tables, or sees that they are ours. Nothing of a session is relied
    on (no prepared statements, no settings), so that a pooler may change the server's connection
    with each transaction.
    """

    def __init__(self, conninfo: str, *, connections: int) -> None:
        self._settings: dict[str, Any] = {**_settings(conninfo), "prepare_threshold": None}
        self._connections = connections
        self._places = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []
        self._is_prepared = False
        self._process = OwnProcess()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection. What is not committed when it is given back is rolled back."""
        self._process.check()
        idle = self._idle
        async with self._places:
            async with explained():
                db = await self._connection(idle)
            try:
                yield db
            finally:
                await finished(self._give_back(db, idle))

    async def run(
        self, statement: str, values: Values = (), *, lasting: bool = True
    ) -> list[TupleRow]:
        """Run a statement as one transaction, and return its rows.

        One that is not ``lasting`` may be forgotten by a crash of the server soon after.
        """
        async with self.transaction() as db, explained():
            if not lasting:
                await db.execute("SET LOCAL synchronous_commit = off")
            done = await db.execute(statement, values)
            rows = await done.fetchall() if done.description else []
            await db.commit()
            return rows

    async def close(self) -> None:
        """Close the connections, those that are lent when they are given back."""
        idle, self._idle = self._idle, []
        self._places = asyncio.Semaphore(self._connections)  # perhaps for another event loop
        for db in idle:
            await db.close()

    async def _connection(self, idle: list[Connection]) -> Connection:
        while idle:
            db = idle.pop()
            if _is_quiet(db):
                return db
            await db.close()
        db = await AsyncConnection.connect(**self._settings)
        try:
            # Said with each BEGIN: who waited for a lock must see what was written meanwhile.
            await db.set_isolation_level(IsolationLevel.READ_COMMITTED)
            if not self._is_prepared:
                await _prepare(db)
                await db.commit()
                self._is_prepared = True
        except BaseException:
            await db.close()
            raise
        return db

    async def _give_back(self, db: Connection, idle: list[Connection]) -> None:
        with suppress(TimeoutError, psycopg.Error):  # what is lost, the server rolls back
            async with asyncio.timeout(_ANSWER_SECONDS):
                await db.rollback()
            if idle is self._idle and len(idle) < _KEPT:
                idle.append(db)
                return
        await db.close()


@asynccontextmanager
async def explained(seconds: float | None = _ANSWER_SECONDS) -> AsyncIterator[None]:
    """Raise what the database says as ``Unavailable`` or ``ConfigurationError``.

    The original is not kept: its details may hold the row, and with it the tokens.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (
        TimeoutError,
        psycopg.OperationalError,
        psycopg.errors.IdleInTransactionSessionTimeout,  # the hold took too long
    ) as error:
        said = _said(error)
        msg = f"PostgresStore: the database cannot be used now ({said}); see that it runs, that"
        msg += " its address and password are right, and try again"
        raise Unavailable(msg, maybe_applied=False) from None
    except psycopg.errors.InsufficientPrivilege as error:
        msg = f"PostgresStore: {_said(error)}; the role needs SELECT, INSERT, UPDATE and DELETE on"
        msg += f" {INSTALLS} and {CLAIMS}, and CREATE on the schema until they exist; where they"
        msg += " are of an older version, their owner must open the store once, to change them"
        raise ConfigurationError(msg) from None
    except psycopg.Error as error:
        msg = f"PostgresStore: the database cannot be used as a store ({_said(error)})"
        raise ConfigurationError(msg) from None


def _said(error: Exception) -> str:
    if isinstance(error, psycopg.Error):
        return error.diag.message_primary or str(error) or type(error).__name__
    return f"no answer within {_ANSWER_SECONDS:.0f} s"


def _settings(conninfo: str) -> dict[str, object]:
    try:
        given = conninfo_to_dict(conninfo)
    except psycopg.Error:
        given = None  # whose error would quote it
    if given is None:
        msg = "PostgresStore: the conninfo cannot be read; percent-encode a password in a URL"
        raise ConfigurationError(msg)
    # libpq quotes these in its errors.
    if any("@" in str(given.get(name, "")) for name in ("host", "port", "dbname")):
        msg = "PostgresStore: the conninfo's password holds an @ or a /: percent-encode it"
        raise ConfigurationError(msg)
    return {**_DEFAULTS, **given}


def _is_quiet(db: Connection) -> bool:
    # To a connection that nobody uses a server only says that it ends.
    with selectors.DefaultSelector() as selector:
        selector.register(db.fileno(), selectors.EVENT_READ)
        return not selector.select(0)


async def _prepare(db: Connection) -> None:
    """Make sure that the tables are ours, and bring them up to date, one process at a time."""
    if not await _outdated(db):
        return
    await db.execute(ALONE)
    await db.execute(_ALTER_PATIENCE)
    for name, version in (await _outdated(db)).items():
        table = _TABLES[name]
        if version == 0:
            await db.execute(f"CREATE TABLE {name} ({table.columns})")
        for step in table.steps[max(version - 1, 0) :]:
            await db.execute(f"ALTER TABLE {name} {step}")
        await db.execute(f"COMMENT ON TABLE {name} IS 'ghl_notes {table.version}'")


async def _outdated(db: Connection) -> dict[str, int]:
    """Name the tables that are to be made or changed, with their versions, 0 for what is not."""
    found = {name: await _version(db, name) for name in _TABLES}
    return {name: version for name, version in found.items() if version < _TABLES[name].version}


async def _version(db: Connection, table: str) -> int:
    found = await (await db.execute(_FOUND, [table])).fetchone()
    if found is None:
        return 0
    program, _, version = (found[0] or "").partition(" ")
    if program != "ghl_notes" or not version.isdecimal():
        msg = f"PostgresStore: the table {table} is not one of this library: choose another schema"
        raise ConfigurationError(msg)
    if int(version) > _TABLES[table].version:
        msg = f"PostgresStore: the table {table} was written by a newer ghl_notes: update this one"
        raise ConfigurationError(msg)
    return int(version)
