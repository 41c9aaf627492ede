"""What processes that share a store may do to each other: take turns, and die."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from attrs import frozen

from ghl_notes.stores import TokenStore
from tests.stores.installs import KEY, count_of, count_on
from tests.stores.processes import LEASE, child, opened
from tests.stores.servers import place_on

PATIENCE = {"sqlite": 1.0, "postgres": 1.0, "redis": LEASE + 1.0}  # seconds


@frozen
class Shared:
    """A store that other processes open as well."""

    kind: str
    place: str
    store: TokenStore

    def call(self, name: str, *more: int) -> str:
        arguments = [self.kind, self.place, *more]
        return f"{name}({', '.join(map(repr, arguments))})"


@pytest_asyncio.fixture(params=["sqlite", "postgres", "redis"])
async def shared(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shared]:
    """Give an empty store that is on disk or on a server."""
    if request.param == "sqlite":
        place = str(tmp_path / "installs.db")
        store = opened("sqlite", place)
        yield Shared("sqlite", place, store)
        await store.close()
        return
    async with place_on(request.param) as place:
        store = opened(request.param, place)
        yield Shared(request.param, place, store)
        await store.close()


async def test_processes_take_turns(shared: Shared) -> None:
    """Processes that renew the same install do it one after the other, from the first use on."""
    add = shared.call("add", 12)
    with child(add) as one, child(add) as two:
        ended = [await asyncio.to_thread(process.wait, 30) for process in (one, two)]

    assert ended == [0, 0]
    assert count_of(await shared.store.load(KEY)) == 24


async def test_a_killed_holder_lets_go(shared: Shared) -> None:
    """A process that dies under a hold keeps the others from it for no longer than promised."""
    with child(shared.call("hold_for_ever")) as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        taking = asyncio.create_task(count_on(shared.store))
        for _ in range(5):
            await shared.store.load(KEY)
        before = taking.done()
        holder.kill()
        await asyncio.wait_for(taking, PATIENCE[shared.kind])

    assert not before
    assert count_of(await shared.store.load(KEY)) == 1
