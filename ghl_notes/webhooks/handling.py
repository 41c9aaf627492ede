"""Each event handled once, in a task that outlives the request that brought it.

A request may be cancelled anywhere, as when its sender hangs up. Its delivery is claimed and
handled all the same, so that no claim is left behind without anyone at work.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

from attrs import define, field

from ghl_notes.errors import HighLevelError, Unavailable
from ghl_notes.webhooks.deliveries import Claimed, Deliveries, Turn
from ghl_notes.webhooks.events import WebhookEvent
from ghl_notes.webhooks.lifecycle import is_of_installs
from ghl_notes.webhooks.receipts import Receipt, receipt, repeated

__all__ = ["Handling"]

Handle: TypeAlias = Callable[[WebhookEvent, str], Awaitable[int]]
"""Handles an event, under the name of its delivery, and returns the status of the answer."""

_DONE: Final = 200

_LOG: Final = logging.getLogger("ghl_notes.webhooks")


@define(eq=False)
class _Delivery:
    """A delivery at work.

    ``begun`` is done once it is known that it is ours to handle, and ``accepted`` is True once only
    the app's own handler is left: what else may fail must be able to come again.
    """

    begun: "asyncio.Future[None]"
    accepted: bool = field(default=False, init=False)
    task: "asyncio.Task[Receipt]" = field(init=False)


@define(eq=False)
class Handling:
    """Hands each event to ``handle`` once, among all processes that share the store.

    An event of the app's installs goes to ``follow`` first.
    """

    deliveries: Deliveries
    follow: Handle
    handle: Handle
    patience: float
    closed: bool = False
    _running: dict[str, _Delivery] = field(factory=dict, init=False)

    async def once(self, event: WebhookEvent, name: str) -> Receipt:
        """Handle the event, unless it was or is being handled here or anywhere.

        Raises ``Unavailable`` where another is at it, or where ``follow`` takes longer than
        ``patience``, and what the store raises.
        """
        if self.closed:
            raise Unavailable("the receiver is closed", maybe_applied=False)
        if (running := self._running.get(name)) is not None:
            return repeated((await self._outcome(running, event)).status)
        delivery = self._begin(event, name)
        await asyncio.sleep(0)  # which is often enough
        return await self._outcome(delivery, event)

    async def close(self) -> None:
        """Begin no more, and wait for what still runs."""
        self.closed = True
        while self._running:
            await asyncio.wait([delivery.task for delivery in self._running.values()])

    def renew(self) -> None:
        """Forget what was at work in an event loop that is closed."""
        self._running.clear()

    def _begin(self, event: WebhookEvent, name: str) -> _Delivery:
        delivery = _Delivery(asyncio.get_running_loop().create_future())
        delivery.task = asyncio.create_task(self._work(event, name, delivery))
        self._running[name] = delivery
        delivery.task.add_done_callback(partial(self._ended, name))
        return delivery

    def _ended(self, name: str, task: "asyncio.Task[Receipt]") -> None:
        self._running.pop(name, None)
        if not task.cancelled():
            task.exception()  # each caller gets it; without a caller asyncio would log it

    async def _outcome(self, delivery: _Delivery, event: WebhookEvent) -> Receipt:
        """Wait for a while. A caller who is cancelled here leaves the work alone."""
        task = delivery.task
        if not task.done():
            await asyncio.wait({task}, timeout=self.patience)
        if not task.done() and not delivery.begun.done():
            # Another process is at it, or the store is slow: what is not ours is not accepted.
            either: set[asyncio.Future[None] | asyncio.Task[Receipt]] = {task, delivery.begun}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({task}, timeout=self.patience)
        if task.done():
            return receipt(500, event) if task.cancelled() else task.result()
        if delivery.accepted:
            return receipt(202, event)
        raise Unavailable("the install that it tells of is still at work", maybe_applied=False)

    async def _work(self, event: WebhookEvent, name: str, delivery: _Delivery) -> Receipt:
        claimed = self.deliveries.named(name)
        if not _is_ours(await claimed.begin(patience=self.patience)):
            return repeated(_DONE)
        delivery.begun.set_result(None)
        status = 500
        try:
            if is_of_installs(event):
                followed = await self._followed(event, claimed)
                if followed != _DONE:
                    return receipt(followed, None if followed == 503 else event)  # noqa: PLR2004
                if not _is_ours(await claimed.renew()):
                    status = _DONE  # by another process
                    return repeated(status)
            delivery.accepted = True
            status = await self.handle(event, name)
        finally:  # whatever ended it, a cancellation too
            await self._settle(claimed, handled=status == _DONE)
        return receipt(status, event)

    async def _followed(self, event: WebhookEvent, claimed: Claimed) -> int:
        """Follow an event for as long as it takes, and keep it claimed meanwhile."""
        keeping = asyncio.create_task(claimed.keep())
        try:
            return await self.follow(event, claimed.name)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})

    async def _settle(self, claimed: Claimed, *, handled: bool) -> None:
        settle = claimed.done if handled else claimed.free
        try:
            try:
                await settle()
            except asyncio.CancelledError:
                # To write it twice is harmless; not to write it would hand the event on twice.
                await settle()
                raise
        except HighLevelError as error:
            what = "was handled" if handled else "was not handled"
            _LOG.warning("could not record that a webhook %s: %s", what, error)


def _is_ours(turn: Turn) -> bool:
    """Tell whether it is ours to handle, or done; raise ``Unavailable`` where another is at it."""
    if turn == "busy":
        raise Unavailable("another process is at it, or was", maybe_applied=False)
    return turn == "ours"
