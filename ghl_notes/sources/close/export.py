"""``CloseExport``: the notes in a file of Close's export of leads.

https://developer.close.com/api/resources/exports: leads with their contacts and activities, as
JSON, packed with gzip or not.
"""

import asyncio
import gzip
import os
import zlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.loops import LoopLock
from ghl_notes.http.reply import loads
from ghl_notes.models import Json
from ghl_notes.sources import fields
from ghl_notes.sources.close import reading
from ghl_notes.sources.fields import Fields
from ghl_notes.sources.models import SourceContact, SourceNote, SourceUser
from ghl_notes.sources.spans import Span

_GZIP: Final = b"\x1f\x8b"


class CloseExport:
    """An export of leads with ``include_activities``, read as a source; it needs no credentials.

    The file is read once, whole, in a thread. It tells the names of authors, not their emails:
    pass ``users`` (such as ``(await close.users()).values()``) to have them matched. Raises
    ``ConfigurationError`` for a file that is no such export.
    """

    name: str = "close"
    title: str = "Close"

    def __init__(self, path: str | os.PathLike[str], *, users: Iterable[SourceUser] = ()) -> None:
        if not isinstance(path, str | os.PathLike):
            msg = "path must name a file of Close's export"
            raise ConfigurationError(msg)
        self._path = Path(path)
        self._users = {user.id: user for user in users}
        self._leads: list[Fields] | None = None
        self._of_lead: dict[str, tuple[SourceContact, ...]] = {}
        self._contacts: dict[str, SourceContact] = {}
        self._reading = LoopLock()

    async def account(self) -> str:
        """Name the organization that the export is of."""
        for lead in await self._read():
            for item in (lead, *fields.objects(lead.get("activities"))):
                if (found := fields.text(item, "organization_id")) is not None:
                    return found
        return "unknown"

    def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield every note of the file that was created in that time, each once.

        What cannot be read raises ``UnexpectedResponse`` after all that can be.
        """
        return self._notes(Span.of(since, until))

    async def contacts_of(self, note: SourceNote) -> tuple[SourceContact, ...]:
        """Return the contact that a note names, or all those of its lead."""
        await self._read()
        if note.contact_id is None:
            return self._of_lead.get(note.lead_id or "", ())
        named = self._contacts.get(note.contact_id)
        return () if named is None else (named,)

    async def users(self) -> Mapping[str, SourceUser]:
        """Return the users that were passed."""
        return self._users

    async def _notes(self, span: Span) -> AsyncGenerator[SourceNote, None]:
        failure, seen = None, set[str]()
        for lead in await self._read():
            for note in _notes(lead):
                if note is None:
                    failure = fields.unreadable("Close's export", "a note", "expected an id")
                elif note.id not in seen and span.holds(note.created_at):
                    seen.add(note.id)
                    yield note
        if failure is not None:
            raise failure

    async def _read(self) -> list[Fields]:
        async with self._reading.here():
            if self._leads is None:
                leads = await asyncio.to_thread(_leads, self._path)
                for lead in leads:
                    contacts = reading.contacts(lead)
                    self._of_lead[fields.plain(lead, "id")] = contacts
                    self._contacts |= {contact.id: contact for contact in contacts}
                self._leads = leads
        return self._leads


def _leads(path: Path) -> list[Fields]:
    try:
        packed = path.read_bytes()
        content: Json = loads(gzip.decompress(packed) if packed[:2] == _GZIP else packed)
    except OSError as error:
        content, problem = None, f"it cannot be read ({type(error).__name__})"
    except (EOFError, zlib.error, ValueError, RecursionError):  # what they say may quote the file
        content, problem = None, "it is no JSON, or not whole"
    else:
        problem = "it must be a JSON list of leads"
    leads = fields.objects(content)
    if not isinstance(content, list) or len(leads) < len(content):
        msg = f"{path} is not an export of Close: {problem}"
        raise ConfigurationError(msg)
    if leads and not any("activities" in lead for lead in leads):
        msg = f"{path} has no notes in it: export leads with include_activities"
        raise ConfigurationError(msg)
    return [_with_id(lead, number) for number, lead in enumerate(leads, 1)]


def _with_id(lead: Fields, number: int) -> Fields:
    """Name a lead that has no id by its place, so that its notes lead to its contacts alone."""
    if fields.text(lead, "id") is not None:
        return lead
    return {**lead, "id": f"(without an id, number {number})"}


def _notes(lead: Fields) -> Iterator[SourceNote | None]:
    """Read the notes of a lead, which need not name it; None for each that cannot be read."""
    for item in fields.objects(lead.get("activities")):
        if item.get("_type") == "Note":
            yield reading.note({**item, "lead_id": fields.text(item, "lead_id") or lead.get("id")})
