# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""CINNOX's notes over real sockets: contact by contact, each once, and whom they are about."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.sources.reading import ids_of, there

ROOT = "GET /v1/api/apps/{appID}/contacts/"
MAY = datetime(2025, 5, 1, tzinfo=UTC)


async def test_every_note_of_every_contact_is_read_once(start_cinnox, connect_cinnox) -> None:
    """Contacts over several pages, and one of them with several pages of notes."""
    fake = await start_cinnox(contacts=230, notes_per_contact=1)
    for number in range(450):
        fake.add_note(fake.contact_ids()[3], f"Note {number}")
    met = await ids_of(connect_cinnox(fake).notes())

    assert met == there(fake)
    assert fake.stats.requests == 230 + 2 + 2  # a request each, and further pages


async def test_the_notes_of_one_contact_are_listed(start_cinnox, connect_cinnox) -> None:
    """With all that CINNOX tells: who, when last, and what."""
    fake = await start_cinnox(contacts=2, notes_per_contact=3)
    source, contact_id = connect_cinnox(fake), fake.contact_ids()[1]
    notes = await source.list(contact_id)
    shown = fake.notes(contact_id)

    assert [(one.id, one.body, one.author_id) for one in notes] == [
        (one["noteId"], one["note"], one["reporter"]) for one in shown
    ]
    assert {one.contact_id for one in notes} == {contact_id}
    assert {one.at_is for one in notes} == {"updated"}
    assert await source.list("EXT-99999") == []


async def test_what_goes_meanwhile_takes_nothing_with_it(start_cinnox, connect_cinnox) -> None:
    """Notes that are deleted between two pages move the others, and none of those is missed."""
    fake = await start_cinnox(contacts=1, notes_per_contact=0)
    (contact_id,) = fake.contact_ids()
    for number in range(700):
        fake.add_note(contact_id, updated_at=MAY + timedelta(seconds=number))
    doomed = [note["noteId"] for note in fake.notes(contact_id)][:120]
    stays = there(fake).keys() - set(doomed)

    def write(method: str, path: str) -> None:
        for _ in range(40 if path.endswith("note-list") else 0):
            if doomed:
                fake.delete_note(doomed.pop(0))

    fake.on_request = write
    met = await ids_of(connect_cinnox(fake).notes())

    assert stays <= met.keys()
    assert set(met.values()) == {1}


@pytest.mark.parametrize(
    ("span", "numbers"),
    [
        ({}, range(5)),
        ({"since": MAY + timedelta(days=2)}, range(2, 5)),
        ({"until": MAY + timedelta(days=2)}, range(3)),
        ({"since": MAY + timedelta(hours=1), "until": MAY + timedelta(days=3)}, range(1, 4)),
    ],
)
async def test_a_span_is_of_the_last_edit(start_cinnox, connect_cinnox, span, numbers) -> None:
    """It is the only time that CINNOX tells; both ends are included."""
    fake = await start_cinnox(contacts=1, notes_per_contact=0)
    (contact_id,) = fake.contact_ids()
    made = [fake.add_note(contact_id, updated_at=MAY + timedelta(days=day)) for day in range(5)]

    assert await ids_of(connect_cinnox(fake).notes(**span)) == Counter(
        made[number] for number in numbers
    )


@pytest.mark.parametrize("merged", [True, False])
async def test_notes_of_merged_contacts_are_read(start_cinnox, connect_cinnox, merged) -> None:
    """They may stand under the old id yet, and belong to the contact that is left."""
    fake = await start_cinnox(contacts=4)
    master, slave, *others = fake.contact_ids()
    old = there(fake, slave)
    fake.merge_contacts(master, slave)
    notes = [note async for note in connect_cinnox(fake, merged=merged).notes()]

    assert Counter(note.id for note in notes) == there(fake) + (old if merged else Counter())
    assert {note.contact_id for note in notes} == {master, *others}


async def test_a_note_under_both_ids_is_read_once(start_cinnox, connect_cinnox) -> None:
    """A contact that is merged and still listed has no note twice."""
    fake = await start_cinnox(contacts=2)
    master, slave = fake.contact_ids()
    listed = {"id": slave, **fake._parts.world.contacts[slave]}
    fake.merge_contacts(master, slave)
    fake._parts.world.contacts[slave] = listed

    assert await ids_of(connect_cinnox(fake).notes()) == there(fake)


async def test_leaving_early_leaves_nothing_behind(start_cinnox, connect_cinnox, tasks) -> None:
    """The work under way is given up with the loop."""
    fake = await start_cinnox(contacts=300)
    notes = connect_cinnox(fake).notes()
    async for _ in notes:
        break
    await notes.aclose()

    assert tasks() == set()
    await asyncio.sleep(0.01)  # in which the server sees what was sent already
    assert fake.stats.requests < 150


async def test_contacts_are_read_once_for_all(start_cinnox, connect_cinnox) -> None:
    """However many notes ask for theirs at the same time."""
    fake = await start_cinnox(contacts=250, notes_per_contact=1)
    fake.add_contact(firstName="Zoe", mobilePhone=15550001111, email="zoe@x.com")
    source = connect_cinnox(fake)
    notes = [note async for note in source.notes()]
    before = fake.stats.by_route[ROOT + "extcontact-list"]
    found = await asyncio.gather(*map(source.contacts_of, notes))

    assert [[one.id for one in people] for people in found] == [[one.contact_id] for one in notes]
    assert fake.stats.by_route[ROOT + "extcontact-list"] - before == 2
    (zoe,) = [one async for one in source.contacts() if one.name == "Zoe"]
    assert (zoe.phones, zoe.emails) == (("+15550001111",), ("zoe@x.com",))


async def test_users_are_the_staff(start_cinnox, connect_cinnox) -> None:
    """By the id under which they report."""
    fake = await start_cinnox(staff=3)
    for number in range(600):
        fake.add_staff(email=f"s{number}@x.com")
    users = await connect_cinnox(fake).users()

    assert users.keys() == set(fake.staff_ids())
    assert all(user.email for user in users.values())


async def test_the_account_is_the_app(start_cinnox, connect_cinnox) -> None:
    """One request tells whether its token is good."""
    fake = await start_cinnox()

    assert await connect_cinnox(fake).account() == fake.app_id
    assert fake.stats.requests == 1
