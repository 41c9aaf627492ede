"""A source in memory, with people who are contacts of a pretend HighLevel."""

import time
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta

from attrs import define, field

from ghl_notes import Client
from ghl_notes.sources import SourceContact, SourceNote, SourceUser
from ghl_notes.testing import FakeHighLevel

BEGAN = datetime(2024, 3, 1, 9, tzinfo=UTC)


@define
class Clock:
    """Real time, but never the same millisecond twice: notes are in the order of their times."""

    _last: float = 0.0

    def __call__(self) -> float:
        self._last = max(time.time(), self._last + 0.001)
        return self._last


@define(eq=False)
class ListSource:
    """Notes, the people of each lead, and users: a third source is no more than this."""

    found: list[SourceNote] = field(factory=list)
    leads: dict[str, list[SourceContact]] = field(factory=dict)
    staff: dict[str, SourceUser] = field(factory=dict)
    name: str = "close"

    async def account(self) -> str:
        return "orga_1"

    async def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        for note in list(self.found):
            yield note

    async def contacts_of(self, note: SourceNote) -> list[SourceContact]:
        people = self.leads.get(note.lead_id or "", [])
        if note.contact_id is None:
            return people
        return [one for one in people if one.id == note.contact_id]

    async def users(self) -> Mapping[str, SourceUser]:
        return self.staff


def note(number: int, lead_id: str, text: str | None = None, **more: object) -> SourceNote:
    """Make a note, each an hour younger than the last."""
    fields = {
        "key": f"close:acti_{number}",
        "id": f"acti_{number}",
        "body": f"Spoke about offer {number}." if text is None else text,
        "lead_id": lead_id,
        "at": BEGAN + timedelta(hours=number),
        **more,
    }
    return SourceNote(**fields)  # type: ignore[arg-type] # whatever a test wants


async def people_of(client: Client, fake: FakeHighLevel) -> list[SourceContact]:
    """Give the contacts of a pretend HighLevel as people at a source."""
    contacts = [await client.contacts.get(one) for one in fake.contact_ids()]
    return [
        SourceContact(
            id=f"cont_{contact.id}",
            name=contact.name,
            emails=(contact.email or "",),
            phones=(contact.phone or "",),
        )
        for contact in contacts
    ]
