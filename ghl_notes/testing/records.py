"""What a test may look up and write by hand: contacts, and all that belongs to them."""

from collections.abc import Sequence
from copy import deepcopy

from attrs import Factory, define, field

from ghl_notes.testing.assembly import Parts
from ghl_notes.testing.contact_fields import texts
from ghl_notes.testing.contact_shapes import contact_read
from ghl_notes.testing.options import Options
from ghl_notes.testing.place import ContactIds, Place
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Payload, Refusal

__all__ = ["Records"]


@define(eq=False, kw_only=True)
class Records(Options):
    """The part of ``FakeHighLevel`` that is about contacts. Records are given in wire form.

    What is given is a copy: changing it changes nothing here.
    """

    _parts: Parts = field(init=False, repr=False, default=Factory(Parts, takes_self=True))

    # contacts

    def contact_ids(self, location_id: str | None = None) -> Sequence[str]:
        """Give the ids of a location's contacts, oldest first, without making them all."""
        return ContactIds(self._place(location_id))

    def contact(self, contact_id: str) -> Payload:
        """Give a contact as reading it by its id does, in the spelling of v2."""
        return deepcopy(contact_read(*self._find(contact_id)))

    def add_contact(self, location_id: str | None = None, **fields: object) -> str:
        """Add a contact without notes, with HighLevel's field names, and return its id."""
        return self._place(location_id).add(fields, self._now())

    def update_contact(self, contact_id: str, **fields: object) -> None:
        """Change a contact, which moves its ``dateUpdated``.

        ``additionalEmails=[{"email": "..."}]`` and ``additionalPhones`` are what no call can write.
        """
        place, index = self._find(contact_id)
        place.change(index, fields, self._now())

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact with all that belongs to it."""
        place, index = self._find(contact_id)
        place.remove(index)

    # notes

    def notes(self, contact_id: str) -> list[Payload]:
        """Give a contact's notes as they stand, in no order."""
        place, index = self._find(contact_id)
        return deepcopy(place.notes.of(index))

    def add_note(self, contact_id: str, body: str = "A note", **fields: object) -> Payload:
        """Write a note as if someone else did; ``fields`` are HighLevel's, such as ``userId``."""
        place, index = self._find(contact_id)
        sent = {"body": body, **fields}
        return deepcopy(self._parts.notes.create(place, index, sent, self.now(), by_app=False))

    def location_notes(self, location_id: str | None = None) -> list[Payload]:
        """Give all notes of a location (the first) as the notes API of v3 does, newest first."""
        return deepcopy(self._parts.api.location_notes.every(self._place(location_id)))

    # tasks, appointments and their notes

    def tasks(self, contact_id: str) -> list[Payload]:
        """Give a contact's tasks, in no order."""
        place, index = self._find(contact_id)
        return place.tasks.of(index)

    def add_task(self, contact_id: str, title: str = "A task", **fields: object) -> Payload:
        """Add a task, due now and open unless ``fields`` say otherwise."""
        place, index = self._find(contact_id)
        sent = {"title": title, "dueDate": iso(self._now()), "completed": False, **fields}
        return self._parts.api.tasks.write(place, index, sent)

    def appointments(self, contact_id: str) -> list[Payload]:
        """Give a contact's appointments, in no order."""
        place, index = self._find(contact_id)
        return deepcopy(place.appointments.of(index))

    def add_appointment(self, contact_id: str, **fields: object) -> Payload:
        """Add an appointment, for now and half an hour unless ``fields`` say otherwise."""
        place, index = self._find(contact_id)
        return deepcopy(self._parts.api.appointments.write(place, index, fields))

    def appointment_notes(self, appointment_id: str) -> list[Payload]:
        """Give the notes of an appointment, newest first."""
        self._find_appointment(appointment_id)
        return self._parts.api.appointments.notes(appointment_id)

    def add_appointment_note(
        self, appointment_id: str, body: str = "A note", **fields: object
    ) -> Payload:
        """Write a note of an appointment; the one other field is ``userId``."""
        self._find_appointment(appointment_id)
        sent = {"body": body, **fields}
        return self._parts.api.appointments.write_note(appointment_id, sent)

    # what a contact is part of

    def followers(self, contact_id: str) -> list[str]:
        """Name the users who follow a contact."""
        place, index = self._find(contact_id)
        return texts(place.person(index).get("followers"))

    def campaigns(self, contact_id: str) -> list[str]:
        """Name the campaigns that a contact is in."""
        place, index = self._find(contact_id)
        return list(place.campaigns.get(index, ()))

    def workflows(self, contact_id: str) -> dict[str, str | None]:
        """Name the workflows that a contact is in, each with the ``eventStartTime`` it was told."""
        place, index = self._find(contact_id)
        return dict(place.workflows.get(index, {}))

    def _now(self) -> int:
        return int(self.now() * 1000)

    def _find(self, contact_id: str) -> tuple[Place, int]:
        try:
            return self._parts.world.find(contact_id)
        except Refusal:
            raise KeyError(contact_id) from None

    def _find_appointment(self, appointment_id: str) -> None:
        try:
            self._parts.world.find_appointment(appointment_id)
        except Refusal:
            raise KeyError(appointment_id) from None

    def _place(self, location_id: str | None) -> Place:
        return self._parts.world.place(location_id or self._parts.world.location_ids[0])
