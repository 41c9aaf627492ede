# ruff: noqa: ASYNC220, ASYNC222, ASYNC240 - nothing else waits meanwhile
"""Locks of files: whose they are, by whatever name, and what the kernel and a fork make of them."""

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.stores import file_locks
from ghl_notes.stores.file_locks import FileLocks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no flock")

HOLDER = """
import asyncio, sys
from pathlib import Path
from ghl_notes.stores.file_locks import FileLocks

async def hold():
    async with FileLocks(Path(sys.argv[1])).held("a"):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "installs.db"


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the lock "a"."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as one:
        try:
            assert one.stdout is not None
            assert one.stdout.readline() == "held\n"
            yield one
        finally:
            one.kill()


async def is_free(locks: FileLocks, name: str = "a") -> bool:
    with suppress(Unavailable):
        async with locks.held(name, seconds=0.05):
            return True
    return False


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def files(path: Path) -> list[str]:
    return sorted(one.name for one in path.with_name(f"{path.name}-locks").iterdir())


async def test_a_stopped_holder_is_named_in_time(path: Path) -> None:
    """The error of a wait for a stopped process names the process and its lock file."""
    with holder(path) as one:
        one.send_signal(signal.SIGSTOP)
        with pytest.raises(Unavailable) as raised:
            async with FileLocks(path).held("a", seconds=0.2):
                pass
    (file,) = files(path)  # which stays when its holder is killed, and is used again

    assert f"process {one.pid} on {socket.gethostname()}" in str(raised.value)
    assert str(path.with_name("installs.db-locks") / file) in str(raised.value)
    assert (raised.value.waited, raised.value.maybe_applied) == (True, False)
    assert await is_free(FileLocks(path))
    assert files(path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
async def test_a_lock_that_root_takes_belongs_to_the_owner_of_the_store(path: Path) -> None:
    """A service goes on after root has looked at its store, or was killed while it did."""
    path.touch()
    os.chown(path, 4321, 4322)
    async with FileLocks(path).held("a"):
        folder = path.with_name(f"{path.name}-locks")
        owners = {(one.stat().st_uid, one.stat().st_gid) for one in (folder, *folder.iterdir())}

    assert owners == {(4321, 4322)}


async def test_every_name_has_a_lock_of_its_own(path: Path) -> None:
    """However many locks are held, none stands for another one."""
    locks = FileLocks(path)
    async with asyncio.timeout(10), locks.held("a"):
        for n in range(500):
            async with locks.held(f"location:{n}"):
                pass
        left = files(path)

    assert len(left) == 1
    assert files(path) == []


@pytest.mark.parametrize("how", ["symlink", "link of a link", "folder", "dots", "relative"])
async def test_one_lock_by_whatever_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A lock belongs to the file, also to one that is not there yet."""
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "link").symlink_to("real/installs.db")
    (tmp_path / "second").symlink_to("link")
    monkeypatch.chdir(tmp_path / "real")
    names = {
        "symlink": tmp_path / "link",
        "link of a link": tmp_path / "second",
        "folder": tmp_path / "folder" / "installs.db",
        "dots": tmp_path / "folder" / ".." / "real" / "installs.db",
        "relative": Path("installs.db"),
    }
    async with FileLocks(tmp_path / "real" / "installs.db").held("a"):
        other = await is_free(FileLocks(names[how])), await is_free(FileLocks(names[how]), "b")

    assert other == (False, True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "link", "real", "second"]


async def test_many_take_turns_on_files_that_come_and_go(path: Path) -> None:
    """A file that is removed under a waiter's hands lets no two of them in."""
    inside, most = [0], []

    async def take(locks: FileLocks) -> None:
        for _ in range(20):
            async with locks.held("a"):
                inside[0] += 1
                most.append(inside[0])
                await asyncio.sleep(0)
                inside[0] -= 1

    async with asyncio.timeout(30):
        await asyncio.gather(*(take(FileLocks(path)) for _ in range(5)))

    assert (len(most), max(most)) == (100, 1)
    assert files(path) == []


async def test_a_lock_whose_file_was_removed_frees_only_itself(path: Path) -> None:
    """Removing a lock file by hand ends no lock that another process has taken since."""
    first, second = FileLocks(path), FileLocks(path)
    async with second.held("b"):
        async with first.held("a"):
            for one in path.with_name("installs.db-locks").iterdir():
                one.unlink()
            taking = second.held("a", seconds=1)
            await taking.__aenter__()
        held = not await is_free(first)
        await taking.__aexit__(None, None, None)

    assert held


async def test_waiters_of_one_process_end_together(path: Path) -> None:
    """Each waits for its own time, however many stand before it."""
    locks = FileLocks(path)
    async with FileLocks(path).held("a"):
        began = asyncio.get_running_loop().time()
        free = await asyncio.gather(*(is_free(locks) for _ in range(150)))
        took = asyncio.get_running_loop().time() - began

    assert not any(free)
    assert took < 5
    assert await is_free(locks)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_a_fork_keeps_no_lock_of_a_parent_that_dies(path: Path) -> None:
    """A worker that was forked under a hold outlives its parent without it, and frees nothing."""
    code = HOLDER.replace(
        'print("held", flush=True)',
        "import os; child = os.fork()\n        if child: print(child, flush=True)",
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        before = await is_free(FileLocks(path))
        parent.kill()
        try:
            os.kill(child, 0)  # it lives
            after = await is_free(FileLocks(path))
        finally:
            os.kill(child, signal.SIGKILL)

    assert (before, after) == (False, True)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_a_child_that_leaves_a_hold_ends_none(path: Path) -> None:
    """The copy of a holder in a forked child is no holder."""
    locks, other = FileLocks(path), FileLocks(path)
    holding = locks.held("a")
    await holding.__aenter__()
    child = os.fork()
    if child == 0:
        with suppress(StopIteration, BaseException):
            holding.__aexit__(None, None, None).send(None)
        os._exit(0)
    os.waitpid(child, 0)
    free = await is_free(other)
    await holding.__aexit__(None, None, None)

    assert not free
    assert await is_free(other)


@pytest.mark.parametrize(
    ("number", "raised"),
    [
        (errno.ENOSPC, Unavailable),
        (errno.EDQUOT, Unavailable),
        (errno.EMFILE, Unavailable),
        (errno.ENFILE, Unavailable),
        (errno.EIO, Unavailable),
        (errno.EINTR, Unavailable),
        (errno.ESTALE, Unavailable),
        (errno.EROFS, Unavailable),
        (errno.ENOLCK, Unavailable),
        (errno.EACCES, ConfigurationError),
        (errno.ENOTDIR, ConfigurationError),
        (errno.ENOSYS, ConfigurationError),
    ],
)
@pytest.mark.parametrize("call", ["os.open", "fcntl.flock", "os.fstat", "os.write"])
async def test_what_a_file_system_refuses(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    raised: type[HighLevelError],
    call: str,
) -> None:
    """What passes is to be tried again; a lock that nobody can sign is a lock all the same."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    locks, descriptors = FileLocks(path), open_files()
    with monkeypatch.context() as patch:
        module, name = call.split(".")
        patch.setattr(getattr(file_locks, module), name, fail)
        try:
            async with locks.held("a", seconds=0.05):
                outcome = None
        except HighLevelError as error:
            outcome = error

    assert type(outcome) is (type(None) if call == "os.write" else raised), outcome
    assert outcome is None or (outcome.__cause__, outcome.__context__) == (None, None)
    assert open_files() == descriptors
    assert await is_free(locks)
