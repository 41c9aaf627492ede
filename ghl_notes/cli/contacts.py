"""What ``ghl-notes contact`` tells, and how contacts are found."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import attrs
from attrs import frozen
from rich.text import Text

from ghl_notes import Contact, ContactPage, Filter, Json, Listing, Sort
from ghl_notes.cli import notes, tasks
from ghl_notes.cli.plain import cell
from ghl_notes.cli.statuses import Refused, Status
from ghl_notes.cli.tables import NONE, sheet
from ghl_notes.cli.telling import MOST, Kind, Told, facts, many, one

if TYPE_CHECKING:
    from ghl_notes import Client

__all__ = ["Card", "Search", "tagged"]

_PAGE: Final = 100
_NEWEST_FIRST: Final = (Sort("dateAdded", "desc"),)
_LONGEST_NAME: Final = 40
# Told first, in parts, or not at all: names that are newer than the library are for programs.
_APART: Final = ("id", "name", "dnd_settings", "custom_fields", "extra")


def _row(contact: Contact) -> list[Text]:
    return [
        cell(contact.id),
        cell(_name(contact) or NONE, _LONGEST_NAME),
        cell(contact.email or NONE),
        cell(contact.phone or NONE),
        cell(", ".join(contact.tags) or NONE, MOST),
    ]


def _facts(contact: Contact) -> list[tuple[str, Text]]:
    return facts(("contact", contact.id), ("name", _name(contact)), *_fields(contact))


def _fields(contact: Contact) -> Iterator[tuple[str, object]]:
    for field in attrs.fields(Contact):
        if field.name not in _APART:
            yield field.name.replace("_", " "), getattr(contact, field.name)
    for channel, setting in contact.dnd_settings.items():
        yield f"dnd {channel}", setting.status
    for custom in contact.custom_fields:
        yield f"custom {custom.id or custom.key}", _value(custom.value)


def _value(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _name(contact: Contact) -> str:
    """Put the name together: searches give the whole of it in small letters."""
    parts = filter(None, (contact.first_name, contact.last_name))
    return " ".join(parts) or contact.name or ""


CONTACT: Final = Kind[Contact](
    columns=("id", "name", "email", "phone", "tags"), row=_row, facts=_facts
)


@frozen(kw_only=True)
class Search:
    """Which contacts are wanted, and how many at most. Without a condition, the newest."""

    query: str | None = None
    email: str | None = None
    phone: str | None = None
    tags: tuple[str, ...] = ()
    limit: int = 20

    async def find(self, client: "Client") -> Told:
        """Tell the contacts that fit, in as many pages as it takes."""
        if client.location_id is None:
            raise Refused("no location: set GHL_NOTES_LOCATION, or give --location")
        found: list[Contact] = []
        page = await self._page(client)
        seen: set[str] = set()
        while fresh := [contact for contact in page.contacts if contact.id not in seen]:
            found += fresh
            seen |= {contact.id for contact in fresh}
            if len(found) >= self.limit or page.cursor is None:
                break
            page = await self._page(client, after=page.cursor)
        if not page.contacts and len(found) < min(self.limit, page.total or 0):
            msg = f"HighLevel counts {page.total:,} contacts, and gave {len(found):,}: look again"
            return attrs.evolve(
                self._told(client, Listing(found), None), trouble=[msg], status=Status.SOME_FAILED
            )
        return self._told(client, Listing(found[: self.limit]), page.total)

    async def _page(self, client: "Client", after: Json = None) -> ContactPage:
        return await client.contacts.search(
            self.query,
            filters=self._filters(),
            sort=_NEWEST_FIRST,
            page_size=min(self.limit, _PAGE),
            after=after,
        )

    def _filters(self) -> list[Filter]:
        wanted = [("email", self.email), ("phone", self.phone), *(("tags", t) for t in self.tags)]
        return [Filter(name, "eq", value) for name, value in wanted if value is not None]

    def _told(self, client: "Client", found: Listing[Contact], total: int | None) -> Told:
        told = many(CONTACT, client.location_id, found, none="no contact fits")
        if total is None or total <= len(found):
            return told
        return attrs.evolve(told, hint=f"{len(found):,} of {total:,} contacts; --limit gives more")


@frozen(kw_only=True)
class Card:
    """One contact, and what else of it is wanted."""

    contact_id: str
    with_notes: bool = False
    with_tasks: bool = False

    async def read(self, client: "Client") -> Told:
        """Tell the contact, and below it what belongs to it."""
        where = client.location_id
        told = await one(CONTACT, where, client.contacts.get(self.contact_id))
        if self.with_notes:
            told = told.beside("notes", await notes.listed(client, self.contact_id))
        if self.with_tasks:
            told = told.beside("tasks", await tasks.listed(client, self.contact_id))
        return told


async def tagged(client: "Client", contact_id: str, tags: Sequence[str], *, remove: bool) -> Told:
    """Add tags to a contact or take them away, and tell those that HighLevel names then."""
    change = client.tags.remove if remove else client.tags.add
    now = await change(contact_id, tags)
    said = facts(("contact", contact_id), ("tags", now or NONE))
    return Told(
        records=[{"contact_id": contact_id, "tags": now, "location_id": client.location_id}],
        show=lambda console: sheet(console, said),
        deed=f"the tags of contact {contact_id} were changed",
    )
