# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What others wrote, as it is shown: it steers no terminal, and it fits."""

import io
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ghl_notes import Note
from ghl_notes.cli.notes import NOTE
from ghl_notes.cli.plain import block, cell, one_line
from ghl_notes.cli.records import line
from ghl_notes.cli.statuses import say

# Sets a title, clears the screen, colours by one character, moves back, and turns text round.
EVIL = "a\x1b]0;pwned\x07b\x1b[2Jc\x9b31md\x08\x7fe\u202ef\u2028g\rh"
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ID = "CUMKcFCYnPkUqD0VCXGg"
TEXTS = st.text(st.characters(), max_size=50)


@pytest.fixture
def evil(fake) -> str:
    """Add a contact that was written by somebody who means harm."""
    fields = {"firstName": EVIL, "email": EVIL, "tags": [EVIL], "companyName": EVIL}
    contact = fake.add_contact(**fields, customFields=[{"id": EVIL, "value": EVIL}])
    fake.add_note(contact, EVIL, title=EVIL)
    fake.add_task(contact, EVIL, body=EVIL)
    return contact


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(
    "command",
    [
        ("note", "list"),
        ("note", "pin", "NOTE"),
        ("note", "delete", "NOTE", "--yes"),
        ("contact", "show", "--notes", "--tasks"),
        ("contact", "tag", EVIL),
        ("task", "list"),
        ("task", "done", "TASK"),
    ],
)
async def test_nothing_that_steers_a_terminal_is_shown(desk, fake, evil, command, more) -> None:
    """Neither for people nor for programs, whose output may be shown as well."""
    ids = {"NOTE": fake.notes(evil)[0]["id"], "TASK": fake.tasks(evil)[0]["id"]}
    group, name, *arguments = (ids.get(word, word) for word in command)
    outcome = await desk(group, name, evil, *arguments, *more)

    assert outcome.status == 0
    assert outcome.out
    assert not CONTROLS.search(outcome.out)


@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_a_search_shows_nothing_that_steers_a_terminal(desk, evil, more) -> None:
    """Contacts are filled in by anybody who finds a form."""
    outcome = await desk("contact", "find", "--limit", "1", *more)

    assert evil in outcome.out
    assert not CONTROLS.search(outcome.out)


async def test_a_question_shows_nothing_that_steers_a_terminal(
    program, terminal, fake, evil
) -> None:
    """What is to be deleted is named before anything is done."""
    note = fake.notes(evil)[0]["id"]
    asking = await program(
        "note", "delete", evil, note, "--base-url", fake.url,
        environment={"GHL_NOTES_TOKEN": fake.private_token},
        stdin=terminal.theirs,
        stderr=terminal.theirs,
    )  # fmt: skip
    await terminal.shows("[y/N] ")
    terminal.type("n\n")
    await asking.end()

    assert not CONTROLS.search(terminal.text.replace("\r\n", "\n"))


def test_sentences_are_one_line_and_steer_nothing(capsys) -> None:
    """Errors quote what HighLevel said, and what was typed."""
    say(f"no such contact\n{EVIL}")
    told = capsys.readouterr().err

    assert told.count("\n") == 1
    assert not CONTROLS.search(told)


async def test_programs_get_all_that_was_written(desk, fake, evil) -> None:
    """Escaped in JSON's own way, so that nothing is lost."""
    outcome = await desk("note", "list", evil, "--json")

    assert outcome.record["body"] == EVIL
    assert outcome.record["title"] == EVIL


@given(TEXTS)
def test_any_text_can_be_shown(text: str) -> None:
    """It can be encoded, has no control character but its line breaks, and shows what it can."""
    shown = block(text)

    assert not CONTROLS.search(shown.replace("\t", " "))
    assert shown.encode().decode() == shown
    assert "\n" not in one_line(text)


@given(TEXTS, st.integers(1, 20))
def test_a_cell_is_one_line_that_fits(text: str, most: int) -> None:
    """However wide its characters are."""
    told = cell(text, most)

    assert told.cell_len <= most
    assert "\n" not in told.plain


@given(TEXTS)
def test_json_says_the_same_without_steering(text: str) -> None:
    """What a program reads is what was written, to the last half of a surrogate pair."""
    told = line({"body": text})

    assert json.loads(told) == {"body": text}
    assert not CONTROLS.search(told.decode().removesuffix("\n"))


def test_text_is_no_markup() -> None:
    """Square brackets are what somebody wrote."""
    console = Console(file=io.StringIO(), width=80)
    console.print(cell("[bold]not bold[/bold] [link=x]"))

    assert console.file.getvalue() == "[bold]not bold[/bold] [link=x]\n"


def shown(width: int, text: str) -> list[str]:
    """Show a list of one note on a terminal of that width."""
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    note = Note(id=ID, body=text, text=text, date_added=noon, contact_id="c")
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    NOTE.show_many(console, [note])
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@given(st.integers(60, 200))
def test_a_long_text_is_cut_to_one_line(width: int) -> None:
    """A line fits the screen, its id is whole, and a mark tells that there is more."""
    _, told = shown(width, "word " * 100)

    assert told.startswith(f"{ID}  2026-05-01 ")
    assert told.endswith("…")
    assert len(told) <= width


def test_no_line_is_longer_than_it_can_be_read() -> None:
    """Where there is room without end, as in a pipe, a text is still cut."""
    _, told = shown(10_000, "word " * 100)

    assert 100 < len(told) < 160


def test_a_narrow_screen_gets_blocks_with_whole_ids() -> None:
    """What names a note stands alone, and its text below."""
    first, *below = shown(40, "a text of a few words, but too many for a line")

    assert first.startswith(ID)
    assert all(line.startswith("    ") for line in below)


@pytest.mark.slow
async def test_eighty_columns_are_enough(program, terminal, fake, contact) -> None:
    """No line is broken on an ordinary terminal, and without NO_COLOR there is colour."""
    environment = {"GHL_NOTES_TOKEN": fake.private_token, "COLUMNS": "80"}
    fake.add_task(contact, "is late", dueDate="2025-01-01T00:00:00.000Z")
    arguments = ("contact", "show", contact, "--notes", "--tasks", "--base-url", fake.url)
    for no_color in ("1", None):
        terminal.text = ""
        environment["NO_COLOR"] = no_color
        showing = await program(*arguments, environment=environment, stdout=terminal.theirs)
        await showing.end()
        await terminal.shows("is late")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.text)

        assert all(len(line) <= 80 for line in plain.splitlines())
        assert all(note["id"] in plain for note in fake.notes(contact))
        assert ("\x1b[31m" in terminal.text) is (no_color is None)


async def test_a_pipe_gets_no_colour_and_whole_lines(desk, fake, contact) -> None:
    """Whatever the width of the terminal that it was started from."""
    fake.add_note(contact, "x" * 90)
    outcome = await desk("note", "list", contact, COLUMNS="40", NO_COLOR="")

    assert "x" * 90 in outcome.out
    assert "\x1b" not in outcome.out
    assert len(outcome.out.splitlines()) == 7
