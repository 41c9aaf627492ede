"""``CinnoxNotes``: the notes of CINNOX's external contacts.

https://docs.cinnox.com/docs/Get-External-Contact-Note-List
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Final, TypeAlias

import aiohttp

from ghl_notes.bulk import CONCURRENCY, each
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    RequestRejected,
)
from ghl_notes.events import Observer
from ghl_notes.http.limits import Limits
from ghl_notes.http.loops import LoopLock
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.sources import fields
from ghl_notes.sources.arguments import text
from ghl_notes.sources.cinnox import reading
from ghl_notes.sources.cinnox.calls import CONTACTS, NOTES, STAFF, CinnoxCalls
from ghl_notes.sources.cinnox.failures import ContactFailures
from ghl_notes.sources.fields import Fields
from ghl_notes.sources.models import SourceContact, SourceNote, SourceUser
from ghl_notes.sources.spans import Span
from ghl_notes.wiring import TIMEOUT, Closing, Wiring

# Up to 500 requests a minute for a service account, over all endpoints; no day's limit is known.
_LIMITS: Final = Limits(burst=500, interval=60.0, daily=1_000_000_000)
_FATAL: Final = (AccessDenied, ConfigurationError)  # of one contact, it is so of all

_Found: TypeAlias = tuple[dict[str, SourceNote], HighLevelError | None]


class CinnoxNotes(Closing):
    """The notes of the external contacts of one CINNOX app. Safe for any number of tasks.

    All three arguments are shown where the app was made, in Administration > Service Integration >
    API; the base URL is the app's own. Use it as ``async with``, or call ``close()``. CINNOX tells
    of a note only when, and by whom, it was last edited. ``merged`` reads the notes of contacts
    that were merged into others as well, for one more request each. Errors are those of
    ``ghl_notes.errors``.
    """

    name: str = "cinnox"
    title: str = "CINNOX"

    def __init__(  # noqa: PLR0913 - the last six have a default
        self,
        *,
        base_url: str,
        app_id: str,
        app_token: str,
        merged: bool = True,
        session: aiohttp.ClientSession | None = None,
        limits: Limits = _LIMITS,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen but for its random numbers
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
    ) -> None:
        self._app_id = text("app_id", app_id).strip()
        self._wiring = Wiring(base_url, session, limits, retries, timeout, observer, "CINNOX")
        self._calls = CinnoxCalls(self._wiring, self._app_id, app_token)
        self._merged = merged
        self._contacts: dict[str, SourceContact] | None = None
        self._asking = LoopLock()

    async def account(self) -> str:
        """Name the app that is read; one request tells whether its token is good."""
        await self._calls.page(CONTACTS, {"offset": 0, "limit": 1})
        return self._app_id

    async def list(self, contact_id: str) -> list[SourceNote]:
        """Return all notes of one external contact, such as ``EXT-00001``, each once.

        What cannot be read raises ``UnexpectedResponse``.
        """
        found, failure = await self._list(text("contact_id", contact_id), contact_id)
        if failure is not None:
            raise failure
        return list(found.values())

    def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield every note of every contact that was last edited in that time, each once.

        CINNOX has no list over all contacts, so this takes a request for each of them at least, at
        the full speed that the limit allows. What cannot be read, and a contact that fails, is
        raised after all the others: as ``Unavailable`` if CINNOX was not available for any of
        them. Credentials that are refused are raised at once.
        """
        return self._notes(Span.of(since, until))

    def contacts(self) -> AsyncGenerator[SourceContact, None]:
        """Yield the external contacts, each once; one without an id is told after the others."""
        return self._people(strict=True)

    async def contacts_of(self, note: SourceNote) -> tuple[SourceContact, ...]:
        """Return the contact of a note. All contacts are read once, and remembered.

        One without an id is nobody's here: ``notes()`` and ``contacts()`` tell of it.
        """
        async with self._asking.here():
            if self._contacts is None:
                people = self._people(strict=False)
                self._contacts = {contact.id: contact async for contact in people}
        contact = self._contacts.get(note.contact_id or "")
        return () if contact is None else (contact,)

    async def users(self) -> Mapping[str, SourceUser]:
        """Return the staff by their id. One without an id is nobody's author."""
        async with aclosing(self._calls.entries(STAFF, "id", strict=False)) as items:
            users = [reading.user(item) async for item in items]
        return {user.id: user for user in users if user is not None}

    async def close(self) -> None:
        """Close its own connections."""
        await self._wiring.transport.close()

    async def _people(self, *, strict: bool) -> AsyncGenerator[SourceContact, None]:
        async with aclosing(self._calls.entries(CONTACTS, "id", strict=strict)) as items:
            async for item in items:
                if (contact := reading.contact(item)) is not None:
                    yield contact

    async def _notes(self, span: Span) -> AsyncGenerator[SourceNote, None]:
        failures = ContactFailures()
        seen: set[str] = set()
        owners = self._calls.entries(CONTACTS, "id")
        work = each(owners, self._of, concurrency=CONCURRENCY)
        async with aclosing(owners), aclosing(work) as results:
            async for found, error in results:
                if isinstance(error, _FATAL):
                    raise error
                if error is not None:
                    failures.add(error)
                for note in found.values():
                    if note.id not in seen and span.holds(note.at):
                        yield note
                    seen.add(note.id)
        failures.raise_any()

    async def _of(self, item: Fields) -> _Found:
        """Read the notes of a contact, and of those that were merged into it."""
        owner_id = fields.text(item, "id") or ""
        found, failure = await self._list(owner_id, owner_id)
        for other in reading.merged(item) if self._merged else ():
            notes, odd = await self._list(other, owner_id)
            if not isinstance(odd, RequestRejected):  # whether such an id lives on, nobody says
                found, failure = {**notes, **found}, failure or odd
        return found, failure

    async def _list(self, contact_id: str, owner_id: str) -> _Found:
        """Read all that can be read, and what stood in the way of the rest."""
        found: dict[str, SourceNote] = {}
        query = {"contactID": contact_id}
        try:
            async with aclosing(self._calls.entries(NOTES, "noteId", query)) as items:
                async for item in items:
                    note = reading.note(item, self._app_id, owner_id)
                    if note is not None:
                        found[note.id] = note
        except HighLevelError as error:
            return found, error
        return found, None
