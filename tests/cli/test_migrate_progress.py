# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The counting and the drawing of a migration's progress."""

import asyncio
import io
from functools import partial

import pytest
from rich.console import Console

from ghl_notes import Sent
from ghl_notes.cli.migrate_counted import Counted
from ghl_notes.cli.migrate_progress import Progress, drawn
from ghl_notes.cli.progress import Tally, shown
from ghl_notes.migrate import Line
from ghl_notes.sources import Source
from ghl_notes.sources.close import CloseNotes
from ghl_notes.testing import FakeClose

SENT = Sent(method="GET", path="/", status=200, seconds=0.1)


def still() -> Progress:
    """Give a progress whose time stands still."""
    return Progress(Tally(clock=lambda: 0.0))


def picture(progress: Progress, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(drawn(progress))
    return console.file.getvalue().splitlines()


def line(result: str) -> Line:
    return Line(result=result, key="close:acti_1")  # type: ignore[arg-type]


def test_reading_counts_notes_and_requests() -> None:
    """While nobody knows how many there are, it says how many there were."""
    progress = still()
    progress.begin("reading Close")
    for _ in range(1234):
        progress.read()
    progress.tally(SENT)
    first, second = picture(progress)

    assert first.startswith("reading Close ")
    assert first.rstrip().endswith(" 1,234 notes")
    assert second == "1 requests in 10 s  0:00:00"


def test_writing_counts_what_became_of_notes() -> None:
    """By result, the most frequent first, against all there are."""
    progress = still()
    progress.begin("reading Close")
    progress.read()
    progress.begin("writing", 4)
    for result in ("failed", "created", "created"):
        progress.add(line(result))
    first, second = picture(progress)

    assert first.startswith("writing ")
    assert first.rstrip().endswith(" 3 of 4 notes")
    assert second.startswith("2 created  1 failed  0 requests in 10 s")
    assert progress.summary() == "2 created, 1 failed"


def test_each_thing_is_counted_from_nothing() -> None:
    """What became of notes in one part of the work is not told in the next."""
    progress = still()
    progress.begin("writing", 4)
    progress.add(line("created"))
    progress.begin("comparing", 4)

    assert progress.summary() == "nothing was done yet"
    assert "0 of 4 notes" in picture(progress)[0]


async def test_a_source_is_counted_as_it_is_read() -> None:
    """It is the same source otherwise; after its last note, HighLevel is what takes the time."""
    progress = still()
    progress.begin("reading Close")
    async with (
        FakeClose(leads=3, notes_per_lead=2) as fake,
        CloseNotes(fake.api_key, base_url=fake.url) as close,
    ):
        counted = Counted(close, progress)
        notes = [note async for note in counted.notes()]
        same = [note async for note in close.notes(since=notes[1].at)]
        progress.begin("reading Close")
        again = [note async for note in counted.notes(since=notes[1].at)]

        assert (counted.name, await counted.account()) == ("close", fake.organization_id)
        assert await counted.users() == await close.users()
        assert await counted.contacts_of(notes[0]) == await close.contacts_of(notes[0])

    assert isinstance(counted, Source)
    assert len(notes) == 6
    assert again == same
    assert (progress.done, progress.doing) == (len(same), "looking at HighLevel")


def test_nothing_done_is_said_so() -> None:
    """Where it was stopped before the first note."""
    progress = still()
    progress.begin("writing", 4)

    assert progress.summary() == "nothing was done yet"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_it_fits_any_width(width) -> None:
    """Two lines, none of them wider than the screen."""
    progress = still()
    progress.begin("writing", 1_000_000)
    for result in ("created", "skipped", "failed", "unknown", "conflict", "unmatched"):
        progress.add(line(result))
    lines = picture(progress, width)

    assert len(lines) == 2
    assert max(map(len, lines)) <= width


async def test_on_a_terminal_it_follows_and_then_goes(terminal) -> None:
    """It is redrawn in its place, and erased in the end."""
    progress = still()
    progress.begin("writing", 2)
    async with shown(partial(drawn, progress), Console(file=terminal.file)):
        for place in ("0 of 2 notes", "1 of 2 notes"):
            await terminal.shows(place)
            progress.add(line("created"))
    await asyncio.sleep(0.01)

    assert terminal.text.endswith("\x1b[1A\x1b[2K")


@pytest.mark.parametrize("hidden", [True, False])
async def test_without_a_terminal_nothing_is_drawn(hidden) -> None:
    """A file that is no terminal gets no control codes."""
    console = Console(file=io.StringIO(), force_terminal=True)
    async with shown(partial(drawn, still()), console, hidden=hidden):
        pass

    assert console.file.getvalue() == ""
