"""Whether an event is of a location or an agency that the app is installed on."""

import asyncio
from functools import partial
from typing import TypeAlias

from ghl_notes.highlevel import HighLevel
from ghl_notes.models import Install
from ghl_notes.webhooks.events import AppInstalled, AppUninstalled, WebhookEvent

__all__ = ["Known"]

_Lookup: TypeAlias = "asyncio.Task[Install | None]"
_Owner: TypeAlias = tuple[str | None, str | None]


class Known:
    """Looks owners up in the store: events that come together cost one lookup, not one each."""

    def __init__(self, highlevel: HighLevel) -> None:
        self._highlevel = highlevel
        self._lookups: dict[_Owner, _Lookup] = {}

    async def has(self, event: WebhookEvent) -> bool:
        """Tell whether an event is of one we know.

        INSTALL and UNINSTALL, and what names no owner, are known by the app that they name.
        """
        location_id, company_id = event.location_id, event.company_id
        nowhere = location_id is None and company_id is None
        if nowhere or isinstance(event, AppInstalled | AppUninstalled):
            return event.app_id is not None
        if location_id is not None and await self._is_stored((location_id, None)):
            return True
        return company_id is not None and await self._is_stored((None, company_id))

    async def _is_stored(self, owner: _Owner) -> bool:
        lookup = self._lookups.get(owner)
        if lookup is None:
            location_id, company_id = owner
            finding = self._highlevel.find(location_id=location_id, company_id=company_id)
            lookup = self._lookups[owner] = asyncio.create_task(finding)
            lookup.add_done_callback(partial(self._ended, owner))
        return await asyncio.shield(lookup) is not None  # who is cancelled leaves it to the others

    def _ended(self, owner: _Owner, lookup: _Lookup) -> None:
        self._lookups.pop(owner)
        if not lookup.cancelled():
            lookup.exception()  # each caller gets it; with no caller left it is no news
