"""The reading of a webhook's body: strict where an id steers, lenient in all the rest."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

import attrs

from ghl_notes.errors import ConfigurationError, UnexpectedResponse, WebhookRejected
from ghl_notes.http import codec
from ghl_notes.http.protocol import segment
from ghl_notes.http.reply import Reply, decode
from ghl_notes.models import Json
from ghl_notes.webhooks import events
from ghl_notes.webhooks.events import ContactEvent, NoteEvent, TaskEvent, WebhookEvent

__all__ = ["parse"]

_Value: TypeAlias = str | bool | datetime | tuple[str, ...] | Mapping[str, Json] | None
_Reader: TypeAlias = Callable[[Json, str], _Value]


def parse(body: bytes) -> WebhookEvent:
    """Read the body of a webhook; types and fields that are new stay as they are.

    Raises ``WebhookRejected`` with status 400 for what is not a JSON object with a type, lacks
    the ids that its type cannot be without, or names its app, location, agency or record by what
    is not an id. It does not check the sender: ``verify`` does that, and first.
    """
    payload = _payload(body)
    cls = _TYPES.get(_text(payload.get("type"), "type") or "", WebhookEvent)
    values: dict[str, _Value] = {"payload": payload}
    for name, wire, read, needed in _PLANS[cls]:
        value = read(payload.get(wire), wire)
        if value is not None:
            values[name] = value
        elif needed:
            raise _unreadable(f"{wire} is missing")
    return cls(**values)  # type: ignore[arg-type] # each is read by the reader of its type


def _payload(body: bytes) -> Mapping[str, Json]:
    try:
        payload = decode(Reply(200, {}, body))
    except UnexpectedResponse:
        raise _unreadable("it is not JSON") from None
    if isinstance(payload, dict):
        return payload
    raise _unreadable("it is not a JSON object")


# --- readers: None stands for what is not there or cannot be read -----------------------------


def _text(value: Json, _: str) -> str | None:
    return value if isinstance(value, str) and value else None


def _any_text(value: Json, _: str) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json, _: str) -> tuple[str, ...] | None:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else None


def _flag(value: Json, _: str) -> bool | None:
    return value if isinstance(value, bool) else None


def _id(value: Json, wire: str) -> str | None:
    """Read an id that steers: taken for absent, an odd location would stand for its agency."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and segment(wire, value):
            return value
    except ConfigurationError:
        pass
    raise _unreadable(f"{wire} is not an id")


def _time(value: Json, wire: str) -> datetime | None:
    if value is None:
        return None
    try:
        return codec.model(value, datetime, f"$.{wire}").astimezone(UTC)
    except (UnexpectedResponse, OverflowError):
        return None


def _unreadable(why: str) -> WebhookRejected:
    return WebhookRejected(f"the webhook cannot be read: {why}", status=400)


# --- which reader reads what --------------------------------------------------------------------

_TYPES: Final[Mapping[str, type[WebhookEvent]]] = {
    "NoteCreate": events.NoteCreated,
    "NoteUpdate": events.NoteUpdated,
    "NoteDelete": events.NoteDeleted,
    "ContactCreate": events.ContactCreated,
    "ContactUpdate": events.ContactUpdated,
    "ContactTagUpdate": events.ContactTagsUpdated,
    "ContactDndUpdate": events.ContactDndUpdated,
    "ContactDelete": events.ContactDeleted,
    "TaskCreate": events.TaskCreated,
    "TaskComplete": events.TaskCompleted,
    "TaskDelete": events.TaskDeleted,
    "INSTALL": events.AppInstalled,
    "UNINSTALL": events.AppUninstalled,
}
# The record's own id is only "id" in HighLevel's JSON.
_OWN_ID: Final[Mapping[type[WebhookEvent], str]] = {
    NoteEvent: "note_id",
    ContactEvent: "contact_id",
    TaskEvent: "task_id",
}
# For each attribute its name in HighLevel's JSON, and how it is read.
_FIELDS: Final[Mapping[str, tuple[str, _Reader]]] = {
    "type": ("type", _text),
    "webhook_id": ("webhookId", _text),
    "app_id": ("appId", _id),
    "version_id": ("versionId", _text),
    "location_id": ("locationId", _id),
    "company_id": ("companyId", _id),
    "timestamp": ("timestamp", _time),
    "contact_id": ("contactId", _text),
    "body": ("body", _any_text),
    "title": ("title", _text),
    "name": ("name", _text),
    "first_name": ("firstName", _text),
    "last_name": ("lastName", _text),
    "email": ("email", _text),
    "phone": ("phone", _text),
    "source": ("source", _text),
    "tags": ("tags", _texts),
    "dnd": ("dnd", _flag),
    "assigned_to": ("assignedTo", _text),
    "due_date": ("dueDate", _time),
    "date_added": ("dateAdded", _time),
    "date_updated": ("dateUpdated", _time),
    "install_type": ("installType", _text),
    "user_id": ("userId", _text),
    "company_name": ("companyName", _text),
    "plan_id": ("planId", _text),
}


def _plan(cls: type[WebhookEvent]) -> tuple[tuple[str, str, _Reader, bool], ...]:
    """Return how each attribute is read: its name in JSON, its reader, and if it is required."""
    own = next((name for base, name in _OWN_ID.items() if issubclass(cls, base)), None)
    named = (a for a in attrs.fields(cls) if a.name != "payload")
    return tuple(
        (a.name, *(("id", _id) if a.name == own else _FIELDS[a.name]), a.default is attrs.NOTHING)
        for a in named
    )


_CLASSES: Final[tuple[type[WebhookEvent], ...]] = (WebhookEvent, *_TYPES.values())
_PLANS: Final = {cls: _plan(cls) for cls in _CLASSES}
