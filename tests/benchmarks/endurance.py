"""What holds over a long or bad run: memory, faults, lost replies, one refresh for many.

    python tests/benchmarks/endurance.py memory [PORT] | faults | creates | refreshes | late

prints what was counted, as JSON.
"""

import asyncio
import collections
import json
import os
import sys
from pathlib import Path

from ghl_notes import AmbiguousWrite, App, Client, ContactNotes, HighLevel, RetryPolicy
from ghl_notes.testing import FakeHighLevel, Fault

CONTACTS, STREAMED, CREATES = 10_000, 200_000, 500


def resident_mb() -> float:
    """Return the resident memory of this process, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def memory(port: str) -> dict[str, float]:
    """Stream 200,000 contacts, and see how much memory grows after the first 1,000."""
    done, first, most = 0, 0.0, 0.0
    async with Client(token="pit-x", base_url=f"http://127.0.0.1:{port}") as client:
        async for result in client.notes.stream(f"contact{n}" for n in range(STREAMED)):
            assert len(result.notes) == 5
            done += 1
            if done == 1_000:
                first = most = resident_mb()
            elif done % 1_000 == 0:
                most = max(most, resident_mb())
    return {"contacts": done, "grown_mb": round(most - first, 1)}


async def faults() -> dict[str, int]:
    """Read 10,000 contacts from a server at which one reply in ten goes wrong."""
    rates = {
        Fault.SERVER_ERROR: 0.05,
        Fault.RESET_BEFORE: 0.01,
        Fault.RESET_AFTER: 0.01,
        Fault.CUT_BODY: 0.01,
        Fault.CUT_JSON: 0.01,
        Fault.HTML: 0.01,
    }
    seen: collections.Counter[str] = collections.Counter()
    failed = wrong = 0
    fake = FakeHighLevel(contacts=CONTACTS, limit=None, fault_rates=rates)
    async with fake, Client(token=fake.private_token, base_url=fake.url) as client:
        result: ContactNotes
        async for result in client.notes.stream(fake.contact_ids()):
            seen[result.contact_id] += 1
            failed += result.error is not None
            wrong += len(result.notes) != 5
        missing = sum(contact_id not in seen for contact_id in fake.contact_ids())
    twice = sum(count > 1 for count in seen.values())
    return {"contacts": len(seen), "failed": failed, "wrong": wrong, "missing": missing,
            "twice": twice, "requests": fake.stats.requests}  # fmt: skip


async def creates() -> dict[str, int]:
    """Create 500 notes while one connection in five breaks after the note was written."""
    rates = {Fault.RESET_AFTER: 0.2}
    fake = FakeHighLevel(contacts=20, notes_per_contact=0, limit=None, fault_rates=rates)
    ids: list[str] = []
    unknown = 0
    policy = RetryPolicy(settle=0.2)

    async with fake, Client(token=fake.private_token, base_url=fake.url, retries=policy) as client:
        contacts = list(fake.contact_ids())

        async def create(n: int) -> None:
            nonlocal unknown
            try:  # every text is written five times on the same contact
                note = await client.notes.create(contacts[n % 20], f"Call {n % 100}")
                ids.append(note.id)
            except AmbiguousWrite:
                unknown += 1

        await asyncio.gather(*[create(n) for n in range(CREATES)])
        there = {note["id"] for contact in contacts for note in fake.notes(contact)}
    return {"created": len(ids), "different": len(set(ids)), "ambiguous": unknown,
            "there": len(there), "unclaimed": len(there - set(ids))}  # fmt: skip


async def refreshes() -> dict[str, int]:
    """200 tasks find that their token has expired."""
    return await _refreshes(late=False)


async def late() -> dict[str, int]:
    """200 calls were sent with the same token, and learn one by one that it has expired."""
    return await _refreshes(late=True)


async def _refreshes(*, late: bool) -> dict[str, int]:
    fake = FakeHighLevel(contacts=200, limit=None, latency=0.05 if late else 0.0)
    async with fake:
        app = App(
            client_id=fake.app.client_id,
            client_secret=fake.app.client_secret,
            redirect_uri=fake.app.redirect_uri,
        )
        async with HighLevel(app, base_url=fake.url) as highlevel:
            install = await highlevel.install(fake.authorize_code())
            client = highlevel.location(str(install.location_id))
            ids = fake.contact_ids()
            await client.notes.list(ids[0])
            fake.expire_access_tokens()

            async def call(n: int) -> None:
                await asyncio.sleep(0.002 * n if late else 0)
                await client.notes.list(ids[n])

            await asyncio.gather(*[call(n) for n in range(200)])
    return {"calls": 200, "refreshes": fake.stats.refreshes}


if __name__ == "__main__":
    what = {f.__name__: f for f in (memory, faults, creates, refreshes, late)}[sys.argv[1]]
    print(json.dumps(asyncio.run(what(*sys.argv[2:]))))
