"""What a request may hold: rules for its fields, and the sentences that tell what breaks them.

Measured: validation is by whitelist, so that a property without a rule is refused.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime

from ghl_notes.testing.replies import Call, Payload, require

__all__ = [
    "FILLED",
    "FLAG",
    "TEXT",
    "TEXTS",
    "TIME",
    "ZONED",
    "Rule",
    "Rules",
    "digits",
    "many",
    "must",
    "nested",
    "nullable",
    "one_of",
    "problems",
    "read",
    "read_query",
    "time_of",
    "whole",
]

Rule = Callable[[str, object], list[str]]
"""Takes the name of a field and what was sent for it, gives what is wrong."""

Rules = Mapping[str, Rule]

_DIGITS = re.compile(r"-?[0-9]{1,15}")


def must(fits: Callable[[object], bool], said: str) -> Rule:
    """Make a rule of a test and the sentence about what does not pass."""
    return lambda name, value: [] if fits(value) else [f"{name} {said}"]


TEXT = must(lambda value: isinstance(value, str), "must be a string")
FLAG = must(lambda value: isinstance(value, bool), "must be a boolean value")


def FILLED(name: str, value: object) -> list[str]:  # noqa: N802 - a rule like the others
    """Want some text."""
    empty = [f"{name} should not be empty"] if value in (None, "") else []
    return empty + TEXT(name, value)


def TEXTS(name: str, value: object) -> list[str]:  # noqa: N802 - a rule like the others
    """Want a list of texts."""
    if not isinstance(value, list):
        return [f"{name} must be an array"]
    strange = [one for one in value if not isinstance(one, str)]
    return [f"each value in {name} must be a string"] if strange else []


def time_of(value: object) -> datetime | None:
    """Read an ISO 8601 date or time, or give None; without a zone it is UTC."""
    moment = _moment(value)
    if moment is None or moment.tzinfo is None:
        return moment and moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999
        return None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _zoned(value: object) -> bool:
    moment = _moment(value)
    return moment is not None and moment.tzinfo is not None


TIME = must(lambda value: time_of(value) is not None, "must be a valid ISO 8601 date string")
ZONED = must(_zoned, "must be a valid ISO 8601 date string with a time zone")


def nullable(rule: Rule) -> Rule:
    """Allow null as well."""
    return lambda name, value: [] if value is None else rule(name, value)


def one_of(*options: str) -> Rule:
    """Want one of some texts."""
    return must(
        lambda value: value in options,
        f"must be one of the following values: {', '.join(options)}",
    )


def whole(low: int, high: int | None = None) -> Rule:
    """Want an integer within bounds."""

    def rule(name: str, value: object) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"{name} must be an integer number"]
        if value < low:
            return [f"{name} must not be less than {low}"]
        return [f"{name} must not be greater than {high}"] if high and value > high else []

    return rule


def digits(low: int, high: int | None = None) -> Rule:
    """Want the same in a query, where numbers are text."""
    bounds = whole(low, high)

    def rule(name: str, value: object) -> list[str]:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            return [f"{name} must be a number string"]
        return bounds(name, int(value))

    return rule


def many(rule: Rule, *, least: int = 0) -> Rule:
    """Want a list of what another rule wants."""

    def rules(name: str, value: object) -> list[str]:
        if not isinstance(value, list):
            return [f"{name} must be an array"]
        few = [f"{name} must contain at least {least} elements"] if len(value) < least else []
        return few + [line for at, one in enumerate(value) for line in rule(f"{name}.{at}", one)]

    return rules


def nested(rules: Rules, required: Collection[str] = ()) -> Rule:
    """Want an object with rules of its own."""

    def rule(name: str, value: object) -> list[str]:
        if not isinstance(value, dict):
            return [f"{name} must be an object"]
        return [f"{name}.{line}" for line in problems(value, rules, required)]

    return rule


def problems(sent: Mapping[str, object], rules: Rules, required: Collection[str] = ()) -> list[str]:
    """Tell which rules are broken; what is not required is looked at only if it is there."""
    found = [f"property {name} should not exist" for name in sent if name not in rules]
    for name, rule in rules.items():
        if name in sent or name in required:
            found += rule(name, sent.get(name))
    return found


def read(sent: Payload, rules: Rules, required: Collection[str] = ()) -> Payload:
    """Give back what was sent, or refuse it."""
    require(problems(sent, rules, required))
    return dict(sent)


def read_query(call: Call, rules: Rules, required: Collection[str] = ()) -> Mapping[str, str]:
    """Give the query, or refuse it."""
    require(problems(call.query, rules, required))
    return call.query
