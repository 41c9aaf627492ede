# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""OAuth's replies agree with HighLevel's published specs, and others with recorded ones.

All that a client can call is held against the specs in ``tests/operations``.
"""

import json

import pytest

from tests.operations.specs import SHARED, specs

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the specs are not here")


def check(generation: str, schema: str, payload: object) -> None:
    """Hold a payload against a schema of the spec of OAuth."""
    assert specs(generation)[-1].schema_problems(schema, payload) == []


def shape(value: object) -> object:
    """Reduce a payload to its keys and types."""
    match value:
        case dict():
            return {name: shape(held) for name, held in value.items()}
        case [first, *_]:
            return [shape(first)]
        case []:
            return []
    return type(value).__name__


def recorded(name: str) -> dict:
    """Read a recorded reply's body."""
    return json.loads((SHARED / "recorded" / name).read_text())["response"]["body"]


async def test_tokens_match_the_specs(call) -> None:
    """Token replies are valid under both versions."""
    fake = call.fake
    agency = await call.exchange(company=True)
    form = {"companyId": fake.company_id, "locationId": fake.location_id}
    how = {"token": agency["access_token"], "data": form}
    old = (await call("POST", "/oauth/locationToken", **how)).json
    new = (await call("POST", "/oauth/location-token", version="v3", **how)).json

    check("v2", "GetAccessCodeSuccessfulResponseDto", await call.exchange())
    check("v2", "GetAccessCodeSuccessfulResponseDto", agency)
    check("v2", "GetLocationAccessTokenSuccessfulResponseDto", old)
    check("v3", "GetLocationAccessTokenV3SuccessfulResponseDto", new)


async def test_installed_locations_match_the_specs(call) -> None:
    """Lists of installs, and v3's errors about them, are valid."""
    token = (await call.exchange(company=True))["access_token"]
    asked = {"companyId": call.fake.company_id, "appId": call.fake.app.app_id}
    old = await call("GET", "/oauth/installedLocations", token=token, params=asked)
    path, how = "/oauth/installed-locations", {"token": token, "version": "v3"}
    new = await call("GET", path, **how, params=asked)
    wrong = await call("GET", path, **how)

    check("v2", "GetInstalledLocationsSuccessfulResponseDto", old.json)
    check("v3", "GetInstalledLocationsV3SuccessfulResponseDto", new.json)
    check("v3", "AipErrorResponseDto", wrong.json)


async def test_notes_look_like_recorded_ones(call) -> None:
    """A created note and a list have the recorded keys and types, and nothing else."""
    path = f"/contacts/{call.fake.contact_ids()[0]}/notes"
    made = (await call("POST", path, json={"body": "Test note from Nango action"})).json
    listed = (await call("GET", path)).json
    listed["notes"] = [note for note in listed["notes"] if note["id"] == made["note"]["id"]]

    assert shape(recorded("notes-create.json")) == shape(made)
    assert shape(recorded("notes-list.json")) == shape(listed)


async def test_search_replies_look_like_recorded_ones(start) -> None:
    """A found contact has the recorded keys, and types that were recorded or null."""
    call = await start(contacts=60)
    reply = (await call.search(sort=[{"field": "dateUpdated", "direction": "asc"}])).json
    known = recorded("contacts-search.json")
    types: dict[str, set[str]] = {}
    for contact in known["contacts"]:
        for name, value in contact.items():
            types.setdefault(name, {"NoneType"}).add(type(value).__name__)
    types["source"].add("str")

    assert known.keys() | {"traceId"} == reply.keys()
    for contact in reply["contacts"]:
        assert types.keys() == contact.keys()
        strange = {n for n, v in contact.items() if type(v).__name__ not in types[n]}
        assert strange == set()
        assert [int, str] == [type(part) for part in contact["searchAfter"]]


async def test_replies_carry_the_recorded_headers(call) -> None:
    """The limit's headers have the recorded names."""
    answer = await call("GET", f"/contacts/{call.fake.contact_ids()[0]}/notes")
    headers = json.loads((SHARED / "recorded/notes-list.json").read_text())["response"]["headers"]

    assert headers.keys() <= answer.headers.keys()
    assert headers["content-type"] == answer.headers["content-type"]
