"""How close to the destination's limit a whole migration from Close goes, from plan to last note.

    python tests/benchmarks/moving.py

Both services are fakes in a process of their own: 450 notes of 50 leads, which take 600 requests.
"""

import asyncio
import json
import math
import sys
import tempfile
import time

from ghl_notes import Client, migrate
from ghl_notes.sources.close import CloseNotes
from ghl_notes.testing import FakeClose, FakeHighLevel

LIMIT, INTERVAL, LEADS, NOTES = 100, 5.0, 50, 9


async def serve() -> None:
    """Serve both fakes until standard input closes, and print what HighLevel has seen."""
    here = FakeClose(leads=LEADS, notes_per_lead=NOTES)
    there = FakeHighLevel(contacts=LEADS, limit=LIMIT, interval=INTERVAL)
    async with here, there:
        close = {"api_key": here.api_key, "base_url": here.url}
        highlevel = {
            "token": there.private_token,
            "base_url": there.url,
            "location_id": there.location_id,
        }
        print(json.dumps({"close": close, "highlevel": highlevel}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        stats = there.stats
        print(json.dumps({"requests": stats.requests, "rejected": stats.rejected_429}))


async def run() -> dict[str, float]:
    """Move everything once and return what it took."""
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "serve", stdin=pipe, stdout=pipe
    )
    assert server.stdout is not None
    assert server.stdin is not None
    tell = json.loads(await server.stdout.readline())
    with tempfile.TemporaryDirectory() as folder:
        ledger = f"{folder}/ledger.db"
        async with CloseNotes(**tell["close"]) as close, Client(**tell["highlevel"]) as client:
            began = time.perf_counter()
            plan = await migrate.plan(close, client, ledger=ledger, users={})
            report = await migrate.apply(plan, ledger=ledger)
            took = time.perf_counter() - began
    server.stdin.close()
    stats = json.loads(await server.stdout.readline())
    await server.wait()
    ideal = (math.ceil(stats["requests"] / LIMIT) - 1) * INTERVAL
    created = report.counts.get("created", 0)
    return {"seconds": took, "ideal": ideal, "share": ideal / took, "created": created, **stats}


if __name__ == "__main__":
    if "serve" in sys.argv:
        asyncio.run(serve())
    else:
        print(json.dumps(asyncio.run(run())))
