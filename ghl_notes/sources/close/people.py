"""The people at Close: whom notes are about, and who wrote them."""

from collections import defaultdict
from typing import Final

from ghl_notes.errors import NotFound
from ghl_notes.http.loops import LoopLock
from ghl_notes.http.request import Param
from ghl_notes.models import Json
from ghl_notes.sources import fields
from ghl_notes.sources.arguments import segment
from ghl_notes.sources.close import reading
from ghl_notes.sources.close.calls import CloseCalls, Page
from ghl_notes.sources.models import SourceContact, SourceNote, SourceUser

_USERS: Final = 100
_PATIENCE: Final = 2  # pages in a row without anybody new, as of a server that does not skip


class ClosePeople:
    """Reads leads, contacts and users. What is no longer there counts as nobody."""

    def __init__(self, calls: CloseCalls) -> None:
        self._calls = calls
        self._leads: dict[str, tuple[SourceContact, ...]] = {}
        self._contacts: dict[str, tuple[SourceContact, ...]] = {}
        self._asking: defaultdict[str, LoopLock] = defaultdict(LoopLock)

    async def contacts_of(self, note: SourceNote) -> tuple[SourceContact, ...]:
        """Return the contact that a note names, or all those of its lead."""
        listed = () if note.lead_id is None else await self._lead(note.lead_id)
        if note.contact_id is None:
            return listed
        named = tuple(one for one in listed if one.id == note.contact_id)
        return named or await self._contact(note.contact_id)  # it may have moved to another lead

    async def users(self) -> dict[str, SourceUser]:
        """Return the users by their id."""
        found: dict[str, SourceUser] = {}
        skip, stale, more = 0, 0, True
        while more and stale < _PATIENCE:
            query: dict[str, Param] = {"_limit": _USERS, "_skip": skip}
            page = Page.of(await self._calls.get("users", "/user/", query))
            users = [reading.user(item) for item in fields.objects(page.items)]
            known = len(found)
            found |= {user.id: user for user in users if user is not None}
            stale = stale + 1 if len(found) == known else 0
            skip, more = skip + len(page.items), page.more
        return found

    async def _lead(self, lead_id: str) -> tuple[SourceContact, ...]:
        async with self._asking[lead_id].here():  # its notes come together, and so do their readers
            if lead_id not in self._leads:
                path = f"/lead/{segment('lead_id', lead_id)}/"
                told = await self._told("lead", path, {"_fields": "id,name,contacts"})
                self._leads[lead_id] = reading.contacts(told)
            return self._leads[lead_id]

    async def _contact(self, contact_id: str) -> tuple[SourceContact, ...]:
        async with self._asking[contact_id].here():
            if contact_id not in self._contacts:
                path = f"/contact/{segment('contact_id', contact_id)}/"
                found = reading.contact(await self._told("contact", path))
                self._contacts[contact_id] = () if found is None else (found,)
            return self._contacts[contact_id]

    async def _told(
        self, group: str, path: str, query: dict[str, Param] | None = None
    ) -> dict[str, Json]:
        """Ask for one of them; what is gone has no fields."""
        try:
            answer = await self._calls.get(group, path, query, bulk=True)
        except NotFound:
            return {}
        return answer.read(fields.single, "Close")
