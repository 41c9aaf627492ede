"""Installs as the values of a Redis hash, and what these are to become."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.stores.adopting import adopted_by, newer
from ghl_notes.stores.rows import COLUMNS, to_row, to_stored

__all__ = ["adoptions", "from_entry", "from_text", "to_text"]

_VERSION: Final = 2
_OLDEST: Final = 1
_ADDED: Final = ("provider", "client_id", "in_doubt_since")  # since the oldest


def to_text(stored: StoredInstall) -> bytes:
    """Write an install as a value."""
    cells = dict(zip(COLUMNS, to_row(stored), strict=True))
    return json.dumps({"version": _VERSION, **cells}).encode()


def adoptions(texts: Mapping[bytes, bytes], owner: Owner) -> list[bytes]:
    """List what is to be changed so that installs of unknown apps become this app's."""
    changes: list[bytes] = []
    for name, text in sorted(texts.items()):
        with suppress(ConfigurationError):  # what cannot be read stays: listing raises that
            stored = from_entry((name, text))
            adopted = None if stored is None else adopted_by(owner, stored)
            if adopted is not None:
                key = adopted.install.key.encode()
                there = texts.get(key, b"")
                kept = newer(from_entry((key, there)), adopted)
                changes += [name, text, b"", key, there, to_text(kept)]
    return changes


def from_entry(entry: tuple[bytes, bytes]) -> StoredInstall | None:
    """Read an entry of the hash, a key and its value."""
    name, text = entry
    return from_text(name.decode(errors="replace"), text)


def from_text(key: str, text: bytes) -> StoredInstall | None:
    """Read a value, which is empty where there is no install.

    Raises ``ConfigurationError`` for what this version cannot read.
    """
    if not text:
        return None
    version = None
    with suppress(ValueError, KeyError, TypeError, AttributeError):  # not what we write
        cells = json.loads(text)
        version = cells["version"]
        if version in (_OLDEST, _VERSION):
            return to_stored(
                [cells.get(name) if name in _ADDED else cells[name] for name in COLUMNS]
            )
    is_newer = isinstance(version, int) and version > _VERSION
    why = "a newer ghl_notes wrote it: update this one" if is_newer else "choose another prefix"
    msg = f"RedisStore: what is kept for {key} cannot be read; {why}"
    raise ConfigurationError(msg)
