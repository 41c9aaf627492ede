# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Thousands of creates over all that can go wrong: no note twice, and what is unknown is raised."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Final

import pytest
from attrs import define, field

from ghl_notes import Client, Limits, RetryPolicy
from ghl_notes.errors import AmbiguousWrite, HighLevelError, Unavailable
from ghl_notes.models import Note
from ghl_notes.testing import Failure, FakeHighLevel, Fault

# A second of HighLevel's takes so many here: the policy's 15 s of looking, the lists' lag of 0 to
# 10 s, and the 30 s of one attempt. Dates and the Date header are not compressed.
SCALE: Final = 1 / 50
SETTLE: Final = 15 * SCALE
LAG: Final = 10 * SCALE
TIMEOUT: Final = 30 * SCALE

UNKNOWN_401: Final = "Unauthorized"
GATEWAY_401: Final = "Command timed out"
TROUBLE: Final[Mapping[str, Fault | Failure]] = {
    "reset before": Fault.RESET_BEFORE,
    "reset after": Fault.RESET_AFTER,
    "stalled before": Fault.STALL_BEFORE,
    "timed out": Fault.SLOW,
    "stalled in the body": Fault.STALL,
    "cut by length": Fault.CUT_BODY,
    "cut in chunks": Fault.CUT_CHUNK,
    "cut after the head": Fault.CUT_HEAD,
    "empty": Fault.EMPTY_BODY,
    "half the JSON": Fault.CUT_JSON,
    "broken gzip": Fault.BROKEN_GZIP,
    "odd JSON": Fault.WRONG_TYPE,
    "a page": Fault.HTML,
    "429": Fault.RATE_LIMITED,
    "429, cut": Failure(status=429, message="Too Many Requests", cut=True),
    "422, cut": Failure(status=422, message="later", cut=True),
    **{
        f"{status}{', applied' if applied else ''}": Failure(
            status=status, message="failed", applied=applied
        )
        for status in (500, 502, 503, 504)
        for applied in (False, True)
    },
    **{
        f"401 {words}{', applied' if applied else ''}": Failure(
            status=401, message=words, applied=applied
        )
        for words in (UNKNOWN_401, GATEWAY_401)
        for applied in (False, True)
    },
}


@define
class Storm:
    """So many creates at so many contacts, at once, and what became of each."""

    fake: FakeHighLevel
    client: Client
    creates: int
    rng: random.Random = field(factory=lambda: random.Random(7))
    hits: Counter[str] = field(factory=Counter)
    wanted: Counter[tuple[str, str]] = field(factory=Counter)
    returned: list[Note] = field(factory=list)
    unknown: Counter[str] = field(factory=Counter)
    left: int = 0
    never_sent: int = 0
    never_struck: int = 0
    before: set[str] = field(factory=set)

    async def run(self, at_once: int) -> None:
        """Prepare every contact, and create until all is done."""
        ids = list(self.fake.contact_ids())
        self._write_older_ones(ids[::2])
        for contact_id in ids[::3]:
            await self.client.notes.list(contact_id)
        numbered = iter(enumerate(self._deal()))
        weather = asyncio.create_task(self._change_weather())
        try:
            await asyncio.gather(*(self._work(numbered, ids) for _ in range(at_once)))
        finally:
            weather.cancel()

    def _deal(self) -> list[str]:
        """Give two of three creates some trouble, each kind as often as the others."""
        each = self.creates * 2 // 3 // len(TROUBLE)
        names = [name for name in TROUBLE for _ in range(each)]
        names += [""] * (self.creates - len(names))
        self.rng.shuffle(names)
        return names

    def _write_older_ones(self, ids: list[str]) -> None:
        """Let notes be there that read like some of those to come, since yesterday."""
        self.fake.advance(-86_400)
        self.before = {str(self.fake.add_note(one, "Called again")["id"]) for one in ids}
        self.fake.advance(86_400)

    async def _change_weather(self) -> None:
        """Let lists lag anew every moment, and the clocks of HighLevel's gateways differ."""
        rng = random.Random(8)
        while True:
            self.fake.note_lag = rng.uniform(0.0, LAG)
            self.fake.date_skew = rng.uniform(-20.0, 20.0)
            await asyncio.sleep(0.005)

    async def _work(self, numbered, ids: list[str]) -> None:
        for number, name in numbered:
            contact_id, text = self.rng.choice(ids), f"Text {number}"
            if number % 10 == 0:  # equal notes, many of them at once
                contact_id, text = self.rng.choice(ids[: 3 + self.creates // 1000]), "Called again"
            self.wanted[contact_id, text] += 1
            if name:
                self.hits[name] += 1
                self.fake.inject(TROUBLE[name], method="POST", path_contains=_path(contact_id))
            await self._create(contact_id, text, name)

    async def _create(self, contact_id: str, text: str, name: str) -> None:
        leaves = self.rng.uniform(0.0, SETTLE) if self.rng.random() < 0.02 else None
        try:
            async with asyncio.timeout(leaves):
                self.returned.append(await self.client.notes.create(contact_id, text))
        except AmbiguousWrite:
            self.unknown[name] += 1
        except Unavailable as error:
            if error.maybe_applied:
                raise
            self.never_sent += 1
        except TimeoutError:
            self.left += 1

    async def check_hits(self) -> None:
        """Count the trouble that has struck nobody: it was for creates that never left."""
        for contact_id in self.fake.contact_ids():
            while True:
                try:
                    await self.client.request("POST", _path(contact_id), json={"body": "After"})
                    break
                except HighLevelError:
                    self.never_struck += 1
        assert self.never_struck <= self.left + self.never_sent

    def check(self) -> None:
        """Count what is there: nothing twice, and whatever was returned, once."""
        notes = [note for one in self.fake.contact_ids() for note in self.fake.notes(one)]
        there = [note for note in notes if note["id"] not in self.before]
        written = Counter((str(note["contactId"]), str(note["body"])) for note in there)
        ids = [note.id for note in self.returned]

        assert not {which for which in written if written[which] > self.wanted[which]}
        assert len(ids) == len(set(ids)), "one note was returned for two creates"
        assert set(ids) <= {note["id"] for note in there}, "a note was returned that is not there"
        ended = len(ids) + self.unknown.total() + self.left + self.never_sent
        assert ended == self.creates


def _path(contact_id: str) -> str:
    return f"/contacts/{contact_id}/notes"


async def storm(start, creates: int, *, at_once: int) -> Storm:
    """Let a storm rage, look at what it left behind, and tell of it."""
    fake = await start(contacts=creates // 10, notes_per_contact=0, slow=60.0, interval=0.01)
    async with Client(
        fake.private_token,
        base_url=fake.url,
        timeout=TIMEOUT,
        retries=RetryPolicy(base=0, settle=SETTLE),
        limits=Limits(burst=1_000_000, interval=0.01, daily=10**9),
    ) as client:
        found = Storm(fake, client, creates)
        await found.run(at_once)
        found.check()
        await found.check_hits()
    print(  # noqa: T201 - the figures
        f"{creates} creates: {len(found.returned)} returned, {found.unknown.total()} unknown,"
        f" {found.left} left, {found.never_sent} never sent; {fake.stats.requests} requests;"
        f" hits {dict(found.hits)}; unknown {dict(found.unknown)}"
    )
    return found


async def test_no_create_happens_twice_in_a_storm(start) -> None:
    """Three hundred creates over every kind of trouble: none is there twice."""
    found = await storm(start, 300, at_once=50)

    assert min(found.hits[name] for name in TROUBLE) - found.never_struck >= 2


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_no_create_of_ten_thousand_happens_twice(start) -> None:
    """Ten thousand creates, each kind of trouble met two hundred times: none is there twice."""
    found = await storm(start, 10_000, at_once=60)

    assert min(found.hits[name] for name in TROUBLE) - found.never_struck >= 200
    assert len(found.returned) > 10_000 / 2
