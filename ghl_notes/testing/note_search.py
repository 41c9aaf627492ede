"""``POST /notes/search``: all notes of a location, a page at a time."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from typing import TypeGuard, cast

from attrs import define, field, frozen

from ghl_notes.testing.ids import Kind, Serial
from ghl_notes.testing.notebook import Notebook
from ghl_notes.testing.replies import Payload
from ghl_notes.testing.rules import (
    FILLED,
    FLAG,
    TEXT,
    TEXTS,
    Rules,
    one_of,
    read,
    time_of,
    whole,
)

__all__ = ["NoteSearch", "NoteSearcher"]

_MOST = 100
_RULES: Rules = {
    "locationId": FILLED,
    "query": TEXT,
    "sources": TEXTS,
    "createdByUserId": TEXT,
    "relations": TEXTS,
    "limit": whole(1, _MOST),
    "skip": whole(0),
    "sortBy": one_of("dateAdded", "dateUpdated"),
    "sortOrder": one_of("asc", "desc"),
    "count": FLAG,
    # What it adds to a reply is in no document: here, nothing.
    "includeRelationRecords": FLAG,
}
_PAGING = ("limit", "skip", "count", "includeRelationRecords")

Ref = tuple[int, int, int]
"""The date sorted by, in ms, and the contact and number that a note's id stands for."""

Test = Callable[[Payload], bool]


@frozen
class NoteSearch:
    """One search, read and found valid."""

    sent: Payload

    @classmethod
    def read(cls, sent: Payload) -> "NoteSearch":
        """Read what was sent, or refuse it."""
        return cls(read(sent, _RULES, ("locationId",)))

    @property
    def page(self) -> slice:
        """Which of the notes found to give."""
        skip, limit = cast("int", self.sent.get("skip", 0)), cast("int", self.sent.get("limit", 20))
        return slice(skip, skip + limit)

    @property
    def date(self) -> str:
        """The date to sort by."""
        return str(self.sent.get("sortBy", "dateAdded"))

    @property
    def descending(self) -> bool:
        """Whether the newest come first."""
        return self.sent.get("sortOrder", "desc") == "desc"

    @property
    def relations(self) -> list[str]:
        """The records to one of which the notes are related; none is for all notes."""
        return cast("list[str]", self.sent.get("relations", []))

    @property
    def criteria(self) -> str:
        """What two searches with the same notes in the same order have in common."""
        told = {name: value for name, value in self.sent.items() if name not in _PAGING}
        return json.dumps(told, sort_keys=True)


@define(eq=False)
class NoteSearcher:
    """Answers searches, and remembers what the last one of all notes found until one changes."""

    _last: tuple[str, int] = field(default=("", 0), init=False)
    _found: list[Ref] = field(factory=list, init=False)

    def find(
        self, book: Notebook, search: NoteSearch, until: float | None = None
    ) -> tuple[list[Payload], int]:
        """Give one page, and how many notes there are in all.

        What was written after ``until`` is left out.
        """
        refs = self._order(book, search, until)
        return [_note(book, ref) for ref in refs[search.page]], len(refs)

    def _order(self, book: Notebook, search: NoteSearch, until: float | None) -> list[Ref]:
        if until is not None or search.relations:
            return sorted(_refs(book, search, until), reverse=search.descending)
        asked = (search.criteria, book.changes)
        if asked != self._last:
            self._found = sorted(_refs(book, search, None), reverse=search.descending)
            self._last = asked
        return self._found


def _refs(book: Notebook, search: NoteSearch, until: float | None) -> Iterator[Ref]:
    tests = _tests(book, search)
    if search.relations:
        notes = _related(book, search.relations)
    elif tests:
        notes = chain(_computed(book), book.written())
    else:
        yield from _untouched(book)
        notes = book.written()
    for note in notes:
        late = until is not None and book.born(note, until) > until
        if not late and all(test(note) for test in tests):
            yield _ref(book, note, search.date)


def _untouched(book: Notebook) -> Iterator[Ref]:
    """Point at the computed notes without making them. Later contacts have later notes."""
    people = book.population
    for number in range(people.notes_per_contact):
        for contact in book.shelf.untouched():
            yield people.note_added(contact, number), contact, number


def _computed(book: Notebook) -> Iterator[Payload]:
    people = book.population
    for contact in book.shelf.untouched():
        for number in range(people.notes_per_contact):
            yield people.note(contact, number)


def _related(book: Notebook, record_ids: list[str]) -> Iterator[Payload]:
    """Give the notes of these records, each once."""
    people, wanted = book.population, set(record_ids)
    serials = (people.ids.decode(one) for one in wanted)
    of_contacts = (book.of(one.contact) for one in serials if _is_contact(one, people.location))
    notes = [note for notes in of_contacts for note in notes]
    notes += [one for one in book.related() if wanted & book.record_ids(one)]
    yield from {str(note["id"]): note for note in notes}.values()


def _is_contact(serial: Serial | None, location: int) -> TypeGuard[Serial]:
    return serial is not None and serial[:2] == (Kind.CONTACT, location)


def _tests(book: Notebook, search: NoteSearch) -> list[Test]:
    tests: list[Test] = []
    sent = search.sent
    text = str(sent.get("query", "")).casefold()
    if text:
        tests.append(lambda note: text in f"{note.get('title', '')}\n{note['bodyText']}".casefold())
    sources = sent.get("sources")
    if isinstance(sources, list) and sources:
        tests.append(lambda note: book.more(note)["source"] in sources)
    if sent.get("createdByUserId"):
        tests.append(lambda note: note["userId"] == sent["createdByUserId"])
    return tests


def _ref(book: Notebook, note: Payload, date: str) -> Ref:
    moment = cast("datetime", time_of({**book.more(note), **note}[date]))
    serial = cast("Serial", book.population.ids.decode(str(note["id"])))
    return round(moment.timestamp() * 1000), serial.contact, serial.note


def _note(book: Notebook, ref: Ref) -> Payload:
    people = book.population
    serial = Serial(Kind.NOTE, people.location, *ref[1:])
    return cast("Payload", book.get(people.ids.encode(*serial), serial))
