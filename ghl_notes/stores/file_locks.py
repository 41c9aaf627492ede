"""Locks between the processes of one machine, which the kernel frees when their holder dies."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from attrs import define

from ghl_notes.errors import ConfigurationError, HighLevelError
from ghl_notes.stores.failing_files import failure_of
from ghl_notes.stores.forking import OwnProcess
from ghl_notes.stores.waiting import HOLD_SECONDS, Busy, Turns, Wait, too_late

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["FileLocks", "real_path", "whole_path", "writer_of"]

_SHORTEST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.1
_SCHEMA: Final = "schema"
_WRITER: Final = "120"
_holder: Final = re.compile(r"(\d{1,10}) ([\w.:-]{1,255})\n", re.ASCII).fullmatch
# The locks that this process holds.
_held: Final[set[int]] = set()


class FileLocks:
    """Locks by name beside one file: files in the folder ``<file>-locks``, while they are held.

    They belong to the file itself, whatever symbolic link or relative path leads to it. On Windows
    they hold between the tasks of one process only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turns = Turns()
        self.process: OwnProcess = OwnProcess()  # in which this object may be used

    @asynccontextmanager
    async def held(self, name: str, *, seconds: float = HOLD_SECONDS) -> AsyncIterator[None]:
        """Wait for the lock, and hold it.

        Raises ``Unavailable`` with ``waited`` and the holder's process when it is not free in
        ``seconds``.
        """
        self.process.check()
        wait = Wait.of(seconds)
        file = self._file(sha256(name.encode(errors="surrogatepass")).hexdigest()[:32])
        async with self._turns.taken(name, wait) as is_our_turn:
            if fcntl is None and is_our_turn:
                yield
                return
            lock = await _taken(file, wait) if is_our_turn else None
            if lock is None:
                raise too_late(f"the lock {file}", seconds, holder_of(file))
            try:
                yield
            finally:
                lock.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock for changes of the schema, from a thread, without waiting for it.

        Raises ``Busy`` while another process has it.
        """
        if fcntl is None:
            yield
            return
        file = self._file(_SCHEMA)
        lock = _try(file)
        if lock is None:
            raise Busy(holder_of(file))
        try:
            yield
        finally:
            lock.release()

    def _file(self, name: str) -> Path:
        real = real_path(self._path)
        return real.with_name(f"{real.name}-locks") / name


def whole_path(path: str | os.PathLike[str]) -> Path:
    """Make a path that a change of folder does not move. ":memory:" is a file as well."""
    if "\0" in os.fspath(path):
        msg = "the path of a file cannot hold a NUL"
        raise ConfigurationError(msg)
    return Path(path).absolute()


def real_path(path: Path) -> Path:
    """Follow symbolic links to the file itself, also to one that is not there yet."""
    return Path(os.path.realpath(path))


@define(eq=False)
class _Lock:
    """A file that is locked. ``pid`` is the process that did it: a fork copies this object."""

    file: Path
    descriptor: int
    pid: int

    def release(self) -> None:
        if self.pid != os.getpid():
            return
        with suppress(OSError):  # then it stays, and the next holder uses it
            if _is_at(self.descriptor, self.file):
                self.file.unlink()
        # Closing does it too, but leaves the lock to a child that was forked meanwhile.
        with suppress(OSError):
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        _close(self.descriptor)


async def _taken(file: Path, wait: Wait) -> _Lock | None:
    while (lock := _try(file)) is None and wait.left > 0:
        # The longer it takes the less often: hundreds may wait for what one process holds.
        pause = max(_SHORTEST_PAUSE, 0.02 * (wait.seconds - wait.left))
        await asyncio.sleep(min(pause, _LONGEST_PAUSE, wait.left))
    return lock


def _try(file: Path) -> _Lock | None:
    """Lock the file of this name; None while another process holds it."""
    failure: HighLevelError
    try:
        while (descriptor := _locked(file)) is not None:
            if _is_still_at(descriptor, file):
                _sign(descriptor)
                return _Lock(file, descriptor, os.getpid())
    except OSError as error:
        failure = failure_of(error, f"{file.parent} cannot be used for locks")
    else:
        return None
    raise failure


def _locked(file: Path) -> int | None:
    descriptor = _opened(file)
    _held.add(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _close(descriptor)
        return None
    except BaseException:
        _close(descriptor)
        raise
    return descriptor


def _opened(file: Path) -> int:
    try:
        return _created(file)
    except FileNotFoundError:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _give_to_owner(file.parent, of=Path(str(file.parent).removesuffix("-locks")))
        return _created(file)


def _created(file: Path) -> int:
    is_new = not file.exists()
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    if is_new:
        _give_to_owner(file, of=file.parent)
    return descriptor


def _give_to_owner(file: Path, *, of: Path) -> None:
    """Let the service that owns the store open what root has made beside it."""
    if os.geteuid() == 0:
        with suppress(FileNotFoundError):  # the store is made just now, or the lock is gone
            owner = of.stat()
            os.chown(file, owner.st_uid, owner.st_gid)


def _close(descriptor: int) -> None:
    _held.discard(descriptor)
    os.close(descriptor)


def _is_at(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _is_still_at(descriptor: int, file: Path) -> bool:
    """Tell whether a lock is good; close it if its last holder removed it after it was opened."""
    is_good = False
    try:
        is_good = _is_at(descriptor, file)
    finally:
        if not is_good:
            _close(descriptor)
    return is_good


def _sign(descriptor: int) -> None:
    """Write the holder into the lock file, for the error of those who wait in vain."""
    with suppress(OSError):  # on a full disk it holds all the same
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode())


def holder_of(file: Path) -> str:
    """Name the process that wrote itself down in a lock file."""
    try:
        signed = _holder(file.read_text("ascii"))
    except (OSError, ValueError):
        signed = None
    return f"process {signed[1]} on {signed[2]}" if signed else "another process"


def writer_of(path: Path) -> str:
    """Name the process that is writing to a SQLite file, where Linux shows it.

    It has locked a byte of the ``-shm`` (https://www.sqlite.org/walformat.html#locking_matrix).
    """
    real = real_path(path)
    with suppress(OSError, ValueError):
        found = real.with_name(f"{real.name}-shm").stat()
        device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            words = line.split()
            if words[-3:] == [device, _WRITER, _WRITER] and words[-4].isdigit():
                return f"process {words[-4]} on {socket.gethostname()}"
    return "another process"


def _let_go_in_child() -> None:
    """Close what a fork copied, or the child would keep the locks of a parent that is killed."""
    for descriptor in tuple(_held):
        _close(descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
