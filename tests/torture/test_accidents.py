# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""Processes die at the worst moments, and the installs live, or say so once."""

import asyncio
import json
import signal
import sys
import time
from contextlib import asynccontextmanager

import pytest

from ghl_notes import App, HighLevel, ReauthorizationRequired, Renewed, Spent
from ghl_notes.testing import FakeHighLevel
from tests.keys import location_on
from tests.torture.run import ROOT
from tests.torture.stores import LEASE, open_store

pytestmark = pytest.mark.slow


def app_of(fake) -> dict[str, str]:
    names = ("client_id", "client_secret", "redirect_uri")
    return {name: getattr(fake.app, name) for name in names}


@asynccontextmanager
async def app(fake, shared, events=None):
    """Open the app as one process does."""
    store = open_store(shared.kind, shared.place)
    observer = None if events is None else events.append
    async with HighLevel(
        App(**app_of(fake)), store=store, base_url=fake.url, observer=observer
    ) as highlevel:
        yield highlevel


@asynccontextmanager
async def doomed(fake, shared, how):
    """Run a process that does not come to its end."""
    orders = {
        "how": how,
        "kind": shared.kind,
        "place": shared.place,
        "app": app_of(fake),
        "base_url": fake.url,
        "key": location_on(fake),
        "location_id": fake.location_id,
        "contact_id": fake.contact_ids()[0],
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.torture.doomed"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    process.stdin.write(json.dumps(orders).encode() + b"\n")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def crash_before_the_save(fake, shared) -> None:
    """Let a process spend the refresh token of the first location and die with its successor."""
    fake.expire_access_tokens()
    before = fake.stats.refreshes
    async with doomed(fake, shared, "save") as process:
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
    assert fake.stats.refreshes == before + 1


async def read(highlevel, fake):
    return await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])


async def test_a_crash_before_the_save_heals_inside_the_grace(shared) -> None:
    """The refresh token that is stored works once more, and nobody notices."""
    async with FakeHighLevel(grace=30) as fake, app(fake, shared) as highlevel:
        await highlevel.install(fake.authorize_code())
        await crash_before_the_save(fake, shared)

        assert len(await read(highlevel, fake)) == 5
        assert fake.stats.invalid_grants == 0


async def test_a_crash_before_the_save_is_healed_by_the_agency(shared) -> None:
    """Where the grace is over, a location of an agency gets a new token from it, unasked."""
    events = []
    async with FakeHighLevel(grace=0) as fake, app(fake, shared, events) as highlevel:
        await highlevel.install(fake.authorize_code(company=True))
        await read(highlevel, fake)
        fake.revoke(fake.location_id)  # so that its own refresh token is of no use
        await read(highlevel, fake)
        await crash_before_the_save(fake, shared)
        notes = await asyncio.gather(*(read(highlevel, fake) for _ in range(20)))

    assert [len(one) for one in notes] == [5] * 20
    assert fake.stats.mints == 3
    assert [event.minted for event in events if isinstance(event, Renewed)].count(True) == 3
    assert not [event for event in events if isinstance(event, Spent)]


async def test_a_crash_before_the_save_of_a_direct_install_is_told_once(shared) -> None:
    """Where nothing can help, one request finds it out for all processes, and one event tells."""
    events = []
    async with (
        FakeHighLevel(grace=0) as fake,
        app(fake, shared, events) as one,
        app(fake, shared, events) as two,
    ):
        await one.install(fake.authorize_code())
        await crash_before_the_save(fake, shared)
        calls = [read(highlevel, fake) for highlevel in (one, two) for _ in range(50)]
        met = await asyncio.gather(*calls, return_exceptions=True)
        requests = fake.stats.requests
        async with app(fake, shared, events) as later:
            for highlevel in (one, two, later):
                with pytest.raises(ReauthorizationRequired, match=fake.location_id):
                    await read(highlevel, fake)
            found = await later.find(location_id=fake.location_id)

        assert {type(error) for error in met} == {ReauthorizationRequired}
        assert fake.stats.invalid_grants == 1
        assert fake.stats.requests == requests
        assert [event for event in events if isinstance(event, Spent)] == [
            Spent(location_id=fake.location_id, company_id=fake.company_id)
        ]
        assert found.spent_at is not None


async def test_a_new_install_ends_it_for_every_process(shared) -> None:
    """After its user came back, a spent install works everywhere, without a restart."""
    async with (
        FakeHighLevel(grace=0) as fake,
        app(fake, shared) as one,
        app(fake, shared) as two,
    ):
        await one.install(fake.authorize_code())
        fake.revoke()
        for highlevel in (one, two):
            with pytest.raises(ReauthorizationRequired):
                await read(highlevel, fake)
        await one.install(fake.authorize_code())

        assert [len(await read(highlevel, fake)) for highlevel in (one, two)] == [5, 5]


async def test_a_killed_holder_frees_its_row(shared) -> None:
    """Callers that wait for a holder get on within a second of its death; on Redis, its lease."""
    patience = LEASE + 1.0 if shared.kind == "redis" else 1.0
    async with FakeHighLevel() as fake, app(fake, shared) as highlevel:
        await highlevel.install(fake.authorize_code())
        fake.expire_access_tokens()
        async with doomed(fake, shared, "hold") as holder:
            assert await asyncio.wait_for(holder.stdout.readline(), 30) == b"held\n"
            waiting = [asyncio.create_task(read(highlevel, fake)) for _ in range(10)]
            while not fake.stats.by_route["GET /contacts/{contactId}/notes"]:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.01)
            assert not any(task.done() for task in waiting)
            holder.kill()
            began = time.monotonic()
            notes = await asyncio.wait_for(asyncio.gather(*waiting), 30)
            waited = time.monotonic() - began

        assert [len(one) for one in notes] == [5] * 10
        assert fake.stats.refreshes == 1
        print(f"{shared.kind}: waited {waited:.2f} s for a killed holder")
        assert waited <= patience
