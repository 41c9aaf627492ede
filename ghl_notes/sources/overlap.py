"""The way through a list by offsets, though its entries come and go meanwhile.

What is added moves the entries behind it back, so that some are met twice; what is deleted moves
them forward, past a reader who goes on at the next offset. So each page asks for the end of the
one before as well. While the order is the same, a page that has anything of it lost nothing.

A server that does not skip sends the same page for ever, and what is added may look like that for
a few pages. So after some without anything new one is asked for that lies far ahead: if it has
nothing new either, that is the end, and if it has, the reader goes back.
"""

from collections.abc import Collection
from typing import Final

from attrs import define, field

_OVERLAP: Final = 5
_PATIENCE: Final = 3  # pages in a row without anything new
_LEAP: Final = 200  # more entries than are added between two pages


@define
class Overlap:
    """Where in the list to go on, and what the pages before had; without any I/O."""

    skip: int = field(default=0, init=False)
    stuck: bool = field(default=False, init=False)
    _before: frozenset[str] = field(default=frozenset(), init=False)
    _met: set[str] = field(factory=set, init=False)
    _stale: int = field(default=0, init=False)
    _left: int | None = field(default=None, init=False)

    def returns(self, ids: Collection[str], received: int) -> bool:
        """Tell whether a page far ahead has something new, or nothing at all: it is not taken."""
        if self._left is None or (received and self._met.issuperset(ids)):
            return False
        self.skip, self._left, self._stale = self._left, None, 0
        return True

    def joins(self, ids: Collection[str], received: int) -> bool:
        """Tell whether a page of so many entries, with these ids, follows the one before.

        Entries without an id may be the ones that would, and count as such.
        """
        known = not self._before.isdisjoint(ids) or len(ids) < received
        return known or not self._before or self._left is not None

    def go_on(self, ids: Collection[str], received: int) -> None:
        """Go on behind a page, less what is asked for again; far ahead if nothing was new."""
        self.stuck = self._left is not None
        self._stale = self._stale + 1 if self._met.issuperset(ids) else 0
        self._met.update(ids)
        step = max(1, received - _OVERLAP)
        self.skip += step
        self._before = frozenset(ids if step < received else ())
        if self._stale >= _PATIENCE and not self.stuck:
            self._left = self.skip
            self.skip += _LEAP
