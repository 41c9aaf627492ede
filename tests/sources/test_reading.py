# ruff: noqa: ANN001 - parameters are those of a table
"""From the systems' objects to notes and people: patient with every field but the id."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.sources import SourceAttachment, SourceChange, SourceContact, SourceNote, SourceUser
from ghl_notes.sources.cinnox import reading as cinnox
from ghl_notes.sources.close import reading as close

NAMES = [
    "id", "noteId", "note", "note_html", "title", "pinned", "contact_id", "lead_id", "user_id",
    "created_by", "user_name", "date_created", "date_updated", "activity_at", "attachments",
    "note_mentions", "comment_summary", "contacts", "emails", "phones", "email", "phone", "name",
    "object_id", "action", "updatedAt", "reporter", "firstName", "lastName", "displayName",
    "mobilePhone", "whatsApp", "slaveContacts", "newer",
]  # fmt: skip
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["2026-01-01T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59-23:59"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=25,
)  # fmt: skip
objects = st.dictionaries(st.sampled_from(NAMES), odd)
NEW_YEAR = datetime(2026, 1, 1, 1, tzinfo=UTC)
NOTE = {
    "id": "acti_1", "_type": "Note", "organization_id": "orga_1", "lead_id": "lead_1",
    "contact_id": None, "user_id": "user_1", "user_name": "Jane", "created_by": "user_2",
    "created_by_name": "Max", "updated_by": None, "updated_by_name": None, "users": [],
    "date_created": "2026-01-02T03:04:05.678901+00:00",
    "date_updated": "2026-01-03T03:04:05+00:00",
    "activity_at": "2026-01-01T03:04:05.5+00:00",
    "note": "Hello", "note_html": "<body><p>Hello</p></body>", "note_mentions": ["user_3"],
    "title": "First", "pinned": True, "pinned_at": "2026-01-02T03:04:05+00:00",
    "attachments": [{"url": "https://app.close.com/go/file/x", "filename": "x.pdf", "size": 5}],
    "source": "ui", "comment_summary": {"thread_id": "t", "comment_count": 2},
}  # fmt: skip


def test_a_note_of_close_is_read() -> None:
    """Every field that a note of HighLevel has a place for, and what is left behind."""
    note = close.note({**NOTE, "newer": 5})

    assert note == SourceNote(
        key="close:acti_1",
        id="acti_1",
        body="Hello",
        html="<body><p>Hello</p></body>",
        title="First",
        pinned=True,
        lead_id="lead_1",
        author_id="user_1",
        author_name="Jane",
        at=datetime(2026, 1, 1, 3, 4, 5, 500_000, UTC),
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC),
        edited_at=datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC),
        attachments=(SourceAttachment(name="x.pdf", url="https://app.close.com/go/file/x"),),
        left_behind=("1 mention", "2 comments"),
    )
    assert note.extra == {"newer": 5}


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"activity_at": None}, "at", datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)),
        ({"activity_at": "soon", "date_created": None}, "at", None),
        ({"date_updated": "2026-01-01T01:00:00Z"}, "edited_at", NEW_YEAR),
        (
            {"date_updated": "2026-01-01T01:00:00-02:30"},
            "edited_at",
            datetime(2026, 1, 1, 1, tzinfo=timezone(-timedelta(hours=2.5))),
        ),
        ({"date_updated": "2026-01-01T01:00:00"}, "edited_at", NEW_YEAR),
        ({"date_updated": 1_700_000_000}, "edited_at", None),
        ({"user_id": None}, "author_id", "user_2"),
        ({"user_id": None, "created_by": None}, "author_id", None),
        ({"user_name": None}, "author_name", "Max"),
        ({"note": None}, "body", ""),
        ({"note": 5}, "body", ""),
        ({"note_html": ""}, "html", None),
        ({"title": " "}, "title", None),
        ({"pinned": "yes"}, "pinned", False),
        ({"attachments": None}, "attachments", ()),
        ({"attachments": [None, {"size": 5}]}, "attachments", (SourceAttachment(),)),
        ({"note_mentions": None, "comment_summary": None}, "left_behind", ()),
        ({"comment_summary": {"comment_count": 1}}, "left_behind", ("1 mention", "1 comment")),
    ],
)  # fmt: skip
def test_an_odd_field_counts_as_absent(change, field, value) -> None:
    """Documents do not agree about what is always there, so only the id has to be."""
    assert getattr(close.note({**NOTE, **change}), field) == value


def test_the_least_note_is_its_id() -> None:
    """Everything else may be missing, in either system."""
    assert close.note({"id": "acti_1"}).body == ""
    assert cinnox.note({"noteId": "n"}, "app", "EXT-1").at is None


@pytest.mark.parametrize("item", [None, [], "x", {}, {"id": 5}, {"id": ""}, {"id": None}])
def test_a_note_without_an_id_is_none(item) -> None:
    """It is told by whoever reads the list."""
    assert close.note(item) is None


def test_a_contact_of_close_is_read() -> None:
    """Emails and phones in their order, each once; empty and odd ones left out."""
    contact = close.contact(
        {
            "id": "cont_1",
            "name": "Jane Doe",
            "emails": [{"type": "office", "email": "j@x.com"}, {"email": ""}, None, {}],
            "phones": [{"phone": "+15551"}, {"phone": "+15551"}, {"phone": None}, "x"],
        }
    )

    assert contact == SourceContact(
        id="cont_1", name="Jane Doe", emails=("j@x.com",), phones=("+15551",)
    )


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"first_name": "Jane", "last_name": "Doe"}, "Jane Doe"),
        ({"first_name": "Jane", "last_name": None}, "Jane"),
        ({"display_name": "JD", "first_name": "Jane"}, "JD"),
        ({}, None),
    ],
)
def test_a_user_of_close_is_read(user, name) -> None:
    """The name is shown as it is there, or made of its parts."""
    assert close.user({"id": "user_1", **user}) == SourceUser(id="user_1", name=name)


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (
            {"object_id": "acti_1", "action": "deleted", "date_updated": "2026-01-01T00:00:00Z"},
            SourceChange(note_id="acti_1", action="deleted", at=datetime(2026, 1, 1, tzinfo=UTC)),
        ),
        (
            {"object_id": "acti_1", "action": "updated"},
            SourceChange(note_id="acti_1", action="updated"),
        ),
        ({"object_id": "acti_1", "action": "exploded"}, None),
        ({"action": "updated"}, None),
        (None, None),
    ],
)  # fmt: skip
def test_an_event_is_read(event, change) -> None:
    """One that is not about a note, or about nothing that is known, is none."""
    assert close.change(event) == change


def test_a_note_of_cinnox_is_read() -> None:
    """All that it tells is of the last edit, and the app is part of its key."""
    told = {"noteId": "n1", "reporter": "s1", "updatedAt": "2026-01-02T03:04:05Z", "note": "Hi"}
    note = cinnox.note({**told, "newer": 5}, "app", "EXT-1")
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert note == SourceNote(
        key="cinnox:app:n1",
        id="n1",
        body="Hi",
        contact_id="EXT-1",
        author_id="s1",
        at=when,
        at_is="updated",
        edited_at=when,
    )
    assert note.extra == {"newer": 5}


def test_numbers_for_phones_are_read() -> None:
    """CINNOX documents them as numbers, without the plus of the international form."""
    contact = cinnox.contact(
        {
            "id": "EXT-1",
            "firstName": "Jane",
            "lastName": "Doe",
            "email": "j@x.com",
            "otherEmail": "j@y.com",
            "mobilePhone": 15551234567,
            "workPhone": "+15557654321",
            "homePhone": True,
            "otherPhone": None,
            "whatsApp": 15551234567,
        }
    )

    assert contact.name == "Jane Doe"
    assert contact.emails == ("j@x.com", "j@y.com")
    assert contact.phones == ("+15551234567", "+15557654321")


@pytest.mark.parametrize(
    ("slaves", "ids"), [(["EXT-2", "", 5, "EXT-2"], ("EXT-2",)), (None, ()), ("EXT-2", ())]
)
def test_merged_contacts_are_named(slaves, ids) -> None:
    """Whose notes may still stand under the old id."""
    assert cinnox.merged({"id": "EXT-1", "slaveContacts": slaves}) == ids


@settings(max_examples=30)
@given(odd)
def test_no_value_breaks_the_readers_of_items(item: object) -> None:
    """JSON of any form is a note, or an event, or none."""
    for found in (close.note(item), close.change(item)):
        json.dumps(repr(found))


def read_all(item: dict[str, object]) -> None:
    """Give an object to every reader, and check the forms of what comes out."""
    note = close.note({**item, "id": "acti_1"})
    other = cinnox.note({**item, "noteId": "n"}, "app", "EXT-1")
    for when in (note.at, note.created_at, note.edited_at, other.at):
        assert when is None or when.utcoffset() is not None
    people = (
        close.contact({**item, "id": "c"}),
        *close.contacts(item),
        cinnox.contact({**item, "id": "c"}),
    )
    for person in people:
        assert all(isinstance(one, str) and one for one in (*person.emails, *person.phones))
    assert close.user({**item, "id": "u"}).id == cinnox.user({**item, "id": "u"}).id == "u"
    assert all(isinstance(one, str) for one in cinnox.merged(item))


@settings(max_examples=20)
@given(objects)
def test_no_object_breaks_a_reader(item: dict[str, object]) -> None:
    """Whatever stands in the fields, times are aware and texts are texts."""
    read_all(item)


@pytest.mark.slow
@settings(max_examples=500)
@given(objects)
def test_none_of_many_objects_breaks_a_reader(item: dict[str, object]) -> None:
    """The same for many more of them."""
    read_all(item)
