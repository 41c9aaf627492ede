# ruff: noqa: ANN001, ANN201, ANN202 - fixtures, whose types live in conftest
"""What becomes of work whose output nobody takes: a terminal that is gone, a disk that is full."""

import asyncio
import io
import json
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from attrs import define
from rich.text import Text

from ghl_notes import ContactNotes, Listing, Note, NotFound, Retried
from ghl_notes.cli.output import open_output
from ghl_notes.cli.progress import Tally, shown
from ghl_notes.cli.statuses import Refused, Status, done, finish, say
from ghl_notes.cli.tables import Screen
from ghl_notes.cli.telling import Told, tell
from ghl_notes.testing import FakeClose
from tests.cli.accounts import Account, use_ledger

FULL = "/dev/full"
NO_SPACE = "No space left on device"


@define
class Line:
    """A terminal whose user can hang up."""

    ours: int
    theirs: int

    @classmethod
    def open(cls) -> "Line":
        return cls(*pty.openpty())

    def hang_up(self) -> None:
        os.close(self.ours)
        self.ours = -1

    def close(self) -> None:
        for descriptor in (self.ours, self.theirs):
            with suppress(OSError):
                os.close(descriptor)


def unbuffered(descriptor: int) -> io.TextIOWrapper:
    """Write to what may fail, with nothing left to be written at the end."""
    return io.TextIOWrapper(io.FileIO(descriptor, "w", closefd=False), write_through=True)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line.open()
    yield line
    line.close()


@pytest.fixture
def full() -> Iterator[io.TextIOWrapper]:
    """Open a file on a disk that is full."""
    file = unbuffered(os.open(FULL, os.O_WRONLY))
    yield file
    os.close(file.fileno())


# in this process


def test_a_sentence_that_cannot_be_written_ends_nothing(full, monkeypatch) -> None:
    """What stands on stderr is beside the work: neither a sentence nor a warning raises."""
    monkeypatch.setattr(sys, "stderr", full)
    say("waiting")
    tally = Tally(clock=lambda: 100.0)
    tally(Retried(method="GET", path="/x", attempt=9, seconds=7.0, reason="Unavailable"))


def test_the_end_of_a_command_keeps_its_status(full, monkeypatch) -> None:
    """Why it ended cannot be told, but the status can."""
    monkeypatch.setattr(sys, "stderr", full)

    async def work() -> Status:
        raise Refused("no")

    assert finish(work) == Status.WRONG_USAGE


def test_failures_beside_notes_on_stdout_do_not_end_them(full, monkeypatch, capsys) -> None:
    """A contact that failed is told by the status too, and the notes go on."""
    monkeypatch.setattr(sys, "stderr", full)
    note = Note(id="n", body="", text="", date_added=datetime.now(UTC), contact_id="d")
    with open_output("-", force=False) as output:
        output.add(ContactNotes("c", error=NotFound("no")), "l")
        output.add(
            ContactNotes("d", Listing([note], unreadable=())),
            "l",
        )
    assert json.loads(capsys.readouterr().out)["id"] == "n"


async def test_live_lines_end_with_their_terminal_and_the_work_does_not() -> None:
    """A terminal may go before the first line, between two, and before the last."""
    for moment in ("before", "between", "at the end"):
        line = Line.open()
        times = asyncio.Semaphore(0)

        def draw(times: asyncio.Semaphore = times) -> Text:
            times.release()
            return Text("half of it")

        if moment == "before":
            line.hang_up()
        stderr = sys.stderr
        async with shown(draw, Screen(file=unbuffered(line.theirs), width=80)):
            if moment != "before":
                await asyncio.wait_for(times.acquire(), 10)
                line.hang_up()
            if moment == "between":
                await asyncio.wait_for(times.acquire(), 10)
        assert sys.stderr is stderr, moment
        line.close()


def test_a_deed_whose_output_fails_is_done(capsys) -> None:
    """It is told on stderr; a command whose output is all that it is for has failed."""
    with done(None), pytest.raises(OSError, match="gone"), done(None):
        raise OSError(5, "gone")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_what_was_written_is_told_where_its_output_is_not_taken(full, monkeypatch, capsys, as_json):
    """The status is that of the deed, so that a loop which repeats failures does not repeat it."""
    told = Told(
        records=[{"id": "n"}], show=lambda console: console.print("n"), deed="note n was written"
    )
    monkeypatch.setattr(sys, "stdout", full)
    status = tell(told, as_json=as_json)

    assert status == Status.DONE
    said = f"ghl-notes: note n was written; only the output failed ({NO_SPACE})\n"
    assert capsys.readouterr().err == said


# as programs


@pytest.fixture
def known(fake) -> dict[str, str]:
    """Name the account."""
    return {
        "GHL_NOTES_TOKEN": fake.private_token,
        "GHL_NOTES_LOCATION": fake.location_id,
        "GHL_NOTES_BASE_URL": fake.url,
    }


@pytest_asyncio.fixture
async def source(known, tmp_path, monkeypatch):
    """Start a Close of three people with two notes each, and name its account too.

    The present folder is one with a ledger.
    """
    monkeypatch.chdir(tmp_path)
    await use_ledger()
    async with FakeClose(leads=3, notes_per_lead=2, limit=None) as close:
        yield {**known, "GHL_NOTES_CLOSE_KEY": close.api_key, "GHL_NOTES_CLOSE_URL": close.url}


@pytest.fixture
def unheard(program, known):
    """Run a program whose stdout is a full disk."""

    async def run(*args: object, environment: dict[str, str] | None = None):
        disk = os.open(FULL, os.O_WRONLY)
        running = await program(*args, environment=environment or known, stdout=disk)
        os.close(disk)
        return await running.end()

    return run


async def until(condition) -> None:
    """Wait for something that a process is about to do."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_a_command_that_has_written_ends_well_whoever_hears_it(
    unheard, program, known, fake, contact
) -> None:
    """A loop that repeats what fails writes once; what only reads has failed without its output."""
    note = fake.add_note(contact, "A note")["id"]
    task = fake.add_task(contact, "Call")["id"]
    rows = [
        (("note", "add", contact, "once"), 0, "note "),
        (("note", "add", contact, "once", "--json"), 0, "note "),
        (("note", "edit", contact, note, "--title", "t"), 0, f"note {note} was changed"),
        (("note", "pin", contact, note), 0, f"note {note} was changed"),
        (("note", "delete", contact, note, "--yes"), 0, f"note {note} was deleted"),
        (("task", "add", contact, "Call", "--due", "2030-01-01"), 0, "task "),
        (("task", "done", contact, task), 0, f"task {task} was changed"),
        (("contact", "tag", contact, "vip"), 0, f"the tags of contact {contact} were changed"),
        (("note", "list", contact), 1, NO_SPACE),
        (("contact", "show", contact, "--json"), 1, NO_SPACE),
    ]
    for args, status, said in rows:
        outcome = await unheard(*args)
        assert (outcome.status, len(outcome.err.splitlines())) == (status, 1), args
        assert said in outcome.err, args
        assert ("only the output failed" in outcome.err) is (status == 0), args
    for args, status, said in ((rows[0][0], 0, "was written"), (rows[-2][0], 1, "is gone")):
        reading, writing = os.pipe()
        os.close(reading)
        running = await program(*args, environment=known, stdout=writing)
        os.close(writing)
        outcome = await running.end()
        assert (outcome.status, said in outcome.err) == (status, True), args
    assert fake.stats.notes_created == 3


@pytest.mark.slow
async def test_a_migration_without_a_screen_leaves_its_report(unheard, source, tmp_path) -> None:
    """The files are written whatever becomes of stdout; only what reads has failed by that."""
    rows = [
        ((), 1, NO_SPACE),
        (("--apply", "--yes"), 0, "apply is through (6 created); only the output failed"),
        (("--verify",), 1, NO_SPACE),
        (("--undo", "--yes"), 0, "undo is through (6 deleted); only the output failed"),
    ]
    files = ("--json", "r.json", "--html", "r.html")
    for args, status, said in rows:
        outcome = await unheard("migrate", "close", *args, *files, environment=source)
        assert (outcome.status, said in outcome.err) == (status, True), args
        told = json.loads((tmp_path / "r.json").read_text())
        assert len(told["lines"]) == 6, args
        assert "<html" in (tmp_path / "r.html").read_text(), args
        for file in ("r.json", "r.html"):
            (tmp_path / file).unlink()


@pytest.mark.slow
async def test_a_job_goes_on_when_its_terminal_is_gone(
    program, start, needed, source, out, line, tmp_path
) -> None:
    """An export and a migration that were left running do all their work, and end with 0."""
    fake = await start(contacts=60, limit=20, interval=0.5)
    known = {"GHL_NOTES_TOKEN": fake.private_token}
    running = await program("export", *needed(fake), environment=known, stderr=line.theirs)
    await until(lambda: out.path.exists() and out.path.read_bytes().count(b"\n") >= 50)
    line.hang_up()
    exported = await asyncio.wait_for(running.process.wait(), 25)

    assert (exported, len(out.notes)) == (0, 300)

    line = Line.open()
    ends = {"stdin": asyncio.subprocess.DEVNULL, "stdout": line.theirs, "stderr": line.theirs}
    fake = await start(contacts=3, latency=0.05)
    account = {
        **source,
        "GHL_NOTES_TOKEN": fake.private_token,
        "GHL_NOTES_LOCATION": fake.location_id,
        "GHL_NOTES_BASE_URL": fake.url,
    }
    args = ("migrate", "close", "--apply", "--yes", "--json", "r.json")
    running = await program(*args, environment=account, **ends)
    await until(lambda: fake.stats.requests >= 1)
    line.hang_up()
    moved = await asyncio.wait_for(running.process.wait(), 40)
    line.close()

    assert (moved, fake.stats.notes_created) == (0, 6)
    assert (tmp_path / "r.json").exists()


@pytest.mark.slow
async def test_installs_are_tended_though_nobody_hears_it(unheard, start, store) -> None:
    """A log on a full disk costs no install its renewal, and the failure is told at the end."""
    account = Account(await start(locations=40, latency=0.02), store)
    await account.install(*account.fake.location_ids)
    await account.age(40)
    before = await account.secrets()
    server = {"GHL_NOTES_BASE_URL": account.fake.url}
    outcome = await unheard("installs", "tend", environment={**account.environment, **server})
    after = await account.secrets()

    assert (outcome.status, NO_SPACE in outcome.err) == (1, True)
    assert before & after == {account.fake.app.client_secret}
