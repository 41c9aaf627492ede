"""Notes are read strictly, one by one, and what cannot be read is told without being quoted."""

import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec
from ghl_notes.models import NoteList, Relation

# As recorded; one more field sends a note through the other of the codec's two ways.
USUAL = {
    "id": "n1",
    "body": "<p>Hi</p>",
    "bodyText": "Hi",
    "userId": None,
    "dateAdded": "2026-07-17T10:27:18.167Z",
    "contactId": "c1",
    "pinned": False,
    "relations": [],
}
ADDED = datetime(2026, 7, 17, 10, 27, 18, 167_000, tzinfo=UTC)
MARKER = "s3cr3t note"

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "x", "false", "2026-07-17", "2026-07-17T10:27:18+02:00", MARKER]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["objectKey", "recordId"]), st.text(max_size=1)),
    st.lists(
        st.dictionaries(st.sampled_from(["objectKey", "recordId"]), st.none() | st.text("ab")),
        max_size=2,
    ),
)
wire_notes = st.builds(
    lambda changed, dropped: {k: v for k, v in {**USUAL, **changed}.items() if k not in dropped},
    st.dictionaries(st.sampled_from([*USUAL, "title", "color", "new"]), odd, max_size=3),
    st.sets(st.sampled_from([*USUAL]), max_size=1),
)
items = wire_notes | odd


def read(*notes: object) -> NoteList:
    return codec.notes({"notes": list(notes), "traceId": "t"}, "here")


def told(error: UnexpectedResponse) -> str:
    """Everything that an error gives away, to whoever prints, logs or sends it."""
    parts = (str(error), repr(error), repr(error.problems), repr(pickle.dumps(error)))
    return "\n".join([*parts, *traceback.format_exception(error)])


def test_a_recorded_note() -> None:
    """Every field of a recorded note finds its place, and nothing is left over."""
    (note,) = read(USUAL)

    assert (note.id, note.body, note.text, note.date_added) == ("n1", "<p>Hi</p>", "Hi", ADDED)
    assert (note.contact_id, note.user_id, note.pinned) == ("c1", None, False)
    assert (note.title, note.color, note.relations, note.extra) == (None, None, (), {})


def test_a_note_with_everything() -> None:
    """Title, colour, author and relations are read, and what is newer is kept under its name."""
    related = {"objectKey": "opportunity", "recordId": "o1", "since": 5}
    more = {"title": "Call", "color": "#FFAA00", "userId": "u1", "pinned": True}
    (note,) = read({**USUAL, **more, "relations": [related], "attachments": [1], "extra": "x"})

    assert (note.title, note.color, note.user_id, note.pinned) == ("Call", "#FFAA00", "u1", True)
    assert note.relations == (Relation("opportunity", "o1"),)
    assert note.relations[0].extra == {"since": 5}
    assert note.extra == {"attachments": [1], "extra": "x"}


@given(changed=st.dictionaries(st.sampled_from([*USUAL]), odd, min_size=1, max_size=2))
def test_both_ways_read_the_same(changed: dict[str, object]) -> None:
    """The quick way for usual notes gives what the converter gives, or leaves the note to it."""
    quick, slow = read({**USUAL, **changed}), read({**USUAL, **changed, "newer": 1})

    assert repr(quick) == repr(slow)
    assert [e.problems for e in quick.unreadable] == [e.problems for e in slow.unreadable]


@given(st.lists(items, max_size=6))
def test_every_note_is_read_or_reported(notes: list[object]) -> None:
    """Whatever stands in the list, each entry becomes a note or an error, newest first."""
    found = read(*notes)
    times = [note.date_added for note in found]

    assert len(found) + len(found.unreadable) == len(notes)
    assert all(time.tzinfo is not None for time in times)
    assert times == sorted(times, reverse=True)


@given(bad=st.lists(items, max_size=4), place=st.integers(0, 4))
def test_a_bad_note_costs_no_other(bad: list[object], place: int) -> None:
    """A note that can be read is read, whatever its neighbours are."""
    mixed = [*bad[:place], {**USUAL, "id": "good"}, *bad[place:]]

    assert "good" in [note.id for note in read(*mixed)]


@given(field=st.sampled_from([*USUAL, "title", "color"]), wrapped=st.booleans())
def test_no_content_is_in_an_error(field: str, *, wrapped: bool) -> None:
    """An error says what is wrong and where, and shows nothing of what a note says."""
    content = {"text": MARKER} if wrapped else MARKER
    note = {**USUAL, **dict.fromkeys(["body", "title"], MARKER), field: content, "id": None}

    (error,) = read(note).unreadable
    with pytest.raises(UnexpectedResponse) as raised:
        codec.note({"note": note}, "c1")

    assert MARKER not in told(error)
    assert MARKER not in told(raised.value)
    assert MARKER in repr(note)


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({"body": None}, ["expected text, got null @ $.notes[1].body"]),
        ({"body": 5}, ["expected text, got int @ $.notes[1].body"]),
        ({"bodyText": ["x"]}, ["expected text, got a list @ $.notes[1].bodyText"]),
        ({"dateAdded": None}, ["expected a time, got null @ $.notes[1].dateAdded"]),
        ({"dateAdded": "soon"}, ["expected a time, got text @ $.notes[1].dateAdded"]),
        ({"dateAdded": 10**20}, ["expected a time, got int @ $.notes[1].dateAdded"]),
        ({"dateAdded": True}, ["expected a time, got bool @ $.notes[1].dateAdded"]),
        ({"pinned": "false"}, ["expected true or false, got text @ $.notes[1].pinned"]),
        ({"pinned": 1}, ["expected true or false, got int @ $.notes[1].pinned"]),
        ({"userId": {}}, ["expected text, got an object @ $.notes[1].userId"]),
        ({"contactId": 5}, ["expected text, got int @ $.notes[1].contactId"]),
        ({"title": 5}, ["expected text, got int @ $.notes[1].title"]),
        ({"relations": 0}, ["expected a list, got int @ $.notes[1].relations"]),
        (
            {"relations": [{"objectKey": "o", "recordId": "r"}, {"objectKey": None}, 5]},
            [
                "expected text, got null @ $.notes[1].relations[1].objectKey",
                "required field missing @ $.notes[1].relations[1].recordId",
                "expected an object, got int @ $.notes[1].relations[2]",
            ],
        ),
        (
            {"id": None, "body": None},
            [
                "expected text, got null @ $.notes[1].id",
                "expected text, got null @ $.notes[1].body",
            ],
        ),
    ],
)
def test_an_error_gives_the_json_path(changed: dict[str, object], problems: list[str]) -> None:
    """What is wrong is told with the path in HighLevel's own names, each trouble for itself."""
    (error,) = read(USUAL, {**USUAL, **changed}).unreadable

    assert sorted(error.problems) == sorted(problems)
    assert all(problem in str(error) for problem in problems)


@pytest.mark.parametrize("field", ["id", "body", "dateAdded"])
def test_a_missing_field_is_named(field: str) -> None:
    """A note without an id, a text or a time is no note."""
    (error,) = read({k: v for k, v in USUAL.items() if k not in (field, "bodyText")}).unreadable

    assert f"required field missing @ $.notes[0].{field}" in error.problems


@pytest.mark.parametrize("item", [None, 5, "x", []])
def test_what_is_no_note_is_reported(item: object) -> None:
    """An entry that is no object is told by its place."""
    (error,) = read(item).unreadable

    assert error.problems[0].startswith("expected an object, got ")
    assert error.problems[0].endswith(" @ $.notes[0]")


@pytest.mark.parametrize(
    ("dropped", "contact_id", "text"),
    [("contactId", "here", "Hi"), ("bodyText", "c1", "Hi"), ("pinned", "c1", "Hi")],
)
def test_what_the_place_of_a_note_tells(dropped: str, contact_id: str, text: str) -> None:
    """A note without its contact belongs to the one asked for; its plain text is in its body."""
    for missing in ({k: v for k, v in USUAL.items() if k != dropped}, {**USUAL, dropped: None}):
        (note,) = read(missing)

        assert (note.contact_id, note.text, note.pinned) == (contact_id, text, False)


@pytest.mark.parametrize(
    ("wire", "time"),
    [
        ("2026-07-17T10:27:18.167Z", ADDED),
        ("2026-07-17T12:27:18.167+02:00", ADDED),
        ("2026-07-17T10:27:18.167", ADDED),
        ("2026-07-17", datetime(2026, 7, 17, tzinfo=UTC)),
        (1_784_284_038_167, ADDED),
    ],
)
def test_times_are_aware(wire: object, time: datetime) -> None:
    """A time is aware, whether it came with a zone, without one or in milliseconds."""
    (note,) = read({**USUAL, "dateAdded": wire})

    assert note.date_added == time
    assert note.date_added.utcoffset() is not None


def test_newest_first_across_zones() -> None:
    """Order is by the moment, not by the digits of its text; equal moments keep their order."""
    early, late = ("2026-07-17T12:00:00+05:00", "2026-07-17T08:00:00Z")
    notes = [("a", early), ("b", late), ("c", early), ("d", late)]
    found = read(*({**USUAL, "id": i, "dateAdded": when} for i, when in notes))

    assert [note.id for note in found] == ["b", "d", "a", "c"]
    assert found[-1].date_added.tzinfo == timezone(timedelta(hours=5))


@pytest.mark.parametrize(
    ("read_one", "payload", "problem"),
    [
        (codec.notes, None, "expected an object, got null @ $"),
        (codec.notes, [USUAL], "expected an object, got a list @ $"),
        (codec.notes, {}, "required field missing @ $.notes"),
        (codec.notes, {"notes": None}, "expected a list, got null @ $.notes"),
        (codec.notes, {"notes": {}}, "expected a list, got an object @ $.notes"),
        (codec.note, "x", "expected an object, got text @ $"),
        (codec.note, {"notes": []}, "required field missing @ $.note"),
        (codec.note, {"note": None}, "expected an object, got null @ $.note"),
        (codec.note, {"note": {**USUAL, "dateAdded": 5.5}}, "got float @ $.note.dateAdded"),
    ],
)
def test_an_envelope_is_held_to_its_form(
    read_one: Callable[[object, str], object], payload: object, problem: str
) -> None:
    """A reply of another form is one error, with the path at which it departs."""
    with pytest.raises(UnexpectedResponse) as raised:
        read_one(payload, "c1")

    assert len(raised.value.problems) == 1
    assert raised.value.problems[0].endswith(problem)
    assert not raised.value.garbled


def test_one_note_from_its_envelope() -> None:
    """A single note is read like one of a list."""
    assert [codec.note({"note": USUAL, "traceId": "t"}, "here")] == read(USUAL)
