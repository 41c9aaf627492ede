# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""An export: what is written, what is told, and which status it ends with."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from ghl_notes import ContactNotes, Note, NoteList, Relation
from ghl_notes.cli.output import open_output
from ghl_notes.testing import Failure, Fault


def written(fake, note: dict) -> dict:
    """Say how a note as HighLevel sends it stands in an export."""
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


def all_notes(fake, contact_ids=None) -> list[dict]:
    """Give what an export of these contacts must hold, in the order of the notes' ids."""
    ids = fake.contact_ids() if contact_ids is None else contact_ids
    return by_id(written(fake, note) for one in ids for note in fake.notes(one))


def by_id(notes) -> list[dict]:
    return sorted(notes, key=lambda note: note["id"])


async def test_every_note_of_a_location_is_written_once(start, export, out) -> None:
    """One JSON object a line, with Python's names and times in UTC, over many pages of contacts."""
    fake = await start(contacts=230, notes_per_contact=2)
    outcome = await export(fake)

    assert outcome.status == 0
    assert by_id(out.notes) == all_notes(fake)
    assert outcome.out == ""
    assert outcome.err.startswith("230 contacts, 460 notes written, 0 failed, ")
    assert not out.errors.exists()


async def test_notes_of_a_contact_stand_together_newest_first(export, fake, out) -> None:
    """Contacts may come in any order, and the notes of each are a block."""
    await export(fake)
    blocks = [out.notes[at : at + 5] for at in range(0, 50, 5)]

    assert all(len({note["contact_id"] for note in block}) == 1 for block in blocks)
    for block in blocks:
        dates = [datetime.fromisoformat(note["date_added"]) for note in block]
        assert dates == sorted(dates, reverse=True)


async def test_only_the_contacts_of_a_file_are_read(export, fake, out, tmp_path) -> None:
    """Ids stand one a line; blank lines, spaces, a byte order mark and no last newline are fine."""
    first, second = fake.contact_ids()[:2]
    ids = tmp_path / "ids.txt"
    ids.write_bytes(f"\ufeff{first}\r\n\r\n   \n  {second}  ".encode())
    outcome = await export(fake, "--contacts", ids)

    assert outcome.status == 0
    assert by_id(out.notes) == all_notes(fake, [first, second])


async def test_a_location_without_contacts_makes_an_empty_file(start, export, out) -> None:
    """An export of nothing is an export."""
    outcome = await export(await start(contacts=0))

    assert outcome.status == 0
    assert out.path.read_bytes() == b""
    assert outcome.err.startswith("0 contacts, 0 notes written, 0 failed, ")


async def test_what_is_newer_than_the_library_is_kept(out) -> None:
    """``extra`` is written where it holds something; half a surrogate pair stops nothing."""
    relation = Relation("opportunity", "o1", extra={"new": 1})
    note = Note(
        id="n",
        body="\ud83d ü",
        text="",
        date_added=datetime.fromisoformat("2026-05-01T12:00:00.5+02:00"),
        contact_id="c",
        relations=(relation, Relation("opportunity", "o2")),
        extra={"mood": ["good"]},
    )
    with open_output(str(out.path), force=False) as output:
        output.add(ContactNotes("c", NoteList([note])), "l")

    assert out.notes[0]["body"] == "\ud83d ü"
    assert out.notes[0]["date_added"] == "2026-05-01T10:00:00.500Z"
    assert out.notes[0]["extra"] == {"mood": ["good"]}
    assert out.notes[0]["relations"] == [
        {"object_key": "opportunity", "record_id": "o1", "extra": {"new": 1}},
        {"object_key": "opportunity", "record_id": "o2"},
    ]


async def test_contacts_that_fail_are_told_apart_and_the_others_read(
    export, fake, out, tmp_path
) -> None:
    """Status 3, a line for each failed contact with its reason, and every other note."""
    good, broken = fake.contact_ids()[:2]
    ids = tmp_path / "ids.txt"
    ids.write_text(f"nobody\n{good}\na/b\n{broken}\n")
    fake.inject(Fault.WRONG_TYPE, path_contains=broken)
    outcome = await export(fake, "--contacts", ids)
    failures = {failure["contact_id"]: failure for failure in out.failures}

    assert outcome.status == 3
    assert by_id(out.notes) == all_notes(fake, [good])
    assert {name: one["error"] for name, one in failures.items()} == {
        "nobody": "NotFound",
        "a/b": "ConfigurationError",
        broken: "UnexpectedResponse",
    }
    assert failures["nobody"]["status"] == 400
    assert "not found" in failures["nobody"]["message"]
    assert outcome.err.startswith("1 contact, 5 notes written, 3 failed, ")


async def test_unreadable_notes_are_reported_and_the_others_written(export, fake, out) -> None:
    """A note that cannot be read costs no other one, and is not dropped in silence."""
    one = fake.contact_ids()[0]
    fake.inject(Fault.NULL_TEXT, path_contains=one)
    outcome = await export(fake)

    assert outcome.status == 3
    assert len(out.notes) == 49
    assert [failure["contact_id"] for failure in out.failures] == [one]
    assert "$.notes[" in out.failures[0]["message"]
    assert "10 contacts, 49 notes written, 1 note unreadable, 0 failed" in outcome.err


async def test_an_old_file_of_errors_does_not_outlive_a_good_run(export, fake, out) -> None:
    """What lies beside an export is about that export."""
    out.errors.write_text("{}\n")
    outcome = await export(fake)

    assert outcome.status == 0
    assert not out.errors.exists()


async def test_a_file_that_holds_something_is_replaced_by_force_only(export, fake, out) -> None:
    """Hours of work are not overwritten by a command out of the history."""
    out.path.write_text("precious\n")
    refused = await export(fake)
    kept = out.path.read_text()
    forced = await export(fake, "--force")

    assert (refused.status, kept) == (2, "precious\n")
    assert "--force" in refused.err
    assert forced.status == 0
    assert by_id(out.notes) == all_notes(fake)


async def test_an_export_that_cannot_begin_replaces_nothing(run, needed, fake, out) -> None:
    """With ``--force`` and a wrong token, what an earlier export wrote is still there."""
    out.path.write_text("precious\n")
    out.errors.write_text("precious too\n")
    outcome = await run("export", *needed(fake), "--force", "--token", "pit-wrong")

    assert outcome.status == 1
    assert out.path.read_text() == "precious\n"
    assert out.errors.read_text() == "precious too\n"


async def test_a_refused_token_ends_it_and_leaves_no_files(run, needed, fake, out) -> None:
    """Status 1, a sentence that names the remedy, and never the token."""
    outcome = await run("export", *needed(fake), "--token", "pit-wrong-secret")

    assert outcome.status == 1
    assert "refused the token" in outcome.err
    assert "pit-wrong-secret" not in outcome.err + outcome.out
    assert not out.path.exists()
    assert not out.errors.exists()


async def test_another_location_than_the_tokens_ends_it(run, fake, out) -> None:
    """A whole location that is out of reach is no list of failed contacts."""
    to = ("--base-url", fake.url, "--out", out.path, "--token", fake.private_token)
    outcome = await run("export", "--location", "elsewhere", *to)

    assert outcome.status == 1
    assert "does not have access to this location" in outcome.err


@pytest.mark.parametrize("token", [None, "", "  "])
async def test_without_a_token_it_says_where_to_put_one(run, needed, fake, out, token) -> None:
    """An empty variable is none."""
    outcome = await run("export", *needed(fake), GHL_NOTES_TOKEN=token)

    assert outcome.status == 2
    assert "GHL_NOTES_TOKEN" in outcome.err
    assert not out.path.exists()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (("--base-url", "nonsense"), "--base-url must"),
        (("--base-url", ""), "--base-url must"),
        (("--base-url", "http://127.0.0.1:99999"), "--base-url must"),
        (("--location", "a/b"), "location_id"),
        (("--contacts", "no-such-file"), "no-such-file"),
        (("--contacts", "."), "--contacts"),
        (("--concurrency", 0), "--concurrency"),
        (("--out", "no-such-folder/notes.jsonl"), "no-such-folder"),
        (("--out", "."), "--out"),
        (("--token", "two words"), "token"),
        (("--nonsense",), "--nonsense"),
    ],
)
async def test_wrong_usage_is_refused_before_anything_is_sent(
    export, fake, out, wrong, named
) -> None:
    """Status 2, and a sentence that names what to change."""
    outcome = await export(fake, *wrong)

    assert outcome.status == 2
    assert named in outcome.err
    assert fake.stats.requests == 0
    assert not out.path.exists()
    assert not out.errors.exists()


@pytest.mark.parametrize("option", ["--location", "--out"])
async def test_what_it_must_have_is_asked_for(run, needed, fake, option) -> None:
    """There is no sensible default for what to export and where to."""
    options = needed(fake)
    at = options.index(option)
    outcome = await run("export", *options[:at], *options[at + 2 :], GHL_NOTES_TOKEN="pit-x")

    assert outcome.status == 2
    assert option in outcome.err


async def test_no_place_for_the_errors_is_wrong_usage(export, fake, out) -> None:
    """Better no export than one whose failures have nowhere to go; no empty file is left."""
    out.errors.mkdir()
    outcome = await export(fake)

    assert outcome.status == 2
    assert out.errors.name in outcome.err
    assert not out.path.exists()


async def test_the_end_of_the_day_stops_it_and_keeps_what_was_read(start, export, out) -> None:
    """Not one contact more is tried, and every request that was spent is in the file."""
    fake = await start(contacts=300, daily=120)
    outcome = await export(fake)
    read = [note["contact_id"] for note in out.notes]

    assert outcome.status == 1
    assert sum(fake.stats.reads(one) for one in fake.contact_ids()) == len(set(read))
    assert by_id(out.notes) == all_notes(fake, sorted(set(read)))
    assert len(set(read)) > 110
    assert "requests of the day are used up" in outcome.err
    assert "(local time)" in outcome.err
    assert outcome.last.startswith(
        f"{len(set(read))} contacts, {len(read)} notes written, 0 failed"
    )
    assert fake.stats.rejected_429 <= 1


async def test_a_day_that_is_over_before_it_begins_reads_nothing(start, export, out) -> None:
    """Status 1 and when to come back, without a list of failed contacts."""
    fake = await start(daily=0)
    outcome = await export(fake)

    assert outcome.status == 1
    assert "requests of the day are used up" in outcome.err
    assert not out.path.exists()


@pytest.mark.parametrize(
    ("fault", "said"),
    [(Fault.TOKEN_EXPIRED, "refused the token"), (Fault.LOCATION_INACTIVE, "paused or unpaid")],
)
async def test_what_would_meet_every_contact_stops_it(
    start, export, out, tmp_path, fault, said
) -> None:
    """The token or the location is no matter of one contact; what was read before stays."""
    fake = await start(contacts=400, notes_per_contact=1)
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(fake.contact_ids()))
    fake.inject(fault, path_contains=fake.contact_ids()[100])
    outcome = await export(fake, "--contacts", ids, "--concurrency", 2)
    read = {note["contact_id"] for note in out.notes}

    assert outcome.status == 1
    assert said in outcome.err
    assert set(fake.contact_ids()[:100]) <= read
    assert len(read) <= 104
    assert len(read) == sum(fake.stats.reads(one) for one in fake.contact_ids())
    assert not out.errors.exists()
    assert outcome.last.startswith(f"{len(read)} contacts, ")


async def test_a_long_hold_stops_it(start, export, out) -> None:
    """When HighLevel asks for minutes of patience, no contact is worth trying before."""
    fake = await start(retry_after=300.0)
    fake.inject(Fault.RATE_LIMITED, path_contains="/notes")
    outcome = await export(fake)

    assert outcome.status == 1
    assert not out.errors.exists()
    assert "come back" in outcome.err


async def test_trouble_while_listing_keeps_what_was_read(start, export, out) -> None:
    """The second page of contacts fails: the notes of the first are there."""
    fake = await start(contacts=150, notes_per_contact=1, slow=0.0)
    searches = "/contacts/search"
    ids = fake.contact_ids()
    # The count and the first page come through, then an answer that is not to be repeated.
    fake.inject(Fault.SLOW, 2, path_contains=searches)
    fake.inject(Failure(status=403, message="Forbidden"), path_contains=searches)
    outcome = await export(fake)

    assert outcome.status == 1
    assert {note["contact_id"] for note in out.notes} == set(ids[:100])
    assert outcome.last.startswith("100 contacts, 100 notes written, 0 failed")


async def test_stdout_takes_the_notes_and_stderr_the_failures(export, fake, tmp_path) -> None:
    """``--out -`` feeds a pipe with notes and nothing else."""
    ids = tmp_path / "ids.txt"
    ids.write_text(f"nobody\n{fake.contact_ids()[0]}\n")
    outcome = await export(fake, "--contacts", ids, to="-")

    assert outcome.status == 3
    assert outcome.out.count("\n") == 5
    assert outcome.out.count('"contact_id"') == 5
    assert '"error": "NotFound"' in outcome.err
    assert outcome.last.startswith("1 contact, 5 notes written, 1 failed")


async def test_a_device_has_no_file_beside_it(export, fake, tmp_path) -> None:
    """Failures of an export to a device or a named pipe go to stderr."""
    fake.inject(Fault.WRONG_TYPE, path_contains="/notes")
    outcome = await export(fake, to="/dev/null")

    assert outcome.status == 3
    assert '"error": "UnexpectedResponse"' in outcome.err
    assert "null.errors" not in {entry.name for entry in os.scandir("/dev")}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
async def test_a_full_disk_is_named(export, fake) -> None:
    """What the system says about writing reaches the user, with the file, as status 1."""
    outcome = await export(fake, to="/dev/full")

    assert outcome.status == 1
    assert "/dev/full: No space left on device" in outcome.err


async def test_contacts_of_a_spreadsheet_are_read(export, fake, out, tmp_path) -> None:
    """HighLevel's own export of contacts will do, and a row that names nobody is told by line."""
    first, second = fake.contact_ids()[:2]
    table = tmp_path / "contacts.csv"
    table.write_text(f'Contact Id,Name\n{first},"Zoë, or so"\nnot an id,Tom\n{second},\n', "utf-16")
    outcome = await export(fake, "--contacts", table)

    assert outcome.status == 3
    assert by_id(out.notes) == all_notes(fake, [first, second])
    (failure,) = out.failures
    assert failure["contact_id"] == "not an id"
    assert failure["message"] == "line 3 has no contact id: 'not an id'"


async def test_a_table_without_ids_is_refused_before_anything_is_sent(
    export, fake, out, tmp_path
) -> None:
    """No row of it is sent as an id."""
    table = tmp_path / "contacts.csv"
    table.write_text("Name,Email\nZoë,zoe@example.com\n")
    outcome = await export(fake, "--contacts", table)

    assert (outcome.status, fake.stats.requests) == (2, 0)
    assert "column 'Contact Id'" in outcome.err
    assert not out.path.exists()


async def test_a_note_that_cannot_be_written_costs_no_other(out) -> None:
    """What is nested too deeply for JSON is a line of the failures."""
    deep: object = 0
    for _ in range(5_000):
        deep = [deep]
    when = datetime.fromisoformat("2026-05-01T12:00:00+00:00")
    notes = [Note("a", "x", "x", when, "c", extra={"deep": deep}), Note("b", "x", "x", when, "c")]
    with open_output(str(out.path), force=False) as output:
        output.add(ContactNotes("c", NoteList(notes)), "l")

    assert [note["id"] for note in out.notes] == ["b"]
    assert [failure["message"] for failure in out.failures] == ["note a is nested too deeply"]


async def test_an_empty_page_is_told_and_keeps_what_was_read(
    start, export, out, monkeypatch
) -> None:
    """Where HighLevel counts more contacts than it gives, an export does not pass for whole."""
    monkeypatch.setattr("ghl_notes.http.ends._TRIES", 1)
    fake = await start(contacts=150, notes_per_contact=1)
    fake.inject(Fault.EMPTY_PAGE, path_contains="/contacts/search")
    fake.inject(Fault.EMPTY_PAGE, path_contains="/contacts/search")
    outcome = await export(fake)

    assert outcome.status == 1
    assert "empty page of contacts and says that there are more: try again later" in outcome.err
