# ruff: noqa: ASYNC240 - nothing else waits in these loops
"""The store in a file: whose it is, who may read it, and what becomes of one that is damaged."""

import asyncio
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from zlib import crc32

import pytest

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.models import Owner, company_key, location_key
from ghl_notes.stores import SQLiteStore, file_locks, sqlite, sqlite_schema
from ghl_notes.stores.file_locks import FileLocks
from ghl_notes.stores.owned import OwnedStore
from tests.stores.installs import KEY, count_of, count_on, delete, install, keys, save
from tests.stores.processes import child

NONE = type(None)
OTHERS = "CREATE TABLE installs (key TEXT)"
# Version 1, as it was released. Never to be changed.
VERSION_1 = """
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
ROWS_1 = [
    ("company:com", "Company", None, "com", "u", "a.read b.write", "access 1", None, 5.5, 9.0),
    ("location:loc", "Location", "loc", "com", None, "", "access 2", "refresh 2", 1e9, 2e9),
]


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


async def use(path: Path) -> list[str]:
    """Read a store, as its first user does, and name what it keeps."""
    store = SQLiteStore(path)
    try:
        return await keys(store)
    finally:
        await store.close()


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
    await save(store, install(count=1))
    found = modes(path.parent)
    await store.close()

    assert [found[path.name + part] for part in ("", "-wal", "-shm")] == [0o600] * 3


async def test_it_outlives_its_process(path: Path) -> None:
    """What was saved is on disk: another process, and this one later, find it."""
    store = SQLiteStore(path)
    await save(store, install(count=5))
    with child(f"load('sqlite', {str(path)!r})") as other:
        said, _ = await asyncio.to_thread(other.communicate, timeout=30)
    await store.close()

    assert said == "loaded True\n"
    assert await store.load(KEY) == install(count=5)
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


def test_a_name_with_a_nul_is_none() -> None:
    """What no file can be called is refused when the store is made."""
    with pytest.raises(ConfigurationError, match="NUL"):
        SQLiteStore("installs\0.db")


# --- other people's files -------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(b"This is no database, but a letter.\n" * 100)


def one_byte(path: Path) -> None:
    path.write_bytes(b"!")


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(OTHERS)


def another_programs_without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 12345")


def a_newer_version(path: Path) -> None:
    asyncio.run(use(path))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA user_version = 9")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (garbage, "cannot be used"),
        (one_byte, "cannot be used"),
        (another_programs, "database of another program"),
        (another_programs_without_a_table, "database of another program"),
        (a_newer_version, "written by a newer ghl_notes"),
        (Path.mkdir, "cannot be used"),
    ],
)
def test_what_is_not_ours_is_left_alone(path: Path, make: Callable[[Path], None], why: str) -> None:
    """A file of somebody else is refused by its name, and stays as it was to the last bit."""
    make(path)
    path.chmod(0o644 if path.is_file() else 0o755)
    before = path.stat().st_mode, path.read_bytes() if path.is_file() else list(path.iterdir())
    with pytest.raises(ConfigurationError, match=why) as raised:
        asyncio.run(use(path))
    after = path.stat().st_mode, path.read_bytes() if path.is_file() else list(path.iterdir())

    assert str(path) in str(raised.value)
    assert after == before


async def test_a_read_only_file_is_left_alone(path: Path) -> None:
    """A file whose mode forbids writing is refused, to the superuser too, and keeps its mode."""
    store = SQLiteStore(path)
    await save(store, install())
    await store.close()
    path.chmod(0o440)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="read-only") as raised:
        await store.load(KEY)
    await store.close()

    assert str(path) in str(raised.value)
    assert (path.stat().st_mode & 0o777, path.read_bytes()) == (0o440, before)


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A path that leads nowhere is named, and no folder is made for it."""
    store = SQLiteStore(tmp_path / "missing" / "installs.db")
    for using in (store.load(KEY), save(store, install())):
        with pytest.raises(ConfigurationError, match="missing"):
            await using

    assert list(tmp_path.iterdir()) == []


async def test_an_empty_file_becomes_a_store(path: Path) -> None:
    """A file that was only touched is nobody's yet."""
    path.touch()
    store = SQLiteStore(path)
    await save(store, install())

    assert await store.load(KEY) == install()
    await store.close()


# --- damaged files --------------------------------------------------------------------------


async def filled(path: Path) -> bytes:
    """Make a store of some pages, and return its file."""
    store = SQLiteStore(path)
    await save(store, *(install(f"l{n:02}", n) for n in range(30)))
    await store.remember("n", seconds=60)
    await store.close()
    return path.read_bytes()


async def refused(path: Path) -> BaseException | None:
    """Use a file that may be damaged, and return what was raised."""
    try:
        await use(path)
    except HighLevelError as error:
        return error
    return None


async def test_a_cut_off_file_is_left_alone(path: Path) -> None:
    """However much of its end is missing, a file is refused or whole, and never changed."""
    whole = await filled(path)
    raised = []
    for length in [*range(2, 600, 83), *range(600, len(whole), 997)]:
        path.write_bytes(whole[:length])
        raised.append(await refused(path))

        assert path.read_bytes() == whole[:length]

    assert {type(one) for one in raised[:-1]} == {ConfigurationError}


async def test_a_damaged_file_is_left_alone(path: Path) -> None:
    """Whatever bytes are wrong, nothing crashes, nothing is written, and no token is told."""
    whole, chance, raised = await filled(path), random.Random(1), []
    for _ in range(120):
        damaged = bytearray(whole)
        for place in chance.sample(range(len(whole)), chance.choice([1, 3, 20])):
            damaged[place] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        error = await refused(path)
        raised.append(type(error))
        told = "".join(traceback.format_exception(error)) if error else ""

        assert path.read_bytes() == damaged
        assert "access" not in told.replace("access_token", "")  # the column

    assert {issubclass(one, ConfigurationError) for one in raised if one is not NONE} == {True}
    assert NONE in raised


async def test_a_damaged_token_is_not_told(path: Path) -> None:
    """SQLite quotes a text that is not UTF-8 in its error; ours does not."""
    whole = await filled(path)
    path.write_bytes(whole.replace(b"access 7", b"acc\xffss 7"))
    error = await refused(path)

    assert isinstance(error, ConfigurationError)
    assert "ss 7" not in "".join(traceback.format_exception(error))


# --- older versions -------------------------------------------------------------------------


def version_1(path: Path) -> None:
    """Write a file as the first version did."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(VERSION_1)
        db.execute(f"PRAGMA application_id = {0x67686C6E}")
        db.execute("PRAGMA user_version = 1")
        db.executemany(f"INSERT INTO installs VALUES ({', '.join('?' * 10)})", ROWS_1)


async def test_the_first_version_is_brought_up_to_date(path: Path) -> None:
    """Installs of version 1 are kept whole; they were there when their token was made."""
    version_1(path)
    store = SQLiteStore(path)
    company, location = [one async for one in store.list()]
    claimed = await store.claim("n", seconds=60)
    await save(store, install(count=3))

    assert company.install.scopes == ("a.read", "b.write")
    assert (company.install.company_id, company.install.user_id) == ("com", "u")
    assert company.install.installed_at == datetime.fromtimestamp(5.5, UTC)
    assert (company.token.access_token, company.token.refresh_token) == ("access 1", None)
    assert (location.token.refresh_token, location.token.expires_at) == ("refresh 2", 2e9)
    assert location.install.installed_at == location.install.renewed_at
    assert location.install.spent_at is None
    assert claimed
    assert count_of(await store.load(KEY)) == 3
    await store.close()


async def test_two_processes_bring_it_up_to_date_at_once(path: Path) -> None:
    """Whoever is first does it, and the other finds it done."""
    version_1(path)
    load = f"load('sqlite', {str(path)!r})"
    with child(load) as one, child(load) as two:
        said = [(await asyncio.to_thread(each.communicate, timeout=30))[0] for each in (one, two)]

    assert said == ["loaded True\n"] * 2
    assert await use(path) == ["company:com", "location:loc"]


@pytest.mark.parametrize("together", [2, 6])
@pytest.mark.parametrize("make", [version_1, None])
async def test_everyone_may_be_the_first(
    tmp_path: Path, together: int, make: Callable[[Path], None] | None
) -> None:
    """Services that start at once on a new or an old file make it ready once, for all of them."""
    for n in range(10):
        path = tmp_path / f"{n}.db"
        if make is not None:
            make(path)
        found = await asyncio.gather(*(use(path) for _ in range(together)))

        assert found == [[row[0] for row in ROWS_1] if make else []] * together


# --- holds and claims -----------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_save_keeps_its_hold_until_it_is_written(path: Path, times: int) -> None:
    """The next holder never reads the token that a cancelled save is about to replace."""
    first, second, held = SQLiteStore(path), SQLiteStore(path), asyncio.Event()
    await save(first, install(count=1))

    async def renew() -> None:
        async with first.hold(KEY) as hold:
            held.set()
            await hold.save(install(count=2))

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # so that the save has to wait
        saving = asyncio.create_task(renew())
        await held.wait()
        counting = asyncio.create_task(count_on(second))
        for _ in range(times):
            saving.cancel()
            await second.load(KEY)
        early = saving.done() or counting.done()
        other.execute("COMMIT")
    async with asyncio.timeout(5):
        ended = await asyncio.gather(saving, counting, return_exceptions=True)

    assert not early
    assert isinstance(ended[0], asyncio.CancelledError)
    assert ended[1] == 2
    assert count_of(await first.load(KEY)) == 3
    await first.close()
    await second.close()


async def test_without_file_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without flock the tasks of one process still take turns."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    spec = spec_from_file_location("file_locks_without_flock", file_locks.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sqlite, "FileLocks", module.FileLocks)
    store = SQLiteStore(path)
    await asyncio.gather(*(count_on(store) for _ in range(10)))

    assert count_of(await store.load(KEY)) == 10
    assert "installs.db-locks" not in modes(path.parent)
    await store.close()


async def test_claims_that_are_over_are_cleared_away(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file does not grow with every claim there ever was."""
    monkeypatch.setattr(sqlite, "_SWEEP", 10)
    now = [0.0]
    store = SQLiteStore(path, clock=lambda: now[0])
    for n in range(25):
        now[0] = float(n)
        await store.claim(f"n{n}", seconds=3)
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        left = {name for (name,) in db.execute("SELECT name FROM claims")}

    assert left == {f"n{n}" for n in range(18, 25)}


@pytest.mark.parametrize("seconds", [5, 0])
async def test_claims_do_not_follow_a_clock_that_is_set_back(path: Path, seconds: float) -> None:
    """A claim lasts for its own seconds from when the clock is seen to be behind it, at most."""
    now = [10_000.0]
    store = SQLiteStore(path, clock=lambda: now[0])
    await store.claim("n", seconds=60)
    await store.remember("m", seconds=600)
    now[0] -= 3600  # an hour back
    early = [await store.claim(name, seconds=seconds) for name in ("n", "m")]
    now[0] += 59
    still = [await store.claim(name, seconds=seconds) for name in ("n", "m")]
    now[0] += 2
    freed = [await store.claim(name, seconds=seconds) for name in ("n", "m")]
    now[0] += 540
    later = await store.claim("m", seconds=seconds)

    assert (early, still, freed, later) == ([False] * 2, [False] * 2, [True, False], True)
    await store.close()


async def test_a_claim_lasts_from_when_it_was_written(path: Path) -> None:
    """The wait for another process that writes takes nothing away from a claim's seconds."""
    now = [0.0]
    store = SQLiteStore(path, clock=lambda: now[0])
    await store.claim("n", seconds=60)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        late = asyncio.gather(store.claim("late", seconds=5), store.remember("n", seconds=5))
        await asyncio.sleep(0.05)
        now[0] = 10.0
        db.execute("COMMIT")
    await late
    now[0] = 14.0
    free = [await store.claim(name, seconds=0) for name in ("late", "n")]
    await store.close()

    assert free == [False, False]


async def test_processes_that_claim_once_clear_away_too(path: Path) -> None:
    """A store that is opened for one claim, as a scheduled job does, leaves no older one behind."""
    for n in range(5):
        store = SQLiteStore(path, clock=lambda n=n: 10.0 * n)
        await store.claim(f"n{n}", seconds=3)
        await store.close()
    with closing(sqlite3.connect(path)) as db:
        left = [name for (name,) in db.execute("SELECT name FROM claims")]

    assert left == ["n4"]


# --- what passes ----------------------------------------------------------------------------


class Failing(sqlite3.Connection):
    """A database that fails once with the code that is given, whatever is asked of it."""

    code = 0

    def execute(self, *words: object) -> sqlite3.Cursor:
        """Fail if told to."""
        if Failing.code:
            error = sqlite3.OperationalError("in a bad moment")
            error.sqlite_errorcode, Failing.code = Failing.code, 0
            raise error
        return super().execute(*words)  # type: ignore[arg-type]


PASSING = "BUSY CANTOPEN FULL IOERR IOERR_FSYNC INTERRUPT LOCKED NOMEM PROTOCOL SCHEMA INTERNAL"
HOPELESS = "ERROR CORRUPT NOTADB READONLY PERM CONSTRAINT TOOBIG MISMATCH"


async def test_what_sqlite_says_passes_or_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what no later try mends is a fault of the path; all else is to be tried again."""
    connect = partial(sqlite3.connect, factory=Failing)
    monkeypatch.setattr(sqlite_schema.sqlite3, "connect", connect)
    store = SQLiteStore(path)
    await store.load(KEY)
    for names, expected in ((PASSING, Unavailable), (HOPELESS, ConfigurationError)):
        for name in names.split():
            Failing.code = getattr(sqlite3, f"SQLITE_{name}")
            (raised,) = await asyncio.gather(store.load(KEY), return_exceptions=True)
            if name in {"BUSY", "PROTOCOL"}:  # it is looked at again, and here it is over
                assert raised is None, name
                continue

            assert type(raised) is expected, name
            assert str(path) in str(raised), name
            assert (raised.__cause__, raised.__context__) == (None, None), name
    await store.close()


@pytest.mark.parametrize("opened", [True, False])
async def test_no_more_files_can_be_opened(path: Path, opened: bool) -> None:  # noqa: FBT001 - a parameter
    """A process that is out of descriptors is told to try again, and nothing is lost by it."""
    store, taken = SQLiteStore(path), []
    if opened:
        await save(store, install(count=1))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(Unavailable):
            await save(store, install(count=2))
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    await save(store, install(count=3))

    assert await store.load(KEY) == install(count=3)
    await store.close()


async def test_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds no room is refused as passing, and the store is as it was."""
    limit = partial(sqlite3.connect, factory=Small)
    store = SQLiteStore(path)
    await save(store, install(count=1))
    await store.close()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema.sqlite3, "connect", limit)
        with pytest.raises(Unavailable, match="full"):
            await save(store, *(install(f"{n}" * 3000) for n in range(10)))
        await store.close()
    await save(store, install(count=2))

    assert await store.load(KEY) == install(count=2)
    await store.close()


class Small(sqlite3.Connection):
    """A database that may not grow, as on a full disk."""

    def __init__(self, *words: object, **options: object) -> None:
        super().__init__(*words, **options)  # type: ignore[arg-type]
        self.execute("PRAGMA max_page_count = 5")


async def test_a_writer_that_stands_still(path: Path) -> None:
    """A process that is stopped while it writes keeps nobody from reading, and ends no wait late.

    All who want to write meanwhile wait at the same time, and not one after the other.
    """
    store = SQLiteStore(path, hold_timeout=0.4)
    await save(store, install(count=1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = asyncio.get_running_loop().time()
        saves = [asyncio.create_task(save(store, install(f"l{n}"))) for n in range(40)]
        await asyncio.sleep(0.05)
        during = await store.load(KEY)
        ended = await asyncio.gather(*saves, return_exceptions=True)
        took = asyncio.get_running_loop().time() - began

    assert during == install(count=1)
    assert {type(one) for one in ended} == {Unavailable}
    assert all(one.waited and str(path) in str(one) for one in ended)
    assert {(one.__cause__, one.__context__) for one in ended} == {(None, None)}
    assert took < 5
    await save(store, install(count=2))
    await store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="nothing tells who holds a lock")
async def test_a_writer_that_stands_still_is_named(path: Path) -> None:
    """A process that is stopped in the middle of a transaction is told by its number."""
    store = SQLiteStore(path, hold_timeout=0.3)
    await save(store, install(count=1))
    with child(f"write_for_ever({str(path)!r})") as writer:
        assert writer.stdout is not None
        assert await asyncio.to_thread(writer.stdout.readline) == "writing\n"
        writer.send_signal(signal.SIGSTOP)
        with pytest.raises(Unavailable, match=f"process {writer.pid} on"):
            await save(store, install(count=2))
        with pytest.raises(Unavailable, match=f"process {writer.pid} on"):
            await store.claim("n", seconds=60)
        writer.kill()
        await asyncio.to_thread(writer.wait)
    await save(store, install(count=3))

    assert await store.load(KEY) == install(count=3)
    await store.close()


async def test_who_changes_the_schema_and_stands_still(path: Path) -> None:
    """A file that another process is making ready is waited for, and then that one is named."""
    store, other = SQLiteStore(path, hold_timeout=0.3), FileLocks(path)
    with other.alone(), pytest.raises(Unavailable, match=f"process {os.getpid()} on") as raised:
        await save(store, install())

    assert raised.value.waited
    await save(store, install())
    await store.close()


# --- copies ---------------------------------------------------------------------------------


async def test_a_copy_of_the_file_alone_is_a_backup(path: Path) -> None:
    """Whatever was saved stands in the file itself, also under webhooks that are remembered."""
    store, copy = SQLiteStore(path), path.with_name("copy.db")
    for n in range(12):
        await save(store, install(f"l{n:02}", n))
        await store.remember(f"n{n}", seconds=60)
        shutil.copyfile(path, copy)
        assert await use(copy) == [f"location:l{one:02}" for one in range(n + 1)]
        copy.unlink()
    await delete(store, "location:l00")
    shutil.copyfile(path, copy)

    assert await use(copy) == [f"location:l{one:02}" for one in range(1, 12)]
    await store.close()


async def test_a_copy_beside_a_busy_store(path: Path) -> None:
    """Copies that are taken while installs are saved and read are whole, or refused."""
    store, reader, copy = SQLiteStore(path), SQLiteStore(path), path.with_name("copy.db")
    done = [0]

    async def renew() -> None:
        for n in range(120):
            await save(store, install(f"l{n:03}", n))
            done[0] += 1
            await reader.claim(f"n{n}", seconds=60)

    renewing, found = asyncio.create_task(renew()), []
    while not renewing.done():
        await keys(reader)
        saved = done[0]
        await asyncio.to_thread(shutil.copyfile, path, copy)
        with suppress(ConfigurationError):
            found.append((saved, len(await use(copy))))
        copy.unlink()
    await renewing

    assert len(found) > 3
    assert all(copied >= saved for saved, copied in found), found
    await store.close()
    await reader.close()


async def test_a_killed_process_leaves_its_saves_in_the_file(path: Path) -> None:
    """A service that is killed has nothing in the journal that a copy would miss."""
    with child(f"save_and_stay({str(path)!r})") as service:
        assert service.stdout is not None
        assert await asyncio.to_thread(service.stdout.readline) == "saved\n"
        service.kill()
        await asyncio.to_thread(service.wait)
    shutil.copyfile(path, path.with_name("copy.db"))

    assert await use(path.with_name("copy.db")) == [KEY]


@pytest.mark.parametrize("how", ["copy", "backup"])
async def test_a_copy_put_back_beside_an_old_journal(path: Path, how: str) -> None:
    """With the journal of the former file still there, a copy is read whole, or is an error."""
    copy, journal = path.with_name("copy.db"), path.with_name("installs.db-wal")
    for n in range(8):
        store = SQLiteStore(path)
        await save(store, *(install(f"l{one}" * (1 + 20 * (n % 2)), one) for one in range(3 * n)))
        before = await keys(store)
        await (
            store.backup(copy)
            if how == "backup"
            else asyncio.to_thread(shutil.copyfile, path, copy)
        )
        await save(store, *(install(f"m{one}", one) for one in range(4 * n)))
        for one in range(1 + 9 * n):
            await store.remember(f"n{one}" * 10, seconds=60)
        old = journal.read_bytes()
        await store.close()
        copy.rename(path)
        journal.write_bytes(old)
        (found,) = await asyncio.gather(use(path), return_exceptions=True)

        assert found == before or isinstance(found, ConfigurationError), n
        for one in path.parent.glob("installs.db*"):
            shutil.rmtree(one) if one.is_dir() else one.unlink()


async def test_a_copy_that_lacks_its_end_is_refused(path: Path) -> None:
    """A file that is longer or shorter than it says was copied while it was written."""
    whole = await filled(path)
    path.write_bytes(whole + b"\0" * 4096)

    assert isinstance(await refused(path), ConfigurationError)
    assert path.read_bytes() == whole + b"\0" * 4096


async def test_a_copy_with_another_journal_is_put_right(path: Path) -> None:
    """What SQLite's own tools make of a store is a store again, with its journal."""
    await filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    found = await use(path)
    with closing(sqlite3.connect(path)) as db:
        mode = db.execute("PRAGMA journal_mode").fetchone()[0]

    assert (len(found), mode) == (30, "wal")


async def test_a_file_of_two_names_is_refused(path: Path) -> None:
    """SQLite keeps a journal for each hard link, and two of them would destroy the file."""
    store = SQLiteStore(path)
    await save(store, install(count=1))
    other = path.with_name("other.db")
    other.hardlink_to(path)
    for name in (path, other):
        with pytest.raises(ConfigurationError, match="hard links"):
            await use(name)
    await save(store, install(count=2))  # a running service goes on
    other.unlink()

    assert await use(path) == [KEY]
    await store.close()


# --- a file that is not there any more ------------------------------------------------------


async def test_a_file_that_was_removed_is_missed(path: Path) -> None:
    """What would be written to a file that nobody finds any more is refused, not lost."""
    store = SQLiteStore(path)
    await save(store, install())
    path.rename(path.with_name("moved.db"))
    with pytest.raises(ConfigurationError, match="No such file"):
        await save(store, install(count=1))
    path.with_name("moved.db").rename(path)

    assert await store.load(KEY) == install()
    await store.close()


async def test_a_file_that_was_replaced_is_refused(path: Path) -> None:
    """What SQLite keeps beside the old file would be read into the new one."""
    store, backup = SQLiteStore(path), SQLiteStore(path.with_name("backup.db"))
    await save(store, install(count=1))
    await save(backup, install(count=2))
    await backup.close()
    path.with_name("backup.db").rename(path)
    with pytest.raises(ConfigurationError, match="was replaced"):
        await save(store, install(count=3))
    await store.close()


# --- a file of the version before, which kept no app ----------------------------------------

# What version 2 added, as it was released. Never to be changed.
VERSION_2 = """
ALTER TABLE installs ADD COLUMN installed_at REAL;
ALTER TABLE installs ADD COLUMN spent_at REAL;
CREATE TABLE claims (name TEXT PRIMARY KEY, ends REAL NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 2;
"""
# As a process of that version writes an install.
SAVE_2 = "INSERT OR REPLACE INTO installs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SAVE_2_BY_NAME = """
INSERT OR REPLACE INTO installs (key, user_type, location_id, company_id, user_id, scopes,
    access_token, refresh_token, issued_at, expires_at, installed_at, spent_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ROWS_2 = [(*row, 4.5, None) for row in ROWS_1]
READER = Owner("highlevel", "65-reader")


def version_2(path: Path) -> None:
    """Make a file as version 0.1 left it."""
    version_1(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(VERSION_2)
        db.executemany("DELETE FROM installs WHERE key = ?", [row[:1] for row in ROWS_2])
        db.executemany(SAVE_2, ROWS_2)


async def test_a_file_that_kept_no_app_is_brought_up_to_date(path: Path) -> None:
    """Every install of it keeps its key and its tokens, and is nobody's until an app comes."""
    version_2(path)
    store = SQLiteStore(path)
    company, location = [one async for one in store.list()]

    assert (company.install.client_id, company.install.provider) == (None, "highlevel")
    assert (company.token.access_token, location.token.refresh_token) == ("access 1", "refresh 2")
    assert company.install.in_doubt_since is None
    await store.adopt(provider=READER.provider, client_id=READER.client_id)
    mine = await store.load(location_key("loc", READER))
    assert mine is not None
    assert (mine.install.client_id, mine.token) == (READER.client_id, location.token)
    assert await keys(store) == [company_key("com", READER), location_key("loc", READER)]
    await store.close()


async def test_a_process_of_the_version_before_goes_on(path: Path) -> None:
    """What it still saves is read, and the next process of the app makes it the app's."""
    version_2(path)
    old = sqlite3.connect(path)
    first, second = SQLiteStore(path), SQLiteStore(path)
    await OwnedStore(first, READER).load("x")
    with old:
        old.execute(SAVE_2_BY_NAME, (*ROWS_2[1][:6], "access 3", "refresh 3", 2e9, 3e9, 4.5, None))
    late = await first.load("location:loc")
    found = await OwnedStore(second, READER).load(location_key("loc", READER))
    old.close()
    for store in (first, second):
        await store.close()

    assert late is not None
    assert late.token.refresh_token == "refresh 3"
    assert found is not None
    assert found.token == late.token


async def test_a_renewal_of_the_version_before_is_waited_for(path: Path) -> None:
    """What a process of it is about to save is adopted, and not the token that it has spent."""
    fcntl = pytest.importorskip("fcntl")
    version_2(path)
    locks = path.with_name("installs.db-locks")
    locks.mkdir()
    store = SQLiteStore(path)
    # As that version held an install: one of 64 files, by the key's checksum.
    with (locks / f"{crc32(b'location:loc') % 64:02d}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finding = asyncio.create_task(OwnedStore(store, READER).load(location_key("loc", READER)))
        await asyncio.sleep(0.1)
        early = finding.done()
        with closing(sqlite3.connect(path)) as db, db:
            new = (*ROWS_2[1][:6], "access 3", "refresh 3", 2e9, 3e9, 4.5, None)
            db.execute(SAVE_2_BY_NAME, new)
    found = await asyncio.wait_for(finding, 10)
    await store.close()

    assert not early
    assert found is not None
    assert found.token.refresh_token == "refresh 3"


async def test_no_install_is_adopted_without_its_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process of that version adds while others are adopted is left to the next time."""
    version_2(path)
    held = sqlite.held_as_before

    @contextmanager
    def meanwhile(of: Path, names: Iterable[str]) -> Iterator[None]:
        with closing(sqlite3.connect(path, timeout=0)) as db, db:
            new = ("location:new", *ROWS_2[1][1:6], "access 3", "refresh 3", 2e9, 3e9, 4.5, None)
            with suppress(sqlite3.OperationalError):  # it waits, and writes later
                db.execute(SAVE_2_BY_NAME, new)
        with held(of, names):
            yield

    store = SQLiteStore(path)
    monkeypatch.setattr(sqlite, "held_as_before", meanwhile)
    await store.adopt(provider=READER.provider, client_id=READER.client_id)
    found = await keys(store)
    await store.close()

    assert found == [company_key("com", READER), location_key("loc", READER)]
