"""The last line of a moved note, which says where it is from: plain text, so that nothing eats it.

Without a ledger it is all that keeps a note from being written twice.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ghl_notes.models import Note

_PART: Final = re.compile(r":[0-9]+/(?P<count>[0-9]+)$").search
# What no cleaning of HTML and no encoding of its signs changes.
_MARKER: Final = re.compile(r"\[ghl_notes:([A-Za-z0-9_.:@/+-]{1,300})\]")
_BEGINNING: Final = re.compile(r"\[(ghl_notes:)", re.IGNORECASE)


def marker(key: str) -> str:
    """Write the line for a note of this key."""
    return f"[ghl_notes:{key}]"


def is_fit(key: str) -> bool:
    """Tell whether a note of this key, and any part of it, would be known again by its marker."""
    longest = marker(f"{key}:9999/9999")
    return key != "" and _PART(key) is None and _MARKER.fullmatch(longest) is not None


def disarmed(text: str) -> str:
    """Keep what a source's note quotes from being taken for a marker."""
    return _BEGINNING.sub(r"(\1", text)


def key_of(note: Note) -> str | None:
    """Find where a note of HighLevel is from; None if it was not moved there.

    The last marker counts: one before it belongs to what the note quotes.
    """
    return key_in(note.body) or key_in(note.text)


def key_in(text: str) -> str | None:
    """Find the last marker in a text, and return its key."""
    found = _MARKER.findall(text)
    return found[-1] if found else None


def chosen(notes: Sequence[Note], note_id: str | None) -> Note | None:
    """Choose among notes of one marker, newest first: the known one, or the oldest."""
    known = (note for note in notes if note.id == note_id)
    return next(known, notes[-1] if notes else None)


def is_cut_otherwise(key: str, others: Iterable[str]) -> bool:
    """Tell whether one of these is the same note, but whole or in another number of parts."""
    base, count = _cut(key)
    return any(_cut(other) != (base, count) for other in others if _cut(other)[0] == base)


def base_of(key: str) -> str:
    """Name the note that a key is of, whole or a part."""
    return _cut(key)[0]


def _cut(key: str) -> tuple[str, str]:
    part = _PART(key)
    return (key, "") if part is None else (key[: part.start()], part["count"])


def by_key(notes: Iterable[Note]) -> dict[str, list[Note]]:
    """Sort notes by the key in their marker, those without one left out."""
    found: dict[str, list[Note]] = {}
    for note in notes:
        key = key_of(note)
        if key is not None:
            found.setdefault(key, []).append(note)
    return found
