"""What one listed contact costs in CPU: this library, bare aiohttp, and the official SDK.

    python tests/benchmarks/cost.py ours|bare|official PORT CONTACTS CONCURRENCY

prints CPU microseconds and contacts per second for one run in a process of its own.
"""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator

TOKEN = "t" * 300


async def ours(port: int, contacts: int, concurrency: int) -> AsyncIterator[int]:
    from ghl_notes import Client

    async with Client(token=TOKEN, base_url=f"http://127.0.0.1:{port}") as client:
        ids = (f"contact{n}" for n in range(contacts))
        async for result in client.notes.stream(ids, concurrency=concurrency):
            if result.error is not None:
                raise result.error
            yield len(result.notes)


async def bare(port: int, contacts: int, concurrency: int) -> AsyncIterator[int]:
    import aiohttp
    import orjson

    headers = {"Authorization": f"Bearer {TOKEN}", "Version": "2021-07-28"}
    ids = (f"contact{n}" for n in range(contacts))
    notes = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal notes
        for contact_id in ids:
            url = f"http://127.0.0.1:{port}/contacts/{contact_id}/notes"
            async with session.get(url) as response:
                body = await response.read()
                notes += len(orjson.loads(body)["notes"])

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*[work(session) for _ in range(concurrency)])
    yield notes


async def official(port: int, contacts: int, concurrency: int) -> AsyncIterator[int]:
    from highlevel import HighLevel

    client = HighLevel(private_integration_token=f"pit-{TOKEN}")
    client.http_client.base_url = f"http://127.0.0.1:{port}"
    ids = (f"contact{n}" for n in range(contacts))
    notes = 0

    async def work() -> None:
        nonlocal notes
        for contact_id in ids:
            reply = await client.contacts.get_all_notes(contact_id)
            notes += len(reply["notes"])

    await asyncio.gather(*[work() for _ in range(concurrency)])
    yield notes


async def run(which: str, port: int, contacts: int, concurrency: int) -> None:
    bytes(1024 * 1024)  # what Transport does for the allocator, to the good of all three alike
    read = {"ours": ours, "bare": bare, "official": official}[which]
    async for _ in read(port, min(300, contacts), concurrency):
        pass  # imports, connections and generated code are not what is measured
    gc.collect()  # nor is the garbage of the imports
    cpu, clock = time.process_time(), time.perf_counter()
    notes = 0
    async for count in read(port, contacts, concurrency):
        notes += count
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    assert notes == 5 * contacts
    print(f"{cpu / contacts * 1e6:.1f} {contacts / clock:.0f}")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], *map(int, sys.argv[2:5])))
