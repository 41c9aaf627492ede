"""The contacts of a location: one by its id, or all of them as a stream.

https://marketplace.gohighlevel.com/docs/ghl/contacts; the scope is ``contacts.readonly``.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Final

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import codec
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.protocol import Request, segment
from ghl_notes.models import Contact, Json

# By the date of creation, ascending, contacts that change during a sweep keep their place, and
# new ones come last; by dateUpdated they would be skipped or seen twice.
OLDEST_FIRST: Final[Sequence[Mapping[str, Json]]] = ({"field": "dateAdded", "direction": "asc"},)
_LARGEST_PAGE: Final = 500
# What a page holds at least if there are more; how far above it HighLevel goes is not documented.
_SMALLEST_PAGE: Final = 100


class Contacts:
    """The contacts of one location. Safe for any number of tasks."""

    def __init__(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self._location_id = location_id

    async def get(self, contact_id: str) -> Contact:
        """Return one contact. Raises ``NotFound`` if the location has no such contact."""
        path = f"/contacts/{segment('contact_id', contact_id)}"
        return codec.contact((await self._dispatch.call(Request("GET", path))).payload)

    def stream(
        self,
        location_id: str | None = None,
        *,
        page_size: int = 100,
        filters: Sequence[Mapping[str, Json]] | None = None,
        sort: Sequence[Mapping[str, Json]] | None = None,
    ) -> AsyncGenerator[Contact, None]:
        """Iterate over all contacts of a location, oldest first unless ``sort`` says otherwise.

        ``location_id`` may be left out where the client knows it. ``page_size`` contacts, 500 at
        most, come with each request; memory holds one page. ``filters`` and ``sort`` are
        HighLevel's own, such as ``{"field": "email", "operator": "eq", "value": ...}``. Their
        index lags behind writes by some seconds. An error ends the iteration.
        """
        location = segment("location_id", location_id or self._location_id or "")
        whole = isinstance(page_size, int) and not isinstance(page_size, bool)
        if not (whole and 1 <= page_size <= _LARGEST_PAGE):
            msg = f"page_size must be a whole number from 1 to {_LARGEST_PAGE}, got {page_size!r}"
            raise ConfigurationError(msg)
        query: dict[str, Json] = {
            "locationId": location,
            "pageLimit": page_size,
            "sort": [dict(s) for s in (OLDEST_FIRST if sort is None else sort)],
        }
        if filters:
            query["filters"] = [dict(f) for f in filters]
        return self._pages(query, page_size)

    async def _pages(self, query: dict[str, Json], page_size: int) -> AsyncGenerator[Contact, None]:
        cursor: Json = None
        while True:
            asked = query if cursor is None else {**query, "searchAfter": cursor}
            request = Request("POST", "/contacts/search", json=asked, repeatable=True, bulk=True)
            page, next_cursor = codec.contacts((await self._dispatch.call(request)).payload)
            for contact in page:
                yield contact
            if (
                len(page) < min(page_size, _SMALLEST_PAGE)
                or next_cursor is None
                or next_cursor == cursor
            ):
                return
            cursor = next_cursor
