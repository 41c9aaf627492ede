"""What a search for contacts asks: filters that can be nested, and the order."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import isfinite
from typing import Literal, TypeAlias, cast, get_args

import attrs
from attrs import frozen

from ghl_notes.errors import ConfigurationError
from ghl_notes.models.values import Json

Operator: TypeAlias = Literal[
    "eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"
]
"""How a filter compares; HighLevel knows these."""

Scalar: TypeAlias = str | int | float | bool | datetime
"""One value to compare with. Floats must be finite and datetimes aware."""

_VALUELESS = ("exists", "not_exists")
_SCALAR = "a text, a finite number, True, False or a datetime"


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


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, str | int | datetime)


def _taken(value: "Scalar | Iterable[Scalar] | Between | None") -> "Compared":
    """Take a list once, so that a filter can be asked again and again."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return tuple(value)
    return cast("Compared", value)  # whatever else it is, is refused by the field's name


@frozen(kw_only=True)
class Between:
    """The bounds of a range: after, from, before, until. At least one of them."""

    gt: Scalar | None = None
    gte: Scalar | None = None
    lt: Scalar | None = None
    lte: Scalar | None = None

    def __attrs_post_init__(self) -> None:
        ends = [end for end in (self.gt, self.gte, self.lt, self.lte) if end is not None]
        if not ends or not all(map(_is_scalar, ends)):
            msg = f"Between needs at least one of gt, gte, lt and lte, each {_SCALAR}"
            raise ConfigurationError(msg)


Compared: TypeAlias = Scalar | tuple[Scalar, ...] | Between | None
"""What a filter holds to compare with."""


@frozen
class Filter:
    """One condition, such as ``Filter("email", "eq", "jane@example.com")``.

    ``field`` is HighLevel's own name. ``range`` takes a ``Between``, ``exists`` and
    ``not_exists`` take no value, the others a value or a list of values. HighLevel's documents
    tell which field knows which operator; what it refuses is a ``RequestRejected``.
    """

    field: str = attrs.field(validator=_name)
    operator: Operator = attrs.field(validator=_one_of(Operator))
    value: Compared = attrs.field(default=None, converter=_taken)

    def __attrs_post_init__(self) -> None:
        if self.operator in _VALUELESS:
            wanted, fits = "no value", self.value is None
        elif self.operator == "range":
            wanted, fits = "a Between", isinstance(self.value, Between)
        else:
            many = self.value if isinstance(self.value, tuple) else (self.value,)
            wanted, fits = f"{_SCALAR}, or a list of them", all(map(_is_scalar, many))
        if not fits:
            msg = f"Filter on {self.field}: {self.operator} takes {wanted}"
            raise ConfigurationError(msg)


@frozen(init=False, repr=False)
class Group:
    """Filters that belong together."""

    filters: "tuple[AnyFilter, ...]"

    def __init__(self, *filters: "AnyFilter") -> None:
        if not filters or not all(isinstance(one, Filter | Group | Mapping) for one in filters):
            msg = f"{type(self).__name__} needs at least one filter, and nothing else"
            raise ConfigurationError(msg)
        self.__attrs_init__(filters)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.filters))})"


@frozen(init=False, repr=False)
class AllOf(Group):
    """All of these filters must hold."""


@frozen(init=False, repr=False)
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
