# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Close's notes over real sockets: each once, whatever the others write meanwhile."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ghl_notes.errors import (
    RequestRejected,
    UnexpectedResponse,
)
from tests.sources.reading import ids_of

LIST = "GET /api/v1/activity/note/"
MAY = datetime(2025, 5, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def read_while_others_write(fake, source, *, every: int) -> tuple[Counter[str], set[str]]:
    """Add and delete between pages; return what came, and what was there all the time."""
    stays = {note["id"] for note in fake.notes()}
    doomed = sorted(stays)[::every]
    stays -= set(doomed)
    lead_id, pages = fake.lead_ids()[0], 0

    def write(method: str, path: str) -> None:
        nonlocal pages
        pages += 1
        for number in range(3):  # some are imported, with a date of the past
            when = fake.since + (fake.until - fake.since) * ((7 * pages + number) % 90) / 90
            fake.add_note(lead_id, date_created=when)
        fake.add_note(lead_id)
        for _ in range(3 + 9 * (pages % 10 == 0)):
            if doomed:
                fake.delete_note(doomed.pop())

    fake.on_request = write
    return await ids_of(source.notes()), stays


async def test_five_thousand_notes_are_read_once(start, connect) -> None:
    """Windows overflow and notes are added meanwhile: all 5,000 come, each once.

    Of the others only what is added before the reading has left the time ahead of the clock.
    """
    fake = await start(leads=50, notes_per_lead=100, max_skip=300)
    there, lead_id = {note["id"] for note in fake.notes()}, fake.lead_ids()[0]
    fake.on_request = lambda method, path: fake.add_note(lead_id)
    met = await ids_of(connect(fake).notes())

    assert len(there) == 5_000
    assert there <= met.keys()
    assert set(met.values()) == {1}
    assert len(met) <= len(there) + 2
    assert any(request.status == 400 for request in fake.requests)  # a window did overflow


@pytest.mark.slow
async def test_what_stays_is_read_once_while_others_are_deleted(start, connect) -> None:
    """Windows overflow, notes are added and deleted meanwhile: all that stay come, each once."""
    fake = await start(leads=50, notes_per_lead=100, max_skip=300)
    met, stays = await read_while_others_write(fake, connect(fake), every=7)

    assert len(stays) > 4_000
    assert stays <= met.keys()
    assert set(met.values()) == {1}
    assert any(request.status == 400 for request in fake.requests)  # a window did overflow
    assert fake.stats.by_route[LIST] < 250


async def test_few_notes_are_read_in_few_requests(start, connect) -> None:
    """All fields of a note are there, and an empty year costs next to nothing."""
    fake = await start(leads=2, notes_per_lead=3)
    note_id = fake.add_note(
        fake.lead_ids()[0], note_html="<body><p>Hello</p></body>", title="First", pinned=True
    )
    notes = {note.id: note async for note in connect(fake).notes()}

    assert len(notes) == 7
    assert notes[note_id].title == "First"
    assert notes[note_id].pinned
    assert notes[note_id].lead_id == fake.lead_ids()[0]
    assert notes[note_id].author_id == fake.user_ids[0]
    assert fake.stats.requests < 15


async def test_what_is_added_meanwhile_is_not_part_of_what_has_an_end(start, connect) -> None:
    """With an upper end, nothing dated after it comes."""
    fake = await start(leads=1, notes_per_lead=150)
    now = datetime(2025, 8, 1, microsecond=500_000, tzinfo=UTC)
    fake.on_request = lambda *_: fake.add_note(fake.lead_ids()[0], date_created=now + SECOND / 10)
    met = await ids_of(connect(fake).notes(until=now))

    assert sum(met.values()) == 150


@pytest.mark.parametrize("wrong", [timedelta(days=-400), timedelta(days=-3), timedelta(days=900)])
@pytest.mark.parametrize("count", [1, 450])
async def test_no_clock_hides_a_note(start, connect, wrong, count) -> None:
    """Notes dated ahead, and a clock that is wrong, cost a few requests and no note."""
    fake = await start(leads=1, notes_per_lead=20, max_skip=300)
    lead_id, now = fake.lead_ids()[0], datetime.now(UTC)
    ahead = [timedelta(days=2), timedelta(days=300), timedelta(days=20_000), -timedelta(days=1)]
    for number in range(count):
        for step in ahead:
            fake.add_note(lead_id, date_created=now + step + timedelta(minutes=number))
    for asked in ({}, {"until": now + timedelta(days=30_000)}):
        met = await ids_of(connect(fake, clock=lambda: now + wrong).notes(**asked))
        assert met == Counter({note["id"]: 1 for note in fake.notes()})

    assert fake.stats.by_route[LIST] < 700


async def test_more_of_one_second_than_can_be_listed_is_told(start, connect) -> None:
    """No window is small enough, so the error names the way that is left."""
    fake = await start(leads=1, notes_per_lead=0, max_skip=100)
    for _ in range(300):
        fake.add_note(fake.lead_ids()[0], date_created=MAY)
    with pytest.raises(RequestRejected, match="CloseExport"):
        await ids_of(connect(fake).notes())


@pytest.mark.parametrize("since", [MAY, None])
@pytest.mark.parametrize("until", [MAY + timedelta(days=9, microseconds=400_000), None])
async def test_the_ends_of_the_time_are_included(start, connect, since, until) -> None:
    """To the microsecond, although Close compares whole seconds."""
    fake = await start(leads=1, notes_per_lead=0)
    near = [timedelta(), timedelta(microseconds=1), -timedelta(microseconds=1)]
    ends = (MAY, MAY + timedelta(days=9, microseconds=400_000))
    made = {end + step for end in ends for step in near}
    for when in made:
        fake.add_note(fake.lead_ids()[0], date_created=when)
    notes = [note.created_at async for note in connect(fake).notes(since=since, until=until)]

    assert sorted(notes) == sorted(
        when for when in made if (not since or when >= since) and (not until or when <= until)
    )


async def test_a_note_without_an_id_is_told_after_the_others(start, connect) -> None:
    """Nothing that can be read is lost to what cannot."""
    fake = await start(leads=1, notes_per_lead=130)
    for _ in range(3):
        fake.add_note(fake.lead_ids()[0], id=None, date_created=MAY)
    met = Counter()
    with pytest.raises(UnexpectedResponse, match="note"):
        await ids_of(connect(fake).notes(), met)

    assert len(met) == 130
    assert set(met.values()) == {1}


async def test_leaving_early_leaves_nothing_behind(start, connect, tasks) -> None:
    """Who has seen enough stops the requests."""
    fake = await start(leads=10, notes_per_lead=100)
    async for _ in connect(fake).notes():
        break
    requests = fake.stats.requests
    await asyncio.sleep(0.01)

    assert (fake.stats.requests, tasks()) == (requests, set())
