"""Close: its notes over the API (``CloseNotes``), or from an export (``CloseExport``)."""

from ghl_notes.sources.close.export import CloseExport
from ghl_notes.sources.close.filters import NoteFilters
from ghl_notes.sources.close.notes import CloseNotes
from ghl_notes.sources.close.oauth import CloseOAuth

__all__ = ["CloseExport", "CloseNotes", "CloseOAuth", "NoteFilters"]
