# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What every source of notes promises; a new one is one line more in ``open_source``."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.sources import Source, SourceContact, SourceNote, SourceUser
from ghl_notes.sources.close import CloseExport
from tests.sources.exports import leads_of, write

SOURCES = ["CloseNotes", "CloseExport", "CinnoxNotes"]


@pytest.fixture(params=SOURCES)
async def source(request, start, connect, start_cinnox, connect_cinnox, tmp_path) -> Source:
    """Give each source with fifty notes of ten people, written by three."""
    if request.param == "CinnoxNotes":
        return connect_cinnox(await start_cinnox(contacts=10, notes_per_contact=5))
    fake = await start(leads=10, notes_per_lead=5)
    live = connect(fake)
    if request.param == "CloseNotes":
        return live
    path = write(tmp_path / "export.json.gz", leads_of(fake), packed=True)
    return CloseExport(path, users=(await live.users()).values())


async def test_it_is_a_source(source) -> None:
    """With a word for its name, people's name for it, and its account, the same each time."""
    account = await source.account()

    assert isinstance(source, Source)
    assert source.name in ("close", "cinnox")
    assert source.title in ("Close", "CINNOX")
    assert source.title.lower() == source.name
    assert account
    assert await source.account() == account


async def test_notes_come_once(source) -> None:
    """As often as they are read, in whatever order; a key tells each from all others."""
    notes = [note async for note in source.notes()]
    again = [note async for note in source.notes()]

    assert len(notes) == 50
    assert set(Counter(note.key for note in notes).values()) == {1}
    assert {note.key for note in notes} == {note.key for note in again}
    for note in notes:
        assert isinstance(note, SourceNote)
        assert note.key.startswith(f"{source.name}:")
        assert note.key.isascii()
        assert note.key.endswith(note.id)
        assert note.body
        assert note.contact_id or note.lead_id
        assert note.at.utcoffset() == timedelta()
        assert note.at_is in ("created", "updated")


async def test_a_span_narrows_them_down(source) -> None:
    """Both ends are included, each may be missing, and two spans that meet hold all."""
    notes = sorted([note async for note in source.notes()], key=lambda note: note.at)
    middle = notes[25].at
    early = {note.id async for note in source.notes(until=middle)}
    late = {note.id async for note in source.notes(since=middle)}

    assert early | late == {note.id for note in notes}
    assert early & late == {note.id for note in notes if note.at == middle}


async def test_notes_lead_to_people_and_authors(source) -> None:
    """Each has whom it may be about, with a way to find them, and an author who is known."""
    users = await source.users()
    people = set()
    async for note in source.notes():
        contacts = await source.contacts_of(note)
        assert contacts
        assert all(isinstance(one, SourceContact) for one in contacts)
        assert all(one.emails or one.phones for one in contacts)
        people |= {one.id for one in contacts}
        assert users[note.author_id].email

    assert len(people) == 10
    assert len(users) == 3
    assert all(isinstance(user, SourceUser) and user.id == key for key, user in users.items())


async def test_whose_note_is_unknown_is_nobodys(source) -> None:
    """A note of nobody that is there leads to no one."""
    stray = SourceNote(key="x:1", id="1", body="x", contact_id="cont_gone", lead_id="lead_gone")

    assert not await source.contacts_of(stray)


async def test_a_wrong_span_is_told_at_the_call(source) -> None:
    """Nobody has to iterate for it."""
    with pytest.raises(ConfigurationError, match="since"):
        source.notes(since=datetime(2025, 1, 1))  # noqa: DTZ001 - which is what is refused
    with pytest.raises(ConfigurationError, match="since"):
        source.notes(since=datetime(2025, 1, 2, tzinfo=UTC), until=datetime(2025, 1, 1, tzinfo=UTC))
