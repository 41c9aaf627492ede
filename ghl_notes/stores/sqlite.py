"""The embedded store: one SQLite file, for all processes of one machine."""

import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from attrs import define

from ghl_notes.errors import HighLevelError
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.stores.file_locks import FileLocks, whole_path
from ghl_notes.stores.older_locks import held_as_before
from ghl_notes.stores.rows import ADOPT, COLUMNS, IS_UNKNOWN, Cell, readable, to_row, to_stored
from ghl_notes.stores.sqlite_backup import backed_up, check_backup
from ghl_notes.stores.sqlite_file import BUSY_SECONDS, Schema, SQLiteFile
from ghl_notes.stores.waiting import HOLD_SECONDS, checked_timeout

__all__ = ["SQLiteStore"]

_SCHEMA: Final = Schema(
    "SQLiteStore",
    0x67686C6E,  # "ghln", so that another program's file is recognised
    (
        (
            """
            CREATE TABLE installs (
                key TEXT PRIMARY KEY,
                user_type TEXT NOT NULL,
                location_id TEXT,
                company_id TEXT,
                user_id TEXT,
                scopes TEXT NOT NULL,
                access_token TEXT NOT NULL,
                refresh_token TEXT,
                issued_at REAL NOT NULL,
                expires_at REAL NOT NULL
            ) WITHOUT ROWID
            """,
        ),
        (
            "ALTER TABLE installs ADD COLUMN installed_at REAL",
            "ALTER TABLE installs ADD COLUMN spent_at REAL",
            # When it was installed was not kept; the token proves that it was by then.
            "UPDATE installs SET installed_at = issued_at",
            "CREATE TABLE claims (name TEXT PRIMARY KEY, ends REAL NOT NULL) WITHOUT ROWID",
        ),
        (
            # Their app was not stored: see adopt().
            "ALTER TABLE installs ADD COLUMN provider TEXT",
            "ALTER TABLE installs ADD COLUMN client_id TEXT",
            "ALTER TABLE installs ADD COLUMN in_doubt_since REAL",
        ),
        ("ALTER TABLE claims ADD COLUMN made REAL NOT NULL DEFAULT 0",),
    ),
)
_NAMES: Final = ", ".join(COLUMNS)
_LOAD: Final = f"SELECT {_NAMES} FROM installs WHERE key = ?"  # noqa: S608 - our own names
_LIST: Final = f"SELECT {_NAMES} FROM installs ORDER BY key"  # noqa: S608 - our own names
_MARKS: Final = ", ".join("?" * len(COLUMNS))
_SAVE: Final = f"INSERT OR REPLACE INTO installs ({_NAMES}) VALUES ({_MARKS})"  # noqa: S608 - as above
_UNKNOWN: Final = IS_UNKNOWN.format(provider=":provider")
_UNKNOWN_KEYS: Final = f"SELECT key FROM installs WHERE {_UNKNOWN}"  # noqa: S608 - as above
_ADOPT: Final = ADOPT.format(
    installs="installs",
    prefix=":prefix",
    provider=":provider",
    client_id=":client_id",
    unknown=f"installs WHERE {_UNKNOWN}",
)
_DROP_UNKNOWN: Final = f"DELETE FROM installs WHERE {_UNKNOWN}"  # noqa: S608 - as above
_REMEMBER: Final = """
INSERT INTO claims (name, made, ends) VALUES (:name, :now, :ends)
ON CONFLICT (name) DO UPDATE SET made = :now, ends = :ends
"""
_CLAIM: Final = f"{_REMEMBER} WHERE claims.ends <= :now"
# What was claimed at a time that is still to come was claimed before the clock was set back. It
# lasts as long from now on, at most.
_FOLLOW_CLOCK: Final = """
UPDATE claims SET made = :now, ends = :now + ends - made WHERE name = :name AND made > :now
"""
_FIND: Final = "SELECT made, ends FROM claims WHERE name = ?"
# Claims that are over are cleared away once in so many.
_SWEEP: Final = 1000


@define
class _Held:
    file: SQLiteFile
    key: str
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        await self._change(_SAVE, to_row(stored))
        self.stored = stored

    async def delete(self) -> None:
        await self._change("DELETE FROM installs WHERE key = ?", [self.key])
        self.stored = None

    async def _change(self, statement: str, values: Sequence[Cell]) -> None:
        await self.file.run(lambda db: db.execute(statement, values), into_file=True)


class SQLiteStore:
    """Keeps installs in one file of mode 0600, shared by the processes of one machine.

    Every save is one transaction, on disk when it returns. Database work runs in threads, and an
    object may be used from any number of threads and event loops. Holds are file locks in the
    folder ``<path>-locks``, one for each install, so they end with a process that dies. One that
    is stopped (a debugger, ``docker pause``) keeps others from what it holds for ``hold_timeout``
    seconds; then they get ``Unavailable``, which names it. On Windows, which has no such locks,
    use the file from one process only.

    Keep it on a local disk. Symbolic links may lead to the file; hard links are refused, and into
    a container goes its folder, not the file alone. A file of an older version is brought up to
    date when it is opened. Raises ``ConfigurationError`` for a file that is not a store of this
    library, is damaged, read-only or newer, and leaves it as it was; ``Unavailable`` for what
    passes, as a full disk. Tokens are written as they are: ``Sealed`` encrypts them.

    To back it up, call ``backup`` (or ``ghl-notes installs backup``), which copies one moment
    while others write. A plain copy of the file has all that was saved before it began, without
    what stands beside it. Before a copy is put back, stop all who use the store and remove its
    ``-wal`` and ``-shm``. A refresh token works once: installs that were renewed after the copy
    was taken are spent in it, and their users must install the app again.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        hold_timeout: float = HOLD_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        whole = self._path = whole_path(path)
        self._hold_timeout = checked_timeout(hold_timeout, "SQLiteStore")
        self._clock = clock
        self._claimed = 0
        self._locks = FileLocks(whole)
        file = partial(
            SQLiteFile, whole, self._locks, _SCHEMA, patience=min(BUSY_SECONDS, hold_timeout)
        )
        self._installs = file(synchronous="FULL")
        # A claim that is lost with the power lets one webhook in twice, at worst.
        self._claims = file(synchronous="NORMAL")

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        row = await self._installs.run(lambda db: db.execute(_LOAD, (key,)).fetchone())
        return None if row is None else to_stored(row)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, among all processes, to change the install under ``key``."""
        async with self._locks.held(key, seconds=self._hold_timeout):
            yield _Held(self._installs, key, await self.load(key))

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key, as they stood at the first step."""
        rows = await self._installs.run(lambda db: db.execute(_LIST).fetchall())
        for stored in readable(rows, to_stored):
            yield stored

    async def adopt(self, *, provider: str, client_id: str) -> None:
        """Make all installs of that provider whose app is unknown those of this app."""
        prefix = Owner(provider, client_id).prefix
        values = {"provider": provider, "client_id": client_id, "prefix": prefix}

        def work(db: sqlite3.Connection) -> None:
            if db.execute(_UNKNOWN_KEYS, values).fetchone() is None:
                return
            db.execute("BEGIN IMMEDIATE")  # so that none is added whose lock is not held
            keys = [key for (key,) in db.execute(_UNKNOWN_KEYS, values).fetchall()]
            with held_as_before(self._path, keys):
                db.execute(_ADOPT, values)
                db.execute(_DROP_UNKNOWN, values)
                db.commit()

        await self._installs.run(work, into_file=True)

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        if seconds <= 0:
            return await self._claims.run(partial(self._is_free, name))
        self._claimed += 1
        sweep = self._claimed % _SWEEP == 1  # the first too: a process may make no more

        def work(db: sqlite3.Connection) -> bool:
            values = self._begun(db, name, seconds)
            if sweep:
                db.execute("DELETE FROM claims WHERE ends <= :now", values)
            is_first = db.execute(_CLAIM, values).rowcount == 1
            if not is_first:
                db.execute(_FOLLOW_CLOCK, values)
            return is_first

        return await self._claims.run(work)

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(_REMEMBER, self._begun(db, name, seconds))

        await self._claims.run(work)

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        await self._claims.run(lambda db: db.execute("DELETE FROM claims WHERE name = ?", (name,)))

    async def backup(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> int:
        """Copy the store to a file, and return how many installs the copy has.

        It is the store at one moment, whatever is written meanwhile, has mode 0600, and is there
        when all of it is. A file that is there already is replaced only with ``overwrite``.
        Raises ``ConfigurationError`` for a place that cannot be used, and where there is no store.
        """
        target = whole_path(path)
        check_backup(self._path, target, overwrite=overwrite)
        outcome = await self._installs.run(partial(backed_up, target=target, overwrite=overwrite))
        if isinstance(outcome, HighLevelError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Close the file. The store opens it again if it is used again."""
        await self._installs.close()
        await self._claims.close()

    def _begun(self, db: sqlite3.Connection, name: str, seconds: float) -> dict[str, Cell]:
        """Begin to write, and only then read the clock: nothing is written between the two."""
        db.execute("BEGIN IMMEDIATE")
        now = self._clock()
        return {"name": name, "now": now, "ends": now + seconds}

    def _is_free(self, name: str, db: sqlite3.Connection) -> bool:
        made, ends = db.execute(_FIND, (name,)).fetchone() or (0.0, 0.0)
        now = self._clock()
        if made > now:  # the clock was set back
            db.execute(_FOLLOW_CLOCK, {"name": name, "now": now})
            ends = now + ends - made
        return bool(ends <= now)
