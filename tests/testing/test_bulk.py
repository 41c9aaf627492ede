# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and what they give have their types in conftest
"""Many contacts are changed at once."""

import pytest

V2, V3 = "2021-07-28", "v3"
TAGS, BUSINESS = "/contacts/bulk/tags/update", "/contacts/bulk/business"


async def retag(call, kind: str, ids, tags, *, version: str = V2, **more):
    """Add or remove tags of some contacts."""
    sent = {"contacts": ids, "tags": tags, "locationId": call.fake.location_id, **more}
    return await call("POST", f"{TAGS}/{kind}", version=version, json=sent)


def tags_of(call, contact_id: str) -> object:
    """Give a contact's tags."""
    return call.fake.contact(contact_id)["tags"]


@pytest.mark.parametrize(
    ("version", "flags"), [(V2, {"succeded"}), (V3, {"succeded", "succeeded"})]
)
async def test_tags_are_added_and_removed(call, version, flags) -> None:
    """Each contact is told with its old tags and what became of them."""
    plain, tagged = call.fake.contact_ids()[:2]
    added = await retag(call, "add", [plain, tagged], ["VIP", "Newsletter"], version=version)
    removed = await retag(call, "remove", [tagged], ["VIP", "other"], version=version)

    assert (added.status, added.json["errorCount"]) == (201, 0)
    assert added.json.keys() == {*flags, "errorCount", "responses", "traceId"}
    assert added.json["responses"][1] == {
        "contactId": tagged,
        "message": "Tags updated",
        "type": "success",
        "oldTags": ["newsletter"],
        "tagsAdded": ["vip"],
        "tagsRemoved": [],
    }
    assert removed.json["responses"][0]["tagsRemoved"] == ["vip"]
    assert tags_of(call, plain) == ["vip", "newsletter"]
    assert tags_of(call, tagged) == ["newsletter"]


async def test_all_tags_can_be_removed(call) -> None:
    """``removeAllTags`` needs no tags, and goes with remove only."""
    contact_id = call.fake.contact_ids()[1]
    refused = await retag(call, "add", [contact_id], [], removeAllTags=True)
    gone = (await retag(call, "remove", [contact_id], [], removeAllTags=True)).json

    assert refused.status == 422
    assert gone["responses"][0]["tagsRemoved"] == ["newsletter"]
    assert tags_of(call, contact_id) == []


async def test_a_bad_contact_is_an_entry_and_no_refusal(start) -> None:
    """The others are changed, and each bad one says why it was not."""
    call = await start(locations=2)
    good, gone = call.fake.contact_ids()[:2]
    call.fake.delete_contact(gone)
    other = call.fake.contact_ids(call.fake.location_ids[1])[0]
    reply = (await retag(call, "add", [gone, "abcdef", other, good], ["x"])).json

    assert [one["message"] for one in reply["responses"]] == [
        "contact is deleted",
        "contact id is not a valid firebase id",
        "contact does not belong to location",
        "Tags updated",
    ]
    assert (reply["errorCount"], reply["succeded"]) == (3, True)
    assert {one["type"] for one in reply["responses"][:3]} == {"error"}
    assert tags_of(call, good) == ["x"]


@pytest.mark.parametrize("version", [V2, V3])
async def test_contacts_join_and_leave_a_business(call, version) -> None:
    """The ids that were changed come back; null takes a contact out."""
    ids = list(call.fake.contact_ids()[:3])
    before = [call.fake.contact(one)["businessId"] for one in ids]
    sent = {"locationId": call.fake.location_id, "ids": [*ids, "nobody"], "businessId": "b"}
    joined = await call("POST", BUSINESS, version=version, json=sent)
    sent = {"locationId": call.fake.location_id, "ids": ids[:1], "businessId": None}
    left = await call("POST", BUSINESS, version=version, json=sent)
    contacts = (await call.search()).json["contacts"]

    where = {"locationId": call.fake.location_id}
    for member, business_id in ((ids[1], "b"), (ids[1], before[1]), (ids[0], before[0])):
        page = (await call("GET", f"/contacts/business/{business_id}", params=where)).json
        assert [one["id"] for one in page["contacts"]].count(member) == (business_id == "b")

    assert (joined.status, left.status) == (200, 200)
    assert joined.json == {"success": True, "ids": ids, "traceId": joined.json["traceId"]}
    assert {one["id"] for one in contacts if one["businessId"] == "b"} == set(ids[1:])
    assert "businessId" not in call.fake.contact(ids[0])


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        (f"{TAGS}/replace", {}, "type must be one of the following values: add, remove"),
        (f"{TAGS}/add", {"contacts": "x"}, "contacts must be an array"),
        (f"{TAGS}/add", {"tags": None}, "tags must be an array"),
        (f"{TAGS}/add", {"removeAllTags": "no"}, "removeAllTags must be a boolean value"),
        (f"{TAGS}/add", {"more": 1}, "property more should not exist"),
        (BUSINESS, {"ids": [1]}, "each value in ids must be a string"),
        (BUSINESS, {"ids": ["x"] * 51}, "ids must contain no more than 50 elements"),
        (BUSINESS, {"businessId": 3}, "businessId must be a string"),
        (BUSINESS, {"locationId": ""}, "locationId should not be empty"),
    ],
)
async def test_a_bad_request_is_refused_whole(call, path, change, said) -> None:
    """What is sent is checked before anything is done."""
    sent = {"locationId": call.fake.location_id}
    usual = {"contacts": [], "tags": []} if path != BUSINESS else {"ids": [], "businessId": "b"}
    answer = await call("POST", path, json={**sent, **usual, **change})

    assert answer.status == 422
    assert said in answer.json["message"]


async def test_a_business_must_be_told_even_if_it_is_null(call) -> None:
    """A forgotten business is not the same as none."""
    sent = {"locationId": call.fake.location_id, "ids": []}

    assert (await call("POST", BUSINESS, json=sent)).status == 422


@pytest.mark.parametrize("path", [f"{TAGS}/add", BUSINESS])
async def test_other_locations_are_closed(start, path) -> None:
    """The location that is named must be the token's."""
    call = await start(locations=2)
    usual = {"contacts": [], "tags": []} if path != BUSINESS else {"ids": [], "businessId": "b"}
    answer = await call("POST", path, json={"locationId": call.fake.location_ids[1], **usual})

    assert answer.status == 403
