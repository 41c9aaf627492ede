"""Records that belong to contacts, such as notes: computed until a contact's are written to."""

from collections.abc import Callable, Iterator

from attrs import define, field, frozen

from ghl_notes.testing.ids import Ids, Kind
from ghl_notes.testing.replies import Payload

__all__ = ["Kept", "Shelf"]


@frozen
class Kept:
    """What a shelf keeps, in which location, and how many are computed for each contact."""

    ids: Ids
    kind: Kind
    location: int
    contacts: int
    each: int
    compute: Callable[[int, int], Payload]


@define
class _Opened:
    """The records of a contact that was written to. Numbers are never used twice."""

    by_id: dict[str, Payload]
    next_number: int


@define(eq=False)
class Shelf:
    """The records of one kind in one location. What it gives are copies."""

    kept: Kept
    opened: dict[int, _Opened] = field(factory=dict, init=False)

    def of(self, contact: int) -> list[Payload]:
        """List a contact's records, in no order."""
        opened = self.opened.get(contact)
        if opened is None:
            records = [self.kept.compute(contact, number) for number in self.numbers(contact)]
        else:
            records = [dict(record) for record in opened.by_id.values()]
        # The real order is in no document: a client that wants one must sort.
        return sorted(records, key=lambda record: str(record["id"]))

    def get(self, contact: int, number: int, record_id: str) -> Payload | None:
        """Give one record, or None. ``number`` is what its id decodes to."""
        opened = self.opened.get(contact)
        if opened is not None:
            found = opened.by_id.get(record_id)
            return None if found is None else dict(found)
        return self.kept.compute(contact, number) if number in self.numbers(contact) else None

    def add(self, contact: int, make: Callable[[str], Payload]) -> Payload:
        """Add the record that is made for a new id."""
        opened = self._open(contact)
        kept = self.kept
        record = make(kept.ids.encode(kept.kind, kept.location, contact, opened.next_number))
        opened.next_number += 1
        opened.by_id[str(record["id"])] = record
        return dict(record)

    def put(self, contact: int, record: Payload) -> None:
        """Put a record in the place of the one with its id."""
        self._open(contact).by_id[str(record["id"])] = dict(record)

    def remove(self, contact: int, record_id: str) -> None:
        """Take a record out that is there."""
        del self._open(contact).by_id[record_id]

    def forget(self, contact: int) -> None:
        """Take all records of a contact out."""
        self.opened[contact] = _Opened({}, self._open(contact).next_number)

    def numbers(self, contact: int) -> range:
        """Tell which numbers a contact's computed records have."""
        return range(self.kept.each if contact < self.kept.contacts else 0)

    def untouched(self) -> Iterator[int]:
        """Name the contacts whose records are all computed."""
        return (one for one in range(self.kept.contacts) if one not in self.opened)

    def _open(self, contact: int) -> _Opened:
        if contact not in self.opened:
            numbers = self.numbers(contact)
            records = (self.kept.compute(contact, number) for number in numbers)
            by_id = {str(record["id"]): record for record in records}
            self.opened[contact] = _Opened(by_id, len(numbers))
        return self.opened[contact]
