"""What one webhook costs a receiver in CPU, from its first byte on a socket to its answer.

    python tests/benchmarks/webhooks.py memory|sqlite [EVENTS]

prints CPU microseconds for each event, events in a second of CPU, and what was handed on. The
receiver is an aiohttp route in a process of its own; 32 connections bring it signed note events.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from ghl_notes.testing import FakeHighLevel

CONNECTIONS, WARM_UP = 32, 1_000
BODY = "Spoke with Jane about the renewal; she wants a quote by Friday."


async def serve(kind: str) -> None:
    """Serve until standard input closes; for each line, print the CPU seconds and the count."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from ghl_notes import App, HighLevel
    from ghl_notes.stores import MemoryStore, SQLiteStore
    from ghl_notes.webhooks import Webhooks

    handed_on = 0

    async def on_event(_: object) -> None:
        nonlocal handed_on
        handed_on += 1

    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "installs.db") if kind == "sqlite" else MemoryStore()
        fake = FakeHighLevel()
        names = ("client_id", "client_secret", "redirect_uri")
        app = App(**{name: getattr(fake.app, name) for name in names})
        await fake.start()
        async with HighLevel(app, store=store, base_url=fake.url) as highlevel:
            await highlevel.install(fake.authorize_code())
            await fake.close()
            async with Webhooks(highlevel, on_event, key=fake.webhook_key) as webhooks:
                server = web.Application()
                server.add_routes([webhooks.route("/hook")])
                runner = web.AppRunner(server, access_log=None)
                await runner.setup()
                site = web.TCPSite(runner, "127.0.0.1", 0)
                await site.start()
                print(runner.addresses[0][1], flush=True)
                loop = asyncio.get_running_loop()
                while await loop.run_in_executor(None, sys.stdin.readline):
                    print(json.dumps([time.process_time(), handed_on]), flush=True)
                await runner.cleanup()


def requests(count: int) -> list[bytes]:
    """Sign so many different events, as HighLevel sends them."""
    fake = FakeHighLevel()
    fields = {"locationId": fake.location_id, "contactId": fake.contact_ids()[0], "body": BODY}
    for number in range(count):
        added = "2026-07-17T09:45:00.653Z"
        fake.emit("NoteCreate", id=f"hBBtLesMY4JCP{number:07}", dateAdded=added, **fields)
    return [request(event.body, fake.sign(event.body)) for event in fake.outbox]


def request(body: bytes, signed: dict[str, str]) -> bytes:
    headers = {
        "Host": "app.example.com",
        "Accept": "application/json, text/plain, */*",
        "User-Agent": "axios/1.7.2",
        "Content-Length": str(len(body)),
        **signed,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /hook HTTP/1.1\r\n{lines}\r\n".encode() + body


async def send(port: int, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in waiting:
        writer.write(one)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()


async def bring(port: int, events: list[bytes]) -> None:
    waiting = iter(events)
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(send(port, waiting))


async def measure(kind: str, count: int) -> dict[str, float]:
    events, pipe = requests(count + WARM_UP), asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "serve", kind, stdin=pipe, stdout=pipe
    )

    async def told() -> list[float]:
        server.stdin.write(b"\n")
        return json.loads(await server.stdout.readline())

    port = int(await server.stdout.readline())
    await bring(port, events[:WARM_UP])  # imports, connections and generated code are not measured
    before, began = await told(), time.perf_counter()
    await bring(port, events[WARM_UP:])
    after, took = await told(), time.perf_counter() - began
    server.stdin.close()
    await server.wait()
    cpu = after[0] - before[0]
    return {
        "cpu_us": cpu / count * 1e6,
        "per_cpu_second": count / cpu,
        "per_second": count / took,
        "handed_on": after[1],
        "sent": count + WARM_UP,
    }


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2]))
    else:
        events = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
        print(json.dumps(asyncio.run(measure(sys.argv[1], events))))
