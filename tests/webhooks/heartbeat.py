"""A web service that takes webhooks in, and tells how long its event loop stood still.

Orders as one JSON line on stdin, then a line for each question. Its answers are JSON lines: first
the port, then the longest gap between two beats since the last question, the megabytes of memory,
and how many events were handed on. A gap is never longer than the processor time that the service
took meanwhile: the rest is what others on the machine took away from it.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from aiohttp import web
from attrs import define

from ghl_notes import App, HighLevel
from ghl_notes.webhooks import WebhookEvent, Webhooks


@define
class Heart:
    """Beats on the event loop; a long gap is a loop that something has stopped."""

    longest: float = 0.0

    async def beat(self) -> None:
        """Beat every few milliseconds, for ever."""
        while True:
            before, used = time.perf_counter(), time.process_time()
            await asyncio.sleep(0.005)
            gap = min(time.perf_counter() - before - 0.005, time.process_time() - used)
            self.longest = max(self.longest, gap)

    def take(self) -> float:
        """Tell the longest gap, and begin anew."""
        longest, self.longest = self.longest, 0.0
        return longest


def megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main(orders: dict) -> None:
    got: list[WebhookEvent] = []

    async def on_event(event: WebhookEvent) -> None:
        got.append(event)

    highlevel = HighLevel(App(**orders["app"]))
    webhooks = Webhooks(highlevel, on_event, key=orders["key"], **orders["options"])
    app = web.Application(handler_args=orders["handler_args"])
    app.add_routes([webhooks.route("/hook")])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=500).start()
    heart = Heart()
    beating = asyncio.create_task(heart.beat())
    say(runner.addresses[0][1])
    while await asyncio.to_thread(sys.stdin.readline):
        await asyncio.sleep(0.02)  # what stopped the loop has been noticed by then
        say([heart.take(), megabytes(), len(got)])
    beating.cancel()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
