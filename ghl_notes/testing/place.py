"""One location: its computed population, and on top of it only what was written since."""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal, overload

from attrs import define, field, frozen

from ghl_notes.testing.population import Population, iso, note_payload
from ghl_notes.testing.replies import Payload

__all__ = ["ContactIds", "DateField", "Place"]

DateField = Literal["dateAdded", "dateUpdated"]
Key = tuple[int, int]


@define
class _Notes:
    """The notes of a contact that was written to. Numbers are never used twice."""

    by_id: dict[str, Payload]
    born: dict[str, float]
    next_number: int


@define(eq=False)
class Place:
    """The contacts and notes of one location as they stand."""

    population: Population
    _fields: dict[int, Payload] = field(factory=dict, init=False)
    _added: dict[int, int] = field(factory=dict, init=False)
    _updated: dict[int, int] = field(factory=dict, init=False)
    _deleted: set[int] = field(factory=set, init=False)
    _notes: dict[int, _Notes] = field(factory=dict, init=False)
    changes: int = field(default=0, init=False)

    # contacts

    @property
    def size(self) -> int:
        """How many contacts were ever here; indexes are below it."""
        return self.population.contacts + len(self._added)

    @property
    def total(self) -> int:
        """How many contacts are here."""
        return self.size - len(self._deleted)

    def has(self, index: int) -> bool:
        """Tell whether a contact is here."""
        return index < self.size and index not in self._deleted

    def moment(self, index: int, date: DateField) -> int:
        """Tell one of a contact's dates, in ms."""
        changed = self._added if date == "dateAdded" else self._updated
        if index in changed:
            return changed[index]
        computed = self.population
        return computed.added(index) if date == "dateAdded" else computed.updated(index)

    def person(self, index: int) -> Payload:
        """Give the fields that were set by whoever keeps this contact."""
        return {**self.population.person(index), **self._fields.get(index, {})}

    def add(self, fields: Payload, now_ms: int) -> str:
        """Add a contact and return its id."""
        index = self.size
        self._added[index] = now_ms
        self.change(index, {"email": None, "phone": None, **fields}, now_ms)
        return self.population.contact_id(index)

    def change(self, index: int, fields: Payload, now_ms: int) -> None:
        """Set fields of a contact, which updates it."""
        self._fields[index] = {**self._fields.get(index, {}), **fields}
        self._updated[index] = now_ms
        self.changes += 1

    def remove(self, index: int) -> None:
        """Delete a contact with its notes."""
        self._deleted.add(index)
        self._notes.pop(index, None)
        self.changes += 1

    def walk(self, date: DateField, *, descending: bool, after: Key | None) -> Iterator[int]:
        """Give the contacts in the order of a date, from behind ``after``, without sorting all."""
        written = self._written(date)
        positions = range(self.population.contacts)
        if descending:
            stop = len(positions) if after is None else self._find(date, after, right=False)
            end = len(written) if after is None else bisect_left(written, after)
            computed = self._computed(date, positions[:stop][::-1])
            merged = heapq.merge(computed, written[:end][::-1], reverse=True)
        else:
            start = 0 if after is None else self._find(date, after, right=True)
            begin = 0 if after is None else bisect_right(written, after)
            merged = heapq.merge(self._computed(date, positions[start:]), written[begin:])
        return (index for _, index in merged)

    def _written(self, date: DateField) -> list[Key]:
        changed = self._added if date == "dateAdded" else self._updated
        return sorted((ms, index) for index, ms in changed.items() if index not in self._deleted)

    def _find(self, date: DateField, after: Key, *, right: bool) -> int:
        bisect = bisect_right if right else bisect_left
        return bisect(range(self.population.contacts), after, key=lambda at: self._key(date, at))

    def _key(self, date: DateField, position: int) -> Key:
        computed = self.population
        if date == "dateAdded":
            return computed.added(position), position
        return computed.updated_at(position), computed.ranked(position)

    def _computed(self, date: DateField, positions: Sequence[int]) -> Iterator[Key]:
        changed = self._added if date == "dateAdded" else self._updated
        for position in positions:
            key = self._key(date, position)
            if key[1] not in self._deleted and key[1] not in changed:
                yield key

    # notes

    def notes(self, index: int, until: float | None = None) -> list[Payload]:
        """List a contact's notes, in no order, without those written after ``until``."""
        written = self._notes.get(index)
        if written is None:
            notes = [self.population.note(index, number) for number in self._numbers(index)]
        else:
            notes = [
                dict(note)
                for note_id, note in written.by_id.items()
                if until is None or written.born.get(note_id, until) <= until
            ]
        # The real order is in no document: a client that wants one must sort.
        return sorted(notes, key=lambda note: str(note["id"]))

    def note(self, index: int, note_id: str, number: int) -> Payload | None:
        """Give one note, or None. ``number`` is what its id decodes to."""
        written = self._notes.get(index)
        if written is not None:
            found = written.by_id.get(note_id)
            return None if found is None else dict(found)
        return self.population.note(index, number) if number in self._numbers(index) else None

    def write_note(self, index: int, fields: Payload, now: float) -> Payload:
        """Add a note."""
        notes = self._open(index)
        note_id = self.population.note_id(index, notes.next_number)
        contact_id = self.population.contact_id(index)
        note = note_payload(
            note_id=note_id, contact_id=contact_id, added=int(now * 1000), fields=fields
        )
        notes.next_number += 1
        notes.by_id[note_id] = note
        notes.born[note_id] = now
        return dict(note)

    def replace_note(self, index: int, note: Payload) -> None:
        """Put a note in the place of the one with its id."""
        self._open(index).by_id[str(note["id"])] = dict(note)

    def remove_note(self, index: int, note_id: str) -> None:
        """Delete a note that is there."""
        del self._open(index).by_id[note_id]

    def _numbers(self, index: int) -> range:
        return range(0 if index in self._added else self.population.notes_per_contact)

    def _open(self, index: int) -> _Notes:
        if index not in self._notes:
            notes = [self.population.note(index, number) for number in self._numbers(index)]
            by_id = {str(note["id"]): note for note in notes}
            self._notes[index] = _Notes(by_id, {}, len(notes))
        return self._notes[index]


@frozen
class ContactIds(Sequence[str]):
    """The ids of the contacts of a location, oldest first, each made when it is looked at."""

    _place: Place

    def __len__(self) -> int:
        """Count the contacts."""
        return self._place.total

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Name one contact, or some."""
        indexes, name = self._indexes(), self._place.population.contact_id
        if isinstance(at, slice):
            return [name(index) for index in indexes[at]]
        return name(indexes[at])

    def __iter__(self) -> Iterator[str]:
        """Name them all, one after the other."""
        return map(self._place.population.contact_id, self._indexes())

    def __contains__(self, value: object) -> bool:
        """Tell whether a contact of this id is here."""
        computed = self._place.population
        serial = computed.ids.decode(value) if isinstance(value, str) else None
        if serial is None or not self._place.has(serial.contact):
            return False
        return value == computed.contact_id(serial.contact)

    def _indexes(self) -> Sequence[int]:
        everyone = range(self._place.size)
        if self._place.total == len(everyone):
            return everyone
        return [index for index in everyone if self._place.has(index)]


def contact_dates(place: Place, index: int) -> Payload:
    """Give a contact's dates in wire form."""
    return {
        "dateAdded": iso(place.moment(index, "dateAdded")),
        "dateUpdated": iso(place.moment(index, "dateUpdated")),
    }
