# ruff: noqa: ANN001, ANN201 - parameters are fixtures, whose types live in conftest
"""CINNOX's limits, refusals and failures, from end to end."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ghl_notes import Limits
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.sources.cinnox import CinnoxNotes
from ghl_notes.sources.cinnox.failures import ContactFailures
from ghl_notes.testing import Failure, Fault
from ghl_notes.testing.replies import Refusal
from tests.sources.reading import ids_of, there

MAY = datetime(2025, 5, 1, tzinfo=UTC)


@pytest.fixture
async def ten(start_cinnox):
    """Give a CINNOX with ten contacts and fifty notes."""
    return await start_cinnox()


async def test_the_limit_is_not_crossed(start_cinnox, connect_cinnox) -> None:
    """No header tells of it, so it is kept by counting."""
    fake = await start_cinnox(contacts=40, notes_per_contact=1, limit=20, interval=0.1)
    source = connect_cinnox(fake, limits=Limits(burst=20, interval=0.1))

    assert await ids_of(source.notes()) == there(fake)
    assert (fake.stats.rejected_429, fake.stats.max_in_window) == (0, 20)


PASSING = [
    Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.HTML, Fault.RESET_BEFORE, Fault.RESET_AFTER,
    Fault.CUT_BODY, Fault.CUT_JSON, Fault.REFUSED_OK,
]  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_fault_is_not_noticed(ten, connect_cinnox, fault) -> None:
    """A call is made again until its whole reply is there; also when a 200 says that it failed."""
    ten.inject(fault, 2, path_contains="note-list")

    assert await ids_of(connect_cinnox(ten).notes()) == there(ten)
    assert ten.stats.requests == 13


@pytest.mark.parametrize("status", [200, 429])
async def test_a_limit_code_is_the_limit_whatever_the_status(
    start_cinnox, connect_cinnox, status
) -> None:
    """It is read from the body, and the error says when to come again."""
    fake = await start_cinnox(limit_status=status)
    fake.inject(Fault.RATE_LIMITED)
    impatient = RetryPolicy(longest_wait=5, base=0)
    with pytest.raises(RateLimited, match="CINNOX's rate limit") as raised:
        await connect_cinnox(fake, retries=impatient).account()

    assert raised.value.status == status
    assert raised.value.retry_after == 15.0


@pytest.mark.parametrize("which", [0, 4, 9])
async def test_a_contact_that_fails_does_not_cost_the_others(ten, connect_cinnox, which) -> None:
    """All that can be read comes first, and then what stood in the way."""
    poor = ten.contact_ids()[which]
    when = {"updatedAt": "2025-05-01T00:00:00Z"}
    ten._parts.world.notes[poor] = [{"noteId": "good", **when}, {"note": "no id", **when}]
    met = Counter()
    with pytest.raises(UnexpectedResponse, match="CINNOX"):
        await ids_of(connect_cinnox(ten).notes(), met)

    assert met == Counter(["good", *there(ten, *(set(ten.contact_ids()) - {poor}))])


async def test_a_contact_that_is_not_available_does_not_cost_the_others(
    ten, connect_cinnox
) -> None:
    """After the tries the others go on, and the failure is raised at the end."""
    ten.inject(Fault.SERVER_ERROR, 1, path_contains="note-list")
    once, met = RetryPolicy(bulk_attempts=1), Counter()
    with pytest.raises(Unavailable, match="6451001"):
        await ids_of(connect_cinnox(ten, retries=once).notes(), met)

    assert sum(met.values()) == 45


async def test_several_contacts_that_fail_are_all_told(ten, connect_cinnox) -> None:
    """One reason for each, after the notes of all the others; where CINNOX was down, so it says."""
    ten.inject(Fault.SERVER_ERROR, 3, path_contains="note-list")
    once, met = RetryPolicy(bulk_attempts=1), Counter()
    with pytest.raises(Unavailable, match="3 contacts of CINNOX") as raised:
        await ids_of(connect_cinnox(ten, retries=once).notes(), met)

    assert sum(met.values()) == 35
    assert len(raised.value.messages) == 3
    assert isinstance(raised.value.__cause__, Unavailable)


async def test_of_several_failures_one_that_stays_is_the_error(ten, connect_cinnox) -> None:
    """What cannot be read will not be readable later, even if another contact may be."""
    *_, odd = ten.contact_ids()
    ten._parts.world.notes[odd] = [{"note": "no id", "updatedAt": "2025-05-01T00:00:00Z"}]
    ten.inject(Fault.SERVER_ERROR, 1, path_contains="note-list")
    once = RetryPolicy(bulk_attempts=1)
    with pytest.raises(UnexpectedResponse, match="CINNOX") as raised:
        await ids_of(connect_cinnox(ten, retries=once).notes())

    assert len(raised.value.problems) == 2


def test_many_failures_are_counted_and_a_hundred_are_kept() -> None:
    """The error, and the memory it takes, stay small; its wait is the longest that was asked."""
    failures = ContactFailures()
    for number in range(1_000):
        failures.add(RateLimited(f"contact {number}", retry_after=float(number % 7)))
    with pytest.raises(Unavailable, match="1,000 contacts") as raised:
        failures.raise_any()

    assert len(raised.value.messages) == 100
    assert raised.value.retry_after == 6.0


async def test_a_contact_without_an_id_is_told(ten, connect_cinnox) -> None:
    """Its notes cannot be asked for, which is not kept quiet."""
    ten._parts.world.contacts["odd"] = {"firstName": "Nobody"}
    met = Counter()
    with pytest.raises(UnexpectedResponse, match="CINNOX"):
        await ids_of(connect_cinnox(ten).notes(), met)

    assert sum(met.values()) == 50


async def test_a_contact_without_an_id_costs_no_other_its_notes(ten, connect_cinnox) -> None:
    """All others lead from their notes to themselves, and are still read once for all."""
    source = connect_cinnox(ten)
    notes = [note async for note in source.notes()]
    ten._parts.world.contacts["odd"] = {"firstName": "Nobody"}
    before = ten.stats.requests
    found = [await source.contacts_of(note) for note in notes]

    assert [[one.id for one in people] for people in found] == [[one.contact_id] for one in notes]
    assert ten.stats.requests - before == 1
    with pytest.raises(UnexpectedResponse, match="CINNOX"):
        [one async for one in source.contacts()]


async def test_contacts_that_cannot_be_read_are_not_remembered(ten, connect_cinnox) -> None:
    """A page that is no list is told, and is not taken for one without contacts ever after."""
    source = connect_cinnox(ten)
    notes = [note async for note in source.notes()]
    ten.inject(Fault.WRONG_TYPE, path_contains="extcontact-list")
    with pytest.raises(UnexpectedResponse, match="CINNOX"):
        await source.contacts_of(notes[0])

    assert [one.id for one in await source.contacts_of(notes[0])] == [notes[0].contact_id]


async def test_a_merged_contact_that_is_refused_is_passed_over(
    start_cinnox, connect_cinnox
) -> None:
    """No document says whether such an id lives on; the notes of the contact itself are there."""
    fake = await start_cinnox(contacts=2)
    master, slave = fake.contact_ids()
    fake.merge_contacts(master, slave)
    lists = []

    def refuse(method: str, path: str) -> None:
        lists.append(path)
        if len(lists) == 3:  # the contacts, the notes of the one, and those of the other
            raise Refusal.of(400, {"code": 7910000, "message": "invalid contactID"})

    fake.on_request = refuse

    assert await ids_of(connect_cinnox(fake).notes()) == there(fake, master)
    assert len(lists) == 3


async def test_a_gateway_hides_no_notes_of_a_merged_contact(start_cinnox, connect_cinnox) -> None:
    """What a gateway refuses is no word about an id: it is asked again, and the notes come."""
    fake = await start_cinnox(contacts=2)
    master, slave = fake.contact_ids()
    every = there(fake)
    fake.merge_contacts(master, slave)
    lists = []

    def refuse(method: str, path: str) -> None:
        lists.append(path)
        if len(lists) == 3:  # the contacts, the notes of the one, and those of the other
            fake.inject(Failure(status=400, page="Bad Request"))

    fake.on_request = refuse

    assert await ids_of(connect_cinnox(fake).notes()) == every
    assert len(lists) == 4


async def test_a_wrong_token_is_told_at_once(ten, connect_cinnox) -> None:
    """One request, and an error that says what to check, without the token in it."""
    source = connect_cinnox(ten, app_token="wr0ng")
    for call in (
        source.account(),
        ids_of(source.notes()),
        source.list("EXT-00001"),
        source.users(),
    ):
        before = ten.stats.requests
        with pytest.raises(AccessDenied, match="app_token") as raised:
            await call
        assert "wr0ng" not in repr(raised.value) + str(raised.value)
        assert ten.stats.requests == before + 1

    assert "wr0ng" not in repr(vars(source)) + repr(vars(source._calls))


async def test_credentials_that_end_midway_are_told_at_once(start_cinnox, connect_cinnox) -> None:
    """Contacts that are left are not asked for one by one."""
    fake = await start_cinnox(contacts=400, notes_per_contact=1)
    fake.inject(Fault.TOKEN_EXPIRED, 1, path_contains="note-list")
    with pytest.raises(AccessDenied):
        await ids_of(connect_cinnox(fake).notes())

    assert fake.stats.requests < 200


@pytest.mark.parametrize("path", ["/v2", "/v1/api"])
async def test_a_wrong_base_url_is_told(ten, connect_cinnox, path) -> None:
    """The code for a URL that is not there says what to check."""
    source = connect_cinnox(ten, base_url=ten.url + path)
    for call in (source.account(), ids_of(source.notes()), source.list("EXT-00001")):
        with pytest.raises(ConfigurationError, match="base_url"):
            await call


async def test_a_refused_argument_is_named(ten, connect_cinnox) -> None:
    """One code stands for all of them, and the message tells which it was."""
    source = connect_cinnox(ten)
    with pytest.raises(RequestRejected, match=r"refuses limit: exceed maximum limit 200"):
        await source._calls.page("extcontact-list", {"offset": 0, "limit": 201})


GOOD = {"base_url": "https://x.cinnox.com", "app_id": "app", "app_token": "token"}
NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - which is what is refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", ""),
        ("base_url", "x.cinnox.com"),
        ("base_url", None),
        ("app_id", ""),
        ("app_id", None),
        ("app_id", "a/b"),
        ("app_id", ".."),
        ("app_token", " "),
        ("app_token", None),
        ("app_token", "se cret"),
        ("app_token", "secr\xe9t"),
    ],
)
def test_a_wrong_argument_is_told_when_it_is_made(name, value) -> None:
    """By its name, and never with a secret."""
    with pytest.raises(ConfigurationError, match=name) as raised:
        CinnoxNotes(**{**GOOD, name: value})

    assert "cr" not in str(raised.value)


@pytest.mark.parametrize(
    ("span", "named"),
    [
        ({"since": NAIVE}, "since"),
        ({"until": 5}, "until"),
        ({"since": MAY, "until": MAY - timedelta(days=1)}, "since"),
    ],
)
async def test_a_wrong_span_is_told_at_the_call(span, named) -> None:
    """Before anything is sent, and before anyone iterates."""
    with pytest.raises(ConfigurationError, match=named):
        CinnoxNotes(**GOOD).notes(**span)


@pytest.mark.parametrize("contact_id", ["", " ", None, 5])
async def test_what_is_no_contact_is_not_asked_for(contact_id) -> None:
    """Without its id CINNOX would refuse the call anyway."""
    with pytest.raises(ConfigurationError, match="contact_id"):
        await CinnoxNotes(**GOOD).list(contact_id)
