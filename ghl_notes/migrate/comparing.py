"""Whether a note in HighLevel says what it was meant to, and whether it was changed since."""

from ghl_notes.http.note_texts import plain
from ghl_notes.migrate.ledger import Entry
from ghl_notes.migrate.models import Draft, fingerprint
from ghl_notes.models import Note


def is_same(note: Note, draft: Draft) -> bool:
    """Tell whether a note says what the draft does; HighLevel may have cleaned up its form."""
    expected = plain(draft.body) if draft.is_html else draft.body
    same = note.body == draft.body or _letters(note.text) == _letters(expected)
    return same and (note.title or None) == (draft.title or None)


def is_current(note: Note, draft: Draft) -> bool:
    """Tell whether there is nothing to update: it says the same, and is pinned or not, too."""
    return is_same(note, draft) and note.pinned == draft.pinned


def expected(draft: Draft) -> str:
    """Return the digest that a note has which is just as it is to be written."""
    return _digest(draft.body, draft.title, None, draft.user_id, draft.pinned, [])


def written_as(note: Note) -> str:
    """Return a digest of everything about a note that somebody can change in HighLevel."""
    relations = [(one.object_key, one.record_id) for one in note.relations]
    return _digest(note.body, note.title, note.color, note.user_id, note.pinned, relations)


def is_untouched(entry: Entry, note: Note) -> bool:
    """Tell whether a note is still as the ledger says it was written, or was to be."""
    return entry.written == written_as(note)


def _digest(body: str, title: str | None, *more: object) -> str:
    return fingerprint(body, title or None, *map(str, more))


def _letters(text: str) -> str:
    """Leave out white space, which HighLevel may put elsewhere when it makes text of HTML."""
    return "".join(text.split())
