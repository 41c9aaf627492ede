"""The filters and the query of a search, as tests of one contact."""

from collections.abc import Callable, Mapping

from ghl_notes.testing.replies import Refusal
from ghl_notes.testing.rules import time_of

__all__ = ["Getter", "Predicate", "criteria_of"]

_TIMES = ("dateAdded", "dateUpdated", "dateOfBirth")

Getter = Callable[[str], object]
"""Gives a field of a contact by its name."""

Predicate = Callable[[Getter], bool]


def criteria_of(filters: object, query: object) -> Predicate | None:
    """Read filters and a query into one test, or refuse them; None is for no filter at all."""
    wanted = [] if filters is None or filters == [] else [_group("AND", filters)]
    if isinstance(query, str) and query:
        wanted.append(_query(query.casefold()))
    return _all(wanted) if wanted else None


def _all(wanted: list[Predicate]) -> Predicate:
    return lambda get: all(test(get) for test in wanted)


def _any(wanted: list[Predicate]) -> Predicate:
    return lambda get: any(test(get) for test in wanted)


def _query(text: str) -> Predicate:
    def test(get: Getter) -> bool:
        words = [get(name) for name in ("firstName", "lastName", "email", "phone", "companyName")]
        name = f"{words[0]} {words[1]}"
        return any(isinstance(word, str) and text in word.casefold() for word in (name, *words))

    return test


def _group(kind: object, filters: object) -> Predicate:
    if kind not in ("AND", "OR") or not isinstance(filters, list):
        raise Refusal.invalid(["filters must be an array, of groups AND or OR"])
    wanted = [_filter(one) for one in filters]
    return _all(wanted) if kind == "AND" else _any(wanted)


def _filter(sent: object) -> Predicate:
    match sent:
        case {"group": kind, "filters": filters}:
            return _group(kind, filters)
        case {"field": str() as name, "operator": str() as operator, **rest}:
            return _condition(name, operator, rest.get("value"))
    raise Refusal.invalid(["each filter must have field, operator and value, or group and filters"])


def _condition(name: str, operator: str, value: object) -> Predicate:
    negated, plain = operator.startswith("not_"), operator.removeprefix("not_")
    test = {"eq": _eq, "contains": _contains, "exists": _exists, "range": _range}.get(plain)
    if test is None or operator == "not_range":
        raise Refusal.invalid([f"operator {operator} is not known"])
    check = test(_comparable(name, value))
    return lambda get: check(get(name)) is not negated


def _comparable(name: str, value: object) -> object:
    """Bring dates to milliseconds, so that text and numbers of them compare."""
    if isinstance(value, Mapping):
        return {bound: _comparable(name, end) for bound, end in value.items()}
    if name in _TIMES and isinstance(value, str):
        moment = time_of(value)
        if moment is None:
            raise Refusal.invalid([f"{name} must be a valid ISO 8601 date"])
        return round(moment.timestamp() * 1000)
    return value.casefold() if isinstance(value, str) else value


def _values(held: object) -> list[object]:
    many = held if isinstance(held, list) else [held]
    if many and isinstance(many[0], dict):
        many = [inner for one in many if isinstance(one, dict) for inner in one.values()]
    return [one.casefold() if isinstance(one, str) else one for one in many]


def _eq(wanted: object) -> Callable[[object], bool]:
    options = _values(wanted)
    return lambda held: any(one in options for one in _values(held))


def _contains(wanted: object) -> Callable[[object], bool]:
    return lambda held: any(str(wanted) in str(one) for one in _values(held) if one is not None)


def _exists(_: object) -> Callable[[object], bool]:
    return lambda held: held not in (None, "", [], {})


_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda held, end: held > end,
    "gte": lambda held, end: held >= end,
    "lt": lambda held, end: held < end,
    "lte": lambda held, end: held <= end,
}


def _range(wanted: object) -> Callable[[object], bool]:
    ends: list[tuple[str, float]] = []
    for bound, end in wanted.items() if isinstance(wanted, Mapping) else ():
        if bound in _BOUNDS and isinstance(end, int | float):
            ends.append((bound, end))
    if not ends or not isinstance(wanted, Mapping) or len(ends) != len(wanted):
        raise Refusal.invalid(["range must have gt, gte, lt or lte"])
    return lambda held: (
        isinstance(held, int | float) and all(_BOUNDS[bound](held, end) for bound, end in ends)
    )
