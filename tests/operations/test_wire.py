"""What the client sends and the pretend HighLevel answers is what the published specs say."""

import json
from collections.abc import Mapping

import pytest

from tests.operations.corrections import CORRECTIONS, Correction
from tests.operations.rows import GENERATIONS, Generation, Row
from tests.operations.runs import runs
from tests.operations.specs import bare, needs_specs, spec_of, specs
from tests.operations.table import APPOINTMENT_NOTES, CONTACTS, INSTALLS, LOCATION_NOTES

pytestmark = needs_specs

# What the library never sends, of each operation of which it does not send all there is.
INSTALLS_UNSENT = {"query", "versionId", "onTrial", "planId", "locationId"}
UNSENT: Mapping[Generation, Mapping[str, set[str]]] = {
    "v2": {"/oauth/installedLocations": INSTALLS_UNSENT},
    "v3": {
        "/oauth/installed-locations": {
            *INSTALLS_UNSENT,
            "restrictToUserLocations",
            "pageToken",  # a second page is asked for with it, and one location has none
        },
        "/contacts/business/{business_id}": {"startAfter"},  # skip does in both generations
    },
}

# The notes API has no spec file: query and body of each call as its pages document them.
NOTES_API: Mapping[tuple[str, str], tuple[set[str], set[str]]] = {
    ("POST", "/notes/search"): (
        set(),
        {
            *("locationId", "query", "sources", "createdByUserId", "relations", "limit", "skip"),
            *("sortBy", "sortOrder", "count", "includeRelationRecords"),
        },
    ),
    ("POST", "/notes/"): ({"locationId"}, {"body", "userId", "relations"}),
    ("GET", "/notes/{}"): ({"locationId"}, set()),
    ("PUT", "/notes/{}"): ({"locationId"}, {"body", "title", "color", "pinned"}),
    ("DELETE", "/notes/{}"): ({"locationId"}, set()),
    ("PUT", "/notes/{}/relations"): ({"locationId"}, {"type", "relations"}),
    ("PATCH", "/notes/{}/attachments"): ({"locationId"}, {"type", "attachments"}),
    ("POST", "/notes/{}/restore"): ({"locationId"}, {"forceRestore", "model", "recordId"}),
}
NOTES_UNSENT = {"includeRelationRecords"}  # a note's relations are told, what they lead to is not

WITH_SPECS = (*CONTACTS, *APPOINTMENT_NOTES, *INSTALLS)

generations = pytest.mark.parametrize("generation", GENERATIONS)
every_call = pytest.mark.parametrize(
    ("row", "name", "generation"),
    [
        pytest.param(row, name, generation, id=f"{name}-{generation}")
        for row in WITH_SPECS
        for name in row.served_by
        for generation in GENERATIONS
        if row.in_(generation) is not None
    ],
)


@generations
def test_the_table_has_every_operation_of_the_specs(generation: Generation) -> None:
    """Operations, and the scopes that the specs name, are the same here and there."""
    scopes = {
        (method, bare(path)): told.get("security")
        for spec in specs(generation)
        for method, path, told in spec.operations()
        if path != "/oauth/token"
    }
    table = {
        (row.method, bare(template)): row.scope
        for row in WITH_SPECS
        if (template := row.in_(generation)) is not None
    }

    assert table.keys() == scopes.keys()
    for call, security in scopes.items():
        named = [scope for one in security or () for held in one.values() for scope in held]
        assert named in ([table[call]], []), call
    assert {call for call, security in scopes.items() if security is None} == {
        ("POST", "/contacts/bulk/tags/update/{}"),
        ("POST", "/contacts/bulk/business"),
    }


@every_call
def test_exchanges_match_the_specs(row: Row, name: str, generation: Generation) -> None:
    """Query, headers and body are valid and nothing the spec does not know; so is the answer."""
    template = row.in_(generation)
    spec = spec_of(generation, template)
    exchanges = runs(generation)[name].exchanges

    assert exchanges
    for one in exchanges:
        assert spec.request_problems(template, one) == []
        assert spec.reply_problems(template, one) == []


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda one: ".".join(one.at[-3:]))
@generations
def test_each_correction_is_needed(correction: Correction, generation: Generation) -> None:
    """Without it, the example that it names does not fit the spec."""
    (row,) = [row for row in WITH_SPECS if correction.shown_by in row.served_by]
    template = row.in_(generation)
    exchanges = runs(generation)[correction.shown_by].exchanges
    spec = spec_of(generation, template, correction)

    assert any(
        spec.request_problems(template, one) + spec.reply_problems(template, one)
        for one in exchanges
    )


@generations
def test_the_library_can_send_all_there_is(generation: Generation) -> None:
    """Every parameter and every property of a body is sent by some example, or is known not to."""
    unsent = {}
    for row in WITH_SPECS:
        if (template := row.in_(generation)) is not None:
            sent = [one for name in row.served_by for one in runs(generation)[name].exchanges]
            missing = spec_of(generation, template).unsent(row.method, template, sent)
            unsent |= {template: missing} if missing else {}

    assert unsent == UNSENT[generation]


@pytest.mark.parametrize("row", LOCATION_NOTES, ids=lambda row: f"{row.method} {row.template}")
def test_the_notes_api_is_called_as_documented(row: Row) -> None:
    """Nothing is sent to the notes API but what its pages name, and all but one of those."""
    query, body = NOTES_API[row.method, bare(row.template)]
    sent = [one for name in row.served_by for one in runs("v3")[name].exchanges]

    told = {name for one in sent for name in json.loads(one.body or b"{}")}

    assert sent
    assert all({name for name, _ in one.query} == query for one in sent)
    assert told == body - NOTES_UNSENT
