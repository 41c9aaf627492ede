# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""What becomes of a read when something goes wrong on the way."""

import pytest

from ghl_notes import RetryPolicy
from ghl_notes.errors import (
    AccessDenied,
    LocationInactive,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.testing import Fault

PASSING = [
    Fault.RATE_LIMITED,
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.HTML,
    Fault.FORBIDDEN_HTML,
    Fault.RESET_BEFORE,
    Fault.RESET_AFTER,
    Fault.CUT_BODY,
    Fault.CUT_CHUNK,
    Fault.CUT_HEAD,
    Fault.CUT_JSON,
    Fault.BROKEN_GZIP,
    Fault.STALL,
    Fault.STALL_BEFORE,
    Fault.PARTIAL,
    Fault.SLOW,
]
FINAL = [
    (Fault.TOKEN_EXPIRED, AccessDenied, 401),
    (Fault.LOCATION_INACTIVE, LocationInactive, 400),
    (Fault.WRONG_TYPE, UnexpectedResponse, 200),
    (Fault.EMPTY_BODY, UnexpectedResponse, 200),
    (Fault.HUGE, UnexpectedResponse, 200),
    (Fault.GZIP_BOMB, UnexpectedResponse, 200),
]
# Looked at in test_odd_replies, as an empty page is in test_pages.
HARMLESS = [Fault.HALF_LETTER, Fault.BROKEN_LETTER, Fault.LONG_NUMBER]
PERSISTENT = [
    (Fault.RATE_LIMITED, RateLimited, 429),
    (Fault.SERVER_ERROR, Unavailable, 500),
    (Fault.BAD_GATEWAY, Unavailable, 502),
    (Fault.HTML, UnexpectedResponse, 200),
    (Fault.FORBIDDEN_HTML, Unavailable, 403),
    (Fault.RESET_BEFORE, Unavailable, None),
    (Fault.CUT_BODY, Unavailable, 200),
    (Fault.CUT_JSON, UnexpectedResponse, 200),
    (Fault.PARTIAL, UnexpectedResponse, 206),
    (Fault.SLOW, Unavailable, None),
]


@pytest.fixture
async def storm(start, connect):
    """Give a pretend HighLevel and an impatient client."""
    fake = await start(slow=5.0, interval=0.01)
    retries = RetryPolicy(attempts=3, bulk_attempts=4, base=0)
    return fake, connect(fake, timeout=0.3, retries=retries)


async def test_every_fault_is_looked_at() -> None:
    """A new fault must be told here, or in ``test_odd_replies``, what becomes of it."""
    seen = {
        *PASSING,
        Fault.NULL_TEXT,
        Fault.REFUSED_OK,
        *HARMLESS,
        Fault.EMPTY_PAGE,
        *(fault for fault, *_ in [*FINAL, *PERSISTENT]),
    }

    assert set(Fault) == seen


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_passing_fault_is_not_noticed(storm, fault, times) -> None:
    """A read is sent again until its whole reply is there."""
    fake, client = storm
    fake.inject(fault, times)
    notes = await client.notes.list(fake.contact_ids()[0])

    assert len(notes) == 5
    assert fake.stats.requests == times + 1


@pytest.mark.parametrize(("fault", "error", "status"), FINAL)
async def test_a_final_fault_is_raised_at_once(start, connect, fault, error, status) -> None:
    """What another try would not mend is told after one request, with its call."""
    fake = await start()
    client, contact_id = connect(fake), fake.contact_ids()[0]
    fake.inject(fault)
    with pytest.raises(error) as raised:
        await client.notes.list(contact_id)

    assert type(raised.value) is error
    assert raised.value.status == status
    assert fake.stats.requests == 1
    assert len(await client.notes.list(contact_id)) == 5


@pytest.mark.parametrize("fault", [Fault.WRONG_TYPE, Fault.EMPTY_BODY])
async def test_an_unreadable_reply_says_what_was_wrong(fake, client, contact_id, fault) -> None:
    """The problem is told with its place in the reply, for a report that needs no content."""
    fake.inject(fault)
    with pytest.raises(UnexpectedResponse) as raised:
        await client.notes.list(contact_id)

    assert any("object" in problem and "$" in problem for problem in raised.value.problems)


@pytest.mark.parametrize(("fault", "error", "status"), PERSISTENT)
async def test_a_lasting_fault_ends_after_the_tries(storm, fault, error, status) -> None:
    """The last failure is raised with its status and call, after the policy's attempts."""
    fake, client = storm
    path = f"/contacts/{fake.contact_ids()[0]}/notes"
    fake.inject(fault, 100)
    with pytest.raises(error) as raised:
        await client.notes.list(fake.contact_ids()[0])

    found = raised.value
    assert (type(found), found.status, found.method, found.path) == (error, status, "GET", path)
    assert fake.stats.requests == 3


@pytest.mark.parametrize(("fault", "error", "status"), PERSISTENT)
async def test_bulk_work_has_its_own_tries(storm, fault, error, status) -> None:
    """In a stream the same failure comes as data, after the tries of bulk work."""
    fake, client = storm
    fake.inject(fault, 100)
    (result,) = [result async for result in client.notes.stream(fake.contact_ids()[:1])]

    assert (type(result.error), result.error.status) == (error, status)
    assert fake.stats.requests == 4


async def test_a_success_that_says_it_failed_is_an_error(storm) -> None:
    """HighLevel's own words, under its own spelling, count for more than its status."""
    fake, client = storm
    contact_id = fake.contact_ids()[0]
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(Fault.REFUSED_OK)
    with pytest.raises(UnexpectedResponse, match="says in it that the call failed") as raised:
        await client.notes.delete(contact_id, note_id)

    assert (raised.value.status, raised.value.method) == (200, "DELETE")
    assert note_id in [note["id"] for note in fake.notes(contact_id)]


async def test_a_raw_call_is_never_judged(storm) -> None:
    """What an unknown endpoint means by a field is for its caller to know."""
    fake, client = storm
    contact_id = fake.contact_ids()[0]
    note_id = fake.notes(contact_id)[0]["id"]
    fake.inject(Fault.REFUSED_OK)
    told = await client.request("DELETE", f"/contacts/{contact_id}/notes/{note_id}")

    assert told["succeeded"] is False
