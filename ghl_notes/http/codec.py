"""From decoded JSON to models: the one cattrs converter, with errors that name the JSON path.

Fields are strict, because cattrs' own leniency would turn a null body into the text "None". What
is newer than this library is kept in ``extra``; one bad note never costs the others.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from operator import attrgetter, eq
from typing import Any, Final, TypeVar, cast

import attrs
from cattrs import (
    BaseValidationError,
    ClassValidationError,
    Converter,
    IterableValidationError,
    IterableValidationNote,
    transform_error,
)
from cattrs.gen import make_dict_structure_fn, override

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.models import Contact, InstalledLocation, Json, Note, NoteList, Relation

M = TypeVar("M")
_Hook = Callable[[Any, Any], Any]

# Names that are not the camelCase form of ours.
_WIRE: Final[Mapping[type, Mapping[str, str]]] = {
    Note: {"text": "bodyText"},
    Contact: {"name": "contactName"},
    InstalledLocation: {"id": "_id"},
}
_NEWEST: Final = attrgetter("date_added")
_UNREADABLE: Final = (BaseValidationError, ValueError, TypeError, AttributeError)
_USUAL_FIELDS: Final = 8


def notes(payload: Json, contact_id: str) -> NoteList:
    """Read the notes of one contact, newest first, with the unreadable ones beside them."""
    found, unreadable = [], []
    for index, item in enumerate(_list(payload, "notes")):
        try:
            found.append(_usual_note(item) or _any_note(item, contact_id))
        except _UNREADABLE as error:
            unreadable.append(_unreadable("a note", error, f"$.notes[{index}]"))
    found.sort(key=_NEWEST, reverse=True)
    return NoteList(found, unreadable=unreadable)


def note(payload: Json, contact_id: str) -> Note:
    """Read one note from its envelope."""
    item = _member(payload, "note")
    try:
        return _any_note(item, contact_id)
    except _UNREADABLE as error:
        raise _unreadable("a note", error, "$.note") from error


def contact(payload: Json) -> Contact:
    """Read one contact from its envelope."""
    return _contact(_member(payload, "contact"), "$.contact")


def contacts(payload: Json) -> tuple[list[Contact], Json]:
    """Read one page of contacts, and the cursor that leads to the next (None at the end)."""
    items = _list(payload, "contacts")
    page = [_contact(item, f"$.contacts[{i}]") for i, item in enumerate(items)]
    last = items[-1] if items else None
    return page, last.get("searchAfter") if isinstance(last, dict) else None


def locations(payload: Json) -> list[InstalledLocation]:
    """Read one page of the locations of an agency."""
    items = _list(payload, "locations")
    return [model(x, InstalledLocation, f"$.locations[{i}]") for i, x in enumerate(items)]


def model(item: Json, cls: type[M], where: str) -> M:
    """Read one object; ``where`` is its JSON path for the error."""
    try:
        return _converter().structure(item, cls)
    except _UNREADABLE as error:
        raise _unreadable(f"a {cls.__name__}", error, where) from error


def _contact(item: Json, where: str) -> Contact:
    """Read a contact; an odd field must not end a sweep, so then all but its id is in ``extra``."""
    try:
        return model(_named(item), Contact, where)
    except UnexpectedResponse:
        known = item.get("id") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(known, str) and known:
            return Contact(id=known, extra=item)
        raise


def _named(item: Json) -> Json:
    """Give a contact the name that it has in a search; by its id it comes as ``name``."""
    if isinstance(item, dict) and "name" in item and "contactName" not in item:
        return {"contactName" if key == "name" else key: item[key] for key in item}
    return item


def plain(body: str) -> str:
    """Strip a rich-text body to its text, for replies that come without ``bodyText``."""
    if "<" not in body and "&" not in body:
        return body
    from ghl_notes.http.html import stripped  # noqa: PLC0415 - a parser that is seldom needed

    return stripped(body)


# A frozen class sets its fields by a detour that doubles the time to make one. Its twin, which has
# the same slots, is made without and then becomes a Note.
_Draft: Final = attrs.make_class(
    "_Draft", [a.name for a in attrs.fields(Note)], slots=True, weakref_slot=False
)


def _usual_note(item: Any) -> Note | None:
    """Read a note that has just the fields of every recorded one, in half the converter's time.

    Whatever is unusual about it, from a title to a wrong type, is the converter's business.
    """
    try:
        note_id, body, text, user = item["id"], item["body"], item["bodyText"], item["userId"]
        contact, pinned, added = item["contactId"], item["pinned"], item["dateAdded"]
        if (
            len(item) == _USUAL_FIELDS
            and item["relations"] == []
            and note_id.__class__ is body.__class__ is text.__class__ is contact.__class__ is str
            and added.__class__ is str
            and (user is None or (user and user.__class__ is str))
            and (pinned is False or pinned is True)
            and contact
        ):
            when = _time(added, datetime)
            note = _Draft(note_id, body, text, when, contact, user, None, None, pinned, (), {})
            note.__class__ = Note
            return cast("Note", note)
    except (LookupError, TypeError, ValueError):
        pass
    return None


def _any_note(item: Json, contact_id: str) -> Note:
    """Read any note; its place in the reply tells its contact, and its body its plain text."""
    if isinstance(item, dict):
        filled = {**item, "contactId": item.get("contactId") or contact_id}
        body = item.get("body")
        if item.get("bodyText") is None and isinstance(body, str):
            filled["bodyText"] = plain(body)
        item = filled
    return _converter().structure(item, Note)


def _member(payload: Json, name: str) -> Json:
    if not isinstance(payload, dict):
        raise _unreadable("the reply", TypeError(_not("an object", payload)), "$")
    if name not in payload:
        raise _unreadable("the reply", KeyError(name), "$")
    return payload[name]


def _list(payload: Json, name: str) -> list[Json]:
    items = _member(payload, name)
    if not isinstance(items, list):
        raise _unreadable("the reply", TypeError(_not("a list", items)), f"$.{name}")
    return items


# --- the converter --------------------------------------------------------------------------


@cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _flag)
    relation = _object(Relation, converter)
    leaves: dict[Any, _Hook] = {
        datetime: _time,
        str | None: _maybe(_text),
        bool | None: _maybe(_bool),
        datetime | None: _maybe(_time),
        tuple[str, ...]: _many(_text, str),
        tuple[Relation, ...]: _many(relation, Relation),
    }
    for kind, hook in leaves.items():
        converter.register_structure_hook_func(partial(eq, kind), hook)
    for cls in (Note, Contact, InstalledLocation):
        converter.register_structure_hook(cls, _object(cls, converter))
    return converter


def _object(cls: type, converter: Converter) -> _Hook:
    wire = {
        a.name: _WIRE.get(cls, {}).get(a.name) or _camel(a.name)
        for a in attrs.fields(cls)
        if a.name != "extra"
    }
    names = {name: override(rename=on_wire) for name, on_wire in wire.items()}
    names["extra"] = override(struct_hook=lambda value, _: value)
    build: _Hook = make_dict_structure_fn(cls, converter, **names)  # type: ignore[arg-type]
    known = frozenset(wire.values())

    def read(item: Any, kind: Any) -> Any:
        if not isinstance(item, dict):
            raise TypeError(_not("an object", item))
        unknown = item.keys() - known
        if unknown:
            item = {**item, "extra": {key: item[key] for key in unknown}}
        try:
            return build(item, kind)
        except ClassValidationError as error:  # it names our attributes, not HighLevel's fields
            for _, note in error.group_exceptions()[0]:
                note.name = wire.get(note.name, note.name)
            raise

    return read


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _text(value: Any, _: Any) -> str:
    if type(value) is str:
        return value
    raise TypeError(_not("text", value))


def _bool(value: Any, _: Any) -> bool:
    if value.__class__ is bool:
        return value
    raise TypeError(_not("true or false", value))


def _time(value: Any, _: Any) -> datetime:
    try:
        if value.__class__ is str:
            when = datetime.fromisoformat(value)
            return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
        if value.__class__ is int:  # milliseconds, as in searchAfter
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # what they say quotes the value
    raise TypeError(_not("a time", value))


def _flag(value: Any, _: Any) -> bool:
    return False if value is None else _bool(value, bool)


def _many(hook: _Hook, kind: type) -> _Hook:
    def read(value: Any, _: Any) -> Any:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise TypeError(_not("a list", value))
        items, problems = [], []
        for index, item in enumerate(value):
            try:
                items.append(hook(item, kind))
            except _UNREADABLE as error:
                error.add_note(IterableValidationNote(f"at {index}", index, kind))
                problems.append(error)
        if problems:
            raise IterableValidationError("in a list", problems, tuple)
        return tuple(items)

    return read


def _maybe(hook: _Hook) -> _Hook:
    def read(value: Any, kind: Any) -> Any:
        return None if value is None or value == "" else hook(value, kind)

    return read


def _not(wanted: str, value: object) -> str:
    names = {"NoneType": "null", "dict": "an object", "list": "a list", "str": "text"}
    kind = type(value).__name__
    return f"expected {wanted}, got {names.get(kind, kind)}"


def _unreadable(what: str, error: Exception, where: str) -> UnexpectedResponse:
    if isinstance(error, KeyError):
        problems = [f"required field missing @ {where}.{error.args[0]}"]
    elif isinstance(error, BaseValidationError):
        problems = transform_error(error, path=where, format_exception=_problem)
    else:
        problems = [f"{_problem(error, None)} @ {where}"]
    msg = f"{what} from HighLevel cannot be read: {'; '.join(problems)}"
    return UnexpectedResponse(msg, problems=problems)


def _problem(error: BaseException, _: object) -> str:
    """Say what is wrong without repeating the content: only our own words, or the class."""
    if isinstance(error, KeyError):
        return "required field missing"
    ours = isinstance(error, TypeError) and str(error).startswith("expected ")
    return str(error) if ours else f"unreadable value ({type(error).__name__})"
