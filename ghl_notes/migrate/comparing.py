"""Whether a note in HighLevel says what it was meant to, and whether it was changed since."""

from ghl_notes.http.codec import plain
from ghl_notes.migrate.models import Draft, fingerprint
from ghl_notes.models import Note


def is_same(note: Note, draft: Draft) -> bool:
    """Tell whether a note says what the draft does; HighLevel may have cleaned up its form."""
    same = note.body == draft.body or _words(note.text) == _words(plain(draft.body))
    return same and (note.title or None) == (draft.title or None)


def is_current(note: Note, draft: Draft) -> bool:
    """Tell whether there is nothing to update: it says the same, and is pinned or not, too."""
    return is_same(note, draft) and note.pinned == draft.pinned


def is_as_drafted(note: Note, draft: Draft) -> bool:
    """Tell whether nobody can have changed anything about a note that the ledger does not know."""
    written = (draft.body, draft.title or "", draft.pinned, draft.user_id, None)
    return (note.body, note.title or "", note.pinned, note.user_id, note.color) == written


def says(note: Note) -> str:
    """Return a digest of what a note says, as that of a draft."""
    return fingerprint(note.body, note.title or "", note.pinned)


def written_as(note: Note) -> str:
    """Return a digest of everything about a note that somebody can change in HighLevel."""
    return fingerprint(note.body, note.title, note.color, note.user_id, note.pinned)


def _words(text: str) -> list[str]:
    return text.split()
