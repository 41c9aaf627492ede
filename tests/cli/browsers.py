"""Browsers: one that a test drives, and one that the program starts."""

import asyncio
import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
from attrs import define, frozen

LINK = re.compile(r'<a[^>]* href="([^"]+)"')


@define
class Browser:
    """What a browser and its user do. ``port`` is where a tunnel would lead to."""

    session: aiohttp.ClientSession

    async def choose(self, connect_url: str, choice: str) -> tuple[int, str]:
        """Open the page to connect on, choose, and give the status and the text at the end."""
        async with self.session.get(connect_url) as page:
            links = [unescape(link) for link in LINK.findall(await page.text())]
            chosen = next(link for link in links if f"choose={choice}" in link)
            here = str(page.url)
        async with self.session.get(urljoin(here, chosen)) as end:
            return end.status, await end.text()

    async def finds(self, url: str) -> None:
        """Try until somebody answers there, and follow him nowhere."""
        async with asyncio.timeout(10):
            while True:
                try:
                    async with self.session.get(url, allow_redirects=False):
                        return
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.01)


@frozen
class Recorder:
    """A browser that writes down which page it was to open."""

    script: Path
    file: Path

    async def opened(self) -> str:
        """Wait until it was told to open a page, and give that."""
        async with asyncio.timeout(10):
            while not self.file.exists():  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.01)
        return self.file.read_text()
