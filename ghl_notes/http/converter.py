"""From decoded JSON to models and back: the one cattrs converter, with errors that name the path.

Fields are strict, because cattrs' own leniency would turn a null body into the text "None". What
is newer than this library is kept in ``extra``.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache, partial
from operator import eq
from types import GenericAlias
from typing import Any, Final, TypeVar

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
from ghl_notes.models import (
    Appointment,
    AppointmentNote,
    Attachment,
    Author,
    Contact,
    CustomField,
    DndSetting,
    InstalledLocation,
    Json,
    LocationNote,
    Note,
    Relation,
    TagOutcome,
    Task,
)

M = TypeVar("M")
_Hook = Callable[[Any, Any], Any]

# Names that are not the camelCase form of ours.
_WIRE: Final[Mapping[type, Mapping[str, str]]] = {
    Note: {"text": "bodyText"},
    AppointmentNote: {"text": "bodyText"},
    LocationNote: {"text": "bodyText"},
    Contact: {"name": "contactName"},
    InstalledLocation: {"id": "_id"},
}
_MODELS: Final[tuple[Any, ...]] = (  # those that others hold come first
    Relation,
    Attachment,
    Author,
    CustomField,
    DndSetting,
    Note,
    AppointmentNote,
    LocationNote,
    Contact,
    Task,
    Appointment,
    TagOutcome,
    InstalledLocation,
)
UNREADABLE: Final = (BaseValidationError, ValueError, TypeError, AttributeError)


def structured(item: Json, cls: type[M]) -> M:
    """Read one object; raises what ``UNREADABLE`` lists."""
    return _converter().structure(item, cls)


@cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _flag)
    leaves: dict[Any, _Hook] = {
        datetime: time,
        str | None: _maybe_text,
        bool | None: _maybe(_bool),
        date | None: _maybe(_day),
        datetime | None: _maybe(time),
        tuple[str, ...]: _many(_text, str),
        Mapping[str, DndSetting]: _by_channel,
    }
    for kind, hook in leaves.items():
        converter.register_structure_hook_func(partial(eq, kind), hook)
    for cls in _MODELS:
        read = _object(cls, converter)
        several = GenericAlias(tuple, (cls, ...))
        kinds = {cls: read, cls | None: _maybe(read), several: _many(read, cls)}
        for kind, hook in kinds.items():
            converter.register_structure_hook_func(partial(eq, kind), hook)
    return converter


def _object(cls: type, converter: Converter) -> _Hook:
    wire = {
        a.name: _WIRE.get(cls, {}).get(a.name) or camel(a.name)
        for a in attrs.fields(cls)
        if a.name != "extra"
    }
    names = {name: override(rename=on_wire) for name, on_wire in wire.items()}
    names |= {
        name: override(rename=wire.get(name), struct_hook=hook)
        for name, hook in _OWN_HOOKS.get(cls, {"extra": _as_it_is}).items()
    }
    build: _Hook = make_dict_structure_fn(cls, converter, **names)  # type: ignore[arg-type]
    known = frozenset(wire.values())

    def read(item: Any, kind: Any) -> Any:
        if not isinstance(item, dict):
            raise TypeError(not_a("an object", item))
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


def _as_it_is(value: Any, _: Any) -> Any:
    return value


def camel(name: str) -> str:
    """Spell a name as HighLevel does."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _text(value: Any, _: Any) -> str:
    if type(value) is str:
        return value
    raise TypeError(not_a("text", value))


def _maybe_text(value: Any, _: Any) -> str | None:
    if value is None or value.__class__ is str:
        return value or None
    raise TypeError(not_a("text", value))


def _bool(value: Any, _: Any) -> bool:
    if value.__class__ is bool:
        return value
    raise TypeError(not_a("true or false", value))


def time(value: Any, _: Any) -> datetime:
    """Read a time; one without a zone is in UTC."""
    try:
        if value.__class__ is str:
            when = datetime.fromisoformat(value)
            return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
        if value.__class__ is int:  # milliseconds, as in searchAfter
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # what they say quotes the value
    raise TypeError(not_a("a time", value))


def _wall_time(value: Any, _: Any) -> datetime | None:
    """Read a time that may lack a zone, and then keep it without."""
    if value is None or value == "":
        return None
    try:
        return datetime.fromisoformat(value) if value.__class__ is str else time(value, datetime)
    except ValueError:
        raise TypeError(not_a("a time", value)) from None


def _day(value: Any, _: Any) -> date:
    """Read a day, which may come as a time."""
    try:
        if value.__class__ is str:
            return date.fromisoformat(value[:10].replace("/", "-"))
        return time(value, datetime).date()
    except (ValueError, TypeError):
        raise TypeError(not_a("a date", value)) from None


def _by_channel(value: Any, _: Any) -> Mapping[str, DndSetting]:
    """Read channels, which the versions spell differently: ``SMS`` and ``sms``."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(not_a("an object", value))
    return {name.lower(): _setting(setting) for name, setting in value.items()}


def _setting(value: Any) -> DndSetting:
    """Read one setting; contacts have few different ones, which are shared."""
    try:
        if len(value) == 2:  # noqa: PLR2004 - as recorded
            return _usual_setting(value["status"], value["code"])
    except (TypeError, LookupError):
        pass
    return structured(value, DndSetting)


@lru_cache(256)
def _usual_setting(status: str, code: str) -> DndSetting:
    return structured({"status": status, "code": code}, DndSetting)


def _flag(value: Any, _: Any) -> bool:
    return False if value is None else _bool(value, bool)


def _many(hook: _Hook, kind: type) -> _Hook:
    def read(value: Any, _: Any) -> Any:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise TypeError(not_a("a list", value))
        items, problems = [], []
        for index, item in enumerate(value):
            try:
                items.append(hook(item, kind))
            except UNREADABLE as error:
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


def forgiving(item: Json, cls: type[M]) -> M:
    """Read one object; odd fields go into its ``extra`` as they are, unless it cannot be without.

    Raises what ``UNREADABLE`` lists.
    """
    try:
        return structured(item, cls)
    except ClassValidationError as error:
        odd = {note.name for _, note in error.group_exceptions()[0]}
        if not isinstance(item, dict) or not odd <= item.keys() - _REQUIRED:
            raise
    kept = structured({name: item[name] for name in item.keys() - odd}, cls)
    known: Any = kept
    changed: M = attrs.evolve(known, extra={**known.extra, **{name: item[name] for name in odd}})
    return changed


_REQUIRED: Final = frozenset({"id"})
_TIMES: Final = ("start_time", "end_time", "date_added", "date_updated")
_OWN_HOOKS: Final[Mapping[type, Mapping[str, _Hook]]] = {
    CustomField: {"value": _as_it_is, "extra": _as_it_is},
    Appointment: {**dict.fromkeys(_TIMES, _wall_time), "extra": _as_it_is},
}


def not_a(wanted: str, value: object) -> str:
    """Say what was expected and what came, without its content."""
    names = {"NoneType": "null", "dict": "an object", "list": "a list", "str": "text"}
    kind = type(value).__name__
    return f"expected {wanted}, got {names.get(kind, kind)}"


def misread(what: str, error: Exception, where: str) -> UnexpectedResponse:
    """Make the error that tells what could not be read, and where in the reply it stood."""
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
