"""From CINNOX's objects to the models of a source."""

from typing import Final

from ghl_notes.models import Json
from ghl_notes.sources.fields import Fields, plain, text, texts, time
from ghl_notes.sources.models import SourceContact, SourceNote, SourceUser

_KNOWN: Final = frozenset({"noteId", "reporter", "updatedAt", "note"})
_EMAILS: Final = ("email", "personalEmail", "otherEmail")
_PHONES: Final = ("mobilePhone", "workPhone", "homePhone", "otherPhone", "whatsApp")


def note(item: Fields, app_id: str, contact_id: str) -> SourceNote | None:
    """Read a note; None without an id.

    CINNOX tells the last edit alone: when, and whose.
    """
    note_id = text(item, "noteId")
    if note_id is None:
        return None
    when = time(item, "updatedAt")
    return SourceNote(
        key=f"cinnox:{app_id}:{note_id}",
        id=note_id,
        body=plain(item, "note"),
        contact_id=contact_id,
        author_id=text(item, "reporter"),
        at=when,
        at_is="updated",
        edited_at=when,
        extra={name: value for name, value in item.items() if name not in _KNOWN},
    )


def contact(item: Fields) -> SourceContact | None:
    """Read an external contact; None without an id."""
    contact_id = text(item, "id")
    if contact_id is None:
        return None
    emails = (item.get(name) for name in _EMAILS)
    # They are documented as numbers, without the plus of the international form.
    phones = (_number(item.get(name)) for name in _PHONES)
    return SourceContact(
        id=contact_id, name=_name(item), emails=texts(emails), phones=texts(phones)
    )


def merged(item: Fields) -> tuple[str, ...]:
    """Return the ids of the contacts that were merged into this one."""
    slaves = item.get("slaveContacts")
    return texts(slaves) if isinstance(slaves, list) else ()


def user(item: Fields) -> SourceUser | None:
    """Read a member of the staff; None without an id."""
    user_id = text(item, "id")
    if user_id is None:
        return None
    return SourceUser(id=user_id, name=_name(item), email=text(item, "email"))


def _name(item: Fields) -> str | None:
    whole = " ".join(filter(None, (text(item, "firstName"), text(item, "lastName"))))
    return text(item, "displayName") or whole or None


def _number(value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return f"+{value}"
