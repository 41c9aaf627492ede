"""The queue in front of one location's limit: single calls first, bulk work behind them.

One ``Gate`` serves all clients of a location in this process. The arithmetic is in ``limits``;
this room only waits and wakes.
"""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

from ghl_notes.errors import RateLimited
from ghl_notes.events import Observer, Waited
from ghl_notes.http.limits import Limits
from ghl_notes.http.loops import LoopOwner
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.window import Slot, Window

# What lies longer in a buffer on its way is taken for lost.
_LATEST: Final = 120.0


class Gate:
    """Gives out slots in the order they were asked for, never more than the limit allows.

    ``longest`` is how many seconds a server may ask this location to hold back before waiting
    callers get ``RateLimited`` instead. ``server`` is whose limit it is, for messages.
    ``owner`` is the event loop in which it may be used. Its counts outlive a loop that is closed;
    calls that waited in it are dropped. ``arrival`` is for how many seconds a request may still
    arrive after it was given up.
    """

    def __init__(  # noqa: PLR0913 - all but the first have a name
        self,
        limits: Limits,
        *,
        longest: float,
        observer: Observer | None,
        server: str = "HighLevel",
        owner: LoopOwner | None = None,
        arrival: float = 0.0,
    ) -> None:
        self._server = server
        self._window = Window(limits)
        self._longest = longest
        self._arrival = min(arrival, _LATEST)
        self._observer = observer
        self._single: deque[asyncio.Future[Slot]] = deque()
        self._bulk: deque[asyncio.Future[Slot]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._owner = owner or LoopOwner()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ahead = 0.0  # of the loop's clock: another loop's may have begun elsewhere

    async def slot(self, *, bulk: bool = False) -> Slot:
        """Wait for the right to send one request.

        Return it by exactly one of ``answered``, ``rejected``, ``lost`` and ``cancel``. Raises
        ``RateLimited`` at once where the wait would be long: the daily limit, or a long hold.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._enter(loop)
        now = loop.time() + self._ahead
        if (refusal := self._window.refusal(now, self._longest)) is not None:
            raise self._refused(*refusal)
        queued = self._single or (bulk and self._bulk)
        if not queued and self._window.delay(now, bulk=bulk) <= 0:
            return self._window.take(now)
        slot = await self._wait(loop, self._bulk if bulk else self._single)
        if self._observer is not None:
            try:
                self._observer(Waited(seconds=loop.time() + self._ahead - now))
            except BaseException:
                self.cancel(slot)
                raise
        return slot

    def enter(self) -> None:
        """Belong to the running loop. Raises ``ConfigurationError`` while another lives."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._enter(loop)

    def answered(self, slot: Slot, rate: RateSnapshot | None, *, ok: bool) -> None:
        """Return a slot whose request was answered, with what the reply's headers say."""
        window, loop = self._window, self._loop
        if slot.era == window.era and loop is not None:
            window.answered(slot, loop.time() + self._ahead, rate, ok=ok)
            if self._single or self._bulk:
                self._admit()

    def rejected(self, slot: Slot, rate: RateSnapshot | None, wait: float | None) -> None:
        """Return a slot whose request met a 429; ``wait`` is what the server asked for."""
        if slot.era == self._window.era:
            asked = self._window.interval if wait is None else wait
            self._window.rejected(slot, self._now(), rate, asked)
            self._admit()

    def lost(self, slot: Slot, *, late: bool = False) -> None:
        """Return a slot whose request may have arrived and was not answered.

        ``late``: it was given up, and may still arrive.
        """
        if self._is_of_now(slot):
            self._window.lost(slot, self._now(), self._arrival if late else 0.0)
            self._admit()

    def cancel(self, slot: Slot) -> None:
        """Return a slot whose request was never sent."""
        if self._is_of_now(slot):
            self._window.cancel(slot)
            self._admit()

    def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to this loop. Requests that were under way in the last one are lost with it."""
        self._owner.enter(loop)
        if self._loop is not None:
            self._single.clear()
            self._bulk.clear()
            self._timer = None
            latest = self._window.latest
            self._ahead = max(0.0, latest - loop.time())
            self._window.abandon(loop.time() + self._ahead, self._arrival)
        self._loop = loop

    def _is_of_now(self, slot: Slot) -> bool:
        """Tell whether a slot still counts; a call may be cleaned up long after its loop ended."""
        alive = self._loop is not None and not self._loop.is_closed()
        return alive and slot.era == self._window.era

    def _now(self) -> float:
        return (self._loop or asyncio.get_running_loop()).time() + self._ahead

    async def _wait(
        self, loop: asyncio.AbstractEventLoop, queue: deque[asyncio.Future[Slot]]
    ) -> Slot:
        waiter: asyncio.Future[Slot] = loop.create_future()
        queue.append(waiter)
        self._admit()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.cancel(waiter.result())
            else:
                self._admit()
            raise

    def _admit(self) -> None:
        """Wake everyone whose turn it is, and set the alarm for the next."""
        if not self._single and not self._bulk:
            return
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        now = loop.time() + self._ahead
        delay = 0.0
        while delay <= 0 and (waiter := self._next()) is not None:
            if (refusal := self._window.refusal(now, self._longest)) is not None:
                self._refuse(*refusal)
                break
            delay = self._window.delay(now, bulk=not self._single)
            if delay <= 0:
                (self._single or self._bulk).popleft()
                waiter.set_result(self._window.take(now))
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(delay, self._admit) if 0 < delay < inf else None

    def _next(self) -> asyncio.Future[Slot] | None:
        for queue in (self._single, self._bulk):
            while queue and queue[0].done():  # cancelled while it waited
                queue.popleft()
            if queue:
                return queue[0]
        return None

    def _refuse(self, daily: bool, seconds: float) -> None:  # noqa: FBT001 - data of one tuple
        for queue in (self._single, self._bulk):
            while queue:
                waiter = queue.popleft()
                if not waiter.done():
                    waiter.set_exception(self._refused(daily, seconds))

    def _refused(self, daily: bool, seconds: float) -> RateLimited:  # noqa: FBT001 - as above
        spent, held = "the location's requests of the day are used up", "holds us back"
        return RateLimited(
            f"{spent if daily else f'{self._server} {held}'}; come back in {seconds:.0f} s",
            daily=daily,
            resets_at=datetime.now(UTC) + timedelta(seconds=seconds),
            retry_after=seconds,
        )
