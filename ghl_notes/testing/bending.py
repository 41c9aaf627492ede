"""The faults that change the content of a reply before it is sent."""

import json
from collections.abc import Callable, Mapping

from ghl_notes.testing.faults import Fault, Trouble
from ghl_notes.testing.replies import Payload

__all__ = ["bent", "written"]

_LISTS = ("contacts", "notes", "tasks", "events", "locations", "items", "data", "result")
# A whole number of 5,000 digits, which Python refuses to read as one, and what stands for it.
_MANY_DIGITS = b"9" * 5_000
_DIGITS = "\x00digits\x00"
_BROKEN = "\x00broken\x00"
_HALF = "\ud83d"  # the first half of a surrogate pair: JSON can escape it


def bent(payload: Payload, fault: Trouble | None) -> Payload:
    """Apply a fault to a payload, be it HighLevel's or another service's."""
    bend = _BENDS.get(fault) if isinstance(fault, Fault) else None
    return payload if bend is None else bend(payload)


def written(payload: Payload) -> bytes:
    """Write a payload as JSON; a lone surrogate, which UTF-8 cannot encode, is escaped."""
    compact = (",", ":")
    try:
        body = json.dumps(payload, separators=compact, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        body = json.dumps(payload, separators=compact).encode()
    body = body.replace(json.dumps(_DIGITS).encode(), _MANY_DIGITS)
    return body.replace(json.dumps(_BROKEN)[1:-1].encode(), b"\xff")


def _lists(cut: Callable[[list[object]], list[object]]) -> Callable[[Payload], Payload]:
    def bend(payload: Payload) -> Payload:
        return {
            name: cut(held) if isinstance(held, list) and name in _LISTS else held
            for name, held in payload.items()
        }

    return bend


def _first(change: Callable[[Payload], Payload]) -> Callable[[Payload], Payload]:
    """Change the first entry of a list, or the one thing that a reply is about."""

    def bend(payload: Payload) -> Payload:
        for name, held in payload.items():
            if isinstance(held, list) and name in _LISTS and held and isinstance(held[0], dict):
                return {**payload, name: [change(held[0]), *held[1:]]}
        for name in ("note", "contact", "task"):
            held = payload.get(name)
            if isinstance(held, dict):
                return {**payload, name: change(held)}
        return payload

    return bend


def _worded(words: Callable[[object], object]) -> Callable[[Payload], Payload]:
    """Change the text of a note, under its name at HighLevel or at another service."""

    def change(item: Payload) -> Payload:
        names = [name for name in ("body", "bodyText", "note", "firstName") if name in item]
        return {**item, **{name: words(item[name]) for name in names}}

    return _first(change)


def _without_text(payload: Payload) -> Payload:
    """Take the text away from the first note of a reply."""
    for listed, name in (("notes", "body"), ("data", "note"), ("result", "note")):
        notes = payload.get(listed)
        if isinstance(notes, list) and notes and name in notes[0]:
            return {**payload, listed: [{**notes[0], name: None}, *notes[1:]]}
    note = payload.get("note")
    return {**payload, "note": {**note, "body": None}} if isinstance(note, dict) else payload


_BENDS: Mapping[Fault, Callable[[Payload], Payload]] = {
    Fault.EMPTY_PAGE: _lists(lambda _: []),
    Fault.PARTIAL: _lists(lambda held: held[: len(held) // 2]),
    Fault.HALF_LETTER: _worded(lambda text: f"{text} {_HALF}"),
    Fault.BROKEN_LETTER: _worded(lambda text: f"{text} {_BROKEN}"),
    Fault.NULL_TEXT: _without_text,
    Fault.LONG_NUMBER: _first(lambda item: {**item, "score": _DIGITS}),
}
