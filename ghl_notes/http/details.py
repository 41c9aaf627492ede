"""What a refusal has besides its message: a code for programs, and facts such as the id in the way.

https://github.com/rocketride-org/rocketride-server/pull/1695 has recorded ``canonicalCode`` and
``meta``; version 3 has ``error.code``.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from attrs import field, frozen

from ghl_notes.models import Json

_DEEPEST: Final = 4
_MOST: Final = 20  # entries of one object or list
_LONGEST: Final = 500  # characters of one string
_IDS: Final = ("contactId", "id")
# What HighLevel repeats of a call may hold credentials, by its name or by how it looks.
_SECRET_NAME: Final = re.compile(
    r"token|secret|passw|authori[sz]ation|api.?key|credential|cookie|jwt|bearer", re.IGNORECASE
).search
_SECRET: Final = re.compile(
    r"\bpit-[\w-]+|\beyJ[\w-]+(?:\.[\w-]*){0,2}|(?<=bearer )\S+", re.IGNORECASE
).sub


@frozen
class Details:
    """The facts of one refusal. ``meta`` is plain JSON, bounded, without credentials."""

    code: str | None = None
    meta: Mapping[str, Json] = field(factory=dict)


def details(body: Mapping[str, Json]) -> Details:
    """Find the code and the facts in any of the places where HighLevel puts them."""
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    codes = (body.get("canonicalCode"), inner.get("code"))
    code = next((one[:_LONGEST] for one in codes if isinstance(one, str) and one), None)
    ids = {name: body[name] for name in _IDS if isinstance(body.get(name), str)}
    meta = body.get("meta")
    # The details of version 3 repeat what was sent, and are left out.
    return Details(code, _fit({**ids, **(meta if isinstance(meta, dict) else {})}))


def _fit(facts: Mapping[str, Json], depth: int = 1) -> dict[str, Json]:
    named = ((name, value) for name, value in facts.items() if not _SECRET_NAME(name))
    return {name[:_LONGEST]: _fitted(value, depth) for name, value in islice(named, _MOST)}


def _fitted(value: Json, depth: int) -> Json:
    if isinstance(value, str):
        return _SECRET("***", value[:_LONGEST])
    if isinstance(value, dict):
        return _fit(value, depth + 1) if depth < _DEEPEST else {}
    if isinstance(value, list):
        return [_fitted(one, depth + 1) for one in value[:_MOST]] if depth < _DEEPEST else []
    return value
