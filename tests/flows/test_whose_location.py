# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""Which agency a location's token is asked of, and for how long that is believed."""

import attrs
import pytest

from ghl_notes import ReauthorizationRequired, Spent, Unavailable
from ghl_notes.errors import ConfigurationError
from tests.keys import company_on, location_on


@pytest.fixture
def events() -> list[object]:
    return []


@pytest.fixture
async def highlevel(fake, build, store, events):
    """Give an agency's app."""
    highlevel = build(fake, store=store, observer=events.append)
    await highlevel.install(fake.authorize_code(company=True))
    return highlevel


@pytest.fixture
def rename(fake, store):
    """Keep the agency's install under the name of another agency, whose location is not its own."""

    async def copy(company_id: str) -> None:
        stored = await store.load(company_on(fake))
        other = attrs.evolve(stored.install, company_id=company_id)
        async with store.hold(other.key) as hold:
            await hold.save(type(stored).of(other, stored.token))

    return copy


@pytest.mark.parametrize("how", ["here", "elsewhere", "mint", "location"])
async def test_an_agency_that_is_forgotten_is_asked_no_more(
    fake, highlevel, build, store, contact_id, rename, how
) -> None:
    """A location that went to another agency, the only one that is stored, gets its token there."""
    await rename("old")
    await highlevel.forget(company_id=fake.company_id)
    client = highlevel.location(fake.location_id)
    first = client.notes.list(contact_id)
    if how == "mint":
        first.close()
        first = highlevel.mint(fake.location_id, company_id="old")
    with pytest.raises(Unavailable):  # the old agency has no such location
        await first
    forgetting = build(fake, store=store) if how == "elsewhere" else highlevel
    if how == "location":
        await highlevel.forget(location_id=fake.location_id)
    await forgetting.forget(company_id="old")
    await highlevel.install(fake.authorize_code(company=True))

    assert len(await client.notes.list(contact_id)) == 5


async def test_a_location_that_had_a_token_of_the_old_agency(
    fake, highlevel, store, contact_id, rename
) -> None:
    """What its install said of its agency goes with the install."""
    client = highlevel.location(fake.location_id)
    await client.notes.list(contact_id)
    assert [one.state async for one in highlevel.check()] == ["healthy", "healthy"]
    await rename("new")
    await highlevel.forget(company_id=fake.company_id)
    with pytest.raises(Unavailable, match="company"):  # the new agency was asked
        await client.notes.list(contact_id)


async def test_what_the_caller_has_said_stays(fake, highlevel, contact_id, rename) -> None:
    """The agency that was named is asked, and no other in its place."""
    client = highlevel.location(fake.location_id, company_id="missing")
    for _ in range(2):
        with pytest.raises(ReauthorizationRequired) as raised:
            await client.notes.list(contact_id)
        assert raised.value.company_id == "missing"
        await highlevel.forget(location_id=fake.location_id)

    assert fake.stats.mints == 0


async def test_an_install_of_unknown_agency_is_spent_among_several(
    fake, highlevel, build, store, contact_id, rename, events
) -> None:
    """Without an agency to ask, a dead install is told as such, and not as a wrong argument.

    A location without an install still needs to be told which.
    """
    await highlevel.install(fake.authorize_code())
    key = location_on(fake)
    async with store.hold(key) as hold:
        install = attrs.evolve(hold.stored.install, company_id=None)
        await hold.save(attrs.evolve(hold.stored, install=install))
    await rename("another")
    fake.revoke()
    highlevel = build(fake, store=store, observer=events.append)
    client = highlevel.location(fake.location_id)
    for _ in range(2):
        with pytest.raises(ReauthorizationRequired, match="spent"):
            await client.notes.list(contact_id)
    health = [one async for one in highlevel.check()] + [one async for one in highlevel.tend()]
    states = [one.state for one in health if one.install.location_id]
    spent = [event for event in events if isinstance(event, Spent)]
    with pytest.raises(ConfigurationError, match="company_id"):
        await highlevel.mint(fake.location_id)
    await highlevel.forget(location_id=fake.location_id)
    with pytest.raises(ConfigurationError, match="company_id"):
        await client.notes.list(contact_id)

    assert states == ["spent", "spent"]
    assert spent == [Spent(location_id=fake.location_id, company_id=None)]
    assert fake.stats.mints == 0
