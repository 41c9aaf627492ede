"""The notes of a pretend Close, kept in the order of their creation."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape, unescape
from itertools import islice
from re import sub

from attrs import define, field

from ghl_notes.testing.close_filters import Page, Span
from ghl_notes.testing.replies import Payload

__all__ = ["CloseNote", "NoteShelf", "html_of", "text_of"]


@define(eq=False, kw_only=True)
class CloseNote:
    """One note. ``more`` is laid over its wire form; its number and id come from its world."""

    number: int = field(default=0, init=False)
    id: str = field(default="", init=False)
    lead_id: str
    contact_id: str | None
    user_id: str | None
    created: datetime
    happened: datetime
    updated: datetime
    html: str
    title: str | None = None
    pinned_at: datetime | None = None
    attachments: Sequence[Payload] = ()
    more: Payload = field(factory=dict)


def html_of(text: str) -> str:
    """Turn plain text into rich text, as Close does."""
    return f"<body>{escape(text, quote=False).replace(chr(10), '<br />')}</body>"


def text_of(html: str) -> str:
    """Turn rich text into plain text, which loses something."""
    lines = sub(r"(?i)<br\s*/?>|</(?:p|li|h1)>(?!</body>)", "\n", html)
    return unescape(sub(r"<[^>]*>", "", lines))


def _place(note: CloseNote) -> tuple[datetime, int]:
    return note.created, note.number


def _when(note: CloseNote) -> datetime:
    return note.created


@define(eq=False)
class NoteShelf:
    """All notes, by id and by time."""

    by_id: dict[str, CloseNote] = field(factory=dict, init=False)
    _order: list[CloseNote] = field(factory=list, init=False)

    def add(self, note: CloseNote) -> None:
        """Put a note in its place."""
        self.by_id[note.id] = note
        if self._order and _place(note) < _place(self._order[-1]):
            insort(self._order, note, key=_place)
        else:
            self._order.append(note)

    def remove(self, note_id: str) -> CloseNote:
        """Take a note out."""
        note = self.by_id.pop(note_id)
        del self._order[bisect_left(self._order, _place(note), key=_place)]
        return note

    def newest_first(self, span: Span | None = None) -> Iterator[CloseNote]:
        """Go through the notes that were created in a span of time."""
        low, high = self._ends(span or Span())
        return map(self._order.__getitem__, range(high - 1, low - 1, -1))

    def page(
        self, span: Span, page: Page, wanted: Callable[[CloseNote], bool] | None
    ) -> tuple[list[CloseNote], bool]:
        """Give one page, the newest first, and whether there is more."""
        low, high = self._ends(span)
        if wanted is None:
            top = max(low, high - page.skip)
            bottom = max(low, top - page.limit)
            return self._order[bottom:top][::-1], bottom > low
        matching = filter(wanted, self.newest_first(span))
        found = list(islice(matching, page.skip, page.skip + page.limit + 1))
        return found[: page.limit], len(found) > page.limit

    def _ends(self, span: Span) -> tuple[int, int]:
        low = bisect_left(self._order, span.start, key=_when)
        return low, bisect_left(self._order, span.end, lo=low, key=_when)
