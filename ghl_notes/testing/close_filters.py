"""What a query of Close's lists may say, and how it is refused."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, timezone

from attrs import frozen

from ghl_notes.testing.replies import Call, Payload, Refusal

__all__ = ["ENDS", "Page", "Span", "chosen", "known", "narrowed", "page_of", "span_of", "wrong"]

ENDS = ("gt", "gte", "lt", "lte")
_SECOND = timedelta(seconds=1)
_HIGHEST = datetime.max.replace(tzinfo=UTC)
_LOWEST = datetime.min.replace(tzinfo=UTC)


def wrong(name: str, said: str) -> Refusal:
    """Refuse a field of the request."""
    return Refusal.of(400, {"errors": [], "field-errors": {name: said}})


def known(query: Mapping[str, str], names: Collection[str]) -> None:
    """Refuse what no document names."""
    for name in query:
        if name not in names:
            raise wrong(name, "Unknown parameter.")


def chosen(query: Mapping[str, str], name: str) -> frozenset[str] | None:
    """Read a list with commas; None if there is none."""
    return frozenset(query[name].split(",")) if name in query else None


def narrowed(item: Payload, query: Mapping[str, str]) -> Payload:
    """Leave of an object what ``_fields`` asks for."""
    names = chosen(query, "_fields")
    return item if names is None else {name: item[name] for name in item if name in names}


@frozen
class Page:
    """Which part of a list is wanted."""

    limit: int
    skip: int


def page_of(query: Mapping[str, str], *, most: int, deepest: int) -> Page:
    """Read ``_limit`` and ``_skip``, or refuse them."""
    limit = _count(query, "_limit", min(100, most))
    skip = _count(query, "_skip", 0)
    if limit > most:
        said = f"The limit you set is larger than the maximum limit for this resource ({most})"
        raise Refusal.of(400, {"error": said})
    if skip > deepest:
        said = "The skip you set is larger than the maximum skip for this resource"
        raise Refusal.of(400, {"error": f"{said} (max_skip = {deepest})"})
    return Page(limit, skip)


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise wrong(name, "Value must be a non-negative integer.")
    return int(text)


@frozen
class Span:
    """A span of time; the end is outside of it."""

    start: datetime = _LOWEST
    end: datetime = _HIGHEST

    @property
    def whole(self) -> bool:
        """Whether it is all of time."""
        return self == Span()

    def holds(self, when: datetime) -> bool:
        """Tell whether a time is in it."""
        return self.start <= when < self.end


def span_of(call: Call, name: str) -> Span:
    """Read the four ends of a filter by time: whole seconds are compared."""
    given = {end: _time(call, f"{name}__{end}") for end in ENDS if f"{name}__{end}" in call.query}
    after = {"gte": timedelta(0), "gt": _SECOND}
    before = {"lt": timedelta(0), "lte": _SECOND}
    starts = [given[end] + more for end, more in after.items() if end in given]
    ends = [given[end] + more for end, more in before.items() if end in given]
    return Span(max(starts, default=_LOWEST), min(ends, default=_HIGHEST))


def _time(call: Call, name: str) -> datetime:
    """Read a time; one without a zone is in the caller's, which a header tells."""
    try:
        when = datetime.fromisoformat(call.query[name])
        if when.tzinfo is None:
            hours = float(call.headers.get("x-tz-offset", "0"))
            when = when.replace(tzinfo=timezone(timedelta(hours=hours)))
        return when.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise wrong(name, "Value must be a date or a datetime.") from None
