"""HighLevel's rules for notes, which two APIs share: pure state, the time is passed in."""

import re
from collections.abc import Callable

from attrs import define

from ghl_notes.testing.ids import Kind, Serial
from ghl_notes.testing.notebook import Relation
from ghl_notes.testing.place import Place
from ghl_notes.testing.population import plain_text
from ghl_notes.testing.replies import Payload
from ghl_notes.testing.rules import FILLED, FLAG, TEXT, Rules, must, read
from ghl_notes.testing.webhooks import NoteEvent, Webhooks
from ghl_notes.testing.world import World

__all__ = ["NOTE_RULES", "Notes"]

_COLOR = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")

NOTE_RULES: Rules = {
    "body": FILLED,
    "userId": TEXT,
    "title": TEXT,
    "color": must(
        lambda value: isinstance(value, str) and _COLOR.fullmatch(value) is not None,
        "must be a hexadecimal color",
    ),
    "pinned": FLAG,
}
_BY_APP = "INTEGRATION"
_BY_USER = "WEB_USER"


@define(eq=False)
class Notes:
    """Reads and writes notes, and tells of what is written by webhook.

    ``lag`` returns for how many seconds a new note stays out of lists.
    """

    world: World
    webhooks: Webhooks
    lag: Callable[[], float]

    def until(self, now: float) -> float | None:
        """Tell up to when notes are in lists, or None when all are."""
        lag = self.lag()
        return now - lag if lag else None

    def of(self, place: Place, contact: int, now: float) -> list[Payload]:
        """List a contact's notes, in no order."""
        return place.notes.of(contact, self.until(now))

    def get(self, place: Place, contact: int, note_id: str) -> Payload:
        """Give a note of a contact, or refuse an unknown one."""
        serial = self.world.serial(note_id, Kind.NOTE)
        if serial is not None and self._here(place, serial):
            note = place.notes.get(note_id, serial)
            if note is not None and contact in place.notes.contacts_of(note):
                return {**note, "contactId": place.population.contact_id(contact)}
        raise self.world.missing("Note", note_id)

    def find(self, note_id: str, location_id: str | None) -> tuple[Place, Payload]:
        """Give a note of a location and its place, or refuse it."""
        serial = self.world.serial(note_id, Kind.NOTE)
        if serial is None:
            raise self.world.missing("Note", note_id)
        place = self.world.reach(serial, location_id)
        note = place.notes.get(note_id, serial)
        if note is None:
            raise self.world.missing("Note", note_id)
        return place, note

    def create(
        self, place: Place, contact: int, sent: Payload, now: float, *, by_app: bool = True
    ) -> Payload:
        """Write a note, or refuse it."""
        fields = read(sent, NOTE_RULES, ("body",))
        source = _BY_APP if by_app else _BY_USER
        note = place.notes.write(contact, fields, now, source)
        self.tell("NoteCreate", place, note)
        return note

    def relate(
        self, place: Place, fields: Payload, relations: list[Relation], now: float
    ) -> Payload:
        """Write a note with relations."""
        note = place.notes.relate(fields, relations, now, _BY_APP)
        self.tell("NoteCreate", place, note)
        return note

    def update(self, place: Place, note: Payload, fields: Payload, now: float) -> Payload:
        """Change a note. What is not among the fields stays as it is."""
        note = {**note, **fields}
        note["bodyText"] = plain_text(str(note["body"]))
        place.notes.put(note, now)
        self.tell("NoteUpdate", place, note)
        return note

    def delete(self, place: Place, note: Payload) -> None:
        """Delete a note."""
        self.tell("NoteDelete", place, note)
        place.notes.remove(note)

    def tell(self, event: NoteEvent, place: Place, note: Payload) -> None:
        """Tell of a note that has a contact; documented: events name one."""
        contacts = place.notes.contacts_of(note)
        if contacts:
            named = {**note, "contactId": place.population.contact_id(contacts[0])}
            self.webhooks.note(event, place, named)

    def _here(self, place: Place, serial: Serial) -> bool:
        return self.world.location_ids[serial.location] == place.population.location_id
