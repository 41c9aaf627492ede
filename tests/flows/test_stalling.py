# ruff: noqa: ANN001 - fixtures and generators, as in the conftest of the flows
"""The limit holds where it is counted: at arrival, whatever became of the callers meanwhile."""

import asyncio
import random
from contextlib import suppress
from itertools import count
from typing import Self

import pytest

from ghl_notes import Client, Limits, RetryPolicy
from ghl_notes.errors import HighLevelError

LIMIT, INTERVAL = 20, 2.0
TIMEOUT = 0.4
HELD = 0.25  # seconds that the uplink holds a request at most, less than an attempt may take
SECONDS = 14.0


class Uplink:
    """A proxy that holds what it was given, and delivers it even if nobody waits any more."""

    def __init__(self, rng: random.Random) -> None:
        self.arrived: list[float] = []
        self.after_the_end = 0  # arrivals whose connection the client had given up
        self.calls: dict[str, asyncio.Task] = {}
        self._rng = rng
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader, writer) -> None:
        gone = False
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                assert b"Content-Length" not in head
                stalls = self._rng.random() < 0.4
                if stalls and self._rng.random() < 0.6:  # its caller loses patience meanwhile
                    call = self.calls[head.split(b"/")[2].decode()]
                    asyncio.get_running_loop().call_later(0.05, call.cancel)
                held = HELD if stalls else self._rng.uniform(0, 0.05)
                task = asyncio.create_task(self._deliver(held, writer, stalls=stalls))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (ConnectionError, asyncio.IncompleteReadError):
            gone = True
        finally:
            if gone:
                writer.transport.abort()

    async def _deliver(self, held: float, writer, *, stalls: bool) -> None:
        await asyncio.sleep(held)
        loop = asyncio.get_running_loop()
        self.arrived.append(loop.time())
        self.after_the_end += writer.transport.is_closing()
        used = sum(one > loop.time() - INTERVAL for one in self.arrived)
        if stalls and self._rng.random() < 0.7:
            return  # and the reply is lost
        body = b'{"notes":[]}'
        head = (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            f"x-ratelimit-max: {LIMIT}\r\nx-ratelimit-remaining: {max(0, LIMIT - used)}\r\n"
            f"x-ratelimit-interval-milliseconds: {INTERVAL * 1000:.0f}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        with suppress(ConnectionError):
            writer.write(head.encode() + body)


def most_in_any_interval(times: list[float]) -> int:
    times = sorted(times)
    return max(sum(end - INTERVAL < one <= end for one in times) for end in times)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_never_one_too_many_arrives(seed: int) -> None:
    """Under stalls, cancelled callers, timeouts and jitter, 20 in 2 s are never 21."""
    rng = random.Random(seed)
    retries = RetryPolicy(attempts=2, bulk_attempts=2, base=0.01)
    limits = Limits(burst=LIMIT, interval=INTERVAL)
    async with (
        Uplink(rng) as uplink,
        Client("t", base_url=uplink.url, timeout=TIMEOUT, retries=retries, limits=limits) as client,
    ):
        loop = asyncio.get_running_loop()
        end, given_up = loop.time() + SECONDS, []

        async def ask(who: int) -> None:
            for n in count():
                if loop.time() > end:
                    return
                call = asyncio.create_task(client.notes.list(name := f"c{who}x{n}"))
                uplink.calls[name] = call
                try:
                    await call
                except (asyncio.CancelledError, HighLevelError):
                    given_up.append(name)

        await asyncio.gather(*(ask(who) for who in range(30)))

    assert len(given_up) > 20
    assert uplink.after_the_end > 10  # else it proves nothing
    assert len(uplink.arrived) > 60
    assert most_in_any_interval(uplink.arrived) <= LIMIT
