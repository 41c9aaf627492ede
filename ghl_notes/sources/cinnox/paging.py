"""Which pages of a CINNOX list to ask for, so that each entry is met once, without any I/O.

Its order and its total may move meanwhile: https://docs.cinnox.com/docs/Get-External-Contact-Note-List
"""

from collections.abc import Collection
from typing import Final

from attrs import define, field

from ghl_notes.errors import Unavailable
from ghl_notes.models import Json
from ghl_notes.sources.fields import unreadable
from ghl_notes.sources.overlap import Overlap

_RESTARTS: Final = 5


@define
class Pages:
    """The way through one list. Ask at ``offset`` and tell ``page()``, until it is ``done``."""

    done: bool = field(default=False, init=False)
    _list: Overlap = field(factory=Overlap, init=False)
    _restarts: int = field(default=0, init=False)
    _seen: set[str] = field(factory=set, init=False)

    @property
    def offset(self) -> int:
        """Where the next page begins."""
        return self._list.skip

    def page(
        self, ids: Collection[str], *, received: int, total: Json, full: bool = False
    ) -> set[str]:
        """Take a page in, ``received`` entries with these ids; return which are new.

        A total that is less than what was met is not believed, nor one that ends at a ``full``
        page, which may be the count of the page.
        """
        if self._list.returns(ids, received):
            return set()
        if not self._list.joins(ids, received):
            self._restart()
            return set()
        fresh = set(ids) - self._seen
        self._seen |= fresh
        told = total == self.offset + received and not full
        self._list.go_on(ids, received)
        if self._list.stuck and isinstance(total, int) and total > len(self._seen):
            raise unreadable("CINNOX", "a list", f"{len(self._seen)} different ones of {total}")
        self.done = told or not received or self._list.stuck
        return fresh

    def _restart(self) -> None:
        """Begin anew: so many were deleted meanwhile that some may have moved past us."""
        self._list = Overlap()
        self._restarts += 1
        if self._restarts > _RESTARTS:
            msg = "CINNOX's lists change faster than they can be read: try again later"
            raise Unavailable(msg, maybe_applied=False)
