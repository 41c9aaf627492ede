"""Whether a note that is found is the one that was sent, by its content and not by its date."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from unicodedata import normalize

from ghl_notes.http.note_texts import plain
from ghl_notes.models import Json

# Letters at the beginning or the end by which a note may be taken for another.
_TELLING: Final = 10


class Written(Protocol):
    """What is known of every note that was written."""

    @property
    def id(self) -> str:
        """The note's own id."""
        ...

    @property
    def body(self) -> str:
        """What was written."""
        ...

    @property
    def text(self) -> str:
        """Its plain form."""
        ...

    @property
    def user_id(self) -> str | None:
        """In whose name it was written."""
        ...

    @property
    def date_added(self) -> datetime:
        """When it was written."""
        ...


def is_same(note: Written, fields: Mapping[str, Json]) -> bool:
    """Tell whether a note is what was sent; HighLevel may have cleaned up its HTML."""
    body = fields["body"]
    same = note.body == body or note.text.strip() == plain(str(body)).strip()
    known = {"userId": note.user_id, "title": _has(note, "title"), "color": _has(note, "color")}
    return same and all(
        (sent or None) == known[name]  # an empty text is no title
        or (name == "color" and str(sent).lower() == str(known[name]).lower())
        for name, sent in fields.items()
        if name in known
    )


def may_be(note: Written, fields: Mapping[str, Json]) -> bool:
    """Tell whether a note may be what was sent, changed by HighLevel in a way we do not know."""
    sent, found = (_letters(text) for text in (plain(str(fields["body"])), note.text))
    shorter = min(len(sent), len(found), _TELLING)
    return sent[:shorter] == found[:shorter] or sent[-shorter:] == found[-shorter:]


def words(text: str) -> str:
    """Reduce a text to its words, so that what differs in spaces alone is equal."""
    return " ".join(text.split())


def _letters(text: str) -> str:
    """Reduce a text to what survives any cleaning up."""
    return "".join(filter(str.isalnum, normalize("NFKC", text).casefold()))


def _has(note: Written, name: str) -> str | None:
    found: str | None = getattr(note, name, None)  # notes of appointments have neither
    return found
