"""The filters of Close's list of notes: checked, and spelled as Close does."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypedDict

from attrs import evolve, frozen

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.request import Param
from ghl_notes.sources.arguments import aware, text
from ghl_notes.sources.spans import Span


class NoteFilters(TypedDict, total=False):
    """The filters of Close's list of notes, under Close's own names; ``_type`` is ``types``.

    Close may take ``contact_id``, ``user_id`` and the times of the activity only together with one
    ``lead_id``: its documents do not agree, and a refusal is raised as it comes.
    """

    id__in: Sequence[str]
    lead_id: str | Sequence[str]
    contact_id: str | Sequence[str]
    user_id: str | Sequence[str]
    organization_id: str
    types: str | Sequence[str]
    date_created__gt: datetime
    date_created__gte: datetime
    date_created__lt: datetime
    date_created__lte: datetime
    activity_at__gt: datetime
    activity_at__gte: datetime
    activity_at__lt: datetime
    activity_at__lte: datetime


@frozen
class Asked:
    """What the notes are narrowed down by: when they were created, and the rest, as it is sent."""

    span: Span
    params: Mapping[str, Param]


_CREATED: Final = "date_created__"


def asked(
    filters: NoteFilters, since: datetime | None = None, until: datetime | None = None
) -> Asked:
    """Check what was passed. Raises ``ConfigurationError`` that names the argument."""
    params: dict[str, Param] = {}
    times: dict[str, datetime] = {}
    for name, value in filters.items():
        if name not in NoteFilters.__annotations__:
            msg = f"Close has no filter {name}; it has {', '.join(NoteFilters.__annotations__)}"
            raise ConfigurationError(msg)
        if value is None:
            continue
        if "__" in name and name != "id__in":
            times[name] = aware(name, value)  # type: ignore[arg-type] # which it checks
        else:
            params["_type" if name == "types" else name] = _ids(name, value)
    params |= {name: when.isoformat() for name, when in times.items() if _CREATED not in name}
    span = Span.of(since, until).within(*(times.get(_CREATED + end) for end in ("gte", "lte")))
    span = evolve(span, after=times.get(_CREATED + "gt"), before=times.get(_CREATED + "lt"))
    return Asked(span, params)  # whose ends are sent window by window


def _ids(name: str, value: object) -> str:
    if isinstance(value, str) and name != "id__in":
        return text(name, value)
    listed = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    if not listed or name == "organization_id":
        kind = "a text" if name == "organization_id" else "a list of texts, even of one"
        msg = f"{name} must be {kind}"
        raise ConfigurationError(msg)
    found = [text(f"{name}, in each of its entries,", one) for one in value]  # type: ignore[attr-defined]
    if not found:  # Close would take it for no filter at all
        msg = f"{name} must not be empty: leave it out to have all"
        raise ConfigurationError(msg)
    return ",".join(found)
