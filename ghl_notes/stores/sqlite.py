"""The embedded store: one SQLite file, for all processes of one machine."""

import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from attrs import define

from ghl_notes.models import StoredInstall
from ghl_notes.stores.file_locks import FileLocks
from ghl_notes.stores.rows import COLUMNS, readable, to_row, to_stored
from ghl_notes.stores.sqlite_file import Schema, SQLiteFile

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
    ),
)
_NAMES: Final = ", ".join(COLUMNS)
_LOAD: Final = f"SELECT {_NAMES} FROM installs WHERE key = ?"  # noqa: S608 - our own names
_LIST: Final = f"SELECT {_NAMES} FROM installs ORDER BY key"  # noqa: S608 - our own names
_MARKS: Final = ", ".join("?" * len(COLUMNS))
_SAVE: Final = f"INSERT OR REPLACE INTO installs ({_NAMES}) VALUES ({_MARKS})"  # noqa: S608 - as above
_CLAIM: Final = """
INSERT INTO claims (name, ends) VALUES (:name, :ends)
ON CONFLICT (name) DO UPDATE SET ends = :ends WHERE claims.ends <= :now
"""
# Claims that are over are cleared away once in so many.
_SWEEP: Final = 1000


@define
class _Held:
    file: SQLiteFile
    key: str
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        await self.file.run(lambda db: db.execute(_SAVE, to_row(stored)))
        self.stored = stored

    async def delete(self) -> None:
        await self.file.run(lambda db: db.execute("DELETE FROM installs WHERE key = ?", [self.key]))
        self.stored = None


class SQLiteStore:
    """Keeps installs in one file of mode 0600, shared by the processes of one machine.

    Every save is one transaction, on disk when it returns. Database work runs in threads. Holds
    are file locks in the folder ``<path>-locks``, so they end with a process that dies; on
    Windows, which has no such locks, use the file from one process only. Keep it on a local disk.
    A file of an older version is brought up to date when it is opened. Raises
    ``ConfigurationError`` for a file that is not a store of this library, is damaged, read-only
    or newer, and leaves it as it was. Tokens are written as they are: ``Sealed`` encrypts them.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.time
    ) -> None:
        whole = Path(path).absolute()  # so that ":memory:" is a file as well
        self._clock = clock
        self._claimed = 0
        self._locks = FileLocks(whole.with_name(f"{whole.name}-locks"))
        self._installs = SQLiteFile(whole, self._locks, _SCHEMA, synchronous="FULL")
        # A claim that is lost with the power lets one webhook in twice, at worst.
        self._claims = SQLiteFile(whole, self._locks, _SCHEMA, synchronous="NORMAL")

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        row = await self._installs.run(lambda db: db.execute(_LOAD, (key,)).fetchone())
        return None if row is None else to_stored(row)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, among all processes, to change the install under ``key``."""
        async with self._locks.held(key):
            yield _Held(self._installs, key, await self.load(key))

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key, as they stood at the first step."""
        rows = await self._installs.run(lambda db: db.execute(_LIST).fetchall())
        for stored in readable(rows, to_stored):
            yield stored

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        now = self._clock()
        values = {"name": name, "now": now, "ends": now + seconds}
        self._claimed += 1
        sweep = self._claimed % _SWEEP == 0

        def work(db: sqlite3.Connection) -> bool:
            if sweep:
                db.execute("DELETE FROM claims WHERE ends <= ?", (now,))
            return db.execute(_CLAIM, values).rowcount == 1

        return await self._claims.run(work)

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        row = name, self._clock() + seconds
        await self._claims.run(lambda db: db.execute("REPLACE INTO claims VALUES (?, ?)", row))

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        await self._claims.run(lambda db: db.execute("DELETE FROM claims WHERE name = ?", (name,)))

    async def close(self) -> None:
        """Close the file. The store opens it again if it is used again."""
        await self._installs.close()
        await self._claims.close()
