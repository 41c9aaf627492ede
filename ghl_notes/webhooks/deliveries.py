"""Each delivery handled once, among all processes that share a store.

What was answered with a 2xx does not come again. So "seen before" may be said of what was handled,
and not of what somebody has only begun: a process can die. Two names in the store tell them apart:
one is claimed for a while by whoever begins, the other is remembered by whoever is done.
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal, TypeAlias

from attrs import define, field, frozen

from ghl_notes.errors import HighLevelError
from ghl_notes.stores.protocol import Claims

__all__ = ["Claimed", "Deliveries", "Turn"]

Turn: TypeAlias = Literal["ours", "done", "busy"]

# How long a delivery stays claimed by a process that may be dead.
_LEASE: Final = 60.0
# HighLevel repeats for about three days, and its users may do so by hand.
_REMEMBERED: Final = 7 * 86_400.0
# What is still being prepared is claimed anew so often; a try may fail, and the next one pass.
_KEEP_EVERY: Final = 15.0
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 1.0


def _running_time() -> float:
    return asyncio.get_running_loop().time()


@frozen
class Deliveries:
    """The deliveries of an app: ``claims`` are its own, ``monotonic`` is a clock in seconds."""

    claims: Claims
    monotonic: Callable[[], float] = _running_time

    def named(self, name: str) -> "Claimed":
        """Give what one process knows of a delivery, which it has not claimed yet."""
        return Claimed(name, self.claims, self.monotonic)


@define(eq=False)
class Claimed:
    """A delivery as one process has claimed it, for as long as that lasts.

    A process that was stopped for longer finds it free, or in the hands of another.
    """

    name: str
    claims: Claims
    monotonic: Callable[[], float]
    _until: float = field(default=-math.inf, init=False)

    async def begin(self, *, patience: float) -> Turn:
        """Tell whose turn it is: ours to handle it, or nobody's, since it is done.

        While another handles it, this waits for up to ``patience`` seconds, and then says that.
        """
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        deadline = loop.time() + patience
        while (turn := await self.renew()) == "busy":
            if loop.time() + pause > deadline:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return turn

    async def keep(self) -> None:
        """Keep it claimed until this is cancelled, as long as its process lives."""
        while True:
            await asyncio.sleep(_KEEP_EVERY)
            with suppress(Exception):  # a store of one's own may raise anything
                await self._claim()

    async def renew(self) -> Turn:
        """Claim it from now on, and tell whose turn it is."""
        ours = await self._claim()
        try:
            new = await self._is_new()
        except BaseException:
            if ours:
                with suppress(HighLevelError):  # what is not freed now is so a minute later
                    await self.free()
            raise
        if not new:
            return "done"
        return "ours" if ours else "busy"

    async def done(self) -> None:
        """Remember that it was handled."""
        await self.claims.remember(_done(self.name), seconds=_REMEMBERED)

    async def free(self) -> None:
        """Let the next delivery be handled, if this one is still ours: it was not."""
        if self._is_ours():
            await self.claims.forget(_begun(self.name))

    async def _claim(self) -> bool:
        until = self.monotonic() + _LEASE
        if self._is_ours():
            await self.claims.remember(_begun(self.name), seconds=_LEASE)
        elif not await self.claims.claim(_begun(self.name), seconds=_LEASE):
            return False
        self._until = until
        return True

    def _is_ours(self) -> bool:
        return self.monotonic() < self._until

    async def _is_new(self) -> bool:
        # To claim it for no time is only to look.
        return await self.claims.claim(_done(self.name), seconds=0)


def _begun(name: str) -> str:
    return f"webhook:{name}"


def _done(name: str) -> str:
    return f"webhook-done:{name}"
