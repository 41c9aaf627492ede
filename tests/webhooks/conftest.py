# ruff: noqa: ANN003 - the classes that take them name and check them
"""A receiver, and a pretend HighLevel that signs what it is sent."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from attrs import define, field

from ghl_notes import App, HighLevel, RetryPolicy
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import FakeHighLevel
from ghl_notes.webhooks import Receipt, WebhookEvent, Webhooks

UNKNOWN = {"X-GHL-Signature": b64encode(bytes(64)).decode()}
"""A signature that is well-formed, and by nobody."""
NOTHING_WAITS = RetryPolicy(attempts=1, base=0)


@define
class Clock:
    """A Unix time that stands still until it is set."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class WithoutClaims:
    """The least that is a ``TokenStore``."""

    def __init__(self) -> None:
        inner = MemoryStore()
        self.load, self.hold, self.list, self.close = (
            inner.load,
            inner.hold,
            inner.list,
            inner.close,
        )


@define
class Handler:
    """An app's ``on_event``: keeps what it got, and then does what ``act`` does."""

    got: list[WebhookEvent] = field(factory=list)
    act: Callable[[WebhookEvent], Awaitable[None]] | None = None

    async def __call__(self, event: WebhookEvent) -> None:
        """Take one event."""
        self.got.append(event)
        if self.act is not None:
            await self.act(event)

    @property
    def types(self) -> list[str]:
        """The types of what it got, in their order."""
        return [event.type for event in self.got]


@define
class Sender:
    """Signs events with the pretend HighLevel's key and gives them to a receiver."""

    fake: FakeHighLevel
    webhooks: Webhooks

    def event(self, **fields) -> bytes:
        """Write a note event of the first location; a field that is None is left out."""
        usual = {
            "type": "NoteCreate",
            "webhookId": "5f0b1d0e-9a3c-4d75-8d0e-7b1b5a1f2c3d",
            "timestamp": "2027-01-15T08:00:00.000Z",
            "appId": self.fake.app.app_id,
            "locationId": self.fake.location_id,
            "id": "otg8dTQqGLh3Q6iQI55w",
            "contactId": "CWBf1PR9LvvBkcYqiXlc",
            "body": "Spoke with Jane",
            "dateAdded": "2027-01-15T07:59:59.000Z",
        }
        told = {name: one for name, one in {**usual, **fields}.items() if one is not None}
        return json.dumps(told).encode()

    async def __call__(self, **fields) -> Receipt:
        """Send a note event, signed."""
        return await self.raw(self.event(**fields))

    async def raw(self, body: bytes) -> Receipt:
        """Send any body, signed."""
        return await self.webhooks.receive(self.fake.sign(body), body)


Build = Callable[..., HighLevel]
Listen = Callable[..., Webhooks]


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeHighLevel]:
    """Give a pretend HighLevel with three locations."""
    async with FakeHighLevel(locations=3, limit=None, interval=0.1) as fake:
        yield fake


@pytest.fixture
def clock() -> Clock:
    """Give a clock to inject."""
    return Clock()


@pytest_asyncio.fixture
async def build(fake: FakeHighLevel) -> AsyncIterator[Build]:
    """Make the ``HighLevel`` of the pretend one's app, and close it at the end."""
    async with AsyncExitStack() as stack:

        def make(**options) -> HighLevel:
            names = ("client_id", "client_secret", "redirect_uri")
            app = App(**{name: options.pop(name, getattr(fake.app, name)) for name in names})
            chosen = {"base_url": fake.url, "retries": NOTHING_WAITS, **options}
            highlevel = HighLevel(app, **chosen)
            stack.push_async_callback(highlevel.close)
            return highlevel

        yield make


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    """Give a store whose claims end by the clock."""
    return MemoryStore(clock=clock)


@pytest_asyncio.fixture
async def highlevel(fake: FakeHighLevel, build: Build, store: MemoryStore) -> HighLevel:
    """Give the app, installed on the first location."""
    highlevel = build(store=store)
    await highlevel.install(fake.authorize_code())
    return highlevel


@pytest_asyncio.fixture
async def agency(fake: FakeHighLevel, build: Build, store: MemoryStore) -> HighLevel:
    """Give the app, installed on the agency alone, by way of which it is on every location."""
    highlevel = build(store=store)
    await highlevel.install(fake.authorize_code(company=True))
    return highlevel


@pytest.fixture
def handler() -> Handler:
    """Give an ``on_event`` that keeps what it gets."""
    return Handler()


@pytest_asyncio.fixture
async def listen(fake: FakeHighLevel, handler: Handler) -> AsyncIterator[Listen]:
    """Make receivers, and close them at the end."""
    async with AsyncExitStack() as stack:

        def make(highlevel: HighLevel, on_event: Handler = handler, **options) -> Webhooks:
            webhooks = Webhooks(highlevel, on_event, **{"key": fake.webhook_key, **options})
            stack.push_async_callback(webhooks.close)
            return webhooks

        yield make


@pytest.fixture
def webhooks(listen: Listen, highlevel: HighLevel) -> Webhooks:
    """Give a receiver."""
    return listen(highlevel)


@pytest.fixture
def send(fake: FakeHighLevel, webhooks: Webhooks) -> Sender:
    """Give a sender to the receiver."""
    return Sender(fake, webhooks)


@asynccontextmanager
async def serving(fake: FakeHighLevel, webhooks: Webhooks) -> AsyncIterator[str]:
    """Serve the route of a receiver, tell the pretend HighLevel, and give the URL."""
    app = web.Application()
    app.add_routes([webhooks.route("/webhooks/highlevel")])
    async with TestServer(app, shutdown_timeout=0.05) as server:
        fake.webhook_url = str(server.make_url("/webhooks/highlevel"))
        yield fake.webhook_url


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Let the test wait for what becomes true soon."""

    async def wait(true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - what it waits for sets no event
                await asyncio.sleep(0)

    return wait
