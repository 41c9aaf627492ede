"""What sources check of their arguments, before anything is sent."""

import re
from datetime import UTC, datetime
from typing import Final

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import protocol

_ONE_WORD: Final = re.compile(r"[!-~]+").fullmatch


def aware(name: str, when: datetime) -> datetime:
    """Take a time with its zone, and give it in UTC."""
    if isinstance(when, datetime) and when.utcoffset() is not None:
        try:
            return when.astimezone(UTC)
        except OverflowError:
            pass
    msg = f"{name} must be a datetime with a timezone, such as datetime(2026, 1, 1, tzinfo=UTC)"
    raise ConfigurationError(msg)


def text(name: str, value: str) -> str:
    """Take a text with something in it."""
    if isinstance(value, str) and value.strip():
        return value
    msg = f"{name} must be a text, not empty"
    raise ConfigurationError(msg)


def secret(name: str, value: str) -> str:
    """Take credentials, which are one word; a stray newline is a common paste error."""
    word = value.strip() if isinstance(value, str) else ""
    if _ONE_WORD(word):
        return word
    msg = f"{name} must be one word of plain characters, as it is shown where it was made"
    raise ConfigurationError(msg)


def segment(name: str, value: str) -> str:
    """Take an id, and quote it for a path; refuse what no path could hold."""
    return protocol.segment(name, value, "an id")
