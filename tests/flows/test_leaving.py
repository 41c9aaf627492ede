# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""A program that ends without ``close`` in the middle of its work with a token loses none."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ghl_notes.testing import Fault
from tests.flows.leaving import CALLBACK
from tests.stores.servers import place_on
from tests.torture.stores import open_store

pytestmark = pytest.mark.slow  # each starts a program

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def kind(request) -> str:
    return request.param


@pytest.fixture
async def place(kind, tmp_path) -> AsyncIterator[str]:
    """Make room for a store."""
    if kind == "sqlite":
        yield str(tmp_path / "installs.db")
    else:
        async with place_on(kind) as place:
            yield place


@pytest.fixture
def open_it(kind, place):
    """Open the store, as another process does."""
    return lambda: open_store(kind, place)


@pytest.fixture
def leave(fake, kind, place):
    """Let a program end at a moment of its token's way; what it said, and its status."""

    async def run(what, who, *, how="return", phase="answered", trouble=None) -> tuple:
        app = fake.app
        told = fake.url, app.client_id, app.client_secret, kind, place, what, who, how
        fake.redirect_uri = CALLBACK
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.flows.leaving", *told),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        left = []

        async def look(request) -> object:
            if request.phase == phase and not left:
                left.append(request.kind)
                if how == "interrupt":
                    program.send_signal(signal.SIGINT)
                program.stdin.close()
                await asyncio.sleep(1)
            return trouble if request.phase == "arrived" and not left else None

        fake.on_token = look
        _, said = await program.communicate()
        fake.on_token, fake.grace = None, 0
        assert left, said.decode()
        return program.returncode, said.decode()

    return run


@pytest.fixture
def sleep(fake, kind, place):
    """Let a program stand still with its reply on the way, while somebody else does something."""

    async def run(meanwhile) -> tuple:
        app = fake.app
        told = fake.url, app.client_id, app.client_secret, kind, place, "whole", fake.location_id
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.flows.leaving", *told, "return"),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        stopped = asyncio.Event()

        async def look(request) -> None:
            if request.phase == "answered" and not stopped.is_set():
                program.send_signal(signal.SIGSTOP)
                stopped.set()

        fake.on_token = look
        await stopped.wait()
        await asyncio.sleep(2.5)  # longer than the lease
        try:
            await meanwhile()
        finally:
            program.send_signal(signal.SIGCONT)
        _, said = await program.communicate()
        return program.returncode, said.decode()

    return run


@pytest.fixture
def lives(fake, build, open_it):
    """Tell whether an install works for a program that starts later."""

    async def look(location_id) -> bool:
        fake.expire_access_tokens()
        async with build(fake, store=open_it()) as highlevel:
            contact_id = fake.contact_ids(location_id)[0]
            return len(await highlevel.location(location_id).notes.list(contact_id)) == 5

    return look


@pytest.fixture
async def installed(fake, build, open_it):
    """Give an install whose access token has just ended."""
    async with build(fake, store=open_it()) as highlevel:
        await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["return", "interrupt", "anyio"])
@pytest.mark.parametrize("what", ["renewal", "borrowed"])
async def test_a_renewal_is_finished_first(fake, installed, leave, lives, what, how) -> None:
    """The request is under way when the program ends: its token is awaited and saved."""
    status, said = await leave(what, fake.location_id, how=how)

    assert status == (-signal.SIGINT if how == "interrupt" else 0), said
    assert await lives(fake.location_id)
    assert fake.stats.invalid_grants == 0


@pytest.mark.parametrize("phase", ["answered", "sent"])
async def test_every_store_is_waited_for(fake, installed, leave, lives, phase) -> None:
    """Whether the reply is on its way or being saved."""
    status, said = await leave("renewal", fake.location_id, phase=phase)

    assert status == 0, said
    assert await lives(fake.location_id)
    assert fake.stats.invalid_grants == 0


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_lost_reply_is_asked_for_again_first(fake, installed, leave, lives) -> None:
    """The program ends while it is in doubt: it asks once more before it does."""
    status, said = await leave("renewal", fake.location_id, trouble=Fault.RESET_AFTER)

    assert status == 0, said
    assert await lives(fake.location_id)


async def test_an_install_is_finished_first(fake, leave, lives) -> None:
    """A code works once, and its exchange is not repeated."""
    status, said = await leave("install", fake.authorize_code())

    assert status == 0, said
    assert await lives(fake.location_id)
    assert fake.stats.exchanges == 1


async def test_a_mint_is_finished_first(fake, build, open_it, leave, lives) -> None:
    """A location's own token is saved, although the agency could give it another one."""
    async with build(fake, store=open_it()) as highlevel:
        await highlevel.install(fake.authorize_code(company=True))
    status, said = await leave("mint", fake.location_id)
    fake.revoke(company=True)

    assert status == 0, said
    assert await lives(fake.location_id)
    assert fake.stats.mints == 1


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
@pytest.mark.parametrize("grace", [0, 30])
async def test_who_stood_still_overwrites_nothing(
    fake, build, open_it, installed, lives, sleep, grace
) -> None:
    """Its lease lapses and another renews, or finds the token dead: whoever has one keeps it."""
    fake.grace = grace
    found = []

    async def renew_beside() -> None:
        async with build(fake, store=open_it()) as other:
            found.extend([one.state async for one in other.tend(idle_days=-1)])

    status, said = await sleep(renew_beside)
    fake.on_token, fake.grace = None, 0

    assert status == 0, said
    assert found == ["renewed" if grace else "spent"]
    assert await lives(fake.location_id)
