# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Contacts are found: by a search, by the older list, by their email or phone, and all of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghl_notes import Client
from ghl_notes.errors import ConfigurationError, RequestRejected, Unavailable, UnexpectedResponse
from ghl_notes.models import AllOf, AnyOf, Between, Filter, Sort
from ghl_notes.testing import FakeHighLevel, Fault
from tests.flows.calls import first_of, watched

NEWEST = [Sort("dateAdded", "desc")]


# pages


async def test_a_search_goes_from_page_to_page(fake, client) -> None:
    """The cursor of each page leads to the next, and all of them are all contacts, each once."""
    pages = [await client.contacts.search(page_size=4)]
    while pages[-1].cursor is not None and len(pages) < 9:
        pages.append(await client.contacts.search(page_size=4, after=pages[-1].cursor))
    found = [contact.id for page in pages for contact in page.contacts]

    assert [len(page.contacts) for page in pages] == [4, 4, 2, 0]
    assert {page.total for page in pages} == {10}
    assert found == list(fake.contact_ids())[::-1]


async def test_the_pages_of_a_search_keep_its_order_and_filters(fake, client) -> None:
    """A cursor belongs to what was asked, which is asked again with it."""
    asked = {"filters": [Filter("type", "eq", "lead")], "sort": [Sort("dateUpdated")]}
    page = await client.contacts.search(page_size=3, **asked)
    rest = await client.contacts.search(page_size=100, after=page.cursor, **asked)
    found = [*page.contacts, *rest.contacts]

    assert page.total == rest.total == len(found) == 8
    assert {contact.type for contact in found} == {"lead"}
    assert [c.date_updated for c in found] == sorted(c.date_updated for c in found)


@pytest.mark.parametrize("field", ["firstName", "lastName", "email", "phone"])
async def test_a_query_is_searched_in_names_emails_and_phones(fake, client, field) -> None:
    """Whatever is known of a person finds them, by the search, the stream, and the count."""
    wanted = fake.contact(fake.contact_ids()[3])
    page = await client.contacts.search(wanted[field].upper())
    streamed = [one.id async for one in client.contacts.stream(query=wanted[field])]

    assert wanted["id"] in streamed
    assert sorted(streamed) == sorted(contact.id for contact in page.contacts)
    assert page.total == len(streamed) < 10


async def test_nobody_is_an_answer(client) -> None:
    """A search that finds nobody gives an empty last page."""
    page = await client.contacts.search("nobody at all")

    assert (page.contacts, page.total, page.cursor) == ((), 0, None)


async def test_a_contact_found_is_the_contact_read(fake, client) -> None:
    """Whichever way a contact comes, its fields are the same, though HighLevel spells them anew."""
    contact_id = fake.add_contact(
        firstName="Jane",
        lastName="Doe",
        address1="1 Main Street",
        tags=["vip"],
        customFields=[{"id": "one", "value": 1}],
        dateOfBirth="1990-09-25",
        followers=["somebody"],
    )
    read = await client.contacts.get(contact_id)
    (found,) = (await client.contacts.search("jane doe")).contacts

    for name in ("id", "first_name", "address1", "tags", "custom_fields", "date_of_birth"):
        assert getattr(found, name) == getattr(read, name), name
    assert found.name.casefold() == read.name.casefold()
    assert found.followers == read.followers == ("somebody",)


# filters

CONTACTS = 40
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
WORDS = st.sampled_from(["a", "Ada", "boris", "lead", "customer", "vip", "NEWSLETTER", "1", "@"])
TEXT_FIELDS = st.sampled_from(["firstName", "lastName", "email", "phone", "type", "source", "tags"])
MOMENTS = st.integers(0, CONTACTS).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
BOUNDS = st.dictionaries(
    st.sampled_from(["gt", "gte", "lt", "lte"]), MOMENTS, min_size=1, max_size=2
).map(lambda bounds: Between(**bounds))
FILTERS = st.one_of(
    st.builds(
        Filter,
        TEXT_FIELDS,
        st.sampled_from(["eq", "not_eq"]),
        WORDS | st.lists(WORDS, min_size=1, max_size=3),
    ),
    st.builds(Filter, TEXT_FIELDS, st.sampled_from(["contains", "not_contains"]), WORDS),
    st.builds(Filter, TEXT_FIELDS, st.sampled_from(["exists", "not_exists"])),
    st.builds(Filter, st.just("dateAdded"), st.just("range"), BOUNDS),
)
NESTED = st.recursive(
    FILTERS,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda some: st.sampled_from([AllOf(*some), AnyOf(*some)])
    ),
    max_leaves=5,
)


def folded(value) -> list:
    many = value if isinstance(value, list | tuple) else [value]
    return [one.casefold() for one in many if isinstance(one, str)]


def between(moment: datetime, ends: Between) -> bool:
    return (
        (ends.gt is None or moment > ends.gt)
        and (ends.gte is None or moment >= ends.gte)
        and (ends.lt is None or moment < ends.lt)
        and (ends.lte is None or moment <= ends.lte)
    )


def fits(contact: dict, wanted) -> bool:
    """Tell in plain Python whether a contact passes a filter."""
    match wanted:
        case AllOf():
            return all(fits(contact, one) for one in wanted.filters)
        case AnyOf():
            return any(fits(contact, one) for one in wanted.filters)
        case Filter(operator="range"):
            return between(datetime.fromisoformat(contact[wanted.field]), wanted.value)
    held = folded(contact.get(wanted.field))
    sought = folded(wanted.value)
    tests = {
        "eq": lambda: any(one in sought for one in held),
        "contains": lambda: any(sought[0] in one for one in held),
        "exists": lambda: bool(held),
    }
    return tests[wanted.operator.removeprefix("not_")]() is not wanted.operator.startswith("not_")


@pytest.fixture
async def many(start, connect) -> tuple[FakeHighLevel, Client]:
    """Give a location with some contacts, and a client."""
    fake = await start(contacts=CONTACTS)
    return fake, connect(fake, location_id=fake.location_id)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=st.lists(NESTED, max_size=2), descending=st.booleans())
async def test_filters_choose_what_plain_python_would(many, filters, descending) -> None:
    """Filters and groups of them mean what they say, in any nesting, in either order."""
    fake, client = many
    ids = list(fake.contact_ids())[:: -1 if descending else 1]
    expected = [one for one in ids if all(fits(fake.contact(one), each) for each in filters)]
    stream = client.contacts.stream(
        filters=iter(filters), sort=NEWEST if descending else None, page_size=7
    )

    assert [contact.id async for contact in stream] == expected
    assert (await client.contacts.search(filters=filters)).total == len(expected)


@pytest.mark.parametrize(
    "asked",
    [
        {"filters": Filter("email", "exists")},
        {"filters": {"field": "email", "operator": "exists"}},
        {"filters": ["email"]},
        {"filters": [Sort("email")]},
        {"sort": [Filter("email", "exists")]},
        {"sort": Sort("dateAdded")},
        {"sort": "dateAdded"},
        {"page_size": 0},
        {"page_size": 501},
        {"page_size": "10"},
        {"query": 5},
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_refused_here(fake, client, asked) -> None:
    """A search that has no meaning is refused at the call, by the stream as well."""
    (name,) = asked
    with pytest.raises(ConfigurationError, match=name):
        await client.contacts.search(**asked)
    with pytest.raises(ConfigurationError, match=name):
        client.contacts.stream(**asked)

    assert fake.stats.requests == 0


async def test_what_highlevel_cannot_sort_by_is_told(client) -> None:
    """Which fields it knows is HighLevel's to say, and it says so in words."""
    with pytest.raises(RequestRejected) as raised:
        await client.contacts.search(sort=[Sort("email")])

    assert (raised.value.status, len(raised.value.messages)) == (422, 1)
    assert "sort must be" in raised.value.messages[0]


# all of them


async def test_a_stream_that_is_left_asks_no_more(start, connect) -> None:
    """Whoever found what they looked for asks for no further page."""
    fake = await start(contacts=300)
    client = connect(fake, location_id=fake.location_id)
    await first_of(client.contacts.stream())

    assert fake.stats.requests == 1


async def test_a_stream_that_breaks_gives_what_came_before(start, connect) -> None:
    """The contacts of the whole pages come, and then the error that stood in the way."""
    fake = await start(contacts=250)
    stream = connect(fake, location_id=fake.location_id).contacts.stream()
    seen, error = await watched(stream, 100, lambda: fake.inject(Fault.SERVER_ERROR, 100))

    assert isinstance(error, Unavailable)
    assert seen == list(fake.contact_ids())[:100]


async def test_contacts_added_meanwhile_come_last(start, connect) -> None:
    """Oldest first, so that a sweep of a living location skips nobody and repeats nobody."""
    fake = await start(contacts=120)

    def live() -> None:
        fake.delete_contact(fake.contact_ids()[0])
        fake.update_contact(fake.contact_ids()[110], firstName="Moved")
        fake.add_contact(firstName="New")

    seen, _ = await watched(connect(fake, location_id=fake.location_id).contacts.stream(), 50, live)

    assert len(seen) == len(set(seen)) == 121
    assert fake.contact(seen[-1])["firstName"] == "New"
    assert set(fake.contact_ids()) <= set(seen)


async def test_an_odd_contact_ends_no_sweep(fake, client) -> None:
    """A field that cannot be read stands in ``extra`` as it came, as does one without a name."""
    odd = fake.add_contact(
        tags="vip", dateOfBirth="soon", type="robot", newField={"a": 1}, email=5, dnd="no"
    )
    contacts = {contact.id: contact async for contact in client.contacts.stream()}
    extra = contacts[odd].extra

    assert len(contacts) == 11
    assert (extra["tags"], extra["dateOfBirth"], extra["email"]) == ("vip", "soon", 5)
    assert (extra["newField"], extra["dnd"]) == ({"a": 1}, "no")
    assert (contacts[odd].tags, contacts[odd].type) == ((), "robot")


async def test_a_reply_that_is_no_page_is_told(fake, client) -> None:
    """What holds no contacts at all ends the stream, and says what came instead."""
    fake.inject(Fault.WRONG_TYPE)
    with pytest.raises(UnexpectedResponse) as raised:
        await anext(client.contacts.stream())

    assert raised.value.problems == ("expected an object, got a list @ $",)


# the older list


@pytest.fixture
def older(api_version: str) -> None:
    """Skip what version 3 has no more."""
    if api_version == "v3":
        pytest.skip("version 3 has no list of contacts")


async def test_the_list_goes_from_page_to_page(older, fake, client) -> None:
    """Its cursor leads through all contacts, newest first, to a page that is empty."""
    pages = [await client.contacts.list(page_size=4)]
    while pages[-1].cursor is not None and len(pages) < 9:
        pages.append(await client.contacts.list(page_size=4, after=pages[-1].cursor))
    found = [contact for page in pages for contact in page.contacts]

    assert [contact.id for contact in found] == list(fake.contact_ids())[::-1]
    assert {page.total for page in pages} == {10}
    assert [len(page.contacts) for page in pages] == [4, 4, 2, 0]


async def test_the_list_can_be_asked_for_somebody(older, fake, client) -> None:
    """A query narrows the list and its total."""
    wanted = await client.contacts.get(fake.contact_ids()[2])
    page = await client.contacts.list(query=wanted.email)

    assert ([contact.id for contact in page.contacts], page.total) == ([wanted.id], 1)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"after": "x"}, "after"),
        ({"after": [1]}, "after"),
        ({"after": ["1", "x"]}, "after"),
        ({"query": 5}, "query"),
        ({"location_id": ""}, "location_id"),
    ],
)
async def test_a_bad_page_of_the_list_is_refused_here(fake, client, asked, name) -> None:
    """What no page could be is named, and not sent."""
    with pytest.raises(ConfigurationError, match=name):
        await client.contacts.list(**asked)

    assert fake.stats.requests == 0


async def test_version_3_has_no_list(fake, connect) -> None:
    """Where HighLevel took the call away, the error says what to use instead."""
    client = connect(fake, location_id=fake.location_id, api_version="v3")
    with pytest.raises(ConfigurationError, match="search contacts instead"):
        await client.contacts.list()

    assert fake.stats.requests == 0


# duplicates


@pytest.mark.parametrize("field", ["email", "phone"])
async def test_a_contact_is_found_by_what_it_has(start, connect, field) -> None:
    """An email or a phone leads to its contact, and the reply says which it was."""
    fake = await start(allow_duplicates=True)
    client, contact_id = connect(fake, location_id=fake.location_id), fake.contact_ids()[4]
    found = await client.contacts.duplicate(**{field: fake.contact(contact_id)[field]})

    assert (found.contact.id, found.matching_field) == (contact_id, field)


async def test_an_email_counts_before_a_phone(fake, client) -> None:
    """With both, one contact comes back: the location's settings say whose."""
    one, other = (fake.contact(contact_id) for contact_id in fake.contact_ids()[:2])
    found = await client.contacts.duplicate(email=one["email"], phone=other["phone"])

    assert found.contact.id == one["id"]


async def test_no_duplicate_is_none(client) -> None:
    """Nobody with this phone is an answer, and a phone's plus reaches HighLevel as a plus."""
    assert await client.contacts.duplicate(phone="+1 999") is None
    assert await client.contacts.duplicate(email="a+b@example.com", phone="+1 999") is None


@pytest.mark.parametrize(
    ("asked", "name"),
    [({}, "email or phone"), ({"email": ""}, "email"), ({"phone": " "}, "phone"),
     ({"email": 5}, "email"), ({"phone": ["+1"]}, "phone")],
)  # fmt: skip
async def test_a_duplicate_of_nothing_is_refused_here(fake, client, asked, name) -> None:
    """Without anything to look for there is nothing to ask."""
    with pytest.raises(ConfigurationError, match=name):
        await client.contacts.duplicate(**asked)

    assert fake.stats.requests == 0
