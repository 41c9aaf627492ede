# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Which of the notes that are found is the one whose reply was lost, and when nobody can tell."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import AmbiguousWrite
from ghl_notes.models import Listing, Note
from ghl_notes.resources.lookup import Lookup
from ghl_notes.testing import Fault

DAY = 86_400.0


def earlier(fake, contact_id: str, seconds: float) -> str:
    """Write an equal note as somebody else did, so long ago."""
    fake.advance(-seconds)
    note = fake.add_note(contact_id, "Text")
    fake.advance(seconds)
    return note["id"]


def copies(fake, contact_id: str) -> set[str]:
    """Name the notes with the text of these tests."""
    return {note["id"] for note in fake.notes(contact_id) if note["body"] == "Text"}


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CUT_HEAD])
@pytest.mark.parametrize("seconds", [5.0, 100.0, 3600.0, 100 * DAY])
async def test_a_note_that_was_listed_before_is_not_ours(
    fake, client, contact_id, fault, seconds
) -> None:
    """An equal note of a list read earlier is known, whatever its date and the clocks."""
    old = earlier(fake, contact_id, seconds)
    fake.date_skew = -seconds
    await client.notes.list(contact_id)
    fake.inject(fault, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == {old, note.id}
    assert note.id != old


@pytest.mark.parametrize("seconds", [5.0, 100.0, 3600.0, 100 * DAY])
async def test_a_note_that_was_listed_before_is_no_answer(
    fake, client, contact_id, seconds
) -> None:
    """If the create never arrived, the equal note of before is not taken for it."""
    old = earlier(fake, contact_id, seconds)
    await client.notes.list(contact_id)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == {old}


@pytest.mark.parametrize("skew", [-100 * DAY, -3600.0, -60.0, -3.0, 3.0, 60.0, 3600.0, 100 * DAY])
async def test_clocks_do_not_matter_where_it_is_known_what_was_there(
    fake, client, contact_id, skew
) -> None:
    """What a list of a moment ago did not have is new, however wrong a clock is."""
    await client.notes.list(contact_id)
    fake.date_skew = skew
    fake.inject(Fault.RESET_AFTER, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == {note.id}


@pytest.mark.parametrize("skew", [-100 * DAY, -3600.0, 3600.0, 100 * DAY])
async def test_what_comes_while_looking_is_new(fake, client, contact_id, until, skew) -> None:
    """A note that an earlier look did not have needs no date."""
    fake.date_skew = skew
    fake.inject(Fault.BAD_GATEWAY, method="POST")
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.reads(contact_id))
    written = fake.add_note(contact_id, "Text")

    assert (await creating).id == written["id"]


@pytest.mark.parametrize("skew", [-3600.0, -3.0, 3.0, 25.0])
async def test_without_a_list_dates_tell_within_seconds(fake, client, contact_id, skew) -> None:
    """HighLevel's clocks may differ, and a note of a moment ago is the one that was sent."""
    fake.date_skew = skew
    fake.inject(Fault.RESET_AFTER, method="POST")
    note = await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == {note.id}


@pytest.mark.parametrize("seconds", [700.0, 3600.0, 100 * DAY])
async def test_without_a_list_an_old_note_is_not_ours(fake, client, contact_id, seconds) -> None:
    """Ten minutes are more than clocks differ by: yesterday's note is not today's."""
    old = earlier(fake, contact_id, seconds)
    fake.inject(Fault.RESET_AFTER, method="POST")
    note = await client.notes.create(contact_id, "Text")
    fake.inject(Fault.RESET_BEFORE, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, "Text")

    assert copies(fake, contact_id) == {old, note.id}


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CUT_BODY])
@pytest.mark.parametrize("seconds", [40.0, 300.0])
async def test_without_a_list_nobody_can_tell_of_some_minutes(
    fake, client, contact_id, fault, seconds
) -> None:
    """An equal note of five minutes ago may be ours on wrong clocks, or not: it is no guess."""
    old = earlier(fake, contact_id, seconds)
    fake.inject(fault, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, "Text")

    assert len(copies(fake, contact_id) - {old}) == (fault is not Fault.RESET_BEFORE)


async def test_an_old_note_that_a_list_left_out_is_not_ours(
    fake, client, contact_id, until
) -> None:
    """A list may miss an old note once; when it is there again it is as old as ever."""
    fake.note_lag = 3600.0
    old = earlier(fake, contact_id, 30 * 60.0)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.reads(contact_id))
    fake.note_lag = 0.0
    with pytest.raises(AmbiguousWrite):
        await creating

    assert copies(fake, contact_id) == {old}


@pytest.mark.parametrize("seconds", [40.0, 300.0])
@pytest.mark.parametrize("listed", [False, True])
async def test_a_newer_note_that_lists_left_out_is_no_answer(
    fake, client, contact_id, until, seconds, listed
) -> None:
    """A list that lagged behind another's note of a minute ago does not make it ours."""
    fake.note_lag = 3600.0
    old = earlier(fake, contact_id, seconds)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    if listed:
        await client.notes.list(contact_id)
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.reads(contact_id) if not listed else fake.stats.requests > 1)
    fake.note_lag = 0.0
    with pytest.raises(AmbiguousWrite):
        await creating

    assert copies(fake, contact_id) == {old}


def note(note_id: str, seconds: float) -> Note:
    """Make a note that was written so long before the create."""
    when = NOW - timedelta(seconds=seconds)
    return Note(id=note_id, body="Text", text="Text", date_added=when, contact_id="c")


NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
AGES = st.floats(-1000.0, 1000.0)


@given(
    ages=st.lists(AGES, max_size=4),
    skews=st.lists(AGES, min_size=1, max_size=2),
    known=st.booleans(),
)
def test_nothing_older_by_every_clock_is_taken(
    *, ages: list[float], skews: list[float], known: bool
) -> None:
    """Whatever lists had or lacked, a note of more than 30 s before is in doubt, or another's."""
    began = [NOW + timedelta(seconds=skew) for skew in skews]
    lookup = Lookup[Note]({"body": "Text"}, frozenset(), known, (), lambda _: False)
    taken = []
    for count in range(len(ages) + 1):  # with each look one more has come into the list
        found = lookup.find(Listing([note(str(n), ages[n]) for n in range(count)]), began)
        taken += [int(one.id) for one in found or []]

    assert all(min(ages[n] + skew for skew in skews) <= 30.0 for n in taken)


@pytest.mark.parametrize(
    ("sent", "there"),
    [
        ({"body": '<a href="https://x/2">Call</a>'}, {"body": '<a href="https://x/1">Call</a>'}),
        ({"body": '<img src="2.png">'}, {"body": '<img src="1.png">'}),
        ({"body": "Call"}, {"body": "Call", "title": "Tom's"}),
        ({"body": "Call"}, {"body": "Call", "pinned": True}),
        ({"body": "Call"}, {"body": "Call", "color": "#FFAA00"}),
    ],
)
async def test_a_note_that_differs_is_not_ours(fake, client, contact_id, sent, there) -> None:
    """Another's note with the same words is not the one that was sent, nor is it a guess."""
    fake.add_note(contact_id, **there)
    fake.inject(Fault.RESET_BEFORE, method="POST")
    with pytest.raises(AmbiguousWrite):
        await client.notes.create(contact_id, **sent)

    assert [seen.method for seen in fake.requests].count("POST") == 1


async def test_of_two_equal_notes_none_is_taken(fake, client, contact_id, until) -> None:
    """Another process may write the same: two are found, and nobody knows which is whose."""
    await client.notes.list(contact_id)
    fake.note_lag = 3600.0
    fake.inject(Fault.RESET_AFTER, method="POST")
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.notes_created)
    fake.add_note(contact_id, "Text")
    fake.note_lag = 0.0
    with pytest.raises(AmbiguousWrite):
        await creating

    assert len(copies(fake, contact_id)) == 2


async def test_a_cancelled_look_sends_nothing_more(fake, client, contact_id, until) -> None:
    """A caller cancelled during the lookup returns at once, and the create is not repeated."""
    fake.inject(Fault.RESET_BEFORE, method="POST")
    creating = asyncio.create_task(client.notes.create(contact_id, "Text"))
    await until(lambda: fake.stats.reads(contact_id))
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    await client.notes.list(contact_id)

    assert [seen.method for seen in fake.requests].count("POST") == 1
    assert copies(fake, contact_id) == set()
