"""What one app keeps in a store that it may share with others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy

from attrs import define, frozen

from ghl_notes.errors import ConfigurationError, HighLevelError
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.models.installs import owner_of, stamped
from ghl_notes.stores.adopting import adopt
from ghl_notes.stores.protocol import Claims, Hold, TokenStore, Unreadable

__all__ = ["OwnedClaims", "OwnedStore"]


@define
class _Held:
    """A hold whose install has its provider and app, even from a store that keeps neither."""

    hold: Hold
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        await self.hold.save(stored)
        self.stored = stored

    async def delete(self) -> None:
        await self.hold.delete()
        self.stored = None


class OwnedStore:
    """The installs of one app in a store; the others are neither shown nor touched.

    It promises what the store promises. Before the first use it adopts the installs whose app is
    unknown, once for all concurrent callers; if that fails, so do their calls, and the next call
    tries again. Installs come with their provider and app even from a store that keeps neither.
    """

    def __init__(self, store: TokenStore, owner: Owner) -> None:
        self.owner = owner
        self._store = store
        self._is_ready = False
        self._adopting: asyncio.Task[None] | None = None

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        await self._ready()
        return self._ours(key, await self._store.load(key))

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[Hold]:
        """Wait for the sole right to change the install under ``key``, and read it again."""
        await self._ready()
        async with self._store.hold(key) as hold:
            yield _Held(hold, self._ours(key, hold.stored))

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over the installs of the app, ordered by key.

        Only what is its own, or may be, is raised for not being readable.
        """
        await self._ready()
        try:
            async for stored in self._all():
                yield stored
        except Unreadable as error:
            if any(owner_of(key) in (None, self.owner) for key in error.keys):
                raise

    async def _all(self) -> AsyncIterator[StoredInstall]:
        seen = set()
        async for stored in self._store.list():
            ours = stamped(self.owner, stored)
            key = ours.install.key
            if ours.install.owner != self.owner or key in seen:
                continue
            seen.add(key)
            # One that names no app is of another app, or the store keeps none.
            found = ours if ours is stored else await self.load(key)
            if found is not None:
                yield found

    async def close(self) -> None:
        """Close the store."""
        if (adopting := self._under_way()) is not None:
            await asyncio.wait({adopting})
        await self._store.close()

    async def _ready(self) -> None:
        if self._is_ready:
            return
        adopting = self._under_way()
        if adopting is None:
            adopting = self._adopting = asyncio.create_task(self._adopt())
            adopting.add_done_callback(_looked_at)
        try:
            await asyncio.shield(adopting)
        except HighLevelError as error:  # one for each caller, since each names its own call in it
            raise copy(error) from error

    def _under_way(self) -> "asyncio.Task[None] | None":
        one = self._adopting
        if one is None or one.done() or one.get_loop() is not asyncio.get_running_loop():
            return None
        return one

    async def _adopt(self) -> None:
        await adopt(self._store, self.owner)
        self._is_ready = True

    def _ours(self, key: str, stored: StoredInstall | None) -> StoredInstall | None:
        if stored is None:
            return None
        ours = stamped(self.owner, stored)
        if ours.install.owner != self.owner:
            msg = f"what the store keeps for {key} is of another app: restore a copy of the store"
            raise ConfigurationError(msg)
        return ours


@frozen
class OwnedClaims:
    """The claims of one app in a store; two apps may claim the same name. Implements ``Claims``."""

    claims: Claims
    owner: Owner

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        return await self.claims.claim(self._full(name), seconds=seconds)

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        await self.claims.remember(self._full(name), seconds=seconds)

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        await self.claims.forget(self._full(name))

    def _full(self, name: str) -> str:
        return f"{self.owner.prefix}{name}"


def _looked_at(adopting: "asyncio.Task[None]") -> None:
    if not adopting.cancelled():
        adopting.exception()  # each caller gets it; without a caller asyncio would log it
