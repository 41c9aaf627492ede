# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What is let in, in which order it is checked, and how each is answered."""

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator

import attrs
import pytest
import pytest_asyncio

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.stores import MemoryStore
from ghl_notes.webhooks import MAX_BODY, NoteCreated, Receipt, Webhooks
from tests.keys import location_on
from tests.webhooks.conftest import UNKNOWN, WithoutClaims

OTHER_APP = "66a0419a0dffa47fb5f8b22f"


async def in_pieces(body: bytes, size: int = 10) -> AsyncIterator[bytes]:
    """Give a body as frameworks do."""
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def test_a_note_event_is_handed_on(send, handler) -> None:
    """A signed event of a known location reaches the app, whole, and is answered with 200."""
    receipt = await send()

    (event,) = handler.got
    assert receipt == Receipt(200, "handled", event)
    assert isinstance(event, NoteCreated)
    assert (event.location_id, event.body) == (send.fake.location_id, "Spoke with Jane")


async def test_a_body_may_come_in_pieces(send, webhooks, handler, fake) -> None:
    """A stream is put together and verified as a whole."""
    body = send.event()
    receipt = await webhooks.receive(fake.sign(body), in_pieces(body))

    assert receipt.status == 200
    assert handler.got == [receipt.event]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_large_body_is_not_read_to_its_end(webhooks, fake, handler, streamed) -> None:
    """Reading stops at the limit, and what is just as large as it passes on to be verified."""
    given, closed = 0, not streamed

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given, closed
        try:
            while True:
                given += 65_536
                yield bytes(65_536)
        finally:
            closed = True

    body = endless() if streamed else bytes(MAX_BODY + 1)
    receipt = await webhooks.receive(UNKNOWN, body)
    largest = await webhooks.receive(fake.sign(bytes(MAX_BODY)), bytes(MAX_BODY))

    assert receipt == Receipt(413, "too large")
    assert (given, closed) == (MAX_BODY + 65_536 if streamed else 0, True)
    assert largest.status == 400
    assert handler.got == []


async def test_a_stream_that_breaks_off(webhooks, handler) -> None:
    """A sender that goes away is a refusal, whatever its framework calls that."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"{"
        raise ConnectionResetError("by the sender")

    assert (await webhooks.receive(UNKNOWN, broken())).status == 400
    assert handler.got == []


@pytest.mark.parametrize("body", ["{}", None, 5, {"type": "A"}, bytearray(b"{}")])
async def test_a_body_that_is_no_bytes_is_the_callers_to_fix(webhooks, body) -> None:
    """A decoded body is a mistake of the program, not of the sender."""
    with pytest.raises(ConfigurationError, match="raw bytes"):
        await webhooks.receive({}, body)


@pytest.mark.parametrize("value", [None, "N/A", "AAAA"])
async def test_what_is_not_signed(webhooks, send, handler, value) -> None:
    """Without HighLevel's signature nothing is even decoded."""
    headers = {} if value is None else {"X-GHL-Signature": value}

    for body in (send.event(), b"no JSON"):
        assert await webhooks.receive(headers, body) == Receipt(401, "not accepted")
    assert handler.got == []


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"{}", b'{"type":"NoteCreate"}'])
async def test_what_is_signed_and_no_event(send, handler, body) -> None:
    """A good signature makes no event of what is none."""
    assert await send.raw(body) == Receipt(400, "not accepted")
    assert handler.got == []


@pytest.mark.parametrize("kind", ["NoteCreate", "INSTALL", "UNINSTALL", "Another"])
async def test_events_of_another_app(send, handler, highlevel, kind) -> None:
    """All apps share HighLevel's key: another app's event is refused, and uninstalls nothing."""
    receipt = await send(type=kind, appId=OTHER_APP)

    assert receipt == Receipt(403, "not accepted")
    assert handler.got == []
    assert await highlevel.find(location_id=send.fake.location_id) is not None


@pytest.mark.parametrize("kind", ["INSTALL", "UNINSTALL"])
async def test_an_install_must_name_the_app(send, handler, highlevel, kind) -> None:
    """What changes installs, and is checked for nothing else, must say for which app it is."""
    assert (await send(type=kind, appId=None)).status == 403
    assert handler.got == []
    assert await highlevel.find(location_id=send.fake.location_id) is not None


@pytest.mark.parametrize("app", ["ours", None])
@pytest.mark.parametrize("kind", ["NoteCreate", "Another"])
async def test_events_of_a_location_that_is_not_known(send, handler, fake, kind, app) -> None:
    """Where the app is not installed, as far as the store knows, nothing is for it."""
    named = fake.app.app_id if app else None

    receipt = await send(type=kind, appId=named, locationId=fake.location_ids[1])

    assert receipt == Receipt(403, "not accepted")
    assert handler.got == []


async def test_events_without_an_app_are_known_by_their_location(send, handler) -> None:
    """The documented note events name no app."""
    assert (await send(appId=None)).status == 200
    assert handler.types == ["NoteCreate"]


@pytest.mark.parametrize("located", [True, False])
async def test_events_that_name_a_known_agency(send, handler, highlevel, fake, located) -> None:
    """With an agency stored, the events that name it are known, in any of its locations."""
    where = fake.location_ids[2] if located else None
    what = {"type": "Another", "locationId": where, "companyId": fake.company_id, "appId": None}
    before = await send(**what)
    await highlevel.install(fake.authorize_code(company=True))
    after = await send(**what)

    assert (before.status, after.status) == (403, 200)
    assert handler.types == ["Another"]


async def test_events_that_name_nobody(send, handler) -> None:
    """An event without a location and an agency is known by the app alone."""
    nobody = {"type": "Another", "locationId": None}

    assert (await send(**nobody, appId=None)).status == 403
    assert (await send(**nobody)).status == 200
    assert handler.types == ["Another"]


async def test_a_spent_install_is_still_known(send, handler, store, fake) -> None:
    """A location whose token died is told of its notes until it is uninstalled."""
    async with store.hold(location_on(fake)) as hold:
        when = hold.stored.install.installed_at
        spent = attrs.evolve(hold.stored.install, spent_at=when)
        await hold.save(attrs.evolve(hold.stored, install=spent))

    assert (await send()).status == 200


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        ("2027-01-15T08:00:00Z", 200),
        ("2027-01-15T07:55:00Z", 200),
        ("2027-01-15T07:54:59.999Z", 403),
        ("2027-01-15T09:00:00Z", 200),
        (None, 403),
        ("yesterday", 403),
    ],
)
async def test_an_age_may_be_asked_for(
    send, listen, highlevel, handler, clock, timestamp, status
) -> None:
    """With ``max_age`` what is older is refused, and what tells no time; that is off by default."""
    send.webhooks = listen(highlevel, max_age=300, clock=clock)
    receipt = await send(timestamp=timestamp)
    send.webhooks = listen(highlevel, clock=clock)
    by_default = await send(timestamp=timestamp, webhookId="another")

    assert receipt.status == status
    assert by_default.status == 200


async def test_keys_can_be_rotated_and_the_old_signature_asked_for(
    send, listen, highlevel, fake, handler
) -> None:
    """A receiver takes the same keys as ``verify``."""
    other = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
    rotating = listen(highlevel, key=[other, fake.webhook_key])
    legacy = listen(highlevel, legacy_key=fake.legacy_webhook_key)
    body, second = send.event(), send.event(webhookId="2")
    headers = fake.sign(second, legacy=True)

    assert (await rotating.receive(fake.sign(body), body)).status == 200
    assert (await rotating.receive(headers, second)).status == 401
    assert (await legacy.receive(headers, second)).status == 200
    assert len(handler.got) == 2


class Down(MemoryStore):
    """A store that is away, once it is told to be."""

    away: str | None = None

    async def _or_down(self, what: str, result: object) -> object:
        if self.away in (what, "all"):
            result.close()
            raise Unavailable("the store is away")
        return await result

    async def load(self, key: str) -> object:
        """Load, or be down."""
        return await self._or_down("load", super().load(key))

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Claim, or be down."""
        return await self._or_down("claim", super().claim(name, seconds=seconds))

    async def remember(self, name: str, *, seconds: float) -> None:
        """Remember, or be down."""
        await self._or_down("remember", super().remember(name, seconds=seconds))

    async def forget(self, name: str) -> None:
        """Forget, or be down."""
        await self._or_down("forget", super().forget(name))


@pytest.fixture
def store(clock) -> Down:
    """Give a store that can be away."""
    return Down(clock=clock)


class Counted(MemoryStore):
    """A store that counts what is loaded, and waits with it."""

    def __init__(self) -> None:
        super().__init__()
        self.loads, self.go, self.error = 0, asyncio.Event(), None

    async def load(self, key: str) -> object:
        """Load when it is time, or fail."""
        self.loads += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return await super().load(key)


@pytest.fixture
def slow() -> Counted:
    """Give a store that waits."""
    return Counted()


@pytest_asyncio.fixture
async def crowd(send, build, listen, fake, slow):  # noqa: ANN201 - three tasks
    """Let three different events come at once, to a store that waits."""
    highlevel = build(store=slow)
    slow.go.set()
    await highlevel.install(fake.authorize_code())
    slow.go.clear()
    slow.loads = 0
    send.webhooks = listen(highlevel)
    tasks = [asyncio.create_task(send(webhookId=one)) for one in "abc"]
    await asyncio.sleep(0)
    return tasks


async def test_events_that_come_together_are_looked_up_once(crowd, slow, handler) -> None:
    """One look into the store is enough for all that come meanwhile, and no later one."""
    slow.go.set()
    receipts = await asyncio.gather(*crowd)
    together = slow.loads

    assert [one.status for one in receipts] == [200] * 3
    assert together == 1
    assert len(handler.got) == 3


async def test_a_lookup_is_not_kept(crowd, slow, send, highlevel, fake) -> None:
    """The next event looks again, and finds what has changed."""
    slow.go.set()
    await asyncio.gather(*crowd)
    async with slow.hold(location_on(fake)) as hold:
        await hold.delete()

    assert (await send(webhookId="d")).status == 403
    assert slow.loads == 2


async def test_who_goes_away_takes_no_lookup_along(crowd, slow) -> None:
    """A request that is cancelled leaves the common lookup to the others."""
    first, *others = crowd
    first.cancel()
    await asyncio.wait({first})
    slow.go.set()

    assert [(await one).status for one in others] == [200, 200]


async def test_a_failed_lookup_fails_for_all(crowd, slow, caplog) -> None:
    """Everyone who waited for it is sent away; with nobody left to wait it is no news."""
    slow.error = Unavailable("the store is away")
    first, *others = crowd
    first.cancel()
    slow.go.set()
    receipts = await asyncio.gather(*others)

    assert [one.status for one in receipts] == [503, 503]


async def test_a_lookup_that_nobody_waits_for_is_no_news(crowd, slow, caplog) -> None:
    """When all requests were cancelled, its failure is not complained about."""
    slow.error = Unavailable("the store is away")
    for one in crowd:
        one.cancel()
    await asyncio.wait(crowd)
    slow.go.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()

    assert slow.loads == 1
    assert caplog.text == ""


@pytest.mark.parametrize("what", ["load", "claim"])
async def test_a_store_that_is_down_lets_it_come_again(send, store, handler, what) -> None:
    """Without the store nothing is handed on, and HighLevel is asked to send it again."""
    store.away = what
    down = await send()
    store.away = None
    up = await send()

    assert down == Receipt(503, "try again later")
    assert up.status == 200
    assert len(handler.got) == 1


async def test_what_was_handled_is_not_undone_by_the_store(send, store, handler, caplog) -> None:
    """A store that is down after the handler costs no second delivery: it is told in the log."""
    store.away = "remember"
    receipt = await send()

    assert receipt.status == 200
    assert "could not record that a webhook was handled" in caplog.text


async def test_a_failure_is_answered_though_the_store_is_down(send, store, handler, clock) -> None:
    """The claim that cannot be freed ends by itself, and the retry gets in then."""

    async def fail(_: object) -> None:
        raise OSError

    handler.act, store.away = fail, "forget"
    failed = await send()
    handler.act, store.away = None, None
    clock.now += 61
    again = await send()

    assert (failed.status, again.status) == (500, 200)


async def test_a_broken_store_is_told_to_the_caller(build, fake, listen, tmp_path, send) -> None:
    """A file that is no store is nothing a sender did."""
    from ghl_notes.stores import SQLiteStore  # noqa: PLC0415 - for this test only

    (tmp_path / "notes.txt").write_text("no database at all, but longer than a header " * 50)
    webhooks = listen(build(store=SQLiteStore(tmp_path / "notes.txt")))
    body = send.event()

    with pytest.raises(ConfigurationError, match="SQLiteStore"):
        await webhooks.receive(fake.sign(body), body)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "nonsense"},
        {"legacy_key": "nonsense"},
        {"max_age": -1},
        {"max_age": float("nan")},
        {"max_age": "5"},
        {"patience": None},
        {"patience": float("inf")},
        {"patience": True},
        {"on_event": None},
        {"highlevel": "app"},
    ],
    ids="-".join,
)
async def test_arguments_that_cannot_work(highlevel, handler, fake, wrong) -> None:
    """A receiver that could not work is not made, and the argument is named."""
    given = {"highlevel": highlevel, "on_event": handler, "key": fake.webhook_key, **wrong}
    named = "HighLevel" if set(wrong) & {"on_event", "highlevel"} else next(iter(wrong))

    with pytest.raises(ConfigurationError, match=named):
        Webhooks(given.pop("highlevel"), given.pop("on_event"), **given)


async def test_a_store_without_claims(build, handler) -> None:
    """Webhooks need a store that remembers them, which is said when the receiver is made."""
    with pytest.raises(ConfigurationError, match="Claims"):
        Webhooks(build(store=WithoutClaims()), handler)


async def test_a_closed_receiver_takes_nothing_in(send, webhooks, handler) -> None:
    """While a process ends, HighLevel is asked to send it again, to the next one."""
    await webhooks.close()
    await webhooks.close()

    assert await send() == Receipt(503, "try again later")
    assert handler.got == []


async def test_a_receiver_is_closed_by_its_block(highlevel, fake, handler, send) -> None:
    """It can be used as a context, like everything that has to be closed."""
    async with Webhooks(highlevel, handler, key=fake.webhook_key) as webhooks:
        send.webhooks = webhooks
        inside = await send()
    outside = await send(webhookId="another")

    assert (inside.status, outside.status) == (200, 503)


async def test_refusals_are_logged_without_content(
    send, webhooks, fake, handler, caplog, listen, highlevel
) -> None:
    """Each refusal says its status and reason, and repeats nothing that came in."""
    secret = "SECRETTEXT"
    signed = fake.sign(b"other")["X-GHL-Signature"]
    with caplog.at_level(logging.DEBUG):
        await webhooks.receive({"X-GHL-Signature": signed}, send.event(body=secret))
        await webhooks.receive({"X-GHL-Signature": secret}, send.event())
        await send.raw(f'{{"type":"{secret}'.encode())
        await send.raw(json.dumps({"type": "NoteCreate", "body": secret}).encode())
        await send(type="UNINSTALL", locationId=f"{secret}/..")
        await send(body=secret, appId=secret)
        await send(body=secret, locationId=secret)
        await webhooks.receive({**UNKNOWN, secret: secret}, secret.encode() * MAX_BODY)
        send.webhooks = listen(highlevel, max_age=300)
        await send(body=secret, timestamp="2020-01-01T00:00:00Z")
    ours = [one for one in caplog.records if one.name == "ghl_notes.webhooks"]
    told = [one.getMessage() for one in ours]

    assert {one.levelname for one in ours} == {"WARNING"}
    assert [one.split(": ")[0][-3:] for one in told] == [
        *("401", "401", "400", "400", "400"),
        *("403", "403", "413", "403"),
    ]
    assert secret not in caplog.text
    assert signed not in caplog.text
    assert len(set(told)) == 9
    assert handler.got == []
