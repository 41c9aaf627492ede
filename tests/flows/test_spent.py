# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""Spent is what nothing can renew: a location is not while its agency may give it a token."""

import attrs
import pytest

from ghl_notes import (
    InstallHealth,
    LocationInactive,
    ReauthorizationRequired,
    RetryPolicy,
    Spent,
    Unavailable,
)
from ghl_notes.oauth import remembering
from ghl_notes.testing import Failure, Fault

TOKEN = "/oauth/token"
MINT = "/oauth/location"
PASSING = {
    "500": (Fault.SERVER_ERROR, Unavailable),
    "502": (Fault.BAD_GATEWAY, Unavailable),
    "reset": (Fault.RESET_BEFORE, Unavailable),
    "429": (Fault.RATE_LIMITED, Unavailable),
    "page of a proxy": (Fault.FORBIDDEN_HTML, Unavailable),
    "text of a proxy": (Failure(status=400, page="Bad Request"), Unavailable),
    "unknown 401": (Failure(status=401, message="Unauthorized"), Unavailable),
    "unknown 403": (Failure(status=403, message="Forbidden"), Unavailable),
    "404": (Failure(status=404, message="Cannot POST /oauth/locationToken"), Unavailable),
    "unknown 400": (Failure(status=400, message="Something odd happened"), Unavailable),
    "unknown 422": (Failure(status=422, message="version header is invalid"), Unavailable),
    "passing 400": (Failure(status=400, message="Command timed out, try again"), Unavailable),
    "paused": (Fault.LOCATION_INACTIVE, LocationInactive),
}
passing = pytest.mark.parametrize("name", PASSING)


@pytest.fixture
def events() -> list[object]:
    return []


@pytest.fixture
async def highlevel(fake, build, store, events, moments):
    """Give an agency's app whose one location has a dead refresh token of its own."""
    highlevel = build(fake, store=store, observer=events.append, retries=RetryPolicy(attempts=1))
    highlevel._installs.monotonic = moments
    await highlevel.install(fake.authorize_code(company=True))
    await highlevel.install(fake.authorize_code())
    fake.revoke()
    return highlevel


@pytest.fixture
def read(highlevel, fake, contact_id):
    return lambda: highlevel.location(fake.location_id).notes.list(contact_id)


@pytest.fixture
def tend(highlevel, fake):
    """Look at the location, as if it had rested for long."""

    async def look() -> InstallHealth:
        found = [one async for one in highlevel.tend(idle_days=-1)]
        (health,) = [one for one in found if one.install.location_id == fake.location_id]
        return health

    return look


@pytest.fixture
def mark(store, highlevel, fake):
    """Call the location spent in the store, as version 0.1 did before it asked the agency."""

    async def write() -> None:
        install = await highlevel.find(location_id=fake.location_id)
        async with store.hold(install.key) as hold:
            spent = attrs.evolve(install, spent_at=install.renewed_at)
            await hold.save(attrs.evolve(hold.stored, install=spent))

    return write


async def spent_at(highlevel, fake):
    return (await highlevel.find(location_id=fake.location_id)).spent_at


@passing
async def test_a_mint_that_fails_in_passing_spends_nothing(
    fake, highlevel, read, tend, events, moments, name
) -> None:
    """The next look or call heals it, and nobody is mailed meanwhile."""
    fault, kind = PASSING[name]
    fake.inject(fault, 1000, path_contains=MINT)
    health = await tend()
    with pytest.raises(kind):
        await read()
    during = await spent_at(highlevel, fake)
    fake.clear_faults()
    moments.now += 11

    assert health.state == ("inactive" if name == "paused" else "failed")
    assert isinstance(health.error, kind)
    assert not isinstance(health.error, ReauthorizationRequired)
    assert (during, [event for event in events if isinstance(event, Spent)]) == (None, [])
    assert (await tend()).state == "renewed"
    assert len(await read()) == 5


async def test_a_dead_refresh_token_is_tried_once(fake, highlevel, read, token_calls) -> None:
    """While the agency cannot be asked, nobody asks again what is known to be dead."""
    fake.inject(Fault.SERVER_ERROR, 1000, path_contains=MINT)
    before = token_calls()
    for _ in range(5):
        with pytest.raises(Unavailable):
            await read()

    assert token_calls() - before == 1


async def test_an_old_mark_is_healed_by_tending(fake, highlevel, mark, tend, events) -> None:
    """What an older version called spent too soon is looked at again."""
    await mark()
    health = await tend()

    assert health.state == "renewed"
    assert await spent_at(highlevel, fake) is None
    assert not [event for event in events if isinstance(event, Spent)]


@pytest.mark.parametrize("look", ["check", "call", "restart"])
async def test_an_old_mark_is_healed_by_others_too(
    fake, highlevel, build, store, mark, read, look
) -> None:
    """A check, a call, or a call of a process that starts later."""
    await mark()
    if look == "check":
        assert [one.state async for one in highlevel.check()] == ["healthy", "renewed"]
    elif look == "call":
        await read()
    else:
        later = build(fake, store=store)
        await later.location(fake.location_id).notes.list(fake.contact_ids()[0])

    assert await spent_at(highlevel, fake) is None


@passing
async def test_an_old_mark_is_not_believed_while_the_agency_fails(
    fake, highlevel, mark, tend, moments, name
) -> None:
    """Marked or not, it is not known to be spent."""
    fault, kind = PASSING[name]
    await mark()
    fake.inject(fault, 1000, path_contains=MINT)
    health = await tend()
    fake.clear_faults()
    moments.now += 11

    assert health.state == ("inactive" if name == "paused" else "failed")
    assert isinstance(health.error, kind)
    assert (await tend()).state == "renewed"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "The app is not installed on this location"),
        (422, "locationId is not valid"),
        (404, "Location not found"),
        (401, "The token is not authorized for this scope."),
        (403, "The token does not have access to this location."),
    ],
)
async def test_what_the_agency_is_refused_is_spent(
    fake, highlevel, read, tend, events, status, message
) -> None:
    """HighLevel itself has said no, to both: told once, and no request any more."""
    fake.inject(Failure(status=status, message=message), 1000, path_contains=MINT)
    first = await tend()
    with pytest.raises(ReauthorizationRequired):
        await read()  # with the access token, which might have been good till its end
    before = fake.stats.requests
    for _ in range(5):
        with pytest.raises(ReauthorizationRequired):
            await read()

    assert first.state == "spent"
    assert isinstance(first.error, ReauthorizationRequired)
    assert await spent_at(highlevel, fake) is not None
    assert fake.stats.requests == before
    assert [event for event in events if isinstance(event, Spent)] == [
        Spent(location_id=fake.location_id, company_id=fake.company_id)
    ]


async def test_a_refusal_stands_for_calls_and_is_looked_at_by_tend(
    fake, highlevel, read, tend, moments, monkeypatch, mint_path
) -> None:
    """An hour later calls ask nothing; a look asks once, and heals what was installed again."""
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 5.0)
    fake.uninstall()
    mints = f"POST {mint_path}"
    for _ in range(3):
        with pytest.raises(ReauthorizationRequired):
            await read()
        moments.now += 3600
    asked = [fake.stats.by_route[mints]]
    for _ in range(3):
        assert (await tend()).state == "spent"
        asked.append(fake.stats.by_route[mints])
    fake.install()
    moments.now += 6

    assert asked == [1, 2, 2, 2]
    assert (await tend()).state == "renewed"
    assert len(await read()) == 5


async def test_a_spent_agency_spends_its_locations(
    fake, highlevel, build, store, read, tend
) -> None:
    """With nobody left to ask it is spent, and costs no request in any process."""
    fake.revoke(company=True)
    fake.expire_access_tokens()
    first = await tend()
    with pytest.raises(ReauthorizationRequired):
        await read()
    before = fake.stats.requests
    later = build(fake, store=store)
    for client in (highlevel, later):
        for _ in range(2):
            with pytest.raises(ReauthorizationRequired):
                await client.location(fake.location_id).notes.list(fake.contact_ids()[0])
            found = [one.state async for one in client.tend(idle_days=-1)]
            assert found == ["spent", "spent"]

    assert first.state == "spent"
    assert fake.stats.requests == before
    await highlevel.install(fake.authorize_code(company=True))
    assert len(await read()) == 5
    assert [one.state async for one in later.tend(idle_days=-1)] == ["renewed", "renewed"]


async def test_a_failing_agency_spends_no_location(fake, highlevel, read, tend) -> None:
    """While the agency's own renewal fails, nothing is known of its location."""
    fake.expire_access_tokens()
    fake.inject(Fault.RATE_LIMITED, 1000, path_contains=TOKEN)
    with pytest.raises(Unavailable):
        await read()
    fake.clear_faults()
    fake.inject(Failure(status=400, message="Invalid grant: x"), path_contains=TOKEN)
    fake.inject(Fault.RATE_LIMITED, 1000, path_contains=TOKEN)
    with pytest.raises(Unavailable):
        await read()
    during = await spent_at(highlevel, fake)
    fake.clear_faults()

    assert during is None
    assert len(await read()) == 5


async def test_what_was_forgotten_while_it_was_looked_at_stays_forgotten(
    fake, highlevel, store
) -> None:
    """A look brings no install back."""
    key = (await highlevel.find(location_id=fake.location_id)).key
    found = []
    async for health in highlevel.tend(idle_days=-1, concurrency=1):
        found.append(health)
        if health.install.location_id is None:
            await highlevel.forget(location_id=fake.location_id)

    assert await store.load(key) is None
