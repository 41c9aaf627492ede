"""One location: its computed population, and on top of it only what was written since."""

import heapq
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal, overload

from attrs import define, field, frozen

from ghl_notes.testing.diary import computed_appointment, computed_task
from ghl_notes.testing.ids import Kind
from ghl_notes.testing.notebook import Notebook
from ghl_notes.testing.population import Population, iso
from ghl_notes.testing.replies import Payload
from ghl_notes.testing.shelf import Kept, Shelf

__all__ = [
    "IDENTITY",
    "ContactChange",
    "ContactIds",
    "DateField",
    "IdentityField",
    "Place",
    "contact_dates",
]

DateField = Literal["dateAdded", "dateUpdated"]
IdentityField = Literal["email", "phone"]
IDENTITY: tuple[IdentityField, ...] = ("email", "phone")
"""The fields by which HighLevel knows a contact again, the first one first."""

ADDITIONAL: Mapping[IdentityField, str] = {"email": "additionalEmails", "phone": "additionalPhones"}
"""Where those stand that a contact has besides, as objects: ``[{"email": "..."}]``."""

ContactChange = Literal[
    "ContactCreate", "ContactUpdate", "ContactTagUpdate", "ContactDndUpdate", "ContactDelete"
]
"""What happened to a contact, in the words of HighLevel's webhooks."""

Key = tuple[int, int]

# Fields whose change is a webhook of its own.
_APART: dict[str, ContactChange] = {"tags": "ContactTagUpdate", "dnd": "ContactDndUpdate"}


_PUNCTUATION = re.compile(r"[\s().-]")


@define(eq=False)
class Place:
    """The contacts of one location as they stand, with all that belongs to them.

    ``campaigns`` and ``workflows`` hold what each contact is in, a workflow with the time of its
    event, if one was given. ``watch`` is called with what happens to a contact and its index: after
    a change, and before a delete.
    """

    population: Population
    tasks_per_contact: int
    appointments_per_contact: int
    watch: Callable[[ContactChange, int], None]
    notes: Notebook = field(init=False)
    tasks: Shelf = field(init=False)
    appointments: Shelf = field(init=False)
    appointment_notes: Shelf = field(init=False)
    campaigns: dict[int, list[str]] = field(factory=lambda: defaultdict(list), init=False)
    workflows: dict[int, dict[str, str | None]] = field(
        factory=lambda: defaultdict(dict), init=False
    )
    _fields: dict[int, Payload] = field(factory=dict, init=False)
    _added: dict[int, int] = field(factory=dict, init=False)
    _updated: dict[int, int] = field(factory=dict, init=False)
    _deleted: set[int] = field(factory=set, init=False)
    _known: dict[tuple[str, str], set[int]] = field(factory=lambda: defaultdict(set), init=False)
    changes: int = field(default=0, init=False)

    @notes.default
    def _make_notes(self) -> Notebook:
        people = self.population
        return Notebook(people, self._shelf(Kind.NOTE, people.notes_per_contact, people.note))

    @tasks.default
    def _make_tasks(self) -> Shelf:
        compute = partial(computed_task, self.population)
        return self._shelf(Kind.TASK, self.tasks_per_contact, compute)

    @appointments.default
    def _make_appointments(self) -> Shelf:
        compute = partial(computed_appointment, self.population)
        return self._shelf(Kind.APPOINTMENT, self.appointments_per_contact, compute)

    @appointment_notes.default
    def _make_appointment_notes(self) -> Shelf:
        return self._shelf(Kind.APPOINTMENT_NOTE, 0, lambda _, __: {})

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
        self._set(index, {"email": None, "phone": None, "businessId": None, **fields}, now_ms)
        self.watch("ContactCreate", index)
        return self.population.contact_id(index)

    def change(self, index: int, fields: Payload, now_ms: int) -> None:
        """Set fields of a contact, which updates it."""
        self._set(index, fields, now_ms)
        # Whether HighLevel sends these instead of a ContactUpdate or as well is in no document.
        for change in dict.fromkeys(_APART.get(name, "ContactUpdate") for name in fields):
            self.watch(change, index)

    def remove(self, index: int) -> None:
        """Delete a contact. Its notes go too: the rest is only ever reached through it."""
        self.watch("ContactDelete", index)
        self._deleted.add(index)
        self.notes.forget(index)
        self.changes += 1

    def holders(self, name: IdentityField, value: object) -> list[int]:
        """Name the contacts that have this email or phone, or have it besides, oldest first."""
        wanted = matched(name, value)
        candidates = {*self.population.holders(name, wanted), *self._known.get((name, wanted), ())}
        return [
            index
            for index in sorted(candidates)
            if self.has(index)
            and wanted in (matched(name, one) for one in _addresses(self.person(index), name))
        ]

    def promoted(self, index: int, fields: Payload) -> Payload:
        """Complete a change that makes an additional address the main one.

        The old main one is dropped: https://github.com/GoHighLevel/highlevel-api-docs/issues/337
        """
        lists: Payload = {}
        for name in IDENTITY:
            wanted, listed = matched(name, fields.get(name)), ADDITIONAL[name]
            held = self.person(index).get(listed)
            if fields.get(name) and isinstance(held, list):
                lists[listed] = [one for one in held if matched(name, one.get(name)) != wanted]
        return {**fields, **lists}

    def business_id(self, index: int) -> object:
        """Tell the business of a contact, or None."""
        written = self._fields.get(index, {})
        return written.get("businessId", self.population.business_id(index))

    def in_business(self, business_id: str) -> list[int]:
        """Name the contacts of a business."""
        told = {at: one["businessId"] for at, one in self._fields.items() if "businessId" in one}
        computed = [at for at in self.population.in_business(business_id) if at not in told]
        written = [index for index, one in told.items() if one == business_id]
        return [index for index in computed + written if self.has(index)]

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

    def listed_until(self, after: Key) -> int:
        """Count those that were added after a key, or at it."""
        start = self._find("dateAdded", after, right=False)
        computed = self.population.contacts - start
        gone = sum(1 for index in self._deleted if start <= index < self.population.contacts)
        written = self._written("dateAdded")
        return computed - gone + len(written) - bisect_left(written, after)

    def _set(self, index: int, fields: Payload, now_ms: int) -> None:
        self._fields[index] = {**self._fields.get(index, {}), **fields}
        self._updated[index] = now_ms
        self.changes += 1
        for name in IDENTITY:
            for value in _addresses(fields, name):
                self._known[name, matched(name, value)].add(index)

    def _shelf(self, kind: Kind, each: int, compute: Callable[[int, int], Payload]) -> Shelf:
        people = self.population
        return Shelf(Kept(people.ids, kind, people.location, people.contacts, each, compute))

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


def matched(name: str, value: object) -> str:
    """Bring an email or phone to the form in which two of them are compared."""
    text = str(value).casefold()
    return text if name == "email" else _PUNCTUATION.sub("", text)


def _addresses(person: Payload, name: IdentityField) -> list[object]:
    """List the emails or the phones of a person, the main one first."""
    besides = person.get(ADDITIONAL[name])
    listed = besides if isinstance(besides, list) else []
    found = [person.get(name), *(one.get(name) for one in listed if isinstance(one, dict))]
    return [one for one in found if one]
