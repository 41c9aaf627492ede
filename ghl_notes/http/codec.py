"""From decoded replies to models.

One bad note never costs the others: what cannot be read is told beside what could.
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

import attrs

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.contact_names import spelled
from ghl_notes.http.converter import UNREADABLE, forgiving, misread, not_a, structured
from ghl_notes.http.note_texts import with_text
from ghl_notes.models import (
    Appointment,
    AppointmentNote,
    Contact,
    ContactPage,
    Duplicate,
    InstalledLocation,
    Json,
    Listing,
    LocationNote,
    LocationNotePage,
    Note,
    NoteList,
    TagOutcome,
    TagsUpdated,
    Task,
    Upserted,
)

M = TypeVar("M")

_NEWEST: Final = attrgetter("date_added")
_USUAL_FIELDS: Final = 8
_MOST_COUNTED: Final = 10**12  # a total beyond is none


def notes(payload: Json, contact_id: str) -> NoteList:
    """Read the notes of one contact, newest first, with the unreadable ones beside them."""

    def read(item: Json) -> Note:
        return _usual_note(item) or structured(_filled(item, contact_id), Note)

    found, unreadable = _each(_list(payload, "notes"), read, "$.notes")
    found.sort(key=_NEWEST, reverse=True)
    return NoteList(found, unreadable=unreadable)


def note(payload: Json, contact_id: str) -> Note:
    """Read one note from its envelope."""
    return model(_filled(_member(payload, "note"), contact_id), Note, "$.note")


def appointment_notes(payload: Json) -> tuple[Listing[AppointmentNote], bool]:
    """Read one page of an appointment's notes, and whether there may be more."""
    found, unreadable = _each(_list(payload, "notes"), _reader(AppointmentNote), "$.notes")
    more = isinstance(payload, dict) and payload.get("hasMore") is not False
    return Listing(found, unreadable=unreadable), more


def location_notes(payload: Json) -> LocationNotePage:
    """Read one page of a location's notes, under the likely name or the one that is documented."""
    name = "note" if isinstance(payload, dict) and "notes" not in payload else "notes"
    items = _member(payload, name)
    if isinstance(items, list):
        found, unreadable = _each(items, _reader(LocationNote), f"$.{name}")
    else:
        found, unreadable = [model(_filled(items), LocationNote, f"$.{name}")], []
    return LocationNotePage(notes=Listing(found, unreadable=unreadable), total=_total(payload))


def body_note(payload: Json, cls: type[M]) -> M:
    """Read one note that is not a contact's from its envelope."""
    return model(_filled(_member(payload, "note")), cls, "$.note")


def tasks(payload: Json, contact_id: str) -> Listing[Task]:
    """Read the tasks of one contact, with the unreadable ones beside them."""

    def read(item: Json) -> Task:
        return structured(_belonging(item, contact_id), Task)

    found, unreadable = _each(_list(payload, "tasks"), read, "$.tasks")
    return Listing(found, unreadable=unreadable)


def task(payload: Json, contact_id: str) -> Task:
    """Read one task from its envelope."""
    return model(_belonging(_member(payload, "task"), contact_id), Task, "$.task")


def appointments(payload: Json) -> Listing[Appointment]:
    """Read the appointments of one contact, with the unreadable ones beside them."""

    def read(item: Json) -> Appointment:
        return structured(item, Appointment)

    found, unreadable = _each(_list(payload, "events"), read, "$.events")
    return Listing(found, unreadable=unreadable)


def texts(payload: Json, name: str) -> tuple[str, ...]:
    """Read a list of texts."""
    items = _list(payload, name)
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise misread("the reply", TypeError(not_a("text", item)), f"$.{name}[{index}]")
    return tuple(cast("list[str]", items))


def contact(payload: Json) -> Contact:
    """Read one contact from its envelope."""
    return _contact(_member(payload, "contact"), "$.contact")


def contacts(payload: Json) -> ContactPage:
    """Read one page of contacts, and the cursor that leads to the next (None at the end)."""
    items = _list(payload, "contacts")
    page = tuple(_contact(item, f"$.contacts[{i}]") for i, item in enumerate(items))
    last = items[-1] if items else None
    cursor = last.get("searchAfter") if isinstance(last, dict) else None
    return ContactPage(contacts=page, total=_total(payload), cursor=cursor)


def listed_contacts(payload: Json) -> ContactPage:
    """Read one page of the deprecated list, whose cursor stands in its ``meta``."""
    page, meta = contacts(payload), _member(payload, "meta")
    told = meta if isinstance(meta, dict) else {}
    cursor: list[Json] = [told.get("startAfter"), told.get("startAfterId")]
    return attrs.evolve(page, total=_total(told), cursor=None if None in cursor else cursor)


def duplicate(payload: Json) -> Duplicate | None:
    """Read the contact that was found, if one was."""
    if _member(payload, "contact") is None:
        return None
    told = cast("dict[str, Json]", payload).get("matchingField")
    return Duplicate(
        contact=contact(payload), matching_field=told if isinstance(told, str) else None
    )


def upserted(payload: Json) -> Upserted:
    """Read the contact of an upsert, and whether it is new."""
    return Upserted(contact=contact(payload), new=_member(payload, "new") is True)


def tags_updated(payload: Json) -> TagsUpdated:
    """Read what became of each contact in a bulk change."""
    responses = tuple(
        model(item, TagOutcome, f"$.responses[{i}]")
        for i, item in enumerate(_list(payload, "responses"))
    )
    errors = _member(payload, "errorCount")
    if not isinstance(errors, int) or isinstance(errors, bool):
        raise misread("the reply", TypeError(not_a("a whole number", errors)), "$.errorCount")
    return TagsUpdated(error_count=errors, responses=responses)


def locations(payload: Json) -> tuple[list[InstalledLocation], str | None]:
    """Read one page of the locations of an agency, and the token of the next in version 3."""
    name = "items" if isinstance(payload, dict) and "items" in payload else "locations"
    page = [
        model(item, InstalledLocation, f"$.{name}[{i}]")
        for i, item in enumerate(_list(payload, name))
    ]
    told = cast("dict[str, Json]", payload).get("pagination")
    token = told.get("nextPageToken") if isinstance(told, dict) else None
    return page, token if isinstance(token, str) and token else None


def model(item: Json, cls: type[M], where: str) -> M:
    """Read one object; ``where`` is its JSON path for the error."""
    try:
        return structured(item, cls)
    except UNREADABLE as error:
        raise misread(f"a {cls.__name__}", error, where) from error


def _contact(item: Json, where: str) -> Contact:
    """Read a contact; an odd field must not end a sweep."""
    try:
        return forgiving(spelled(item), Contact)
    except UNREADABLE as error:
        raise misread("a Contact", error, where) from error


# A frozen class sets its fields by a detour that doubles the time to make one. Its twin, which has
# the same slots, is made without and then becomes a Note.
_Draft: Final = attrs.make_class(
    "_Draft", [a.name for a in attrs.fields(Note)], slots=True, weakref_slot=False
)


def _usual_note(item: Any) -> Note | None:
    """Read a note that has just the fields of every recorded one, in half the converter's time.

    Whatever is unusual about it, from a title to a wrong type, is the converter's business.
    """
    try:
        note_id, body, text, user = item["id"], item["body"], item["bodyText"], item["userId"]
        contact, pinned, added = item["contactId"], item["pinned"], item["dateAdded"]
        if (
            len(item) == _USUAL_FIELDS
            and item["relations"] == []
            and note_id.__class__ is body.__class__ is text.__class__ is contact.__class__ is str
            and added.__class__ is str
            and (user is None or (user and user.__class__ is str))
            and (pinned is False or pinned is True)
            and contact
        ):
            when = datetime.fromisoformat(added)
            if when.tzinfo is None:
                return None
            note = _Draft(note_id, body, text, when, contact, user, None, None, pinned, (), {})
            note.__class__ = Note
            return cast("Note", note)
    except (LookupError, TypeError, ValueError):
        pass
    return None


def _filled(item: Json, contact_id: str | None = None) -> Json:
    """Complete a note: its place in the reply tells its contact, and its body its plain text."""
    item = with_text(item)
    return item if contact_id is None else _belonging(item, contact_id)


def _belonging(item: Json, contact_id: str) -> Json:
    """Name the contact that something belongs to, where the reply leaves it to the path."""
    if not isinstance(item, dict):
        return item
    # A location's search calls a task's id _id.
    named = {"id": item["_id"]} if "_id" in item and "id" not in item else {}
    return {**item, **named, "contactId": item.get("contactId") or contact_id}


def _reader(cls: type[M]) -> Callable[[Json], M]:
    return lambda item: structured(_filled(item), cls)


def _each(
    items: list[Json], read: Callable[[Json], M], where: str
) -> tuple[list[M], list[UnexpectedResponse]]:
    """Read what can be read, and tell what cannot."""
    found, unreadable = [], []
    for index, item in enumerate(items):
        try:
            found.append(read(item))
        except UNREADABLE as error:
            unreadable.append(misread("an entry", error, f"{where}[{index}]"))
    return found, unreadable


def _total(payload: Json) -> int | None:
    told = payload if isinstance(payload, dict) else {}
    counts = (told.get(name) for name in ("total", "count"))
    return next((n for n in counts if type(n) is int and 0 <= n <= _MOST_COUNTED), None)


def _member(payload: Json, name: str) -> Json:
    if not isinstance(payload, dict):
        raise misread("the reply", TypeError(not_a("an object", payload)), "$")
    if name not in payload:
        raise misread("the reply", KeyError(name), "$")
    return payload[name]


def _list(payload: Json, name: str) -> list[Json]:
    items = _member(payload, name)
    if not isinstance(items, list):
        raise misread("the reply", TypeError(not_a("a list", items)), f"$.{name}")
    return items
