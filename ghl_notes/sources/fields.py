"""Fields of other systems' replies, read with patience: what is odd counts as absent.

Neither Close nor CINNOX promises its shapes, so one strange field never costs a note.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.models import Json

Fields: TypeAlias = Mapping[str, Json]


def text(fields: Fields, *names: str) -> str | None:
    """Return the first of these that is a text with something in it."""
    found = (fields.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)


def plain(fields: Fields, name: str) -> str:
    """Return a text as it is, an empty one for none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def time(fields: Fields, *names: str) -> datetime | None:
    """Return the first of these that is a time, aware; one without a zone is in UTC."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str):
            try:
                when = datetime.fromisoformat(value)
            except ValueError:
                continue
            return when if when.tzinfo else when.replace(tzinfo=UTC)
    return None


def objects(value: Json) -> list[Fields]:
    """Return the objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(values: Iterable[Json]) -> tuple[str, ...]:
    """Return those that are texts with something in them, each once, in their order."""
    found = (value.strip() for value in values if isinstance(value, str) and value.strip())
    return tuple(dict.fromkeys(found))


def single(payload: Json, server: str) -> dict[str, Json]:
    """Return the object of a reply. Raises ``UnexpectedResponse`` if it is none."""
    if not isinstance(payload, dict):
        msg = f"{server}'s reply cannot be read"
        raise UnexpectedResponse(msg, problems=["expected an object @ $"])
    return payload


def entries(payload: Json, name: str, server: str) -> list[Json]:
    """Return the list of a reply. Raises ``UnexpectedResponse`` if there is none."""
    listed = payload.get(name) if isinstance(payload, dict) else None
    if not isinstance(listed, list):
        msg = f"{server}'s reply cannot be read"
        raise UnexpectedResponse(msg, problems=[f"expected a list @ $.{name}"])
    return listed


def unreadable(server: str, what: str, problem: str) -> UnexpectedResponse:
    """Say that something is not what it must be, or has no id."""
    return UnexpectedResponse(f"{server} sent {what} that cannot be read", problems=[problem])
