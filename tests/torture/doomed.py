"""A process that dies at the worst moment: it gets its orders as one JSON line on stdin.

``save``: it renews a token, and dies after HighLevel has rotated it and before it is saved.
``hold``: it says that it holds an install, and holds it until it is killed.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ghl_notes import App, HighLevel
from ghl_notes.models import StoredInstall
from ghl_notes.stores import Hold, TokenStore
from tests.torture.stores import open_store


class _LastHold:
    def __init__(self, hold: Hold) -> None:
        self.stored = hold.stored

    async def save(self, stored: StoredInstall) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class _LastStore:
    """A store whose user dies in the act of saving."""

    def __init__(self, store: TokenStore) -> None:
        self.load, self.list, self.close = store.load, store.list, store.close
        self._store = store

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_LastHold]:
        async with self._store.hold(key) as hold:
            yield _LastHold(hold)


async def die(orders: dict[str, Any]) -> None:
    store = open_store(orders["kind"], orders["place"])
    if orders["how"] == "hold":
        async with store.hold(orders["key"]):
            sys.stdout.write("held\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
    highlevel = HighLevel(
        App(**orders["app"]), store=_LastStore(store), base_url=orders["base_url"]
    )
    async with highlevel:
        await highlevel.location(orders["location_id"]).notes.list(orders["contact_id"])


if __name__ == "__main__":
    asyncio.run(die(json.loads(sys.stdin.readline())))
