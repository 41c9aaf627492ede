# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Tags, followers and businesses: of one contact, and of many in one request."""

import pytest

from ghl_notes import Client
from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.testing import FakeHighLevel, Fault
from tests.flows.calls import first_of, watched

BUSINESS = "6a59d5ac00000000deadbeef"


def tags(fake, *contact_ids: str) -> list[list[str]]:
    """Give the tags of contacts as HighLevel has them."""
    return [fake.contact(contact_id)["tags"] for contact_id in contact_ids]


# of one contact


async def test_tags_are_added_and_taken_away(fake, client, contact_id) -> None:
    """Both calls give the tags that the contact has then, as HighLevel spells them."""
    fake.update_contact(contact_id, tags=["old"])
    added = await client.tags.add(contact_id, iter(["VIP", "old", "New"]))
    left = await client.tags.remove(contact_id, ("Old", "unknown"))

    assert added == ("old", "vip", "new")
    assert left == ("vip", "new")
    assert tags(fake, contact_id) == [["vip", "new"]]


async def test_followers_are_added_and_taken_away(fake, client, contact_id) -> None:
    """Both calls give all who follow then, whoever was named."""
    added = await client.followers.add(contact_id, iter(["one", "two"]))
    more = await client.followers.add(contact_id, ["two", "three"])
    left = await client.followers.remove(contact_id, ["one", "four"])

    assert (added, more) == (("one", "two"), ("one", "two", "three"))
    assert left == tuple(fake.followers(contact_id)) == ("two", "three")
    assert (await client.contacts.get(contact_id)).followers == left


NO_TEXTS = [[], (), iter([]), None, "vip", b"vip", {"vip": True}, 5, [""], [" "], [5], [None]]


async def test_tags_that_are_none_are_refused_here(fake, client, contact_id) -> None:
    """No tags, or one where a list belongs, means nothing, and surely not all of them."""
    for bad in NO_TEXTS:
        for call, of in (
            (client.tags.add, contact_id),
            (client.tags.remove, contact_id),
            (client.tags.bulk_add, [contact_id]),
            (client.tags.bulk_remove, [contact_id]),
        ):
            with pytest.raises(ConfigurationError, match="tags must be a list of at least one"):
                await call(of, bad)

    assert fake.stats.requests == 0


# of many contacts


async def test_tags_of_many_contacts_change_in_one_request(fake, client) -> None:
    """Each contact has its outcome, which tells what was there and what was changed."""
    one, other = fake.contact_ids()[:2]
    fake.update_contact(one, tags=["old"])
    fake.update_contact(other, tags=["vip"])
    added = await client.tags.bulk_add(iter([one, other]), iter(["VIP"]))
    after = tags(fake, one, other)
    removed = await client.tags.bulk_remove([one, other], ["vip", "old"])

    assert (added.error_count, removed.error_count) == (0, 0)
    assert [outcome.contact_id for outcome in added.responses] == [one, other]
    assert [outcome.old_tags for outcome in added.responses] == [("old",), ("vip",)]
    assert [outcome.tags_added for outcome in added.responses] == [("vip",), ()]
    assert [outcome.tags_removed for outcome in removed.responses] == [("old", "vip"), ("vip",)]
    assert {outcome.type for outcome in added.responses} == {"success"}
    assert (after, tags(fake, one, other)) == ([["old", "vip"], ["vip"]], [[], []])
    assert fake.stats.requests == 2


async def test_all_tags_go_at_once(fake, client) -> None:
    """Clearing needs no names, and leaves the contacts that were not named."""
    one, other, third = fake.contact_ids()[:3]
    for contact_id in (one, other, third):
        fake.update_contact(contact_id, tags=["a", "b"])
    cleared = await client.tags.bulk_clear([one, other])

    assert [outcome.tags_removed for outcome in cleared.responses] == [("a", "b"), ("a", "b")]
    assert tags(fake, one, other, third) == [[], [], ["a", "b"]]


async def test_a_contact_that_cannot_be_changed_holds_up_no_other(start, connect) -> None:
    """Who is unknown, deleted or of another location is told of, and the others are done."""
    fake = await start(locations=2)
    here, gone = fake.contact_ids()[:2]
    fake.delete_contact(gone)
    away = fake.contact_ids(fake.location_ids[1])[0]
    client = connect(fake, location_id=fake.location_id)
    updated = await client.tags.bulk_add(["nobody", gone, away, here], ["vip"])

    assert updated.error_count == 3
    assert [outcome.type for outcome in updated.responses] == ["error"] * 3 + ["success"]
    assert all(outcome.message for outcome in updated.responses)
    assert fake.contact(here)["tags"] == ["vip"]
    assert "vip" not in fake.contact(away)["tags"]


# businesses


async def test_many_contacts_join_a_business_in_batches(start, connect) -> None:
    """HighLevel takes 50 at once, and any number can be given."""
    fake = await start(contacts=120)
    client = connect(fake, location_id=fake.location_id)
    joined = await client.businesses.assign(fake.contact_ids(), BUSINESS)

    assert joined == tuple(fake.contact_ids())
    assert fake.stats.requests == 3


async def test_contacts_join_and_leave_a_business(start, connect) -> None:
    """Both calls name the contacts that were changed, and leave out those that could not be."""
    fake = await start(locations=2)
    client = connect(fake, location_id=fake.location_id)
    one, other = fake.contact_ids()[:2]
    away = fake.contact_ids(fake.location_ids[1])[0]
    joined = await client.businesses.assign(iter([one, "nobody", away, other]), BUSINESS)
    found = {contact.id async for contact in client.businesses.contacts(BUSINESS)}
    left = await client.businesses.unassign([one])

    assert (joined, left) == ((one, other), (one,))
    assert found == {one, other}
    assert "businessId" not in fake.contact(one)
    assert fake.contact(other)["businessId"] == BUSINESS
    assert fake.contact(away)["businessId"] != BUSINESS
    assert (await client.contacts.get(other)).business_id == BUSINESS


@pytest.fixture
async def busy(start, connect) -> tuple[FakeHighLevel, Client]:
    """Give a location with 230 contacts of one business among others, and a client."""
    fake = await start(contacts=250)
    for contact_id in fake.contact_ids()[:230]:
        fake.update_contact(contact_id, businessId=BUSINESS)
    return fake, connect(fake, location_id=fake.location_id)


async def test_the_contacts_of_a_business_come_once_each(busy) -> None:
    """However many pages there are, every contact comes, and nobody else."""
    fake, client = busy
    found = [contact.id async for contact in client.businesses.contacts(BUSINESS)]

    assert sorted(found) == sorted(fake.contact_ids()[:230])
    assert fake.stats.requests == 4


async def test_contacts_that_join_meanwhile_make_none_come_twice(busy) -> None:
    """Pages that move under the reader repeat nobody."""
    fake, client = busy
    found, error = await watched(
        client.businesses.contacts(BUSINESS),
        100,
        lambda: fake.add_contact(firstName="Aaron", businessId=BUSINESS),
    )

    assert (error, len(found), len(set(found))) == (None, 230, 230)


async def test_the_contacts_of_a_business_can_be_narrowed(busy) -> None:
    """A query finds by name, email or phone within the business."""
    fake, client = busy
    wanted = fake.contact(fake.contact_ids()[7])
    found = [one.id async for one in client.businesses.contacts(BUSINESS, query=wanted["email"])]

    assert found == [wanted["id"]]
    assert [one async for one in client.businesses.contacts("6a59nobody")] == []
    with pytest.raises(ConfigurationError, match="query"):
        client.businesses.contacts(BUSINESS, query=5)


async def test_a_business_that_is_left_asks_no_more(busy) -> None:
    """Whoever found what they looked for asks for no further page."""
    fake, client = busy
    await first_of(client.businesses.contacts(BUSINESS))

    assert fake.stats.requests == 1


async def test_a_business_that_cannot_be_read_to_its_end_says_so(busy) -> None:
    """The contacts before the trouble come, and then the error, after the patience of bulk work."""
    fake, client = busy
    stream = client.businesses.contacts(BUSINESS)
    seen, error = await watched(stream, 100, lambda: fake.inject(Fault.SERVER_ERROR, 100))

    assert isinstance(error, Unavailable)
    assert len(seen) == 100
    assert fake.stats.requests == 1 + 8
