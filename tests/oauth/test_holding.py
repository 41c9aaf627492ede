"""Changing an install under a hold: what becomes of a crowd."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from attrs import define, field

from ghl_notes import RetryPolicy
from ghl_notes.errors import Unavailable
from ghl_notes.models import StoredInstall
from ghl_notes.oauth.holding import held
from ghl_notes.stores import MemoryStore
from ghl_notes.stores.protocol import Hold
from ghl_notes.stores.waiting import Crowded, too_late

pytestmark = pytest.mark.looptime


@define
class Crowd:
    """Finds no room for 5 s each time, until the crowd is gone. ``holds`` were in vain."""

    ends: float
    holds: list[float] = field(factory=list)

    async def __call__(self, hold: Hold) -> StoredInstall | None:
        """Change nothing."""
        now = asyncio.get_running_loop().time()
        if now >= self.ends:
            return hold.stored
        self.holds.append(now)
        await asyncio.sleep(5)
        msg = "no connection"
        raise Crowded(msg)


async def test_a_crowd_is_waited_for_without_the_hold() -> None:
    """Each try has a hold of its own, which others of the same install get in between."""
    store, crowd, others = MemoryStore(), Crowd(ends=20), []

    async def other() -> None:
        await asyncio.sleep(1)
        async with store.hold("key"):
            others.append(asyncio.get_running_loop().time())

    await asyncio.gather(held(store, "key", crowd, patience=30), other())

    assert crowd.holds == [0, 5, 10, 15]
    assert others == [5]


async def test_patience_with_a_crowd_ends() -> None:
    """Then a single call fails, and bulk work comes again."""
    with pytest.raises(Crowded, match="no connection; tried for 30 s") as raised:
        await held(MemoryStore(), "key", Crowd(ends=1000), patience=30)

    assert asyncio.get_running_loop().time() == 30
    assert RetryPolicy().wait_for(raised.value, 1) is None
    assert RetryPolicy().wait_for(raised.value, 1, bulk=True) is not None


async def test_one_try_says_itself_how_long_it_took() -> None:
    """A crowd that was waited for once, and for longer than that, is told with one time alone."""

    async def crowd(hold: Hold) -> None:
        await asyncio.sleep(60)
        msg = "no connection for a hold was free in 60 s"
        raise Crowded(msg)

    with pytest.raises(Crowded) as raised:
        await held(MemoryStore(), "key", crowd, patience=30)

    assert raised.value.args[0] == "no connection for a hold was free in 60 s"


async def test_who_stands_still_is_not_waited_for_again() -> None:
    """A holder that was waited for to the end of ``hold_timeout`` is no crowd."""

    class Held(MemoryStore):
        """A store of which somebody else holds all."""

        @asynccontextmanager
        async def hold(self, key: str) -> AsyncIterator[Hold]:  # type: ignore[override]
            await asyncio.sleep(6)
            raise too_late(key, 6, "somebody")
            yield

    with pytest.raises(Unavailable, match="somebody holds it"):
        await held(Held(), "key", Crowd(ends=0), patience=30)

    assert asyncio.get_running_loop().time() == 6
