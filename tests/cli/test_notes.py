# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The notes of a contact: listed, written, changed, pinned and deleted."""

import json

import pytest

from ghl_notes.testing import Fault


def written(fake, note: dict) -> dict:
    """Say how a note as HighLevel has it is written for programs."""
    return {
        "id": note["id"],
        "contact_id": note["contactId"],
        "location_id": fake.location_id,
        "date_added": note["dateAdded"],
        "user_id": note["userId"],
        "title": note.get("title"),
        "color": note.get("color"),
        "pinned": note["pinned"],
        "body": note["body"],
        "text": note["bodyText"],
        "relations": [],
    }


def of(fake, contact: str, note_id: str) -> dict:
    """Find a note of a contact as it stands."""
    return next(note for note in fake.notes(contact) if note["id"] == note_id)


@pytest.fixture
def note(fake, contact) -> str:
    """Give the id of a note."""
    return fake.add_note(contact, "Wants a demo\nand a price", userId=fake.user_id)["id"]


# list


async def test_notes_are_listed(desk, fake, contact) -> None:
    """A line for each, the newest first, with its whole id and its text."""
    outcome = await desk("note", "list", contact)
    head, *lines = outcome.out.splitlines()
    newest_first = sorted(fake.notes(contact), key=lambda note: note["dateAdded"], reverse=True)

    assert (outcome.status, outcome.err) == (0, "")
    assert head.split() == ["id", "written", "note"]
    assert [line.split()[0] for line in lines] == [note["id"] for note in newest_first]
    assert newest_first[0]["bodyText"] in lines[0]


async def test_a_line_begins_with_what_stands_out(desk, fake) -> None:
    """The pin and the title come before the text, whose lines are one."""
    contact = fake.add_contact()
    fake.add_note(contact, "one\n\ttwo", title="Call", pinned=True)
    outcome = await desk("note", "list", contact)

    assert outcome.out.splitlines()[1].rstrip().endswith("(pinned) Call: one two")


async def test_notes_are_listed_for_programs(desk, fake, contact) -> None:
    """One object a line, with the names and forms of an export."""
    outcome = await desk("note", "list", contact, "--json")

    assert (outcome.status, outcome.err) == (0, "")
    told = {note["id"]: note for note in outcome.records}
    assert told == {note["id"]: written(fake, note) for note in fake.notes(contact)}


@pytest.mark.parametrize(("more", "said"), [((), "has no notes"), (("--json",), "")])
async def test_no_notes_are_no_failure(desk, fake, more, said) -> None:
    """People are told so, and programs get no line."""
    outcome = await desk("note", "list", fake.add_contact(), *more)

    assert (outcome.status, outcome.out) == (0, "")
    assert said in outcome.err
    assert bool(said) is bool(outcome.err)


@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_a_note_that_cannot_be_read_is_not_kept_back(desk, fake, contact, more) -> None:
    """The others are told, stderr says what is missing, and the status is that of an export."""
    fake.inject(Fault.NULL_TEXT, path_contains=contact)
    outcome = await desk("note", "list", contact, *more)

    assert outcome.status == 3
    assert len(outcome.out.splitlines()) == (4 if more else 5)
    assert "$.notes[" in outcome.err


# add


async def test_a_note_is_written_and_shown(desk, fake, contact) -> None:
    """All its fields are sent, and the sheet has them with the id to work on."""
    given = ("--title", "Call", "--color", "#ffaa00", "--pinned", "--user", fake.user_id)
    outcome = await desk("note", "add", contact, "Spoke with Jane", *given)
    note = of(fake, contact, outcome.facts["note"])

    assert (outcome.status, outcome.err) == (0, "")
    assert (note["body"], note["title"], note["color"]) == ("Spoke with Jane", "Call", "#ffaa00")
    assert (note["pinned"], note["userId"]) == (True, fake.user_id)
    assert outcome.facts["contact"] == contact
    assert outcome.facts["pinned"] == "yes"
    assert outcome.out.endswith("\n\nSpoke with Jane\n")


async def test_a_new_note_is_one_object_for_programs(desk, fake, contact) -> None:
    """What was not given is not sent."""
    outcome = await desk("note", "add", contact, "Spoke with Jane", "--json")

    assert outcome.record == written(fake, of(fake, contact, outcome.record["id"]))
    assert (outcome.record["user_id"], outcome.record["pinned"]) == (None, False)


@pytest.mark.parametrize("dash", [(), ("-",)])
async def test_a_text_may_be_piped_in(desk, fake, contact, dash) -> None:
    """With its lines, without the line break at its end or a byte order mark."""
    outcome = await desk(
        "note", "add", contact, *dash, "--json", stdin="\ufeffone ü\n\n two\r\n".encode()
    )

    assert outcome.status == 0
    assert of(fake, contact, outcome.record["id"])["body"] == "one ü\n\n two"


async def test_a_text_may_be_in_utf_16(desk, fake, contact) -> None:
    """As PowerShell writes what is piped."""
    outcome = await desk("note", "add", contact, "--json", stdin="one ü\r\n".encode("utf-16"))

    assert of(fake, contact, outcome.record["id"])["body"] == "one ü"


@pytest.mark.parametrize(
    ("given", "stdin", "said"),
    [
        ((), b"", "no text came from stdin"),
        (("-",), b" \n\n", "no text came from stdin"),
        (("",), None, "body must be a text that is not empty"),
        ((), b"\xff\xfe", "not text in UTF-8"),
    ],
)
async def test_a_note_needs_a_text(desk, fake, contact, given, stdin, said) -> None:
    """Nothing is sent without one."""
    outcome = await desk("note", "add", contact, *given, stdin=stdin)

    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.last
    assert fake.stats.requests == 0


async def test_a_terminal_is_not_waited_for(program, terminal, fake, contact) -> None:
    """Without a text and without a pipe the user is told, and not left before an empty line."""
    adding = await program(
        "note", "add", contact, "--base-url", fake.url,
        environment={"GHL_NOTES_TOKEN": fake.private_token},
        stdin=terminal.theirs,
    )  # fmt: skip
    ended = await adding.end()

    assert ended.status == 2
    assert "pipe it in" in ended.last
    assert fake.stats.requests == 0


@pytest.mark.parametrize("command", ["add", "edit"])
async def test_a_color_is_hex(desk, fake, contact, note, command) -> None:
    """The sentence has an example, and nothing is sent."""
    given = ("text",) if command == "add" else (note,)
    outcome = await desk("note", command, contact, *given, "--color", "red")

    assert (outcome.status, outcome.out) == (2, "")
    assert "#FFAA00" in outcome.last
    assert fake.stats.requests == 0


# edit and pin


async def test_a_note_is_changed_and_shown(desk, fake, contact, note) -> None:
    """What is not given stays as it is."""
    outcome = await desk("note", "edit", contact, note, "--body", "Bought", "--title", "Done")
    now = of(fake, contact, note)

    assert (outcome.status, outcome.err) == (0, "")
    assert (now["body"], now["title"], now["userId"]) == ("Bought", "Done", fake.user_id)
    assert outcome.facts["title"] == "Done"
    assert outcome.out.endswith("\n\nBought\n")


async def test_a_new_text_may_be_piped_in(desk, fake, contact, note) -> None:
    """Only where a dash says so: a pipe alone changes no text."""
    await desk("note", "edit", contact, note, "--title", "Call", stdin=b"not this")
    assert of(fake, contact, note)["body"] == "Wants a demo\nand a price"

    outcome = await desk("note", "edit", contact, note, "--body", "-", "--json", stdin=b"this\n")
    assert outcome.record == written(fake, of(fake, contact, note))
    assert outcome.record["body"] == "this"


@pytest.mark.parametrize(("option", "pinned"), [("--pinned", True), ("--unpinned", False)])
async def test_a_pin_is_a_field_like_others(desk, fake, note, contact, option, pinned) -> None:
    """It goes on and off by ``edit`` too."""
    await desk("note", "pin", contact, note, *(() if not pinned else ("--off",)))
    await desk("note", "edit", contact, note, option)

    assert of(fake, contact, note)["pinned"] is pinned


async def test_a_change_has_something_to_change(desk, fake, contact, note) -> None:
    """The sentence names the options."""
    outcome = await desk("note", "edit", contact, note)

    assert outcome.status == 2
    assert "--body" in outcome.last
    assert fake.stats.requests == 0


async def test_a_note_is_pinned_and_let_go(desk, fake, contact, note) -> None:
    """Its text stays as it is, both times."""
    pinned = await desk("note", "pin", contact, note)
    assert (pinned.status, pinned.facts["pinned"]) == (0, "yes")
    assert of(fake, contact, note)["pinned"] is True

    loose = await desk("note", "pin", contact, note, "--off", "--json")
    assert loose.record == written(fake, of(fake, contact, note))
    assert (loose.record["pinned"], loose.record["text"]) == (False, "Wants a demo\nand a price")


# delete


async def test_a_note_is_deleted_without_a_question_for_yes(desk, fake, contact, note) -> None:
    """One sentence says which."""
    outcome = await desk("note", "delete", contact, note, "--yes")

    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"Deleted note {note}.\n"
    assert note not in {one["id"] for one in fake.notes(contact)}


async def test_a_deleted_note_is_told_as_it_was(desk, fake, contact, note) -> None:
    """A program may keep it, as there is no way back."""
    before = written(fake, of(fake, contact, note))
    outcome = await desk("note", "delete", contact, note, "--yes", "--json")

    assert outcome.record == before


async def test_nobody_to_ask_means_no(desk, fake, contact, note) -> None:
    """A script has to say --yes, even if it pipes a yes in; nothing is sent before."""
    outcome = await desk("note", "delete", contact, note, stdin=b"y\n")

    assert (outcome.status, outcome.out) == (2, "")
    assert "--yes" in outcome.last
    assert fake.stats.requests == 0
    assert of(fake, contact, note)


@pytest.mark.parametrize(
    ("answer", "status", "left"), [("y\n", 0, False), ("\n", 1, True)], ids=["yes", "no"]
)
async def test_a_user_is_asked(
    program, terminal, fake, contact, note, answer, status, left
) -> None:
    """The first line of the note is shown, and only a yes is a yes; stdout stays for programs."""
    asking = await program(
        "note", "delete", contact, note, "--base-url", fake.url, "--json",
        environment={"GHL_NOTES_TOKEN": fake.private_token},
        stdin=terminal.theirs,
        stderr=terminal.theirs,
    )  # fmt: skip
    await terminal.shows("Delete this note? [y/N] ")
    terminal.type(answer)
    ended = await asking.end()

    assert ended.status == status
    assert f"note {note} of " in terminal.text
    assert ": Wants a demo\r\n" in terminal.text
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == [note] * (not left)
    assert (note in {one["id"] for one in fake.notes(contact)}) is left
    assert ("nothing was deleted" in terminal.text) is left


# whatever the command


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("add", "text"),
        ("edit", "n", "--title", "t"),
        ("pin", "n"),
        ("delete", "n", "-y"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_an_unknown_contact_is_a_sentence(desk, command, more) -> None:
    """Status 1, nothing on stdout, and what to check."""
    name, *arguments = command
    outcome = await desk("note", name, "nobody", *arguments, *more)

    assert (outcome.status, outcome.out) == (1, "")
    assert "not found" in outcome.err
    assert "check the id" in outcome.last
    assert len(outcome.err.splitlines()) == 1


async def test_an_unknown_note_is_a_sentence(desk, contact) -> None:
    """It is known that the contact has no such note, and none is deleted."""
    outcome = await desk("note", "delete", contact, "nothing", "--yes")

    assert outcome.status == 1
    assert "not found" in outcome.last


async def test_what_is_no_id_is_wrong_usage(desk, fake) -> None:
    """A path does not lead elsewhere, and nothing is sent."""
    outcome = await desk("note", "list", "a/b")

    assert outcome.status == 2
    assert "contact_id must be" in outcome.last
    assert fake.stats.requests == 0


async def test_a_group_alone_shows_its_help_with_examples(run) -> None:
    """A user learns from lines to copy."""
    outcome = await run("note")

    assert outcome.status == 0
    assert {"list", "add", "edit", "delete", "pin"} <= set(outcome.out.split())
    assert 'ghl-notes note add CONTACT "Spoke with Jane" --pinned\n' in "".join(
        f"{line.rstrip()}\n" for line in outcome.out.splitlines()
    )
