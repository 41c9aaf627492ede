"""The notes of one location: those of one contact each, and those with relations of their own."""

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

from attrs import define, field

from ghl_notes.testing.ids import Kind, Serial
from ghl_notes.testing.population import Population, iso, note_payload
from ghl_notes.testing.replies import Payload
from ghl_notes.testing.shelf import Shelf

__all__ = ["NOBODY", "Notebook", "Relation"]

Relation = dict[str, str]
"""``{"objectKey": ..., "recordId": ...}``"""

NOBODY = (1 << 36) - 1
"""Stands for the contact in the ids of notes that were not made for one contact."""

_CONTACT = "contact"


@define(eq=False)
class Notebook:
    """All notes of a location. What it gives are copies.

    A note that is made with relations, or gets some, leaves the shelf of its contact; it is then
    seen with each contact that it is related to. What was deleted can be restored.
    """

    population: Population
    shelf: Shelf
    _related: dict[str, Payload] = field(factory=dict, init=False)
    _by_contact: dict[int, set[str]] = field(factory=lambda: defaultdict(set), init=False)
    _more: dict[str, Payload] = field(factory=dict, init=False)
    _deleted: dict[str, tuple[Payload, bool]] = field(factory=dict, init=False)
    _born: dict[str, float] = field(factory=dict, init=False)
    _next: int = field(default=0, init=False)
    changes: int = field(default=0, init=False)

    def of(self, contact: int, until: float | None = None) -> list[Payload]:
        """List a contact's notes, in no order, without those written after ``until``."""
        notes = self.shelf.of(contact)
        related = self._by_contact.get(contact)
        if related:
            contact_id = self.population.contact_id(contact)
            notes += [{**self._related[one], "contactId": contact_id} for one in related]
            notes.sort(key=lambda note: str(note["id"]))
        if until is None:
            return notes
        return [note for note in notes if self.born(note, until) <= until]

    def born(self, note: Payload, otherwise: float) -> float:
        """Tell when a note was written, or ``otherwise`` if it was here from the start."""
        return self._born.get(str(note["id"]), otherwise)

    def get(self, note_id: str, serial: Serial) -> Payload | None:
        """Give a note, or None. ``serial`` is what its id decodes to."""
        if note_id in self._related:
            return dict(self._related[note_id])
        return self.shelf.get(serial.contact, serial.note, note_id)

    def contacts_of(self, note: Payload) -> list[int]:
        """Name the contacts that a note is related to."""
        decode = self.population.ids.decode
        ids = [one["recordId"] for one in self.relations(note) if one["objectKey"] == _CONTACT]
        return [serial.contact for serial in map(decode, ids) if serial is not None]

    def record_ids(self, note: Payload) -> set[str]:
        """Name the records that a note is related to."""
        return {one["recordId"] for one in self.relations(note)}

    def relations(self, note: Payload) -> list[Relation]:
        """Give a note's relations; one on a shelf is related to its contact, without saying so."""
        if note["id"] in self._related:
            return list(_relations(note))
        return [{"objectKey": _CONTACT, "recordId": str(note["contactId"])}]

    def more(self, note: Payload) -> Payload:
        """Tell what contacts' lists of notes leave out: the last change, source, attachments."""
        source = "WORKFLOW" if note["userId"] is None else "WEB_USER"
        usual = {"dateUpdated": note["dateAdded"], "source": source, "attachments": []}
        return {**usual, **self._more.get(str(note["id"]), {})}

    def write(self, contact: int, fields: Payload, now: float, source: str) -> Payload:
        """Add a note to a contact."""
        contact_id = self.population.contact_id(contact)

        def make(note_id: str) -> Payload:
            added = int(now * 1000)
            return note_payload(note_id=note_id, contact_id=contact_id, added=added, fields=fields)

        return self._begin(self.shelf.add(contact, make), now, source)

    def relate(
        self, fields: Payload, relations: list[Relation], now: float, source: str
    ) -> Payload:
        """Add a note with relations."""
        people = self.population
        note_id = people.ids.encode(Kind.NOTE, people.location, NOBODY, self._next)
        self._next += 1
        note = note_payload(note_id=note_id, contact_id="", added=int(now * 1000), fields=fields)
        return self._begin(self._place(note, relations), now, source)

    def put(self, note: Payload, now: float, **more: object) -> None:
        """Put a note in the place of the one with its id; ``more`` is what lists leave out."""
        note_id = str(note["id"])
        if note_id in self._related:
            self._related[note_id] = dict(note)
        else:
            self.shelf.put(self._shelf_of(note_id), note)
        known = self._more.get(note_id, {})
        self._more[note_id] = {**known, "dateUpdated": iso(int(now * 1000)), **more}
        self.changes += 1

    def reshape(self, note: Payload, relations: list[Relation], now: float) -> Payload:
        """Give a note other relations."""
        self._take(note)
        placed = self._place(note, relations)
        self.put(placed, now)
        return placed

    def remove(self, note: Payload) -> None:
        """Delete a note that is there."""
        related = note["id"] in self._related
        self._deleted[str(note["id"])] = (self._take(note), related)
        self.changes += 1

    def deleted(self, note_id: str) -> bool:
        """Tell whether a note was deleted and can be restored."""
        return note_id in self._deleted

    def restore(self, note_id: str) -> Payload:
        """Bring a deleted note back."""
        note, related = self._deleted.pop(note_id)
        self.changes += 1
        if related:
            return self._place(note, list(_relations(note)))
        self.shelf.put(self._shelf_of(note_id), note)
        return dict(note)

    def forget(self, contact: int) -> None:
        """Take all notes out that are of this contact only, and it out of the others."""
        self.shelf.forget(contact)
        self.changes += 1
        for note_id in self._by_contact.pop(contact, ()):
            note = self._related.pop(note_id)
            left = self._without(note, contact)
            if left:
                self._place(note, left)
        self._deleted = {
            note_id: ({**note, "relations": self._without(note, contact)}, related)
            for note_id, (note, related) in self._deleted.items()
            if not self._only_of(note_id, contact)
        }

    def written(self) -> Iterator[Payload]:
        """Give every note that is kept and not computed."""
        for opened in self.shelf.opened.values():
            yield from opened.by_id.values()
        yield from self._related.values()

    def related(self) -> Iterator[Payload]:
        """Give every note with relations of its own."""
        yield from self._related.values()

    def _only_of(self, note_id: str, contact: int) -> bool:
        """Tell whether a deleted note was of this contact and nothing else."""
        note, related = self._deleted[note_id]
        if not related:
            return self._shelf_of(note_id) == contact
        return bool(_relations(note)) and not self._without(note, contact)

    def _without(self, note: Payload, contact: int) -> list[Relation]:
        contact_id = self.population.contact_id(contact)
        return [one for one in _relations(note) if one["recordId"] != contact_id]

    def _begin(self, note: Payload, now: float, source: str) -> Payload:
        self._born[str(note["id"])] = now
        self._more[str(note["id"])] = {"source": source}
        self.changes += 1
        return note

    def _place(self, note: Payload, relations: list[Relation]) -> Payload:
        note_id = str(note["id"])
        placed = {**note, "relations": relations}
        self._related[note_id] = placed
        for contact in self.contacts_of(placed):
            self._by_contact[contact].add(note_id)
        return dict(placed)

    def _take(self, note: Payload) -> Payload:
        note_id = str(note["id"])
        if note_id not in self._related:
            self.shelf.remove(self._shelf_of(note_id), note_id)
            return note
        for contact in self.contacts_of(note):
            self._by_contact[contact].discard(note_id)
        return self._related.pop(note_id)

    def _shelf_of(self, note_id: str) -> int:
        return cast("Serial", self.population.ids.decode(note_id)).contact


def _relations(note: Payload) -> list[Relation]:
    relations = note["relations"]
    return relations if isinstance(relations, list) else []
