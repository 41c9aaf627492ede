"""How close to the limit 600 contacts are read, and at what cost in 429s.

    python tests/benchmarks/pace.py fixed|sliding [default|told] [other|alone] [seed]

The server is a ``FakeHighLevel`` in a process of its own; with ``other``, another client of the
same location spends a fifth of the limit, evenly, and nobody tells ours.
"""

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator

from ghl_notes import Client, Limits
from ghl_notes.testing import FakeHighLevel

LIMIT, INTERVAL, CONTACTS = 100, 5.0, 600


async def serve(window: str) -> None:
    """Serve the fake until standard input closes, and print its statistics at the end."""
    loop = asyncio.get_running_loop()
    async with FakeHighLevel(
        contacts=CONTACTS, limit=LIMIT, interval=INTERVAL, window=window
    ) as fake:
        tell = {"url": fake.url, "token": fake.private_token, "ids": list(fake.contact_ids())}
        print(json.dumps(tell), flush=True)
        other = loop.create_task(_other(fake))
        async for line in _lines():
            if line == "other":
                _share.set()
        other.cancel()
        stats = fake.stats
        reads = [stats.reads(contact_id) for contact_id in tell["ids"]]
        print(
            json.dumps(
                {
                    "rejected": stats.rejected_429,
                    "requests": stats.requests,
                    "reads": [min(reads), max(reads)],
                    "refused_other": _refused[0],
                }
            )
        )


_share = asyncio.Event()
_refused = [0]


async def _other(fake: FakeHighLevel) -> None:
    await _share.wait()
    every = INTERVAL / (0.2 * LIMIT)
    due = asyncio.get_running_loop().time()
    while True:
        _refused[0] += 1 - fake.spend(1)
        due += every
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))


async def _lines() -> AsyncIterator[str]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield line.decode().strip()


async def run(window: str, *, told: bool, other: bool) -> dict[str, float]:
    """Read all contacts once and return what it took."""
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        "serve",
        window,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    tell = json.loads(await server.stdout.readline())
    if other:
        server.stdin.write(b"other\n")
        await asyncio.sleep(2 * INTERVAL)  # the other has been at it for some time
    limits = Limits(burst=LIMIT, interval=INTERVAL) if told else Limits()
    failed = 0
    async with Client(token=tell["token"], base_url=tell["url"], limits=limits) as client:
        began = time.perf_counter()
        async for result in client.notes.stream(tell["ids"]):
            failed += result.error is not None
        took = time.perf_counter() - began
    server.stdin.close()
    stats = json.loads(await server.stdout.readline())
    await server.wait()
    share = LIMIT * (0.8 if other else 1)
    ideal = (math.ceil(CONTACTS / share) - 1) * INTERVAL
    return {"seconds": took, "ratio": took / ideal, "failed": failed, **stats}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2]))
    else:
        took = run(sys.argv[1], told="told" in sys.argv, other="other" in sys.argv)
        print(json.dumps(asyncio.run(took)))
