# ruff: noqa: ASYNC240 - nothing else waits meanwhile
"""The file that knows what was moved."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.migrate import ledger
from ghl_notes.migrate.ledger import Entry, Ledger
from ghl_notes.stores.file_locks import FileLocks
from ghl_notes.stores.sqlite_file import SQLiteFile
from tests.migrate.moving import Move, quick_folder

texts = st.text(min_size=1, max_size=20)
entries = st.builds(
    Entry,
    source=texts, account=texts, location_id=st.just("l"), key=texts, contact_id=texts,
    state=st.sampled_from(["pending", "taken", "done"]), digest=texts, note_id=st.none() | texts,
    written=st.none() | texts, at=st.floats(0, 1e10),
)  # fmt: skip
ENTRY = Entry(
    source="close", account="o", location_id="l", key="k", contact_id="c", state="done", digest="d"
)


async def test_the_ledger_is_for_its_owner_alone(move: Move) -> None:
    """Nobody else reads what was moved where, not in any file beside it."""
    await move.run(move.source())
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in move.ledger.parent.rglob("*")
        if path.is_file()
    }

    assert move.ledger.name in modes
    assert set(modes.values()) == {0o600}


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    """What was never written is empty."""
    book = Ledger(tmp_path / "moved.db")

    assert await book.entries("l") == []
    assert not book.exists
    assert not book.path.exists()


@given(st.lists(entries, max_size=5))
@settings(max_examples=15)
async def test_what_is_put_is_there_until_it_is_dropped(
    given_entries: list[Entry],
) -> None:
    """Each entry comes back as it was, one for each note and contact, from another opening."""
    with quick_folder() as folder:
        path = folder / "moved.db"
        book, kept = Ledger(path), {}
        for entry in given_entries:
            await book.put(entry)
            kept[entry.source, entry.account, entry.key, entry.contact_id] = entry
        await book.close()
        book = Ledger(path)
        assert sorted(map(repr, await book.entries("l"))) == sorted(map(repr, kept.values()))
        for entry in kept.values():
            assert entry in await book.entries("l", entry.source)
            await book.drop(evolve(entry, digest="another"))
        assert await book.entries("l") == []
        await book.close()


async def test_entries_are_of_their_location_and_source(tmp_path: Path) -> None:
    """One file serves any number of sources and locations."""
    book = Ledger(tmp_path / "moved.db")
    others = [evolve(ENTRY, location_id="m"), evolve(ENTRY, source="cinnox")]
    for entry in (ENTRY, *others):
        await book.put(entry)

    assert await book.entries("l", "close") == [ENTRY]
    assert await book.entries("l", "cinnox") == others[1:]
    assert len(await book.entries("l")) == 2
    assert await book.entries("n") == []
    await book.close()


async def test_entries_are_in_the_order_they_were_made(tmp_path: Path) -> None:
    """So that undoing begins with the newest."""
    book = Ledger(tmp_path / "moved.db")
    made = [evolve(ENTRY, key=key, at=at) for key, at in [("a", 3.0), ("b", 1.0), ("c", 2.0)]]
    for entry in made:
        await book.put(entry)

    assert [entry.key for entry in await book.entries("l")] == ["b", "c", "a"]
    await book.close()


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE moved (key TEXT)")


def damaged(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4_096] + b"\xff" * (len(content) - 4_096))


@pytest.mark.parametrize(
    "spoil",
    [
        other_program,
        lambda path: path.write_text("notes of my own"),
        lambda path: path.write_bytes(b"\x00"),
        lambda path: path.mkdir(),
    ],
)
async def test_a_foreign_file_is_refused(move: Move, spoil: object) -> None:
    """What is no ledger is not written to, and nothing is written to HighLevel either."""
    plan = await move.plan(move.lone("x"))
    spoil(move.ledger)  # type: ignore[operator]
    before = move.ledger.read_bytes() if move.ledger.is_file() else None
    for call in (move.apply(plan), move.plan(move.lone("x")), move.undo()):
        with pytest.raises(ConfigurationError, match="Ledger: "):
            await call

    assert (move.ledger.read_bytes() if move.ledger.is_file() else None) == before
    assert move.fake.stats.notes_created == 0


async def test_a_damaged_ledger_is_refused(move: Move) -> None:
    """Half a memory is worse than none: whoever deletes it has the markers."""
    source = move.source()
    await move.run(source)
    damaged(move.ledger)
    with pytest.raises(ConfigurationError, match="Ledger: "):
        await move.plan(source)
    move.forget()

    assert (await move.run(source)).counts == {"skipped": 12}


async def test_a_ledger_from_the_future_is_refused(move: Move) -> None:
    """A newer program's file is not understood by half."""
    await move.run(move.lone("x"))
    with closing(sqlite3.connect(move.ledger)) as db, db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="newer ghl_notes"):
        await move.undo()


async def test_one_run_after_the_other_is_welcome(tmp_path: Path) -> None:
    """The ledger is free again when a run ends, however it ends."""
    first, second = Ledger(tmp_path / "moved.db"), Ledger(tmp_path / "moved.db")
    with pytest.raises(KeyError):
        async with first.alone():
            raise KeyError
    async with second.alone():
        pass
    async with first.alone():
        pass


async def test_a_second_run_is_told_who_is_first(tmp_path: Path) -> None:
    """The process that uses the ledger is named, whatever name of the file it was given."""
    (tmp_path / "link.db").symlink_to("moved.db")
    first, second = Ledger(tmp_path / "moved.db"), Ledger(tmp_path / "link.db")
    async with first.alone():
        with pytest.raises(ConfigurationError, match=f"process {os.getpid()}"):
            async with second.alone():
                pass


def lock_of_version_0_1(path: Path) -> Path:
    """Name the file that a run of version 0.1 locks: one of 64, by the name's checksum."""
    folder = path.with_name(f"{path.name}-locks")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{crc32(b'run') % 64:02d}"


async def test_a_run_of_version_0_1_is_another_run(tmp_path: Path) -> None:
    """Whichever of the two began, the other one is refused, or waits for its end."""
    fcntl = pytest.importorskip("fcntl")
    book = Ledger(tmp_path / "moved.db")
    with lock_of_version_0_1(book.path).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(ConfigurationError, match=r"another migration .*version 0\.1"):
            async with book.alone():
                pass
    with lock_of_version_0_1(book.path).open("w") as lock:
        async with book.alone():
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_a_ledger_of_version_0_1_is_kept_and_closed_to_it(tmp_path: Path) -> None:
    """Its entries stay, and a program that does not know the lock of today cannot open it."""
    path = tmp_path / "moved.db"
    first = evolve(ledger._SCHEMA, steps=ledger._SCHEMA.steps[:1])
    old = SQLiteFile(path, FileLocks(path), first, synchronous="NORMAL")
    row = tuple(getattr(ENTRY, name) for name in ledger._COLUMNS)
    await old.run(lambda db: ledger._execute(db, ledger._PUT, row))
    await old.close()
    book = Ledger(path)
    entries = await book.entries("l")
    await book.close()

    assert entries == [ENTRY]
    with pytest.raises(ConfigurationError, match="newer ghl_notes"):
        await old.run(lambda db: db.execute("SELECT 1").fetchone())
    await old.close()


async def test_a_copy_of_a_ledger_lacks_little(tmp_path: Path) -> None:
    """The file alone has what was written but for the last entries, and all of it at the end."""
    book, path = Ledger(tmp_path / "moved.db"), tmp_path / "copy.db"
    counts = []
    for n in range(130):
        await book.put(evolve(ENTRY, key=str(n)))
        if n in (60, 129):
            counts.append(await copied(book, path))
    await book.close()

    assert counts == [50, 100]
    assert await copied(book, path) == 130


async def copied(book: Ledger, path: Path) -> int:
    """Copy the file, and count what the copy has."""
    shutil.copyfile(book.path, path)
    copy = Ledger(path)
    count = len(await copy.entries("l"))
    await copy.close()
    path.unlink()
    return count


async def test_what_passes_is_not_the_ledgers_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk ends a run with an error that may be gone later."""
    book = Ledger(tmp_path / "moved.db")
    await book.put(ENTRY)
    monkeypatch.setattr(ledger, "_execute", no_room)
    with pytest.raises(Unavailable, match="moved"):
        await book.put(ENTRY)
    await book.close()


def no_room(*_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error
