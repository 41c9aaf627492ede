"""The database behind ``PostgresStore``: its connections, and what its errors mean."""

import asyncio
import re
import selectors
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.stores.finishing import finished
from ghl_notes.stores.forking import OwnLoop, OwnProcess
from ghl_notes.stores.postgres_schema import CLAIMS, INSTALLS, Connection, prepare
from ghl_notes.stores.waiting import Wait, acquired

__all__ = [
    "LockNotAvailable",
    "PostgresDatabase",
    "answered",
]

R = TypeVar("R")

Values: TypeAlias = Sequence[object] | Mapping[str, object]

# The beginnings of the codes of errors that stay. All others may pass: a standby, a full disk, too
# many connections (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_HOPELESS: Final = (
    "22",  # a value that the server cannot hold
    "23",  # a constraint that was added by hand
    "3F",  # no schema to work in
    "42",  # tables that were changed, or rights that are missing
    "XX001",  # damaged data
    "XX002",  # a damaged index
)
# What libpq says of a value that it cannot use, before it asks any server.
_WRONG_VALUE: Final = r'\binvalid (?:port number: |integer value |[a-z_]+ value: )"'
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
        self._is_prepared = False
        self._process = OwnProcess()
        self._loop = OwnLoop(self._renew)
        self._idle: list[Connection] = []
        self._renew()

    def _renew(self) -> AsyncExitStack:
        closing = AsyncExitStack()
        for db in self._idle:
            closing.push_async_callback(db.close)
        self._idle = []
        self._places = asyncio.Semaphore(self._connections)
        self._holds = asyncio.Semaphore(self._connections - 1)
        return closing

    async def check(self) -> None:
        """Raise ``ConfigurationError`` in another process, and in another loop of this one."""
        self._process.check()
        await self._loop.check()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection. What is not committed when it is given back is rolled back."""
        await self.check()
        idle = self._idle
        async with self._places:
            db = await answered(self._connection(idle))
            try:
                yield db
            finally:
                await finished(self._give_back(db, idle))

    @asynccontextmanager
    async def holding(self, wait: Wait) -> AsyncIterator[Connection | None]:
        """Lend a connection for a hold, None if there is none in time. One is left for ``run``."""
        holds = self._holds
        if not await acquired(holds, wait):
            yield None
            return
        try:
            async with self.transaction() as db:
                yield db
        finally:
            holds.release()

    async def run(
        self, statement: str, values: Values = (), *, lasting: bool = True
    ) -> list[TupleRow]:
        """Run a statement as one transaction, and return its rows.

        One that is not ``lasting`` may be forgotten by a crash of the server soon after.
        """
        async with self.transaction() as db:
            return await answered(_run(db, statement, values, lasting=lasting))

    async def close(self) -> None:
        """Close the connections, those that are lent when they are given back."""
        self._process.check()
        await self._loop.close()

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
                await prepare(db)
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


async def _run(db: Connection, statement: str, values: Values, *, lasting: bool) -> list[TupleRow]:
    if not lasting:
        await db.execute("SET LOCAL synchronous_commit = off")
    done = await db.execute(statement, values)
    rows = await done.fetchall() if done.description else []
    await db.commit()
    return rows


async def answered(work: Awaitable[R]) -> R:
    """Await a reply; raise ``Unavailable`` or ``ConfigurationError`` for a refusal.

    The original is not kept: its details may hold the row, and with it the tokens.
    """
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await work
    except HighLevelError:
        raise
    except (TimeoutError, psycopg.Error, OSError, ValueError) as error:
        failure = _failure(error)
    raise failure


def _failure(error: Exception) -> HighLevelError:
    reason = _reason(error)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        msg = f"PostgresStore: {reason}; the role needs SELECT, INSERT, UPDATE and DELETE on"
        msg += f" {INSTALLS} and {CLAIMS}, and CREATE on the schema until they exist; where they"
        msg += " are of an older version, their owner must open the store once, to change them"
        return ConfigurationError(msg)
    if _is_hopeless(error):
        msg = f"PostgresStore: the database cannot be used as a store ({reason})"
        return ConfigurationError(msg)
    msg = f"PostgresStore: the database cannot be used now ({reason}); see that it runs, that"
    msg += " its address and password are right, and try again"
    return Unavailable(msg, maybe_applied=False, waited=isinstance(error, TimeoutError))


def _is_hopeless(error: Exception) -> bool:
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return error.sqlstate.startswith(_HOPELESS)
    if isinstance(error, psycopg.OperationalError) and re.search(_WRONG_VALUE, str(error)):
        return True
    # Without the server: a value that it cannot hold, or a libpq that is too old.
    wrong = (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError, ValueError)
    return isinstance(error, wrong)


def _reason(error: Exception) -> str:
    if isinstance(error, psycopg.Error):
        return error.diag.message_primary or str(error) or type(error).__name__
    if isinstance(error, TimeoutError):
        return f"no answer within {_ANSWER_SECONDS:.0f} s"
    return str(error)


def _settings(conninfo: str) -> dict[str, object]:
    try:
        given = conninfo_to_dict(conninfo)
    except (psycopg.Error, UnicodeError):
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
    if db.closed:
        return False
    # To a connection that nobody uses a server only says that it ends.
    with selectors.DefaultSelector() as selector:
        selector.register(db.fileno(), selectors.EVENT_READ)
        return not selector.select(0)
