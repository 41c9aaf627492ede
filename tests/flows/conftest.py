# ruff: noqa: ANN003 - the classes that take them name and check them
"""The SDK and the pretend HighLevel, joined by real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import attrs
import pytest
import pytest_asyncio

from ghl_notes import App, Client, HighLevel, RetryPolicy
from ghl_notes.oauth import installs, refreshing, remembering
from ghl_notes.oauth.refreshing import Grace
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import FakeHighLevel

QUICK = RetryPolicy(base=0, settle=0.02)

# Where the versions differ in paths, fields or pages, so that every run looks at both.
SPELLED_DIFFERENTLY = {
    "test_agencies",
    "test_campaigns",
    "test_installing",
    "test_searching",
    "test_writing_contacts",
}

# In real time, or in programs of their own: one version is enough.
LONG = {"test_grace", "test_leaving"}

Start = Callable[..., Awaitable[FakeHighLevel]]
Connect = Callable[..., Client]
Build = Callable[..., HighLevel]


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_784_284_000.0

    def __call__(self) -> float:
        return self.now

    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what talks to the API in both its versions; where both go one way, v3 only in CI."""
    if "api_version" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        marks = [] if module in SPELLED_DIFFERENTLY else [pytest.mark.slow]
        v3 = [] if module in LONG else [pytest.param("v3", id="v3", marks=marks)]
        metafunc.parametrize("api_version", [pytest.param("2021-07-28", id="v2"), *v3])


@pytest.fixture
def mint_path(api_version: str) -> str:
    """Give the path at which an agency's token becomes a location's."""
    return "/oauth/location-token" if api_version == "v3" else "/oauth/locationToken"


@pytest.fixture
def clock() -> Clock:
    """Give a time that only the test moves."""
    return Clock()


@pytest.fixture
def moments() -> Clock:
    """Give the monotonic time of pauses, for ``highlevel._installs.monotonic``."""
    return Clock()


@pytest.fixture(autouse=True)
def quick_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the token endpoint be tried as often as ever, but without the waits and pauses."""
    quick = attrs.evolve(installs.TOKEN_RETRIES, base=0)
    monkeypatch.setattr(installs, "TOKEN_RETRIES", quick)
    grace = Grace(seconds=0.3, last_try=0.25, base=0.02, cap=0.1)
    monkeypatch.setattr(refreshing, "GRACE", grace)
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 0.0)


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    """Start pretend HighLevels, by default without a limit, and close them at the end."""
    async with AsyncExitStack() as stack:

        async def make(**options) -> FakeHighLevel:
            chosen = {"limit": None, "interval": 0.1, **options}
            return await stack.enter_async_context(FakeHighLevel(**chosen))

        yield make


@pytest_asyncio.fixture
async def connect(start: Start, api_version: str) -> AsyncIterator[Connect]:
    """Make clients of a pretend HighLevel's first location, and close them at the end."""
    async with AsyncExitStack() as stack:

        def make(fake: FakeHighLevel, **options) -> Client:
            token = None if "auth" in options else fake.private_token
            chosen = {
                "token": token,
                "base_url": fake.url,
                "retries": QUICK,
                "api_version": api_version,
                **options,
            }
            client = Client(**chosen)
            stack.push_async_callback(client.close)
            return client

        yield make


@pytest_asyncio.fixture
async def build(start: Start, api_version: str) -> AsyncIterator[Build]:
    """Make the ``HighLevel`` of a pretend one's app, and close it at the end."""
    async with AsyncExitStack() as stack:

        def make(fake: FakeHighLevel, **options) -> HighLevel:
            app = App(
                client_id=fake.app.client_id,
                client_secret=options.pop("client_secret", fake.app.client_secret),
                redirect_uri=fake.app.redirect_uri,
                scopes=("contacts.readonly", "contacts.write"),
            )
            chosen = {
                "base_url": fake.url,
                "retries": QUICK,
                "api_version": api_version,
                **options,
            }
            highlevel = HighLevel(app, **chosen)
            stack.push_async_callback(highlevel.close)
            return highlevel

        yield make


@pytest_asyncio.fixture
async def fake(start: Start) -> FakeHighLevel:
    """Give a pretend HighLevel with ten contacts of five notes each."""
    return await start()


@pytest_asyncio.fixture
async def client(fake: FakeHighLevel, connect: Connect) -> Client:
    """Give a client with a private token."""
    return connect(fake, location_id=fake.location_id)


@pytest_asyncio.fixture
async def highlevel(fake: FakeHighLevel, build: Build) -> HighLevel:
    """Give the app, installed nowhere yet."""
    return build(fake)


@pytest.fixture
def contact_id(fake: FakeHighLevel) -> str:
    """Give the first contact."""
    return fake.contact_ids()[0]


@pytest.fixture
def tasks() -> Callable[[], set[str]]:
    """Name the tasks that run beside the test, without those of the pretend HighLevel."""

    def running() -> set[str]:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        names = {task.get_coro().__qualname__ for task in others}
        return {name for name in names if not name.startswith(("RequestHandler.", "Server."))}

    return running


@pytest.fixture
def store() -> MemoryStore:
    """Give a store that a test can look into."""
    return MemoryStore()


@pytest.fixture
def expire(store: MemoryStore) -> Callable[[str], Awaitable[str]]:
    """Date back the end of a stored access token, and return that token."""

    async def back(key: str) -> str:
        stored = await store.load(key)
        token = attrs.evolve(stored.token, expires_at=stored.token.issued_at - 1)
        async with store.hold(key) as hold:
            await hold.save(type(stored).of(stored.install, token))
        return token.access_token

    return back


@pytest.fixture
def token_calls(fake: FakeHighLevel) -> Callable[[], int]:
    """Count the requests to the token endpoint, failed ones included."""
    return lambda: fake.stats.by_route["POST /oauth/token"]


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Let the test wait for what becomes true soon."""

    async def wait(true: Callable[[], object]) -> None:
        while not true():  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0)

    return wait
