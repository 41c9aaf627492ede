"""Pages that HighLevel counts by how many were skipped, as one stream."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from ghl_notes.models import Listing


class Identified(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id, by which it is known again."""
        ...


T = TypeVar("T", bound=Identified)


@frozen
class Page(Generic[T]):
    """One page. ``more`` is False where HighLevel says that it is the last."""

    items: Listing[T]
    more: bool = True
    server_time: datetime | None = None


async def pages(page_at: Callable[[int], Awaitable[Page[T]]]) -> AsyncGenerator[Page[T], None]:
    """Yield what is new on each page, until one is empty, says that it is the last, or stays.

    How much a page may hold is not documented, so a short page is not the end; and one without
    anything new is not either, since others may have been added before it meanwhile.
    """
    seen: set[str] = set()
    before: list[str] = []
    skip = stayed = 0
    while True:
        page = await page_at(skip)
        fresh = {one.id: one for one in page.items if one.id not in seen}
        seen |= fresh.keys()
        unreadable = page.items.unreadable
        yield Page(Listing(fresh.values(), unreadable=unreadable), page.more, page.server_time)
        ids = [one.id for one in page.items]
        # The same page once more may be chance; a server that ignores the skip repeats it again.
        stayed = stayed + 1 if ids == before else 0
        if not page.more or stayed > 1 or not (ids or unreadable):
            return
        before = ids
        skip += len(ids) + len(unreadable)


async def by_skip(page_at: Callable[[int], Awaitable[Page[T]]]) -> AsyncGenerator[T, None]:
    """Yield what the pages hold, each once; what cannot be read is raised after its page."""
    async for page in pages(page_at):
        for one in page.items:
            yield one
        if page.items.unreadable:
            raise page.items.unreadable[0]
