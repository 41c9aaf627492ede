"""``POST /contacts/search``: what may be asked, and the answer, a page at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, takewhile
from typing import cast

from attrs import define, field, frozen

from ghl_notes.testing.contact_shapes import full_name
from ghl_notes.testing.filters import Getter, Predicate, criteria_of
from ghl_notes.testing.place import DateField, Key, Place
from ghl_notes.testing.replies import Payload, Refusal, require
from ghl_notes.testing.rules import time_of

__all__ = ["Search", "Searcher"]

_KNOWN = ("locationId", "pageLimit", "page", "searchAfter", "sort", "filters", "query")
_DATES = ("dateAdded", "dateUpdated")
_MOST = 500
_REACH = 10_000  # documented: pages end here, further on searchAfter only
_SORTS = 2


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
            matches=criteria_of(sent.get("filters"), sent.get("query")),
            criteria=json.dumps([sent.get("filters"), sent.get("query")], sort_keys=True),
        )

    @classmethod
    def by_query(
        cls, location_id: str, limit: int, after: tuple[int, str] | None, query: str | None
    ) -> "Search":
        """Make the search of a list without filters, newest first."""
        return cls(
            location_id=location_id,
            limit=limit,
            after=after,
            matches=criteria_of(None, query),
            criteria=json.dumps([None, query]),
        )


@define(eq=False)
class Searcher:
    """Answers searches, and remembers how many contacts a filter met until one changes."""

    _totals: dict[tuple[str, str, int], int] = field(factory=dict, init=False)

    def page(self, place: Place, search: Search) -> list[int]:
        """Name the contacts of one page."""
        order = place.walk(search.date, descending=search.descending, after=_key(place, search))
        page = islice(_found(place, search, order), search.skip, search.skip + search.limit)
        return list(page)

    def total(self, place: Place, search: Search) -> int:
        """Count the contacts of all pages."""
        if search.matches is None:
            return place.total
        key = (search.location_id, search.criteria, place.changes)
        if key not in self._totals:
            everyone = (index for index in range(place.size) if place.has(index))
            self._totals = {key: sum(1 for _ in _found(place, search, everyone))}
        return self._totals[key]

    def before(self, place: Place, search: Search) -> int:
        """Count the contacts of the pages before, newest first."""
        after = _key(place, search)
        if after is None:
            return 0
        if search.matches is None:
            return place.listed_until(after)
        order = place.walk("dateAdded", descending=True, after=None)
        seen = takewhile(lambda index: (place.moment(index, "dateAdded"), index) >= after, order)
        return sum(1 for _ in _found(place, search, seen))


def _key(place: Place, search: Search) -> Key | None:
    """Turn a cursor into a place in the order; its contact may be gone, or never have been."""
    if search.after is None:
        return None
    ms, contact_id = search.after
    serial = place.population.ids.decode(contact_id)
    return ms, 0 if serial is None else serial.contact


def _found(place: Place, search: Search, indexes: Iterator[int]) -> Iterator[int]:
    matches = search.matches
    if matches is None:
        return indexes
    return (index for index in indexes if matches(_getter(place, index)))


def _getter(place: Place, index: int) -> Getter:
    person: Payload | None = None

    def get(name: str) -> object:
        nonlocal person
        if name in _DATES:
            return place.moment(index, cast("DateField", name))
        if name == "id":
            return place.population.contact_id(index)
        if person is None:
            person = place.person(index)
        if name in person and name != "dateOfBirth":
            return person[name]
        return _DERIVED[name](place, index, person) if name in _DERIVED else _inner(person, name)

    return get


def _lower(name: str) -> "Derive":
    return lambda _, __, person: str(person.get(name) or "").lower() or None


def _birth_ms(_: Place, __: int, person: Payload) -> int | None:
    moment = time_of(person.get("dateOfBirth"))
    return None if moment is None else round(moment.timestamp() * 1000)


Derive = Callable[[Place, int, Payload], object]

# What a reply has and nobody sets, or has under another name than it is set by.
_DERIVED: Mapping[str, Derive] = {
    "address": lambda _, __, person: person.get("address1"),
    "businessId": lambda place, index, _: place.business_id(index),
    "businessName": lambda place, index, _: place.population.businesses.get(
        str(place.business_id(index))
    ),
    "contactName": lambda _, __, person: full_name(person),
    "country": lambda _, __, ___: "US",
    "dateOfBirth": _birth_ms,
    "dnd": lambda _, __, ___: False,
    "emailLowerCase": _lower("email"),
    "firstNameLowerCase": _lower("firstName"),
    "fullNameLowerCase": lambda _, __, person: full_name(person).lower(),
    "lastNameLowerCase": _lower("lastName"),
    "locationId": lambda place, _, __: place.population.location_id,
    "name": lambda _, __, person: full_name(person),
}


def _inner(person: Payload, name: str) -> object:
    """Look into an object or a list of fields, as in ``customFields.<id>``."""
    first, *path = name.split(".")
    held = person.get(first)
    if isinstance(held, list):
        held = {one.get("id"): one.get("value") for one in held if isinstance(one, dict)}
    for part in path:
        held = held.get(part) if isinstance(held, dict) else None
    return held if path else person.get(first)


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
