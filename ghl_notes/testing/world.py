"""HighLevel's rules for contacts and notes: pure state, the time is passed in."""

import re
from collections.abc import Callable, Sequence

from attrs import define, field

from ghl_notes.testing.ids import Ids, Kind, Serial
from ghl_notes.testing.place import Place, contact_dates
from ghl_notes.testing.population import Population, plain_text
from ghl_notes.testing.replies import Payload, Refusal, require

__all__ = ["World"]

_COLOR = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")
_Check = Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_color(value: object) -> bool:
    return isinstance(value, str) and _COLOR.fullmatch(value) is not None


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_NOTE_FIELDS: dict[str, tuple[_Check, str]] = {
    "body": (_is_text, "body must be a string"),
    "userId": (_is_text, "userId must be a string"),
    "title": (_is_text, "title must be a string"),
    "color": (_is_color, "color must be a hexadecimal color"),
    "pinned": (_is_flag, "pinned must be a boolean value"),
}


def note_fields(sent: Payload, *, whole: bool) -> Payload:
    """Give back what was sent for a note, or refuse it. ``whole``: the body must be there."""
    # Measured: validation is by whitelist, so that even locationId is refused here.
    problems = [f"property {name} should not exist" for name in sent if name not in _NOTE_FIELDS]
    if (whole or "body" in sent) and sent.get("body") in (None, ""):
        problems.append("body should not be empty")
    checked = _NOTE_FIELDS if whole else [name for name in _NOTE_FIELDS if name in sent]
    for name in checked:
        check, rule = _NOTE_FIELDS[name]
        if (name in sent or name == "body") and not check(sent.get(name)):
            problems.append(rule)
    require(problems)
    return dict(sent)


@define(eq=False)
class World:
    """Every location of one agency, with its contacts and their notes.

    ``not_found_status`` is how unknown contacts and notes are answered: documents name 400 only.
    ``note_lag`` is for how many seconds a new note stays out of the list.
    """

    ids: Ids
    locations: int
    contacts: int
    notes_per_contact: int
    not_found_status: int = 400
    note_lag: float = 0.0
    company_id: str = field(init=False)
    users: Sequence[str] = field(init=False)
    location_ids: Sequence[str] = field(init=False)
    _places: list[Place] = field(init=False)

    @company_id.default
    def _name_company(self) -> str:
        return self.ids.encode(Kind.COMPANY)

    @users.default
    def _name_users(self) -> Sequence[str]:
        return tuple(self.ids.encode(Kind.USER, contact=number) for number in range(3))

    @location_ids.default
    def _name_locations(self) -> Sequence[str]:
        return tuple(self.ids.encode(Kind.LOCATION, at) for at in range(self.locations))

    @_places.default
    def _make_places(self) -> list[Place]:
        return [
            Place(Population(self.ids, at, self.contacts, self.notes_per_contact, self.users))
            for at in range(self.locations)
        ]

    def place(self, location_id: str) -> Place:
        """Give a location; an unknown one is a KeyError."""
        serial = self._serial(location_id, Kind.LOCATION)
        if serial is None:
            raise KeyError(location_id)
        return self._places[serial.location]

    def find(self, contact_id: str, location_id: str | None = None) -> tuple[Place, int]:
        """Give a contact's place and index, or refuse it: unknown, or of another location."""
        serial = self._serial(contact_id, Kind.CONTACT)
        if serial is None or not self._places[serial.location].has(serial.contact):
            raise Refusal(self.not_found_status, f"Contact with id {contact_id} not found")
        if location_id not in (None, self.location_ids[serial.location]):
            raise Refusal(403, "The token does not have access to this location.")
        return self._places[serial.location], serial.contact

    def contact(self, place: Place, index: int) -> Payload:
        """Give a contact as reading it by its id does: what is not set is not there."""
        person = place.person(index)
        first, last = str(person["firstName"]), str(person["lastName"])
        dates = contact_dates(place, index)
        contact: Payload = {
            "id": place.population.contact_id(index),
            "name": f"{first} {last}",
            "locationId": place.population.location_id,
            **person,
            **dates,
            "emailLowerCase": person["email"],
            "firstNameLowerCase": first.lower(),
            "lastNameLowerCase": last.lower(),
            "fullNameLowerCase": f"{first} {last}".lower(),
            "country": "US",
            "createdBy": {"source": "INTEGRATION", "timestamp": dates["dateAdded"]},
            "customFields": [],
            "additionalEmails": [],
            "additionalPhones": [],
        }
        return {name: value for name, value in contact.items() if value is not None}

    def list_notes(self, place: Place, index: int, now: float) -> list[Payload]:
        """List a contact's notes, in no order."""
        return place.notes(index, now - self.note_lag if self.note_lag else None)

    def note(self, place: Place, index: int, note_id: str) -> Payload:
        """Give one note, or refuse an unknown one."""
        serial = self._serial(note_id, Kind.NOTE)
        if serial is not None and serial.contact == index:
            note = place.note(index, note_id, serial.note)
            if note is not None:
                return note
        raise Refusal(self.not_found_status, f"Note with id {note_id} not found")

    def create_note(self, place: Place, index: int, sent: Payload, now: float) -> Payload:
        """Write a note, or refuse it."""
        return place.write_note(index, note_fields(sent, whole=True), now)

    def update_note(self, place: Place, index: int, note_id: str, sent: Payload) -> Payload:
        """Change a note, or refuse it. What is not sent stays as it is."""
        note = self.note(place, index, note_id)
        note.update(note_fields(sent, whole=False))
        note["bodyText"] = plain_text(str(note["body"]))
        place.replace_note(index, note)
        return note

    def delete_note(self, place: Place, index: int, note_id: str) -> Payload:
        """Delete a note and give it back as it was, or refuse it."""
        note = self.note(place, index, note_id)
        place.remove_note(index, note_id)
        return note

    def _serial(self, text: str, kind: Kind) -> Serial | None:
        serial = self.ids.decode(text)
        known = serial is not None and serial.kind is kind and serial.location < self.locations
        return serial if known else None
