# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""One note of Close, and what its log tells of edits and deletes."""

from datetime import UTC, datetime, timedelta

import pytest

from ghl_notes.errors import (
    ConfigurationError,
    NotFound,
)
from ghl_notes.sources.close import CloseNotes

NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - which is what is refused


async def test_one_note_is_got(start, connect) -> None:
    """As it stands in the list; one that is not there is not found."""
    fake = await start()
    source, shown = connect(fake), fake.notes()[0]
    note = await source.get(shown["id"])

    assert (note.id, note.body) == (shown["id"], shown["note"])
    with pytest.raises(NotFound, match="check the id"):
        await source.get("acti_missing")


@pytest.mark.parametrize("note_id", ["", "..", "a/b", "a?b", "a b", None, 5, "a%2Fb", "a\nb"])
async def test_what_is_no_id_is_not_sent(note_id) -> None:
    """No id leads to another path."""
    with pytest.raises(ConfigurationError, match="note_id"):
        await CloseNotes("api_key").get(note_id)


class Clock:
    """A time that a test moves, for both sides."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 1, tzinfo=UTC)

    def __call__(self) -> float:
        return self.at.timestamp()

    def later(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    """Give a time that only the test moves."""
    return Clock()


async def test_changes_tell_the_last_of_each_note(start, connect, clock) -> None:
    """Created, edited and deleted ones, each once, with what happened last; over all pages."""
    fake = await start(clock=clock, leads=1, notes_per_lead=0)
    source, lead = connect(fake, clock=lambda: clock.at), fake.lead_ids()[0]
    old, *_ = [fake.add_note(lead) for _ in range(60)]
    since = clock.later(hours=1)
    clock.later(hours=1)
    new = [fake.add_note(lead) for _ in range(120)]
    for _ in range(2):
        edited = clock.later(hours=1)
        for note_id in (*new[:70], old):
            fake.edit_note(note_id, note="again")
    clock.later(hours=1)
    for note_id in new[:60]:
        fake.delete_note(note_id)
    changes = await source.changes(since)

    assert {change.note_id: change.action for change in changes} == {
        **dict.fromkeys(new[:60], "deleted"),
        **dict.fromkeys((*new[60:70], old), "updated"),
        **dict.fromkeys(new[70:], "created"),
    }
    assert len(changes) == 121
    assert {change.at for change in changes if change.action == "updated"} == {edited}


async def test_changes_read_back_what_close_may_have_joined(start, connect, clock) -> None:
    """An edit's time may move by minutes, so the last five before are read again, and no more."""
    fake = await start(clock=clock, leads=1, notes_per_lead=0)
    source, lead = connect(fake, clock=lambda: clock.at), fake.lead_ids()[0]
    fake.add_note(lead)
    clock.later(minutes=2)
    near = fake.add_note(lead)
    since = clock.later(minutes=4)

    assert [change.note_id for change in await source.changes(since)] == [near]


async def test_changes_of_more_than_a_log_are_refused(start, connect, clock) -> None:
    """Thirty days are there; what is older would be missed without a word."""
    fake = await start(clock=clock)
    source = connect(fake, clock=lambda: clock.at)
    with pytest.raises(ConfigurationError, match="30 days"):
        await source.changes(clock.at - timedelta(days=30, seconds=1))

    assert fake.stats.requests == 0
    await source.changes(clock.at - timedelta(days=30))


@pytest.mark.parametrize("since", [NAIVE, None, "yesterday"])
async def test_changes_want_a_time(since) -> None:
    """One with its zone."""
    with pytest.raises(ConfigurationError, match="since"):
        await CloseNotes("api_key").changes(since)
