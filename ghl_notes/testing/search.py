"""``POST /contacts/search``: what may be asked, and the answer, a page at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import cast

from attrs import define, field, frozen

from ghl_notes.testing.place import DateField, Place, contact_dates
from ghl_notes.testing.replies import Payload, Refusal, require

__all__ = ["Search", "Searcher"]

_KNOWN = ("locationId", "pageLimit", "page", "searchAfter", "sort", "filters", "query")
_DATES = ("dateAdded", "dateUpdated")
_MOST = 500
_REACH = 10_000  # documented: pages end here, further on searchAfter only
_SORTS = 2

Getter = Callable[[str], object]
Predicate = Callable[[Getter], bool]


@frozen(kw_only=True)
class Search:
    """One search, read and found valid."""

    location_id: str
    limit: int
    skip: int = 0
    after: tuple[int, str] | None = None
    date: DateField = "dateAdded"
    descending: bool = True
    matches: Predicate | None = None
    criteria: str = ""

    @classmethod
    def read(cls, sent: Payload) -> "Search":
        """Read what was sent, or refuse it."""
        require(_problems(sent))
        date, descending = _sort(sent.get("sort"))
        limit, page = cast("int", sent["pageLimit"]), cast("int", sent.get("page", 1))
        if page * limit > _REACH:
            message = f"page * pageLimit must not exceed {_REACH}, use searchAfter"
            raise Refusal(400, message, "Bad Request")
        return cls(
            location_id=str(sent["locationId"]),
            limit=limit,
            skip=(page - 1) * limit,
            after=_cursor(sent.get("searchAfter")),
            date=date,
            descending=descending,
            matches=_criteria(sent.get("filters"), sent.get("query")),
            criteria=json.dumps([sent.get("filters"), sent.get("query")], sort_keys=True),
        )


@define(eq=False)
class Searcher:
    """Answers searches, and remembers how many contacts a filter met until one changes."""

    _totals: dict[tuple[str, str, int], int] = field(factory=dict, init=False)

    def run(self, place: Place, search: Search, index_of: Callable[[str], int]) -> Payload:
        """Give one page, and how many contacts there are in all."""
        after = None if search.after is None else (search.after[0], index_of(search.after[1]))
        order = place.walk(search.date, descending=search.descending, after=after)
        page = islice(_found(place, search, order), search.skip, search.skip + search.limit)
        contacts = [_listed(place, index, search.date) for index in page]
        return {"contacts": contacts, "total": self._total(place, search)}

    def _total(self, place: Place, search: Search) -> int:
        if search.matches is None:
            return place.total
        key = (search.location_id, search.criteria, place.changes)
        if key not in self._totals:
            everyone = (index for index in range(place.size) if place.has(index))
            self._totals = {key: sum(1 for _ in _found(place, search, everyone))}
        return self._totals[key]


def _found(place: Place, search: Search, indexes: Iterator[int]) -> Iterator[int]:
    matches = search.matches
    if matches is None:
        return indexes
    return (index for index in indexes if matches(_getter(place, index)))


def _getter(place: Place, index: int) -> Getter:
    def get(name: str) -> object:
        if name in _DATES:
            return place.moment(index, cast("DateField", name))
        if name == "id":
            return place.population.contact_id(index)
        return place.person(index).get(name)

    return get


def _listed(place: Place, index: int, date: DateField) -> Payload:
    """Lay a contact out as recorded in a search reply: every field, null where not set."""
    person = place.person(index)
    first, last = str(person["firstName"]), str(person["lastName"])
    contact_id = place.population.contact_id(index)
    return {
        "id": contact_id,
        **dict.fromkeys(_NULLS),
        **person,
        **contact_dates(place, index),
        "locationId": place.population.location_id,
        "country": "US",
        "dnd": False,
        "businessName": f"{last} Group",
        "businessId": f"{index:024x}",
        "firstNameLowerCase": first.lower(),
        "lastNameLowerCase": last.lower(),
        "contactName": f"{first} {last}".lower(),
        **{name: [] for name in _LISTS},
        **{name: {} for name in _OBJECTS},
        # Recorded: the cursor is the date sorted by, and the id.
        "searchAfter": [place.moment(index, date), contact_id],
    }


_NULLS = (  # noqa: SIM905 - as names
    "phoneLabel address website state city dateOfBirth assignedTo validEmail postalCode timezone"
).split()
_LISTS = "customFields additionalEmails additionalPhones followers opportunities".split()  # noqa: SIM905 - as names
_OBJECTS = "dndSettings inboundDndSettings attributionSource lastAttributionSource".split()  # noqa: SIM905 - as names


def _problems(sent: Payload) -> list[str]:
    problems = [f"property {name} should not exist" for name in sent if name not in _KNOWN]
    if not isinstance(sent.get("locationId"), str) or not sent["locationId"]:
        problems += ["locationId should not be empty", "locationId must be a string"]
    if not _is_count(sent.get("pageLimit")):
        problems.append("pageLimit must be a positive integer")
    elif cast("int", sent["pageLimit"]) > _MOST:
        problems.append(f"pageLimit must not be greater than {_MOST}")
    if "page" in sent and not _is_count(sent["page"]):
        problems.append("page must be a positive integer")
    if "page" in sent and "searchAfter" in sent:
        problems.append("page and searchAfter must not be used together")
    if not isinstance(sent.get("query", ""), str):
        problems.append("query must be a string")
    return problems


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _cursor(sent: object) -> tuple[int, str] | None:
    if sent is None:
        return None
    match sent:
        case [int() as ms, str() as contact_id]:
            return ms, contact_id
    raise Refusal.invalid(["searchAfter must be an array as given with a contact"])


def _sort(sent: object) -> tuple[DateField, bool]:
    if sent is None or sent == []:
        return "dateAdded", True
    match sent:
        case [{"field": "dateAdded" | "dateUpdated" as date, "direction": str() as way}, *rest]:
            if way.lower() in ("asc", "desc") and len(rest) < _SORTS:
                return cast("DateField", date), way.lower() == "desc"
    raise Refusal.invalid(["sort must be at most 2 of dateAdded, dateUpdated with asc or desc"])


def _criteria(filters: object, query: object) -> Predicate | None:
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
    if name in _DATES and isinstance(value, str):
        try:
            return round(datetime.fromisoformat(value).timestamp() * 1000)
        except ValueError:
            raise Refusal.invalid([f"{name} must be a valid ISO 8601 date"]) from None
    return value.casefold() if isinstance(value, str) else value


def _values(held: object) -> list[object]:
    many = held if isinstance(held, list) else [held]
    return [one.casefold() if isinstance(one, str) else one for one in many]


def _eq(wanted: object) -> Callable[[object], bool]:
    options = _values(wanted)
    return lambda held: any(one in options for one in _values(held))


def _contains(wanted: object) -> Callable[[object], bool]:
    return lambda held: any(str(wanted) in str(one) for one in _values(held) if one is not None)


def _exists(_: object) -> Callable[[object], bool]:
    return lambda held: held not in (None, "", [])


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
