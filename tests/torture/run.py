"""The torture itself: the processes, the killer, and what has to hold at the end."""

import asyncio
import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ghl_notes import App, HighLevel, HighLevelError
from ghl_notes.testing import FakeHighLevel
from tests.torture.stores import open_store, place_for

STORES = ("sqlite", "postgres", "redis")
ROOT = Path(__file__).parents[2]
RATIO = 1.05


@frozen
class Plan:
    """What to run. Times are in seconds; ``pause`` is the longest rest of a task between calls."""

    store: str
    seconds: float = 60.0
    kill: bool = False
    every: float = 3.0
    processes: int = 4
    tasks: int = 50
    locations: int = 20
    lifetime: float = 3.0
    grace: float = 30.0
    pause: float = 0.4

    @property
    def latency(self) -> float:
        """How long a reply takes: with a killer long enough for him to meet renewals under way."""
        return 0.1 if self.kill else 0.01


@define
class Outcome:
    """What came of it; ``broken`` names each promise that did not hold."""

    plan: Plan
    kills: int = 0
    calls: Counter[str] = field(factory=Counter)
    errors: Counter[str] = field(factory=Counter)
    slowest: float = 0.0
    refreshes: int = 0
    invalid_grants: int = 0
    spent: int = 0
    silent: list[str] = field(factory=list)

    @property
    def most(self) -> int:
        """How many refreshes there may be."""
        return int(RATIO * self.plan.locations * self.plan.seconds / self.plan.lifetime)

    @property
    def broken(self) -> list[str]:
        """Every promise that did not hold."""
        rules = {
            "no call fails": not self.errors,
            "no invalid_grant": self.invalid_grants == 0,
            "no dead install": self.spent == 0,
            "every location answers": not self.silent,
            "every location was used": len(self.calls) == self.plan.locations,
            # A killed process may have refreshed without saving, and its successor repeats it.
            "few refreshes": self.refreshes <= self.most + self.kills * self.plan.locations,
        }
        return [rule for rule, holds in rules.items() if not holds]


async def torture(plan: Plan) -> Outcome:
    """Run it, and look at everything afterwards."""
    outcome = Outcome(plan)
    fake = FakeHighLevel(
        locations=plan.locations,
        contacts=1,
        limit=None,
        access_token_lifetime=plan.lifetime,
        grace=plan.grace,
        latency=plan.latency,
    )
    async with fake, place_for(plan.store) as place:
        app = App(
            client_id=fake.app.client_id,
            client_secret=fake.app.client_secret,
            redirect_uri=fake.app.redirect_uri,
        )
        await _install(fake, app, plan, place)
        before = fake.stats.refreshes
        orders = _orders(fake, plan, place)
        running = _Running(outcome)
        work = [_keep_running(orders, number, running) for number in range(plan.processes)]
        if plan.kill:
            work.append(running.kill(plan.every, orders["ends"]))
        await asyncio.gather(*work)
        outcome.refreshes = fake.stats.refreshes - before
        await _look(fake, app, outcome, place)
        outcome.invalid_grants = fake.stats.invalid_grants
    return outcome


def report(outcome: Outcome) -> str:
    """Tell it in a few lines."""
    plan = outcome.plan
    ideal = plan.locations * plan.seconds / plan.lifetime
    load = f"{plan.processes} processes x {plan.tasks} tasks x {plan.locations} locations"
    killer = f", {outcome.kills} x kill -9" if plan.kill else ""
    calls, errors = outcome.calls.total(), outcome.errors.total()
    ratio, answer = outcome.refreshes / ideal, plan.locations - len(outcome.silent)
    verdict = "BROKEN: " + ", ".join(outcome.broken) if outcome.broken else "all promises hold"
    return f"""\
{plan.store}: {load}, tokens of {plan.lifetime:g} s, for {plan.seconds:g} s{killer}
  calls {calls:,}, errors {errors}, slowest call {outcome.slowest:.2f} s
  refreshes {outcome.refreshes} = {ratio:.3f} x (locations x lifetimes)
  invalid_grant {outcome.invalid_grants}, dead installs {outcome.spent}, {answer} locations answer
  {verdict}""" + "".join(f"\n  {n} x {error}" for error, n in outcome.errors.most_common(5))


async def _install(fake: FakeHighLevel, app: App, plan: Plan, place: str) -> None:
    store = open_store(plan.store, place)
    async with HighLevel(app, store=store, base_url=fake.url) as highlevel:
        for location_id in fake.location_ids:
            await highlevel.install(fake.authorize_code(location_id))


def _orders(fake: FakeHighLevel, plan: Plan, place: str) -> dict[str, Any]:
    return {
        "app": {
            "client_id": fake.app.client_id,
            "client_secret": fake.app.client_secret,
            "redirect_uri": fake.app.redirect_uri,
        },
        "base_url": fake.url,
        "kind": plan.store,
        "place": place,
        "tasks": plan.tasks,
        "pause": plan.pause,
        "contacts": [(one, fake.contact_ids(one)[0]) for one in fake.location_ids],
        "ends": time.time() + plan.seconds,
    }


async def _keep_running(orders: dict[str, Any], number: int, running: "_Running") -> None:
    """Run one process, and another in its place whenever it was killed."""
    life = 0
    while time.time() < orders["ends"]:
        life += 1
        await running.run({**orders, "seed": f"{number} {life}"})


@define
class _Running:
    """The processes of a run, and what they tell."""

    outcome: Outcome
    alive: list[asyncio.subprocess.Process] = field(factory=list)

    async def run(self, orders: dict[str, Any]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.torture.worker",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.alive.append(process)
        try:
            told, _ = await process.communicate(json.dumps(orders).encode() + b"\n")
        finally:
            self.alive.remove(process)
            if process.returncode is None:
                process.kill()
        if process.returncode not in (0, -signal.SIGKILL):
            self.outcome.errors[f"a process ended with status {process.returncode}"] += 1
        for line in told.splitlines(keepends=True):
            if line.endswith(b"\n"):  # else it was killed while it wrote
                self._take(json.loads(line))

    def _take(self, facts: dict[str, Any]) -> None:
        if "error" in facts:
            self.outcome.errors[facts["error"]] += 1
        else:
            self.outcome.calls.update(facts["calls"])
            self.outcome.slowest = max(self.outcome.slowest, facts["slowest"])

    async def kill(self, every: float, until: float) -> None:
        """Kill a process at random, again and again, out of step with the tokens."""
        while time.time() + 1.5 * every < until:
            await asyncio.sleep(every * random.uniform(0.5, 1.5))
            if self.alive:
                random.choice(self.alive).kill()
                self.outcome.kills += 1


async def _look(fake: FakeHighLevel, app: App, outcome: Outcome, place: str) -> None:
    """Ask every location once more, as a process that starts afterwards does."""
    store = open_store(outcome.plan.store, place)
    async with HighLevel(app, store=store, base_url=fake.url) as highlevel:
        installs = [install async for install in highlevel.installs()]
        outcome.spent = sum(install.spent_at is not None for install in installs)
        for location_id in fake.location_ids:
            try:
                await highlevel.location(location_id).notes.list(fake.contact_ids(location_id)[0])
            except HighLevelError as error:
                outcome.silent.append(location_id)
                outcome.errors[f"{type(error).__name__}: {error}"] += 1
