# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""What goes on about a token without callers: at the end of ``asyncio.run``, and beside a store."""

import asyncio
import gc
from contextlib import asynccontextmanager

import pytest
from attrs import frozen

from ghl_notes import HighLevel, Unavailable
from ghl_notes.models import StoredInstall
from ghl_notes.oauth import refreshing
from ghl_notes.oauth.refreshing import Grace
from ghl_notes.stores import MemoryStore
from ghl_notes.stores.protocol import Hold
from ghl_notes.testing import Fault
from tests.keys import location_on

TOKEN = "/oauth/token"
unclosed = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # which is the point


class OwnStore(MemoryStore):
    """A store of a user's own: so many loads and saves fail, in its own words."""

    loads = saves = 0

    async def load(self, key: str):
        if self.loads:
            self.loads -= 1
            msg = "the disk of the store"
            raise OSError(msg)
        return await super().load(key)

    @asynccontextmanager
    async def hold(self, key: str):
        async with super().hold(key) as hold:
            yield OwnHold(hold, self)


@frozen
class OwnHold:
    """A hold of it."""

    hold: Hold
    store: OwnStore

    @property
    def stored(self) -> StoredInstall | None:
        return self.hold.stored

    async def save(self, stored: StoredInstall) -> None:
        if self.store.saves:
            self.store.saves -= 1
            msg = "the disk of the store"
            raise OSError(msg)
        await self.hold.save(stored)


@pytest.fixture
def store() -> OwnStore:
    return OwnStore()


@pytest.fixture
async def highlevel(fake, build, store):
    """Give an app that is installed on the first location, whose access token has ended."""
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    return highlevel


@pytest.fixture
def short(monkeypatch) -> None:
    """Give little time to the grace, and to what goes on after it."""
    monkeypatch.setattr(refreshing, "GRACE", Grace(seconds=0.6, last_try=0.5, base=0.02, cap=0.05))


@pytest.fixture
def ended(fake, highlevel, store):
    """End ``asyncio.run`` in a thread while a refresh is at HighLevel.

    Gives what it left undone, and whether the token that is stored then is another.
    """

    async def run(look, *, saves: int = 0) -> tuple[list[dict], bool]:
        undone: list[dict] = []
        key, theirs = location_on(fake), OwnStore()
        stored = await store.load(key)
        arrived, here = asyncio.Event(), asyncio.get_running_loop()

        async def seen(request) -> object:
            arrived.set()
            return await look(request)

        async def main() -> None:
            there = asyncio.get_running_loop()
            there.set_exception_handler(lambda _, context: undone.append(context))
            async with theirs.hold(key) as hold:
                await hold.save(stored)
            theirs.saves = saves
            later = HighLevel(highlevel.app, store=theirs, base_url=fake.url)
            call = later.location(fake.location_id).notes.list(fake.contact_ids()[0])
            calling = asyncio.create_task(call)
            waiting = asyncio.run_coroutine_threadsafe(arrived.wait(), here)
            at_work = {calling, asyncio.wrap_future(waiting)}
            await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
            assert not calling.done()

        fake.on_token = seen
        await asyncio.to_thread(asyncio.run, main())
        gc.collect()
        left = [one for one in undone if "task" in one]
        return left, theirs._installs[key].token != stored.token

    return run


@unclosed
async def test_the_end_of_a_program_begins_no_asking(ended, short) -> None:
    """What is in doubt when ``asyncio.run`` has ended a renewal is left to the next program."""

    async def lose(request) -> object:
        return Fault.RESET_AFTER if request.phase == "arrived" else None

    assert await ended(lose) == ([], False)


@unclosed
async def test_the_end_of_a_program_saves_once_more(ended) -> None:
    """A token whose saving failed as ``asyncio.run`` ended is saved by it, and by no new task."""

    async def wait(request) -> None:
        await asyncio.sleep(0.05)

    assert await ended(wait, saves=1) == ([], True)


@pytest.mark.parametrize("trouble", ["loads", "saves"])
async def test_a_stores_own_error_ends_no_asking(fake, highlevel, store, short, trouble) -> None:
    """A token that may have been taken is asked for without callers, whatever a store raises."""
    fake.inject(Fault.RESET_AFTER, 1000, path_contains=TOKEN)
    if trouble == "saves":
        store.saves = 1  # of the doubt
    client = highlevel.location(fake.location_id)
    with pytest.raises(Unavailable if trouble == "loads" else OSError):
        await client.notes.list(fake.contact_ids()[0])
    if trouble == "loads":
        store.loads = 1
    fake.clear_faults()
    await highlevel._installs.location(fake.location_id).asking
    fake.grace = 0

    assert (store.loads, store.saves) == (0, 0)
    assert fake.stats.refreshes >= 1
    assert len(await client.notes.list(fake.contact_ids()[0])) == 5
