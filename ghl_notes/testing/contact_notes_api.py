"""The routes of the notes of a contact."""

from collections.abc import Callable
from functools import partial

from attrs import define

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.notes_rules import NOTE_RULES, Notes
from ghl_notes.testing.place import Place
from ghl_notes.testing.replies import Call, Payload, Reply, object_of
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import read
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.world import World

__all__ = ["ContactNotesApi"]


@define(eq=False)
class ContactNotesApi:
    """What HighLevel answers about the notes of a contact."""

    world: World
    notes: Notes
    stats: Stats
    clock: Callable[[], float]

    def routes(self) -> list[Route]:
        """List what is answered here."""
        notes, note = "/contacts/{contactId}/notes", "/contacts/{contactId}/notes/{id}"
        reading = partial(Route, "GET", scope="contacts.readonly")
        return [
            reading(notes, self.list_notes),
            Route("POST", notes, self.create_note, scope="contacts.write"),
            reading(note, self.note),
            Route("PUT", note, self.update_note, scope="contacts.write"),
            Route("DELETE", note, self.delete_note, scope="contacts.write", flagged=True),
        ]

    def list_notes(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give all notes of a contact: there are no pages."""
        place, index = self._find(ids, grant)
        self.stats.count_read(place.population.location, index)
        return Reply(200, {"notes": self.notes.of(place, index, self.clock())})

    def create_note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Write a note."""
        place, index = self._find(ids, grant)
        note = self.notes.create(place, index, object_of(call), self.clock())
        self.stats.notes_created += 1
        return Reply(201, {"note": note})

    def note(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one note."""
        return Reply(200, {"note": self._note(ids, grant)[1]})

    def update_note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Change a note."""
        place, note = self._note(ids, grant)
        fields = read(object_of(call), NOTE_RULES)
        return Reply(200, {"note": self.notes.update(place, note, fields, self.clock())})

    def delete_note(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Delete a note. Recorded for other deletes: both spellings at once."""
        self.notes.delete(*self._note(ids, grant))
        return Reply(200, {"succeded": True, "succeeded": True})

    def _note(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, Payload]:
        place, index = self._find(ids, grant)
        return place, self.notes.get(place, index, ids[1])

    def _find(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, int]:
        return self.world.find(ids[0], grant.location_id)
