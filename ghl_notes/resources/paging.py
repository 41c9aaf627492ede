"""Pages that HighLevel counts by how many were skipped, as one stream."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol, TypeVar

from ghl_notes.models import Listing


class Identified(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id, by which it is known again."""
        ...


T = TypeVar("T", bound=Identified)


async def by_skip(page_at: Callable[[int], Awaitable[Listing[T]]]) -> AsyncGenerator[T, None]:
    """Yield what the pages hold, each once, until a page brings nothing new.

    How much a page may hold is not documented, so a short page is not the end. What cannot be
    read is raised after the others of its page.
    """
    seen: set[str] = set()
    skip = 0
    while True:
        page = await page_at(skip)
        fresh = {one.id: one for one in page if one.id not in seen}
        seen.update(fresh)
        for one in fresh.values():
            yield one
        if page.unreadable:
            raise page.unreadable[0]
        if not fresh:
            return
        skip += len(page)
