# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""An agency is forgotten with all its locations, whatever becomes of one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from ghl_notes import Unavailable
from ghl_notes.stores import MemoryStore, Sealed, SQLiteStore
from ghl_notes.stores.protocol import Unreadable
from tests.keys import company_on, location_on

OLD, NEW = Sealed.new_key(), Sealed.new_key()


class Stuck(MemoryStore):
    """A store with holds that others have; who waits for them gives up once all that wait do."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck: set[str] = set()
        self.waiting: set[str] = set()
        self.expected = 1
        self.given_up = asyncio.Event()

    @asynccontextmanager
    async def hold(self, key: str):
        if key in self.stuck:
            self.waiting.add(key)
            if len(self.waiting) == self.expected:
                self.given_up.set()
            await self.given_up.wait()
            raise Unavailable(f"the hold of {key} was not free", maybe_applied=False)
        async with super().hold(key) as hold:
            yield hold


@pytest.fixture
async def fake(start):
    """Give a pretend HighLevel whose agency has six locations."""
    return await start(locations=6)


async def installed(fake, highlevel) -> list[str]:
    """Install the app on the agency, use each location, and name them all by their keys."""
    await highlevel.install(fake.authorize_code(company=True))
    for location_id in fake.location_ids:
        await highlevel.mint(location_id, company_id=fake.company_id)
    return [company_on(fake), *sorted(location_on(fake, one) for one in fake.location_ids)]


async def left(highlevel) -> list[str]:
    return [install.key async for install in highlevel.installs()]


@pytest.mark.parametrize("stuck", [[0], [1], [3], [6], [1, 2, 3], [0, 6]])
async def test_a_stuck_install_keeps_none_of_the_others(fake, build, stuck) -> None:
    """All that can be is forgotten, what stood in the way is raised, and the next call goes on."""
    store = Stuck()
    highlevel = build(fake, store=store)
    keys = await installed(fake, highlevel)
    store.stuck = {keys[at] for at in stuck}
    with pytest.raises(Unavailable) as raised:
        await highlevel.forget(company_id=fake.company_id)

    assert await left(highlevel) == [keys[at] for at in stuck]
    assert all(any(key in note for note in raised.value.__notes__) for key in store.stuck)

    store.stuck = set()
    forgotten = await highlevel.forget(company_id=fake.company_id)

    assert [one.key for one in forgotten] == [keys[at] for at in stuck]
    assert await left(highlevel) == []


async def test_stuck_installs_are_waited_for_side_by_side(fake, build) -> None:
    """Three holds that nobody lets go of take as long as one."""
    store = Stuck()
    highlevel = build(fake, store=store)
    keys = await installed(fake, highlevel)
    store.stuck, store.expected = {*keys[1:4]}, 3
    with pytest.raises(Unavailable):
        async with asyncio.timeout(30):
            await highlevel.forget(company_id=fake.company_id)

    assert store.waiting == store.stuck
    assert await left(highlevel) == keys[1:4]


@pytest.fixture(params=["memory", "sqlite"])
async def kept(request, tmp_path):
    """Give a store."""
    store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "installs.db")
    yield store
    await store.close()


@pytest.mark.parametrize(
    ("user_type", "whose"), [("Location", None), ("Location", "another"), ("Company", "another")]
)
async def test_what_cannot_be_read_keeps_none_of_the_others(
    fake, build, kept, user_type, whose
) -> None:
    """All else of the agency is forgotten; only what may be a location of it is raised."""
    highlevel = build(fake, store=Sealed(kept, keys=[NEW]))
    keys = await installed(fake, highlevel)
    lost = "lost" if user_type == "Location" else None
    one = await Sealed(kept, keys=[NEW]).load(keys[0])
    install = attrs.evolve(
        one.install, user_type=user_type, location_id=lost, company_id=whose or fake.company_id
    )
    async with Sealed(kept, keys=[OLD]).hold(install.key) as hold:
        await hold.save(attrs.evolve(one, install=install))
    forgetting = highlevel.forget(company_id=fake.company_id)
    if user_type == "Location":
        with pytest.raises(Unreadable) as raised:
            await forgetting
        assert raised.value.keys == (install.key,)
    else:
        assert [one.key for one in await forgetting] == keys

    assert [one.install.key async for one in kept.list()] == [install.key]


async def test_a_store_that_fails_to_list_is_raised(fake, build, store) -> None:
    """What was not found is not taken for what is not there, and the next call forgets it."""
    highlevel = build(fake, store=store)
    keys = await installed(fake, highlevel)
    list_all = store.list

    async def failing() -> AsyncIterator[object]:
        async for stored in list_all():
            yield stored
            break
        raise OSError("a store of one's own")

    store.list = failing
    with pytest.raises(OSError, match="of one's own"):
        await highlevel.forget(company_id=fake.company_id)
    store.list = list_all
    await highlevel.forget(company_id=fake.company_id)

    assert keys
    assert await left(highlevel) == []
