# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The notes of one contact: read, written, changed, deleted."""

import json
from datetime import UTC, datetime

import aiohttp
import pytest

from ghl_notes.errors import (
    AmbiguousWrite,
    ConfigurationError,
    NotFound,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.testing import Fault

EVERYTHING = {"title": "Call", "color": "#FFAA00", "pinned": True}


def wire(fake, contact_id: str, note_id: str) -> dict:
    """Give a note as HighLevel has it."""
    return next(note for note in fake.notes(contact_id) if note["id"] == note_id)


async def test_notes_come_newest_first(fake, client, contact_id) -> None:
    """A list holds every note of the contact, the newest first, whatever order was sent."""
    fake.add_note(contact_id, "the newest")
    notes = await client.notes.list(contact_id)

    assert {note.id for note in notes} == {note["id"] for note in fake.notes(contact_id)}
    assert notes[0].text == "the newest"
    assert [n.date_added for n in notes] == sorted((n.date_added for n in notes), reverse=True)
    assert notes.unreadable == ()


async def test_a_note_is_written_read_changed_and_deleted(fake, client, contact_id) -> None:
    """The four calls agree with each other and with what HighLevel keeps."""
    user = fake.user_id
    made = await client.notes.create(contact_id, "<p>Hello</p>", user_id=user, **EVERYTHING)
    read = await client.notes.get(contact_id, made.id)
    changed = await client.notes.update(contact_id, made.id, body="Bye")

    assert made == read
    assert (made.body, made.text, made.user_id) == ("<p>Hello</p>", "Hello", user)
    assert (made.title, made.color, made.pinned) == tuple(EVERYTHING.values())
    assert abs((datetime.now(UTC) - made.date_added).total_seconds()) < 60
    assert (changed.id, changed.text, changed.title) == (made.id, "Bye", "Call")
    await client.notes.delete(contact_id, made.id)
    with pytest.raises(NotFound):
        await client.notes.get(contact_id, made.id)


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ({"body": "New"}, "body", "New"),
        ({"user_id": "someone"}, "userId", "someone"),
        ({"title": "New"}, "title", "New"),
        ({"color": "#abc"}, "color", "#abc"),
        ({"pinned": False}, "pinned", False),
    ],
)
async def test_an_update_changes_only_what_is_passed(
    fake, client, contact_id, arguments, name, value
) -> None:
    """Each argument reaches its field, and the other fields stay."""
    note = fake.add_note(contact_id, "Old", userId=fake.user_id, **EVERYTHING)
    await client.notes.update(contact_id, note["id"], **arguments)
    expected = {**note, name: value}
    expected["bodyText"] = expected["body"]

    assert wire(fake, contact_id, note["id"]) == expected


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"title": "T"}, {"title": "T"}),
        ({"title": None, "color": None}, {"title": None, "color": None}),
        ({"pinned": True, "body": "B"}, {"pinned": True, "body": "B"}),
    ],
)
async def test_an_update_sends_nothing_else(fake, connect, contact_id, arguments, sent) -> None:
    """What leaves the machine is what was passed, None as null, and no other name."""
    bodies: list[bytes] = []

    async def note_down(_: object, __: object, params: aiohttp.TraceRequestChunkSentParams) -> None:
        bodies.append(params.chunk)

    tracing = aiohttp.TraceConfig()
    tracing.on_request_chunk_sent.append(note_down)
    note_id = fake.notes(contact_id)[0]["id"]
    async with aiohttp.ClientSession(trace_configs=[tracing]) as session:
        client = connect(fake, session=session)
        if None in sent.values():  # here HighLevel's real answer is not known
            with pytest.raises(RequestRejected):
                await client.notes.update(contact_id, note_id, **arguments)
        else:
            await client.notes.update(contact_id, note_id, **arguments)

    assert json.loads(b"".join(bodies)) == sent


BAD_IDS = ["../x", "a/b", "?", "#", "a b", "%2e", "", ".", 5, None, "a\nb"]


@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda notes, bad: notes.list(bad), "contact_id"),
        (lambda notes, bad: notes.get(bad, "n"), "contact_id"),
        (lambda notes, bad: notes.get("c", bad), "note_id"),
        (lambda notes, bad: notes.create(bad, "Text"), "contact_id"),
        (lambda notes, bad: notes.update("c", bad, body="Text"), "note_id"),
        (lambda notes, bad: notes.delete("c", bad), "note_id"),
    ],
    ids=["list", "get a contact", "get", "create", "update", "delete"],
)
async def test_a_bad_id_is_refused_here(fake, client, call, name, bad) -> None:
    """What could lead to another path is never sent, and the error names the argument."""
    with pytest.raises(ConfigurationError, match=name):
        await call(client.notes, bad)

    assert fake.stats.requests == 0


BAD_FIELDS = [
    ({"body": ""}, "body"),
    ({"body": " \n"}, "body"),
    ({"body": None}, "body"),
    ({"body": 5}, "body"),
    ({"body": "\ud800"}, "Unicode"),
    ({"color": "red"}, "color"),
    ({"color": "#12"}, "color"),
    ({"color": "#FFAA00\n"}, "color"),
    ({"color": 5}, "color"),
    ({"pinned": "yes"}, "pinned"),
    ({"pinned": 1}, "pinned"),
    ({"title": 5}, "title"),
    ({"user_id": 5}, "user_id"),
]


@pytest.mark.parametrize(("fields", "name"), BAD_FIELDS)
async def test_a_bad_field_is_refused_here(fake, client, contact_id, fields, name) -> None:
    """A field that cannot be stored is named before anything is sent, by both writes."""
    with pytest.raises(ConfigurationError, match=name):
        await client.notes.create(contact_id, **{"body": "Text", **fields})
    with pytest.raises(ConfigurationError, match=name):
        await client.notes.update(contact_id, "note", **fields)

    assert fake.stats.requests == 0


async def test_an_update_of_nothing_is_refused_here(fake, client, contact_id) -> None:
    """An update that changes nothing is a mistake of the caller."""
    with pytest.raises(ConfigurationError, match="update needs something"):
        await client.notes.update(contact_id, "note")

    assert fake.stats.requests == 0


@pytest.mark.parametrize("status", [400, 404])
async def test_what_is_not_there_is_not_found(start, connect, status: int) -> None:
    """HighLevel's two ways of saying so become one error, with the status it had."""
    fake = await start(not_found_status=status)
    notes, contact_id = connect(fake).notes, fake.contact_ids()[0]
    fake.delete_contact(gone := fake.contact_ids()[1])
    for call in (
        notes.list("nobody"),
        notes.list(gone),
        notes.create(gone, "Text"),
        notes.get(contact_id, "nothing"),
        notes.update(contact_id, "nothing", body="Text"),
        notes.delete(contact_id, "nothing"),
    ):
        with pytest.raises(NotFound) as raised:
            await call
        assert raised.value.status == status
        assert raised.value.trace_id
    assert fake.stats.requests == 6


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CUT_BODY])
async def test_a_delete_whose_reply_was_lost_is_done(fake, client, contact_id, fault) -> None:
    """The repeat finds nothing, because the first try did it: that is a success."""
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(fault, method="DELETE")
    await client.notes.delete(contact_id, note_id)

    assert note_id not in {note["id"] for note in fake.notes(contact_id)}
    assert [seen.method for seen in fake.requests] == ["DELETE", "DELETE"]


async def test_a_delete_after_a_harmless_failure_still_tells(fake, client, contact_id) -> None:
    """A 429 did nothing, so a note that is missing then was missing before."""
    fake.inject(Fault.RATE_LIMITED, method="DELETE")
    with pytest.raises(NotFound):
        await client.notes.delete(contact_id, "nothing")


@pytest.mark.parametrize("fault", [Fault.EMPTY_BODY, Fault.CUT_JSON])
async def test_a_delete_with_an_odd_body_is_done(fake, client, contact_id, fault) -> None:
    """HighLevel's answers to a delete differ; a good status is enough."""
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(fault, method="DELETE")
    await client.notes.delete(contact_id, note_id)

    assert fake.stats.requests == 1
    assert len(fake.notes(contact_id)) == 4


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.BAD_GATEWAY])
async def test_an_update_is_repeated(fake, client, contact_id, fault) -> None:
    """An update has the same effect twice, so a lost reply is no reason to ask the caller."""
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(fault, method="PUT")
    changed = await client.notes.update(contact_id, note_id, body="New")

    assert changed.body == wire(fake, contact_id, note_id)["body"] == "New"


async def test_an_update_that_stays_unknown_says_so(fake, client, contact_id) -> None:
    """When no reply ever comes, the caller learns that the note may have changed."""
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(Fault.RESET_AFTER, 100, method="PUT")
    with pytest.raises(AmbiguousWrite) as raised:
        await client.notes.update(contact_id, note_id, body="New")

    assert isinstance(raised.value.__cause__, Unavailable)
    assert (raised.value.method, fake.stats.requests) == ("PUT", 5)


async def test_an_update_that_ends_at_the_limit_stays_unknown(fake, client, contact_id) -> None:
    """A refusal of the second try says nothing about the first, whose reply was lost."""
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(Fault.RESET_AFTER, method="PUT")
    fake.inject(Fault.RATE_LIMITED, 100, method="PUT")
    with pytest.raises(AmbiguousWrite):
        await client.notes.update(contact_id, note_id, body="New")


async def test_an_unreadable_note_is_told_beside_the_others(fake, client, contact_id) -> None:
    """One broken note costs none of its neighbours, and says where it was."""
    fake.inject(Fault.NULL_TEXT)
    notes = await client.notes.list(contact_id)

    assert len(notes) == 4
    (error,) = notes.unreadable
    assert any("$.notes[" in problem for problem in error.problems)


async def test_an_unreadable_single_note_is_an_error(fake, client, contact_id) -> None:
    """Where there is nothing else to return, what cannot be read is raised."""
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(Fault.NULL_TEXT)
    with pytest.raises(UnexpectedResponse) as raised:
        await client.notes.get(contact_id, note_id)

    assert any("$.note.body" in problem for problem in raised.value.problems)
