# ruff: noqa: ASYNC240 - nothing else waits meanwhile
"""Copies of a store in a file: whole, private, and never in the place of something else."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.stores import SQLiteStore, sqlite_backup
from tests.stores.installs import KEY, install, keys, save


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "installs.db"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copies" / "copy.db"


@pytest.fixture
def store(path: Path, copy: Path) -> SQLiteStore:
    copy.parent.mkdir()
    return SQLiteStore(path)


def beside(copy: Path) -> list[str]:
    return sorted(one.name for one in copy.parent.iterdir())


async def test_a_backup_is_a_whole_store(store: SQLiteStore, copy: Path) -> None:
    """A copy is a private file of its own, and a store that works."""
    before = os.umask(0)
    try:
        await save(store, *(install(f"l{n}", n) for n in range(5)))
        count = await store.backup(copy)
    finally:
        os.umask(before)
    files, mode = beside(copy), copy.stat().st_mode & 0o777
    copied = SQLiteStore(copy)

    assert (count, files, mode) == (5, ["copy.db"], 0o600)
    assert [one async for one in copied.list()] == [one async for one in store.list()]
    await save(copied, install("l5"))
    assert (len(await keys(copied)), len(await keys(store))) == (6, 5)
    await copied.close()
    await store.close()


async def test_backups_beside_writers(store: SQLiteStore, path: Path, copy: Path) -> None:
    """Each copy has one moment of the store, and none keeps anybody from saving."""
    other, counts = SQLiteStore(path), []
    await save(store, install("first"))

    async def write() -> None:
        for n in range(40):
            await save(other, install(f"l{n:02}", n))

    writing = asyncio.create_task(write())
    while not writing.done():
        counts.append(await store.backup(copy, overwrite=True))
        copied = SQLiteStore(copy)
        assert len(await keys(copied)) == counts[-1]
        await copied.close()
    await writing

    assert counts == sorted(counts)
    assert len(set(counts)) > 1
    assert beside(copy) == ["copy.db"]
    await other.close()
    await store.close()


async def test_a_backup_replaces_nothing_unasked(store: SQLiteStore, copy: Path) -> None:
    """What is there stays, unless it is to be overwritten."""
    await save(store, install())
    copy.write_text("mine")
    with pytest.raises(ConfigurationError, match="exists"):
        await store.backup(copy)
    kept = copy.read_text()

    assert (kept, beside(copy)) == ("mine", ["copy.db"])
    assert await store.backup(copy, overwrite=True) == 1
    await store.close()


async def test_a_file_that_comes_meanwhile_is_kept(
    store: SQLiteStore, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that write the same copy at once do not overwrite each other."""
    await save(store, install())
    monkeypatch.setattr(sqlite_backup, "check_backup", lambda *_, **__: None)
    monkeypatch.setattr("ghl_notes.stores.sqlite.check_backup", lambda *_, **__: None)
    copy.write_text("mine")
    with pytest.raises(ConfigurationError, match="exists"):
        await store.backup(copy)

    assert (copy.read_text(), beside(copy)) == ("mine", ["copy.db"])
    await store.close()


async def test_a_store_is_not_its_own_backup(store: SQLiteStore, path: Path, copy: Path) -> None:
    """Neither by its name nor by another one, nor is a store that is in use overwritten."""
    await save(store, install())
    link = path.with_name("link.db")
    link.symlink_to(path)
    other = SQLiteStore(copy)
    await save(other, install("other"))
    for target in (path, link, copy):
        with pytest.raises(ConfigurationError, match="another file"):
            await store.backup(target, overwrite=True)

    assert await store.load(KEY) == install()
    assert len(await keys(other)) == 1
    await other.close()
    await store.close()


async def test_there_is_no_backup_of_nothing(store: SQLiteStore, path: Path, copy: Path) -> None:
    """A mistyped path would else be copied as a store without installs."""
    with pytest.raises(ConfigurationError, match="no store"):
        await store.backup(copy)

    assert not path.exists()
    assert beside(copy) == []
    await store.close()


async def test_a_file_system_without_links(
    store: SQLiteStore, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A memory stick takes a backup as well."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    await save(store, install())
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    count = await store.backup(copy)
    with closing(sqlite3.connect(copy)) as db:
        found = db.execute("SELECT count(*) FROM installs").fetchone()

    assert (count, found) == (1, (1,))
    await store.close()


@pytest.mark.parametrize(
    ("target", "raised"),
    [("missing/copy.db", ConfigurationError), ("/dev/full", HighLevelError)],
)
async def test_a_copy_that_cannot_be_written(
    store: SQLiteStore, copy: Path, target: str, raised: type[HighLevelError]
) -> None:
    """The error names the copy; the store is as it was, and nothing is left."""
    await save(store, install())
    with pytest.raises(raised) as failed:
        await store.backup(copy.parent / target)

    assert target in str(failed.value)
    assert beside(copy) == []
    assert await store.load(KEY) == install()
    await store.close()


async def test_a_full_disk(store: SQLiteStore, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds no room passes, and leaves nothing behind."""

    def fail(copy: sqlite3.Connection) -> None:
        copy.close()
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    await save(store, install())
    monkeypatch.setattr(sqlite_backup, "closing", fail)
    with pytest.raises(Unavailable, match="the backup"):
        await store.backup(copy)

    assert beside(copy) == []
    await store.close()
