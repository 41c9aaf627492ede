"""Ids and times as Close writes them."""

import base64
import hashlib
from datetime import UTC, datetime

__all__ = ["close_id", "moment", "wire_time"]

_LENGTH = 43
_PLAIN = bytes.maketrans(b"-_", b"aZ")


def close_id(prefix: str, seed: int, number: int) -> str:
    """Name a record, such as ``acti_`` and 43 letters and digits; the same in every run."""
    digest = hashlib.sha256(f"{prefix} {seed} {number}".encode()).digest()
    text = base64.urlsafe_b64encode(digest)[:_LENGTH].translate(_PLAIN)
    return f"{prefix}_{text.decode()}"


def moment(seconds: float) -> datetime:
    """Turn Unix time into a time."""
    return datetime.fromtimestamp(seconds, UTC)


def wire_time(when: datetime) -> str:
    """Write a time: six digits of a second, or none where there is nothing to say."""
    return when.astimezone(UTC).isoformat()
