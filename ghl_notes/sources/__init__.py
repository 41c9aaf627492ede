"""Notes in other systems: read them on their own, or move them with ``ghl_notes.migrate``.

``ghl_notes.sources.close`` reads Close, ``ghl_notes.sources.cinnox`` reads CINNOX; both are a
``Source`` and yield ``SourceNote``. They have the transport, the limiter, the retries and the
errors of the rest of this library.
"""

from ghl_notes.sources.models import (
    SourceAttachment,
    SourceChange,
    SourceContact,
    SourceNote,
    SourceUser,
)
from ghl_notes.sources.protocol import Source

__all__ = [
    "Source",
    "SourceAttachment",
    "SourceChange",
    "SourceContact",
    "SourceNote",
    "SourceUser",
]
