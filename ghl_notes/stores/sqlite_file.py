"""A SQLite file of this library: the thread that works on it, and how long that waits."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.stores.failing_files import failure_of, is_busy
from ghl_notes.stores.file_locks import FileLocks, writer_of
from ghl_notes.stores.finishing import finished
from ghl_notes.stores.sqlite_schema import Schema, into_main_file, opened
from ghl_notes.stores.waiting import Busy, Wait, too_late

__all__ = ["BUSY_SECONDS", "SQLiteFile", "Schema"]

R = TypeVar("R")

BUSY_SECONDS: Final = 10.0
"""How long work waits for another process that is writing. A write takes milliseconds."""

_SHORTEST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1


class SQLiteFile:
    """One connection to the file, opened when it is first used, in a thread of its own.

    ``synchronous`` is SQLite's: FULL for what must outlive a loss of power, NORMAL for what may
    be lost with it. ``patience`` is how many seconds work waits for another process that has the
    database locked. Any number of event loops and threads may share an object.
    """

    def __init__(
        self,
        path: Path,
        locks: FileLocks,
        schema: Schema,
        *,
        synchronous: Literal["FULL", "NORMAL"],
        patience: float = BUSY_SECONDS,
    ) -> None:
        self._path = path
        self._schema = schema
        self._locks = locks
        self._synchronous = synchronous
        self._patience = patience
        self._db: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ghl_notes store")

    async def run(self, work: Callable[[sqlite3.Connection], R], *, into_file: bool = False) -> R:
        """Do ``work`` as one transaction. Once begun it ends before this does, cancelled or not.

        With ``into_file`` it then stands in the file itself, and not only in the ``-wal`` beside
        it. Raises ``ConfigurationError`` for a file that cannot be used, and ``Unavailable`` for
        one that cannot be used now. ``work`` may be called again after it met a lock.
        """
        self._locks.process.check()
        return await finished(self._until_free(partial(self._attempt, work, into_file)))

    async def close(self) -> None:
        """Close the connection."""
        self._locks.process.check()
        await self._in_thread(self._close)

    async def _until_free(self, attempt: Callable[[], R]) -> R:
        # Not by SQLite's own waiting, in which the thread would keep all others waiting as well.
        wait, pause = Wait.of(self._patience), _SHORTEST_PAUSE
        while True:
            try:
                return await self._in_thread(attempt)
            except Busy as busy:
                holder = busy.holder
            if wait.left == 0:
                whose = f"{self._schema.name}: {self._path}"
                raise too_late(whose, self._patience, holder or writer_of(self._path))
            await asyncio.sleep(min(pause, wait.left))
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _in_thread(self, job: Callable[[], R]) -> R:
        try:
            future = self._thread.submit(job)
        except RuntimeError as error:  # no thread can be started, or the program ends
            msg = f"{self._schema.name}: {self._path} cannot be used now ({error}); try again"
            raise Unavailable(msg, maybe_applied=False) from None
        return await asyncio.wrap_future(future)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _attempt(self, work: Callable[[sqlite3.Connection], R], into_file: bool) -> R:  # noqa: FBT001 - a job's
        try:
            db = self._connection()
            with db:  # one transaction
                result = work(db)
            if into_file:
                into_main_file(db)
        except HighLevelError:
            raise
        except (sqlite3.Error, OSError, ValueError) as error:
            if is_busy(error):
                raise Busy from None
            failure = failure_of(error, f"{self._schema.name}: {self._path} cannot be used")
        else:
            return result
        raise failure  # not from the handler, whose error may quote a damaged token

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = opened(self._path, self._locks, self._schema, self._synchronous)
            self._identity = _identity(self._path)
        elif _identity(self._path) != self._identity:
            # SQLite would go on with a file that has no name any more.
            whose = f"{self._schema.name}: {self._path}"
            msg = f"{whose} was replaced: stop all who use it before that"
            raise ConfigurationError(msg)
        return self._db


def _identity(path: Path) -> tuple[int, int]:
    """Tell one file from another of the same name. A missing one is an ``OSError``."""
    found = path.stat()
    return found.st_dev, found.st_ino
