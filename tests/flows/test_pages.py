# ruff: noqa: ANN201 - a context manager says what it gives
"""Pages as a server may give them that keeps to nothing but the letter of the documents."""

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ghl_notes import App, Client, HighLevel, RetryPolicy
from ghl_notes.errors import UnexpectedResponse
from ghl_notes.testing import FakeHighLevel

Answer = Callable[[web.Request], Awaitable[dict]]
QUICK = RetryPolicy(base=0, settle=0.01)


@asynccontextmanager
async def served(answer: Answer):
    """Give a client of a server that answers every call in this way, and count the calls."""
    calls = []

    async def handle(request: web.Request) -> web.Response:
        calls.append(request.path)
        assert len(calls) < 100, "it never ends"
        return web.json_response(await answer(request))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app, shutdown_timeout=0.05) as server:
        url = str(server.make_url("")).rstrip("/")
        async with Client("pit-x", location_id="l", base_url=url, retries=QUICK) as client:
            yield client, calls


def contacts(numbers: range, *, total: int, cursors: bool = True) -> dict:
    """Lay out one page of a search."""
    found = [{"id": f"c{n}", **({"searchAfter": [n, f"c{n}"]} if cursors else {})} for n in numbers]
    return {"contacts": found, "total": total}


async def test_short_pages_are_not_the_end_if_there_are_more() -> None:
    """However many contacts come with a page, those that are counted all come."""

    async def answer(request: web.Request) -> dict:
        first = (await request.json()).get("searchAfter", [-1])[0] + 1
        return contacts(range(first, min(first + 50, 120)), total=120)

    async with served(answer) as (client, calls):
        found = [contact.id async for contact in client.contacts.stream()]

    assert found == [f"c{n}" for n in range(120)]
    assert len(calls) == 3


async def test_a_page_that_leads_nowhere_is_told() -> None:
    """Where HighLevel counts more and names no next page, nothing is passed off as all."""

    async def answer(_: web.Request) -> dict:
        return contacts(range(100), total=300, cursors=False)

    async with served(answer) as (client, calls):
        with pytest.raises(UnexpectedResponse, match="counts more contacts") as raised:
            [contact async for contact in client.contacts.stream()]

    assert (raised.value.path, len(calls)) == ("/contacts/search", 1)


async def test_cursors_that_go_round_end() -> None:
    """A cursor that was there before leads to nothing new."""

    async def answer(request: web.Request) -> dict:
        at = (await request.json()).get("searchAfter", [1])[0]
        page = contacts(range(100), total=100)
        page["contacts"][-1]["searchAfter"] = [1 - at, "c"]
        return page

    async with served(answer) as (client, calls):
        found = [contact.id async for contact in client.contacts.stream()]

    assert (len(set(found)), len(calls)) == (100, 3)


def note(number: int) -> dict:
    return {"id": f"n{number}", "body": "Text", "dateAdded": "2026-07-17T09:45:03.653Z"}


async def test_a_server_that_ignores_the_offset_is_not_asked_for_ever() -> None:
    """A page that is as the one before is the last, for lists, streams and lookups."""

    async def answer(request: web.Request) -> dict:
        if request.method == "POST":
            return {"odd": True}
        return {"notes": [note(n) for n in range(20)], "hasMore": True}

    async with served(answer) as (client, calls):
        listed = await client.appointment_notes.list("a")
        streamed = [one.id async for one in client.appointment_notes.stream("a")]

    assert [one.id for one in listed] == streamed == [f"n{n}" for n in range(20)]
    assert len(calls) == 6


async def test_notes_that_are_added_meanwhile_hide_none() -> None:
    """A page of notes that are known already is not the end."""
    asked = 0

    async def answer(request: web.Request) -> dict:
        nonlocal asked
        asked += 1
        newest_first = range(59, -1, -1) if asked == 1 else range(79, -1, -1)
        skip = int(request.query["offset"])
        page = list(newest_first)[skip : skip + 20]
        return {"notes": [note(n) for n in page], "hasMore": page[-1] > 0}

    async with served(answer) as (client, _):
        found = {one.id async for one in client.appointment_notes.stream("a")}

    assert found >= {f"n{n}" for n in range(60)}


async def test_an_empty_page_with_a_token_leads_on() -> None:
    """In version 3 the token alone tells whether there are more locations."""
    pages = {
        None: {"items": [{"_id": "l1"}], "pagination": {"nextPageToken": "two"}},
        "two": {"items": [], "pagination": {"nextPageToken": "three"}},
        "three": {"items": [{"_id": "l2"}], "pagination": {}},
    }

    async def answer(request: web.Request) -> dict:
        return pages[request.query.get("pageToken")]

    async with FakeHighLevel() as fake, served(answer) as (client, calls):
        app = App(
            client_id=fake.app.client_id,
            client_secret=fake.app.client_secret,
            redirect_uri=fake.app.redirect_uri,
        )
        async with HighLevel(app, base_url=fake.url, api_version="v3") as highlevel:
            install = await highlevel.install(fake.authorize_code(company=True))
            highlevel._wiring.base_url = client._dispatch._origin._text
            found = [one.id async for one in highlevel.locations(install.company_id)]

    assert (found, len(calls)) == (["l1", "l2"], 3)
