# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""One install on an agency, and a token of its own for each of its locations."""

import asyncio

import attrs
import pytest

from ghl_notes import Renewed, Spent
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.stores import Sealed, Unreadable
from ghl_notes.testing import Fault
from tests.keys import company_on, location_on


@pytest.fixture
async def agency(start, build, store):
    """Give an agency of 45 locations with the app installed, and what its observer hears."""
    fake, events = await start(locations=45, contacts=2), []
    highlevel = build(fake, store=store, observer=events.append)
    await highlevel.install(fake.authorize_code(company=True))
    return fake, highlevel, events


def minted(fake, index: int = 0) -> Renewed:
    """Give the event of a minted token."""
    return Renewed(location_id=fake.location_ids[index], company_id=fake.company_id, minted=True)


def renewals(events) -> list[Renewed]:
    """Pick the renewals."""
    return [event for event in events if isinstance(event, Renewed)]


async def test_a_location_gets_its_token_from_the_agency(agency, store) -> None:
    """A hundred first calls mint one token, which is stored like any other."""
    fake, highlevel, events = agency
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    await asyncio.gather(*(client.notes.list(contact_id) for _ in range(100)))
    stored = await store.load(location_on(fake))

    assert fake.stats.mints == 1
    assert renewals(events) == [minted(fake)]
    assert (stored.install.user_type, stored.install.company_id) == ("Location", fake.company_id)


async def test_locations_do_not_wait_for_each_other(agency) -> None:
    """Each location mints its own token, and reads its own contacts."""
    fake, highlevel, _ = agency
    ids = fake.location_ids

    async def count(location_id: str) -> int:
        contact_id = fake.contact_ids(location_id)[0]
        return len(await highlevel.location(location_id).notes.list(contact_id))

    assert await asyncio.gather(*map(count, ids)) == [5] * 45
    assert fake.stats.mints == 45


async def test_a_minted_token_is_renewed_by_its_own(agency) -> None:
    """A minted token brings a refresh token, which costs the agency nothing."""
    fake, highlevel, events = agency
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    await client.notes.list(contact_id)
    fake.expire_access_tokens()
    await client.notes.list(contact_id)

    assert (fake.stats.mints, fake.stats.refreshes) == (1, 1)
    assert renewals(events) == [minted(fake), attrs.evolve(minted(fake), minted=False)]


async def test_a_revoked_location_is_minted_again(agency) -> None:
    """A location's dead refresh token is no end while its agency's install lives."""
    fake, highlevel, events = agency
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    await client.notes.list(contact_id)
    fake.revoke(fake.location_id)
    await asyncio.gather(*(client.notes.list(contact_id) for _ in range(20)))

    assert (fake.stats.mints, fake.stats.invalid_grants) == (2, 1)
    assert renewals(events) == [minted(fake)] * 2
    assert not any(isinstance(event, Spent) for event in events)


async def test_a_location_installed_by_itself_can_be_minted_too(agency) -> None:
    """An install of the location's own is helped by its agency's when it is lost."""
    fake, highlevel, events = agency
    await highlevel.install(fake.authorize_code())
    fake.revoke(fake.location_id)
    client = highlevel.location(fake.location_id)

    assert len(await client.notes.list(fake.contact_ids()[0])) == 5
    assert renewals(events) == [minted(fake)]


async def test_an_expired_agency_token_is_renewed_first(agency) -> None:
    """Minting goes through the agency's own renewal, which happens once for all locations."""
    fake, highlevel, _ = agency
    fake.expire_access_tokens()
    clients = [highlevel.location(one) for one in fake.location_ids[:10]]
    await asyncio.gather(*(c.notes.list(fake.contact_ids(c.location_id)[0]) for c in clients))

    assert (fake.stats.mints, fake.stats.refreshes) == (10, 1)


async def test_a_revoked_agency_spends_its_locations(agency) -> None:
    """Without the agency's install the error names the location, and heals with it."""
    fake, highlevel, events = agency
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    await client.notes.list(contact_id)
    fake.revoke(company=True)
    fake.revoke(fake.location_id)
    for _ in range(2):
        with pytest.raises(ReauthorizationRequired) as raised:
            await client.notes.list(contact_id)
    told = [event for event in events if isinstance(event, Spent)]

    assert raised.value.location_id == fake.location_id
    assert {(event.location_id, event.company_id) for event in told} == {
        (fake.location_id, fake.company_id),
        (None, fake.company_id),
    }
    assert len(told) == 2
    await highlevel.install(fake.authorize_code(company=True))
    assert len(await client.notes.list(contact_id)) == 5


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RESET_BEFORE, Fault.RATE_LIMITED])
async def test_a_mint_is_tried_again(agency, fault, mint_path) -> None:
    """Trouble while minting passes unnoticed; a token too many does no harm."""
    fake, highlevel, _ = agency
    fake.inject(fault, 2, path_contains=mint_path)
    client = highlevel.location(fake.location_id)

    assert len(await client.notes.list(fake.contact_ids()[0])) == 5


async def test_a_mint_that_fails_is_told_as_it_is(agency, mint_path) -> None:
    """An agency that cannot mint now says why, after five tries in all, and can mint later."""
    fake, highlevel, _ = agency
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    fake.inject(Fault.SERVER_ERROR, 5, path_contains=mint_path)
    with pytest.raises(Unavailable) as raised:
        await client.notes.create(contact_id, "Text")

    assert raised.value.path == mint_path
    assert len(await client.notes.list(contact_id)) == 5


async def test_a_location_of_another_agency(agency) -> None:
    """A location that the agency does not have is not found, and nothing is stored for it."""
    fake, highlevel, _ = agency
    with pytest.raises(NotFound):
        await highlevel.location("elsewhere").notes.list(fake.contact_ids()[0])


async def test_two_agencies_have_to_be_told_apart(agency, build, store) -> None:
    """With two agencies stored nobody guesses; the company that is named is asked."""
    fake, _, _ = agency
    stored = await store.load(company_on(fake))
    other = attrs.evolve(stored.install, company_id="another")
    async with store.hold(other.key) as hold:
        await hold.save(type(stored).of(other, stored.token))
    highlevel = build(fake, store=store)
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    with pytest.raises(ConfigurationError, match="company_id"):
        await client.notes.list(contact_id)
    assert fake.stats.mints == 0
    assert highlevel.location(fake.location_id, company_id=fake.company_id) is client

    assert len(await client.notes.list(contact_id)) == 5


async def test_without_any_install_nothing_is_asked(fake, highlevel, contact_id) -> None:
    """A location that nobody installed the app on is told so without a request."""
    client = highlevel.location(fake.location_id, company_id=fake.company_id)
    with pytest.raises(ReauthorizationRequired) as raised:
        await client.notes.list(contact_id)

    assert raised.value.company_id == fake.company_id
    assert fake.stats.requests == 0


@pytest.mark.parametrize("locations", [1, 19, 20, 45, 100, 101, 230])
async def test_locations_come_page_by_page(start, build, locations) -> None:
    """Every location is given once, however many pages there are."""
    fake = await start(locations=locations, contacts=0)
    highlevel = build(fake)
    await highlevel.install(fake.authorize_code(company=True))
    found = [location async for location in highlevel.locations(fake.company_id)]

    assert [location.id for location in found] == list(fake.location_ids)
    assert {location.is_installed for location in found} == {True}
    asked = [seen for seen in fake.requests if "/oauth/installed" in seen.path]
    assert 0 < len(asked) <= locations // 100 + 2


async def test_locations_of_an_agency_that_is_not_installed(fake, highlevel) -> None:
    """The error names the agency, since that is who has to come back."""
    with pytest.raises(ReauthorizationRequired, match="company") as raised:
        await anext(highlevel.locations(fake.company_id))

    assert (raised.value.company_id, raised.value.location_id) == (fake.company_id, None)
    assert fake.stats.requests == 0


async def test_locations_need_a_scope(fake, highlevel) -> None:
    """A missing scope is named, and renews nothing."""
    await highlevel.install(fake.authorize_code(company=True, scopes=["contacts.readonly"]))
    with pytest.raises(AccessDenied, match="scope"):
        await anext(highlevel.locations(fake.company_id))

    assert fake.stats.refreshes == 0


@pytest.mark.parametrize("bad", ["../x", "", None])
async def test_bad_ids_are_refused_here(fake, highlevel, bad) -> None:
    """Ids of locations and agencies are looked at before anything is sent."""
    with pytest.raises(ConfigurationError, match="location_id"):
        highlevel.location(bad)
    with pytest.raises(ConfigurationError, match="company_id"):
        await anext(highlevel.locations(bad))
    if bad is not None:
        with pytest.raises(ConfigurationError, match="company_id"):
            highlevel.location("x", company_id=bad)

    assert fake.stats.requests == 0


@pytest.mark.parametrize(
    ("user_type", "is_in_the_way"),
    [pytest.param("Location", False, id="location"), pytest.param("Company", True, id="agency")],
)
async def test_what_cannot_be_read_hides_no_agency(
    fake, build, store, contact_id, user_type, is_in_the_way
) -> None:
    """An install of a location that no key opens matters to nobody else; an agency's may."""
    ours, theirs = (Sealed(store, keys=[Sealed.new_key()]) for _ in range(2))
    highlevel = build(fake, store=ours)
    await highlevel.install(fake.authorize_code(company=True))
    stored = await ours.load(company_on(fake))
    ids = {"user_type": user_type, "location_id": "lost", "company_id": "another"}
    install = attrs.evolve(stored.install, **ids)
    async with theirs.hold(install.key) as hold:
        await hold.save(attrs.evolve(stored, install=install))
    listing = highlevel.location(fake.location_id).notes.list(contact_id)
    if is_in_the_way:
        with pytest.raises(Unreadable, match="none of the keys opens"):
            await listing
    else:
        assert len(await listing) == 5
