"""A process that takes in one webhook and dies in its handler: orders as one JSON line on stdin."""

import asyncio
import json
import os
import signal
import sys

from ghl_notes import App, HighLevel
from ghl_notes.stores import SQLiteStore
from ghl_notes.webhooks import WebhookEvent, Webhooks


async def die(_: WebhookEvent) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(orders: dict) -> None:
    async with HighLevel(App(**orders["app"]), store=SQLiteStore(orders["path"])) as highlevel:
        webhooks = Webhooks(highlevel, die, key=orders["key"])
        await webhooks.receive(orders["headers"], orders["body"].encode())


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
