"""The search for contacts, spelled as HighLevel does: filters, groups of them, and the order."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.fields import any_json, check, moment
from ghl_notes.models import AllOf, AnyOf, Between, Filter, Json, Sort
from ghl_notes.models.search import AnyFilter, AnySort


def filters(asked: Iterable[AnyFilter]) -> list[Json]:
    """Spell the filters of a search."""
    return [_filter(one) for one in _listed("filters", asked)]


def order(asked: Iterable[AnySort]) -> list[Json]:
    """Spell the order of a search."""
    return [_sort(one) for one in _listed("sort", asked)]


def _filter(one: object) -> Json:
    match one:
        case Filter(value=None):
            return {"field": one.field, "operator": one.operator}
        case Filter():
            return {"field": one.field, "operator": one.operator, "value": _compared(one.value)}
        case AllOf() | AnyOf():
            kind = "AND" if isinstance(one, AllOf) else "OR"
            return {"group": kind, "filters": filters(one.filters)}
        case Mapping():
            return check("a filter", one, any_json)
    msg = f"filters must hold Filter, AllOf, AnyOf or mappings, not {type(one).__name__}"
    raise ConfigurationError(msg)


def _sort(one: object) -> Json:
    match one:
        case Sort():
            return {"field": one.field, "direction": one.direction}
        case Mapping():
            return check("sort", one, any_json)
    msg = f"sort must hold Sort or mappings, not {type(one).__name__}"
    raise ConfigurationError(msg)


def _compared(value: object) -> Json:
    match value:
        case Between():
            ends = {"gt": value.gt, "gte": value.gte, "lt": value.lt, "lte": value.lte}
            return {bound: _compared(end) for bound, end in ends.items() if end is not None}
        case datetime():
            return check("a datetime in a filter", value, moment)
        case tuple():
            return [_compared(one) for one in value]
    return check("what a filter compares with", value, any_json)


def _listed(argument: str, asked: object) -> list[object]:
    if isinstance(asked, Mapping | str) or not isinstance(asked, Iterable):
        msg = f"{argument} must be a list, even of one"
        raise ConfigurationError(msg)
    return list(asked)
