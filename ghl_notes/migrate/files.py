"""A plan as a file: JSON, to be looked at, kept, and applied later."""

import json
import os
from pathlib import Path
from typing import Final

import attrs
from cattrs import BaseValidationError
from cattrs.preconf.json import make_converter

from ghl_notes.client import Client
from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate.models import Plan

_VERSION: Final = 1
_HALVES: Final = "backslashreplace"  # writes half a letter, which UTF-8 cannot, as JSON does
_UNREADABLE: Final = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    BaseValidationError,
)
_CONVERTER: Final = make_converter()


def write_private(path: str | os.PathLike[str], text: str) -> None:
    """Write a file that is readable for its owner alone, as is one that was there before."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    file = os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", errors=_HALVES)
    with file:
        if Path(path).is_file():  # and not a device
            Path(path).chmod(0o600)
        file.write(text)


def save(plan: Plan, path: str | os.PathLike[str]) -> None:
    """Write a plan, readable for its owner alone: it holds the texts of all notes to be written."""
    facts = attrs.asdict(plan, recurse=False, filter=attrs.filters.exclude("client"))
    content = {"ghl_notes_plan": _VERSION, **_CONVERTER.unstructure(facts)}
    write_private(path, json.dumps(content, ensure_ascii=False, indent=1))


def load(path: str | os.PathLike[str], *, client: Client | None = None) -> Plan:
    """Read a plan that ``save`` wrote. Raises ``ConfigurationError`` for anything else."""
    try:
        content = json.loads(Path(path).read_bytes())  # which knows its encoding
        version = content.pop("ghl_notes_plan")
        plan = _CONVERTER.structure({**content, "client": None}, Plan)
    except _UNREADABLE:
        version = None  # what it says may quote a note
    if version != _VERSION:
        msg = f"{path} is not a plan that was saved by this version, or cannot be read"
        raise ConfigurationError(msg)
    return attrs.evolve(plan, client=client)
