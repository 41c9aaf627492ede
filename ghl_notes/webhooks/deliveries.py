"""Each delivery handled once, among all processes that share a store.

What was answered with a 2xx does not come again. So "seen before" may be said of what was handled,
and not of what somebody has only begun: a process can die. Two names in the store tell them apart:
one is claimed for a while by whoever begins, the other is remembered by whoever is done.
"""

import asyncio
from contextlib import suppress
from typing import Final, Literal, TypeAlias

from attrs import frozen

from ghl_notes.errors import HighLevelError
from ghl_notes.stores.protocol import Claims

__all__ = ["Deliveries", "Turn"]

Turn: TypeAlias = Literal["ours", "done", "busy"]

# How long a delivery stays claimed by a process that may be dead.
_LEASE: Final = 60.0
# HighLevel repeats for about three days, and its users may do so by hand.
_REMEMBERED: Final = 7 * 86_400.0
# What is still being prepared is claimed anew so often; a try may fail, and the next one pass.
_KEEP_EVERY: Final = 15.0
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 1.0


@frozen
class Deliveries:
    """Remembers what an app has handled, by the name of each delivery: ``claims`` are its own."""

    claims: Claims

    async def begin(self, name: str, *, patience: float) -> Turn:
        """Tell whose turn it is: ours to handle it, or nobody's, since it is done.

        While another handles it, this waits for up to ``patience`` seconds, and then says that.
        """
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        deadline = loop.time() + patience
        while (turn := await self._turn(name)) == "busy":
            if loop.time() + pause > deadline:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return turn

    async def keep(self, name: str) -> None:
        """Keep it claimed until this is cancelled, as long as its process lives."""
        while True:
            await asyncio.sleep(_KEEP_EVERY)
            with suppress(Exception):  # a store of one's own may raise anything
                await self._claim(name)

    async def renew(self, name: str) -> bool:
        """Claim it anew for its handler. Returns False if another process has handled it.

        That can be where this one was stopped for longer than it had claimed it.
        """
        await self._claim(name)
        return await self._is_new(name)

    async def done(self, name: str) -> None:
        """Remember that it was handled."""
        await self.claims.remember(_done(name), seconds=_REMEMBERED)

    async def free(self, name: str) -> None:
        """Let the next delivery be handled: this one was not."""
        await self.claims.forget(_begun(name))

    async def _turn(self, name: str) -> Turn:
        ours = await self.claims.claim(_begun(name), seconds=_LEASE)
        try:
            new = await self._is_new(name)
        except BaseException:
            if ours:
                with suppress(HighLevelError):  # what is not freed now is so a minute later
                    await self.free(name)
            raise
        if not new:
            return "done"
        return "ours" if ours else "busy"

    async def _claim(self, name: str) -> None:
        await self.claims.remember(_begun(name), seconds=_LEASE)

    async def _is_new(self, name: str) -> bool:
        # To claim it for no time is only to look.
        return await self.claims.claim(_done(name), seconds=0)


def _begun(name: str) -> str:
    return f"webhook:{name}"


def _done(name: str) -> str:
    return f"webhook-done:{name}"
