"""Searching the notes of a location: what may be asked, one page, and all pages."""

from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Final

from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.ends import counts_more, unless_denied
from ghl_notes.http.fields import Rule, count, fields, one_of, text, texts
from ghl_notes.models import Json, LocationNote, LocationNotePage
from ghl_notes.resources.paging import Page, by_skip

_LARGEST_PAGE: Final = 100
_SEARCHED: Final[Mapping[str, Rule]] = {
    "query": text,
    "sources": texts,
    "created_by_user_id": text,
    "record_ids": texts,
    "sort_by": text,
    "sort_order": one_of("asc", "desc"),
}


def asked(given: Mapping[str, object]) -> dict[str, Json]:
    """Spell the criteria of a search; None leaves one out."""
    return {**fields(given, _SEARCHED), "count": True}


async def page(
    dispatch: Dispatch, query: Mapping[str, Json], page_size: int, skip: int, *, bulk: bool = False
) -> LocationNotePage:
    """Read one page; what cannot be read on it is among its notes' ``unreadable``."""
    limits: dict[str, Json] = {
        "limit": count("page_size", page_size, most=_LARGEST_PAGE),
        "skip": count("skip", skip, least=0),
    }
    answer = await dispatch.call(
        operations.LOCATION_NOTES_SEARCH,
        json={**query, **limits},
        bulk=bulk,
        check=unless_denied("notes", partial(counts_more, name="notes", read=skip)),
    )
    found = answer.read(codec.location_notes)
    answer.name(found.notes.unreadable)
    return found


def stream(
    dispatch: Dispatch, query: Mapping[str, Json], page_size: int
) -> AsyncGenerator[LocationNote, None]:
    """Yield the notes of all pages, each once."""
    count("page_size", page_size, most=_LARGEST_PAGE)

    async def page_at(skip: int) -> Page[LocationNote]:
        return Page((await page(dispatch, query, page_size, skip, bulk=True)).notes)

    return by_skip(page_at)
