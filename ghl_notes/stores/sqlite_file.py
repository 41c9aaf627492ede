"""A SQLite file of this library: whose it is, its schema, and the thread that works on it."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar, cast

from attrs import frozen

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.stores.file_locks import FileLocks
from ghl_notes.stores.finishing import finished
from ghl_notes.stores.forking import OwnProcess

__all__ = ["SQLiteFile", "Schema"]

R = TypeVar("R")

_BUSY_SECONDS: Final = 30.0
# Errors that no later try mends; the others are a full disk, a lock, a failing read.
_HOPELESS: Final = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_ERROR,
}


@frozen
class Schema:
    """What a file of one kind holds. ``name`` is who uses it, for messages.

    ``steps`` lead from each version of the schema to the next. Never change one that was released.
    """

    name: str
    application_id: int
    steps: Sequence[Sequence[str]]

    @property
    def version(self) -> int:
        """The newest version."""
        return len(self.steps)


class SQLiteFile:
    """One connection to the file, opened when it is first used, in a thread of its own.

    ``synchronous`` is SQLite's: FULL for what must outlive a loss of power, NORMAL for what may
    be lost with it.
    """

    def __init__(
        self,
        path: Path,
        locks: FileLocks,
        schema: Schema,
        *,
        synchronous: Literal["FULL", "NORMAL"],
    ) -> None:
        self._path = path
        self._schema = schema
        self._locks = locks
        self._synchronous = synchronous
        self._db: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._process = OwnProcess()
        self._thread: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """Do ``work`` as one transaction. Once begun it ends before this does, cancelled or not.

        Raises ``ConfigurationError`` for a file that cannot be used, and ``Unavailable`` for one
        that cannot be used now.
        """
        self._process.check()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="ghl_notes store")
        loop = asyncio.get_running_loop()
        return await finished(loop.run_in_executor(self._thread, self._work, work))

    async def close(self) -> None:
        """Close the connection."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _work(self, work: Callable[[sqlite3.Connection], R]) -> R:
        try:
            if self._db is not None and _identity(self._path) != self._identity:
                # SQLite would go on with a file that nobody finds any more.
                whose = f"{self._schema.name}: {self._path}"
                msg = f"{whose} was replaced: stop all who use it before that"
                raise ConfigurationError(msg)
            if self._db is None:
                self._db = _open(self._path, self._locks, self._schema, self._synchronous)
                self._identity = _identity(self._path)
            with self._db:  # one transaction
                return work(self._db)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            # Without the cause, which may quote a damaged token.
            raise _explained(error, self._path, self._schema.name) from None


def _identity(path: Path) -> tuple[int, int]:
    """Tell one file from another of the same name. A missing one is an ``OSError``."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _explained(
    error: sqlite3.Error | OSError | UnicodeDecodeError, path: Path, name: str
) -> HighLevelError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    said = str(error).partition(" with text ")[0]
    if not isinstance(error, sqlite3.Error) or code in _HOPELESS:
        return ConfigurationError(f"{name}: {path} cannot be used ({said})")
    return Unavailable(
        f"{name}: {path} cannot be used now ({said}); try again", maybe_applied=False
    )


def _open(path: Path, locks: FileLocks, schema: Schema, synchronous: str) -> sqlite3.Connection:
    with suppress(FileExistsError):  # SQLite would make it readable for everyone
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    if not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
        msg = f"{schema.name}: {path} is read-only, and it must be writable"
        raise ConfigurationError(msg)
    if path.stat().st_size == 1:  # which SQLite takes for nothing
        msg = f"{schema.name}: {path} cannot be used: it is no database"
        raise ConfigurationError(msg)
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        _prepare(db, path, locks, schema)
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA secure_delete = ON")
    except BaseException:
        db.close()
        raise
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(FileNotFoundError):
            path.with_name(name).chmod(0o600)
    return db


def _prepare(db: sqlite3.Connection, path: Path, locks: FileLocks, schema: Schema) -> None:
    """Make sure that the file is ours and whole, before anything is written to it."""
    number = partial(_number, db)
    db.execute("BEGIN")
    with db:  # everything as it stands at one moment
        program, version = number("application_id"), number("user_version")
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if program != schema.application_id and (program or version or tables):
        msg = f"{schema.name}: {path} is the database of another program"
        raise ConfigurationError(msg)
    if damage != "ok":
        msg = f"{schema.name}: {path} cannot be used: it is damaged, restore a copy"
        raise ConfigurationError(msg)
    if version > schema.version:
        msg = f"{schema.name}: {path} was written by a newer ghl_notes: update this one"
        raise ConfigurationError(msg)
    if version < schema.version:
        _upgrade(db, locks, schema)


def _upgrade(db: sqlite3.Connection, locks: FileLocks, schema: Schema) -> None:
    """Make the schema, or bring it up to date, one process at a time and all of it or nothing."""
    with locks.alone():  # SQLite does not wait for another's change of journal
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        with db:
            for step in schema.steps[_number(db, "user_version") :]:
                for statement in step:
                    db.execute(statement)
            db.execute(f"PRAGMA application_id = {schema.application_id}")
            db.execute(f"PRAGMA user_version = {schema.version}")


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return cast("int", db.execute(f"PRAGMA {pragma}").fetchone()[0])
