"""Where everything is: the locations of one agency, and who may look at what. Pure state."""

from collections.abc import Callable, Sequence

from attrs import define, field

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.ids import Ids, Kind, Serial
from ghl_notes.testing.place import ContactChange, Place
from ghl_notes.testing.population import Population
from ghl_notes.testing.replies import Payload, Refusal

__all__ = ["World"]

_ELSEWHERE = "The token does not have access to this location."


@define(eq=False)
class World:
    """Every location of one agency, with its contacts and what belongs to them.

    ``not_found_status`` is how what is unknown is answered: documents name 400 only. ``watch`` is
    called with what happens to contacts, their place and index, as in ``Place``.
    """

    ids: Ids
    locations: int
    contacts: int
    notes_per_contact: int
    tasks_per_contact: int = 0
    appointments_per_contact: int = 0
    not_found_status: int = 400
    watch: Callable[[ContactChange, Place, int], None] = lambda *_: None
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
        return [self._make_place(at) for at in range(self.locations)]

    def _make_place(self, at: int) -> Place:
        people = Population(self.ids, at, self.contacts, self.notes_per_contact, self.users)

        def watch(change: ContactChange, index: int) -> None:
            self.watch(change, self._places[at], index)

        return Place(people, self.tasks_per_contact, self.appointments_per_contact, watch)

    def place(self, location_id: str) -> Place:
        """Give a location; an unknown one is a KeyError."""
        serial = self.serial(location_id, Kind.LOCATION)
        if serial is None:
            raise KeyError(location_id)
        return self._places[serial.location]

    def own(self, grant: Grant, location_id: object = None) -> Place:
        """Give the location of a token, or refuse it when another one was named."""
        if grant.location_id is None or location_id not in (None, grant.location_id):
            raise Refusal(403, _ELSEWHERE)
        return self.place(grant.location_id)

    def find(self, contact_id: str, location_id: str | None = None) -> tuple[Place, int]:
        """Give a contact's place and index, or refuse it: unknown, or of another location."""
        serial = self.serial(contact_id, Kind.CONTACT)
        if serial is None or not self._places[serial.location].has(serial.contact):
            raise self.missing("Contact", contact_id)
        return self.reach(serial, location_id), serial.contact

    def find_appointment(
        self, appointment_id: str, location_id: str | None = None
    ) -> tuple[Place, int, Payload]:
        """Give an appointment with its contact's place and index, or refuse it."""
        serial = self.serial(appointment_id, Kind.APPOINTMENT)
        found = None
        if serial is not None and self._places[serial.location].has(serial.contact):
            shelf = self._places[serial.location].appointments
            found = shelf.get(serial.contact, serial.note, appointment_id)
        if serial is None or found is None:
            raise self.missing("Appointment", appointment_id)
        return self.reach(serial, location_id), serial.contact, found

    def reach(self, serial: Serial, location_id: str | None) -> Place:
        """Give the place of a record, or refuse it if that is another location."""
        if location_id not in (None, self.location_ids[serial.location]):
            raise Refusal(403, _ELSEWHERE)
        return self._places[serial.location]

    def missing(self, what: str, record_id: str) -> Refusal:
        """Refuse what is not there."""
        return Refusal(self.not_found_status, f"{what} with id {record_id} not found")

    def serial(self, text: str, kind: Kind) -> Serial | None:
        """Tell which record of a kind an id stands for, or None. It may be gone."""
        serial = self.ids.decode(text)
        known = serial is not None and serial.kind is kind and serial.location < self.locations
        return serial if known else None
