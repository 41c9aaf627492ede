"""From models back to HighLevel's JSON, which the library never needs, and comparing does."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import attrs

from ghl_notes.http.converter import _WIRE, camel
from ghl_notes.http.protocol import VERSION, dialect

CHANNELS = dialect(VERSION).channels


def blank(held: object) -> bool:
    """Tell what the models cannot tell from an absent field."""
    return held is None or held is False or held in ([], {})


def names_of(kind: type) -> dict[str, str]:
    """Give the name on the wire for each field of a model."""
    others = _WIRE.get(kind, {})
    fields = (a.name for a in attrs.fields(kind) if a.name != "extra")
    return {name: others.get(name, camel(name)) for name in fields}


def wire(value: object) -> Any:
    """Spell a model, or what is in one, as HighLevel does, without fields that say nothing."""
    if attrs.has(type(value)):
        told = {on: wire(getattr(value, name)) for name, on in names_of(type(value)).items()}
        return {**{on: held for on, held in told.items() if not blank(held)}, **value.extra}
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple() | list():
            return [wire(one) for one in value]
        case Mapping():
            return {CHANNELS.get(name, name): wire(held) for name, held in value.items()}
    return value


def known(sent: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Leave out those fields that say nothing and that a model has; all others stay."""
    fields = set(names_of(kind).values())
    return {n: held for n, held in sent.items() if n not in fields or not blank(held)}
