"""The plain text of notes whose reply has only their rich text."""

from collections.abc import Iterable
from typing import cast

from ghl_notes.models import Json


def plain(body: str) -> str:
    """Strip a rich-text body to its text, for replies that come without ``bodyText``."""
    if "<" not in body and "&" not in body:
        return body
    from ghl_notes.http.html import stripped  # noqa: PLC0415 - a parser that is seldom needed

    return stripped(body)


def with_text(note: Json) -> Json:
    """Return a note with its plain text, made from its body where the reply has none."""
    if not isinstance(note, dict):
        return note
    body = note.get("body")
    if note.get("bodyText") is None and isinstance(body, str):
        return {**note, "bodyText": plain(body)}
    return note


def without_text(payload: Json) -> list[dict[str, Json]]:
    """Find the notes of a reply that come without a plain text."""
    members = payload if isinstance(payload, dict) else {}
    held = [members.get(name) for name in ("notes", "note")]
    notes = [one for some in held for one in (some if isinstance(some, list) else [some])]
    return [one for one in notes if isinstance(one, dict) and one.get("bodyText") is None]


def fill_texts(notes: Iterable[dict[str, Json]]) -> None:
    """Give notes their plain text, in place."""
    for note in notes:
        note.update(cast("dict[str, Json]", with_text(note)))
