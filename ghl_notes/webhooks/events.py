"""What HighLevel tells by webhook, as frozen values, and the reading of a body.

https://github.com/GoHighLevel/highlevel-api-docs/tree/main/docs/webhook%20events
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

import attrs
from attrs import field, frozen

from ghl_notes.errors import ConfigurationError, UnexpectedResponse, WebhookRejected
from ghl_notes.http import codec
from ghl_notes.http.protocol import segment
from ghl_notes.http.reply import Reply, decode
from ghl_notes.models import Json

__all__ = [
    "AppInstalled",
    "AppUninstalled",
    "NoteCreated",
    "NoteDeleted",
    "NoteEvent",
    "NoteUpdated",
    "WebhookEvent",
    "parse",
]


@frozen(kw_only=True)
class WebhookEvent:
    """An event of any type; the types that this library knows are classes of their own.

    ``timestamp`` is when it happened, in UTC, and ``webhook_id`` the same in every repetition.
    ``payload`` is the whole body, decoded, under HighLevel's own names. What HighLevel left out,
    or told in a form that cannot be read, is None. The repr shows ids and times only.
    """

    type: str
    webhook_id: str | None = None
    app_id: str | None = None
    version_id: str | None = None
    location_id: str | None = None
    company_id: str | None = None
    timestamp: datetime | None = None
    payload: Mapping[str, Json] = field(factory=dict, repr=False, hash=False)


@frozen(kw_only=True)
class NoteEvent(WebhookEvent):
    """Something happened to a note: in HighLevel, by a workflow, or by any app, yours included.

    HighLevel tells neither author nor title here, and of an update not what was changed: get the
    note to learn that. ``body`` may be HTML. ``contact_id`` is None for a note that belongs to
    no contact, such as one of an opportunity alone.
    """

    location_id: str
    note_id: str
    contact_id: str | None = None
    body: str = field(repr=False)
    date_added: datetime | None = None


@frozen(kw_only=True)
class NoteCreated(NoteEvent):
    """A note was written."""


@frozen(kw_only=True)
class NoteUpdated(NoteEvent):
    """A note was changed; ``timestamp`` tells when, and nothing else does."""


@frozen(kw_only=True)
class NoteDeleted(NoteEvent):
    """A note was deleted. ``body`` is what it was, or empty where HighLevel does not tell."""

    body: str = field(default="", repr=False)


@frozen(kw_only=True)
class AppInstalled(WebhookEvent):
    """The app was installed on a location, or, without ``location_id``, on an agency.

    The user and the agency are missing when nobody was there, as on a future location.
    """

    install_type: str | None = None
    user_id: str | None = None
    company_name: str | None = field(default=None, repr=False)
    plan_id: str | None = None


@frozen(kw_only=True)
class AppUninstalled(WebhookEvent):
    """The app was taken off a location, or, without ``location_id``, off an agency."""


def parse(body: bytes) -> WebhookEvent:
    """Read the body of a webhook; types and fields that are new stay as they are.

    Raises ``WebhookRejected`` with status 400 for what is not a JSON object with a type, lacks
    what its type cannot be without, or names its app or owner by what is not an id. Whether it
    comes from HighLevel is for ``verify`` to say, and first.
    """
    payload = _payload(body)
    cls = _TYPES.get(_text(payload.get("type"), "type") or "", WebhookEvent)
    values: dict[str, _Value] = {"payload": payload}
    for name, needed in _PLANS[cls]:
        wire, read = _FIELDS[name]
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


def _plan(cls: type[WebhookEvent]) -> tuple[tuple[str, bool], ...]:
    """Name the attributes that are read one by one, and tell which must be there."""
    named = (a for a in attrs.fields(cls) if a.name != "payload")
    return tuple((a.name, a.default is attrs.NOTHING) for a in named)


# --- readers: None stands for what is not there or cannot be read -----------------------------


def _text(value: Json, _: str) -> str | None:
    return value if isinstance(value, str) and value else None


def _any_text(value: Json, _: str) -> str | None:
    return value if isinstance(value, str) else None


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


_Value: TypeAlias = str | datetime | Mapping[str, Json] | None

_TYPES: Final[Mapping[str, type[WebhookEvent]]] = {
    "NoteCreate": NoteCreated,
    "NoteUpdate": NoteUpdated,
    "NoteDelete": NoteDeleted,
    "INSTALL": AppInstalled,
    "UNINSTALL": AppUninstalled,
}
# For each attribute its name in HighLevel's JSON, and how it is read.
_FIELDS: Final[Mapping[str, tuple[str, Callable[[Json, str], str | datetime | None]]]] = {
    "type": ("type", _text),
    "webhook_id": ("webhookId", _text),
    "app_id": ("appId", _id),
    "version_id": ("versionId", _text),
    "location_id": ("locationId", _id),
    "company_id": ("companyId", _id),
    "timestamp": ("timestamp", _time),
    "note_id": ("id", _id),
    "contact_id": ("contactId", _text),
    "body": ("body", _any_text),
    "date_added": ("dateAdded", _time),
    "install_type": ("installType", _text),
    "user_id": ("userId", _text),
    "company_name": ("companyName", _text),
    "plan_id": ("planId", _text),
}
_CLASSES: Final[tuple[type[WebhookEvent], ...]] = (WebhookEvent, *_TYPES.values())
_PLANS: Final = {cls: _plan(cls) for cls in _CLASSES}
