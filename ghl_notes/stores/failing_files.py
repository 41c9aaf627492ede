"""What failures of files mean: whether they pass by themselves, or the path has to be mended."""

import errno
import sqlite3
from typing import Final

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable

__all__ = ["failure_of", "is_busy"]

# What no later try mends. All else (no space, no descriptors, an interrupted call, a stale NFS
# handle, a failing disk) may pass.
_HOPELESS_FILE: Final = {
    errno.ENOENT,  # the path leads nowhere
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EACCES,  # it belongs to another user
    errno.EPERM,
    errno.EINVAL,  # no file can be used so, as a device
    errno.ENOTSUP,  # a file system without locks
    errno.ENOSYS,
}
_HOPELESS_SQLITE: Final = {
    sqlite3.SQLITE_ERROR,  # a table or a column is missing
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_TOOBIG,  # what is to be written
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_MISUSE,
}
# Somebody else has the database: worth waiting for a while.
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL}


def failure_of(error: sqlite3.Error | OSError | ValueError, what: str) -> HighLevelError:
    """Say whether what failed can work later: ``Unavailable``, or ``ConfigurationError`` if not.

    Raise it outside of the handler, since the error may quote a token.
    """
    reason = str(error).partition(" with text ")[0]  # after which SQLite quotes the cell
    if _is_hopeless(error):
        return ConfigurationError(f"{what} ({reason})")
    return Unavailable(f"{what} now ({reason}); try again", maybe_applied=False)


def is_busy(error: Exception) -> bool:
    """Tell whether another process is in the way."""
    return isinstance(error, sqlite3.Error) and _code(error) in _BUSY


def _is_hopeless(error: sqlite3.Error | OSError | ValueError) -> bool:
    if isinstance(error, OSError):
        return error.errno in _HOPELESS_FILE
    return not isinstance(error, sqlite3.Error) or _code(error) in _HOPELESS_SQLITE


def _code(error: sqlite3.Error) -> int:
    # Python's own, about a cell that is no text, have none.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
