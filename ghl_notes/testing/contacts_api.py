"""The routes of contacts and their notes."""

import json
from collections.abc import Callable

from attrs import define, field

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.place import Place
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply
from ghl_notes.testing.routes import Route
from ghl_notes.testing.search import Search, Searcher
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.webhooks import Webhooks
from ghl_notes.testing.world import World

__all__ = ["ContactsApi"]

_READ = "contacts.readonly"
_WRITE = "contacts.write"


@define(eq=False)
class ContactsApi:
    """What HighLevel answers about contacts and notes."""

    world: World
    webhooks: Webhooks
    stats: Stats
    clock: Callable[[], float]
    _searcher: Searcher = field(factory=Searcher, init=False)

    def routes(self) -> list[Route]:
        """List what is answered here."""
        notes, note = "/contacts/{contactId}/notes", "/contacts/{contactId}/notes/{id}"
        return [
            Route("POST", "/contacts/search", self.search, scope=_READ),
            Route("GET", "/contacts/{contactId}", self.contact, scope=_READ),
            Route("GET", notes, self.list_notes, scope=_READ),
            Route("POST", notes, self.create_note, scope=_WRITE),
            Route("GET", note, self.note, scope=_READ),
            Route("PUT", note, self.update_note, scope=_WRITE),
            Route("DELETE", note, self.delete_note, scope=_WRITE),
        ]

    def search(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Answer one page of a search."""
        search = Search.read(_object(call))
        if search.location_id != grant.location_id:
            raise Refusal(403, "The token does not have access to this location.")
        place = self.world.place(search.location_id)
        return Reply(200, self._searcher.run(place, search, self._index))

    def contact(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one contact."""
        return Reply(200, {"contact": self.world.contact(*self._find(ids, grant))})

    def list_notes(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give all notes of a contact: there are no pages."""
        place, index = self._find(ids, grant)
        self.stats.count_read(place.population.location, index)
        notes: list[object] = list(self.world.list_notes(place, index, self.clock()))
        return Reply(200, {"notes": notes})

    def create_note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Write a note."""
        place, index = self._find(ids, grant)
        note = self.write_note(place, index, _object(call))
        self.stats.notes_created += 1
        return Reply(201, {"note": note})

    def note(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one note."""
        return Reply(200, {"note": self.world.note(*self._find(ids, grant), ids[1])})

    def update_note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Change a note."""
        place, index = self._find(ids, grant)
        note = self.world.update_note(place, index, ids[1], _object(call))
        self.webhooks.note("NoteUpdate", place.population.location_id, note)
        return Reply(200, {"note": note})

    def delete_note(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Delete a note. Recorded for other deletes: both spellings at once."""
        place, index = self._find(ids, grant)
        note = self.world.delete_note(place, index, ids[1])
        self.webhooks.note("NoteDelete", place.population.location_id, note)
        return Reply(200, {"succeded": True, "succeeded": True})

    def write_note(self, place: Place, index: int, fields: Payload) -> Payload:
        """Write a note, whoever does it, and tell it."""
        note = self.world.create_note(place, index, fields, self.clock())
        self.webhooks.note("NoteCreate", place.population.location_id, note)
        return note

    def _find(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, int]:
        return self.world.find(ids[0], grant.location_id)

    def _index(self, contact_id: str) -> int:
        serial = self.world.ids.decode(contact_id)
        return 0 if serial is None else serial.contact


def _object(call: Call) -> Payload:
    try:
        sent = json.loads(call.body or b"{}")
    except ValueError:
        raise Refusal(400, "Unexpected token in JSON", "Bad Request") from None
    if not isinstance(sent, dict):
        raise Refusal.invalid(["the body must be an object"])
    return sent
