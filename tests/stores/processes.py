"""Other processes that use a store, and may be killed."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ghl_notes.stores import Overtaken, SQLiteStore, TokenStore
from tests.stores.installs import KEY, count_on, install, save
from tests.stores.servers import conninfo
from tests.torture.stores import REDIS

ROOT = Path(__file__).parents[2]
LEASE = 0.5


def opened(kind: str, place: str, hold_timeout: float = 60.0) -> TokenStore:
    """Open a store in its place, on Redis with a short lease."""
    if kind == "sqlite":
        return SQLiteStore(place, hold_timeout=hold_timeout)
    if kind == "postgres":
        from ghl_notes.stores import PostgresStore  # noqa: PLC0415 - its extra may be missing

        return PostgresStore(conninfo(place), hold_timeout=hold_timeout)
    from ghl_notes.stores import RedisStore  # noqa: PLC0415 - as above

    return RedisStore(REDIS, prefix=place, lease=LEASE, hold_timeout=hold_timeout)


async def load(kind: str, place: str) -> None:
    store = opened(kind, place)
    print("loaded", await store.load(KEY) is not None, flush=True)  # noqa: T201 - for the parent
    await store.close()


async def add(kind: str, place: str, times: int) -> None:
    store = opened(kind, place)
    for _ in range(times):
        await count_on(store)
    await store.close()


async def hold_for_ever(kind: str, place: str) -> None:
    async with opened(kind, place).hold(KEY):
        print("held", flush=True)  # noqa: T201 - for the parent
        await asyncio.Event().wait()


async def hold_and_save(kind: str, place: str) -> None:
    async with opened(kind, place).hold(KEY) as hold:
        print("held", flush=True)  # noqa: T201 - for the parent
        await asyncio.to_thread(sys.stdin.readline)  # until it is stopped, and goes on
        with suppress(Overtaken):  # on Redis, whose lease is over
            await hold.save(install(count=100))


async def save_and_stay(place: str) -> None:
    await save(SQLiteStore(place), install())
    print("saved", flush=True)  # noqa: T201 - for the parent
    await asyncio.Event().wait()


async def write_for_ever(place: str) -> None:
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        print("writing", flush=True)  # noqa: T201 - for the parent
        await asyncio.Event().wait()


@contextmanager
def child(call: str) -> Iterator[subprocess.Popen[str]]:
    """Run one of these coroutines in a process of its own."""
    code = f"import asyncio\nfrom tests.stores.processes import *\nasyncio.run({call})"
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=ROOT, **pipes) as one:
        try:
            yield one
        finally:
            one.kill()
