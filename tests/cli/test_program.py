# ruff: noqa: ANN001, ANN003, ANN201, ANN202 - parameters are fixtures, whose types live in conftest
"""An export as a process: pipes, terminals and signals."""

import asyncio
import signal

import pytest

from ghl_notes.testing import Fault

pytestmark = pytest.mark.slow


@pytest.fixture
def export(program, needed):
    """Start an export of a fake as a program."""

    async def begin(fake, *more: object, to: object = None, **pipes):
        token = {"GHL_NOTES_TOKEN": fake.private_token}
        return await program("export", *needed(fake, to), *more, environment=token, **pipes)

    return begin


async def until(condition) -> None:
    """Wait for something that a process is about to do."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.01)


def lines_of(out) -> int:
    return out.path.read_bytes().count(b"\n") if out.path.exists() else 0


async def test_ids_from_stdin_are_read_as_they_come(export, fake, out) -> None:
    """A slow producer gets its first notes while it is still thinking about the second."""
    first, second = fake.contact_ids()[:2]
    running = await export(fake, "--contacts", "-")
    running.process.stdin.write(f"{first}\n\n".encode())
    await until(lambda: lines_of(out) == 5)
    outcome = await running.end(second.encode())

    assert outcome.status == 0
    assert lines_of(out) == 10
    assert outcome.err.startswith("2 contacts, 10 notes written, 0 failed")


async def test_a_hopeless_export_does_not_wait_for_more_ids(export, fake, out) -> None:
    """The pipe is still open when the token is refused: the end comes all the same."""
    running = await export(fake, "--contacts", "-")
    running.process.stdin.write(f"{fake.contact_ids()[0]}\n".encode())
    await until(lambda: lines_of(out) == 5)
    fake.inject(Fault.TOKEN_EXPIRED, path_contains="/notes")
    running.process.stdin.write(f"{fake.contact_ids()[1]}\n".encode())
    status = await asyncio.wait_for(running.process.wait(), 10)

    assert status == 1
    assert lines_of(out) == 5


async def test_a_file_may_be_stdin_too(export, fake, out, tmp_path) -> None:
    """``--contacts - < file`` is as good as the file's name."""
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(fake.contact_ids()))
    with ids.open() as stdin:
        outcome = await (await export(fake, "--contacts", "-", stdin=stdin)).end()

    assert outcome.status == 0
    assert lines_of(out) == 50


async def test_ctrl_c_keeps_what_was_written_and_counts_it(start, export, out) -> None:
    """Status 130, and the line at the end agrees with the file."""
    fake = await start(contacts=200, limit=20, interval=60)
    running = await export(fake)
    await until(lambda: lines_of(out) >= 60)
    running.process.send_signal(signal.SIGINT)
    outcome = await running.end()
    stopped, summary = outcome.err.splitlines()

    assert outcome.status == 130
    assert stopped == "ghl-notes: stopped"
    assert f" {lines_of(out)} notes written, 0 failed, " in summary
    assert all(note["id"] for note in out.notes)
    assert not out.errors.exists()


async def test_a_reader_that_leaves_ends_it_without_a_traceback(start, export) -> None:
    """``ghl-notes export --out - | head -1`` is a way to look at one note."""
    running = await export(await start(contacts=500), to="-")
    await running.line()
    running.process.stdout._transport.close()
    outcome = await running.end()

    assert outcome.status == 1
    assert "Traceback" not in outcome.err
    assert "Exception ignored" not in outcome.err


async def test_a_terminal_gets_a_live_bar_and_a_pipe_does_not(start, export, out, terminal) -> None:
    """The bar is for eyes: it moves, it is gone at the end, and only the summary stays."""
    fake = await start(contacts=30, limit=20, interval=0.4)
    seen = await (await export(fake, stderr=terminal.theirs)).end()
    await until(lambda: "written" in terminal.text)
    out.path.unlink()
    piped = await (await export(await start(contacts=30))).end()

    assert (seen.status, piped.status) == (0, 0)
    assert "of 30 contacts" in terminal.text
    assert "requests in 10 s" in terminal.text
    assert "\x1b[2K" in terminal.text
    assert "\x1b[2K30 contacts, 150 notes written" in terminal.text.splitlines()[-1]
    assert len(piped.err.splitlines()) == 1
    assert "\x1b" not in piped.err


async def test_no_bar_runs_through_notes_on_the_same_screen(start, export, terminal) -> None:
    """With ``--out -`` on a terminal the notes themselves show how far it is."""
    fake = await start(contacts=30, limit=20, interval=0.4)
    ends = {"stdout": terminal.theirs, "stderr": terminal.theirs}
    ended = await (await export(fake, to="-", **ends)).end()
    await until(lambda: "written" in terminal.text)

    assert ended.status == 0
    assert terminal.text.count('"contact_id"') == 150
    assert "\x1b" not in terminal.text


async def test_no_bar_is_drawn_where_the_cursor_cannot_move(program, needed, start, terminal):
    """``TERM=dumb`` is what editors and some logs say of themselves."""
    fake = await start(contacts=30, limit=20, interval=0.4)
    environment = {"GHL_NOTES_TOKEN": fake.private_token, "TERM": "dumb"}
    running = await program(
        "export", *needed(fake), environment=environment, stderr=terminal.theirs
    )
    await running.end()
    await until(lambda: "written" in terminal.text)

    assert len(terminal.text.splitlines()) == 1
