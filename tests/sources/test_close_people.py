# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Whom notes of Close are about, and who wrote them."""

import asyncio


async def test_contacts_are_those_of_the_lead_or_the_one_named(start, connect) -> None:
    """A lead is asked for once, however many of its notes ask at the same time."""
    fake = await start(leads=2, contacts_per_lead=3, notes_per_lead=20)
    lead, other = fake.lead_ids()
    named = fake.add_note(lead, contact_id=fake.contact_ids(lead)[2])
    moved = [fake.add_note(lead, contact_id=fake.contact_ids(other)[0]) for _ in range(2)]
    source = connect(fake)
    notes = {note.id: note async for note in source.notes()}
    before = fake.stats.requests
    found = dict(
        zip(notes, await asyncio.gather(*map(source.contacts_of, notes.values())), strict=True)
    )

    assert [one.id for one in found.pop(named)] == [fake.contact_ids(lead)[2]]
    for note_id in moved:
        assert [one.id for one in found.pop(note_id)] == [fake.contact_ids(other)[0]]
    for note_id, people in found.items():
        assert [one.id for one in people] == list(fake.contact_ids(notes[note_id].lead_id))
    assert fake.stats.requests - before == 3
    assert any(one.emails and one.phones for people in found.values() for one in people)


async def test_who_is_gone_is_nobody(start, connect) -> None:
    """A lead or contact that was deleted is no error: it leads nowhere."""
    fake = await start(leads=1, notes_per_lead=1)
    source = connect(fake)
    (note,) = [note async for note in source.notes()]
    for named in ({"lead_id": "lead_gone"}, {"contact_id": "cont_gone"}, {"lead_id": None}):
        fake.edit_note(fake.add_note(fake.lead_ids()[0]), **named)
    gone = [one async for one in source.notes() if one.id != note.id]

    assert [await source.contacts_of(one) for one in gone] == [(), (), ()]


async def test_users_are_all_of_them(start, connect) -> None:
    """Over as many pages as there are, by id, with the email that leads to HighLevel's."""
    fake = await start(users=3, leads=0)
    more = {fake.add_user(email=f"u{number}@x.com") for number in range(230)}
    users = await connect(fake).users()

    assert users.keys() == {*fake.user_ids} >= more
    assert all(user.email for user in users.values())


async def test_the_account_is_the_organization(start, connect) -> None:
    """One request names it, and tells whether the credentials are good."""
    fake = await start()

    assert await connect(fake).account() == fake.organization_id
    assert fake.stats.requests == 1
