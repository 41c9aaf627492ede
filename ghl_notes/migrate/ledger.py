"""The ledger of a migration: which note became which, one SQLite file for any number of sources.

A note stands in it as pending before it is written and as done after, so that a run that was killed
knows what may have happened. Should the file be lost, the markers in HighLevel tell the same.
"""

import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from attrs import frozen

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.stores.failing_files import failure_of
from ghl_notes.stores.file_locks import FileLocks
from ghl_notes.stores.older_locks import held_as_before
from ghl_notes.stores.sqlite_file import Schema, SQLiteFile
from ghl_notes.stores.waiting import Busy

LEDGER: Final = "ghl-notes-migrate.db"
"""Where a ledger is kept unless told otherwise: in the present folder."""

_SCHEMA: Final = Schema(
    "Ledger",
    0x67686C4D,  # "ghlM"
    (
        (
            """
            CREATE TABLE moved (
                source TEXT NOT NULL,
                account TEXT NOT NULL,
                location_id TEXT NOT NULL,
                key TEXT NOT NULL,
                contact_id TEXT NOT NULL,
                state TEXT NOT NULL,
                digest TEXT NOT NULL,
                note_id TEXT,
                written TEXT,
                at REAL NOT NULL,
                PRIMARY KEY (source, account, location_id, key, contact_id)
            ) WITHOUT ROWID
            """,
        ),
        (),  # a program of version 0.1, which has another lock for a run, no longer opens it
    ),
)
_COLUMNS: Final = (
    "source", "account", "location_id", "key", "contact_id",
    "state", "digest", "note_id", "written", "at",
)  # fmt: skip
_NAMES: Final = ", ".join(_COLUMNS)
_PUT: Final = f"REPLACE INTO moved ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names
_ONE: Final = "source = ? AND account = ? AND location_id = ? AND key = ? AND contact_id = ?"
_DROP: Final = f"DELETE FROM moved WHERE {_ONE}"  # noqa: S608 - as above
_OF: Final = f"SELECT {_NAMES} FROM moved WHERE location_id = ? ORDER BY contact_id, at"  # noqa: S608 - as above
_RUN: Final = "run"
_PATIENCE: Final = 1.0  # seconds for another run to end
# A copy of the file lacks no more entries of a run that goes on. When it ends, it has them all.
_INTO_FILE: Final = 50


UNKNOWN: Final = ""
"""What stands for a text that was there already, and that nobody knows to be as it was written."""


@frozen(kw_only=True)
class Entry:
    """One moved note: from where, to where, and how far it got.

    A note is ``pending`` before it is sent, ``done`` when it was seen, ``taken`` when HighLevel
    confirmed it and it was in no list yet, and ``sent`` when its reply was lost. ``digest`` names
    what was to be written, ``written`` what HighLevel then had, or before it is done what it should
    have. ``at`` is when the entry was made, in Unix seconds.
    """

    source: str
    account: str
    location_id: str
    key: str
    contact_id: str
    state: Literal["pending", "sent", "taken", "done"]
    digest: str
    note_id: str | None = None
    written: str | None = None
    at: float = 0.0


class Ledger:
    """One file of entries, mode 0600. One run at a time may write; a second one is refused."""

    def __init__(
        self, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.time
    ) -> None:
        self.path: Path = Path(path).resolve()  # two names of one file are one ledger
        self.clock = clock
        self._locks = FileLocks(self.path)
        # What is lost with the power is found by its marker; a killed process loses nothing.
        self._file = SQLiteFile(self.path, self._locks, _SCHEMA, synchronous="NORMAL")
        self._put = 0

    @property
    def exists(self) -> bool:
        """Whether anything was ever written here."""
        return self.path.exists()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be the only run. Raises ``ConfigurationError`` while there is another."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._locks.held(_RUN, seconds=_PATIENCE))
                stack.enter_context(held_as_before(self.path, [_RUN]))  # one that has it open
            except Unavailable as error:
                if not error.waited:
                    raise
                raise self._in_use(str(error)) from error
            except Busy as busy:
                raise self._in_use(busy.holder) from None
            except OSError as error:
                raise failure_of(error, f"{self.path} cannot be locked") from error
            yield

    def _in_use(self, why: str) -> ConfigurationError:
        msg = f"another migration is using {self.path}: wait for its end, or name another"
        return ConfigurationError(f"{msg} file ({why})")

    async def entries(self, location_id: str, source: str | None = None) -> list[Entry]:
        """Return what was moved to a location, of one source or of all. An absent file has none."""
        if not self.exists:
            return []
        rows = await self._file.run(lambda db: db.execute(_OF, (location_id,)).fetchall())
        entries = [Entry(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
        return [entry for entry in entries if source in (None, entry.source)]

    async def put(self, entry: Entry) -> None:
        """Write an entry in the place of the one that there was."""
        row = tuple(getattr(entry, name) for name in _COLUMNS)
        self._put += 1
        into_file = self._put % _INTO_FILE == 0
        await self._file.run(lambda db: _execute(db, _PUT, row), into_file=into_file)

    async def drop(self, entry: Entry) -> None:
        """Forget an entry."""
        row = tuple(getattr(entry, name) for name in _COLUMNS[:5])
        await self._file.run(lambda db: _execute(db, _DROP, row))

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()


def _execute(db: sqlite3.Connection, statement: str, row: tuple[object, ...]) -> None:
    db.execute(statement, row)
