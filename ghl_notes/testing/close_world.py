"""What is in a pretend Close: an organization, its users, its leads with contacts, and notes."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from attrs import define, field

from ghl_notes.testing.close_ids import close_id, moment, wire_time
from ghl_notes.testing.close_log import LASTS, Log
from ghl_notes.testing.close_notes import CloseNote, NoteShelf, text_of
from ghl_notes.testing.replies import Payload

__all__ = ["CloseWorld"]


@define(eq=False)
class CloseWorld:
    """Everything, in wire form but for the notes. An unknown id is a ``KeyError``."""

    seed: int
    clock: Callable[[], float]
    organization_id: str = field(init=False)
    users: dict[str, Payload] = field(factory=dict, init=False)
    leads: dict[str, Payload] = field(factory=dict, init=False)
    contacts: dict[str, Payload] = field(factory=dict, init=False)
    notes: NoteShelf = field(factory=NoteShelf, init=False)
    log: Log = field(init=False)
    _numbers: int = field(default=0, init=False)

    @organization_id.default
    def _name_organization(self) -> str:
        return close_id("orga", self.seed, 0)

    @log.default
    def _make_log(self) -> Log:
        return Log(self.seed, self.organization_id)

    def now(self) -> datetime:
        """Tell the time."""
        return moment(self.clock())

    def add_user(self, email: str, first_name: str, last_name: str) -> str:
        """Take a user in."""
        user_id = close_id("user", self.seed, len(self.users))
        self.users[user_id] = {
            "id": user_id,
            "email": email,
            "first_name": first_name,
            "last_name": last_name,
            "display_name": f"{first_name} {last_name}".strip(),
            "organizations": [self.organization_id],
        }
        return user_id

    def add_lead(self, name: str, contacts: Iterable[Mapping[str, object]]) -> str:
        """Take a lead in, with its contacts."""
        lead_id = close_id("lead", self.seed, len(self.leads))
        self.leads[lead_id] = {
            "id": lead_id,
            "organization_id": self.organization_id,
            "name": name,
            "display_name": name,
            "contacts": [self._contact(lead_id, contact) for contact in contacts],
        }
        return lead_id

    def contacts_of(self, lead_id: str) -> list[Payload]:
        """Give the contacts of a lead."""
        return [one for one in self.contacts.values() if one["lead_id"] == lead_id]

    def add_note(self, note: CloseNote, when: datetime) -> str:
        """Take a note in, which gives it its id, and write down that it came at that time."""
        note.number, self._numbers = self._numbers, self._numbers + 1
        note.id = close_id("acti", self.seed, note.number)
        self.notes.add(note)
        if when > self.now() - LASTS:
            self.log.write("created", self.shown(note), when)
        return note.id

    def edit_note(self, note_id: str, change: Callable[[CloseNote], None]) -> None:
        """Change a note, and write it down."""
        note, now = self.notes.by_id[note_id], self.now()
        before = self.shown(note)
        change(note)
        note.updated = now
        self.log.write("updated", self.shown(note), now, before)

    def delete_note(self, note_id: str) -> None:
        """Delete a note, and write it down."""
        gone = self.notes.remove(note_id)
        self.log.write("deleted", self.shown(gone), self.now())

    def shown(self, note: CloseNote) -> Payload:
        """Give a note in wire form."""
        pinned = None if note.pinned_at is None else wire_time(note.pinned_at)
        return {
            "id": note.id,
            "_type": "Note",
            "organization_id": self.organization_id,
            "lead_id": note.lead_id,
            "contact_id": note.contact_id,
            **self._signed(note.user_id),
            "users": [],
            "date_created": wire_time(note.created),
            "date_updated": wire_time(note.updated),
            "activity_at": wire_time(note.happened),
            "note": text_of(note.html),
            "note_html": note.html,
            "note_mentions": [],
            "title": note.title,
            "pinned": note.pinned_at is not None,
            "pinned_at": pinned,
            "attachments": [dict(one) for one in note.attachments],
            "source": "ui",
            "comment_summary": None,
            **note.more,
        }

    def _signed(self, user_id: str | None) -> Payload:
        name = self.users.get(user_id or "", {}).get("display_name")
        roles = {"user": user_id, "created_by": user_id, "updated_by": user_id}
        ids: Payload = {"user_id": user_id, "created_by": user_id, "updated_by": user_id}
        return {**ids, **{f"{role}_name": name for role in roles}}

    def _contact(self, lead_id: str, told: Mapping[str, object]) -> Payload:
        contact_id = close_id("cont", self.seed, len(self.contacts))
        name = told.get("name")
        emails, phones = _texts(told.get("emails")), _texts(told.get("phones"))
        self.contacts[contact_id] = {
            "id": contact_id,
            "organization_id": self.organization_id,
            "lead_id": lead_id,
            "name": name,
            "display_name": name,
            "title": None,
            "emails": [_email(one) for one in emails],
            "phones": [_phone(one) for one in phones],
        }
        return self.contacts[contact_id]


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, Iterable) else []


def _email(address: str) -> Payload:
    return {"type": "office", "email": address, "is_unsubscribed": False}


def _phone(number: str) -> Payload:
    return {"type": "office", "phone": number, "phone_formatted": number, "country": "US"}
