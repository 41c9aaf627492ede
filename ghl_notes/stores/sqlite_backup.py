"""A copy of a SQLite store as it stands at one moment, while others write."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ghl_notes.errors import ConfigurationError, HighLevelError
from ghl_notes.stores.failing_files import failure_of
from ghl_notes.stores.file_locks import real_path

__all__ = ["backed_up", "check_backup"]


def check_backup(source: Path, target: Path, *, overwrite: bool) -> None:
    """Raise ``ConfigurationError`` for a copy of nothing, and for one in a wrong place."""
    if not source.exists():
        msg = f"SQLiteStore: there is no store {source}"
        raise ConfigurationError(msg)
    if real_path(target) == real_path(source) or (target.exists() and target.samefile(source)):
        msg = f"SQLiteStore: {target} is the store itself: choose another file for the backup"
        raise ConfigurationError(msg)
    if target.with_name(f"{target.name}-wal").exists():  # which would be read into the copy
        msg = f"SQLiteStore: {target} is a store in use ({target.name}-wal is there): choose"
        raise ConfigurationError(f"{msg} another file for the backup")
    if target.exists() and not overwrite:
        raise _exists(target)


def backed_up(db: sqlite3.Connection, *, target: Path, overwrite: bool) -> int | HighLevelError:
    """Copy the database to a file of mode 0600, which is there when all of it is.

    Return how many installs it has, or why the file cannot be written.
    """
    db.execute("BEGIN")
    count: int = db.execute("SELECT count(*) FROM installs").fetchone()[0]
    try:
        with _put(target, overwrite=overwrite) as file, closing(sqlite3.connect(file)) as copy:
            db.backup(copy)
    except (sqlite3.Error, OSError) as error:
        return failure_of(error, f"SQLiteStore: the backup {target} cannot be written")
    return count


@contextmanager
def _put(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give an empty file, and put it in its place when it is written."""
    file = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield file
        if overwrite:
            file.replace(target)
        else:
            _put_new(file, target)
    finally:
        with suppress(FileNotFoundError):
            file.unlink()


def _put_new(file: Path, target: Path) -> None:
    try:
        target.hardlink_to(file)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without links, as of a memory stick
        if target.exists():
            raise _exists(target) from None
        file.rename(target)


def _exists(target: Path) -> ConfigurationError:
    msg = f"SQLiteStore: {target} exists: choose another file for the backup, or overwrite it"
    return ConfigurationError(msg)
