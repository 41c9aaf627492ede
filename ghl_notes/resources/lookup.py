"""Which of the notes that are listed is the one whose reply was lost."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from datetime import datetime
from typing import Final, Generic, TypeVar

from attrs import define, field

from ghl_notes.models import Json, Listing
from ghl_notes.resources.likeness import Written, is_same, may_be

_MOMENT: Final = 30.0
"""Seconds within which the order of two writes is uncertain, as their clocks differ."""

_LONG_AGO: Final = 600.0
"""Seconds by which no two of HighLevel's clocks differ."""

_RETURNED: Final = 10_000
_LISTS: Final = 256

N = TypeVar("N", bound=Written)


class History:
    """What a client knows of the notes there are, by those it created and those it listed.

    Bounded: it keeps the ids of the last 10,000 notes created, and the last list of 256 owners.
    """

    def __init__(self) -> None:
        self.returned: OrderedDict[str, None] = OrderedDict()
        self._lists: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()

    def give(self, note_id: str) -> None:
        """Remember a note that a create returned: no other create wrote it."""
        self.returned[note_id] = None
        if len(self.returned) > _RETURNED:
            self.returned.popitem(last=False)

    def saw(self, owner_id: str, listed: Listing[N], now: float) -> None:
        """Remember the notes that an owner has; ``now`` is the time of the event loop."""
        if listed.unreadable:
            return  # what is missing in a list with gaps may still exist
        self._lists[owner_id] = now, frozenset([note.id for note in listed])
        self._lists.move_to_end(owner_id)
        if len(self._lists) > _LISTS:
            self._lists.popitem(last=False)

    def before(self, owner_id: str, now: float) -> tuple[frozenset[str], bool]:
        """Return the ids of the notes an owner had, and whether these were all a moment ago."""
        if owner_id not in self._lists:
            return frozenset(), False
        when, ids = self._lists[owner_id]
        return ids, now - when < _MOMENT


@define(eq=False)
class Lookup(Generic[N]):
    """Finds the note of one create in the lists that come after it.

    A note is the one that was sent if it has the same text, links, author, title, color and pin,
    no other create has ``returned`` it, and it was not there before. What was there before is
    known from lists: those of before the create (``before``), and from the first look on those of
    earlier looks. A list may lag, so that it had no note proves little: one that is dated more than
    30 s before the create by every clock is in doubt all the same. While no list is known
    (``all_known`` is False), it is so by any clock, since HighLevel's clocks differ. More than 10
    minutes before, by every clock, it is always an older one.

    ``is_other`` is True for a note that another call is writing meanwhile.
    ``perhaps`` becomes True when one was seen that HighLevel may have made of what was sent.
    """

    fields: Mapping[str, Json]
    before: frozenset[str]
    all_known: bool
    returned: Container[str]
    is_other: Callable[[N], bool]
    perhaps: bool = field(default=False, init=False)

    def find(self, listed: Listing[N], began: Collection[datetime]) -> list[N] | None:
        """Return the notes that may be the one that was sent; None if that is in doubt for one.

        ``began`` is when the create began, by each clock that is known.
        """
        fresh = [one for one in listed if self._is_fresh(one, began)]
        same = [one for one in fresh if is_same(one, self.fields)]
        if any(self._is_doubtful(one, began) for one in same):
            return None
        self.perhaps = self.perhaps or self._may_be_among(fresh)
        if not listed.unreadable:  # what comes into the list from now on is new, or lagged behind
            self.before |= {one.id for one in listed}
            self.all_known = True
        return same

    def _is_fresh(self, note: N, began: Collection[datetime]) -> bool:
        if note.id in self.before or note.id in self.returned:
            return False
        return min(_ages(note, began)) <= _LONG_AGO  # a list may have left it out before

    def _is_doubtful(self, note: N, began: Collection[datetime]) -> bool:
        ages = _ages(note, began)
        return (min(ages) if self.all_known else max(ages)) > _MOMENT

    def _may_be_among(self, notes: Iterable[N]) -> bool:
        return any(may_be(one, self.fields) and not self.is_other(one) for one in notes)


def _ages(note: Written, began: Collection[datetime]) -> list[float]:
    """How many seconds before the create a note was written, by each clock."""
    return [(at - note.date_added).total_seconds() for at in began]
