"""The store for many machines: PostgreSQL (extra ``postgres``)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from attrs import define, field

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.stores.finishing import finished
from ghl_notes.stores.postgres_database import (
    LockNotAvailable,
    PostgresDatabase,
    answered,
)
from ghl_notes.stores.postgres_schema import ALONE, CLAIMS, INSTALLS, Connection
from ghl_notes.stores.protocol import Overtaken
from ghl_notes.stores.rows import ADOPT, COLUMNS, IS_UNKNOWN, readable, to_row, to_stored
from ghl_notes.stores.secrecy import Secretive
from ghl_notes.stores.waiting import HOLD_SECONDS, Crowded, Turns, Wait, checked_timeout, too_late

__all__ = ["PostgresStore"]

# ruff: noqa: S608 - the statements are made of our own names
_NAMES: Final = ", ".join(COLUMNS)
_LOAD: Final = f"SELECT {_NAMES} FROM {INSTALLS} WHERE key = %s"
_LIST: Final = f"SELECT {_NAMES} FROM {INSTALLS} ORDER BY key"
# A row to lock where there is none. It is never committed, so nobody else sees it.
_PLACE: Final = f"""
INSERT INTO {INSTALLS} (key, user_type, scopes, access_token, issued_at, expires_at)
VALUES (%s, '', '', '', 0, 0) ON CONFLICT (key) DO NOTHING
"""
_LOCK: Final = f"{_LOAD} FOR UPDATE"
_MARKS: Final = ", ".join(f"{name} = %s" for name in COLUMNS)
_SAVE: Final = f"UPDATE {INSTALLS} SET {_MARKS} WHERE key = %s"
_DELETE: Final = f"DELETE FROM {INSTALLS} WHERE key = %s"
_UNKNOWN: Final = IS_UNKNOWN.format(provider="%(provider)s::text")
_ANY_UNKNOWN: Final = f"SELECT 1 FROM {INSTALLS} WHERE {_UNKNOWN} LIMIT 1"
_ADOPT: Final = f"""
WITH unknown AS (DELETE FROM {INSTALLS} WHERE {_UNKNOWN} RETURNING *)
""" + ADOPT.format(
    installs=INSTALLS,
    prefix="%(prefix)s::text",
    provider="%(provider)s::text",
    client_id="%(client_id)s::text",
    unknown="unknown",
)
# The server ends a holder that is stopped or whose host vanished, before others give up waiting.
_LONGEST_HOLD: Final = "45s"
_PATIENCE: Final = """
SELECT set_config('idle_in_transaction_session_timeout', %s, true),
    set_config('lock_timeout', %s, true)
"""
# A wait for one install gives its connection back after so long, for those of other installs.
_SLICE_SECONDS: Final = 2.0
# A row that is locked names the transaction that did it. One that is not there yet does not.
_HOLDER: Final = f"""
SELECT pid, application_name, host(client_addr) FROM {INSTALLS} AS install
JOIN pg_locks AS lock ON lock.transactionid = install.xmax AND lock.granted
JOIN pg_stat_activity USING (pid) WHERE key = %s
"""

_NOW: Final = "extract(epoch FROM clock_timestamp())"  # of one clock, for all machines
_REMEMBER: Final = f"""
INSERT INTO {CLAIMS} (name, made, ends) VALUES (%s, {_NOW}, {_NOW} + %s)
ON CONFLICT (name) DO UPDATE SET made = EXCLUDED.made, ends = EXCLUDED.ends
"""
_CLAIM: Final = f"{_REMEMBER} WHERE {CLAIMS}.ends <= {_NOW} RETURNING true"
# What was claimed at a time that is still to come was claimed before the clock was set back, or on
# another server. It lasts as long from now on, at most.
_FOLLOW_CLOCK: Final = f"""
UPDATE {CLAIMS} SET made = {_NOW}, ends = {_NOW} + ends - made WHERE name = %s AND made > {_NOW}
"""
_FIND: Final = f"""
SELECT made > {_NOW} FROM {CLAIMS} WHERE name = %s AND ends > {_NOW} AND ends > made
"""
_FORGET: Final = f"DELETE FROM {CLAIMS} WHERE name = %s"
# Two that sweep at once must not wait for each other.
_CLEAR: Final = f"""
DELETE FROM {CLAIMS} WHERE name IN (
    SELECT name FROM {CLAIMS} WHERE ends <= {_NOW} FOR UPDATE SKIP LOCKED
)
"""
# Claims that are over are cleared away once in so many.
_SWEEP: Final = 1000


@define
class _Held:
    db: Connection
    key: str
    stored: StoredInstall | None
    changed: bool = field(default=False, init=False)

    async def save(self, stored: StoredInstall) -> None:
        await finished(self._change(_SAVE, [*to_row(stored), stored.install.key]))
        self.stored = stored

    async def delete(self) -> None:
        await finished(self._change(_DELETE, [self.key]))
        self.stored = None

    async def _change(self, statement: str, values: Sequence[object]) -> None:
        if self.changed:
            msg = f"the hold on {self.key} ended with its first change; hold it again"
            raise Overtaken(msg)
        await answered(self._execute(statement, values))
        self.changed = True

    async def _execute(self, statement: str, values: Sequence[object]) -> None:
        done = await self.db.execute(statement, values)
        if done.rowcount != 1:
            msg = f"the hold on {self.key} cannot change another install"
            raise ConfigurationError(msg)
        await self.db.commit()


class PostgresStore(Secretive):
    """Keeps installs in the tables ``ghl_notes_installs`` and ``ghl_notes_claims`` of a database.

    Safe for any number of processes and machines. Lock, token and commit are one transaction: a
    hold is a row lock, a save commits it and ends it, and a holder that dies frees the row at
    once. One that is stopped, or whose machine vanished, is ended by the server after 45 s.
    A caller who waits for a hold for ``hold_timeout`` seconds gets ``Unavailable``, which names the
    holder; so does one for whom no connection was free, which is said. A save is as durable as the
    server's ``synchronous_commit``. Claims go by the server's clock, and the last of them may be
    lost with its power.

    Works behind a pooler in transaction mode. Each store opens ``connections`` at most, when they
    are needed, and one of them is always free of holds, so that reading never waits for them. The
    tables are created on first use if they are missing; without CREATE on the schema, let another
    role do it once. A table that is not ours, or newer, raises ``ConfigurationError`` and is left
    alone. What passes, as a standby or a full disk, is ``Unavailable``. An id cannot hold a NUL.
    Belongs to the process and to the event loop that uses it first, and to the next loop when that
    one is closed; another one gets ``ConfigurationError``.

    ``conninfo`` is libpq's, a URL or ``key=value`` words. On Windows, psycopg needs a
    ``SelectorEventLoop``. Tokens are written as they are: ``Sealed`` encrypts them.
    """

    def __init__(
        self, conninfo: str, *, connections: int = 10, hold_timeout: float = HOLD_SECONDS
    ) -> None:
        if connections < 2:  # noqa: PLR2004 - said in the message
            msg = "PostgresStore: connections must be 2 at least, so that one is free for readers"
            raise ConfigurationError(msg)
        self._hold_timeout = checked_timeout(hold_timeout, "PostgresStore")
        self._turns = Turns()
        self._database = PostgresDatabase(conninfo, connections=connections)
        self._claimed = 0

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        rows = await self._database.run(_LOAD, [key])
        return to_stored(rows[0]) if rows else None

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, among all machines, to change the install under ``key``.

        It ends with the first change: another one raises ``Overtaken``.
        """
        await self._database.check()
        wait = Wait.of(self._hold_timeout)
        async with self._turns.taken(key, wait) as is_our_turn:
            is_held = not is_our_turn
            while is_our_turn and wait.left:
                async with self._database.holding(wait) as db:
                    held = await answered(_held(db, key, wait)) if db is not None else None
                    if held is not None:
                        yield held
                        return
                    is_held = is_held or db is not None
            raise await self._too_late(key) if is_held else self._crowded()

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key, as they stood at the first step."""
        for stored in readable(await self._database.run(_LIST), to_stored):
            yield stored

    async def adopt(self, *, provider: str, client_id: str) -> None:
        """Make all installs of that provider whose app is unknown those of this app."""
        prefix = Owner(provider, client_id).prefix
        values = {"provider": provider, "client_id": client_id, "prefix": prefix}
        if not await self._database.run(_ANY_UNKNOWN, values):
            return
        async with self._database.transaction() as db:
            await answered(_adopt(db, values))

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        if seconds <= 0:
            return await self._is_free(name)
        self._claimed += 1
        if self._claimed % _SWEEP == 1:  # the first too: a process may make no more
            await self._database.run(_CLEAR, lasting=False)
        if await self._database.run(_CLAIM, [name, seconds], lasting=False):
            return True
        await self._database.run(_FOLLOW_CLOCK, [name], lasting=False)
        return False

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        await self._database.run(_REMEMBER, [name, seconds], lasting=False)

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        await self._database.run(_FORGET, [name], lasting=False)

    async def close(self) -> None:
        """Close the connections. The store opens them again if it is used again."""
        await self._database.close()

    async def _is_free(self, name: str) -> bool:
        found = await self._database.run(_FIND, [name])
        if found and found[0][0]:  # the clock was set back
            await self._database.run(_FOLLOW_CLOCK, [name], lasting=False)
        return not found

    def _crowded(self) -> Crowded:
        msg = f"PostgresStore: no connection for a hold was free in {self._hold_timeout:g} s:"
        return Crowded(f"{msg} there are too many at once for its connections=")

    async def _too_late(self, key: str) -> Unavailable:
        holder = "another connection"
        with suppress(HighLevelError):  # it is only for the message
            for pid, program, host in await self._database.run(_HOLDER, [key]):
                holder = f"the server's process {pid} ({program}, {host or 'local'})"
        return too_late(f"PostgresStore: the install {key}", self._hold_timeout, holder)


async def _adopt(db: Connection, values: Mapping[str, str]) -> None:
    await db.execute(ALONE)
    await db.execute(_ADOPT, values)
    await db.commit()


async def _held(db: Connection, key: str, wait: Wait) -> _Held | None:
    """Hold an install; None if another process goes on holding it."""
    milliseconds = max(1, round(1000 * min(_SLICE_SECONDS, wait.left)))
    await db.execute(_PATIENCE, [_LONGEST_HOLD, f"{milliseconds}ms"])
    try:
        return _Held(db, key, await _locked(db, key))
    except LockNotAvailable:
        return None


async def _locked(db: Connection, key: str) -> StoredInstall | None:
    while True:
        if (await db.execute(_PLACE, [key])).rowcount == 1:
            return None
        row = await (await db.execute(_LOCK, [key])).fetchone()
        if row is not None:
            return to_stored(row)
        # Whom we waited for has deleted it.
