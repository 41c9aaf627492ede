# ruff: noqa: ANN003 - the classes that take them name and check them
"""The sources and the services that they read, joined by real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from ghl_notes import RetryPolicy
from ghl_notes.sources.cinnox import CinnoxNotes
from ghl_notes.sources.close import CloseNotes
from ghl_notes.testing import FakeCinnox, FakeClose

QUICK = RetryPolicy(base=0, settle=0.01)

Start = Callable[..., Awaitable[FakeClose]]
StartCinnox = Callable[..., Awaitable[FakeCinnox]]
Connect = Callable[..., CloseNotes]
ConnectCinnox = Callable[..., CinnoxNotes]


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Close at the end what a test has opened."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def start(stack: AsyncExitStack) -> Start:
    """Start pretend Closes, by default with a limit that nobody reaches.

    One that tells no limit is read no faster than the source begins with.
    """

    async def make(**options) -> FakeClose:
        return await stack.enter_async_context(FakeClose(**{"limit": 9_999, **options}))

    return make


@pytest.fixture
def start_cinnox(stack: AsyncExitStack) -> StartCinnox:
    """Start pretend CINNOXes, by default without a limit."""

    async def make(**options) -> FakeCinnox:
        return await stack.enter_async_context(FakeCinnox(**{"limit": None, **options}))

    return make


@pytest.fixture
def connect(stack: AsyncExitStack) -> Connect:
    """Make sources on a pretend Close."""

    def make(fake: FakeClose, **options) -> CloseNotes:
        key = {} if "auth" in options else {"api_key": fake.api_key}
        source = CloseNotes(**{"base_url": fake.url, "retries": QUICK, **key, **options})
        stack.push_async_callback(source.close)
        return source

    return make


@pytest.fixture
def connect_cinnox(stack: AsyncExitStack) -> ConnectCinnox:
    """Make sources on a pretend CINNOX."""

    def make(fake: FakeCinnox, **options) -> CinnoxNotes:
        own = {"base_url": fake.url, "app_id": fake.app_id, "app_token": fake.app_token}
        source = CinnoxNotes(**{**own, "retries": QUICK, **options})
        stack.push_async_callback(source.close)
        return source

    return make


@pytest.fixture
def tasks() -> Callable[[], set[str]]:
    """Name the tasks that run beside the test, without those of the pretend services."""

    def running() -> set[str]:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        names = {task.get_coro().__qualname__ for task in others}
        servers = ("RequestHandler.", "Server.", "BaseSelectorEventLoop._accept")
        return {name for name in names if not name.startswith(servers)}

    return running
