"""Opening a SQLite file of this library: whose it is, that it is whole, and its schema."""

import errno
import os
import sqlite3
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, cast

from attrs import frozen

from ghl_notes.errors import ConfigurationError
from ghl_notes.stores.file_locks import FileLocks, real_path

__all__ = ["Schema", "into_main_file", "opened"]

_TRIES: Final = 5
_BETWEEN_TRIES: Final = 0.005


@frozen
class Schema:
    """What a file of one kind holds. ``name`` is the class that uses it, for messages.

    ``steps`` lead from each version of the schema to the next. Never change one that was released.
    """

    name: str
    application_id: int
    steps: Sequence[Sequence[str]]

    @property
    def version(self) -> int:
        """The newest version."""
        return len(self.steps)


def opened(path: Path, locks: FileLocks, schema: Schema, synchronous: str) -> sqlite3.Connection:
    """Connect to the file, and make it ready if it is new or of an older version.

    Raises ``ConfigurationError`` for a file that is not ours or not whole, and leaves it as it was.
    """
    real = real_path(path)  # what SQLite keeps beside it is named after that
    with suppress(FileExistsError):  # SQLite would make it readable for everyone
        os.close(os.open(real, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    _check_file(real, f"{schema.name}: {path}")
    # Without a timeout: the caller does the waiting for a locked file.
    db = sqlite3.connect(real, timeout=0, check_same_thread=False)
    try:
        _prepare(db, path, locks, schema)
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA secure_delete = ON")
        into_main_file(db)  # what a process that was killed has left in the journal
    except BaseException:
        db.close()
        raise
    for name in (real.name, f"{real.name}-wal", f"{real.name}-shm"):
        with suppress(FileNotFoundError):
            real.with_name(name).chmod(0o600)
    return db


def into_main_file(db: sqlite3.Connection) -> None:
    """Bring what was committed from the journal into the file, so that a copy of it has it too.

    What a reader keeps in the journal for the moment stays there until the next time.
    """
    for _ in range(_TRIES):
        try:
            _, pages, moved = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:  # on a full disk: it is committed all the same
            return
        if pages == moved:
            return
        time.sleep(_BETWEEN_TRIES)


def _check_file(path: Path, whose: str) -> None:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        msg = f"{whose} cannot be used: it is no file"
        raise ConfigurationError(msg)
    if found.st_nlink > 1:
        msg = f"{whose} has {found.st_nlink} names (hard links), and SQLite keeps a journal for"
        msg += " each: remove the others, or make them symbolic links"
        raise ConfigurationError(msg)
    if not (found.st_mode & 0o222 and os.access(path, os.W_OK)):
        _check_mount(path)
        msg = f"{whose} is read-only, and it must be writable"
        raise ConfigurationError(msg)
    if not os.access(path.parent, os.W_OK):
        _check_mount(path)
        msg = f"{whose} is in a folder that is not writable, where SQLite keeps its journal"
        raise ConfigurationError(msg)
    if found.st_size == 1:  # which SQLite takes for nothing
        msg = f"{whose} cannot be used: it is no database"
        raise ConfigurationError(msg)


def _check_mount(path: Path) -> None:
    # As Linux mounts a disk again that has failed.
    if hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))


def _prepare(db: sqlite3.Connection, path: Path, locks: FileLocks, schema: Schema) -> None:
    """Make sure that the file is ours and whole, before anything is written to it."""
    number = partial(_number, db)
    db.execute("BEGIN")
    with db:  # everything as it stands at one moment
        program, version = number("application_id"), number("user_version")
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        is_whole = damage == "ok" and _has_its_length(db, real_path(path))
    if program != schema.application_id and (program or version or tables):
        msg = f"{schema.name}: {path} is the database of another program"
        raise ConfigurationError(msg)
    if not is_whole:
        msg = f"{schema.name}: {path} cannot be used: it is damaged, restore a copy"
        raise ConfigurationError(msg)
    if version > schema.version:
        msg = f"{schema.name}: {path} was written by a newer ghl_notes: update this one"
        raise ConfigurationError(msg)
    if version < schema.version or _text(db, "journal_mode") != "wal":
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


def _has_its_length(db: sqlite3.Connection, path: Path) -> bool:
    """Tell a file from a copy that was taken while pages were written, some of which it lacks."""
    with suppress(FileNotFoundError):
        if path.with_name(f"{path.name}-wal").stat().st_size:
            return True  # what is missing may stand there
    length = _number(db, "page_count") * _number(db, "page_size")
    return path.stat().st_size == length


def _text(db: sqlite3.Connection, pragma: str) -> str:
    return cast("str", db.execute(f"PRAGMA {pragma}").fetchone()[0])


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return cast("int", db.execute(f"PRAGMA {pragma}").fetchone()[0])
