# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What was uninstalled or forgotten is not let in, and what is installed is, whatever came last."""

import asyncio
from itertools import permutations

import pytest
import pytest_asyncio
from attrs import evolve

from ghl_notes import ConfigurationError
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import Fault
from ghl_notes.webhooks import Receipt
from tests.keys import company_on
from tests.webhooks.conftest import Sender

ASKED = "GET /oauth/installedLocations"
SOON = "2100-01-01T00:00:00Z"
OTHER = "GNb7aIv4rQFVb9iwNl5K"


@pytest_asyncio.fixture
async def other_agency(fake, store, agency) -> str:
    """Store another agency's install beside it, which has none of these locations."""
    stored = await store.load(company_on(fake))
    install = evolve(stored.install, company_id=OTHER)
    async with store.hold(install.key) as hold:
        await hold.save(evolve(stored, install=install))
    return OTHER


@pytest.fixture
def send(fake, listen, agency) -> Sender:
    """Give a sender to a receiver of the agency's app."""
    return Sender(fake, listen(agency))


@pytest.fixture(params=["names the app", "names nobody"])
def app_id(request, fake) -> str | None:
    """Give what events name as their app."""
    return fake.app.app_id if request.param == "names the app" else None


@pytest.mark.parametrize("told", [True, False])
async def test_a_location_goes_with_its_agency(  # one for each way to say that it went
    send, handler, agency, other_agency, fake, app_id, told
) -> None:
    """No other agency vouches for it, as long as its own is not back; HighLevel is asked then."""
    await agency.mint(fake.location_id, company_id=fake.company_id)
    if told:
        gone = {"locationId": None, "companyId": fake.company_id, "timestamp": SOON}
        await send(type="UNINSTALL", **gone, webhookId="gone")
    else:
        await agency.forget(company_id=fake.company_id)
    fake.inject(Fault.SERVER_ERROR, path_contains="installedLocations")
    unknown = await send(appId=app_id, webhookId="unknown")
    late = await send(appId=app_id, webhookId="late")
    await agency.install(fake.authorize_code(company=True))
    send.webhooks._known._vouching._answers.clear()  # a no is believed for a minute
    back = [await send(appId=app_id, webhookId=f"back {n}") for n in range(3)]
    asked = fake.stats.by_route[ASKED]

    assert [unknown.status, late.status] == [503, 403]
    assert [one.status for one in back] == [200] * 3
    assert asked <= 5
    assert len(handler.got) == 3 + told


async def test_an_answer_lasts_no_longer_than_its_agency(send, agency, fake) -> None:
    """What HighLevel said of a location is not believed once who vouched is gone; nor later."""
    first = [await send(appId=None, webhookId=str(n)) for n in range(2)]
    asked = fake.stats.by_route[ASKED]
    await agency.forget(company_id=fake.company_id)
    late = await send(appId=None, webhookId="late")
    await agency.install(fake.authorize_code(company=True))
    back = await send(appId=None, webhookId="back")

    assert [one.status for one in first] == [200, 200]
    assert asked == 1
    assert (late.status, back.status) == (403, 200)


@pytest.mark.parametrize("said", [True, False])
async def test_an_agency_that_vouched_is_not_the_agency_for_good(send, agency, fake, said) -> None:
    """Whose location it is HighLevel may say anew; what the app's own code has said stays."""
    contact_id = fake.contact_ids()[0]
    if said:
        agency.location(fake.location_id, company_id=OTHER)
    vouched = await send(appId=None)
    client, former = agency.location(fake.location_id), fake.company_id
    if not said:
        await agency.forget(company_id=former)
    fake.company_id = OTHER
    await agency.install(fake.authorize_code(company=True))
    notes = await client.notes.list(contact_id)
    install = await agency.find(location_id=fake.location_id)

    assert vouched.status == 200
    assert len(notes) == 5
    assert install.company_id == OTHER


async def test_an_agency_that_vouched_is_asked_among_several(
    send, agency, other_agency, fake
) -> None:
    """As long as it is stored, the client of its location needs no one else to name it."""
    client = agency.location(fake.location_id)
    with pytest.raises(ConfigurationError, match="company_id"):
        await client.notes.list(fake.contact_ids()[0])
    vouched = await send(appId=None)

    assert vouched.status == 200
    assert len(await client.notes.list(fake.contact_ids()[0])) == 5


INSTALLED = {"type": "INSTALL"}
GONE = {"type": "UNINSTALL"}
HISTORIES = {
    "left": (GONE,),
    "came": (INSTALLED,),
    "came and left": (INSTALLED, GONE),
    "left and came": (GONE, INSTALLED),
    "left, came and left": (GONE, INSTALLED, GONE),
    "came, left and came": (INSTALLED, GONE, INSTALLED),
}


async def tell(send: Sender, history: tuple, order: tuple, *, company_id: str | None) -> None:
    """Let things happen to the second location, and tell of them in another order."""
    for one in history:
        (send.fake.install if one is INSTALLED else send.fake.uninstall)(send.fake.location_ids[1])
    for at in order:
        named = {"companyId": company_id if history[at] is INSTALLED else None}
        when = {"timestamp": f"2027-01-15T08:00:{at:02}Z", "webhookId": f"{at}"}
        told = await send(**history[at], **named, **when, locationId=send.fake.location_ids[1])
        assert told.status == 200


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("history", HISTORIES)
async def test_installs_that_bring_no_token_come_in_any_order(
    build, fake, listen, history, named
) -> None:
    """A location is known if and only if the app is on it, whichever is told last, or how often.

    An INSTALL brings no token where it names no agency, as on a future location, or where the
    agency gets none, as for a paused location.
    """
    there = HISTORIES[history][-1] is INSTALLED
    fake.deactivate(fake.location_ids[1])
    for order in permutations(range(len(HISTORIES[history]))):
        highlevel = build(store=MemoryStore())
        await highlevel.install(fake.authorize_code(company=True))
        send = Sender(fake, listen(highlevel))
        company_id = fake.company_id if named else None
        await tell(send, HISTORIES[history], order, company_id=company_id)
        about = {"locationId": fake.location_ids[1]}
        notes = {
            "app": await send(**about, webhookId="app"),
            "agency": await send(**about, companyId=fake.company_id, webhookId="agency"),
            "nobody": await send(**about, appId=None, webhookId="nobody"),
        }

        for what, receipt in notes.items():
            assert receipt.status == (200 if there else 403), (order, what)


async def test_a_doubt_is_settled_once(send, agency, fake) -> None:
    """HighLevel is asked once about a location that is there, though it was told that it left."""
    before = await send(appId=None, webhookId="before")
    await send(**INSTALLED, webhookId="in", timestamp="2027-01-15T08:00:20Z")
    await send(**GONE, webhookId="out", timestamp="2027-01-15T08:00:10Z")
    asked = fake.stats.by_route[ASKED]
    notes = [await send(webhookId=str(n)) for n in range(3)]

    assert before.status == 200
    assert [one.status for one in notes] == [200] * 3
    assert fake.stats.by_route[ASKED] == asked + 1


async def test_an_answer_from_before_an_uninstall_is_not_believed(send, fake, app_id) -> None:
    """What was asked about when the app was there is asked about anew."""
    first = await send(appId=None, webhookId="first")
    await send(**INSTALLED, webhookId="in", timestamp="2027-01-15T08:00:10Z")
    fake.uninstall()
    await send(**GONE, webhookId="out", timestamp="2027-01-15T08:00:20Z")
    late = await send(appId=app_id, webhookId="late")

    assert (first.status, late.status) == (200, 403)


async def test_what_was_forgotten_by_hand_stays_so(send, agency, fake, app_id) -> None:
    """An UNINSTALL that comes late makes no doubt of the owner's wish."""
    await send(**INSTALLED, webhookId="in", timestamp="2027-01-15T08:00:20Z")
    await agency.forget(location_id=fake.location_id)
    await send(**GONE, webhookId="out", timestamp="2027-01-15T08:00:10Z")

    assert await send(appId=app_id, webhookId="late") == Receipt(403, "not accepted")


class Yielding(MemoryStore):
    """A store whose claims take a moment each, so that others come in between."""

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Claim, after a moment."""
        await asyncio.sleep(0)
        return await super().claim(name, seconds=seconds)

    async def remember(self, name: str, *, seconds: float) -> None:
        """Remember, after a moment."""
        await asyncio.sleep(0)
        await super().remember(name, seconds=seconds)


@pytest.mark.parametrize("first", ["install", "uninstall"])
async def test_an_install_and_an_uninstall_at_once_are_a_doubt(first) -> None:
    """However the two fall on two processes, neither wins for being written last."""
    for steps in range(12):
        forgotten = Forgotten(Yielding())

        async def later(work, steps: int = steps) -> None:
            for _ in range(steps):
                await asyncio.sleep(0)
            await work

        told = [forgotten.add_installed("a"), forgotten.add_uninstalled("a")]
        early, late = told if first == "install" else told[::-1]
        await asyncio.gather(early, later(late))

        assert not await forgotten.has("a"), steps
        assert await forgotten.is_in_doubt("a"), steps
