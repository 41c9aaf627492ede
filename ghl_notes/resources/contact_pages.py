"""Page after page of a location's contacts: where each begins, and which is the last."""

from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Final

from ghl_notes.errors import ConfigurationError, UnexpectedResponse
from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.ends import counts_more, unless_denied
from ghl_notes.http.reply import Answer
from ghl_notes.models import Contact, ContactPage, Json

# What a page holds at least if there are more; how far above it HighLevel goes is not documented.
_SMALLEST_PAGE: Final = 100


async def stream(
    dispatch: Dispatch, query: Mapping[str, Json], page_size: int
) -> AsyncGenerator[Contact, None]:
    """Yield the contacts of all pages of a search, holding one page at a time."""
    asked, cursors, read = query, set[str](), 0
    while True:
        answer = await dispatch.call(
            operations.CONTACTS_SEARCH, json=asked, bulk=True, check=unless_more(read)
        )
        page = answer.read(codec.contacts)
        for contact in page.contacts:
            yield contact
        read += len(page.contacts)
        if _is_last(page, page_size, read):
            return
        if page.cursor is None or str(page.cursor) in cursors:
            if read < (page.total or 0):
                answer.read(_lost)
            return
        cursors.add(str(page.cursor))
        asked = {**query, "searchAfter": page.cursor}


def unless_more(read: int) -> Callable[[Answer], None]:
    """Make the check of a search's page: an empty one is no end if it counts more than ``read``."""
    return unless_denied("contacts", partial(counts_more, name="contacts", read=read))


def unless_more_listed() -> Callable[[Answer], None]:
    """Make the same check for the first page of the older list, whose total is in ``meta``."""
    return unless_denied("contacts", _listed_more)


def listed_after(cursor: Json) -> tuple[int | float | None, str | None]:
    """Divide a cursor of the older list into its moment and its contact id."""
    match cursor:
        case None:
            return None, None
        case [int() | float() as moment, str() as contact_id]:
            return moment, contact_id
    msg = "after must be the cursor of the page before"
    raise ConfigurationError(msg)


def _is_last(page: ContactPage, page_size: int, read: int) -> bool:
    full = len(page.contacts) >= min(page_size, _SMALLEST_PAGE)
    return not page.contacts or not (full or read < (page.total or 0))


def _listed_more(payload: Json) -> bool:
    reply = payload if isinstance(payload, dict) else {}
    meta = reply.get("meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    return counts_more({"contacts": reply.get("contacts"), "total": total}, "contacts", 0)


def _lost(_: Json) -> None:
    msg = "HighLevel counts more contacts, and gives no cursor for the next page"
    raise UnexpectedResponse(msg)
