"""The tags of contacts: of one contact, and of many in one request.

https://marketplace.gohighlevel.com/docs/ghl/contacts/tags; the scope is ``contacts.write``.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import ids, names
from ghl_notes.http.protocol import location
from ghl_notes.models import Json, TagsUpdated


class Tags:
    """The tags of one location's contacts. Safe for any number of tasks.

    They need the scope ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self._location_id = location_id

    async def add(self, contact_id: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Add tags to a contact, and return those that HighLevel names in its reply."""
        sent: dict[str, Json] = {"tags": names("tags", tags)}
        answer = await self._dispatch.call(operations.TAGS_ADD, contact_id, json=sent)
        return answer.read(codec.texts, "tags")

    async def remove(self, contact_id: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Take tags from a contact, and return those that HighLevel names in its reply."""
        sent: dict[str, Json] = {"tags": names("tags", tags)}
        answer = await self._dispatch.call(operations.TAGS_REMOVE, contact_id, json=sent)
        return answer.read(codec.texts, "tags")

    async def bulk_add(
        self, contact_ids: Iterable[str], tags: Iterable[str], *, location_id: str | None = None
    ) -> TagsUpdated:
        """Add tags to many contacts in one request.

        Some of them may fail while the others are done: look at ``error_count``.
        """
        return await self._update("add", contact_ids, {"tags": names("tags", tags)}, location_id)

    async def bulk_remove(
        self, contact_ids: Iterable[str], tags: Iterable[str], *, location_id: str | None = None
    ) -> TagsUpdated:
        """Take tags from many contacts in one request; all else is as in ``bulk_add``."""
        return await self._update("remove", contact_ids, {"tags": names("tags", tags)}, location_id)

    async def bulk_clear(
        self, contact_ids: Iterable[str], *, location_id: str | None = None
    ) -> TagsUpdated:
        """Take every tag from many contacts in one request; all else is as in ``bulk_add``."""
        return await self._update(
            "remove", contact_ids, {"tags": [], "removeAllTags": True}, location_id
        )

    async def _update(
        self,
        change: Literal["add", "remove"],
        contact_ids: Iterable[str],
        which: Mapping[str, Json],
        location_id: str | None,
    ) -> TagsUpdated:
        sent: dict[str, Json] = {
            "contacts": ids("contact_ids", contact_ids),
            **which,
            "locationId": location(location_id, self._location_id),
        }
        answer = await self._dispatch.call(operations.TAGS_UPDATE, change, json=sent)
        return answer.read(codec.tags_updated)
