"""The specs as a generator of requests needs them: with what they say in words only."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen


@frozen
class Narrowing:
    """What a field of this type must be as well, and who says so.

    ``of`` are the schemas that it is about, with the wildcards of file names; parameters are of
    none.
    """

    name: str
    of: str
    type: str
    schema: Mapping[str, Any]
    why: str


DAY = r"^(19|20)[0-9]{2}[/](0[1-9]|1[0-2])[/](0[1-9]|1[0-9]|2[0-8])$"
HEX = "^#([0-9a-fA-F]{3}){1,2}$"
SMALL = {"type": "integer", "maximum": 10**13}
NARROWINGS = (
    Narrowing("email", "*Contact*", "string", {"format": "email"}, "examples"),
    Narrowing("dateOfBirth", "*Contact*", "string", {"pattern": DAY}, "words: one of these"),
    Narrowing("dueDate", "*Task*", "string", {"format": "date-time"}, "v3's words: ISO 8601"),
    Narrowing("eventStartTime", "*", "string", {"format": "date-time"}, "v3's words: ISO 8601"),
    Narrowing("color", "*Note*", "string", {"pattern": HEX}, "v3's words: hex"),
    Narrowing("body", "*Note*", "string", {"pattern": r"\S"}, "an empty note makes no sense"),
    Narrowing("title", "*Task*", "string", {"minLength": 1}, "a task without a name is none"),
    Narrowing("limit", "", "string", {"pattern": "^([1-9][0-9]?|100)$"}, "v3's words: up to 100"),
    Narrowing("limit", "", "number", {"type": "integer", "minimum": 1}, "examples"),
    Narrowing("skip", "", "string", {"pattern": "^[0-9]{1,4}$"}, "examples"),
    Narrowing("offset", "", "number", SMALL, "examples"),
    Narrowing("startAfter", "", "number", {**SMALL, "minimum": 0}, "examples: milliseconds"),
)

# In the specs it is empty; this is of the document that they refer to.
SEARCH = {
    "type": "object",
    "properties": {
        "locationId": {"type": "string"},
        "pageLimit": {"type": "integer", "minimum": 1, "maximum": 500},
        "page": {"type": "integer", "minimum": 1, "maximum": 20},
        "query": {"type": "string"},
    },
    "required": ["locationId", "pageLimit"],
}


def narrowed(document: Mapping[str, Any], location_id: str) -> dict[str, Any]:
    """Narrow what requests may be, down to one location, without any unknown property."""
    spec = deepcopy(dict(document))
    schemas = spec["components"]["schemas"]
    if "SearchBodyV2DTO" in schemas:
        schemas["SearchBodyV2DTO"] = deepcopy(SEARCH)
    own = Narrowing("locationId", "*", "string", {"enum": [location_id]}, "a token has one")
    for one in _parameters(spec):
        _narrow("", one["name"], one["schema"], own)
    for name in _sent(spec):
        for field, schema in schemas[name].get("properties", {}).items():
            _narrow(name, field, schema, own)
        schemas[name]["additionalProperties"] = False
    return spec


def _narrow(of: str, name: str, schema: dict[str, Any], own: Narrowing) -> None:
    for one in (*NARROWINGS, own):
        if one.name == name and one.type == schema.get("type") and fnmatchcase(of, one.of):
            schema |= one.schema


def _parameters(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in spec["paths"].values():
        for told in methods.values():
            yield from told.get("parameters", ())


def _sent(spec: Mapping[str, Any]) -> set[str]:
    """Name the schemas of what is sent, and of what is in it."""
    bodies = [
        told["requestBody"]
        for methods in spec["paths"].values()
        for told in methods.values()
        if "requestBody" in told
    ]
    found: set[str] = set()
    left = list(_references(bodies))
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _references(spec["components"]["schemas"][name])
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rsplit("/", 1)[1]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _references(one)
