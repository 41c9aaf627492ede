"""The way through a list by offsets, though its entries come and go meanwhile.

What is added moves the entries behind it back, so that some are met twice; what is deleted moves
them forward, past a reader who goes on at the next offset. So each page asks for the end of the
one before as well. While the order is the same, a page that has anything of it lost nothing.
"""

from collections.abc import Collection
from typing import Final

from attrs import define, field

_OVERLAP: Final = 5


@define
class Overlap:
    """Where in the list to go on, and what the page before had; without any I/O."""

    skip: int = field(default=0, init=False)
    _before: frozenset[str] = field(default=frozenset(), init=False)

    def joins(self, ids: Collection[str], received: int) -> bool:
        """Tell whether a page of so many entries, with these ids, follows the one before.

        Entries without an id may be the ones that would, and count as such.
        """
        known = not self._before.isdisjoint(ids) or len(ids) < received
        return known or not self._before

    def repeats(self, ids: Collection[str]) -> bool:
        """Tell whether a page is the one before once more, as of a server that does not skip."""
        return bool(self._before) and self._before == frozenset(ids)

    def go_on(self, ids: Collection[str], received: int) -> None:
        """Go on behind a page, less what is asked for again."""
        step = max(1, received - _OVERLAP)
        self.skip += step
        self._before = frozenset(ids if step < received else ())
