# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and what they give have their types in conftest
"""Contacts are made, changed and deleted by HighLevel's rules, in the words of each version."""

import pytest

V2, V3 = "2021-07-28", "v3"
versions = pytest.mark.parametrize("version", [V2, V3])
ELSEWHERE = "The token does not have access to this location."


def first(call) -> str:
    """Give the path of the first contact."""
    return f"/contacts/{call.fake.contact_ids()[0]}"


async def create(call, *, version: str = V2, **fields):
    """Make a contact in the first location."""
    sent = {"locationId": call.fake.location_id, **fields}
    return await call("POST", "/contacts/", version=version, json=sent)


async def test_a_new_contact_has_what_was_sent_and_no_more(call) -> None:
    """Nothing of the computed contacts shines through, and the rest is what HighLevel adds."""
    made = await create(call, firstName="Jane", email="Jane@Example.com", gender="female")
    contact = made.json["contact"]
    read = (await call("GET", f"/contacts/{contact['id']}")).json["contact"]

    assert made.status == 201
    assert read == contact == call.fake.contact(contact["id"])
    assert contact["emailLowerCase"] == "jane@example.com"
    assert contact["createdBy"]["sourceId"] == call.fake.app.client_id
    assert (contact["type"], contact["name"], contact["gender"]) == ("lead", "Jane", "female")
    assert not {"lastName", "phone", "companyName", "source", "businessId"} & contact.keys()
    assert call.fake.contact_ids()[-1] == contact["id"]
    assert call.fake.notes(contact["id"]) == call.fake.tasks(contact["id"]) == []


async def test_a_contact_lives(call) -> None:
    """A contact is changed in part and gone after its deletion, with all that belongs to it."""
    path, before = first(call), call.fake.contact(call.fake.contact_ids()[0])
    changed = (await call("PUT", path, json={"city": "Springfield", "email": None})).json["contact"]
    gone = (await call("DELETE", path)).json

    assert changed["city"] == "Springfield"
    assert "email" not in changed
    assert (changed["firstName"], changed["tags"]) == (before["firstName"], before["tags"])
    assert changed["dateUpdated"] > before["dateUpdated"]
    assert gone == {"succeded": True, "succeeded": True, "traceId": gone["traceId"]}
    for below in ("", "/notes", "/tasks", "/appointments"):
        assert (await call("GET", path + below)).status == 400


async def test_deletes_say_both_spellings_under_v3_too(call) -> None:
    """A deleted contact is told of alike under both versions."""
    gone = (await call("DELETE", first(call), version=V3)).json

    assert gone == {"succeded": True, "succeeded": True, "traceId": gone["traceId"]}


@pytest.mark.parametrize(("version", "flag"), [(V2, "succeded"), (V3, "succeeded")])
async def test_an_update_has_one_spelling_in_each_version(call, version, flag) -> None:
    """The flag of an update is misspelled in v2 only."""
    reply = (await call("PUT", first(call), version=version, json={"city": "X"})).json

    assert reply.keys() == {flag, "contact", "traceId"}
    assert reply[flag] is True


@versions
async def test_a_name_is_split_unless_its_parts_are_told(call, version) -> None:
    """``name`` becomes first and last name; what is said of a part wins."""
    whole = (await create(call, version=version, name="Jane van Doe")).json["contact"]
    mixed = (await create(call, version=version, name="Jane Doe", lastName="Roe")).json["contact"]
    nobody = (await create(call, version=version, name=None)).json["contact"]

    assert (whole["firstName"], whole["lastName"]) == ("Jane", "van Doe")
    assert (mixed["name"], mixed["fullNameLowerCase"]) == ("Jane Roe", "jane roe")
    assert not {"name", "firstName", "lastName"} & nobody.keys()


async def test_what_is_sent_is_tidied_up(call) -> None:
    """Tags are lower case and each once; phones lose their punctuation."""
    made = await create(call, tags=["VIP", "vip", "New"], phone="+1 (888) 888-8888")
    contact = made.json["contact"]

    assert (contact["tags"], contact["phone"]) == (["vip", "new"], "+18888888888")


async def test_tags_of_an_update_replace(call) -> None:
    """An update without tags keeps them, one with tags replaces them all."""
    contact_id = call.fake.contact_ids()[1]
    kept = (await call("PUT", f"/contacts/{contact_id}", json={})).json["contact"]["tags"]
    sent = {"tags": ["Other"]}

    assert kept == ["newsletter"]
    changed = (await call("PUT", f"/contacts/{contact_id}", json=sent)).json["contact"]
    assert changed["tags"] == ["other"]


@pytest.mark.parametrize(
    ("version", "names"), [(V2, ["field_value"]), (V3, ["fieldValue", "field_value"])]
)
async def test_custom_fields_are_kept_by_id(call, version, names) -> None:
    """Values of any allowed kind come back as id and value; fields not mentioned stay."""
    for at, value in enumerate(["text", 3, 1.5, ["a", "b"], {"file": {"url": "x"}}]):
        sent = {"customFields": [{"id": f"f{at}", name: value} for name in names]}
        answer = await call("PUT", first(call), version=version, json=sent)
        assert {"id": f"f{at}", "value": value} in answer.json["contact"]["customFields"]
    fields = call.fake.contact(call.fake.contact_ids()[0])["customFields"]

    assert [one["id"] for one in fields] == ["f0", "f1", "f2", "f3", "f4"]
    silent = {"customFields": [{"id": "f0"}]}
    answer = await call("PUT", first(call), version=version, json=silent)
    assert answer.json["contact"]["customFields"] == fields


async def test_a_custom_field_named_by_its_key_has_an_id(call) -> None:
    """A key leads to the same field each time, and another key to another."""
    for key, value in (("a", "1"), ("b", "2"), ("a", "3")):
        sent = {"customFields": [{"key": key, "field_value": value}]}
        reply = (await call("PUT", first(call), json=sent)).json
    values = [one["value"] for one in reply["contact"]["customFields"]]

    assert values == ["3", "2"]


@pytest.mark.parametrize(
    ("version", "channels"),
    [
        (V2, ["Call", "Email", "SMS", "WhatsApp", "GMB", "FB"]),
        (V3, ["call", "email", "sms", "whatsApp", "gmb", "fb"]),
    ],
)
async def test_channels_are_spelled_as_the_version_does(call, version, channels) -> None:
    """Do-not-disturb is taken and given in the spelling of the version alone."""
    settings = {one: {"status": "active", "message": one, "code": "1"} for one in channels}
    made = await create(call, version=version, dndSettings=settings, lastName="Settings")
    other = V3 if version == V2 else V2
    refused = await create(call, version=other, dndSettings=settings)
    asked = {"locationId": call.fake.location_id, "pageLimit": 1}
    found = await call("POST", "/contacts/search", version=version, json=asked)
    swapped = await call("GET", f"/contacts/{made.json['contact']['id']}", version=other)

    assert made.json["contact"]["dndSettings"] == settings
    assert found.json["contacts"][0]["dndSettings"] == settings
    assert [*swapped.json["contact"]["dndSettings"].values()] == [*settings.values()]
    assert not settings.keys() & swapped.json["contact"]["dndSettings"].keys()
    assert refused.status == 422
    assert "dndSettings.property" in refused.json["message"][0]


async def test_channels_that_are_not_mentioned_stay(call) -> None:
    """A change of one channel leaves the others as they were."""
    for channel in ("SMS", "Email"):
        sent = {"dndSettings": {channel: {"status": "active"}}}
        reply = (await call("PUT", first(call), json=sent)).json

    assert reply["contact"]["dndSettings"].keys() == {"SMS", "Email"}


@pytest.mark.parametrize(
    "sent", ["1990/09/25", "09/25/1990", "1990-09-25", "09-25-1990", "1990.09.25", "09_25_1990"]
)
async def test_a_date_of_birth_has_many_forms_and_is_given_in_one(call, sent) -> None:
    """Documented forms are read; creating under v2 answers with a time, all others without."""
    made = (await create(call, dateOfBirth=sent)).json["contact"]
    new = (await create(call, version=V3, dateOfBirth=sent)).json["contact"]

    assert made["dateOfBirth"] == "1990-09-25T00:00:00.000Z"
    assert call.fake.contact(made["id"])["dateOfBirth"] == new["dateOfBirth"] == "1990-09-25"


BAD = [
    ({"nonsense": 1}, "property nonsense should not exist"),
    ({"firstName": 3}, "firstName must be a string"),
    ({"email": "nobody"}, "email must be an email"),
    ({"dnd": "yes"}, "dnd must be a boolean value"),
    ({"tags": "vip"}, "tags must be an array"),
    ({"tags": [1]}, "each value in tags must be a string"),
    ({"postalCode": None}, "postalCode must be a string"),
    ({"dateOfBirth": "1990-13-01"}, "dateOfBirth must be a valid date"),
    ({"dateOfBirth": "1990-02/01"}, "dateOfBirth must be a valid date"),
    ({"dndSettings": []}, "dndSettings must be an object"),
    ({"inboundDndSettings": {"all": {"status": "x"}}}, "inboundDndSettings.all.status must be one"),
    ({"inboundDndSettings": {"all": {}}}, "inboundDndSettings.all.status must be one"),
    ({"customFields": {}}, "customFields must be an array"),
    ({"customFields": [3]}, "customFields.0 must be an object"),
    ({"customFields": [{}]}, "customFields.0.id should not be empty"),
    ({"customFields": [{"id": "x", "value": 1}]}, "customFields.0.property value should not exist"),
    ({"customFields": [{"id": "x", "field_value": True}]}, "customFields.0.field_value must be"),
]


@pytest.mark.parametrize(("sent", "said"), BAD)
async def test_a_bad_contact_is_refused_by_a_list_of_rules(call, sent, said) -> None:
    """Every way to write a contact names the rules that are broken, and nothing is done."""
    whole = {"locationId": call.fake.location_id, **sent}
    ways = [("POST", "/contacts/", whole), ("POST", "/contacts/upsert", whole)]
    ways.append(("PUT", first(call), sent))

    for version in (V2, V3):
        for method, path, body in ways:
            answer = await call(method, path, version=version, json=body)
            assert (answer.status, answer.json["error"]) == (422, "Unprocessable Entity")
            assert any(line.startswith(said) for line in answer.json["message"])
    assert len(call.fake.contact_ids()) == 10


async def test_v2_does_not_know_the_new_name_of_a_value(call) -> None:
    """``fieldValue`` is v3's."""
    sent = {"customFields": [{"id": "x", "fieldValue": "y"}]}

    assert (await call("PUT", first(call), json=sent)).status == 422


@versions
async def test_each_way_to_write_has_fields_of_its_own(call, version) -> None:
    """An update has neither location, gender nor company; only it may empty some fields."""
    here = {"locationId": call.fake.location_id}
    for name in ("locationId", "gender", "companyName", "createNewIfDuplicateAllowed"):
        answer = await call("PUT", first(call), version=version, json={name: "x"})
        assert answer.json["message"] == [f"property {name} should not exist"]
    for name in ("source", "assignedTo"):
        emptied = await call("PUT", first(call), version=version, json={name: None})
        made = await create(call, version=version, **{name: None})
        assert (emptied.status, made.status) == (200, 422)
    for path in ("/contacts/", "/contacts/upsert"):
        answer = await call("POST", path, version=version, json={})
        assert "locationId should not be empty" in answer.json["message"]
    flag = {**here, "createNewIfDuplicateAllowed": True}
    assert (await call("POST", "/contacts/", version=version, json=flag)).status == 422
    assert (await call("POST", "/contacts/upsert", version=version, json=flag)).status == 200


async def test_other_locations_are_closed(start) -> None:
    """A contact is made where the token is, and another location's cannot be touched."""
    call = await start(locations=2)
    there = call.fake.location_ids[1]
    other = f"/contacts/{call.fake.contact_ids(there)[0]}"
    answers = [
        await call("POST", "/contacts/", json={"locationId": there}),
        await call("POST", "/contacts/upsert", json={"locationId": "nowhere"}),
        await call("PUT", other, json={"city": "X"}),
        await call("DELETE", other),
    ]

    assert {(one.status, one.json["message"]) for one in answers} == {(403, ELSEWHERE)}


@pytest.mark.parametrize("path", ["/contacts", "/contacts//", "/contacts/upsert/"])
async def test_the_slash_at_the_end_counts(call, path) -> None:
    """Contacts are made at ``/contacts/``, with the slash, and nowhere near it."""
    answer = await call("POST", path, json={"locationId": call.fake.location_id})

    assert (answer.status, answer.json["message"]) == (404, f"Cannot POST {path}")
