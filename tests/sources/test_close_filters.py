# ruff: noqa: ANN001, ANN201 - parameters are fixtures, whose types live in conftest
"""The filters of Close's list: all that are documented, checked before anything is sent."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs

import pytest

from ghl_notes.errors import (
    ConfigurationError,
    RequestRejected,
)
from ghl_notes.sources.close import CloseNotes
from tests.sources.reading import ids_of

MAY = datetime(2025, 5, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def asked(fake) -> list[dict[str, list[str]]]:
    """Give the queries of the lists that were asked for."""
    return [parse_qs(one.query) for one in fake.requests if one.path.endswith("/activity/note/")]


@pytest.fixture
async def varied(start):
    """Give a Close with notes that differ in what can be asked for."""
    fake = await start(leads=3, notes_per_lead=4, contacts_per_lead=2)
    lead = fake.lead_ids()[0]
    contact = fake.contact_ids(lead)[1]
    fake.add_note(lead, contact_id=contact, date_created=MAY, activity_at=MAY - timedelta(days=200))
    return fake


async def test_every_filter_reaches_close(varied, connect) -> None:
    """Each is spelled as Close documents it, and narrows the list down."""
    source, shown = connect(varied), varied.notes()
    lead, user = varied.lead_ids()[0], varied.user_ids[1]
    contact = varied.contact_ids(lead)[1]
    some = [shown[2]["id"], shown[5]["id"]]
    cases = [
        ({"id__in": some}, lambda note: note["id"] in some),
        ({"lead_id": lead}, lambda note: note["lead_id"] == lead),
        ({"lead_id": varied.lead_ids()[:2]}, lambda note: note["lead_id"] in varied.lead_ids()[:2]),
        ({"contact_id": contact}, lambda note: note["contact_id"] == contact),
        ({"user_id": {user}}, lambda note: note["user_id"] == user),
        ({"organization_id": varied.organization_id}, lambda note: True),
        ({"types": "Note"}, lambda note: True),
        ({"types": ["Call"]}, lambda note: False),
        ({"activity_at__lt": datetime(2024, 12, 1, tzinfo=UTC)}, lambda note: note["contact_id"]),
        ({"activity_at__gte": MAY}, lambda note: at(note, "activity_at") >= MAY),
        ({"date_created__gt": MAY}, lambda note: at(note, "date_created") > MAY),
        ({"date_created__gte": MAY}, lambda note: at(note, "date_created") >= MAY),
        ({"date_created__lt": MAY}, lambda note: at(note, "date_created") < MAY),
        ({"date_created__lte": MAY, "lead_id": None}, lambda note: at(note, "date_created") <= MAY),
    ]
    for filters, wanted in cases:
        met = await ids_of(source.notes(**filters))
        assert met == Counter(note["id"] for note in shown if wanted(note)), filters


def at(note, name) -> datetime:
    """Read a time as it is on the wire."""
    return datetime.fromisoformat(note[name])


async def test_the_way_it_is_spelled(varied, connect) -> None:
    """Lists by commas, times in UTC, and the window in both its ends."""
    source = connect(varied)
    zone = timezone(timedelta(hours=2))
    since = datetime(2025, 4, 1, 2, tzinfo=zone)
    async for _ in source.notes(since=since, activity_at__lte=since, user_id=["a", "b"]):
        pass
    query = asked(varied)[-1]

    assert query["user_id"] == ["a,b"]
    assert query["activity_at__lte"] == ["2025-04-01T00:00:00+00:00"]
    assert query["date_created__gte"] == ["2025-04-01T00:00:00+00:00"]
    assert set(query) == {
        "user_id", "activity_at__lte", "date_created__gte", "date_created__lte", "_limit", "_skip",
    }  # fmt: skip


async def test_a_long_list_of_ids_goes_into_the_body(start, connect) -> None:
    """A query that no URL holds is sent as a POST that reads."""
    fake = await start(leads=3, notes_per_lead=100)
    wanted = [note["id"] for note in fake.notes()][:250]
    met = await ids_of(connect(fake).notes(id__in=wanted))

    assert met == Counter(wanted)
    assert {request.method for request in fake.requests} == {"POST"}


async def test_a_filter_that_needs_a_lead_is_refused_in_words(start, connect) -> None:
    """Close's documents do not agree about it, so its own words are passed on."""
    fake = await start(needs_lead=True)
    with pytest.raises(RequestRejected, match="only with one lead_id"):
        await ids_of(connect(fake).notes(contact_id="cont_1"))

    assert await ids_of(connect(fake).notes(types="Note", lead_id=fake.lead_ids()[0]))


NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - which is what is refused
WRONG = [
    ({"since": NAIVE}, "since"),
    ({"until": "2025-01-01"}, "until"),
    ({"since": datetime.min.replace(tzinfo=timezone(timedelta(hours=9)))}, "since"),
    ({"since": MAY, "until": MAY - SECOND}, "since must not be later"),
    ({"activity_at__gt": NAIVE}, "activity_at__gt"),
    ({"date_created__lte": "2025-01-01"}, "date_created__lte"),
    ({"id__in": "acti_1"}, "id__in"),
    ({"id__in": []}, "id__in must not be empty"),
    ({"lead_id": []}, "lead_id must not be empty"),
    ({"lead_id": ["lead_1", 5]}, "lead_id"),
    ({"lead_id": ""}, "lead_id"),
    ({"user_id": 5}, "user_id"),
    ({"contact_id": b"cont_1"}, "contact_id"),
    ({"organization_id": ["orga_1"]}, "organization_id"),
    ({"_type": "Note"}, "no filter _type"),
    ({"date_updated__gt": MAY}, "no filter date_updated__gt"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG)
async def test_a_wrong_argument_is_told_at_the_call(arguments, named) -> None:
    """Before anything is sent, and before anyone iterates."""
    source = CloseNotes("api_key")
    with pytest.raises(ConfigurationError, match=named):
        source.notes(**arguments)
