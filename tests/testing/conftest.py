# ruff: noqa: ANN003 - FakeHighLevel and aiohttp name and check them
"""A bare HTTP caller, so that the pretend HighLevel is tested without the SDK that uses it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from attrs import define, field, frozen

from ghl_notes.testing import FakeHighLevel

VERSION = "2021-07-28"


@frozen
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        """The body, decoded."""
        return json.loads(self.body)


@define
class Clock:
    """A Unix time that stands still until it is set."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@define
class Caller:
    """Sends requests to one pretend HighLevel, by default as the first location."""

    fake: FakeHighLevel
    session: aiohttp.ClientSession

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "",
        version: str | None = VERSION,
        **more,
    ) -> Answer:
        """Send one request."""
        headers = {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.fake.private_token}"
        if version is not None:
            headers["Version"] = version
        sending = self.session.request(
            method, self.fake.url + path, headers=headers, allow_redirects=False, **more
        )
        async with sending as reply:
            low = {name.lower(): value for name, value in reply.headers.items()}
            return Answer(reply.status, low, await reply.read())

    async def search(self, **body) -> Answer:
        """Search the first location's contacts."""
        sent = {"locationId": self.fake.location_id, "pageLimit": 100, **body}
        return await self("POST", "/contacts/search", json=sent)

    async def token(self, *, version: str | None = None, **fields) -> Answer:
        """Ask the token endpoint, in the v2 form."""
        app = self.fake.app
        form = {"client_id": app.client_id, "client_secret": app.client_secret, **fields}
        return await self("POST", "/oauth/token", token=None, version=version, data=form)

    async def exchange(self, **choice) -> dict:
        """Install the app and give the token reply."""
        code = self.fake.authorize_code(**choice)
        return (await self.token(grant_type="authorization_code", code=code)).json


Start = Callable[..., Awaitable[Caller]]


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    """Start pretend HighLevels with any options, and close them at the end."""
    callers: list[Caller] = []

    async def make(**options) -> Caller:
        fake = FakeHighLevel(**options)
        await fake.start()
        callers.append(Caller(fake, aiohttp.ClientSession(auto_decompress=False)))
        return callers[-1]

    yield make
    for caller in callers:
        await caller.session.close()
        await caller.fake.close()


@pytest_asyncio.fixture
async def call(start: Start) -> Caller:
    """Give a caller of a pretend HighLevel as it comes."""
    return await start()


@pytest.fixture
def clock() -> Clock:
    """Give a clock to inject."""
    return Clock()


@frozen
class Got:
    """One webhook as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        """The body, decoded."""
        return json.loads(self.body)


@define
class Receiver:
    """An app that takes webhooks in, and answers each as ``answer`` says; None hangs up."""

    url: str = ""
    got: list[Got] = field(factory=list)
    answer: Callable[[Got], Awaitable[int | None]] | None = None

    @property
    def ids(self) -> list[str]:
        """The webhook ids, in the order in which they came."""
        return [got.json["webhookId"] for got in self.got]

    def answers(self, *statuses: int | None) -> None:
        """Answer one webhook after the other with these, and all further ones with the last."""
        left = list(statuses)

        async def answer(_: Got) -> int | None:
            return left.pop(0) if len(left) > 1 else left[0]

        self.answer = answer

    async def take(self, request: web.Request) -> web.Response:
        """Take one webhook in."""
        got = Got(dict(request.headers), await request.read())
        self.got.append(got)
        status = 200 if self.answer is None else await self.answer(got)
        if status is None:
            request.transport.abort()
        return web.Response(status=status or 200, headers={"Location": self.url})


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give an app that listens for webhooks and is content with each."""
    taker, app = Receiver(), web.Application()
    app.router.add_post("/hook", taker.take)
    async with TestServer(app, shutdown_timeout=0.05) as server:
        taker.url = str(server.make_url("/hook"))
        yield taker
