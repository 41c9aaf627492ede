"""HighLevel's published specs, corrected, and what they say of a request and its reply."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
from attrs import define, field
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.operations.corrections import Correction, corrected
from tests.operations.recorder import Exchange
from tests.operations.rows import Generation

SHARED = Path(__file__).resolve().parents[3] / "shared"
OPENAPI = SHARED / "openapi"
FILES = ("contacts", "appointment-notes", "oauth")

needs_specs = pytest.mark.skipif(not OPENAPI.is_dir(), reason="the specs are not here")

_COMMON = "../common/common-schemas.json#"
_HOME = "urn:spec"


def bare(template: str) -> str:
    """Forget the names in a template."""
    return re.sub(r"{\w+}", "{}", template)


@cache
def published(generation: Generation, file: str) -> dict[str, Any]:
    """Read a spec as it was published, but for what it has in common with others: put inside."""
    text = (OPENAPI / generation / f"{file}.json").read_text()
    spec = json.loads(text.replace(_COMMON, "#"))
    common = json.loads((OPENAPI / "common" / "common-schemas.json").read_text())
    spec["components"]["schemas"] |= common["components"]["schemas"]
    return spec


@cache
def specs(generation: Generation, without: Correction | None = None) -> "tuple[Spec, ...]":
    """Give all specs of a generation with every correction, or with all but one."""
    return tuple(
        Spec(corrected(deepcopy(published(generation, file)), file, without)) for file in FILES
    )


def spec_of(generation: Generation, template: str, without: Correction | None = None) -> "Spec":
    """Give the spec that has a path."""
    return next(one for one in specs(generation, without) if bare(template) in one.paths)


@define(eq=False, slots=False)
class Spec:
    """One document, and what it says of what went over the wire."""

    document: dict[str, Any] = field(repr=False)

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """Give the paths as they stand, by what they are without the names in them."""
        return {bare(path): path for path in self.document["paths"]}

    def path(self, template: str) -> str:
        """Give a path as it stands."""
        return self.paths[bare(template)]

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Give method, path and description of every operation."""
        for path, methods in self.document["paths"].items():
            for method, told in methods.items():
                yield method.upper(), path, told

    def operation(self, method: str, template: str) -> Mapping[str, Any]:
        """Give what the spec says of an operation."""
        return self.document["paths"][self.path(template)][method.lower()]

    def request_problems(self, template: str, sent: Exchange) -> list[str]:
        """Tell what is wrong with a request: its query, its headers, its body."""
        told = self.operation(sent.method, template)
        unknown = set(re.findall(r"{(\w+)}", self.path(template))) - _named(told, "path")
        path = [f"path {name} is not declared" for name in sorted(unknown)]
        return [*path, *self._parameters(told, sent), *self._body(told, sent)]

    def reply_problems(self, template: str, answered: Exchange) -> list[str]:
        """Tell what is wrong with a reply: its status, its body."""
        responses = self.operation(answered.method, template)["responses"]
        response = responses.get(str(answered.status))
        if response is None:
            return [f"status {answered.status} is not documented"]
        payload = json.loads(answered.reply)
        content = response.get("content")
        if content is None:
            return []
        return list(self._problems("reply", payload, content["application/json"]["schema"]))

    def schema_problems(self, name: str, payload: object) -> list[str]:
        """Tell where a payload does not fit a schema."""
        return list(self._problems(name, payload, {"$ref": f"#/components/schemas/{name}"}))

    def fields(self, method: str, template: str) -> set[str]:
        """Name what can be sent, in a query or a body."""
        told = self.operation(method, template)
        known = _named(told, "query")
        for content in told.get("requestBody", {}).get("content", {}).values():
            known |= self.properties(content["schema"]).keys()
        return known

    def unsent(self, method: str, template: str, sent: Sequence[Exchange]) -> set[str]:
        """Name what can be sent, and none of these requests has."""
        told = {name for one in sent for name in (*dict(one.query), *_payload(one))}
        return self.fields(method, template) - told

    def properties(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the properties of a schema, or of what it refers to."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema["properties"]

    def nullable(self, method: str, template: str) -> set[str]:
        """Name the properties of a body that may be null."""
        (content,) = self.operation(method, template)["requestBody"]["content"].values()
        properties = self.properties(content["schema"])
        return {name for name, told in properties.items() if told.get("nullable")}

    def _parameters(self, told: Mapping[str, Any], sent: Exchange) -> Iterator[str]:
        held = {"query": dict(sent.query), "header": sent.headers}
        for one in told.get("parameters", ()):
            place, name = one["in"], one["name"]
            found = held.get(place, {})
            name = name.lower() if place == "header" else name
            if name in found:
                value = _typed(found[name], one["schema"])
                yield from self._problems(f"{place} {name}", value, one["schema"])
            elif one.get("required") and place in held:
                yield f"{place} {name} is missing"
        strange = [name for name, _ in sent.query if name not in _named(told, "query")]
        yield from (f"query {name} is unknown" for name in strange)

    def _body(self, told: Mapping[str, Any], sent: Exchange) -> Iterator[str]:
        wanted = told.get("requestBody")
        if wanted is None or not sent.body:
            if bool(sent.body) or (wanted or {}).get("required"):
                yield "a body that is not known" if sent.body else "no body"
            return
        kind = sent.headers.get("content-type", "").partition(";")[0]
        if kind not in wanted["content"]:
            yield f"body of type {kind}, not {', '.join(wanted['content'])}"
            return
        schema = wanted["content"][kind]["schema"]
        yield from self._problems("body", _payload(sent), schema, strict=True)

    def _problems(
        self, what: str, value: object, schema: Mapping[str, Any], *, strict: bool = False
    ) -> Iterator[str]:
        registry = self._strict if strict else self._lenient
        validator = jsonschema.Draft202012Validator(
            _absolute(_plain(schema, strict=strict)), registry=registry
        )
        for error in validator.iter_errors(value):
            yield f"{what}{error.json_path[1:]}: {error.message}"

    @cached_property
    def _lenient(self) -> Registry:
        return self._registry(strict=False)

    @cached_property
    def _strict(self) -> Registry:
        return self._registry(strict=True)

    def _registry(self, *, strict: bool) -> Registry:
        document = {"components": _plain(self.document["components"], strict=strict)}
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        return Registry().with_resource(_HOME, resource)


def _named(told: Mapping[str, Any], place: str) -> set[str]:
    """Name the parameters of an operation in a path or a query."""
    return {one["name"] for one in told.get("parameters", ()) if one["in"] == place}


def _payload(sent: Exchange) -> dict[str, Any]:
    """Read a body, by its media type."""
    if sent.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(sent.body.decode(), strict_parsing=True))
    return json.loads(sent.body or b"{}")


def _typed(text: str, schema: Mapping[str, Any]) -> object:
    """Read a parameter as its schema says, or leave it as it is."""
    match schema.get("type"):
        case "number" if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "array":
            return text.split(",")
    return text


def _absolute(schema: object) -> Any:
    """Let references lead to the document."""
    if isinstance(schema, dict):
        return {
            name: _HOME + held if name == "$ref" else _absolute(held)
            for name, held in schema.items()
        }
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def _plain(schema: object, *, strict: bool) -> Any:
    """Write an OpenAPI 3.0 schema as JSON Schema.

    A ``strict`` one knows all properties, and none
    that is deprecated.
    """
    if isinstance(schema, list):
        return [_plain(one, strict=strict) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(held, strict=strict) for name, held in schema.items()}
    if plain.get("nullable") is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    if strict and plain.get("type") == "object" and plain.get("properties"):
        fields = plain["properties"].items()
        plain["properties"] = {name: told for name, told in fields if not told.get("deprecated")}
        plain["additionalProperties"] = False
    return plain
