# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and what they give have their types in conftest
"""A contact is known again by its email, then by its phone."""

import pytest

V2, V3 = "2021-07-28", "v3"
versions = pytest.mark.parametrize("version", [V2, V3])
DUPLICATE = "/contacts/search/duplicate"


async def create(call, **fields):
    """Make a contact in the first location."""
    sent = {"locationId": call.fake.location_id, **fields}
    return await call("POST", "/contacts/", json=sent)


async def upsert(call, version: str = V2, **fields):
    """Change or make a contact in the first location."""
    sent = {"locationId": call.fake.location_id, **fields}
    return await call("POST", "/contacts/upsert", version=version, json=sent)


async def lookup(call, **asked):
    """Look for a duplicate in the first location."""
    return await call("GET", DUPLICATE, params={"locationId": call.fake.location_id, **asked})


@pytest.mark.parametrize("field", ["email", "phone"])
async def test_a_second_contact_of_an_email_or_phone_is_refused(start, field) -> None:
    """The refusal names the contact that is in the way, computed or written, in any spelling."""
    call = await start(contacts=200_000)
    contact_id = call.fake.contact_ids()[123_456]
    value = str(call.fake.contact(contact_id)[field])
    refused = await create(
        call, **{field: value.upper() if field == "email" else f"{value[:5]} {value[5:]}"}
    )

    assert refused.status == 400
    assert refused.json == {
        "statusCode": 400,
        "message": "This location does not allow duplicated contacts.",
        "meta": {"contactId": contact_id, "matchingField": field},
        "traceId": refused.json["traceId"],
    }
    made = (await create(call, email="new@example.com", phone="+49 123")).json["contact"]
    again = await create(call, **{field: made[field]})
    assert again.json["meta"]["contactId"] == made["id"]


async def test_what_was_given_up_is_free_again(call) -> None:
    """An email that its contact lost, by a change or with its deletion, may be used anew."""
    for at, change in enumerate(("PUT", "DELETE")):
        contact_id = call.fake.contact_ids()[0]
        email = call.fake.contact(contact_id)["email"]
        sent = {"email": f"other{at}@example.com"} if change == "PUT" else None
        await call(change, f"/contacts/{contact_id}", json=sent)
        assert (await create(call, email=email)).status == 201


async def test_an_update_to_a_duplicate_is_refused(call) -> None:
    """A change may repeat a contact's own email, and not take another's."""
    one, other = call.fake.contact_ids()[:2]
    own = {"email": call.fake.contact(one)["email"]}

    assert (await call("PUT", f"/contacts/{one}", json=own)).status == 200
    refused = await call("PUT", f"/contacts/{other}", json=own)
    assert refused.json["meta"] == {"contactId": one, "matchingField": "email"}


async def test_another_location_is_no_duplicate(start) -> None:
    """Each location has its own people."""
    call = await start(locations=2)
    there = call.fake.add_contact(call.fake.location_ids[1], email="x@example.com")

    assert (await create(call, email="x@example.com")).status == 201
    assert call.fake.contact(there)["email"] == "x@example.com"


async def test_duplicates_can_be_allowed(start) -> None:
    """Where the location allows it, two contacts have one email, and the older is found."""
    call = await start(allow_duplicates=True)
    first = call.fake.contact_ids()[0]
    email = call.fake.contact(first)["email"]
    twin = (await create(call, email=email)).json["contact"]["id"]
    forced = (await upsert(call, email=email, createNewIfDuplicateAllowed=True)).json
    usual = (await upsert(call, email=email)).json
    found = (await lookup(call, email=email)).json

    assert len({first, twin, forced["contact"]["id"]}) == 3
    assert (forced["new"], usual["new"]) == (True, False)
    assert usual["contact"]["id"] == found["contact"]["id"] == first
    assert found["matchingField"] == "email"


@versions
async def test_an_upsert_makes_or_changes(call, version) -> None:
    """Whoever is known is changed, whoever is not is made; both are a 200."""
    made = await upsert(call, version, email="new@example.com", tags=["A"])
    again = await upsert(call, version, email="NEW@example.com", city="X", tags=["B"])

    assert (made.status, made.json["new"]) == (200, True)
    assert (again.status, again.json["new"]) == (200, False)
    assert made.json.keys() == again.json.keys() == {"new", "contact", "traceId"}
    assert made.json["contact"]["id"] == again.json["contact"]["id"]
    assert (again.json["contact"]["city"], again.json["contact"]["tags"]) == ("X", ["b"])
    assert len(call.fake.contact_ids()) == 11


async def test_an_upsert_ignores_the_wish_for_a_new_one(call) -> None:
    """Where duplicates are not allowed, a duplicate is not made on request."""
    contact_id = call.fake.contact_ids()[0]
    email = call.fake.contact(contact_id)["email"]
    reply = (await upsert(call, email=email, createNewIfDuplicateAllowed=True)).json

    assert (reply["new"], reply["contact"]["id"]) == (False, contact_id)


async def test_an_upsert_that_meets_two_contacts_takes_that_of_the_email(call) -> None:
    """The phone of the other contact stays with it."""
    one, other = (call.fake.contact(contact_id) for contact_id in call.fake.contact_ids()[:2])
    reply = (await upsert(call, email=one["email"], phone=other["phone"], city="X")).json
    by_phone = (await upsert(call, phone=other["phone"])).json

    assert reply["contact"]["id"] == one["id"]
    assert (reply["contact"]["phone"], reply["contact"]["city"]) == (one["phone"], "X")
    assert (by_phone["new"], by_phone["contact"]["id"]) == (False, other["id"])


async def test_a_duplicate_is_found_by_email_before_phone(call) -> None:
    """Both may be asked for; without duplicates the field that matched is the recorded one."""
    one, other = (call.fake.contact(contact_id) for contact_id in call.fake.contact_ids()[:2])
    both = (await lookup(call, email=one["email"], number=other["phone"])).json
    phone = (await lookup(call, email="nobody@example.com", number=other["phone"])).json
    none = (await lookup(call, number="+4900000")).json

    assert both["contact"]["id"] == one["id"]
    assert phone["contact"]["id"] == other["id"]
    assert both["matchingField"] == phone["matchingField"] == "contactId"
    assert none == {"contact": None, "traceId": none["traceId"]}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"email": "x@example.com"}, "locationId should not be empty"),
        ({"locationId": "here"}, "email or number should not be empty"),
        ({"locationId": "here", "phone": "1"}, "property phone should not exist"),
    ],
)
async def test_a_bad_look_for_a_duplicate_is_refused(call, asked, said) -> None:
    """The location and one of the two are needed, and nothing else is known."""
    if "locationId" in asked:
        asked = {**asked, "locationId": call.fake.location_id}
    answer = await call("GET", DUPLICATE, params=asked)

    assert answer.status == 422
    assert said in answer.json["message"]


async def test_a_duplicate_is_looked_for_at_home(start) -> None:
    """Another location's people are closed."""
    call = await start(locations=2)
    asked = {"locationId": call.fake.location_ids[1], "email": "x@example.com"}

    assert (await call("GET", DUPLICATE, params=asked)).status == 403
