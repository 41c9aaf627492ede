"""What is in a pretend CINNOX: external contacts, their notes, and the staff. Wire form."""

import random
from datetime import UTC, datetime

from attrs import define, field

from ghl_notes.testing.ids import Ids, make_uuid
from ghl_notes.testing.people import colleague
from ghl_notes.testing.population import Population
from ghl_notes.testing.replies import Payload

__all__ = ["CinnoxWorld", "settle"]

_NOBODY = ("", "", "")  # the users of the pretend HighLevel, of whom nothing is asked here


@define(eq=False)
class CinnoxWorld:
    """Everything; an unknown id is a ``KeyError``. ``notes`` outlive a contact that is merged."""

    seed: int
    contacts: dict[str, Payload] = field(factory=dict, init=False)
    notes: dict[str, list[Payload]] = field(factory=dict, init=False)
    staff: dict[str, Payload] = field(factory=dict, init=False)
    _owners: dict[str, str] = field(factory=dict, init=False)
    _rng: random.Random = field(init=False)

    @_rng.default
    def _make_rng(self) -> random.Random:
        return random.Random(f"{self.seed} cinnox")  # noqa: S311 - looks, not secrecy

    def add_contact(self, fields: Payload) -> str:
        """Take a contact in."""
        contact_id = f"EXT-{len(self.notes) + 1:05d}"
        self.contacts[contact_id] = {"id": contact_id, **fields}
        self.notes[contact_id] = []
        return contact_id

    def merge(self, master_id: str, slave_id: str) -> None:
        """Make one contact of two; the notes of the slave stay where they are."""
        slaves = self.contacts[master_id].get("slaveContacts")
        del self.contacts[slave_id]
        known = slaves if isinstance(slaves, list) else []
        self.contacts[master_id]["slaveContacts"] = [*known, slave_id]

    def add_staff(self, first: str, last: str, email: str) -> str:
        """Take somebody into the staff."""
        staff_id = make_uuid(self._rng)
        self.staff[staff_id] = {
            "id": staff_id,
            "firstName": first,
            "lastName": last,
            "displayName": f"{first} {last}".strip(),
            "email": email,
            "status": "active",
        }
        return staff_id

    def add_note(self, contact_id: str, note: str, reporter: str, when: datetime) -> str:
        """Take a note in."""
        kept, note_id = self.notes[contact_id], make_uuid(self._rng)
        kept.append(
            {"noteId": note_id, "reporter": reporter, "updatedAt": _iso(when), "note": note}
        )
        self._owners[note_id] = contact_id
        return note_id

    def edit_note(self, note_id: str, note: str, reporter: str | None, when: datetime) -> None:
        """Change a note, which then tells of this change alone."""
        held = self._find(note_id)
        held.update(note=note, updatedAt=_iso(when), reporter=reporter or held["reporter"])

    def delete_note(self, note_id: str) -> None:
        """Delete a note."""
        held = self._find(note_id)
        self.notes[self._owners.pop(note_id)].remove(held)

    def listed(self, contact_id: str) -> list[Payload]:
        """List the notes of a contact, the last edited first; none of an unknown one."""
        kept = self.notes.get(contact_id, [])
        return sorted(kept, key=lambda note: str(note["updatedAt"]), reverse=True)

    def _find(self, note_id: str) -> Payload:
        kept = self.notes[self._owners[note_id]]
        return next(note for note in kept if note["noteId"] == note_id)


def settle(seed: int, contacts: int, notes_per_contact: int, staff: int) -> CinnoxWorld:
    """Make a world of the people of the pretend HighLevel, in the same order, and their notes."""
    world = CinnoxWorld(seed)
    people = Population(Ids(), 0, contacts, notes_per_contact, _NOBODY)
    writers = [colleague(number) for number in range(staff)]
    staff_ids = [world.add_staff(who.first, who.last, who.email) for who in writers]
    for index in range(contacts):
        contact_id = world.add_contact(_contact(people.person(index)))
        for number in range(notes_per_contact):
            when = datetime.fromtimestamp(people.note_added(index, number) / 1000, UTC)
            text = str(people.note(index, number)["bodyText"])
            world.add_note(contact_id, text, staff_ids[number % staff], when)
    return world


def _contact(person: Payload) -> Payload:
    """Lay a person out; phones are numbers, without the plus of the international form."""
    phone = person["phone"]
    return {
        "firstName": person["firstName"],
        "lastName": person["lastName"],
        "email": person["email"] or "",
        "companyName": person["companyName"] or "",
        **({"mobilePhone": int(str(phone))} if phone else {}),
    }


def _iso(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
