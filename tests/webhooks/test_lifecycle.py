# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Installs and uninstalls as HighLevel tells them: late, twice, and in any order."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import permutations

import pytest
import pytest_asyncio

from ghl_notes import HighLevel
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.oauth import remembering
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import Failure, FakeHighLevel, Fault
from ghl_notes.webhooks import AppInstalled, AppUninstalled
from tests.keys import company_on, location_on
from tests.webhooks.conftest import serving


@pytest_asyncio.fixture
async def fake(clock) -> AsyncIterator[FakeHighLevel]:
    """Give a pretend HighLevel whose time is the test's."""
    async with FakeHighLevel(locations=2, limit=None, interval=0.1, clock=clock) as fake:
        yield fake


@pytest.fixture
def highlevel(build, store, clock) -> HighLevel:
    """Give the app, installed nowhere yet."""
    return build(store=store, clock=clock)


@pytest_asyncio.fixture
async def agency(highlevel, fake) -> HighLevel:
    """Install the app on the agency, a while ago, and on none of its locations yet."""
    await highlevel.install(fake.authorize_code(company=True))
    for location_id in fake.location_ids:
        fake.uninstall(location_id)
    fake.clock.now += 3_600
    return highlevel


@pytest_asyncio.fixture
async def served(fake, webhooks) -> AsyncIterator[None]:
    """Listen for what HighLevel tells from now on."""
    async with serving(fake, webhooks):
        yield


async def stored(highlevel: HighLevel) -> set[str]:
    """Name what is installed, as far as the app knows."""
    return {install.key async for install in highlevel.installs()}


async def test_an_agencys_location_gets_its_token(agency, served, fake, handler) -> None:
    """An INSTALL brings the location's token before the app hears of it; it works at once."""
    seen = []

    async def look(event) -> None:
        seen.append(await agency.find(location_id=event.location_id))

    handler.act = look
    fake.install()
    when = datetime.fromtimestamp(fake.clock(), UTC)
    fake.clock.now += 60
    (delivery,) = await fake.deliver()
    client = agency.location(fake.location_id)
    notes = await client.notes.list(fake.contact_ids()[0])

    assert delivery.statuses == (200,)
    assert isinstance(handler.got[0], AppInstalled)
    assert [one.location_id for one in seen] == [fake.location_id]
    assert seen[0].installed_at == when
    assert (len(notes), fake.stats.mints) == (5, 1)


async def test_a_direct_install_is_left_to_its_code(
    highlevel, served, fake, handler, caplog
) -> None:
    """Without the agency's install there is nothing to mint from, and nothing is asked."""
    install = await highlevel.install(fake.authorize_code())
    (delivery,) = await fake.deliver()

    assert delivery.statuses == (200,)
    assert (handler.types, fake.stats.mints, caplog.text) == (["INSTALL"], 0, "")
    assert await highlevel.find(location_id=fake.location_id) == install


async def test_an_agencys_own_install_mints_nothing(highlevel, served, fake, handler) -> None:
    """The agency's token comes with its code; the event is handed on."""
    await highlevel.install(fake.authorize_code(company=True))
    await fake.deliver()

    assert [event.company_id for event in handler.got] == [fake.company_id]
    assert fake.stats.mints == 0


async def test_an_uninstall_forgets_the_location(agency, served, fake, handler) -> None:
    """What was uninstalled is gone, and its calls tell at once, without a request, who must act."""
    for location_id in fake.location_ids:
        fake.install(location_id)
    await fake.deliver()
    fake.clock.now += 1
    fake.uninstall()
    await fake.deliver()

    assert isinstance(handler.got[-1], AppUninstalled)
    assert await stored(agency) == {
        company_on(fake),
        location_on(fake, fake.location_ids[1]),
    }


async def test_an_uninstall_of_the_agency_forgets_all(agency, served, fake) -> None:
    """With the agency go all its locations."""
    for location_id in fake.location_ids:
        fake.install(location_id)
    await fake.deliver()
    fake.clock.now += 1
    fake.uninstall(company=True)
    await fake.deliver()

    assert await stored(agency) == set()
    with pytest.raises(ReauthorizationRequired):
        await agency.location(fake.location_id).notes.list(fake.contact_ids()[0])


@pytest.mark.parametrize("owner", ["location", "company"])
async def test_an_old_uninstall_removes_no_newer_install(agency, send, fake, owner) -> None:
    """An UNINSTALL that comes days late is older than what is installed since."""
    fake.install()
    await agency.mint(fake.location_id, company_id=fake.company_id)
    before = await stored(agency)
    ids = {"locationId": fake.location_id, "companyId": None}
    if owner == "company":
        ids = {"locationId": None, "companyId": fake.company_id}
    old = await send(type="UNINSTALL", timestamp="2026-12-31T00:00:00Z", **ids)

    assert old.status == 200
    assert await stored(agency) == before


@pytest.mark.parametrize("timestamp", [None, "some day"])
async def test_an_uninstall_without_a_time_forgets_nothing(
    agency, send, fake, handler, caplog, timestamp
) -> None:
    """It may be older than the install. It is handed on, and the log tells."""
    before = await stored(agency)
    ids = {"locationId": None, "companyId": fake.company_id}
    receipt = await send(type="UNINSTALL", timestamp=timestamp, **ids)

    assert receipt.status == 200
    assert handler.types == ["UNINSTALL"]
    assert await stored(agency) == before
    assert "without a time" in caplog.text


async def test_an_uninstall_of_nobody_forgets_nothing(agency, send, handler) -> None:
    """Without a location and an agency there is nothing to forget."""
    before = await stored(agency)
    receipt = await send(type="UNINSTALL", locationId=None, timestamp="2030-01-01T00:00:00Z")

    assert (receipt.status, handler.types) == (200, ["UNINSTALL"])
    assert await stored(agency) == before


async def test_an_uninstall_of_both_is_one_of_the_location(agency, send, fake) -> None:
    """Named beside its location, the agency stays."""
    now = datetime.fromtimestamp(fake.clock() + 1, UTC).isoformat()
    await send(type="UNINSTALL", companyId=fake.company_id, timestamp=now)

    assert await stored(agency) == {company_on(fake)}


async def test_an_install_anew_waits_for_highlevel(agency, served, fake, handler) -> None:
    """A location that was taken off a while ago is known again after a gateway's bad moment."""
    fake.install()
    await fake.deliver()
    fake.clock.now += 1
    fake.uninstall()
    await fake.deliver()
    fake.clock.now += 1
    fake.install()
    fake.inject(Failure(status=401, message="Unauthorized"), 2, path_contains="/locationToken")
    (delivery,) = await fake.deliver()
    fake.emit("NoteCreate", locationId=fake.location_id, id="n", body="hello")
    (note,) = await fake.deliver()

    assert (delivery.statuses, note.statuses) == ((503, 200), (200,))
    assert handler.types == ["INSTALL", "UNINSTALL", "INSTALL", "NoteCreate"]


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (Fault.SERVER_ERROR, 1),
        (Fault.RATE_LIMITED, 1),
        (Fault.HTML, 1),
        (Fault.FORBIDDEN_HTML, 1),
        (Failure(status=401, message="Unauthorized"), 2),  # also with a renewed token
        (Failure(status=403, message="Forbidden"), 1),
        (Failure(status=404, message="Cannot POST /oauth/locationToken"), 1),
        (Failure(status=400, payload={}), 1),
    ],
    ids=str,
)
async def test_an_install_waits_for_highlevel(agency, served, fake, handler, fault, times) -> None:
    """While HighLevel makes no tokens, and does not refuse one itself, the webhook comes again."""
    fake.install()
    fake.inject(fault, times, path_contains="/oauth/locationToken")
    (delivery,) = await fake.deliver()

    assert delivery.statuses == (503, 200)
    assert handler.types == ["INSTALL"]
    assert location_on(fake) in await stored(agency)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RateLimited("later"), 503),
        (Unavailable("down"), 503),
        (UnexpectedResponse("garbled"), 503),
        (AccessDenied("no", reason="scope"), 200),
        (AccessDenied("unknown words"), 503),
        (LocationInactive("paused"), 200),
        (ReauthorizationRequired("spent"), 200),
        (RequestRejected("gone", status=400, messages=["Location not found"]), 200),
        (RequestRejected("without a word", status=400), 503),
        (ConfigurationError("closed"), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_what_becomes_of_an_install_without_a_token(
    agency, send, handler, fake, error, status
) -> None:
    """What time may mend comes again; what it does not is handed on; our own fault is a failure."""

    async def mint(*_: object, **__: object) -> None:
        raise error

    agency.mint = mint
    receipt = await send(type="INSTALL", companyId=fake.company_id)
    again = await send(type="INSTALL", companyId=fake.company_id)

    assert receipt.status == status
    assert (receipt.event is None) == (status == 503)
    assert len(handler.got) == (status == 200)
    assert again.text == ("seen before" if status == 200 else receipt.text)


async def test_an_install_that_was_taken_back(agency, served, fake, handler, caplog) -> None:
    """A location that is uninstalled by now gets no token, and the events are handed on."""
    fake.install()
    fake.clock.now += 1
    fake.uninstall()
    deliveries = await fake.deliver()

    assert [one.statuses for one in deliveries] == [(200,), (200,)]
    assert handler.types == ["INSTALL", "UNINSTALL"]
    assert await stored(agency) == {company_on(fake)}
    assert "no token for location" in caplog.text


async def test_an_install_of_a_paused_location(agency, served, fake, handler, monkeypatch) -> None:
    """A pause may last long: the event is handed on, and the first call brings the token."""
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 0.0)
    fake.install()
    fake.deactivate()
    (delivery,) = await fake.deliver()
    fake.activate()

    assert delivery.statuses == (200,)
    assert len(await agency.location(fake.location_id).notes.list(fake.contact_ids()[0])) == 5


async def test_an_install_of_a_spent_agency(agency, served, fake, handler, caplog) -> None:
    """No repetition brings a dead agency back: the event is handed on, and the log tells."""
    fake.revoke(company=True)
    fake.install()
    (delivery,) = await fake.deliver()

    assert delivery.statuses == (200,)
    assert handler.types == ["INSTALL"]
    assert "ReauthorizationRequired" in caplog.text


async def test_notes_of_a_new_location_are_known(agency, served, fake, handler) -> None:
    """From its INSTALL on, a location's notes are handed on; from its UNINSTALL on, refused."""
    contact_id = fake.contact_ids()[0]
    fake.install()
    fake.add_note(contact_id, "first")
    await fake.deliver()
    fake.emit("NoteCreate", locationId=fake.location_id, id="n", body="last")
    fake.clock.now += 1
    fake.uninstall()
    late = fake.outbox[:1]
    await fake.deliver(attempts=1)
    fake.emit("NoteCreate", locationId=fake.location_id, id="n", body="too late")
    (refused,) = await fake.deliver(attempts=1)

    assert len(late) == 1
    assert handler.types == ["INSTALL", "NoteCreate", "NoteCreate", "UNINSTALL"]
    assert refused.statuses == (403,)


async def test_the_apps_own_notes_come_as_events(agency, served, fake, handler) -> None:
    """What the app writes itself is told as well, with the ids that it knows."""
    fake.install()
    await fake.deliver()
    contact_id = fake.contact_ids()[0]
    notes = agency.location(fake.location_id).notes
    note = await notes.create(contact_id, "Spoke with Jane")
    await notes.update(contact_id, note.id, body="Spoke with Tom")
    await notes.delete(contact_id, note.id)
    await fake.deliver()

    assert handler.types[1:] == ["NoteCreate", "NoteUpdate", "NoteDelete"]
    assert {event.note_id for event in handler.got[1:]} == {note.id}
    assert {event.contact_id for event in handler.got[1:]} == {contact_id}


HISTORIES = [
    ("install", "uninstall"),
    ("install", "uninstall", "install"),
    ("install", "uninstall", "install", "uninstall"),
    ("install", "leave", "return", "install"),
    ("install", "leave"),
    ("install", "uninstall", "leave", "return"),
]


async def happen(what: str, highlevel: HighLevel, fake: FakeHighLevel) -> None:
    """Let one thing happen, a second after the last."""
    fake.clock.now += 1
    if what == "install":
        fake.install()
    elif what == "uninstall":
        fake.uninstall()
    elif what == "leave":
        fake.uninstall(company=True)
    else:
        await highlevel.install(fake.authorize_code(company=True))


def truth(fake: FakeHighLevel, history: tuple[str, ...]) -> tuple[set[str], set[str]]:
    """Name what must be stored, and what may be: with the agency, the app is in every location."""
    company, location = company_on(fake), location_on(fake)
    must, may = {company}, {company}
    for what in history:
        if what == "install":
            must, may = must | {location}, may | {location}
        elif what == "uninstall":
            must, may = must - {location}, may - {location}
        else:
            must, may = (set(), set()) if what == "leave" else ({company}, {company, location})
    return must, may


def orders() -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    return [(one, order) for one in HISTORIES for order in permutations(range(len(one)))]


@pytest.mark.parametrize(("history", "order"), orders())
async def test_any_order_leaves_the_newest_truth(
    agency, webhooks, fake, handler, history, order
) -> None:
    """All that happened is told, in any order and each thing twice: what is so now holds."""
    fake.webhook_url = "https://app.example.com/"
    for what in history:
        await happen(what, agency, fake)
    bodies = [event.body for event in fake.outbox]
    for at in (*order, *order[::-1]):
        receipt = await webhooks.receive(fake.sign(bodies[at]), bodies[at])
        assert receipt.status == 200

    must, may = truth(fake, history)
    assert must <= await stored(agency) <= may
    assert len(handler.got) == len(bodies)


@pytest.mark.parametrize("seed", range(25))
async def test_any_pace_leaves_the_newest_truth(agency, served, fake, handler, seed) -> None:
    """The same while things go on happening: deliveries in between, late, twice and shuffled."""
    rng = random.Random(seed)
    history, here = [], "install"
    for _ in range(rng.randint(4, 10)):
        here = rng.choice({"leave": ["return"]}.get(here, ["install", "uninstall", "leave"]))
        history.append(here)
        await happen(here, agency, fake)
        if rng.random() < 0.4:
            await fake.deliver(duplicates=0.5, disorder=True, attempts=1)
    results = await fake.deliver(duplicates=0.5, disorder=True)
    must, may = truth(fake, tuple(history))

    assert all(one.delivered for one in results)
    assert must <= await stored(agency) <= may
    if location_on(fake) in must:
        client = agency.location(fake.location_id)
        assert len(await client.notes.list(fake.contact_ids()[0])) == 5


@pytest.fixture
def store() -> MemoryStore:
    """Give a store whose claims end in real time: these tests move the clock of the world."""
    return MemoryStore()
