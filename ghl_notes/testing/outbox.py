"""The webhooks that wait to be sent, and how they travel."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence

import aiohttp
from attrs import define, evolve, field, frozen
from attrs.validators import ge, le

from ghl_notes.testing.stats import Stats

__all__ = ["Conditions", "Delivery", "Outbox", "OutboxEvent"]

Sign = Callable[[bytes], dict[str, str]]

_ANSWER_WITHIN = aiohttp.ClientTimeout(total=10)  # seconds


@frozen
class OutboxEvent:
    """A webhook that waits to be sent; ``body`` is the same, byte by byte, in every attempt.

    ``attempts`` counts how often it was sent, in a delivery that was broken off.
    """

    type: str
    webhook_id: str
    body: bytes = field(repr=False)
    attempts: int = 0


@frozen
class Delivery:
    """What became of one webhook: a status for each time it was sent, None where no answer came."""

    type: str
    webhook_id: str
    statuses: tuple[int | None, ...]

    @property
    def delivered(self) -> bool:
        """Tell whether it was answered with a 2xx, once at least."""
        return _taken(self.statuses)


@frozen(kw_only=True)
class Conditions:
    """How webhooks travel; ``FakeHighLevel.deliver`` tells what each means."""

    duplicates: float = field(validator=[ge(0), le(1)])
    disorder: bool
    delayed: float = field(validator=[ge(0), le(1)])
    attempts: int = field(validator=ge(1))
    concurrency: int = field(validator=ge(1))


@define
class _Job:
    event: OutboxEvent
    headers: dict[str, str]
    statuses: list[int | None] = field(factory=list)

    @property
    def done(self) -> bool:
        return _taken(self.statuses)

    def put_back(self) -> OutboxEvent:
        return evolve(self.event, attempts=self.event.attempts + len(self.statuses))

    def report(self) -> Delivery:
        return Delivery(self.event.type, self.event.webhook_id, tuple(self.statuses))


@define(eq=False)
class Outbox:
    """Holds webhooks until ``deliver`` sends them, and no longer."""

    rng: random.Random
    stats: Stats
    events: list[OutboxEvent] = field(factory=list, init=False)

    async def deliver(self, url: str, sign: Sign, conditions: Conditions) -> list[Delivery]:
        """Send what is here. What comes in meanwhile, in answer to it, waits for the next time.

        Events under way are not here, so that two deliveries at once never send the same one.
        When it is broken off, what was not delivered comes back.
        """
        due, self.events = self._divided(conditions.delayed)
        jobs = [_Job(event, sign(event.body)) for event in due]
        try:
            await self._send(url, jobs, conditions)
        except BaseException:
            self.events[:0] = [job.put_back() for job in jobs if not job.done]
            raise
        return [job.report() for job in jobs]

    async def _send(self, url: str, jobs: Sequence[_Job], conditions: Conditions) -> None:
        copies = [one for job in jobs for one in self._copies(job, conditions.duplicates)]
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=conditions.concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_ANSWER_WITHIN,
        ) as session:
            for _ in range(conditions.attempts):
                if conditions.disorder:
                    self.rng.shuffle(copies)
                await self._round(session, url, copies, conditions.concurrency)
                copies = [job for job in jobs if not job.done]

    def _divided(self, delayed: float) -> tuple[list[OutboxEvent], list[OutboxEvent]]:
        """Tell what is sent now, and what stays."""
        if not delayed:
            return self.events, []
        due: list[OutboxEvent] = []
        later: list[OutboxEvent] = []
        for event in self.events:
            (later if self.rng.random() < delayed else due).append(event)
        return due, later

    def _copies(self, job: _Job, duplicates: float) -> list[_Job]:
        return [job, job] if self.rng.random() < duplicates else [job]

    async def _round(
        self, session: aiohttp.ClientSession, url: str, jobs: Iterable[_Job], concurrency: int
    ) -> None:
        waiting = iter(jobs)

        async def work() -> None:
            for job in waiting:
                self.stats.webhooks[job.event.type] += 1
                job.statuses.append(await _post(session, url, job))

        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())


async def _post(session: aiohttp.ClientSession, url: str, job: _Job) -> int | None:
    sending = session.post(url, data=job.event.body, headers=job.headers, allow_redirects=False)
    try:
        async with sending as reply:
            return reply.status
    except (aiohttp.ClientError, OSError):  # refused, broken, or too late
        return None


def _taken(statuses: Iterable[int | None]) -> bool:
    return any(status is not None and status // 100 == 2 for status in statuses)  # noqa: PLR2004
