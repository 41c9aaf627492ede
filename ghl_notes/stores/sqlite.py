"""The embedded store: one SQLite file, for all processes of one machine."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar, cast
from weakref import WeakValueDictionary
from zlib import crc32

from attrs import define

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import Install, StoredInstall, Token, UserType

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["SQLiteStore"]

R = TypeVar("R")

_APPLICATION_ID: Final = 0x67686C6E  # "ghln", so that another program's file is recognised
_VERSION: Final = 1
_SCHEMA: Final = """
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
"""
_COLUMNS: Final = (
    "key, user_type, location_id, company_id, user_id, scopes,"
    " access_token, refresh_token, issued_at, expires_at"
)
# Many installs renew at once; two share a lock only when they share one of these.
_STRIPES: Final = 64
_POLL_SECONDS: Final = 0.02
_BUSY_SECONDS: Final = 30.0


@define
class _Held:
    store: "SQLiteStore"
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        await self.store._run(lambda db: _write(db, stored))  # noqa: SLF001 - its own store
        self.stored = stored


class SQLiteStore:
    """Keeps installs in one file of mode 0600, shared by the processes of one machine.

    Every save is one transaction, on disk when it returns. Database work runs in a thread. Holds
    are file locks in the folder ``<path>-locks``, so they end with a process that dies; on
    Windows, which has no such locks, use the file from one process only. Keep it on a local disk.
    Raises ``ConfigurationError`` for a file that is not a store of this library, and leaves it
    as it was.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path).absolute()  # so that ":memory:" is a file as well
        self._db: sqlite3.Connection | None = None
        self._mutex = threading.Lock()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        query = f"SELECT {_COLUMNS} FROM installs WHERE key = ?"  # noqa: S608 - our own names
        row = await self._run(lambda db: db.execute(query, (key,)).fetchone())
        return None if row is None else _stored(row)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, among all processes, to change the install under ``key``."""
        stripe = crc32(key.encode()) % _STRIPES
        turn = self._turns.setdefault(stripe, asyncio.Lock())
        async with turn:
            lock = await self._lock(stripe)
            try:
                yield _Held(self, await self.load(key))
            finally:
                if lock is not None:
                    os.close(lock)  # which ends the lock

    async def delete(self, key: str) -> None:
        """Forget the install under ``key``."""
        await self._run(lambda db: db.execute("DELETE FROM installs WHERE key = ?", (key,)))

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key, as they stood at the first step."""
        query = f"SELECT {_COLUMNS} FROM installs ORDER BY key"  # noqa: S608 - our own names
        for row in await self._run(lambda db: db.execute(query).fetchall()):
            yield _stored(row)

    async def close(self) -> None:
        """Close the file. The store opens it again if it is used again."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._mutex:
            if self._db is not None:
                self._db.close()
                self._db = None

    async def _run(self, work: Callable[[sqlite3.Connection], R]) -> R:
        return await asyncio.to_thread(self._locked, work)

    def _locked(self, work: Callable[[sqlite3.Connection], R]) -> R:
        with self._mutex:
            if self._db is None:
                self._db = _open(self._path)
            with self._db:  # one transaction
                return work(self._db)

    async def _lock(self, stripe: int) -> int | None:
        if fcntl is None:
            return None
        lock = _lock_file(self._path, f"{stripe:02d}")
        try:
            while not _try_lock(lock):  # noqa: ASYNC110 - another process ends it
                await asyncio.sleep(_POLL_SECONDS)
        except BaseException:
            os.close(lock)
            raise
        return lock


def _lock_file(path: Path, name: str) -> int:
    folder = path.with_name(f"{path.name}-locks")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        msg = f"SQLiteStore: {folder} cannot be used for its locks ({error})"
        raise ConfigurationError(msg) from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Make a file one process at a time: SQLite does not wait for another's change of journal."""
    if fcntl is None:
        yield
        return
    lock = _lock_file(path, "new")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> sqlite3.Connection:
    try:
        with suppress(FileExistsError):  # SQLite would make it readable for everyone
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        db = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            _prepare(db, path)
        except BaseException:
            db.close()
            raise
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            with suppress(FileNotFoundError):
                path.with_name(name).chmod(0o600)
    except (sqlite3.Error, OSError) as error:
        msg = f"SQLiteStore: {path} cannot be used as a store ({error})"
        raise ConfigurationError(msg) from error
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make sure that the file is ours, before anything is written to it."""
    db.execute("BEGIN")
    with db:  # everything as it stands at one moment
        program = _number(db, "application_id")
        version = _number(db, "user_version")
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if program != _APPLICATION_ID and (program or version or tables):
        msg = f"SQLiteStore: {path} is the database of another program"
        raise ConfigurationError(msg)
    if version > _VERSION:
        msg = f"SQLiteStore: {path} was written by a newer ghl_notes: update this one"
        raise ConfigurationError(msg)
    if not program:
        _make(db, path)
    db.execute("PRAGMA synchronous = FULL")  # a token that is lost with the power is lost for good
    db.execute("PRAGMA secure_delete = ON")


def _make(db: sqlite3.Connection, path: Path) -> None:
    with _alone(path):
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        with db:
            if _number(db, "application_id") == 0:  # another process may have been faster
                db.execute(_SCHEMA)
                db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {_VERSION}")


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return cast("int", db.execute(f"PRAGMA {pragma}").fetchone()[0])


def _write(db: sqlite3.Connection, stored: StoredInstall) -> None:
    install, token = stored.install, stored.token
    db.execute(
        f"INSERT OR REPLACE INTO installs ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
        (
            install.key,
            install.user_type,
            install.location_id,
            install.company_id,
            install.user_id,
            " ".join(install.scopes),
            token.access_token,
            token.refresh_token,
            token.issued_at,
            token.expires_at,
        ),
    )


def _stored(row: tuple[object, ...]) -> StoredInstall:
    _, user_type, location, company, user, scopes, access, refresh, issued, expires = row
    install = Install(
        user_type=cast("UserType", user_type),
        location_id=cast("str | None", location),
        company_id=cast("str | None", company),
        user_id=cast("str | None", user),
        scopes=tuple(str(scopes).split()),
    )
    token = Token(
        access_token=cast("str", access),
        refresh_token=cast("str | None", refresh),
        issued_at=cast("float", issued),
        expires_at=cast("float", expires),
    )
    return StoredInstall.of(install, token)
