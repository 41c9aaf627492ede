"""The routes of the appointments of a contact, and of their notes."""

from collections.abc import Callable

from attrs import define, field

from ghl_notes.testing.diary import appointment
from ghl_notes.testing.grants import Grant
from ghl_notes.testing.ids import Kind
from ghl_notes.testing.people import colleague
from ghl_notes.testing.place import Place
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Call, Payload, Reply, object_of
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, TEXT, Rules, digits, read, read_query
from ghl_notes.testing.world import World

__all__ = ["AppointmentsApi"]

_MOST_NOTES = 20
_LONGEST = 5_000


def _body(name: str, value: object) -> list[str]:
    found = FILLED(name, value)
    if isinstance(value, str) and len(value) > _LONGEST:
        found.append(f"{name} must be shorter than or equal to {_LONGEST} characters")
    return found


_NOTE_RULES: Rules = {"body": _body, "userId": TEXT}
_PAGE_RULES: Rules = {"limit": digits(1, _MOST_NOTES), "offset": digits(0)}


@define(eq=False)
class AppointmentsApi:
    """What HighLevel answers about appointments and their notes.

    ``until`` returns the time up to which notes are in lists, or None when all are.
    """

    world: World
    clock: Callable[[], float]
    until: Callable[[float], float | None]
    _born: dict[str, float] = field(factory=dict, init=False)

    def routes(self) -> list[Route]:
        """List what is answered here."""
        events = "/contacts/{contactId}/appointments"
        notes = "/calendars/appointments/{appointmentId}/notes"
        note, scope = f"{notes}/{{noteId}}", "calendars/events.write"
        return [
            Route("GET", events, self.list_events, scope="contacts.readonly"),
            Route("GET", notes, self.list_notes, scope="calendars/events.readonly"),
            Route("POST", notes, self.create_note, scope=scope),
            Route("PUT", note, self.update_note, scope=scope),
            Route("DELETE", note, self.delete_note, scope=scope, flagged=True),
        ]

    def list_events(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give all appointments of a contact: there are no pages."""
        place, index = self.world.find(ids[0], grant.location_id)
        return Reply(200, {"events": place.appointments.of(index)})

    def write(self, place: Place, index: int, fields: Payload) -> Payload:
        """Add an appointment; calendars, which make them, are not here. They have no rules."""
        now = int(self.clock() * 1000)
        return place.appointments.add(
            index, lambda one: {**appointment(place.population, index, one, now, now), **fields}
        )

    def list_notes(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one page of the notes of an appointment, newest first."""
        query = read_query(call, _PAGE_RULES, tuple(_PAGE_RULES))
        until = self.until(self.clock())
        notes = [
            note
            for note in self.notes(ids[0], grant.location_id)
            if until is None or self._born[str(note["id"])] <= until
        ]
        offset = int(query["offset"])
        stop = offset + int(query["limit"])
        return Reply(200, {"notes": notes[offset:stop], "hasMore": stop < len(notes)})

    def notes(self, appointment_id: str, location_id: str | None = None) -> list[Payload]:
        """List the notes of an appointment, newest first, or refuse an unknown one."""
        place, index, _ = self.world.find_appointment(appointment_id, location_id)
        written = place.appointment_notes.opened.get(index)
        kept = [] if written is None else list(written.by_id.values())[::-1]
        return [self._signed(note) for note in kept if note["appointmentId"] == appointment_id]

    def create_note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Write a note of an appointment."""
        self.world.find_appointment(ids[0], grant.location_id)
        return Reply(201, {"note": self.write_note(ids[0], object_of(call))})

    def write_note(self, appointment_id: str, sent: Payload) -> Payload:
        """Write a note of an appointment, whoever does it."""
        place, index, event = self.world.find_appointment(appointment_id)
        fields = read(sent, _NOTE_RULES, ("body",))
        now = self.clock()

        def make(note_id: str) -> Payload:
            self._born[note_id] = now
            return {
                "id": note_id,
                "userId": None,
                **fields,
                "dateAdded": iso(int(now * 1000)),
                "contactId": event["contactId"],
                "appointmentId": appointment_id,
            }

        return self._signed(place.appointment_notes.add(index, make))

    def update_note(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Change a note of an appointment."""
        place, index, note = self._note(ids, grant)
        note.update(read(object_of(call), _NOTE_RULES, ("body",)))
        place.appointment_notes.put(index, note)
        return Reply(200, {"note": self._signed(note)})

    def delete_note(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Delete a note of an appointment."""
        place, index, _note = self._note(ids, grant)
        place.appointment_notes.remove(index, ids[1])
        return Reply(200, {"success": True})

    def _note(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, int, Payload]:
        place, index, _ = self.world.find_appointment(ids[0], grant.location_id)
        serial = self.world.serial(ids[1], Kind.APPOINTMENT_NOTE)
        if serial is not None:
            note = place.appointment_notes.get(index, serial.note, ids[1])
            if note is not None and note["appointmentId"] == ids[0]:
                return place, index, note
        raise self.world.missing("Note", ids[1])

    def _signed(self, note: Payload) -> Payload:
        """Lay a note out with its writer, if it has one."""
        shown = {name: value for name, value in note.items() if name != "appointmentId"}
        user_id = note["userId"]
        if user_id is None:
            return shown
        users = list(self.world.users)
        name = colleague(users.index(str(user_id))).name if user_id in users else "Somebody Else"
        return {**shown, "createdBy": {"id": user_id, "name": name}}
