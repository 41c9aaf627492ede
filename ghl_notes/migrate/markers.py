"""The last line of a moved note, which says where it is from: plain text, so that nothing eats it.

Without a ledger it is all that keeps a note from being written twice.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ghl_notes.models import Note

_MARKER: Final = re.compile(r"\[ghl_notes:([^\[\]\s]{1,300})\]")


def marker(key: str) -> str:
    """Write the line for a note of this key."""
    return f"[ghl_notes:{key}]"


def key_of(note: Note) -> str | None:
    """Find where a note of HighLevel is from; None if it was not moved there.

    The last marker counts: one before it belongs to what the note quotes.
    """
    found = _MARKER.findall(note.body) or _MARKER.findall(note.text)
    return found[-1] if found else None


def by_key(notes: Iterable[Note]) -> Mapping[str, list[Note]]:
    """Sort notes by the key in their marker, those without one left out."""
    found: dict[str, list[Note]] = {}
    for note in notes:
        key = key_of(note)
        if key is not None:
            found.setdefault(key, []).append(note)
    return found
