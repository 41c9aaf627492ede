# ruff: noqa: ANN001, ANN201 - parameters are fixtures, whose types live in conftest
"""An empty page is the end of a list only if its reply does not count more."""

from collections.abc import AsyncIterator, Callable

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import Client
from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.ends import counts_more, unless_denied
from ghl_notes.http.reply import Answer
from ghl_notes.testing import FakeHighLevel, Fault
from tests.flows.calls import all_of, watched


@frozen
class Case:
    """A list of more than one page: how it is filled, read, and found on the way."""

    name: str
    path: str
    fill: Callable[[FakeHighLevel], object]
    stream: Callable[[Client, object], AsyncIterator]
    first: int


def with_notes(fake: FakeHighLevel) -> str:
    appointment_id = fake.appointments(fake.contact_ids()[0])[0]["id"]
    for _ in range(50):
        fake.add_appointment_note(appointment_id)
    return appointment_id


def with_business(fake: FakeHighLevel) -> str:
    for contact_id in fake.contact_ids():
        fake.update_contact(contact_id, businessId="business")
    return "business"


CASES = [
    Case("contacts", "/contacts/search", bool, lambda client, _: client.contacts.stream(), 100),
    Case("location_notes", "/notes/search", bool, lambda c, _: c.location_notes.stream(), 100),
    Case("appointment_notes", "/notes", with_notes, lambda c, a: c.appointment_notes.stream(a), 20),
    Case("businesses", "/business", with_business, lambda c, b: c.businesses.contacts(b), 100),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Give each list that comes in pages."""
    return request.param


@pytest.fixture
async def there(case, start, connect):
    """Fill a pretend HighLevel, and give what the list is of."""
    fake = await start(contacts=250, notes_per_contact=1)
    return fake, connect(fake, location_id=fake.location_id), case.fill(fake)


async def test_an_empty_page_is_asked_for_again(case, there) -> None:
    """An index that lags for a moment costs a request, and no entry."""
    fake, client, of = there

    def lag() -> None:
        fake.inject(Fault.EMPTY_PAGE, 2, path_contains=case.path)

    seen, error = await watched(case.stream(client, of), case.first, lag)

    assert error is None
    assert len(seen) == len(set(seen)) == len(await all_of(case.stream(client, of)))


async def test_an_empty_page_that_stays_is_an_error(case, there) -> None:
    """What came before it came, and then the reader is told that there is more."""
    fake, client, of = there

    def lag() -> None:
        fake.inject(Fault.EMPTY_PAGE, 100, path_contains=case.path)

    seen, error = await watched(case.stream(client, of), case.first, lag)

    assert isinstance(error, UnexpectedResponse)
    assert "says that there are more" in str(error)
    assert error.path is not None
    assert len(seen) == case.first


@pytest.mark.parametrize("method", ["search", "list"])
async def test_a_first_page_is_not_empty_while_there_are_more(start, connect, method) -> None:
    """One page alone is looked at as well, where it is known what came before: nothing."""
    fake = await start()
    client = connect(fake, location_id=fake.location_id, api_version="2021-07-28")
    fake.inject(Fault.EMPTY_PAGE, 2)
    assert len((await getattr(client.contacts, method)()).contacts) == 10
    fake.inject(Fault.EMPTY_PAGE, 100)
    with pytest.raises(UnexpectedResponse):
        await getattr(client.contacts, method)()


async def test_a_total_that_shrinks_meanwhile_breaks_nothing(start, connect) -> None:
    """What is deleted on the way is gone from the total too, and the end is the end."""
    fake = await start(contacts=250)
    ids = list(fake.contact_ids())

    def clean() -> None:
        for contact_id in [*ids[:40], *ids[120:]]:
            fake.delete_contact(contact_id)

    stream = connect(fake, location_id=fake.location_id).contacts.stream()
    seen, error = await watched(stream, 100, clean)

    assert (seen, error) == (ids[:120], None)


@pytest.mark.parametrize("times", [2, 100])
async def test_locations_end_where_they_end(start, build, times) -> None:
    """A full page of an agency's locations before an empty one is not all, if more are counted."""
    fake = await start(locations=130)
    highlevel = build(fake)
    await highlevel.install(fake.authorize_code(company=True))

    def lag() -> None:
        fake.inject(Fault.EMPTY_PAGE, times, path_contains="/oauth/installed")

    seen, error = await watched(highlevel.locations(fake.company_id), 100, lag)

    assert (len(seen), error is not None) == ((130, False) if times == 2 else (100, True))


@given(
    st.sampled_from([[], [1], None, "x"]),
    st.none() | st.integers(-1, 9) | st.booleans() | st.text(),
    st.integers(0, 9),
)
def test_only_a_number_denies_an_end(page: object, total: object, read: int) -> None:
    """What counts no more than were read, or does not count, says nothing."""
    more = counts_more({"contacts": page, "total": total}, "contacts", read)

    assert more is (page == [] and type(total) is int and total > read)


def test_a_page_is_asked_for_a_few_times() -> None:
    """The last of the tries is not one that another would mend."""
    check, answer = unless_denied("x", lambda _: True), Answer({"traceId": "t"}, 200, {})
    garbled = []
    for _ in range(6):
        with pytest.raises(UnexpectedResponse) as raised:
            check(answer)
        garbled.append(raised.value.garbled)

    assert garbled == [True] * 4 + [False] * 2
    assert (raised.value.trace_id, raised.value.status) == ("t", 200)
