# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""What is installed, how it is, and keeping it alive without a user."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from ghl_notes import (
    AccessDenied,
    ConfigurationError,
    LocationInactive,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.testing import Fault
from tests.keys import location_on

DAY = 86_400.0
TOKEN = "/oauth/token"


@pytest.fixture
async def fake(start, clock):
    """Give a pretend HighLevel of three locations that lives by the test's clock."""
    return await start(locations=3, clock=clock)


@pytest.fixture
async def highlevel(fake, build, store, clock):
    """Give an app that is installed on each location by itself."""
    highlevel = build(fake, store=store, clock=clock)
    for location_id in fake.location_ids:
        await highlevel.install(fake.authorize_code(location_id))
    return highlevel


async def health(results):
    """Collect what is told, by location."""
    return {one.install.location_id: one async for one in results}


async def test_what_is_stored_is_listed(fake, highlevel, clock) -> None:
    """Every install is told with its times and scopes, and HighLevel is asked nothing."""
    before = fake.stats.requests
    installs = {install.location_id: install async for install in highlevel.installs()}

    assert set(installs) == set(fake.location_ids)
    assert {install.installed_at for install in installs.values()} == {clock.at()}
    assert {install.renewed_at for install in installs.values()} == {clock.at()}
    assert {install.spent_at for install in installs.values()} == {None}
    assert fake.stats.requests == before


async def test_one_install_is_found(fake, highlevel) -> None:
    """A location or an agency is looked up by its id; one that is not there is None."""
    found = await highlevel.find(location_id=fake.location_id)

    assert found is not None
    assert found.company_id == fake.company_id
    assert await highlevel.find(location_id="elsewhere") is None
    assert await highlevel.find(company_id=fake.company_id) is None


@pytest.mark.parametrize(
    "ids", [{}, {"location_id": "a", "company_id": "b"}, {"location_id": ""}, {"company_id": "a/b"}]
)
async def test_an_install_is_named_by_one_good_id(highlevel, ids) -> None:
    """Neither both ids, nor none, nor one that is no id."""
    with pytest.raises(ConfigurationError):
        await highlevel.find(**ids)
    with pytest.raises(ConfigurationError):
        await highlevel.forget(**ids)


async def test_a_renewal_moves_its_time_and_no_other(fake, highlevel, clock) -> None:
    """An install stays as old as it is, however often its token is renewed."""
    began = clock.at()
    clock.now += DAY
    await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])
    found = await highlevel.find(location_id=fake.location_id)

    assert (found.installed_at, found.renewed_at) == (began, clock.at())


async def test_tending_renews_what_rested_too_long(fake, highlevel, clock) -> None:
    """An install in daily use is left alone, one that nobody used is renewed, once."""
    clock.now += 29 * DAY
    await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])
    clock.now += 2 * DAY
    before = fake.stats.refreshes
    first = await health(highlevel.tend())
    second = await health(highlevel.tend())

    states = [first[location_id].state for location_id in fake.location_ids]
    assert states == ["healthy", "renewed", "renewed"]
    assert {one.state for one in second.values()} == {"healthy"}
    assert fake.stats.refreshes == before + 2
    assert first[fake.location_ids[1]].install.renewed_at == clock.at()
    assert first[fake.location_ids[1]].install.lapses_at == clock.at() + timedelta(days=365)


async def test_an_install_that_is_tended_outlives_the_year(fake, highlevel, clock) -> None:
    """A refresh token lives a year unused; with a look every month an install lives on."""
    for _ in range(14):
        clock.now += 31 * DAY
        assert {one.state for one in (await health(highlevel.tend())).values()} == {"renewed"}
    await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])

    assert fake.stats.invalid_grants == 0


async def test_an_install_that_nobody_tends_lapses(fake, highlevel, clock) -> None:
    """After the year the install is spent, and the health says so."""
    clock.now += 366 * DAY
    found = await health(highlevel.tend())

    assert {one.state for one in found.values()} == {"spent"}
    assert {type(one.error) for one in found.values()} == {ReauthorizationRequired}
    assert {one.install.spent_at for one in found.values()} == {clock.at()}
    assert {one.install.lapses_at for one in found.values()} == {None}


async def test_trouble_is_told_and_the_others_go_on(fake, highlevel, clock) -> None:
    """Each install has its own state, and its own error."""
    clock.now += 31 * DAY
    one, two, three = fake.location_ids
    fake.revoke(one)
    fake.deactivate(two)
    found = await health(highlevel.tend())
    again = await health(highlevel.tend())

    assert [found[one].state, found[two].state, found[three].state] == [
        "spent",
        "inactive",
        "renewed",
    ]
    assert isinstance(found[two].error, LocationInactive)
    assert again[one].state == "spent"
    assert again[one].error is None  # known before anything was asked


async def test_highlevel_being_down_is_no_verdict(fake, highlevel, clock) -> None:
    """A token endpoint that fails leaves the install to the next look."""
    clock.now += 31 * DAY
    fake.inject(Fault.RATE_LIMITED, 9, path_contains=TOKEN)
    found = await health(highlevel.tend(concurrency=1))
    again = await health(highlevel.tend())

    assert {one.state for one in found.values()} == {"failed"}
    assert {type(one.error) for one in found.values()} == {Unavailable}
    assert {one.state for one in again.values()} == {"renewed"}


async def test_two_processes_may_tend_at_once(fake, build, highlevel, store, clock) -> None:
    """However many tend, each install is renewed once."""
    other = build(fake, store=store, clock=clock)
    clock.now += 31 * DAY
    before = fake.stats.refreshes
    await asyncio.gather(health(highlevel.tend()), health(other.tend()))

    assert fake.stats.refreshes == before + 3


@pytest.mark.parametrize("concurrency", [0, -1, True, 1.5])
async def test_a_concurrency_that_cannot_work(highlevel, concurrency) -> None:
    """It is refused before anything is asked."""
    with pytest.raises(ConfigurationError, match="concurrency"):
        highlevel.tend(concurrency=concurrency)


async def test_checking_asks_in_the_name_of_each(fake, highlevel, clock) -> None:
    """A token that looks good by its time and was killed is found out."""
    clock.now += 60
    one, two, three = fake.location_ids
    fake.revoke(one)
    fake.deactivate(two)
    fake.expire_access_tokens()
    found = await health(highlevel.check())

    assert {where: result.state for where, result in found.items()} == {
        one: "spent",
        two: "inactive",
        three: "renewed",
    }
    assert fake.stats.by_route["POST /contacts/search"] == 4


async def test_checking_a_healthy_install_costs_one_request(fake, highlevel) -> None:
    """Where nothing is wrong, no token is spent for looking."""
    before = fake.stats.requests
    found = await health(highlevel.check())

    assert {one.state for one in found.values()} == {"healthy"}
    assert (fake.stats.requests - before, fake.stats.refreshes) == (3, 0)


async def test_an_agency_is_checked_by_its_locations(fake, build, clock) -> None:
    """An agency's own install is asked for one page of locations."""
    highlevel = build(fake, clock=clock)
    await highlevel.install(fake.authorize_code(company=True))
    good = [one.state async for one in highlevel.check()]
    fake.revoke(company=True)
    bad = [one.state async for one in highlevel.check()]

    assert (good, bad) == (["healthy"], ["spent"])


async def test_a_scope_that_is_missing_is_not_needed(fake, build, clock) -> None:
    """An install that may not read contacts is not asked for any."""
    highlevel = build(fake, clock=clock)
    await highlevel.install(fake.authorize_code(scopes=["contacts.write"]))
    found = [one async for one in highlevel.check()]

    assert [one.state for one in found] == ["healthy"]
    assert fake.stats.by_route["POST /contacts/search"] == 0


async def test_forgetting_a_location(fake, highlevel) -> None:
    """What was forgotten is returned and gone, for the client that is in use too."""
    client = highlevel.location(fake.location_id)
    await client.notes.list(fake.contact_ids()[0])
    forgotten = await highlevel.forget(location_id=fake.location_id)
    again = await highlevel.forget(location_id=fake.location_id)

    assert [install.location_id for install in forgotten] == [fake.location_id]
    assert again == []
    assert len([install async for install in highlevel.installs()]) == 2
    with pytest.raises(ReauthorizationRequired):
        await client.notes.list(fake.contact_ids()[0])


async def test_forgetting_an_agency_forgets_its_locations(fake, highlevel, store, clock) -> None:
    """An agency goes with every location that belongs to it, and no other."""
    await highlevel.install(fake.authorize_code(company=True))
    stored = await store.load(location_on(fake))
    other = attrs.evolve(stored.install, location_id="elsewhere", company_id="another")
    async with store.hold(other.key) as hold:
        await hold.save(type(stored).of(other, stored.token))
    forgotten = await highlevel.forget(company_id=fake.company_id)

    assert {install.location_id for install in forgotten} == {None, *fake.location_ids}
    assert [install.location_id async for install in highlevel.installs()] == ["elsewhere"]


async def test_what_is_newer_is_not_forgotten(fake, highlevel, clock) -> None:
    """An uninstall that is older than the install is about another one."""
    before, clock.now = clock.at() - timedelta(seconds=1), clock.now + DAY
    assert await highlevel.forget(location_id=fake.location_id, before=before) == []
    await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])
    forgotten = await highlevel.forget(location_id=fake.location_id, before=clock.at())

    assert [install.location_id for install in forgotten] == [fake.location_id]


async def test_minting_stores_a_locations_token(fake, build, store, clock) -> None:
    """A location of the agency is installed at once, and its time is the one that is given."""
    highlevel = build(fake, store=store, clock=clock)
    await highlevel.install(fake.authorize_code(company=True))
    since = clock.at() - timedelta(hours=1)
    install = await highlevel.mint(fake.location_id, company_id=fake.company_id, since=since)
    again = await highlevel.mint(fake.location_id, since=since)
    newer = await highlevel.mint(fake.location_id)

    assert install == again
    assert newer == await highlevel.find(location_id=fake.location_id)
    assert install.installed_at == since
    assert newer.installed_at == clock.at()
    assert fake.stats.mints == 2


async def test_minting_without_an_agency(fake, highlevel) -> None:
    """Without the agency's install there is nothing to mint from, and what is stored stays."""
    with pytest.raises(ReauthorizationRequired):
        await highlevel.mint(fake.location_id)

    assert len(await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])) == 5


async def test_an_agency_without_the_scope_to_mint(fake, build, clock) -> None:
    """A scope that is missing is told as such, and spends no token of the agency."""
    highlevel = build(fake, clock=clock)
    await highlevel.install(fake.authorize_code(company=True, scopes=["contacts.readonly"]))
    with pytest.raises(AccessDenied, match="scope"):
        await highlevel.mint(fake.location_id)

    assert fake.stats.refreshes == 0
