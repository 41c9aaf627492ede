"""Notes of appointments and of locations, in each envelope in which they may come."""

from datetime import UTC, datetime

import pytest

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec
from ghl_notes.models import AppointmentNote, Attachment, Author, LocationNote, Relation
from tests.codec.payloads import APPOINTMENT_NOTE, LOCATION_NOTE, NOTE

ADDED = datetime(2026, 7, 17, 10, 27, 18, 167_000, tzinfo=UTC)

kinds = pytest.mark.parametrize("cls", [AppointmentNote, LocationNote])


@kinds
@pytest.mark.parametrize(
    ("told", "text"),
    [({}, "Hi"), ({"bodyText": None}, "Hi"), ({"bodyText": "Ho"}, "Ho"), ({"bodyText": ""}, "")],
)
def test_a_note_has_a_plain_text(cls: type, told: dict[str, object], text: str) -> None:
    """Where HighLevel sends no plain text, it is made from the body."""
    note = codec.body_note({"note": {**NOTE, **told}}, cls)

    assert (note.body, note.text) == ("<p>Hi</p>", text)


# --- of appointments ------------------------------------------------------------------------


def test_a_documented_appointment_note() -> None:
    """Its author is an object of its own, and its time is aware."""
    (note,), _ = codec.appointment_notes({"notes": [{**APPOINTMENT_NOTE, "newer": 1}]})

    assert (note.id, note.contact_id, note.user_id) == ("n1", "c1", "u1")
    assert note.date_added == ADDED
    assert note.created_by == Author("u1", "Jane")
    assert note.extra == {"newer": 1}
    assert codec.body_note({"note": APPOINTMENT_NOTE}, AppointmentNote) == note


@pytest.mark.parametrize("author", [None, {}, {"id": None, "name": ""}])
def test_a_note_may_have_no_author(author: object) -> None:
    """What is empty about an author is None."""
    (note,), _ = codec.appointment_notes({"notes": [{**NOTE, "createdBy": author}]})

    assert note.created_by in (None, Author())


@pytest.mark.parametrize(
    ("told", "more"),
    [({"hasMore": True}, True), ({"hasMore": False}, False), ({}, True), ({"hasMore": "1"}, True)],
)
def test_whether_there_are_more(told: dict[str, object], *, more: bool) -> None:
    """Only a plain no ends the pages before an empty one does."""
    assert codec.appointment_notes({"notes": [NOTE], **told})[1] is more


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"dateAdded": None}, "expected a time, got null @ $.notes[1].dateAdded"),
        ({"body": None}, "expected text, got null @ $.notes[1].body"),
        ({"createdBy": "Jane"}, "expected an object, got text @ $.notes[1].createdBy"),
        ({"createdBy": {"name": 5}}, "expected text, got int @ $.notes[1].createdBy.name"),
    ],
)
def test_an_odd_appointment_note_costs_no_other(changed: dict[str, object], problem: str) -> None:
    """What cannot be read is told beside the rest, with the path in HighLevel's names."""
    notes, _ = codec.appointment_notes({"notes": [NOTE, {**NOTE, **changed}, NOTE]})

    assert len(notes) == 2
    assert problem in notes.unreadable[0].problems


# --- of locations ---------------------------------------------------------------------------


def test_a_location_note_with_everything() -> None:
    """What the documented requests name is read, and what is newer is kept."""
    note = codec.body_note({"note": {**LOCATION_NOTE, "newer": 1}}, LocationNote)

    assert (note.location_id, note.contact_id, note.source) == ("l1", "c1", "WEB_USER")
    assert note.relations == (Relation("contact", "c1"),)
    assert note.attachments == (Attachment(id="a1", object_key="contact", record_id="c1"),)
    assert (note.date_added, note.date_updated, note.pinned) == (ADDED, None, False)
    assert note.extra == {"newer": 1}


def test_a_location_note_needs_an_id_and_a_body() -> None:
    """Of this API no reply is documented, so all the rest may be missing."""
    note = codec.body_note({"note": {"id": "n1", "body": "x"}}, LocationNote)

    assert (note.text, note.date_added, note.contact_id, note.relations) == ("x", None, None, ())


@pytest.mark.parametrize(
    ("payload", "ids"),
    [
        ({"notes": [LOCATION_NOTE, {**NOTE, "id": "n2"}]}, ["n1", "n2"]),
        ({"note": [LOCATION_NOTE, {**NOTE, "id": "n2"}]}, ["n1", "n2"]),
        ({"note": LOCATION_NOTE}, ["n1"]),
        ({"notes": LOCATION_NOTE}, ["n1"]),
        ({"notes": [], "note": LOCATION_NOTE}, []),
        ({"notes": []}, []),
        ({"note": []}, []),
    ],
)
def test_a_page_in_any_envelope(payload: dict[str, object], ids: list[str]) -> None:
    """A page is a list under the likely name, or what the documents show: one note."""
    page = codec.location_notes(payload)

    assert [note.id for note in page.notes] == ids
    assert page.notes.unreadable == ()


@pytest.mark.parametrize(
    ("told", "total"),
    [
        ({"total": 5}, 5),
        ({"count": 5}, 5),
        ({"total": 0, "count": 5}, 0),
        ({"total": None, "count": 5}, 5),
        ({"total": "5"}, None),
        ({"total": True, "count": False}, None),
        ({}, None),
    ],
)
def test_how_many_there_are(told: dict[str, object], total: int | None) -> None:
    """The total is a whole number under one of two names, or it is not known."""
    assert codec.location_notes({"notes": [LOCATION_NOTE], **told}).total == total


@pytest.mark.parametrize(
    ("envelope", "path"), [("notes", "$.notes[1].id"), ("note", "$.note[1].id")]
)
def test_an_odd_location_note_is_told_by_its_place(envelope: str, path: str) -> None:
    """The path has the name of the envelope that came."""
    page = codec.location_notes({envelope: [NOTE, {**NOTE, "id": 5}]})

    assert len(page.notes) == 1
    assert page.notes.unreadable[0].problems == (f"expected text, got int @ {path}",)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"note": {**NOTE, "id": None}}, "expected text, got null @ $.note.id"),
        ({"note": None}, "expected an object, got null @ $.note"),
        ({"notes": None}, "expected an object, got null @ $.notes"),
        ({"items": []}, "required field missing @ $.note"),
    ],
)
def test_a_page_without_notes_is_an_error(payload: object, problem: str) -> None:
    """One note that cannot be read, or none at all, is told by its path."""
    with pytest.raises(UnexpectedResponse) as raised:
        codec.location_notes(payload)

    assert raised.value.problems == (problem,)
