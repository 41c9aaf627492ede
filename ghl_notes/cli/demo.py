"""``ghl-notes demo``: an install by OAuth, then every note under the limit, all on this machine."""

import re
from functools import partial
from html import unescape
from math import ceil
from urllib.parse import urljoin

import aiohttp
from attrs import frozen
from rich.console import Console
from rich.table import Table

from ghl_notes import App, Client, HighLevel, Install
from ghl_notes.cli.progress import Tally, bar, shown
from ghl_notes.cli.statuses import Status
from ghl_notes.testing import FakeHighLevel

__all__ = ["Size", "best_seconds", "demo", "read"]

_LINK = re.compile(r'<a href="([^"]+)"')


@frozen(kw_only=True)
class Size:
    """How much there is to read, and under which limit. More contacts than the limit, please.

    The usual size takes five windows of a fifth of the real length, and a fifth of the real
    latency.
    """

    contacts: int = 590
    notes_per_contact: int = 5
    limit: int = 100
    interval: float = 2.0
    latency: float = 0.02


async def demo(console: Console, size: Size = Size()) -> Status:
    """Read all notes of a pretend location, and tell how long it took and how long it had to."""
    tally = Tally(limit=size.limit, interval=size.interval)
    fake = FakeHighLevel(
        contacts=size.contacts,
        notes_per_contact=size.notes_per_contact,
        limit=size.limit,
        interval=size.interval,
        latency=size.latency,
    )
    async with fake, HighLevel(_app(fake), base_url=fake.url, observer=tally) as highlevel:
        console.print(
            "A HighLevel with a shorter window, on this machine, so that this ends soon:\n"
            f"{size.limit} requests in {size.interval:g} s, where the real one has 100 in 10 s.",
            highlight=False,
        )
        install = await _install(highlevel, fake)
        where = str(install.location_id)
        console.print(f"Installed by OAuth on location {where}.\n", highlight=False)
        tally.start()
        async with shown(partial(bar, tally), console):
            await read(highlevel.location(where), tally)
        console.print(_report(fake, tally, size))
    return Status.DONE


def _app(fake: FakeHighLevel) -> App:
    return App(
        client_id=fake.app.client_id,
        client_secret=fake.app.client_secret,
        redirect_uri=fake.app.redirect_uri,
        scopes=("contacts.readonly",),
    )


async def _install(highlevel: HighLevel, fake: FakeHighLevel) -> Install:
    """Do what a browser and its user do: open the page, click a location, come back with a code."""
    request = highlevel.authorize(url=f"{fake.url}/v2/oauth/chooselocation")
    async with aiohttp.ClientSession() as browser:
        async with browser.get(request.url) as page:
            links = [unescape(link) for link in _LINK.findall(await page.text())]
        chosen = next(link for link in links if fake.location_id in link)
        async with browser.get(urljoin(request.url, chosen), allow_redirects=False) as sent_back:
            callback_url = sent_back.headers["Location"]
    return await highlevel.install(callback_url=callback_url, state=request.state)


async def read(client: Client, tally: Tally) -> None:
    """Read the notes of all contacts of the client's location. Raises the first error there is."""
    contact_ids = [contact.id async for contact in client.contacts.stream()]
    tally.total = len(contact_ids)
    async for result in client.notes.stream(contact_ids):
        tally.add(result)
        if result.error is not None:
            raise result.error


def best_seconds(requests: int, limit: int, interval: float) -> float:
    """Tell the least time these requests can take: a full window at once, then one an interval."""
    return (ceil(requests / limit) - 1) * interval


def _report(fake: FakeHighLevel, tally: Tally, size: Size) -> Table:
    seconds, stats = tally.seconds, fake.stats
    requests, limit, window = stats.accepted, size.limit, f"{size.interval:g} s"
    best = best_seconds(requests, limit, size.interval)
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name, value, remark in (
        ("contacts", f"{tally.contacts:,}", ""),
        ("notes", f"{tally.notes:,}", ""),
        ("requests", f"{requests:,}", f"{requests - tally.contacts} of them to list the contacts"),
        ("429s", f"{stats.rejected_429:,}", ""),
        ("peak", f"{stats.max_in_window:,}", f"requests in any {window}; the limit is {limit}"),
        ("seconds", f"{seconds:.2f}", ""),
        (
            "best",
            f"{best:.2f}",
            f"(ceil({requests}/{limit}) - 1) x {window}: what the limit allows",
        ),
        ("ratio", f"{seconds / best:.2f}", "seconds to best"),
    ):
        table.add_row(name, value, remark)
    return table
