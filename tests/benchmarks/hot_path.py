"""What the token of an install costs a call that needs no renewal, beside a token that is fixed.

    python tests/benchmarks/hot_path.py

prints the medians in nanoseconds, and how often the store was used meanwhile.
"""

import asyncio
import json
import statistics
import time

ROUNDS, CALLS = 15, 50_000


async def seconds(auth: object) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        await auth.token()
    return time.perf_counter() - began


async def main() -> dict[str, float]:
    from ghl_notes import App, HighLevel, StaticToken
    from ghl_notes.stores import MemoryStore
    from ghl_notes.testing import FakeHighLevel

    class Counted(MemoryStore):
        uses = 0

        async def load(self, key: str) -> object:
            self.uses += 1
            return await super().load(key)

        def hold(self, key: str) -> object:
            self.uses += 1
            return super().hold(key)

    store = Counted()
    async with FakeHighLevel() as fake:
        app = App(
            client_id=fake.app.client_id,
            client_secret=fake.app.client_secret,
            redirect_uri=fake.app.redirect_uri,
        )
        async with HighLevel(app, store=store, base_url=fake.url) as highlevel:
            await highlevel.install(fake.authorize_code())
            install = highlevel.location(fake.location_id)._dispatch._auth
            static, before = StaticToken("pit-0"), store.uses
            pairs = [(await seconds(install), await seconds(static)) for _ in range(ROUNDS)]
            uses = store.uses - before
    ours, fixed = (statistics.median(times) / CALLS * 1e9 for times in zip(*pairs, strict=True))
    return {"install_ns": ours, "static_ns": fixed, "store_uses": uses}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
