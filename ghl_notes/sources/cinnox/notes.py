"""``CinnoxNotes``: the notes of CINNOX's external contacts.

https://docs.cinnox.com/docs/Get-External-Contact-Note-List
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Final, NoReturn, TypeAlias
from urllib.parse import quote

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
from ghl_notes.http.request import Param, Request
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.models import Json
from ghl_notes.oauth.auth import StaticToken
from ghl_notes.sources import fields
from ghl_notes.sources.cinnox import reading
from ghl_notes.sources.cinnox.service import CinnoxService
from ghl_notes.sources.fields import Fields
from ghl_notes.sources.models import SourceContact, SourceNote, SourceUser
from ghl_notes.wiring import TIMEOUT, Closing, Wiring

# Up to 500 requests a minute for a service account, over all endpoints; no day's limit is known.
_LIMITS: Final = Limits(burst=500, interval=60.0, daily=1_000_000_000)
_NOTES: Final = 200  # the most that a page has
_CONTACTS: Final = 200
_STAFF: Final = 500


class _AppToken(StaticToken):
    async def renew(self, stale: str) -> NoReturn:  # noqa: ARG002 - the protocol's argument
        """Raise ``AccessDenied``: the token never changes."""
        msg = "CINNOX refused app_token: check it in Administration > Service Integration > API"
        raise AccessDenied(msg, status=401)


class CinnoxNotes(Closing):
    """The notes of the external contacts of one CINNOX app. Safe for any number of tasks.

    All three arguments are shown where the app was made, in Administration > Service Integration >
    API; the base URL is the app's own. Use it as ``async with``, or call ``close()``. CINNOX tells
    of a note only when, and by whom, it was last edited. ``merged`` reads the notes of contacts
    that were merged into others as well, for one more request each. Errors are those of
    ``ghl_notes.errors``.
    """

    name: Final = "cinnox"

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
        if not isinstance(app_id, str) or not app_id.strip():
            msg = "app_id must be a non-empty string, as it is shown with the app"
            raise ConfigurationError(msg)
        if not isinstance(app_token, str) or not app_token.strip():
            msg = "app_token must be a non-empty string, as it is shown with the app"
            raise ConfigurationError(msg)
        self._wiring = Wiring(base_url, session, limits, retries, timeout, observer, "CINNOX")
        self._carrier = self._wiring.carrier(
            CinnoxService(), _AppToken(app_token), self._wiring.gate()
        )
        self._app_id = app_id.strip()
        self._root = f"/v1/api/apps/{quote(self._app_id, safe='')}/contacts"
        self._merged = merged
        self._contacts: dict[str, SourceContact] | None = None

    async def account(self) -> str:
        """Name the app that is read; one request tells whether its token is good."""
        await self._get("staffcontact-list", {"offset": 0, "limit": 1})
        return self._app_id

    async def list(self, contact_id: str) -> list[SourceNote]:
        """Return all notes of one external contact, such as ``EXT-00001``, each once."""
        found, failure = await self._list(contact_id, contact_id)
        if failure is not None:
            raise failure
        return list(found.values())

    async def notes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield every note of every contact that was last edited in that time, each once.

        CINNOX has no list over all contacts, so this takes a request for each of them at least, at
        the full speed that the limit allows. What cannot be read, and a contact that fails, is
        raised after all the others; credentials that are refused are raised at once.
        """
        failure: HighLevelError | None = None
        async with aclosing(each(self._owners(), self._of, concurrency=CONCURRENCY)) as results:
            async for found, error in results:
                if isinstance(error, AccessDenied):
                    raise error
                failure = failure or error
                for note in found.values():
                    if _within(note.at, since, until):
                        yield note
        if failure is not None:
            raise failure

    async def contacts(self) -> AsyncGenerator[SourceContact, None]:
        """Yield the external contacts."""
        async with aclosing(self._pages("extcontact-list", _CONTACTS)) as items:
            async for item in items:
                contact = reading.contact(item)
                if contact is not None:
                    yield contact

    async def contacts_of(self, note: SourceNote) -> tuple[SourceContact, ...]:
        """Return the contact of a note. All contacts are read once, and remembered."""
        if self._contacts is None:
            self._contacts = {contact.id: contact async for contact in self.contacts()}
        contact = self._contacts.get(note.contact_id or "")
        return () if contact is None else (contact,)

    async def users(self) -> Mapping[str, SourceUser]:
        """Return the staff by their id."""
        async with aclosing(self._pages("staffcontact-list", _STAFF)) as items:
            users = [reading.user(item) async for item in items]
        return {user.id: user for user in users if user is not None}

    async def close(self) -> None:
        """Close its own connections."""
        await self._wiring.transport.close()

    async def _owners(self) -> AsyncGenerator[Fields, None]:
        async with aclosing(self._pages("extcontact-list", _CONTACTS)) as items:
            async for item in items:
                if fields.text(item, "id") is not None:
                    yield item

    async def _of(self, item: Fields) -> "_Found":
        """Read the notes of a contact, and of those that were merged into it."""
        contact_id = fields.text(item, "id") or ""
        try:
            found, failure = await self._list(contact_id, contact_id)
            for other in reading.merged(item) if self._merged else ():
                try:
                    notes, odd = await self._list(other, contact_id)
                except RequestRejected:
                    continue  # CINNOX does not say whether such an id lives on
                found, failure = {**notes, **found}, failure or odd
        except HighLevelError as error:
            return {}, error
        return found, failure

    async def _list(self, contact_id: str, owner_id: str) -> "_Found":
        found: dict[str, SourceNote] = {}
        failure: HighLevelError | None = None
        query: dict[str, Param] = {"contactID": contact_id}
        async with aclosing(self._pages("extcontact-note-list", _NOTES, query)) as items:
            async for item in items:
                note = reading.note(dict(item), self._app_id, owner_id)
                if note is None:
                    failure = fields.unreadable("CINNOX", "expected a noteId @ $.result")
                else:
                    found.setdefault(note.id, note)
        return found, failure

    async def _pages(
        self, what: str, size: int, query: Mapping[str, Param] | None = None
    ) -> AsyncGenerator[Fields, None]:
        """Go through the pages of a list. Its total may move meanwhile."""
        offset = 0
        while True:
            told = await self._get(what, {**(query or {}), "offset": offset, "limit": size})
            items = fields.entries(told, "result", "CINNOX")
            for item in fields.objects(items):
                yield item
            offset += len(items)
            total = told.get("total") if isinstance(told, dict) else None
            if not items or (isinstance(total, int) and offset >= total):
                return

    async def _get(self, what: str, query: Mapping[str, Param]) -> Json:
        return (await self._carrier.carry(Request("GET", f"{self._root}/{what}", query))).payload


_Found: TypeAlias = tuple[dict[str, SourceNote], HighLevelError | None]


def _within(at: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    if at is None:
        return True
    return (since is None or at >= since) and (until is None or at <= until)
