"""What a command writes for other programs: JSON lines, with times in UTC."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

__all__ = ["line", "written"]


def line(record: Mapping[str, object]) -> bytes:
    """Write a record as one line."""
    try:
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half of a pair of surrogates, which JSON can say and UTF-8 cannot
        return json.dumps(record).encode() + b"\n"


def written(_: object, __: object, value: object) -> object:
    """Say a value as JSON does; made for ``attrs.asdict``."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
