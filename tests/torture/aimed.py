"""Kills that are aimed: each meets a process that has a refresh token under way.

A process is killed when HighLevel has not taken its refresh token yet, when HighLevel has and the
reply is not out, or while the reply is being saved. In half of the rounds all processes ask for
the location at once, in the other half one asks, and another comes some seconds later.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Coroutine
from typing import Literal, TypeAlias

from attrs import define, field, frozen

from ghl_notes.testing import FakeHighLevel, Fault, TokenRequest
from tests.torture.pool import KILLED, Answer, Pool, Worker
from tests.torture.scene import Look, Scene
from tests.torture.stores import place_for

Phase: TypeAlias = Literal["before", "taken", "saving"]
PHASES: tuple[Phase, ...] = ("before", "taken", "saving")
SPENT = "ReauthorizationRequired"
_SHOT_SECONDS = 15.0  # a round that met nothing by then is given up
_SAVE_SECONDS = 0.01  # a save, and the moment before it, take about so long
_SETTLED_SECONDS = 0.1  # what a killed process had sent to its server has been done by then


@frozen
class Aims:
    """What to run. Times are in seconds; with ``agency`` the locations belong to one.

    Without a grace the rounds go one after the other, so that it is known what each has cost.
    """

    store: str
    kills: int = 24
    grace: float = 30.0
    processes: int = 4
    locations: int = 9
    agency: bool = False
    lifetime: float = 2.0
    later: float = 8.0
    seed: int = 0

    @property
    def forgiven(self) -> bool:
        """Whether HighLevel gives a lost reply once more."""
        return self.grace > 0


@define
class Hits:
    """What the kills met, and what came of it; ``broken`` names each promise that did not hold.

    ``saved`` and ``unsaved`` tell of kills during a save, whether it was done, where that could be
    seen. ``lost`` counts the tokens that nobody knew any more, ``ended`` the installs that this
    ended, and ``cut_off`` the calls that a killed process had under way.
    """

    aims: Aims
    phases: Counter[Phase] = field(factory=Counter)
    saved: int = 0
    unsaved: int = 0
    lost: int = 0
    ended: int = 0
    calls: int = 0
    cut_off: int = 0
    slowest: float = 0.0
    errors: Counter[str] = field(factory=Counter)
    refreshes: int = 0
    mints: int = 0
    invalid_grants: int = 0
    seconds: float = 0.0
    look: Look = field(factory=Look)

    @property
    def broken(self) -> list[str]:
        """Every promise that did not hold."""
        aims, least = self.aims, self.aims.kills // len(PHASES)
        rules = {
            f"{aims.kills} kills meet a refresh": self.phases.total() >= aims.kills,
            "each phase is met": all(self.phases[phase] >= least for phase in PHASES),
            "no other call fails": not self.errors,
            "every location answers": not self.look.silent,
            "no dead install": self.look.spent == 0,
        }
        if aims.forgiven:
            rules["no invalid_grant"] = self.invalid_grants == 0
        else:
            rules["tokens were lost"] = self.lost > 0
            rules["one invalid_grant for each lost token"] = self.invalid_grants == self.lost
            # The agency mints another one; a direct install ends, and all are told so.
            ends = 0 if aims.agency else self.lost
            rules[f"{ends} installs end"] = self.ended == ends
        return [rule for rule, holds in rules.items() if not holds]


@define(eq=False)
class _Aim:
    """One kill to come: the location, the moment, and that it was done."""

    location_id: str
    phase: Phase
    shot: asyncio.Event = field(factory=asyncio.Event)


@define(eq=False)
class _Range:
    """Where it is shot: who is aimed at, who is hit, and what becomes of the locations."""

    scene: Scene
    hits: Hits
    rng: random.Random
    aim: _Aim | None = None
    pool: Pool = field(init=False)
    healing: set["asyncio.Task[None]"] = field(factory=set)
    rested: dict[str, float] = field(factory=dict)

    @pool.default
    def _make_pool(self) -> Pool:
        return Pool(self.scene.orders, self.hits.aims.processes, self.on_saving)

    async def on_token(self, request: TokenRequest) -> Fault | None:
        """Kill who asks for a token of the location that is aimed at, at its moment."""
        aim, moment = self.aim, {"arrived": "before", "answered": "taken"}.get(request.phase)
        if aim is None or request.kind != "refresh" or request.owner_id != aim.location_id:
            return None
        worker = self.pool.connected(request.peer[1], self.scene.port)
        if moment != aim.phase or worker is None or not self._shoot(worker, aim):
            return None
        await worker.gone.wait()
        return Fault.RESET_BEFORE  # on arrival: nothing is done for the dead

    def on_saving(self, worker: Worker, owner_id: str) -> None:
        """Kill who saves a token of the location that is aimed at, somewhere within the save."""
        aim = self.aim
        if aim is not None and aim.phase == "saving" and aim.location_id == owner_id:
            delay = max(0.0, self.rng.uniform(-_SAVE_SECONDS, _SAVE_SECONDS))
            asyncio.get_running_loop().call_later(delay, self._shoot, worker, aim)

    def _shoot(self, worker: Worker, aim: _Aim) -> bool:
        if self.aim is not aim or not self.pool.kill(worker):
            return False
        self.aim = None
        self.hits.phases[aim.phase] += 1
        aim.shot.set()
        return True

    async def shoot_all(self) -> None:
        """Go round the phases and the locations until all kills have met a refresh."""
        rounds = itertools.product((True, False), PHASES)
        for crowd, phase in itertools.islice(itertools.cycle(rounds), self.hits.aims.kills):
            await self._round(await self._rested(), phase, crowd=crowd)
        await asyncio.gather(*self.healing)

    async def _rested(self) -> str:
        """Take the location that has rested longest, as soon as its token has ended."""
        while not self.rested:  # noqa: ASYNC110 - the last round that heals fills it
            await asyncio.sleep(0.02)
        location_id, since = min(self.rested.items(), key=lambda item: item[1])
        del self.rested[location_id]
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, since + self.hits.aims.lifetime - loop.time()))
        return location_id

    async def _round(self, location_id: str, phase: Phase, *, crowd: bool) -> None:
        """Let one kill meet a refresh of a location, and see that the location lives on."""
        crowd = crowd and (self.hits.aims.forgiven or phase != "saving")  # else it is not seen
        before = await self.scene.stored(location_id)
        workers = await self.pool.ready(2)
        self.rng.shuffle(workers)
        self.aim = aim = _Aim(location_id, phase)
        asked = [self._call(one, location_id) for one in (workers if crowd else workers[:1])]
        calls = asyncio.gather(*asked)
        try:
            async with asyncio.timeout(_SHOT_SECONDS):
                await aim.shot.wait()
        except TimeoutError:
            self.aim = None
        lost = phase == "taken" and aim.shot.is_set()
        if phase == "saving" and not crowd:
            lost = aim.shot.is_set() and not await self._is_saved(location_id, before)
        lost = lost and not self.hits.aims.forgiven
        healing = self._heal(location_id, calls, crowd=crowd, lost=lost)
        if self.hits.aims.forgiven:
            self._background(healing)
        else:
            await healing

    async def _is_saved(self, location_id: str, before: object) -> bool:
        await asyncio.sleep(_SETTLED_SECONDS)
        saved = await self.scene.stored(location_id) != before
        if saved:
            self.hits.saved += 1
        else:
            self.hits.unsaved += 1
        return saved

    async def _heal(
        self, location_id: str, calls: "asyncio.Future[list[Answer]]", *, crowd: bool, lost: bool
    ) -> None:
        """See that everybody who asks is answered, now or some seconds later."""
        answers = await calls
        if not crowd:
            await asyncio.sleep(self.rng.uniform(0.1, self.hits.aims.later))
            answers = [*answers, await self._call_until_answered(location_id)]
        ends = lost and not self.scene.agency
        for answer in answers:
            self._count(answer, ends=ends)
        self.hits.lost += lost
        if ends:
            self.hits.ended += any(answer.kind == SPENT for answer in answers)
            await self.scene.install_again(location_id)
        self.rested[location_id] = asyncio.get_running_loop().time()

    def _count(self, answer: Answer, *, ends: bool) -> None:
        self.hits.slowest = max(self.hits.slowest, answer.seconds)
        if answer.kind == KILLED:
            self.hits.cut_off += 1
        elif not answer.kind:
            self.hits.calls += 1
        elif not (ends and answer.kind == SPENT):
            self.hits.errors[f"{answer.kind}: {answer.error}"] += 1

    async def _call(self, worker: Worker, location_id: str) -> Answer:
        return await worker.ask(call=self.scene.target(location_id))

    async def _call_until_answered(self, location_id: str) -> Answer:
        """Ask a process that lives, and another if it was killed meanwhile."""
        while True:
            worker = self.rng.choice(await self.pool.ready(1))
            answer = await self._call(worker, location_id)
            if answer.kind != KILLED:
                return answer
            self.hits.cut_off += 1

    def _background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self.healing.add(task)
        task.add_done_callback(self.healing.discard)


async def aimed(aims: Aims) -> Hits:
    """Run it, and look at everything afterwards."""
    hits, loop = Hits(aims), asyncio.get_running_loop()
    fake = FakeHighLevel(
        locations=aims.locations,
        contacts=1,
        limit=None,
        access_token_lifetime=aims.lifetime,
        grace=aims.grace,
    )
    async with fake, place_for(aims.store) as place:
        scene = Scene(fake, aims.store, place, agency=aims.agency)
        await scene.install()
        began, before = loop.time(), fake.stats.refreshes
        shooting = _Range(scene, hits, random.Random(aims.seed))
        shooting.rested = dict.fromkeys(fake.location_ids, began)
        fake.on_token = shooting.on_token
        async with shooting.pool:
            await shooting.shoot_all()
        fake.on_token = None
        hits.refreshes, hits.mints = fake.stats.refreshes - before, fake.stats.mints
        hits.seconds, hits.look = loop.time() - began, await scene.look()
        hits.invalid_grants = fake.stats.invalid_grants
        if shooting.pool.lost:
            hits.errors["a process died by itself"] = shooting.pool.lost
    return hits


def report(hits: Hits) -> str:
    """Tell it in a few lines."""
    aims, phases = hits.aims, hits.phases
    met = ", ".join(f"{phases[phase]} {words}" for phase, words in _WORDS.items())
    answered, whose = (
        aims.locations - len(hits.look.silent),
        "of an agency" if aims.agency else "direct",
    )
    verdict = "BROKEN: " + ", ".join(hits.broken) if hits.broken else "all promises hold"
    reasons = [*(f"{n} x {error}" for error, n in hits.errors.most_common(5))]
    reasons += [f"{where}: {why}" for where, why in hits.look.silent.items()]
    return f"""\
{aims.store}: {phases.total()} x kill -9, each at a refresh, grace {aims.grace:g} s, \
{aims.locations} installs ({whose}), {hits.seconds:.0f} s
  met: {met} ({hits.saved} seen saved, {hits.unsaved} not)
  tokens lost {hits.lost}, installs ended {hits.ended}
  calls {hits.calls}, cut off {hits.cut_off}, slowest {hits.slowest:.2f} s, \
refreshes {hits.refreshes}, mints {hits.mints}
  invalid_grant {hits.invalid_grants}, dead installs {hits.look.spent}, {answered} locations answer
  {verdict}""" + "".join(f"\n  {reason}" for reason in reasons)


_WORDS: dict[Phase, str] = {
    "before": "before HighLevel took it",
    "taken": "after, without a reply",
    "saving": "while saving",
}
