"""Which pages of a CINNOX list to ask for, so that each entry is met once, without any I/O.

Its order and its total may move meanwhile: https://docs.cinnox.com/docs/Get-External-Contact-Note-List
"""

from collections.abc import Collection
from typing import Final

from attrs import define, field

from ghl_notes.errors import Unavailable
from ghl_notes.models import Json
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

    def page(self, ids: Collection[str], *, received: int, total: Json) -> set[str]:
        """Take a page in, ``received`` entries with these ids; return which are new."""
        if not self._list.joins(ids, received):
            self._restart()
            return set()
        fresh = set(ids) - self._seen
        self._seen |= fresh
        told = isinstance(total, int) and self.offset + received >= total
        self.done = told or not received or self._list.repeats(ids)
        self._list.go_on(ids, received)
        return fresh

    def _restart(self) -> None:
        """Begin anew: so many were deleted meanwhile that some may have moved past us."""
        self._list = Overlap()
        self._restarts += 1
        if self._restarts > _RESTARTS:
            msg = "CINNOX's lists change faster than they can be read: try again later"
            raise Unavailable(msg, maybe_applied=False)
