# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Whose events are let in: those of stored locations, and of those a stored agency vouches for."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import HighLevel, ReauthorizationRequired, Unavailable
from ghl_notes.stores import MemoryStore, Sealed
from ghl_notes.testing import FakeHighLevel, Fault
from ghl_notes.webhooks import vouching
from ghl_notes.webhooks.vouching import Allowance
from tests.webhooks.conftest import Sender, WithoutClaims

ASKED = "GET /oauth/installedLocations"


@pytest.fixture
def send(fake, listen, agency) -> Sender:
    """Give a sender to a receiver of the agency's app."""
    return Sender(fake, listen(agency))


@pytest.fixture(params=["ours", None])
def app_id(request, fake) -> str | None:
    """Give what events name as their app."""
    return fake.app.app_id if request.param else None


async def test_a_stored_agency_vouches_for_a_location_nobody_has_used(
    send, handler, fake, agency, app_id
) -> None:
    """An event that names only its location is let in; if it names the app, without a question."""
    receipts = [await send(appId=app_id, webhookId=one) for one in "abc"]
    client = agency.location(fake.location_id)
    notes = await client.notes.list(fake.contact_ids()[0])

    assert [one.status for one in receipts] == [200] * 3
    assert len(handler.got) == 3
    assert fake.stats.by_route[ASKED] == (0 if app_id else 1)
    assert (len(notes), fake.stats.mints) == (5, 1)


async def test_an_agency_vouches_for_its_own_locations_only(send, handler, fake) -> None:
    """Another app's event of a location that we are not on is refused, at the cost of one call."""
    fake.uninstall()
    unknown = [fake.location_id] * 3 + ["ve9EPM428h8vShlRW1KT"] * 2
    receipts = [
        await send(appId=None, locationId=where, webhookId=str(n))
        for n, where in enumerate(unknown)
    ]

    assert [one.status for one in receipts] == [403] * 5
    assert fake.stats.by_route[ASKED] == 2
    assert handler.got == []


async def test_an_agency_that_is_named_is_the_only_one_that_counts(send, fake, app_id) -> None:
    """A stored agency does not vouch for what another agency has."""
    other = await send(appId=app_id, companyId="GNb7aIv4rQFVb9iwNl5K")
    own = await send(appId=app_id, companyId=fake.company_id)

    assert (other.status, own.status) == (403, 200)
    assert fake.stats.by_route[ASKED] == 0


async def test_without_an_agency_nobody_vouches(build, fake, listen, app_id) -> None:
    """Where only locations are stored, the others are unknown, and nobody is asked."""
    highlevel = build(store=MemoryStore())
    await highlevel.install(fake.authorize_code(fake.location_ids[1]))
    send = Sender(fake, listen(highlevel))
    before = await send(appId=app_id)
    await highlevel.install(fake.authorize_code(company=True))
    after = await send(appId=app_id)
    await highlevel.forget(company_id=fake.company_id)
    gone = await send(appId=app_id, locationId=fake.location_ids[2], webhookId="2")

    assert (before.status, after.status, gone.status) == (403, 200, 403)


async def test_an_install_that_cannot_be_read_hides_no_agency(
    build, fake, listen, store, app_id
) -> None:
    """An install of a location that no key opens keeps no event of another one back."""
    ours, theirs = (Sealed(store, keys=[Sealed.new_key()]) for _ in range(2))
    highlevel = build(store=ours)
    await highlevel.install(fake.authorize_code(company=True))
    await build(store=theirs).install(fake.authorize_code(fake.location_ids[1]))

    assert (await Sender(fake, listen(highlevel))(appId=app_id)).status == 200


@pytest.mark.parametrize("named", [True, False])
async def test_a_location_that_was_uninstalled_stays_unknown(
    send, handler, fake, agency, app_id, named
) -> None:
    """Events that come late do not bring it back, whatever they name; a new INSTALL does."""
    where = {"appId": app_id, "companyId": fake.company_id if named else None}
    first = await send(**where)
    fake.uninstall()
    gone = await send(type="UNINSTALL", webhookId="gone")
    late = await send(**where, webhookId="late")
    elsewhere = await send(**where, locationId=fake.location_ids[1], webhookId="elsewhere")
    again = await send(type="INSTALL", companyId=fake.company_id, webhookId="refused")
    still = await send(**where, webhookId="still")
    fake.install()
    back = await send(type="INSTALL", companyId=fake.company_id, webhookId="install")
    after = await send(**where, webhookId="after")

    assert [one.status for one in (first, gone, late, elsewhere)] == [200, 200, 403, 200]
    assert [one.status for one in (again, still, back, after)] == [200, 403, 200, 200]
    assert await agency.find(location_id=fake.location_id) is not None
    assert [event.webhook_id for event in handler.got if event.type == "NoteCreate"][1:] == [
        "elsewhere",
        "after",
    ]


async def test_a_location_that_was_forgotten_by_hand_stays_unknown(
    send, fake, agency, clock, app_id
) -> None:
    """``forget`` counts like an UNINSTALL, until the last repetition can have come."""
    await agency.mint(fake.location_id)
    await agency.forget(location_id=fake.location_id)
    late = await send(appId=app_id)
    clock.now += 8 * 86_400
    later = await send(appId=app_id)

    assert (late.status, later.status) == (403, 200)
    assert await agency.find(location_id=fake.location_id) is None


BACK = {
    "minted": lambda fake, agency: agency.mint(fake.location_id),
    "installed": lambda fake, agency: agency.install(fake.authorize_code()),
    "used": lambda fake, agency: agency.location(fake.location_id).notes.list(
        fake.contact_ids()[0]
    ),
}


@pytest.mark.parametrize("way", BACK)
async def test_what_is_there_again_is_no_longer_forgotten(send, fake, agency, app_id, way) -> None:
    """Whatever stores its install again, its agency vouches for it from then on."""
    await agency.mint(fake.location_id)
    await agency.forget(location_id=fake.location_id)
    late = await send(appId=app_id)
    await BACK[way](fake, agency)
    await lost(agency, fake.location_id)
    back = await send(appId=app_id)

    assert (late.status, back.status) == (403, 200)


async def test_what_a_late_uninstall_leaves_is_not_forgotten(send, fake, agency, app_id) -> None:
    """An UNINSTALL that is older than the stored install does not mark its location."""
    install = await agency.mint(fake.location_id)
    old = install.installed_at - timedelta(seconds=1)
    forgotten = await agency.forget(location_id=fake.location_id, before=old)
    await lost(agency, fake.location_id)

    assert forgotten == []
    assert (await send(appId=app_id)).status == 200


async def test_what_is_forgotten_while_it_is_minted_stays_so(send, fake, agency, app_id) -> None:
    """The reply of a mint under way does not take the mark away that came meanwhile."""
    forgetting = []

    async def look(request) -> None:
        if request.kind == "mint" and request.phase == "answered" and not forgetting:
            forget = agency.forget(location_id=fake.location_id)
            forgetting.append(asyncio.create_task(forget))
            await asyncio.sleep(0.05)

    fake.on_token = look
    with pytest.raises(ReauthorizationRequired):
        await agency.mint(fake.location_id)
    await forgetting[0]

    assert (await send(appId=app_id)).status == 403


@pytest.mark.parametrize(
    "failure", [Unavailable("the claims are away", maybe_applied=False), KeyError("x")]
)
async def test_an_install_is_told_though_claims_are_away(build, fake, caplog, failure) -> None:
    """A code works once: that a mark stayed is logged, and the install is returned."""

    class Away(MemoryStore):
        async def forget(self, name: str) -> None:
            raise failure

    highlevel = build(store=Away())
    install = await highlevel.install(fake.authorize_code())

    assert await highlevel.find(location_id=fake.location_id) == install
    assert f"off the forgotten ones: {type(failure).__name__}" in caplog.text


async def lost(highlevel: HighLevel, location_id: str) -> None:
    """Take an install out of the store, as nobody does who means to forget its location."""
    install = await highlevel.find(location_id=location_id)
    async with highlevel.store.hold(install.key) as hold:
        await hold.delete()


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.HTML])
async def test_an_agency_that_cannot_be_asked_now(send, handler, fake, fault) -> None:
    """A HighLevel that is down lets the event come again; then it is let in."""
    fake.inject(fault, path_contains="installedLocations")
    down = await send(appId=None)
    up = await send(appId=None)

    assert (down.status, up.status) == (503, 200)
    assert len(handler.got) == 1


async def test_an_agency_that_may_not_be_asked(build, fake, listen, handler, caplog) -> None:
    """Without ``oauth.readonly`` it cannot vouch, which the log tells, and the event is refused."""
    highlevel = build(store=MemoryStore())
    await highlevel.install(fake.authorize_code(company=True, scopes=["oauth.write"]))
    send = Sender(fake, listen(highlevel))

    assert (await send(appId=None)).status == 403
    assert (await send(webhookId="ours")).status == 200
    assert "cannot vouch" in caplog.text


async def test_a_flood_of_unknown_locations_asks_little(send, handler, fake) -> None:
    """Signed events of other apps cost a bounded number of calls; the rest may come again."""
    receipts = await asyncio.gather(
        *(send(appId=None, locationId=f"other{n}", webhookId=str(n)) for n in range(200))
    )
    statuses = [one.status for one in receipts]
    known = await send(webhookId="known")

    assert fake.stats.by_route[ASKED] <= 31
    assert set(statuses) == {403, 503}
    assert statuses.count(403) == fake.stats.by_route[ASKED]
    assert known.status == 200


async def test_events_of_one_location_ask_once(send, handler, fake) -> None:
    """What comes together waits for the same answer."""
    receipts = await asyncio.gather(*(send(appId=None, webhookId=str(n)) for n in range(20)))

    assert [one.status for one in receipts] == [200] * 20
    assert fake.stats.by_route[ASKED] == 1


async def test_answers_are_not_kept_without_end(monkeypatch, send, fake) -> None:
    """However many locations were asked about, only so many answers are remembered."""
    monkeypatch.setattr(vouching, "_MOST_ANSWERS", 3)
    for where in ("a", "b", "c", "d", "d", "a"):
        await send(appId=None, locationId=where)
    kept = send.webhooks._known._vouching._answers

    assert list(kept) == ["c", "d", "a"]
    assert fake.stats.by_route[ASKED] == 5


@given(
    burst=st.integers(1, 20),
    every=st.floats(0.01, 10),
    waits=st.lists(st.floats(0, 30), max_size=60),
)
def test_an_allowance_is_never_exceeded(burst: int, every: float, waits: list[float]) -> None:
    """In any span there are at most ``burst`` and one for each ``every`` seconds of it."""
    allowance, now, taken = Allowance(burst, every), 1000.0, []
    for wait in waits:
        now += wait
        if allowance.take(now):
            taken.append(now)

    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            allowed = burst + (taken[last] - start) / every
            assert last - first + 1 <= allowed + 1e-6


def test_an_allowance_is_used_to_the_full() -> None:
    """A burst at once, then one at a time."""
    allowance = Allowance(3, 2.0)

    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.take(102.0) for _ in range(2)] == [True, False]


async def test_the_fake_finds_one_location(agency, fake: FakeHighLevel) -> None:
    """``locations`` can be asked for one alone."""
    where = fake.location_ids[1]

    assert [one.id async for one in agency.locations(fake.company_id, location_id=where)] == [where]
    assert [one async for one in agency.locations(fake.company_id, location_id="other")] == []


async def test_a_store_without_claims_can_forget(build, fake) -> None:
    """What only webhooks need is not asked of a store that has none."""
    highlevel = build(store=WithoutClaims())
    install = await highlevel.install(fake.authorize_code())

    assert await highlevel.forget(location_id=fake.location_id) == [install]
