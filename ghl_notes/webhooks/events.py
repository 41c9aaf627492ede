"""What HighLevel sends by webhook, as frozen values.

https://github.com/GoHighLevel/highlevel-api-docs/tree/main/docs/webhook%20events
"""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from ghl_notes.models import Json

__all__ = [
    "AppInstalled",
    "AppUninstalled",
    "ContactCreated",
    "ContactDeleted",
    "ContactDndUpdated",
    "ContactEvent",
    "ContactTagsUpdated",
    "ContactUpdated",
    "NoteCreated",
    "NoteDeleted",
    "NoteEvent",
    "NoteUpdated",
    "TaskCompleted",
    "TaskCreated",
    "TaskDeleted",
    "TaskEvent",
    "WebhookEvent",
]


@frozen(kw_only=True)
class WebhookEvent:
    """An event of any type; the types that this library knows are classes of their own.

    ``timestamp`` is when it happened, in UTC, and ``webhook_id`` the same in every repetition.
    ``payload`` is the whole body, decoded, under HighLevel's own names. What HighLevel left out,
    or sent in a form that cannot be read, is None. The repr shows ids and times only.
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

    HighLevel sends neither author nor title here, and of an update not what was changed: get the
    note to learn that, and also where ``body``, which may be HTML, is None: HighLevel leaves it
    out of a payload that would be over 256 KB, and sometimes of others. ``contact_id`` is None
    for a note that belongs to no contact, such as one of an opportunity alone.
    """

    location_id: str
    note_id: str
    contact_id: str | None = None
    body: str | None = field(default=None, repr=False)
    date_added: datetime | None = None


@frozen(kw_only=True)
class NoteCreated(NoteEvent):
    """A note was written."""


@frozen(kw_only=True)
class NoteUpdated(NoteEvent):
    """A note was changed, at ``timestamp``; no other attribute is the time of the change."""


@frozen(kw_only=True)
class NoteDeleted(NoteEvent):
    """A note was deleted. ``body`` is what it was, or empty where HighLevel does not send it."""

    body: str = field(default="", repr=False)


@frozen(kw_only=True)
class ContactEvent(WebhookEvent):
    """Something happened to a contact, which the event describes as it is now, or was at last.

    Only the fields that most need are attributes; the others, custom fields among them, are in
    ``payload``. HighLevel does not send what was changed.
    """

    location_id: str
    contact_id: str
    name: str | None = field(default=None, repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    company_name: str | None = field(default=None, repr=False)
    source: str | None = field(default=None, repr=False)
    assigned_to: str | None = None
    dnd: bool | None = None
    tags: tuple[str, ...] = field(default=(), repr=False)
    date_added: datetime | None = None
    date_updated: datetime | None = None


@frozen(kw_only=True)
class ContactCreated(ContactEvent):
    """A contact was added."""


@frozen(kw_only=True)
class ContactUpdated(ContactEvent):
    """A contact was changed."""


@frozen(kw_only=True)
class ContactTagsUpdated(ContactEvent):
    """Tags were added to a contact or taken away; ``tags`` are those that it has now."""


@frozen(kw_only=True)
class ContactDndUpdated(ContactEvent):
    """A contact may not be disturbed any more, or may be again."""


@frozen(kw_only=True)
class ContactDeleted(ContactEvent):
    """A contact was deleted."""


@frozen(kw_only=True)
class TaskEvent(WebhookEvent):
    """Something happened to a task. ``contact_id`` is sometimes missing from HighLevel's events.

    HighLevel sends nothing when a task is changed or opened again.
    """

    location_id: str
    task_id: str
    contact_id: str | None = None
    title: str | None = field(default=None, repr=False)
    body: str | None = field(default=None, repr=False)
    assigned_to: str | None = None
    due_date: datetime | None = None
    date_added: datetime | None = None


@frozen(kw_only=True)
class TaskCreated(TaskEvent):
    """A task was added."""


@frozen(kw_only=True)
class TaskCompleted(TaskEvent):
    """A task was done."""


@frozen(kw_only=True)
class TaskDeleted(TaskEvent):
    """A task was deleted."""


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
