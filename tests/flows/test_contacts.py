# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The contacts of a location, one or all."""

import pytest

from ghl_notes.errors import ConfigurationError, NotFound, Unavailable
from ghl_notes.testing import Fault


async def test_get_a_contact(fake, client, contact_id) -> None:
    """A contact has its usual fields under Python's names."""
    contact = await client.contacts.get(contact_id)

    assert (contact.id, contact.location_id) == (contact_id, fake.location_id)
    assert contact.name == f"{contact.first_name} {contact.last_name}"
    assert contact.date_added.tzinfo is not None
    with pytest.raises(NotFound):
        await client.contacts.get("nobody")


@pytest.mark.parametrize("bad", ["../x", "", None])
async def test_a_bad_contact_id_is_refused_here(fake, client, bad) -> None:
    """An id that leads elsewhere is not sent."""
    with pytest.raises(ConfigurationError, match="contact_id"):
        await client.contacts.get(bad)

    assert fake.stats.requests == 0


@pytest.mark.parametrize(
    ("contacts", "page_size", "requests"),
    [
        (0, 100, 1),
        (3, 1, 4),
        (20, 7, 3),
        (21, 7, 4),
        (99, 100, 1),
        (100, 100, 2),
        (101, 100, 2),
        (300, 100, 4),
        (120, 500, 2),
    ],
)
async def test_a_stream_pages_through_everything(
    start, connect, contacts, page_size, requests
) -> None:
    """Whatever the page size, each contact comes once, the oldest first, in few requests."""
    fake = await start(contacts=contacts)
    client = connect(fake, location_id=fake.location_id)
    found = [contact.id async for contact in client.contacts.stream(page_size=page_size)]

    assert found == list(fake.contact_ids())
    assert fake.stats.requests == requests


async def test_filters_are_passed_on(fake, client) -> None:
    """HighLevel's own filters choose the contacts."""
    wanted = await client.contacts.get(fake.contact_ids()[4])
    filters = [{"field": "email", "operator": "eq", "value": wanted.email}]
    found = [contact async for contact in client.contacts.stream(filters=filters)]

    assert [contact.id for contact in found] == [wanted.id]


@pytest.mark.parametrize("page_size", [3, 100])
async def test_sort_is_passed_on(fake, client, page_size) -> None:
    """HighLevel's own sort decides the order, across pages too."""
    sort = [{"field": "dateAdded", "direction": "desc"}]
    stream = client.contacts.stream(sort=sort, page_size=page_size)

    assert [contact.id async for contact in stream] == list(fake.contact_ids())[::-1]


async def test_the_location_can_be_named_in_either_place(fake, connect) -> None:
    """The stream's own location wins over the client's."""
    unnamed = connect(fake)
    other = connect(fake, location_id="elsewhere")

    assert len([c async for c in unnamed.contacts.stream(fake.location_id)]) == 10
    assert len([c async for c in other.contacts.stream(location_id=fake.location_id)]) == 10
    with pytest.raises(ConfigurationError, match="location_id"):
        unnamed.contacts.stream()


@pytest.mark.parametrize("page_size", [0, 501, -1, True, "100", 1.0])
async def test_a_bad_page_size_is_refused_at_the_call(client, page_size) -> None:
    """A page size that HighLevel would not take is refused at once."""
    with pytest.raises(ConfigurationError, match="page_size"):
        client.contacts.stream(page_size=page_size)


async def test_a_page_that_fails_is_asked_again(start, connect) -> None:
    """A search is a read, though it is sent by POST: lost replies cost no contact."""
    fake = await start(contacts=250)
    for fault in (Fault.RESET_AFTER, Fault.BAD_GATEWAY, Fault.CUT_JSON):
        fake.inject(fault, method="POST")
    client = connect(fake, location_id=fake.location_id)

    assert [c.id async for c in client.contacts.stream()] == list(fake.contact_ids())


async def test_an_error_ends_the_stream(fake, client) -> None:
    """A location that cannot be read to its end is not passed off as a smaller one."""
    fake.inject(Fault.SERVER_ERROR, 100)
    with pytest.raises(Unavailable):
        await anext(client.contacts.stream())

    assert fake.stats.requests == 8
