# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The notes of appointments: read in pages, written once, changed, deleted."""

import asyncio

import pytest

from ghl_notes import RetryPolicy
from ghl_notes.errors import (
    AmbiguousWrite,
    ConfigurationError,
    HighLevelError,
    NotFound,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.models import Author
from ghl_notes.testing import Fault
from tests.flows.calls import first_of, watched

AFTER = [Fault.RESET_AFTER, Fault.CUT_BODY, Fault.CUT_JSON, Fault.EMPTY_BODY, Fault.WRONG_TYPE]


@pytest.fixture
def appointment_id(fake, contact_id) -> str:
    """Give the appointment of the first contact, which has no notes."""
    return fake.appointments(contact_id)[0]["id"]


def fill(fake, appointment_id: str, notes: int, text: str = "Older") -> None:
    """Write notes as if others did."""
    for number in range(notes):
        fake.add_appointment_note(appointment_id, f"{text} {number}")


def ids(fake, appointment_id: str) -> list[str]:
    """Name the notes of an appointment, newest first."""
    return [note["id"] for note in fake.appointment_notes(appointment_id)]


async def test_a_note_is_written_read_changed_and_deleted(
    fake, client, contact_id, appointment_id
) -> None:
    """The calls agree with each other and with what HighLevel keeps."""
    made = await client.appointment_notes.create(
        appointment_id, "<p>Hello</p>", user_id=fake.user_id
    )
    (read,) = await client.appointment_notes.list(appointment_id)
    changed = await client.appointment_notes.update(appointment_id, made.id, "Bye")
    (held,) = fake.appointment_notes(appointment_id)

    assert made == read
    assert (made.body, made.text, made.user_id) == ("<p>Hello</p>", "Hello", fake.user_id)
    assert (made.contact_id, made.created_by) == (contact_id, Author(fake.user_id, "Jane Doe"))
    assert (changed.id, changed.text, changed.user_id) == (made.id, "Bye", fake.user_id)
    assert (held["id"], held["body"]) == (made.id, "Bye")
    await client.appointment_notes.delete(appointment_id, made.id)
    assert fake.appointment_notes(appointment_id) == []
    with pytest.raises(NotFound):
        await client.appointment_notes.delete(appointment_id, made.id)


async def test_a_note_in_nobodys_name_can_get_one(fake, client, appointment_id) -> None:
    """A note without a user has no author, and an update may name one."""
    made = await client.appointment_notes.create(appointment_id, "Text")
    changed = await client.appointment_notes.update(
        appointment_id, made.id, "Text", user_id=fake.user_id
    )

    assert (made.user_id, made.created_by) == (None, None)
    assert changed.user_id == fake.appointment_notes(appointment_id)[0]["userId"] == fake.user_id


@pytest.mark.parametrize("body", ["", " \n", None, 5, "x" * 5001, b"Text"], ids=repr)
async def test_a_body_that_cannot_be_stored_is_refused_here(
    fake, client, appointment_id, body
) -> None:
    """Empty, of another type, or longer than HighLevel's limit: nothing is sent."""
    for call in (
        client.appointment_notes.create(appointment_id, body),
        client.appointment_notes.update(appointment_id, "note", body),
    ):
        with pytest.raises(ConfigurationError, match="body") as raised:
            await call
        assert len(str(raised.value)) < 200

    with pytest.raises(ConfigurationError, match="user_id"):
        await client.appointment_notes.create(appointment_id, "Text", user_id=5)
    assert fake.stats.requests == 0


async def test_the_longest_body_is_taken(fake, client, appointment_id) -> None:
    """5,000 characters fit, as HighLevel counts them."""
    note = await client.appointment_notes.create(appointment_id, "ä" * 5000)

    assert fake.appointment_notes(appointment_id)[0]["body"] == note.body


# pages


@pytest.mark.parametrize(
    ("notes", "requests"), [(0, 1), (1, 1), (19, 1), (20, 1), (21, 2), (40, 2), (41, 3)]
)
async def test_notes_come_page_by_page(fake, client, appointment_id, notes, requests) -> None:
    """Every note comes once, newest first, with no more requests than there are pages."""
    fill(fake, appointment_id, notes)
    listed = await client.appointment_notes.list(appointment_id)
    half = fake.stats.requests
    streamed = [note async for note in client.appointment_notes.stream(appointment_id)]
    dates = [note.date_added for note in listed]

    assert sorted(note.id for note in listed) == sorted(ids(fake, appointment_id))
    assert dates == sorted(dates, reverse=True)
    assert [note.id for note in streamed] == ids(fake, appointment_id)
    assert (half, fake.stats.requests) == (requests, 2 * requests)


async def test_notes_written_meanwhile_make_none_come_twice(fake, client, appointment_id) -> None:
    """Pages that move under the reader repeat no note."""
    fill(fake, appointment_id, 50)
    before = ids(fake, appointment_id)
    stream = client.appointment_notes.stream(appointment_id)

    assert await watched(stream, 20, lambda: fill(fake, appointment_id, 5)) == (before, None)


async def test_a_stream_that_is_left_asks_no_more(fake, client, appointment_id) -> None:
    """Whoever found what they looked for asks for no further page."""
    fill(fake, appointment_id, 50)
    await first_of(client.appointment_notes.stream(appointment_id))

    assert fake.stats.requests == 1


async def test_a_stream_that_breaks_gives_what_came_before(fake, client, appointment_id) -> None:
    """The notes of the whole pages come, and then the error, after the patience of bulk work."""
    fill(fake, appointment_id, 50)
    stream = client.appointment_notes.stream(appointment_id)
    seen, error = await watched(stream, 20, lambda: fake.inject(Fault.SERVER_ERROR, 100))

    assert isinstance(error, Unavailable)
    assert seen == ids(fake, appointment_id)[:20]
    assert fake.stats.requests == 1 + 8


async def test_a_bad_appointment_is_refused_at_the_call(client) -> None:
    """The mistake shows where it was made, before the first step of the loop."""
    with pytest.raises(ConfigurationError, match="appointment_id"):
        client.appointment_notes.stream("../x")


async def test_an_unreadable_note_is_told(fake, client, appointment_id) -> None:
    """In a list it stands beside the others; a stream gives what it can, and then raises."""
    fill(fake, appointment_id, 30)
    fake.inject(Fault.NULL_TEXT)
    listed = await client.appointment_notes.list(appointment_id)
    fake.inject(Fault.NULL_TEXT)
    seen, error = await watched(client.appointment_notes.stream(appointment_id))

    assert isinstance(error, UnexpectedResponse)
    assert len(listed) == 29
    assert [one.problems for one in listed.unreadable] == [error.problems]
    assert error.problems[0] == "expected text, got null @ $.notes[0].body"
    assert seen == ids(fake, appointment_id)[1:20]


# written once


@pytest.mark.parametrize("fault", [*AFTER, Fault.NULL_TEXT])
async def test_a_create_whose_reply_was_lost_is_found(fake, client, appointment_id, fault) -> None:
    """The note is there once, and comes back as if the reply had arrived."""
    fake.inject(fault, method="POST")
    note = await client.appointment_notes.create(appointment_id, "Text")

    assert ids(fake, appointment_id) == [note.id]
    assert [seen.method for seen in fake.requests] == ["POST", "GET"]


async def test_it_is_found_behind_the_first_page(fake, client, appointment_id, until) -> None:
    """However many notes were written since, the look goes through all pages."""
    fake.inject(Fault.RESET_AFTER, method="POST")
    creating = asyncio.create_task(client.appointment_notes.create(appointment_id, "Text"))
    await until(lambda: fake.stats.requests)
    (written,) = ids(fake, appointment_id)
    fill(fake, appointment_id, 45, "Newer")

    assert (await creating).id == written
    assert len(ids(fake, appointment_id)) == 46
    assert [seen.method for seen in fake.requests] == ["POST", "GET", "GET", "GET"]


async def test_a_create_that_is_not_found_is_not_repeated(fake, client, appointment_id) -> None:
    """All pages are looked at, several times, and that the note is in none proves nothing."""
    fill(fake, appointment_id, 25, "Another")
    fake.inject(Fault.RESET_BEFORE, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.appointment_notes.create(appointment_id, "Text")

    assert len(ids(fake, appointment_id)) == 25
    assert "".join(seen.method[0] for seen in fake.requests) == "PGGGGGGGGGG"


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CUT_BODY, Fault.CUT_HEAD])
async def test_a_create_is_found_in_a_list_that_lags(start, connect, fault) -> None:
    """A note that comes into the list later than its write is waited for."""
    fake = await start(note_lag=0.2)
    client = connect(fake, retries=RetryPolicy(base=0, settle=1.0))
    appointment_id = str(fake.appointments(fake.contact_ids()[0])[0]["id"])
    fake.inject(fault, method="POST")
    note = await client.appointment_notes.create(appointment_id, "Text")

    assert ids(fake, appointment_id) == [note.id]


async def test_a_note_of_somebody_else_is_not_taken_for_it(fake, client, appointment_id) -> None:
    """The same text in another name may be ours or not, so it is neither taken nor doubled."""
    fake.add_appointment_note(appointment_id, "Text", userId=fake.user_id)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.appointment_notes.create(appointment_id, "Text", user_id="another")

    assert len(ids(fake, appointment_id)) == 1


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.HTML])
async def test_what_may_still_happen_is_not_repeated(fake, client, appointment_id, fault) -> None:
    """Behind a gateway that gave up, only the caller can decide."""
    fake.inject(fault, method="POST")
    with pytest.raises(AmbiguousWrite) as raised:
        await client.appointment_notes.create(appointment_id, "Text")

    assert raised.value.path == f"/calendars/appointments/{appointment_id}/notes"
    assert ids(fake, appointment_id) == []


async def test_a_page_that_fails_leaves_it_unknown(fake, client, appointment_id, until) -> None:
    """A look that did not see every page proves nothing, and the failed page is the cause."""
    fill(fake, appointment_id, 25)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    creating = asyncio.create_task(client.appointment_notes.create(appointment_id, "Text"))
    await until(lambda: fake.stats.requests == 2)
    fake.inject(Fault.SERVER_ERROR, 100, method="GET")
    with pytest.raises(AmbiguousWrite) as raised:
        await creating

    assert isinstance(raised.value.__cause__, Unavailable)
    assert len(ids(fake, appointment_id)) == 25


async def test_a_note_that_cannot_be_read_leaves_it_unknown(fake, client, appointment_id) -> None:
    """It might be the one that is looked for."""
    fill(fake, appointment_id, 5)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    fake.inject(Fault.NULL_TEXT, method="GET")
    with pytest.raises(AmbiguousWrite):
        await client.appointment_notes.create(appointment_id, "Text")

    assert len(ids(fake, appointment_id)) == 5


@pytest.mark.slow
async def test_five_hundred_creates_in_a_storm(start, connect) -> None:
    """Whatever breaks, no note is there twice, and none that was promised is missing."""
    faults = [*AFTER, Fault.RESET_BEFORE, Fault.BAD_GATEWAY, Fault.HTML, Fault.RATE_LIMITED]
    fake = await start(fault_rates=dict.fromkeys(faults, 0.03), contacts=20)
    appointments = [fake.appointments(one)[0]["id"] for one in fake.contact_ids()]
    notes = connect(fake).appointment_notes
    results = await asyncio.gather(
        *(notes.create(appointments[number % 20], f"Text {number}") for number in range(500)),
        return_exceptions=True,
    )
    written = [note["body"] for one in appointments for note in fake.appointment_notes(one)]
    made = [result.body for result in results if not isinstance(result, BaseException)]

    assert len(written) == len(set(written))
    assert set(made) <= set(written)
    assert len(made) == len(set(made)) > 350
    assert all(isinstance(r, AmbiguousWrite) for r in results if isinstance(r, HighLevelError))
    assert len(made) + sum(isinstance(r, AmbiguousWrite) for r in results) == 500
