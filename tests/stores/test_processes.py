"""What processes that share a store may do to each other: take turns, and die."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from attrs import frozen

from ghl_notes.errors import Unavailable
from ghl_notes.stores import TokenStore
from tests.stores.installs import KEY, count_of, count_on, install, save
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


async def test_a_stopped_holder_keeps_one_install_for_a_while(shared: Shared) -> None:
    """A caller who waits for a stopped process gets an error, or its turn when the lease is over.

    Other installs are free, and nothing is written by the holder when it goes on.
    """
    await count_on(shared.store)
    waiter = opened(shared.kind, shared.place, 1.5 if shared.kind == "redis" else 0.5)
    with child(shared.call("hold_and_save")) as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        holder.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(10):
            ended = await asyncio.gather(
                *(count_on(waiter) for _ in range(10)), return_exceptions=True
            )
            await asyncio.gather(*(save(waiter, install(f"other {n}")) for n in range(20)))
        holder.send_signal(signal.SIGCONT)
        await asyncio.to_thread(holder.communicate, "go on\n", 20)
    async with asyncio.timeout(10):
        after = await count_on(waiter)
    await waiter.close()

    if shared.kind == "redis":
        assert (sorted(ended), after) == (list(range(1, 11)), 11)
        return
    assert {type(one) for one in ended} == {Unavailable}
    assert all(one.waited for one in ended)
    assert all(NAMED[shared.kind].format(holder) in str(one) for one in ended), ended[0]
    assert after == 100  # what the holder saved once it went on


NAMED = {"sqlite": "process {0.pid} on", "postgres": "the server's process"}
