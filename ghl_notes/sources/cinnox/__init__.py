"""CINNOX: the notes of its external contacts."""

from ghl_notes.sources.cinnox.notes import CinnoxNotes

__all__ = ["CinnoxNotes"]
