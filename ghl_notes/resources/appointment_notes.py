"""The notes of appointments, which have a limit of 5,000 characters and come in pages of 20.

https://marketplace.gohighlevel.com/docs/ghl/calendars; the scopes are
``calendars/events.readonly`` and ``calendars/events.write``, which contacts' notes do not need.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.ends import unless_denied
from ghl_notes.http.fields import Rule, fields, short_text, text
from ghl_notes.http.protocol import segment
from ghl_notes.models import AppointmentNote, Json, Listing
from ghl_notes.resources.creating import Creating
from ghl_notes.resources.paging import Page, by_skip, pages

_PAGE: Final = 20
_FIELDS: Final[Mapping[str, Rule]] = {"body": short_text(5000), "user_id": text}


class AppointmentNotes:
    """The notes of one location's appointments. Safe for any number of tasks.

    Reading needs the scope ``calendars/events.readonly``, writing ``calendars/events.write``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._creating = Creating(
            dispatch, operations.APPOINTMENT_NOTES_CREATE, read=_note, look=self._look
        )

    async def list(self, appointment_id: str) -> Listing[AppointmentNote]:
        """Return all notes of an appointment, newest first, 20 with a request."""
        found, _ = await self._look(appointment_id)
        self._creating.saw(appointment_id, found)
        return found

    def stream(self, appointment_id: str) -> AsyncGenerator[AppointmentNote, None]:
        """Iterate over the notes of an appointment in HighLevel's order, each once.

        20 come with a request. A note that cannot be read ends the iteration with
        ``UnexpectedResponse``; ``list`` tells it beside the others.
        """
        segment("appointment_id", appointment_id)
        return by_skip(partial(self._page, appointment_id, bulk=True))

    async def create(
        self, appointment_id: str, body: str, *, user_id: str | None = None
    ) -> AppointmentNote:
        """Write a note of at most 5,000 characters, once, and return it.

        A create whose reply was lost is looked up among the appointment's notes, as in
        ``notes.create``.
        """
        sent = fields({"body": body, "user_id": user_id}, _FIELDS, required=("body",))
        return await self._creating.once(appointment_id, sent)

    async def update(
        self, appointment_id: str, note_id: str, body: str, *, user_id: str | None = None
    ) -> AppointmentNote:
        """Replace the text of a note, and return the note as it is now."""
        sent = fields({"body": body, "user_id": user_id}, _FIELDS, required=("body",))
        answer = await self._dispatch.call(
            operations.APPOINTMENT_NOTES_UPDATE, appointment_id, note_id, json=sent
        )
        return answer.read(codec.body_note, AppointmentNote)

    async def delete(self, appointment_id: str, note_id: str) -> None:
        """Delete a note. Raises ``NotFound`` if it was not there before this call."""
        await self._dispatch.call(operations.APPOINTMENT_NOTES_DELETE, appointment_id, note_id)

    async def _look(self, appointment_id: str) -> tuple[Listing[AppointmentNote], datetime | None]:
        notes: list[AppointmentNote] = []
        unreadable: list[UnexpectedResponse] = []
        async for page in pages(partial(self._page, appointment_id)):
            notes += page.items
            unreadable += page.items.unreadable
            server_time = page.server_time
        notes.sort(key=lambda note: note.date_added, reverse=True)
        return Listing(notes, unreadable=unreadable), server_time

    async def _page(
        self, appointment_id: str, skip: int, *, bulk: bool = False
    ) -> Page[AppointmentNote]:
        answer = await self._dispatch.call(
            operations.APPOINTMENT_NOTES_LIST,
            appointment_id,
            params={"limit": _PAGE, "offset": skip},
            bulk=bulk,
            check=unless_denied("notes", _says_more),
        )
        items, more = answer.read(codec.appointment_notes)
        answer.name(items.unreadable)
        return Page(items, more, answer.server_time)


def _says_more(payload: Json) -> bool:
    reply = payload if isinstance(payload, dict) else {}
    return reply.get("notes") == [] and reply.get("hasMore") is True


def _note(payload: Json, _: str) -> AppointmentNote:
    return codec.body_note(payload, AppointmentNote)
