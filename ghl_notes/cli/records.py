"""What a command writes for other programs: JSON lines, with times in UTC."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from attrs import Attribute, AttrsInstance, asdict

from ghl_notes.cli.plain import STEERING

__all__ = ["line", "record", "written"]

# JSON lets them stand as they are, but the lines may be shown on a terminal.
_is_steering: Final = re.compile(f"[{STEERING}]")


def line(record: Mapping[str, object]) -> bytes:
    """Write a record as one line."""
    text = _is_steering.sub(_escaped, json.dumps(record, ensure_ascii=False))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # half of a pair of surrogates, which JSON can say and UTF-8 cannot
        return json.dumps(record).encode() + b"\n"


def record(model: AttrsInstance, location_id: str | None) -> dict[str, object]:
    """Give the facts of a note, a contact or a task under their names, and their location's id."""
    told = asdict(model, filter=_is_told, value_serializer=written)
    return {**told, "location_id": told.get("location_id") or location_id}


def written(_: object, __: object, value: object) -> object:
    """Say a value as JSON does; made for ``attrs.asdict``."""
    if isinstance(value, datetime):
        try:
            value = value.astimezone(UTC)
        except OverflowError:  # in the first or the last day that there is
            return value.isoformat()
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _is_told(attribute: "Attribute[object]", value: object) -> bool:
    return attribute.name != "extra" or bool(value)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
