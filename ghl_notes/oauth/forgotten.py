"""Locations that were forgotten a while ago, of which an event may still be under way."""

import logging
from typing import Final, Literal, TypeAlias

from attrs import frozen

from ghl_notes.models import Install
from ghl_notes.stores.owned import OwnedClaims
from ghl_notes.stores.protocol import Claims, TokenStore

__all__ = ["Forgotten", "mark_forgotten"]

_Fact: TypeAlias = Literal["forgotten", "installed", "in-doubt"]

_LOG: Final = logging.getLogger("ghl_notes.oauth")

# HighLevel repeats an event for about three days, and its users may do so by hand.
_REMEMBERED: Final = 7 * 86_400.0


@frozen
class Forgotten:
    """Remembers that a location was forgotten, so that its agency does not vouch for it.

    Where it is not known what was last, an INSTALL or an UNINSTALL, or whether its agency is back,
    the location is in doubt, and HighLevel is asked. Without ``claims`` there are no webhooks, and
    nothing is remembered.
    """

    claims: Claims | None

    async def add(self, location_id: str) -> None:
        """Remember a location."""
        await self._remember("forgotten", location_id)

    async def add_uninstalled(self, location_id: str) -> None:
        """Remember a location of which an UNINSTALL was told, late perhaps."""
        had = await self.has(location_id)
        if had or not await self._is("installed", location_id):
            await self.add(location_id)
        if not had and await self._is("installed", location_id):  # told before, or just now
            await self.doubt(location_id)
            await self.discard(location_id)

    async def add_installed(self, location_id: str) -> None:
        """Remember that an INSTALL of a location was told, late perhaps, and brought no token."""
        await self._remember("installed", location_id)
        if await self.has(location_id):
            await self.doubt(location_id)
            await self.discard(location_id)

    async def doubt(self, location_id: str) -> None:
        """Let no agency vouch for a location before HighLevel is asked."""
        await self._remember("in-doubt", location_id)

    async def is_in_doubt(self, location_id: str) -> bool:
        """Tell whether HighLevel must be asked about a location."""
        return await self._is("in-doubt", location_id)

    async def settle(self, location_id: str) -> None:
        """Doubt no more: HighLevel has said that the app is there."""
        await self._free("in-doubt", location_id)

    async def discard(self, location_id: str) -> None:
        """Remember it no more: the app is there again."""
        await self._free("forgotten", location_id)

    async def discard_if_possible(self, location_id: str) -> None:
        """Remember it no more, but do not fail where the install itself is stored already.

        A code works once, so the call cannot be repeated; a stored install is known all the same.
        """
        try:
            await self.discard(location_id)
        except Exception as error:  # noqa: BLE001 - a store of one's own may raise anything
            _LOG.warning(
                "location %s is installed, and was not taken off the forgotten ones: %s",
                location_id,
                type(error).__name__,
            )

    async def has(self, location_id: str) -> bool:
        """Tell whether a location was forgotten."""
        return await self._is("forgotten", location_id)

    async def _remember(self, what: _Fact, location_id: str) -> None:
        if self.claims is not None:
            await self.claims.remember(f"{what}:{location_id}", seconds=_REMEMBERED)

    async def _free(self, what: _Fact, location_id: str) -> None:
        if self.claims is not None:
            await self.claims.forget(f"{what}:{location_id}")

    async def _is(self, what: _Fact, location_id: str) -> bool:
        # To claim it for no time is only to look.
        name = f"{what}:{location_id}"
        return self.claims is not None and not await self.claims.claim(name, seconds=0)


async def mark_forgotten(store: TokenStore, install: Install, *, with_agency: bool) -> None:
    """Remember that an install is forgotten which is deleted from a store without its app.

    As the app's own webhooks look it up. Do it before and after, as ``HighLevel.forget`` does.
    """
    owner = install.owner
    if owner is None or install.location_id is None or not isinstance(store, Claims):
        return
    forgotten = Forgotten(OwnedClaims(store, owner))
    mark = forgotten.doubt if with_agency else forgotten.add
    await mark(install.location_id)
