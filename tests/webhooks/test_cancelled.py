# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""A request that is cancelled, at any moment, costs no event and lets none be handled twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from attrs import define, field

from ghl_notes.stores import TokenStore
from ghl_notes.webhooks import Receipt
from tests.stores.conftest import KINDS, making
from tests.webhooks.conftest import Handler, Sender

SEEN = Receipt(200, "seen before")


@define
class Trap:
    """A store that cancels somebody while, or right after, it does its ``at``-th work."""

    store: TokenStore
    at: int = 0
    works: int = 0
    spring: Callable[[], object] = field(default=lambda: None)

    def set(self, at: int, spring: Callable[[], object]) -> None:
        """Set the trap: even numbers are while a work is done, odd ones right after."""
        self.at, self.works, self.spring = at, 0, spring

    async def _work(
        self, work: Callable[..., Awaitable[object]], name: str, **more: float
    ) -> object:
        await self._step()
        result = await work(name, **more)
        await self._step()
        return result

    async def _step(self) -> None:
        if self.works == self.at:
            asyncio.get_running_loop().call_soon(self.spring)
        self.works += 1
        await asyncio.sleep(0)  # memory waits for nothing, and could not be cancelled

    async def load(self, key: str) -> object:
        """Load, within the trap."""
        return await self._work(self.store.load, key)

    async def claim(self, name: str, *, seconds: float) -> object:
        """Claim, within the trap."""
        return await self._work(self.store.claim, name, seconds=seconds)

    async def remember(self, name: str, *, seconds: float) -> object:
        """Remember, within the trap."""
        return await self._work(self.store.remember, name, seconds=seconds)

    async def forget(self, name: str) -> object:
        """Forget, within the trap."""
        return await self._work(self.store.forget, name)

    def __getattr__(self, name: str) -> object:
        """Do the rest as the store does."""
        return getattr(self.store, name)


@pytest_asyncio.fixture(params=KINDS)
async def trap(request, tmp_path) -> AsyncIterator[Trap]:
    """Give a trapped store of each kind."""
    async with making(request.param, tmp_path) as make:
        yield Trap(make())


@pytest_asyncio.fixture
async def highlevel(build, trap, fake):  # noqa: ANN201 - as in conftest
    """Give the app on the trapped store, installed on the first location."""
    highlevel = build(store=trap)
    await highlevel.install(fake.authorize_code())
    return highlevel


async def settled(trap: Trap, handler: Handler) -> None:
    """Wait until nothing more is done in the background."""
    seen = None
    while seen != (seen := (trap.works, len(handler.got))):  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0.02)


async def test_a_cancelled_request_leaves_no_claim(fake, listen, highlevel, trap, handler) -> None:
    """Wherever it is cancelled, the repetition is answered at once, and the event handled once."""
    cuts = 0
    for at in range(40):
        send = Sender(fake, listen(highlevel))
        request = asyncio.create_task(send(webhookId=f"event {at}"))
        trap.set(at, request.cancel)
        await asyncio.wait({request})
        if not request.cancelled():
            trap.set(-1, request.cancel)
            break
        cuts += 1
        await settled(trap, handler)
        done = sum(event.webhook_id == f"event {at}" for event in handler.got)
        again = await send(webhookId=f"event {at}")
        elsewhere = await Sender(fake, listen(highlevel))(webhookId=f"event {at}")

        assert again.status == 200, at
        assert (again == SEEN) == (done == 1), at
        assert elsewhere == SEEN, at
        assert sum(event.webhook_id == f"event {at}" for event in handler.got) == 1, at

    assert cuts >= 3


async def test_an_event_loop_that_ends_lets_nothing_be_handled_twice(
    fake, listen, highlevel, trap, handler
) -> None:
    """When every task is cancelled, what the handler completed is remembered all the same."""
    completed = 0
    for at in range(40):
        send = Sender(fake, listen(highlevel))
        others = asyncio.all_tasks()  # such as a server of the test's own

        def end(others: set[asyncio.Task] = others) -> None:
            for task in asyncio.all_tasks() - others:
                task.cancel()

        request = asyncio.create_task(send(webhookId=f"event {at}"))
        trap.set(at, end)
        await asyncio.wait({request})
        await settled(trap, handler)
        sprung = trap.works > at
        trap.set(-1, end)
        done = sum(event.webhook_id == f"event {at}" for event in handler.got)
        again = await Sender(fake, listen(highlevel, patience=0.1))(webhookId=f"event {at}")

        assert again == SEEN or not done, at
        assert again.status in (200, 503), at
        assert sum(event.webhook_id == f"event {at}" for event in handler.got) <= 1, at
        completed += done
        if not sprung:
            break

    assert completed >= 2
