# ruff: noqa: ASYNC221, ASYNC240 - nothing else waits in these loops
"""The store in a file: whose it is, who may read it, and what other processes may do."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import Install, StoredInstall, Token
from ghl_notes.stores import SQLiteStore, TokenStore, sqlite

KEY = "location:loc"
OTHERS = "CREATE TABLE installs (key TEXT)"


def install(count: int = 0) -> StoredInstall:
    return StoredInstall.of(
        Install(user_type="Location", location_id="loc"),
        Token(access_token=f"access {count}", issued_at=0.0, expires_at=1e9),
    )


async def save(store: TokenStore, stored: StoredInstall) -> None:
    async with store.hold(stored.install.key) as hold:
        await hold.save(stored)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "installs.db"


@pytest.fixture
def careless_umask() -> Iterator[None]:
    """Let new files be readable and writable for everyone."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {one.name: one.stat().st_mode & 0o777 for one in folder.rglob("*")}


# --- the file -------------------------------------------------------------------------------


async def test_nobody_else_may_read_it(path: Path, careless_umask: None) -> None:
    """The file, and what SQLite writes beside it, are for their owner alone."""
    store = SQLiteStore(path)
    await save(store, install())
    found = modes(path.parent)
    await store.close()

    assert {path.name, f"{path.name}-wal", f"{path.name}-shm"} <= set(found)
    assert {mode for name, mode in found.items() if name != "installs.db-locks"} == {0o600}
    assert found["installs.db-locks"] == 0o700


async def test_what_was_open_to_others_is_closed(path: Path, careless_umask: None) -> None:
    """A store that was copied carelessly is made private again before a token is written."""
    store = SQLiteStore(path)
    await save(store, install())
    await store.close()
    path.chmod(0o644)
    await save(store, install(1))
    found = modes(path.parent)
    await store.close()

    assert [found[path.name + part] for part in ("", "-wal", "-shm")] == [0o600] * 3


async def test_it_outlives_its_process(path: Path) -> None:
    """What was saved is on disk: another process, and this one later, find it."""
    store = SQLiteStore(path)
    await save(store, install(5))
    code = f"""
import asyncio
from ghl_notes.stores import SQLiteStore
stored = asyncio.run(SQLiteStore({str(path)!r}).load({KEY!r}))
print(stored.token.access_token, end="")
"""
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    await store.close()

    assert other.stdout == "access 5"
    assert await store.load(KEY) == install(5)
    await store.close()


async def test_a_name_is_only_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name means a database in memory, and a change of folder moves no store."""
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore(":memory:")
    await save(store, install())
    await store.close()
    monkeypatch.chdir("/")

    assert await store.load(KEY) == install()
    await store.close()


# --- other people's files -------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(b"This is no database, but a letter.\n" * 100)


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(OTHERS)


def another_programs_without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 12345")


def a_newer_version(path: Path) -> None:
    asyncio.run(_make(path))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA user_version = 2")


async def _make(path: Path) -> None:
    store = SQLiteStore(path)
    await store.load(KEY)
    await store.close()


def half_a_store(path: Path) -> None:
    a_newer_version(path)
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (garbage, "cannot be used as a store"),
        (another_programs, "database of another program"),
        (another_programs_without_a_table, "database of another program"),
        (a_newer_version, "written by a newer ghl_notes"),
        (half_a_store, "cannot be used as a store|newer"),
        (Path.mkdir, "cannot be used as a store"),
    ],
)
def test_what_is_not_ours_is_left_alone(path: Path, make: Callable[[Path], None], why: str) -> None:
    """A file of somebody else is refused by its name, and stays as it was to the last bit."""
    make(path)
    path.chmod(0o644 if path.is_file() else 0o755)
    before = path.stat().st_mode, path.read_bytes() if path.is_file() else list(path.iterdir())

    async def use() -> None:
        store = SQLiteStore(path)
        with pytest.raises(ConfigurationError, match=why) as raised:
            await store.load(KEY)
        assert str(path) in str(raised.value)
        await store.close()

    asyncio.run(use())
    after = path.stat().st_mode, path.read_bytes() if path.is_file() else list(path.iterdir())

    assert after == before


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A path that leads nowhere is named, and no folder is made for it."""
    store = SQLiteStore(tmp_path / "missing" / "installs.db")
    for use in (store.load(KEY), save(store, install())):
        with pytest.raises(ConfigurationError, match="missing"):
            await use

    assert list(tmp_path.iterdir()) == []


async def test_an_empty_file_becomes_a_store(path: Path) -> None:
    """A file that was only touched is nobody's yet."""
    path.touch()
    store = SQLiteStore(path)
    await save(store, install())

    assert await store.load(KEY) == install()
    await store.close()


# --- other processes ------------------------------------------------------------------------

CHILD = """
import asyncio, sys
sys.path.insert(0, {here!r})
from test_sqlite import SQLiteStore, install, KEY

async def add(times):
    store = SQLiteStore({path!r})
    for _ in range(times):
        async with store.hold(KEY) as hold:
            count = int(hold.stored.token.access_token.split()[1]) if hold.stored else 0
            await asyncio.sleep(0)
            await hold.save(install(count + 1))
    await store.close()

async def hold_for_ever():
    async with SQLiteStore({path!r}).hold(KEY):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run({call})
"""


@contextmanager
def child(path: Path, call: str) -> Iterator[subprocess.Popen[str]]:
    """Run a coroutine in a process of its own."""
    code = CHILD.format(here=str(Path(__file__).parent), path=str(path), call=call)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


async def test_two_processes_take_turns(path: Path) -> None:
    """Processes that renew the same install do it one after the other, from the first file on."""
    with child(path, "add(15)") as one, child(path, "add(15)") as two:
        ended = [await asyncio.to_thread(process.wait, 30) for process in (one, two)]
    store = SQLiteStore(path)

    assert ended == [0, 0]
    assert await store.load(KEY) == install(30)
    await store.close()


async def test_a_killed_holder_lets_go(path: Path) -> None:
    """A process that dies under a hold cannot keep the others from it."""
    store, got = SQLiteStore(path), asyncio.Event()

    async def take() -> None:
        async with store.hold(KEY) as hold:
            got.set()
            await hold.save(install(1))

    with child(path, "hold_for_ever()") as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        taking = asyncio.create_task(take())
        await store.load(KEY)
        before = got.is_set()
        holder.kill()
        await asyncio.wait_for(taking, 10)

    assert not before
    assert await store.load(KEY) == install(1)
    await store.close()


@pytest.mark.parametrize("together", [2, 6])
async def test_everyone_may_be_the_first(tmp_path: Path, together: int) -> None:
    """Services that start at once on a new file make it once, and all of them can use it."""
    for n in range(15):
        stores = [SQLiteStore(tmp_path / f"{n}.db") for _ in range(together)]
        loaded = await asyncio.gather(*(store.load(KEY) for store in stores))
        await asyncio.gather(*(store.close() for store in stores))

        assert loaded == [None] * together


async def test_without_file_locks(path: Path) -> None:
    """On a system without flock the tasks of one process still take turns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "fcntl", None)
        spec = spec_from_file_location("sqlite_without_flock", sqlite.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    store = module.SQLiteStore(path)

    async def add() -> None:
        async with store.hold(KEY) as hold:
            count = int(hold.stored.token.access_token.split()[1]) if hold.stored else 0
            await hold.save(install(count + 1))

    await asyncio.gather(*(add() for _ in range(10)))

    assert await store.load(KEY) == install(10)
    assert "installs.db-locks" not in modes(path.parent)
    await store.close()
