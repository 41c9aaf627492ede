# ruff: noqa: ANN001 - fixtures, whose types stand in this file
"""The pretend CINNOX keeps CINNOX's rules, as far as they are known."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from ghl_notes.sources.cinnox import CinnoxNotes
from ghl_notes.testing import FakeCinnox, FakeHighLevel, Fault
from tests.testing.asking import Asker, asking_cinnox

NOTES, CONTACTS, STAFF = "/extcontact-note-list", "/extcontact-list", "/staffcontact-list"
WHEN = datetime(2026, 3, 1, 12, 30, 15, 999_999, tzinfo=UTC)


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Asker[FakeCinnox]]:
    """Give a caller of a pretend CINNOX of three contacts with four notes each."""
    async with asking_cinnox(contacts=3, notes_per_contact=4) as asker:
        yield asker


async def test_notes_come_in_pages(ask) -> None:
    """A page tells the total, where it begins and how much it has; past the end it is empty."""
    contact_id = ask.fake.contact_ids()[1]
    notes = ask.fake.notes(contact_id)
    told = await ask(NOTES, contactID=contact_id, offset=1, limit=2)
    past = await ask(NOTES, contactID=contact_id, offset=4)

    assert told.status == 200
    assert told.json == {"code": 0, "total": 4, "offset": 1, "count": 2, "result": notes[1:3]}
    assert past.json == {"code": 0, "total": 4, "offset": 4, "count": 0, "result": []}
    assert (await ask(NOTES, contactID=contact_id)).json["result"] == notes


async def test_a_note_tells_its_last_edit_alone(ask) -> None:
    """Four fields are all there is: when, to the second, and whose."""
    contact_id = ask.fake.add_contact(firstName="Ada")
    first, second = ask.fake.staff_ids()[:2]
    note_id = ask.fake.add_note(contact_id, "old", reporter=first, updated_at=WHEN)
    ask.fake.add_note(contact_id, "newer", updated_at=WHEN + timedelta(days=1))
    ask.fake.edit_note(note_id, "new", reporter=second, updated_at=WHEN + timedelta(days=2))

    latest, other = ask.fake.notes(contact_id)
    assert latest == {
        "noteId": note_id,
        "reporter": second,
        "updatedAt": "2026-03-03T12:30:15Z",
        "note": "new",
    }
    assert other["reporter"] == first
    ask.fake.delete_note(note_id)
    assert ask.fake.notes(contact_id) == [other]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "contactID is required"),
        ({"contactId": "EXT-00001"}, "contactID is required"),
        ({"contactID": "EXT-00001", "offset": "-1"}, "invalid offset"),
        ({"contactID": "EXT-00001", "offset": "x"}, "invalid offset"),
        ({"contactID": "EXT-00001", "limit": "201"}, "exceed maximum limit 200"),
    ],
)
async def test_wrong_parameters_have_one_code(ask, query, said) -> None:
    """Every fault of a parameter is a 400 of the same code; the message tells which."""
    told = await ask(NOTES, **query)

    assert (told.status, told.json) == (400, {"code": 7910000, "message": said})


async def test_an_unknown_contact_has_no_notes(ask) -> None:
    """It is no error over HTTP, and a mistake in a test."""
    assert (await ask(NOTES, contactID="EXT-99999")).json["total"] == 0
    with pytest.raises(KeyError):
        ask.fake.notes("EXT-99999")


async def test_contacts_have_numbers_for_phones(ask) -> None:
    """A phone is a number without its plus, and the people are the pretend HighLevel's."""
    told = (await ask(CONTACTS, offset=1, limit=1)).json
    highlevel = FakeHighLevel(contacts=2)
    theirs = highlevel.contact(highlevel.contact_ids()[1])

    assert (told["total"], told["count"]) == (3, 1)
    assert told["result"][0]["id"] == "EXT-00002"
    assert told["result"][0]["email"] == theirs["email"]
    assert told["result"][0]["mobilePhone"] == int(theirs["phone"])


async def test_staff_can_be_looked_up(ask) -> None:
    """The staff is listed with emails, up to 500 at once, and found by name."""
    added = ask.fake.add_staff(email="new@x.example", first_name="New", last_name="One")
    found = (await ask(STAFF, fullName="new one")).json["result"]

    assert [one["id"] for one in (await ask(STAFF, limit=500)).json["result"]] == list(
        ask.fake.staff_ids()
    )
    assert [(one["id"], one["email"]) for one in found] == [(added, "new@x.example")]
    assert (await ask(STAFF, limit=501)).json["message"] == "exceed maximum limit 500"


async def test_a_wrong_token_or_app_is_a_401(ask) -> None:
    """The token opens its own app."""
    other = f"{ask.fake.url}/v1/api/apps/other/contacts{CONTACTS}"

    for path, login in [(CONTACTS, "Bearer x"), (CONTACTS, None), (other, "")]:
        assert (await ask(path, login=login)).status == 401


async def test_an_unknown_address_has_a_code(ask) -> None:
    """Where nothing is, the body says so."""
    assert (await ask("/nothing")).json["code"] == 6450001


@pytest.mark.parametrize("status", [200, 429])
async def test_the_limit_is_one_for_all(status) -> None:
    """Every endpoint draws from it; what a refusal is, its code tells, whatever its status."""
    async with asking_cinnox(limit=2, limit_status=status) as ask:
        told = [await ask(path) for path in (CONTACTS, STAFF, CONTACTS)]

        assert [one.json["code"] for one in told] == [0, 0, 6451010]
        assert told[2].status == status
        assert "ratelimit" not in told[2].headers


async def test_a_success_may_be_a_failure(ask) -> None:
    """A 200 may say in its body that it failed."""
    ask.fake.inject(Fault.REFUSED_OK)
    told = await ask(CONTACTS)
    assert (told.status, told.json["code"]) == (200, 6451001)


async def test_a_merged_contact_keeps_its_notes(ask) -> None:
    """The master names it, it is no longer listed, and its notes are where they were."""
    master, slave = ask.fake.contact_ids()[:2]
    ask.fake.merge_contacts(master, slave)
    listed = (await ask(CONTACTS)).json["result"]

    assert listed[0]["slaveContacts"] == [slave]
    assert slave not in ask.fake.contact_ids()
    assert (await ask(NOTES, contactID=slave)).json["total"] == 4
    assert ask.fake.add_contact() == "EXT-00004"


async def test_the_source_reads_every_note_once() -> None:
    """The library's own reader finds exactly what is here, over several pages too."""
    async with FakeCinnox(contacts=3, notes_per_contact=1, limit=None) as fake:
        busy = fake.contact_ids()[0]
        for number in range(450):
            fake.add_note(busy, str(number))
        async with CinnoxNotes(
            base_url=fake.url, app_id=fake.app_id, app_token=fake.app_token
        ) as cinnox:
            found = [note.id async for note in cinnox.notes()]

        here = [note["noteId"] for one in fake.contact_ids() for note in fake.notes(one)]
        assert sorted(found) == sorted(map(str, here))


def test_a_seed_decides_everything() -> None:
    """The same seed gives the same world, another one another."""
    one, same, other = FakeCinnox(), FakeCinnox(), FakeCinnox(seed=1)
    contact_id = one.contact_ids()[0]

    assert one.notes(contact_id) == same.notes(contact_id) != other.notes(contact_id)
    assert (one.app_id, one.app_token) == (same.app_id, same.app_token)
    assert one.app_token != other.app_token


async def test_a_test_may_act_between_two_requests(ask) -> None:
    """Whatever is assigned to ``on_request`` sees each request before it is answered."""
    contact_id = ask.fake.contact_ids()[0]
    ask.fake.on_request = lambda _method, _path: ask.fake.add_note(contact_id) and None
    assert (await ask(NOTES, contactID=contact_id)).json["total"] == 5
