"""What a search for contacts asks: filters that can be nested, and the order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias, get_args

import attrs
from attrs import frozen

from ghl_notes.errors import ConfigurationError
from ghl_notes.models.values import Json

Operator: TypeAlias = Literal[
    "eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"
]
"""How a filter compares; HighLevel knows these."""

Scalar: TypeAlias = str | int | float | bool | datetime
"""One value to compare with. Datetimes must be aware."""

_VALUELESS = ("exists", "not_exists")


def _name(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        msg = f"{attribute.name} must name a field of contacts, such as email or dateAdded"
        raise ConfigurationError(msg)


def _one_of(kind: object) -> "attrs._ValidatorType[str]":
    known = get_args(kind)

    def check(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
        if value not in known:
            msg = f"{attribute.name} must be one of {', '.join(known)}"
            raise ConfigurationError(msg)

    return check


@frozen(kw_only=True)
class Between:
    """The bounds of a range: after, from, before, until. At least one of them."""

    gt: Scalar | None = None
    gte: Scalar | None = None
    lt: Scalar | None = None
    lte: Scalar | None = None

    def __attrs_post_init__(self) -> None:
        if (self.gt, self.gte, self.lt, self.lte) == (None,) * 4:
            msg = "Between needs at least one of gt, gte, lt and lte"
            raise ConfigurationError(msg)


@frozen
class Filter:
    """One condition, such as ``Filter("email", "eq", "jane@example.com")``.

    ``field`` is HighLevel's own name. ``range`` takes a ``Between``, ``exists`` and
    ``not_exists`` take no value, the others a value or a list of values. HighLevel's documents
    tell which field knows which operator; what it refuses is a ``RequestRejected``.
    """

    field: str = attrs.field(validator=_name)
    operator: Operator = attrs.field(validator=_one_of(Operator))
    value: Scalar | Sequence[Scalar] | Between | None = None

    def __attrs_post_init__(self) -> None:
        if self.operator in _VALUELESS:
            wanted, fits = "no value", self.value is None
        elif self.operator == "range":
            wanted, fits = "a Between", isinstance(self.value, Between)
        else:
            fits = self.value is not None and not isinstance(self.value, Between)
            wanted = "a value, or a list of them"
        if not fits:
            msg = f"Filter on {self.field}: {self.operator} takes {wanted}"
            raise ConfigurationError(msg)


class Group:
    """Filters that belong together."""

    def __init__(self, *filters: "AnyFilter") -> None:
        if not filters:
            msg = f"{type(self).__name__} needs at least one filter"
            raise ConfigurationError(msg)
        self.filters = filters

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.filters))})"


class AllOf(Group):
    """All of these filters must hold."""


class AnyOf(Group):
    """One of these filters must hold."""


AnyFilter: TypeAlias = Filter | AllOf | AnyOf | Mapping[str, Json]
"""A filter, a group of them, or one that is spelled as HighLevel does."""


@frozen
class Sort:
    """The order of a search: a field by HighLevel's own name, and a direction."""

    field: str = attrs.field(validator=_name)
    direction: Literal["asc", "desc"] = attrs.field(
        default="asc", validator=_one_of(Literal["asc", "desc"])
    )


AnySort: TypeAlias = Sort | Mapping[str, Json]
"""An order, or one that is spelled as HighLevel does."""
