"""The exchanges of codes that one login began, and what they brought."""

import asyncio

from attrs import field, frozen

from ghl_notes import HighLevel, Install

__all__ = ["Exchanges"]


@frozen(eq=False)
class Exchanges:
    """Installs as ``HighLevel.install`` does, and remembers what of it is this login's own.

    Whoever is cancelled while he waits leaves his exchange at work, since its code works once.
    """

    highlevel: HighLevel
    _begun: list[asyncio.Task[Install]] = field(factory=list, init=False)

    async def install(
        self,
        *,
        callback_url: str | None = None,
        state: str | None = None,
        code: str | None = None,
    ) -> Install:
        """Exchange the code of a callback, store the install, and return it."""
        work = self.highlevel.install(code, callback_url=callback_url, state=state)
        task = asyncio.create_task(work)
        self._begun.append(task)
        return await asyncio.shield(task)

    async def ended(self) -> None:
        """Wait until nothing that began is under way. A cancelled caller leaves it alone."""
        if self._begun:
            await asyncio.wait(self._begun)

    async def brought(self) -> Install | None:
        """Wait for what is under way, and give the first install that came of it."""
        await self.ended()
        good = (one for one in self._begun if not one.cancelled() and one.exception() is None)
        first = next(good, None)
        return None if first is None else first.result()
