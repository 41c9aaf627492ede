# ruff: noqa: ANN003 - the fakes and aiohttp name and check them
"""A bare HTTP caller of a pretend Close or CINNOX, without the sources that read them."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import aiohttp
from attrs import define, frozen

from ghl_notes.testing import FakeCinnox, FakeClose

F = TypeVar("F", FakeClose, FakeCinnox)


@frozen
class Told:
    """What came back."""

    status: int
    headers: dict[str, str]
    json: dict
    text: str


@define
class Asker(Generic[F]):
    """Sends requests with the right credentials, unless told otherwise."""

    fake: F
    session: aiohttp.ClientSession
    root: str
    credentials: str

    async def __call__(
        self, path: str, *, method: str = "GET", login: str | None = "", **more
    ) -> Told:
        """Send one request; ``more`` are its query, or what aiohttp takes beside one."""
        how = {name: more.pop(name) for name in ("json", "data", "headers") if name in more}
        headers = {**how.pop("headers", {}), **self._login(login)}
        url = path if path.startswith("http") else self.root + path
        sending = self.session.request(
            method, url, params=more, headers=headers, allow_redirects=False, **how
        )
        async with sending as reply:
            low = {name.lower(): value for name, value in reply.headers.items()}
            json = await reply.json() if "json" in low["content-type"] else {}
            return Told(reply.status, low, json, await reply.text())

    def _login(self, login: str | None) -> dict[str, str]:
        return {} if login is None else {"Authorization": login or self.credentials}


@asynccontextmanager
async def asking_close(**options) -> AsyncIterator[Asker[FakeClose]]:
    """Start a pretend Close and give a caller of it."""
    async with FakeClose(**options) as fake, aiohttp.ClientSession() as session:
        yield Asker(fake, session, fake.url, basic(fake.api_key))


@asynccontextmanager
async def asking_cinnox(**options) -> AsyncIterator[Asker[FakeCinnox]]:
    """Start a pretend CINNOX and give a caller of it."""
    async with FakeCinnox(**options) as fake, aiohttp.ClientSession() as session:
        root = f"{fake.url}/v1/api/apps/{fake.app_id}/contacts"
        yield Asker(fake, session, root, f"Bearer {fake.app_token}")


def basic(user: str, password: str = "") -> str:
    """Write a Basic login."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
