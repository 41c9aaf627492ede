"""From Close's objects to the models of a source."""

from typing import Final

from ghl_notes.models import Json
from ghl_notes.sources.fields import Fields, objects, plain, text, texts, time
from ghl_notes.sources.models import (
    SourceAttachment,
    SourceChange,
    SourceContact,
    SourceNote,
    SourceUser,
)

_KNOWN: Final = frozenset({
    "id", "_type", "organization_id", "lead_id", "contact_id", "user_id", "user_name", "users",
    "created_by", "created_by_name", "updated_by", "updated_by_name", "date_created",
    "date_updated", "activity_at", "note", "note_html", "note_mentions", "title", "pinned",
    "pinned_at", "attachments", "source", "comment_summary",
})  # fmt: skip


def note(item: Json) -> SourceNote | None:
    """Read a note; None for what is no object or has no id."""
    if not isinstance(item, dict) or (note_id := text(item, "id")) is None:
        return None
    return SourceNote(
        key=f"close:{note_id}",
        id=note_id,
        body=plain(item, "note"),
        html=text(item, "note_html"),
        title=text(item, "title"),
        pinned=item.get("pinned") is True,
        contact_id=text(item, "contact_id"),
        lead_id=text(item, "lead_id"),
        # Who is responsible comes before who typed it, or imported it.
        author_id=text(item, "user_id", "created_by"),
        author_name=text(item, "user_name", "created_by_name"),
        at=time(item, "activity_at", "date_created"),
        created_at=time(item, "date_created"),
        edited_at=time(item, "date_updated"),
        attachments=tuple(
            SourceAttachment(name=text(one, "filename"), url=text(one, "url"))
            for one in objects(item.get("attachments"))
        ),
        left_behind=tuple(_left_behind(item)),
        extra={name: value for name, value in item.items() if name not in _KNOWN},
    )


def contact(item: Fields) -> SourceContact | None:
    """Read a contact; None without an id."""
    contact_id = text(item, "id")
    if contact_id is None:
        return None
    emails = (one.get("email") for one in objects(item.get("emails")))
    phones = (one.get("phone") for one in objects(item.get("phones")))
    name = text(item, "name", "display_name")
    return SourceContact(id=contact_id, name=name, emails=texts(emails), phones=texts(phones))


def contacts(lead: Fields) -> tuple[SourceContact, ...]:
    """Read the contacts that are nested in a lead."""
    found = map(contact, objects(lead.get("contacts")))
    return tuple(one for one in found if one is not None)


def user(item: Fields) -> SourceUser | None:
    """Read a user; None without an id."""
    user_id = text(item, "id")
    if user_id is None:
        return None
    names = (text(item, "first_name"), text(item, "last_name"))
    name = text(item, "display_name") or " ".join(filter(None, names)) or None
    return SourceUser(id=user_id, name=name, email=text(item, "email"))


def change(item: Json) -> SourceChange | None:
    """Read an event of the log; None if it is not about one note."""
    if not isinstance(item, dict):
        return None
    note_id, action = text(item, "object_id"), text(item, "action")
    if note_id is None or action not in ("created", "updated", "deleted"):
        return None
    when = time(item, "date_updated", "date_created")
    return SourceChange(note_id=note_id, action=action, at=when)  # type: ignore[arg-type] # checked


def _left_behind(item: Fields) -> list[str]:
    mentions = item.get("note_mentions")
    summary = item.get("comment_summary")
    comments = summary.get("comment_count") if isinstance(summary, dict) else None
    counts = (
        (len(mentions) if isinstance(mentions, list) else 0, "mention"),
        (comments if isinstance(comments, int) else 0, "comment"),
    )
    return [f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count]
