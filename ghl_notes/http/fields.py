"""From arguments to what is sent: every field is checked here before any request is made."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from math import isfinite
from typing import Final, TypeAlias, TypeVar

from attrs import asdict
from attrs.filters import exclude

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.converter import camel
from ghl_notes.http.protocol import Dialect, identified
from ghl_notes.models import (
    UNSET,
    Attachment,
    CustomField,
    DndSetting,
    Json,
    Relation,
)

T = TypeVar("T")

Rule: TypeAlias = Callable[[object], Json]
"""Turns a value into JSON, or raises ``Unfit`` with what it must be."""

_HEX_COLOR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}").fullmatch


class Unfit(Exception):
    """A value is not what a rule wants; the message says what it must be."""


def fields(
    given: Mapping[str, object], rules: Mapping[str, Rule], *, required: Sequence[str] = ()
) -> dict[str, Json]:
    """Check what was passed and spell it as HighLevel does; None is left out, unless required."""
    kept = {name: value for name, value in given.items() if value is not None or name in required}
    return _spelled(kept, rules)


def changes(given: Mapping[str, object], rules: Mapping[str, Rule]) -> dict[str, Json]:
    """Check what an update was passed, which must be something; None is sent as null."""
    sent = _spelled({name: value for name, value in given.items() if value is not UNSET}, rules)
    if not sent:
        msg = f"update needs something to change: {', '.join(rules)}"
        raise ConfigurationError(msg)
    return sent


def _spelled(given: Mapping[str, object], rules: Mapping[str, Rule]) -> dict[str, Json]:
    sent: dict[str, Json] = {}
    for name, value in given.items():
        if name not in rules:
            msg = f"{name} is no field of this call; it takes {', '.join(rules)}"
            raise ConfigurationError(msg)
        sent[_WIRE.get(name) or camel(name)] = check(name, value, rules[name])
    return sent


def check(name: str, value: object, rule: Rule) -> Json:
    """Bring one value into its form."""
    try:
        return rule(value)
    except Unfit as error:
        msg = f"{name} must be {error}"
    raise ConfigurationError(msg)


def nullable(rule: Rule) -> Rule:
    """Make the rule for what an update may clear with None."""
    return lambda value: None if value is None else rule(value)


def one_of(*options: str) -> Rule:
    """Make the rule for one of some words."""

    def rule(value: object) -> Json:
        if not isinstance(value, str) or value not in options:
            raise Unfit(" or ".join(options))
        return value

    return rule


def text(value: object) -> Json:
    """Take any text."""
    if not isinstance(value, str):
        raise Unfit("a text")
    return value


def filled_text(value: object) -> Json:
    """Take text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise Unfit("a text that is not empty")
    return value


def short_text(most: int) -> Rule:
    """Make the rule for a text of at most so many characters."""

    def rule(value: object) -> Json:
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise Unfit(f"a text that is not empty, of {most} characters at most")
        return value

    return rule


def flag(value: object) -> Json:
    """Take True or False."""
    if not isinstance(value, bool):
        raise Unfit("True or False")
    return value


def color(value: object) -> Json:
    """Take a color in hex."""
    if not isinstance(value, str) or not _HEX_COLOR(value):
        raise Unfit("hex, such as #FFAA00")
    return value


def moment(value: object) -> Json:
    """Take a time with its zone, and send it in UTC."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise Unfit("a datetime with a timezone")
    try:
        told = value.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError:
        raise Unfit("a datetime between the years 1 and 9999 of UTC") from None
    return told.replace("+00:00", "Z")


def day(value: object) -> Json:
    """Take a date, or text in one of the forms that HighLevel reads."""
    if isinstance(value, str):
        return filled_text(value)
    if not isinstance(value, date):
        raise Unfit("a date, or text such as 1990-09-25")
    return value.isoformat()[:10]


def texts(value: object) -> list[Json]:
    """Take a list of texts, even if it is empty."""
    wanted = "a list of texts, none of them empty"
    found = _items(value, wanted)
    if not all(isinstance(one, str) and one.strip() for one in found):
        raise Unfit(wanted)
    return [str(one) for one in found]


def names(argument: str, values: Iterable[str]) -> list[Json]:
    """Take a list of at least one text."""
    try:
        found = texts(values)
    except Unfit:
        found = []
    if not found:
        msg = f"{argument} must be a list of at least one text"
        raise ConfigurationError(msg)
    return found


def ids(argument: str, values: Iterable[str]) -> list[Json]:
    """Take a list of at least one id."""
    return [identified(argument, one) for one in names(argument, values)]


def count(argument: str, value: int, *, least: int = 1, most: int | None = None) -> int:
    """Take a whole number within its bounds."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"from {least}" if most is None else f"from {least} to {most}"
        msg = f"{argument} must be a whole number {bounds}"
        raise ConfigurationError(msg)
    return value


def any_json(value: object) -> Json:
    """Take whatever JSON can say."""
    try:
        return _json(value)
    except RecursionError:
        raise Unfit("of a depth that JSON can have") from None


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if isfinite(value):
            return value
        case list() | tuple():
            return [_json(one) for one in value]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: _json(one) for key, one in value.items()}
    raise Unfit(
        "made of texts, finite numbers, True, False, None, lists, and mappings with text keys"
    )


def relations(value: object) -> Json:
    """Take the records that a note is attached to."""
    return [
        {"objectKey": filled_text(one.object_key), "recordId": filled_text(one.record_id)}
        for one in _all(value, Relation, "a list of at least one Relation")
    ]


def attachments(value: object) -> Json:
    """Take the files of a note."""
    return [
        _part(one, asdict(one, filter=exclude("extra")), _ATTACHMENT)
        for one in _all(value, Attachment, "a list of at least one Attachment")
    ]


def custom_fields(dialect: Dialect) -> Rule:
    """Make the rule for custom fields: the name of their value depends on the version."""

    def rule(value: object) -> Json:
        wanted = "a list of CustomField, each with an id or a key"
        given = _all(value, CustomField, wanted, least=0)
        if not all(one.id or one.key for one in given):
            raise Unfit(wanted)
        return [
            _part(one, {"id": one.id, "key": one.key}, _NAMES)
            | {dialect.field_value: any_json(one.value)}
            for one in given
        ]

    return rule


def dnd_settings(dialect: Dialect) -> Rule:
    """Make the rule for do not disturb: the names of the channels depend on the version."""
    wanted = f"a mapping of {', '.join(dialect.channels)} to DndSetting"

    def rule(value: object) -> Json:
        if not isinstance(value, Mapping) or not value.keys() <= dialect.channels.keys():
            raise Unfit(wanted)
        return {dialect.channels[name]: dnd_setting(setting) for name, setting in value.items()}

    return rule


def dnd_setting(value: object) -> Json:
    """Take the setting of one channel."""
    if not isinstance(value, DndSetting):
        raise Unfit("a DndSetting")
    return _part(value, asdict(value, filter=exclude("extra")), _DND, "status")


def inbound_dnd(value: object) -> Json:
    """Take the one setting for all that comes in, which has no code."""
    if isinstance(value, DndSetting) and value.code is None:
        return {"all": dnd_setting(value)}
    raise Unfit("a DndSetting without code")


def _all(value: object, cls: type[T], wanted: str, *, least: int = 1) -> list[T]:
    items = _items(value, wanted)
    found = [item for item in items if isinstance(item, cls)]
    if len(found) < max(least, len(items)):
        raise Unfit(wanted)
    return found


def _items(value: object, wanted: str) -> list[object]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise Unfit(wanted)
    return list(value)


def _part(
    whole: object, given: Mapping[str, object], rules: Mapping[str, Rule], *required: str
) -> dict[str, Json]:
    try:
        return fields(given, rules, required=required)
    except ConfigurationError as error:
        raise Unfit(f"of {type(whole).__name__}, whose {error}") from None


# Names that are not the camelCase form of ours.
_WIRE: Final = {"inbound_dnd": "inboundDndSettings", "record_ids": "relations"}
_NAMES: Final[Mapping[str, Rule]] = {"id": text, "key": text}
_DND: Final[Mapping[str, Rule]] = {"status": filled_text, "message": text, "code": text}
_ATTACHMENT: Final[Mapping[str, Rule]] = {
    "id": filled_text,
    "object_key": text,
    "record_id": text,
}
