"""A program that ends in the middle of its work with a token, without closing anything; or not.

Its arguments are a URL, an app's id and secret, a kind of store and its place, what it does, for
whom, and how it ends.
"""

import asyncio
import contextlib
import sys

import aiohttp
import anyio

from ghl_notes import App, HighLevel
from tests.torture.stores import open_store

CALLBACK = "https://app.example.com/oauth/callback"


async def work(highlevel: HighLevel, what: str, who: str) -> None:
    if what == "install":
        await highlevel.install(who)
    elif what == "mint":
        await highlevel.mint(who)
    else:
        await anext(highlevel.location(who).contacts.stream())


async def main(
    url: str, client_id: str, secret: str, kind: str, place: str, what: str, who: str
) -> None:
    app = App(client_id=client_id, client_secret=secret, redirect_uri=CALLBACK)
    async with contextlib.AsyncExitStack() as stack:
        session = None
        if what == "borrowed":
            session = await stack.enter_async_context(aiohttp.ClientSession())
        highlevel = HighLevel(app, base_url=url, store=open_store(kind, place), session=session)
        working = asyncio.create_task(work(highlevel, what, who))
        if what == "whole":
            await working
            return
        await asyncio.to_thread(sys.stdin.readline)
        assert not working.done()


if __name__ == "__main__":
    *arguments, how = sys.argv[1:]
    if how == "anyio":
        anyio.run(main, *arguments)
    else:
        asyncio.run(main(*arguments))
