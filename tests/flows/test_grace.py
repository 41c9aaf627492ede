# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""In real time: a refresh whose reply is lost, then failures for seconds, and no install dies."""

import asyncio
from collections import Counter

import pytest

from ghl_notes import HighLevelError
from ghl_notes.testing import Failure, Fault

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

KINDS = {
    "reset": Fault.RESET_BEFORE,
    "500": Fault.SERVER_ERROR,
    "502 HTML": Fault.BAD_GATEWAY,
    "429": Fault.RATE_LIMITED,
    "503, Retry-After: 3": Failure(status=503, headers={"retry-after": "3"}),
    "503, Retry-After: 3600": Failure(status=503, headers={"retry-after": "3600"}),
    "429, Retry-After: 3600": Failure(status=429, headers={"retry-after": "3600"}),
    "403 HTML": Fault.FORBIDDEN_HTML,
    "200 HTML": Fault.HTML,
    "unknown 401": Failure(status=401, message="Unauthorized"),
}
SECONDS = (2, 5, 8, 12, 20, 26.5)
LOST = (Fault.RESET_AFTER, Fault.CUT_BODY, Fault.EMPTY_BODY)


@pytest.fixture(autouse=True)
def quick_renewals() -> None:
    """Let this file live with the waits that users have."""


@pytest.fixture
def cases() -> list[tuple]:
    return [(kind, seconds) for kind in KINDS for seconds in SECONDS]


class Outage:
    """Loses the reply of each install's first refresh, and fails for a while from then on."""

    def __init__(self, plan) -> None:
        self._plan = plan
        self._began: dict[str, float] = {}
        self.asked: Counter[str] = Counter()

    async def __call__(self, request) -> object:
        if request.phase != "arrived" or request.kind != "refresh":
            return None
        now, who = asyncio.get_running_loop().time(), request.owner_id
        self.asked[who] += 1
        if who not in self._began:
            self._began[who] = now
            return LOST[len(self._began) % len(LOST)]
        kind, seconds = self._plan[who]
        return KINDS[kind] if now < self._began[who] + seconds else None


async def test_a_lost_reply_and_an_outage(start, build, cases) -> None:
    """Shorter than the grace it costs no install; longer it leaves a doubt, until the next look."""
    await asyncio.gather(short_ones(start, build, cases), a_long_one(start, build))


async def short_ones(start, build, cases) -> None:
    """Look at installs by a call or by ``tend``, once for each, and again after the grace."""
    fake = await start(locations=2 * len(cases), grace=30)
    half = len(cases)
    highlevels = build(fake), build(fake)
    halves = fake.location_ids[:half], fake.location_ids[half:]
    plan = {one: case for ids in halves for one, case in zip(ids, cases, strict=True)}
    for highlevel, ids in zip(highlevels, halves, strict=True):
        for location_id in ids:
            await highlevel.install(fake.authorize_code(location_id))
    fake.expire_access_tokens()
    fake.on_token = outage = Outage(plan)
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def call(highlevel, location_id) -> str:
        contact_id = fake.contact_ids(location_id)[0]
        try:
            await highlevel.location(location_id).notes.list(contact_id)
        except HighLevelError as error:
            return f"{type(error).__name__}: {error}"
        return "ok"

    async def tend() -> list:
        looks = highlevels[1].tend(idle_days=-1, concurrency=half)
        return [(health.install.location_id, health.state) async for health in looks]

    calls = asyncio.gather(*(call(highlevels[0], one) for one in halves[0]))
    called, tended = await asyncio.gather(calls, tend())
    took = loop.time() - began
    await asyncio.sleep(max(0.0, began + 31 - loop.time()))
    later = [
        (plan[one], how, said)
        for highlevel, ids, how in zip(highlevels, halves, ("call", "tend"), strict=True)
        for one in ids
        if (said := await call(highlevel, one)) != "ok"
    ]

    assert not later
    assert fake.stats.invalid_grants == 0
    assert Counter(called) == {"ok": half}
    assert Counter(state for _, state in tended) == {"renewed": half}
    assert set(outage.asked) == set(plan)
    assert max(outage.asked.values()) < 25
    assert took < 60


async def a_long_one(start, build) -> None:
    """Look at a token that was taken, and at one that was not."""
    fake = await start(locations=2, grace=30)
    highlevel = build(fake)
    for location_id in fake.location_ids:
        await highlevel.install(fake.authorize_code(location_id))
    taken, kept = fake.location_ids

    async def fail(request) -> object:
        if request.phase != "arrived" or request.kind != "refresh":
            return None
        first = request.owner_id == taken and not asked[taken]
        asked[request.owner_id] += 1
        return Fault.RESET_AFTER if first else Fault.SERVER_ERROR

    asked: Counter[str] = Counter()
    fake.on_token = fail
    loop = asyncio.get_running_loop()
    began = loop.time()
    doubtful = {one.install.location_id: one async for one in highlevel.tend(idle_days=-1)}
    took = loop.time() - began
    await asyncio.sleep(max(0.0, began + 31 - loop.time()))
    fake.on_token = None
    after = {one.install.location_id: one.state async for one in highlevel.tend(idle_days=-1)}

    assert {one.state for one in doubtful.values()} == {"in doubt"}
    assert 27 < took < 34
    assert after == {taken: "spent", kept: "renewed"}
    assert {one.in_doubt_since async for one in highlevel.installs()} == {None}
