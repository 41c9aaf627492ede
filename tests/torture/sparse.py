"""Sparse traffic in bad weather: one call for each lifetime of a token, so that nothing heals soon.

Every location meets weather of its own at the token endpoint when its first token has ended, and
is called again, by another process, when HighLevel's grace is over. Meanwhile the clocks of the
processes are set ahead and back, and the server of the store is restarted.
"""

import asyncio
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack

from attrs import define, field, frozen

from ghl_notes.testing import FakeHighLevel, TokenRequest
from ghl_notes.testing.faults import Trouble
from tests.torture.clusters import Cluster, cluster_for
from tests.torture.pool import Pool, Worker
from tests.torture.scene import Look, Scene
from tests.torture.stores import place_for
from tests.torture.weather import Weather, forecast

PASSING = "Unavailable"
_GAVE_UP = "TimeoutError"
_CLOCKS = (7200.0, -7200.0, 2 * 86_400.0, -2 * 86_400.0, 90.0, -90.0, 0.0)
_AGAIN_SECONDS = 3.0


@frozen
class Season:
    """What to run. Times are in seconds.

    The first calls of the locations come within ``spread``, the second ``gap`` after them. Every
    other caller has ``patience``. The server of the store goes ``restarts`` times, for a second
    or two.
    """

    store: str
    grace: float = 30.0
    processes: int = 3
    lifetime: float = 4.0
    spread: float = 12.0
    gap: float = 33.0
    patience: float = 2.0
    restarts: int = 3
    steps: int = 12
    seed: int = 0
    weather: tuple[Weather, ...] = field(factory=lambda: tuple(forecast()))


@define
class Weathered:
    """What was met, and what came of it; ``broken`` names each promise that did not hold.

    ``met`` counts the refreshes that met each fault, ``passing`` the calls that were told to come
    later, ``left`` those whose caller gave up, and ``dead`` tells after which weather an install
    was dead.
    """

    season: Season
    met: Counter[str] = field(factory=Counter)
    stops: int = 0
    steps: int = 0
    restarts: int = 0
    calls: int = 0
    passing: int = 0
    left: int = 0
    slowest: float = 0.0
    errors: Counter[str] = field(factory=Counter)
    dead: dict[str, str] = field(factory=dict)
    refreshes: int = 0
    invalid_grants: int = 0
    seconds: float = 0.0
    look: Look = field(factory=Look)

    @property
    def broken(self) -> list[str]:
        """Every promise that did not hold."""
        season = self.season
        wanted = {one[0] for each in season.weather for one in (each.first, each.then) if one}
        wanted |= {"late reply"} if any(one.late for one in season.weather) else set()
        stops = sum(bool(one.stopped) for one in season.weather)
        servers = 0 if season.store == "sqlite" else season.restarts
        rules = {
            "every fault is met": not wanted - set(self.met),
            "every stop meets a holder": self.stops == stops,
            "all clocks step": self.steps == season.steps,
            "the server is restarted": self.restarts == servers,
            "what fails is Unavailable": not self.errors,
            "every location answers": not self.look.silent,
            "no dead install": not self.dead and self.look.spent == 0,
            "no invalid_grant": self.invalid_grants == 0,
        }
        return [rule for rule, holds in rules.items() if not holds]


@define(eq=False)
class _Sky:
    """The weather over one location, as it goes on."""

    weather: Weather
    began: float = 0.0
    refreshes: int = 0

    def next(self, now: float) -> tuple[str, Trouble] | None:
        """Tell what the next refresh meets."""
        self.refreshes += 1
        if self.refreshes == 1:
            self.began = now
            if self.weather.first is not None:
                return self.weather.first
        return self.weather.then if now - self.began < self.weather.seconds else None


@define(eq=False)
class _Land:
    """The locations, the processes that call them, and what happens to both."""

    scene: Scene
    cluster: Cluster
    result: Weathered
    rng: random.Random = field(init=False)
    pool: Pool = field(init=False)
    skies: dict[str, _Sky] = field(factory=dict)
    stopping: set["asyncio.Task[None]"] = field(factory=set)

    @rng.default
    def _make_rng(self) -> random.Random:
        return random.Random(self.result.season.seed)

    @pool.default
    def _make_pool(self) -> Pool:
        return Pool(self.scene.orders, self.result.season.processes, lambda *_: None)

    async def on_token(self, request: TokenRequest) -> Trouble | None:
        """Let a refresh meet the weather over its location."""
        sky = self.skies.get(request.owner_id or "")
        if sky is None or request.kind != "refresh":
            return None
        if request.phase == "arrived":
            met = sky.next(asyncio.get_running_loop().time())
            if met is None:
                return None
            self.result.met[met[0]] += 1
            return met[1]
        if request.phase == "answered" and sky.refreshes == 1:
            await self._delay(sky.weather, request)
        return None

    async def _delay(self, weather: Weather, request: TokenRequest) -> None:
        if weather.late:
            self.result.met["late reply"] += 1
            await asyncio.sleep(weather.late)
        worker = self.pool.connected(request.peer[1], self.scene.port)
        if weather.stopped and worker is not None and worker.signal(signal.SIGSTOP):
            self.result.stops += 1
            task = asyncio.create_task(self._go_on(worker, weather.stopped))
            self.stopping.add(task)

    async def _go_on(self, worker: Worker, seconds: float) -> None:
        await asyncio.sleep(seconds)
        worker.signal(signal.SIGCONT)

    async def live(self) -> None:
        """Let everything happen, in its time."""
        season, ids = self.result.season, self.scene.fake.location_ids
        lives = [
            self._live(location_id, weather, number)
            for number, (location_id, weather) in enumerate(zip(ids, season.weather, strict=True))
        ]
        await asyncio.gather(*lives, self._step(), self._restart())
        await asyncio.gather(*self.stopping)

    async def _live(self, location_id: str, weather: Weather, number: int) -> None:
        """Call a location once in each of two lifetimes, from two processes."""
        season, loop = self.result.season, asyncio.get_running_loop()
        await asyncio.sleep(self.rng.uniform(0, season.spread))
        began, first = loop.time(), self.rng.choice(self.pool.workers)
        sky = self.skies[location_id] = _Sky(weather)
        await self._first(first, location_id, sky, season.patience if number % 2 else None)
        if weather.stopped:  # somebody else has waited for the stopped one, or gone ahead
            await self._again(location_id, [one for one in self.pool.workers if one is not first])
        await asyncio.sleep(max(0.0, began + season.gap - loop.time()))
        self.skies.pop(location_id)
        others = [one for one in self.pool.workers if one is not first]
        await self._again(location_id, others)

    async def _first(
        self, worker: Worker, location_id: str, sky: _Sky, patience: float | None
    ) -> None:
        """Call a location, until its refresh has left: the store may be away just now."""
        for _ in range(5):
            answer = await worker.ask(call=self.scene.target(location_id), patience=patience)
            if sky.refreshes or answer.kind not in (PASSING, _GAVE_UP):
                break
            self.result.passing += 1
            await asyncio.sleep(_AGAIN_SECONDS)
        self.result.slowest = max(self.result.slowest, answer.seconds)
        self.result.calls += not answer.kind
        self.result.passing += answer.kind == PASSING
        self.result.left += answer.kind == _GAVE_UP and patience is not None
        if answer.kind not in ("", PASSING, _GAVE_UP):
            self._note(location_id, f"{answer.kind}: {answer.error}")

    async def _again(self, location_id: str, workers: list[Worker]) -> None:
        """Call a location when its weather is fine; a server of the store may still be away."""
        for _ in range(4):
            answer = await self.rng.choice(workers).ask(call=self.scene.target(location_id))
            if answer.kind != PASSING:
                break
            self.result.passing += 1
            await asyncio.sleep(_AGAIN_SECONDS)
        self.result.slowest = max(self.result.slowest, answer.seconds)
        self.result.calls += not answer.kind
        if answer.kind:
            self._note(location_id, f"{answer.kind}: {answer.error}")

    def _note(self, location_id: str, error: str) -> None:
        weather = dict(zip(self.scene.fake.location_ids, self.result.season.weather, strict=True))
        if error.startswith("ReauthorizationRequired"):
            self.result.dead[location_id] = weather[location_id].name
        else:
            self.result.errors[f"{weather[location_id].name}: {error}"] += 1

    async def _step(self) -> None:
        """Set the clock of one process after another, ahead and back, and right at the end."""
        season = self.result.season
        for number in range(season.steps):
            await asyncio.sleep((season.spread + season.gap) / season.steps)
            worker = self.pool.workers[number % len(self.pool.workers)]
            answer = await worker.ask(clock=self.rng.choice(_CLOCKS))
            self.result.steps += not answer.kind

    async def _restart(self) -> None:
        """Take the server of the store away for a second or two, in both ways."""
        season = self.result.season
        if not self.cluster.url:
            return
        for number in range(season.restarts):
            await asyncio.sleep(season.spread / 2 if number < 2 else season.gap)
            await self.cluster.restart(number % 2 == 0, self.rng.uniform(1.0, 2.0))
            self.result.restarts += 1


async def sparse(season: Season) -> Weathered:
    """Run it, and look at everything afterwards."""
    result, loop = Weathered(season), asyncio.get_running_loop()
    fake = FakeHighLevel(
        locations=len(season.weather),
        contacts=1,
        limit=None,
        access_token_lifetime=season.lifetime,
        grace=season.grace,
    )
    began = loop.time()
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(fake)
        cluster = await opened.enter_async_context(cluster_for(season.store))
        place = await opened.enter_async_context(place_for(season.store, cluster.url))
        land = _Land(Scene(fake, season.store, place, cluster.url), cluster, result)
        await land.scene.install()
        async with land.pool:
            await asyncio.sleep(season.lifetime)
            fake.on_token = land.on_token
            await land.live()
            fake.on_token = None
        result.look = await land.scene.look()
    result.refreshes, result.seconds = fake.stats.refreshes, loop.time() - began
    result.invalid_grants = fake.stats.invalid_grants
    if land.pool.lost:
        result.errors["a process died by itself"] = land.pool.lost
    return result


def report(result: Weathered) -> str:
    """Tell it in a few lines."""
    season, look = result.season, result.look
    met = ", ".join(f"{number} x {name}" for name, number in sorted(result.met.items()))
    answered = len(season.weather) - len(look.silent)
    verdict = "BROKEN: " + ", ".join(result.broken) if result.broken else "all promises hold"
    reasons = [f"{n} x {error}" for error, n in result.errors.most_common(8)]
    reasons += [f"dead after {weather}" for weather in result.dead.values()]
    reasons += [f"{where}: {why}" for where, why in look.silent.items()]
    return f"""\
{season.store}: {len(season.weather)} locations, one call for each lifetime, {result.seconds:.0f} s
  met: {met}
  {result.stops} holders stopped, {result.steps} clock steps, {result.restarts} restarts
  calls {result.calls}, told to come later {result.passing}, left by their caller {result.left}, \
slowest {result.slowest:.1f} s, refreshes {result.refreshes}
  invalid_grant {result.invalid_grants}, dead installs {look.spent}, {answered} locations answer
  {verdict}""" + "".join(f"\n  {reason}" for reason in reasons)
