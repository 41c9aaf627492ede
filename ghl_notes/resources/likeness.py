"""Whether a note that is found is the one that was sent, by its content and not by its date."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from unicodedata import normalize

from ghl_notes.http.note_texts import plain
from ghl_notes.models import Json

# Letters at the beginning or the end by which a note may be taken for another.
_TELLING: Final = 10
_links: Final = re.compile(r"""\b(?:href|src)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE).findall


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
    return _says(note, str(fields["body"])) and _is_by(note, fields) and _looks(note, fields)


def may_be(note: Written, fields: Mapping[str, Json]) -> bool:
    """Tell whether a note may be what was sent, changed by HighLevel in a way we do not know."""
    sent, found = (_letters(text) for text in (plain(str(fields["body"])), note.text))
    shorter = min(len(sent), len(found), _TELLING)
    return sent[:shorter] == found[:shorter] or sent[-shorter:] == found[-shorter:]


def _says(note: Written, body: str) -> bool:
    """Tell whether the text is the same, and leads to the same places."""
    if note.body == body:
        return True
    text = plain(body).strip()
    return bool(text) and note.text.strip() == text and _links(note.body) == _links(body)


def _is_by(note: Written, fields: Mapping[str, Json]) -> bool:
    return "userId" not in fields or (fields["userId"] or None) == note.user_id


def _looks(note: Written, fields: Mapping[str, Json]) -> bool:
    """Compare what was sent, and what was not: HighLevel makes up no title, color or pin."""
    for name in ("title", "color", "pinned"):
        found = getattr(note, name, None)  # notes of appointments have none of these
        if str(fields.get(name) or "").lower() != str(found or "").lower():
            return False
    return True


def words(text: str) -> str:
    """Reduce a text to its words, so that what differs in spaces alone is equal."""
    return " ".join(text.split())


def _letters(text: str) -> str:
    """Reduce a text to what survives any cleaning up."""
    return "".join(filter(str.isalnum, normalize("NFKC", text).casefold()))
