"""Locations that were forgotten a while ago, of which an event may still be under way."""

import logging
from typing import Final

from attrs import frozen

from ghl_notes.stores.protocol import Claims

__all__ = ["Forgotten"]

_LOG: Final = logging.getLogger("ghl_notes.oauth")

# HighLevel repeats an event for about three days, and its users may do so by hand.
_REMEMBERED: Final = 7 * 86_400.0


@frozen
class Forgotten:
    """Remembers that a location was forgotten, so that its agency does not vouch for it.

    Without ``claims`` there are no webhooks, and nothing is remembered.
    """

    claims: Claims | None

    async def add(self, location_id: str) -> None:
        """Remember a location."""
        if self.claims is not None:
            await self.claims.remember(_name(location_id), seconds=_REMEMBERED)

    async def discard(self, location_id: str) -> None:
        """Remember it no more: the app is there again."""
        if self.claims is not None:
            await self.claims.forget(_name(location_id))

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
        if self.claims is None:
            return False
        # To claim it for no time is only to look.
        return not await self.claims.claim(_name(location_id), seconds=0)


def _name(location_id: str) -> str:
    return f"forgotten:{location_id}"
