"""HighLevel's webhooks: verified, read, and each event handed on once.

``Webhooks`` does it all, for aiohttp by ``route`` and for any other framework by ``receive``;
``verify`` and ``parse`` are its first two steps alone. Needs the extra ``webhooks``.
"""

try:
    from ghl_notes.webhooks.body import MAX_BODY
    from ghl_notes.webhooks.events import (
        AppInstalled,
        AppUninstalled,
        ContactCreated,
        ContactDeleted,
        ContactDndUpdated,
        ContactEvent,
        ContactTagsUpdated,
        ContactUpdated,
        NoteCreated,
        NoteDeleted,
        NoteEvent,
        NoteUpdated,
        TaskCompleted,
        TaskCreated,
        TaskDeleted,
        TaskEvent,
        WebhookEvent,
    )
    from ghl_notes.webhooks.reading import parse
    from ghl_notes.webhooks.receipts import Receipt
    from ghl_notes.webhooks.receiver import Webhooks
    from ghl_notes.webhooks.signature import PUBLISHED_KEY, PUBLISHED_LEGACY_KEY, verify
except ModuleNotFoundError as _error:
    msg = "ghl_notes.webhooks needs its extra: pip install 'ghl-notes[webhooks]'"
    raise ModuleNotFoundError(msg, name=_error.name) from _error

__all__ = [
    "MAX_BODY",
    "PUBLISHED_KEY",
    "PUBLISHED_LEGACY_KEY",
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
    "Receipt",
    "TaskCompleted",
    "TaskCreated",
    "TaskDeleted",
    "TaskEvent",
    "WebhookEvent",
    "Webhooks",
    "parse",
    "verify",
]
