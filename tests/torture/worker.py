"""One process of the torture: many tasks that read notes from random locations.

It gets its orders as one JSON line on stdin, and tells on stdout each error as a JSON line when
it meets it, and at the end how many calls each location answered.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any

from ghl_notes import App, HighLevel, HighLevelError, RetryPolicy
from tests.torture.stores import open_store


def tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def work(orders: dict[str, Any]) -> None:
    app = App(**orders["app"])
    store = open_store(orders["kind"], orders["place"])
    ends, calls, slowest = orders["ends"], Counter(), 0.0

    async def one(seed: str) -> None:
        nonlocal slowest
        rng = random.Random(seed)
        while time.time() < ends:
            location_id, contact_id = rng.choice(orders["contacts"])
            began = time.monotonic()
            try:
                await highlevel.location(location_id).notes.list(contact_id)
                calls[location_id] += 1
            except HighLevelError as error:
                tell(error=f"{type(error).__name__}: {error}")
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(rng.uniform(0, orders["pause"]))

    retries = RetryPolicy(base=0.05, cap=0.5)
    async with HighLevel(
        app, store=store, base_url=orders["base_url"], retries=retries
    ) as highlevel:
        await asyncio.gather(*(one(f"{orders['seed']} {n}") for n in range(orders["tasks"])))
    tell(calls=calls, slowest=slowest)


if __name__ == "__main__":
    asyncio.run(work(json.loads(sys.stdin.readline())))
