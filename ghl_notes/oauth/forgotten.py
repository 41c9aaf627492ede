"""Locations that were forgotten a while ago, of which an event may still be under way."""

from typing import Final

from attrs import frozen

from ghl_notes.stores.protocol import Claims

__all__ = ["Forgotten"]

# HighLevel repeats an event for about three days, and its users may do so by hand.
_REMEMBERED: Final = 7 * 86_400.0


@frozen
class Forgotten:
    """Remembers that a location was forgotten, so that its agency does not vouch for it."""

    claims: Claims

    async def add(self, location_id: str) -> None:
        """Remember a location."""
        await self.claims.remember(_name(location_id), seconds=_REMEMBERED)

    async def discard(self, location_id: str) -> None:
        """Remember it no more: the app is there again."""
        await self.claims.forget(_name(location_id))

    async def has(self, location_id: str) -> bool:
        """Tell whether a location was forgotten."""
        # To claim it for no time is only to look.
        return not await self.claims.claim(_name(location_id), seconds=0)


def _name(location_id: str) -> str:
    return f"forgotten:{location_id}"
