"""Processes that do what they are asked, one JSON line after the other.

Run as a program it is their cradle: it has imported everything, reads where everything is as one
line on stdin, and forks one process for each further line. The process connects to ``socket``, and
says its pid. Then ``{"id": 1, "call": [location_id, contact_id]}`` makes one call, given up after
``patience`` seconds if there is such a field, ``{"id": 2, "clock": 3600}`` sets its wall clock that
far from the machine's, and the end of the connection ends it, once everything is done. It answers
each line with one of the same id, and says of each install that it is about to save it.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, field

from ghl_notes import App, HighLevel, RetryPolicy
from ghl_notes.models import StoredInstall
from ghl_notes.stores import Hold, TokenStore
from tests.torture.stores import open_store

LEAD_SECONDS = 0.015
"""From saying that a save begins to its beginning, so that a kill may come before it."""

Tell = Callable[..., None]


@define
class _Saying:
    """A hold that says so before it saves."""

    hold: Hold
    tell: Tell

    @property
    def stored(self) -> StoredInstall | None:
        return self.hold.stored

    async def save(self, stored: StoredInstall) -> None:
        self.tell(saving=stored.install.location_id or stored.install.company_id)
        await asyncio.sleep(LEAD_SECONDS)
        await self.hold.save(stored)

    async def delete(self) -> None:
        await self.hold.delete()


def say_what_is_saved(store: TokenStore, tell: Tell) -> TokenStore:
    """Let a store say of each install that it is about to be saved."""
    hold = store.hold

    @asynccontextmanager
    async def saying(key: str) -> AsyncIterator[_Saying]:
        async with hold(key) as held:
            yield _Saying(held, tell)

    store.hold = saying
    return store


@define
class _Caller:
    highlevel: HighLevel
    ahead: list[float]
    tell: Tell
    running: set[asyncio.Task[None]] = field(factory=set)

    def obey(self, command: dict[str, Any]) -> None:
        """Begin what a line asks for."""
        if "clock" in command:
            self.ahead[0] = command["clock"]
            self.tell(id=command["id"])
            return
        task = asyncio.create_task(self._call(**command))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _call(self, *, id: int, call: list[str], patience: float | None = None) -> None:  # noqa: A002 - a field of the line
        began, met = time.monotonic(), {}
        try:
            async with asyncio.timeout(patience):
                await self.highlevel.location(call[0]).notes.list(call[1])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            met = {"kind": type(error).__name__, "error": str(error)}
        self.tell(id=id, seconds=time.monotonic() - began, **met)


async def obey(orders: dict[str, Any]) -> None:
    """Do what the other end says until it closes."""
    logging.disable()  # of a Redis without an append-only file
    lines, writer = await asyncio.open_unix_connection(orders["socket"])

    def tell(**facts: object) -> None:
        writer.write(json.dumps(facts).encode() + b"\n")

    ahead = [0.0]
    store = open_store(orders["kind"], orders["place"], orders["server"])
    highlevel = HighLevel(
        App(**orders["app"]),
        store=say_what_is_saved(store, tell),
        base_url=orders["base_url"],
        retries=RetryPolicy(base=0.05, cap=0.5),
        clock=lambda: time.time() + ahead[0],
    )
    async with highlevel:
        caller = _Caller(highlevel, ahead, tell)
        tell(pid=os.getpid())
        while line := await lines.readline():
            caller.obey(json.loads(line))
        if caller.running:
            await asyncio.wait(caller.running)
    tell(bye=True)
    await writer.drain()
    writer.close()


def fork(orders: dict[str, Any]) -> None:
    """Begin one process."""
    if os.fork() == 0:
        try:
            asyncio.run(obey(orders))
        finally:
            sys.stderr.flush()
            os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no burial
    told = json.loads(sys.stdin.readline())
    for _ in sys.stdin:
        fork(told)
