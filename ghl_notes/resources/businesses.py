"""The businesses that contacts belong to.

https://marketplace.gohighlevel.com/docs/ghl/contacts; the scopes are ``contacts.readonly`` and
``contacts.write``.
"""

from collections.abc import AsyncGenerator, Iterable
from functools import partial
from typing import Final

from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.ends import counts_more, unless_denied
from ghl_notes.http.fields import fields, ids, text
from ghl_notes.http.protocol import identified, location, segment
from ghl_notes.models import Contact, Json, Listing
from ghl_notes.resources.paging import Page, by_skip

# The most that version 3 documents.
_PAGE: Final = 100
_BATCH: Final = 50


class Businesses:
    """Which contacts of one location belong to which business. Safe for any number of tasks.

    Reading needs the scope ``contacts.readonly``, writing ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self._location_id = location_id

    def contacts(
        self, business_id: str, *, query: str | None = None, location_id: str | None = None
    ) -> AsyncGenerator[Contact, None]:
        """Iterate over the contacts of a business, each once, 100 with a request.

        HighLevel counts pages by how many were skipped, so contacts that are added or removed
        meanwhile may move others past; ``query`` is a name, an email or a phone.
        """
        where = {"locationId": location(location_id, self._location_id), "query": query}
        segment("business_id", business_id)
        fields({"query": query}, {"query": text})

        async def page_at(skip: int) -> Page[Contact]:
            params = {**where, "limit": str(_PAGE), "skip": str(skip)}
            answer = await self._dispatch.call(
                operations.BUSINESSES_CONTACTS,
                business_id,
                params=params,
                bulk=True,
                check=unless_denied("contacts", partial(counts_more, name="contacts", read=skip)),
            )
            return Page(Listing(answer.read(codec.contacts).contacts))

        return by_skip(page_at)

    async def assign(
        self, contact_ids: Iterable[str], business_id: str, *, location_id: str | None = None
    ) -> tuple[str, ...]:
        """Assign contacts to a business, and return the ids of those that belong to it now.

        50 go with each request, the most that HighLevel takes; an error in between leaves the
        earlier ones done, and doing all again does no harm.
        """
        business = identified("business_id", business_id)
        return await self._update(contact_ids, business, location_id)

    async def unassign(
        self, contact_ids: Iterable[str], *, location_id: str | None = None
    ) -> tuple[str, ...]:
        """Take contacts out of their business, and return the ids of those that were changed.

        All else is as in ``assign``.
        """
        return await self._update(contact_ids, None, location_id)

    async def _update(
        self, contact_ids: Iterable[str], business_id: str | None, location_id: str | None
    ) -> tuple[str, ...]:
        named = location(location_id, self._location_id)
        left = ids("contact_ids", contact_ids)
        changed: list[str] = []
        while left:
            batch, left = left[:_BATCH], left[_BATCH:]
            sent: dict[str, Json] = {"locationId": named, "ids": batch, "businessId": business_id}
            answer = await self._dispatch.call(operations.BUSINESSES_ASSIGN, json=sent)
            changed += answer.read(codec.texts, "ids")
        return tuple(changed)
