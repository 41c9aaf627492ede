"""Whether an event is of a location or an agency that the app is installed on."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import TypeAlias

from ghl_notes.highlevel import HighLevel
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.webhooks.events import AppInstalled, AppUninstalled, WebhookEvent
from ghl_notes.webhooks.vouching import Vouching

__all__ = ["Known"]

_Key: TypeAlias = tuple[str, str]


class Known:
    """Looks owners up: events that come together cost one lookup, not one each."""

    def __init__(self, highlevel: HighLevel) -> None:
        self._highlevel = highlevel
        self._forgotten = Forgotten(highlevel.claims)
        self._vouching = Vouching(highlevel)
        self._lookups: dict[_Key, asyncio.Task[bool]] = {}

    async def has(self, event: WebhookEvent) -> bool:
        """Tell whether an event is of one we know.

        INSTALL and UNINSTALL, and what names no owner, are known by the app that they name. A
        location is known if it is stored, or if it was not forgotten and a stored agency vouches
        for it: the one that the event names, and no other; without a name any agency, if the
        event names the app, and else one that has the location, as HighLevel confirms. So it must
        where the location is in doubt.
        """
        location_id, company_id = event.location_id, event.company_id
        nowhere = location_id is None and company_id is None
        if nowhere or isinstance(event, AppInstalled | AppUninstalled):
            return event.app_id is not None
        if location_id is None:
            return await self._is_stored(company_id=company_id)
        if await self._is_stored(location_id=location_id):
            return True
        return await self._is_vouched_for(event, location_id)

    def renew(self) -> None:
        """Forget what was looked up in an event loop that is closed."""
        self._lookups.clear()

    async def _is_vouched_for(self, event: WebhookEvent, location_id: str) -> bool:
        if not await self._may_be_vouched_for(event) or await self._forgotten.has(location_id):
            return False  # and not worth a question
        if await self._forgotten.is_in_doubt(location_id):
            return await self._once(("settled", location_id), self._settled(location_id))
        if event.company_id is not None or event.app_id is not None:
            return True
        return await self._once(("asked", location_id), self._vouching.by_asking(location_id))

    async def _may_be_vouched_for(self, event: WebhookEvent) -> bool:
        if event.company_id is not None:
            return await self._is_stored(company_id=event.company_id)
        if event.app_id is not None:
            return await self._once(("agencies", ""), self._vouching.by_any())
        return True

    async def _settled(self, location_id: str) -> bool:
        there = await self._vouching.by_asking(location_id, anew=True)
        if there:
            await self._forgotten.settle(location_id)
        return there

    async def _is_stored(
        self, *, location_id: str | None = None, company_id: str | None = None
    ) -> bool:
        kind = "company" if location_id is None else "location"
        key = kind, location_id or company_id or ""
        return await self._once(key, self._find(location_id, company_id))

    async def _find(self, location_id: str | None, company_id: str | None) -> bool:
        found = await self._highlevel.find(location_id=location_id, company_id=company_id)
        return found is not None

    async def _once(self, key: _Key, finding: Coroutine[None, None, bool]) -> bool:
        """Await an answer, shared with all callers that need the same one."""
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = self._lookups[key] = asyncio.create_task(finding)
            lookup.add_done_callback(partial(self._ended, key))
        else:
            finding.close()
        return await asyncio.shield(lookup)  # a cancelled caller leaves it to the others

    def _ended(self, key: _Key, lookup: "asyncio.Task[bool]") -> None:
        self._lookups.pop(key, None)
        if not lookup.cancelled():
            lookup.exception()  # each caller gets it; with no caller left it is no news
