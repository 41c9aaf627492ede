# ruff: noqa: ANN001, ANN003 - parameters are fixtures, whose types live in conftest
"""The notes of a whole location, through the API of version 3: searched, written, related."""

from collections.abc import Awaitable

import pytest

from ghl_notes.errors import (
    ConfigurationError,
    NotFound,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.models import Attachment, Relation
from ghl_notes.testing import Fault
from tests.flows.calls import first_of, watched

OPPORTUNITY = Relation("opportunity", "somewhere")
FILE = Attachment(id="file", object_key="opportunity", record_id="somewhere")
WIRE_OPPORTUNITY = {"objectKey": "opportunity", "recordId": "somewhere"}


def wire(fake, note_id: str) -> dict:
    """Give a note as HighLevel has it."""
    return next(note for note in fake.location_notes() if note["id"] == note_id)


def ids(fake) -> list[str]:
    """Name all notes, newest first."""
    return [note["id"] for note in fake.location_notes()]


@pytest.fixture
def note_id(fake) -> str:
    """Give the newest note, which is of one contact."""
    return ids(fake)[0]


async def test_a_note_is_written_read_changed_and_deleted(fake, client, contact_id) -> None:
    """The calls agree with each other and with what HighLevel keeps."""
    records = [Relation("contact", contact_id), OPPORTUNITY]
    made = await client.location_notes.create(
        "<p>Hello</p>", user_id=fake.user_id, relations=iter(records)
    )
    read = await client.location_notes.get(made.id)
    changed = await client.location_notes.update(
        made.id, body="Bye", title="Call", color="#FFAA00", pinned=True
    )

    assert made == read
    assert (made.body, made.text, made.user_id) == ("<p>Hello</p>", "Hello", fake.user_id)
    assert (made.contact_id, made.location_id) == (contact_id, fake.location_id)
    assert made.relations == changed.relations == tuple(records)
    assert (changed.text, changed.title, changed.color) == ("Bye", "Call", "#FFAA00")
    assert changed.pinned is True
    assert changed.date_updated >= changed.date_added == made.date_added
    assert wire(fake, made.id)["body"] == "Bye"
    assert made.id in {note.id for note in await client.notes.list(contact_id)}
    await client.location_notes.delete(made.id)
    assert made.id not in ids(fake)
    with pytest.raises(NotFound):
        await client.location_notes.get(made.id)


async def test_its_calls_are_of_version_3(fake, connect, note_id) -> None:
    """Whatever version the client speaks, this API has only the one, and takes the location."""
    for version in ("2021-07-28", "v3"):
        client = connect(fake, location_id=fake.location_id, api_version=version)
        await client.location_notes.get(note_id)
        await client.location_notes.search()

    assert [seen.version for seen in fake.requests] == ["v3"] * 4
    assert fake.requests[0].query == f"locationId={fake.location_id}"


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ({"body": "New"}, "body", "New"),
        ({"title": "New"}, "title", "New"),
        ({"color": "#abc"}, "color", "#abc"),
        ({"pinned": True}, "pinned", True),
    ],
)
async def test_an_update_changes_only_what_is_passed(
    fake, client, contact_id, arguments, name, value
) -> None:
    """Each argument reaches its field, and the other fields stay."""
    note_id = fake.add_note(contact_id, "Old", title="Old", color="#FFAA00", pinned=False)["id"]
    before = wire(fake, note_id)
    await client.location_notes.update(note_id, **arguments)
    after = wire(fake, note_id)
    derived = {"bodyText", "dateUpdated"}

    assert after[name] == value
    assert {key for key in after if after[key] != before[key]} - derived <= {name}


@pytest.mark.parametrize("again", [None, True, False])
async def test_a_deleted_note_is_brought_back(fake, client, note_id, again) -> None:
    """Restoring gives the note as it was, in its place."""
    before = wire(fake, note_id)
    await client.location_notes.delete(note_id)
    restored = await client.location_notes.restore(note_id, force=again)

    assert (restored.id, restored.body) == (note_id, before["body"])
    assert wire(fake, note_id) == before


async def test_a_note_may_be_brought_back_to_another_record(fake, client, note_id) -> None:
    """The record that is named is added to those the note had."""
    await client.location_notes.delete(note_id)
    restored = await client.location_notes.restore(note_id, relation=OPPORTUNITY)

    assert restored.relations[1:] == (OPPORTUNITY,)
    assert wire(fake, note_id)["relations"][1:] == [WIRE_OPPORTUNITY]


async def test_what_was_not_deleted_cannot_be_brought_back(fake, client, note_id) -> None:
    """A note that is there is no deleted one."""
    with pytest.raises(NotFound):
        await client.location_notes.restore(note_id)


async def test_a_note_is_related_to_records_and_taken_off(fake, client, note_id) -> None:
    """Both calls give the note with all its records then, and the others stay."""
    contact_id = wire(fake, note_id)["contactId"]
    own = Relation("contact", contact_id)
    more = await client.location_notes.add_relations(note_id, iter([OPPORTUNITY]))
    less = await client.location_notes.remove_relations(note_id, [own])

    assert more.relations == (own, OPPORTUNITY)
    assert (less.relations, less.contact_id) == ((OPPORTUNITY,), None)
    assert wire(fake, note_id)["relations"] == [WIRE_OPPORTUNITY]
    assert note_id not in {note["id"] for note in fake.notes(contact_id)}


async def test_files_are_attached_and_taken_off(fake, client, note_id) -> None:
    """Both calls give the note with all its files then."""
    other = Attachment(id="other", object_key="opportunity", record_id="somewhere")
    both = await client.location_notes.add_attachments(note_id, iter([FILE, other]))
    one = await client.location_notes.remove_attachments(note_id, [FILE])

    assert (both.attachments, one.attachments) == ((FILE, other), (other,))
    assert wire(fake, note_id)["attachments"] == [{"id": "other", **WIRE_OPPORTUNITY}]


def create(notes, **fields) -> Awaitable[object]:
    given = {"body": "Text", "user_id": "user", "relations": [OPPORTUNITY], **fields}
    return notes.create(given.pop("body"), **given)


NO_RELATIONS = [[], None, "opportunity", [WIRE_OPPORTUNITY], OPPORTUNITY, {"a": OPPORTUNITY}]
BAD = [
    *((create, {"body": body}) for body in ("", " ", None, 5)),
    *((create, {"user_id": user}) for user in ("", None, 5)),
    *((create, {"relations": bad}) for bad in NO_RELATIONS),
    (create, {"relations": [Relation("opportunity", "")]}),
    (create, {"relations": [Relation(None, "somewhere")]}),
    *(
        (lambda notes, **fields: notes.update("note", **fields), fields)
        for fields in (
            {"body": ""},
            {"body": None},
            {"color": "red"},
            {"pinned": None},
            {"title": 5},
        )
    ),
    *(
        (lambda notes, relations: notes.add_relations("note", relations), {"relations": bad})
        for bad in NO_RELATIONS
    ),
    *(
        (lambda notes, attachments: notes.add_attachments("note", attachments), fields)
        for fields in (
            {"attachments": []},
            {"attachments": ["file"]},
            {"attachments": None},
            {"attachments": FILE},
            {"attachments": [Attachment(id="")]},
        )
    ),
    (lambda notes, force: notes.restore("note", force=force), {"force": "yes"}),
    (lambda notes, page_size: notes.search(page_size=page_size), {"page_size": 0}),
    (lambda notes, page_size: notes.search(page_size=page_size), {"page_size": 101}),
    (lambda notes, skip: notes.search(skip=skip), {"skip": -1}),
    (lambda notes, sources: notes.search(sources=sources), {"sources": "WORKFLOW"}),
    (lambda notes, record_ids: notes.search(record_ids=record_ids), {"record_ids": "somewhere"}),
    (lambda notes, sort_by: notes.search(sort_by=sort_by), {"sort_by": 5}),
    (lambda notes, sort_order: notes.search(sort_order=sort_order), {"sort_order": "up"}),
    (lambda notes, query: notes.search(query), {"query": 5}),
]


async def test_a_bad_field_is_refused_here(fake, client) -> None:
    """A field that cannot be stored or searched is named before anything is sent."""
    for call, fields in BAD:
        (name,) = fields
        with pytest.raises(ConfigurationError, match=name):
            await call(client.location_notes, **fields)
    with pytest.raises(ConfigurationError, match="update needs something"):
        await client.location_notes.update("note")

    assert fake.stats.requests == 0


async def test_a_null_that_highlevel_refuses_is_told(client, note_id) -> None:
    """None is sent as null, and what HighLevel says about that is in the error."""
    with pytest.raises(RequestRejected) as raised:
        await client.location_notes.update(note_id, title=None, color=None)

    assert raised.value.status == 422
    assert raised.value.messages == ("title must be a string", "color must be a hexadecimal color")


# search


async def test_a_search_goes_page_by_page(fake, client) -> None:
    """Pages are counted by what was skipped, and the total is that of all."""
    pages = [
        await client.location_notes.search(page_size=20, skip=skip) for skip in (0, 20, 40, 60)
    ]
    found = [note.id for page in pages for note in page.notes]

    assert found == ids(fake)
    assert [(len(page.notes), page.total) for page in pages] == [
        (20, 50), (20, 50), (10, 50), (0, 50)
    ]  # fmt: skip


async def test_a_search_finds_what_plain_python_would(fake, client) -> None:
    """Each argument narrows what is found, by the page and by the stream alike."""
    user = next(note["userId"] for note in fake.location_notes() if note["userId"])
    some = fake.contact_ids()[2:4]
    for asked, fits in (
        ({"query": "VOICEMAIL"}, lambda note: "voicemail" in note["bodyText"]),
        ({"query": "call 2"}, lambda note: note.get("title") == "Call 2"),
        ({"sources": ["WORKFLOW"]}, lambda note: note["source"] == "WORKFLOW"),
        ({"sources": ("WORKFLOW", "WEB_USER")}, lambda note: True),
        ({"created_by_user_id": user}, lambda note: note["userId"] == user),
        ({"record_ids": some}, lambda note: note["contactId"] in some),
        ({"record_ids": some, "query": "[2-"}, lambda note: note["contactId"] == some[0]),
    ):
        wanted = [note["id"] for note in fake.location_notes() if fits(note)]
        page = await client.location_notes.search(page_size=100, **asked)
        streamed = [one.id async for one in client.location_notes.stream(**asked, page_size=7)]
        assert ([note.id for note in page.notes], page.total) == (wanted, len(wanted)), asked
        assert streamed == wanted[::-1], asked
        assert wanted, asked


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_search_has_an_order(fake, client, note_id, order) -> None:
    """Both dates can be sorted by, in both directions."""
    await client.location_notes.update(ids(fake)[20], pinned=True)
    found = (
        await client.location_notes.search(sort_by="dateUpdated", sort_order=order, page_size=100)
    ).notes
    dates = [note.date_updated for note in found]

    assert dates == sorted(dates, reverse=order == "desc")
    assert found[0 if order == "desc" else -1].id == ids(fake)[20]


async def test_an_order_that_highlevel_does_not_know_is_told(client) -> None:
    """Which fields it sorts by is HighLevel's to say."""
    with pytest.raises(RequestRejected, match="sortBy must be one of"):
        await client.location_notes.search(sort_by="title")


@pytest.mark.parametrize(
    ("notes", "page_size", "requests"), [(0, 100, 1), (5, 5, 2), (5, 2, 4), (25, 100, 2)]
)
async def test_a_stream_gives_every_note_once(start, connect, notes, page_size, requests) -> None:
    """Oldest first, over as many pages as there are, until one brings nothing new."""
    fake = await start(contacts=5, notes_per_contact=notes // 5)
    client = connect(fake, location_id=fake.location_id)
    found = [note.id async for note in client.location_notes.stream(page_size=page_size)]

    assert found == ids(fake)[::-1]
    assert fake.stats.requests == requests


async def test_notes_written_meanwhile_come_last(fake, client, contact_id) -> None:
    """A stream of a living location repeats no note, and gives the new ones too."""
    stream = client.location_notes.stream(page_size=20)
    found, error = await watched(stream, 30, lambda: fake.add_note(contact_id, "Meanwhile"))

    assert (error, found) == (None, ids(fake)[::-1])
    assert wire(fake, found[-1])["body"] == "Meanwhile"


async def test_a_stream_that_is_left_asks_no_more(fake, client) -> None:
    """Whoever found what they looked for asks for no further page."""
    await first_of(client.location_notes.stream(page_size=10))

    assert fake.stats.requests == 1


async def test_a_stream_that_breaks_gives_what_came_before(fake, client) -> None:
    """The notes of the whole pages come, and then the error, after the patience of bulk work."""
    stream = client.location_notes.stream(page_size=10)
    seen, error = await watched(stream, 10, lambda: fake.inject(Fault.SERVER_ERROR, 100))

    assert isinstance(error, Unavailable)
    assert (len(seen), fake.stats.requests) == (10, 1 + 8)


@pytest.mark.parametrize("page_size", [0, 101, True, "10"])
async def test_a_bad_page_size_is_refused_at_the_call(client, page_size) -> None:
    """The mistake shows where it was made, before the first step of the loop."""
    with pytest.raises(ConfigurationError, match="page_size"):
        client.location_notes.stream(page_size=page_size)


async def test_an_unreadable_note_is_told(fake, client, note_id) -> None:
    """In a page it stands beside the others; a stream gives what it can, and then raises."""
    for _ in range(3):
        fake.inject(Fault.NULL_TEXT)
    page = await client.location_notes.search()
    seen, error = await watched(client.location_notes.stream())
    with pytest.raises(UnexpectedResponse) as raised:
        await client.location_notes.get(note_id)

    assert (len(page.notes), len(page.notes.unreadable), page.total) == (19, 1, 50)
    assert isinstance(error, UnexpectedResponse)
    assert seen == ids(fake)[::-1][1:]
    assert raised.value.problems[0] == "expected text, got null @ $.note.body"
