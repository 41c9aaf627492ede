"""A real browser, and a web app for it to visit. Without Chromium the tests here are skipped.

``GHL_NOTES_TEST_BROWSER=required`` makes a missing browser a failure, and
``GHL_NOTES_TEST_SCREENSHOTS`` names a folder for pictures of every page that a test looks at.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from html import escape
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from attrs import frozen
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from ghl_notes import App, HighLevel, Install
from ghl_notes.testing import FakeHighLevel

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
)
SECONDS = 20


@frozen
class Browser:
    """Chromium, driven in threads, since Selenium waits where asyncio would not."""

    driver: Chrome

    async def open(self, url: str) -> None:
        await asyncio.to_thread(self.driver.get, url)

    async def click(self, text: str) -> None:
        """Click the link that shows this text, once it is there."""
        await asyncio.to_thread(self._click, text)

    async def heading(self, text: str) -> None:
        """Wait for the page with this heading."""
        await asyncio.to_thread(self._wait, text)
        self._picture(text)

    async def run(self, script: str) -> object:
        return await asyncio.to_thread(self.driver.execute_script, script)

    async def texts(self, selector: str) -> list[str]:
        return await asyncio.to_thread(
            lambda: [one.text for one in self.driver.find_elements(By.CSS_SELECTOR, selector)]
        )

    async def cookies(self) -> list[str]:
        return [one["name"] for one in await asyncio.to_thread(self.driver.get_cookies)]

    async def complaints(self) -> list[str]:
        """Give what the browser's console says, but for statuses: those the tests know."""
        said = await asyncio.to_thread(self.driver.get_log, "browser")
        return [one["message"] for one in said if one["source"] != "network"]

    def _click(self, text: str) -> None:
        before = self.driver.current_url
        find = f"//a[normalize-space(text())='{text}']"
        self._until(lambda driver: driver.find_elements(By.XPATH, find), f"no link {text!r}")
        self.driver.find_element(By.XPATH, find).click()
        self._until(lambda driver: driver.current_url != before, f"link {text!r} leads nowhere")

    def _wait(self, text: str) -> None:
        find = f"//h1[normalize-space()='{text}']"
        self._until(lambda driver: driver.find_elements(By.XPATH, find), f"no heading {text!r}")

    def _until(self, true: Callable[[Chrome], object], otherwise: str) -> None:
        WebDriverWait(self.driver, SECONDS).until(true, otherwise)

    def _picture(self, text: str) -> None:
        if folder := os.environ.get("GHL_NOTES_TEST_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            name = text.lower().replace(" ", "-")
            width = self.driver.get_window_size()["width"]
            self.driver.save_screenshot(str(Path(folder) / f"{name}-{width}.png"))


@pytest.fixture
def chromium() -> tuple[str, str]:
    """Find Chromium and its driver, or skip the test."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser and driver:
        return browser, driver
    missing = f"no {'chromedriver' if browser else 'chromium'} on the PATH"
    if os.environ.get("GHL_NOTES_TEST_BROWSER") == "required":
        pytest.fail(f"{missing}, and GHL_NOTES_TEST_BROWSER=required")
    pytest.skip(missing)


@pytest.fixture
def browser(chromium: tuple[str, str], tmp_path: Path) -> Iterator[Browser]:
    """Start Chromium with nothing in it, and end it."""
    binary, driver = chromium
    options = ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,700"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # The path of the driver keeps Selenium from looking for one to download.
    chrome = Chrome(options, ChromeService(executable_path=driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()


@frozen
class Site:
    """A web app that a HighLevel app is installed by."""

    url: str
    fake: FakeHighLevel
    highlevel: HighLevel


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """Serve a page to connect from, the routes of the install, and a page of notes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with FakeHighLevel(redirect_uri=f"{url}/oauth/callback", locations=3) as fake:
            app = App(
                client_id=fake.app.client_id,
                client_secret=fake.app.client_secret,
                redirect_uri=fake.app.redirect_uri,
                scopes=("contacts.readonly",),
            )
            async with HighLevel(app, base_url=fake.url) as highlevel:
                runner = web.AppRunner(web_app(fake, highlevel))
                await runner.setup()
                await web.SockSite(runner, listening).start()
                yield Site(url, fake, highlevel)
                await runner.cleanup()


def web_app(fake: FakeHighLevel, highlevel: HighLevel) -> web.Application:
    async def home(_: web.Request) -> web.Response:
        return page("Notes", '<a href="/oauth/connect">Connect HighLevel</a>')

    async def notes(request: web.Request) -> web.Response:
        client = highlevel.location(request.match_info["location_id"])
        async for contact in client.contacts.stream():
            found = await client.notes.list(contact.id)
            return page("First notes", "".join(f"<li>{escape(note.text)}</li>" for note in found))
        return page("No contacts", "")

    async def on_install(install: Install, _: web.Request) -> web.Response | None:
        if install.location_id is None:
            return None
        return web.Response(status=303, headers={"Location": f"/notes/{install.location_id}"})

    app = web.Application()
    app.add_routes([web.get("/", home), web.get("/notes/{location_id}", notes)])
    choose = f"{fake.url}/v2/oauth/chooselocation"
    app.add_routes(highlevel.routes(url=choose, on_install=on_install))
    return app


def page(title: str, body: str) -> web.Response:
    html = f"<!doctype html><title>{title}</title><h1>{title}</h1>{body}"
    return web.Response(text=html, content_type="text/html")
