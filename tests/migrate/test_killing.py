"""A migration that is killed writes each note once all the same, with or without its ledger."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from ghl_notes import Client, Limits
from ghl_notes.migrate.markers import key_of
from ghl_notes.testing import FakeHighLevel, Fault
from tests.migrate.sources import Clock

ROOT = Path(__file__).parents[2]
LOST = {Fault.RESET_AFTER: 0.03, Fault.CUT_BODY: 0.02}


async def start(fake: FakeHighLevel, ledger: Path, notes: int) -> asyncio.subprocess.Process:
    told = fake.url, fake.private_token, fake.location_id, str(ledger), str(notes)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.migrate.killed", *told, cwd=ROOT
    )


def asked(fake: FakeHighLevel) -> int:
    """Count the creates that have arrived."""
    routes = fake.stats.by_route.items()
    return sum(n for name, n in routes if name.startswith("POST") and name.endswith("/notes"))


async def killed(process: asyncio.subprocess.Process, fake: FakeHighLevel, moment: int) -> None:
    """Kill a run as soon as so many creates have arrived, if it is still there then."""
    while asked(fake) < moment and process.returncode is None:  # noqa: ASYNC110 - it is elsewhere
        await asyncio.sleep(0.001)
    if process.returncode is None:
        process.kill()
    await process.wait()


async def keys_of(fake: FakeHighLevel) -> list[list[str]]:
    """Read what was moved to each contact, in the order in which HighLevel took it."""
    limits = Limits(burst=100_000)
    async with Client(fake.private_token, base_url=fake.url, limits=limits) as client:
        results = client.notes.stream(fake.contact_ids())
        return [
            [key for note in reversed(result.notes) if (key := key_of(note)) is not None]
            async for result in results
        ]


def lose(folder: Path) -> None:
    for path in folder.glob("ledger.db*"):
        if path.is_file():
            path.unlink()


async def check(folder: Path, *, notes: int, kills: int, contacts: int, forget: bool) -> None:
    chance, ledger = random.Random(7), folder / "ledger.db"
    moments = sorted(chance.randrange(1, notes) for _ in range(kills))
    fake = FakeHighLevel(
        contacts=contacts, notes_per_contact=1, limit=None, fault_rates=LOST, clock=Clock()
    )
    async with fake:
        for moment in moments:
            await killed(await start(fake, ledger, notes), fake, moment)
            if forget:
                lose(folder)
        last = await start(fake, ledger, notes)
        assert await last.wait() == 0
        found = await keys_of(fake)

    assert Counter(key for keys in found for key in keys) == Counter(
        f"close:acti_{n}" for n in range(notes)
    )
    for keys in found:
        assert keys == sorted(keys, key=lambda key: int(key.rpartition("_")[2]))


async def test_killed_once(tmp_path: Path) -> None:
    """Killed while it writes, a run leaves nothing twice and nothing out to the next."""
    await check(tmp_path, notes=120, kills=1, contacts=10, forget=True)


@pytest.mark.slow
@pytest.mark.parametrize("forget", [False, True], ids=["ledger", "no-ledger"])
async def test_killed_often(tmp_path: Path, *, forget: bool) -> None:
    """2,000 notes, replies lost and 20 kills: every note is in HighLevel exactly once, in order."""
    await check(tmp_path, notes=2_000, kills=20, contacts=100, forget=forget)
