# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and what they give have their types in conftest
"""Contacts are listed by the deprecated list, and by business."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.testing import FakeHighLevel
from ghl_notes.testing.replies import Call

V2, V3 = "2021-07-28", "v3"


async def listed(call, **asked):
    """Ask for a page of the list."""
    return await call("GET", "/contacts/", params={"locationId": call.fake.location_id, **asked})


async def test_the_list_is_newest_first_and_tells_the_way_on(call) -> None:
    """Each page leads to the next by its cursor and by a URL, until there is no more."""
    pages, asked = [], {"limit": 4}
    while asked:
        page = (await listed(call, **asked)).json
        pages.append(page)
        meta = page["meta"]
        following = meta["nextPageUrl"]
        cursor = {"startAfter": meta["startAfter"], "startAfterId": meta["startAfterId"]}
        asked = {"limit": 4, **cursor} if following else {}
        if following:
            told = dict(parse_qsl(urlsplit(following).query))
            assert following.startswith(f"{call.fake.url}/contacts/?")
            assert told == {name: str(value) for name, value in asked.items()} | {
                "locationId": call.fake.location_id
            }
    ids = [contact["id"] for page in pages for contact in page["contacts"]]
    turns = [
        (page["meta"]["prevPage"], page["meta"]["currentPage"], page["meta"]["nextPage"])
        for page in pages
    ]

    assert ids == list(call.fake.contact_ids())[::-1]
    assert turns == [(None, 1, 2), (1, 2, 3), (2, 3, None)]
    assert {page["count"] for page in pages} == {page["meta"]["total"] for page in pages} == {10}


async def test_a_page_of_another_size_is_counted_up(call) -> None:
    """A page that begins in the middle of one comes after it."""
    meta = (await listed(call, limit=3)).json["meta"]
    cursor = {"startAfter": meta["startAfter"], "startAfterId": meta["startAfterId"]}
    following = (await listed(call, limit=4, **cursor)).json["meta"]

    assert (following["prevPage"], following["currentPage"], following["nextPage"]) == (1, 2, 3)


SMALL = FakeHighLevel(contacts=7, limit=None)
SMALL.delete_contact(SMALL.contact_ids()[2])
SMALL.add_contact(firstName="Zed")


@given(st.integers(1, 9), st.sampled_from([None, "a", "@example.com", "nobody"]))
def test_pages_cover_what_is_asked_for(limit: int, query: str | None) -> None:
    """Pages of any size hold every match once, and count their way."""
    seen, number, cursor = [], 0, {}
    while number == 0 or cursor:
        asked = {"locationId": SMALL.location_id, "limit": str(limit), **cursor}
        asked |= {} if query is None else {"query": query}
        call = Call(
            method="GET",
            path="/contacts/",
            segments=("contacts", ""),
            query=asked,
            version=V2,
            bearer=SMALL.private_token,
        )
        page = SMALL._service.answer(call, 0.0).reply.payload
        meta, number = page["meta"], number + 1
        seen += [contact["id"] for contact in page["contacts"]]
        assert meta["currentPage"] == number
        told = {"startAfter": str(meta["startAfter"]), "startAfterId": meta["startAfterId"]}
        cursor = told if meta["nextPage"] else {}

    assert len(seen) == len(set(seen)) == meta["total"]


async def test_the_query_of_the_list_chooses(call) -> None:
    """A query looks in names, emails and phones, and the total counts what it finds."""
    page = (await listed(call, query="abbott.0@")).json

    assert [one["id"] for one in page["contacts"]] == [call.fake.contact_ids()[0]]
    assert (page["count"], page["meta"]["nextPageUrl"]) == (1, None)


async def test_an_empty_list_has_no_cursor(start) -> None:
    """Where nobody is, no way leads on."""
    page = (await listed(await start(contacts=0))).json

    assert (page["contacts"], page["meta"]["startAfter"], page["count"]) == ([], None, 0)


async def test_the_list_is_gone_from_v3(call) -> None:
    """Under v3 there is no such route; the dated versions have it."""
    asked = {"locationId": call.fake.location_id}
    gone = await call("GET", "/contacts/", version=V3, params=asked)

    assert (gone.status, gone.json["message"]) == (404, "Cannot GET /contacts/")
    for version in ("2021-04-15", "2021-07-28", "2023-02-21"):
        assert (await call("GET", "/contacts/", version=version, params=asked)).status == 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"limit": 101}, "limit must not be greater than 100"),
        ({"limit": 0}, "limit must not be less than 1"),
        ({"limit": "ten"}, "limit must be a number string"),
        ({"startAfter": "x", "startAfterId": "y"}, "startAfter must be a number string"),
        ({"startAfter": 1}, "startAfter and startAfterId must be used together"),
        ({"page": 2}, "property page should not exist"),
        ({"locationId": ""}, "locationId should not be empty"),
    ],
)
async def test_a_bad_list_is_refused(call, asked, said) -> None:
    """What the list takes is checked, in its own words."""
    answer = await listed(call, **asked)

    assert answer.status == 422
    assert said in answer.json["message"]


async def test_the_default_pages_are_20_and_25(start) -> None:
    """The list has 20 a page and a business 25, unless more or less is asked for."""
    call = await start(contacts=60)
    ids = list(call.fake.contact_ids())
    sent = {"locationId": call.fake.location_id, "ids": ids[:40], "businessId": "b"}
    await call("POST", "/contacts/bulk/business", json=sent)
    where = {"locationId": call.fake.location_id}

    assert len((await listed(call)).json["contacts"]) == 20
    page = (await call("GET", "/contacts/business/b", params=where)).json
    assert (len(page["contacts"]), page["count"]) == (25, 40)


async def of_business(call, business_id: object, version: str = V2, **asked):
    """Ask for a page of the contacts of a business."""
    where = {"locationId": call.fake.location_id, **asked}
    return await call("GET", f"/contacts/business/{business_id}", version=version, params=where)


async def test_a_business_has_its_contacts_by_name(start) -> None:
    """Computed contacts of one last name share a business, which search names as well."""
    call = await start(contacts=200)
    business_id = call.fake.contact(call.fake.contact_ids()[0])["businessId"]
    found = (await call.search(pageLimit=200)).json["contacts"]
    wanted = {one["id"] for one in found if one["businessId"] == business_id}
    pages = [(await of_business(call, business_id, skip=at, limit=3)).json for at in range(0, 9, 3)]
    contacts = [one for page in pages for one in page["contacts"]]
    names = [one["contactName"] for one in contacts]

    assert {one["id"] for one in contacts} == wanted
    assert names == sorted(names)
    assert {page["count"] for page in pages} == {len(wanted)}
    assert {one["businessName"] for one in found if one["id"] in wanted} == {"Abbott Group"}


async def test_a_query_chooses_inside_a_business(start) -> None:
    """The query looks in name, email and phone."""
    call = await start(contacts=100)
    one = call.fake.contact(call.fake.contact_ids()[0])
    for query in ("ada ABB", one["email"], one["phone"]):
        page = (await of_business(call, one["businessId"], query=query)).json
        assert [contact["id"] for contact in page["contacts"]] == [one["id"]]
        assert page["count"] == 1


@pytest.mark.parametrize("separate", [True, False])
async def test_v3_walks_a_business_by_cursor(start, separate) -> None:
    """A cursor of name and id, in one or two parts, leads on; v2 does not know it."""
    call = await start(contacts=100)
    business_id = call.fake.contact(call.fake.contact_ids()[0])["businessId"]
    whole = (await of_business(call, business_id, V3)).json["contacts"]
    name, contact_id = whole[1]["name"], whole[1]["id"]
    cursor = [name, contact_id] if separate else f"{name},{contact_id}"
    rest = (await of_business(call, business_id, V3, startAfter=cursor)).json["contacts"]

    assert len(whole) > 2
    assert rest == whole[2:]
    assert (await of_business(call, business_id, V3, startAfter="x")).status == 422
    assert (await of_business(call, business_id, V2, startAfter=cursor)).status == 422


async def test_lists_stay_at_home(start) -> None:
    """An unknown business is empty, another location's contacts are closed."""
    call = await start(locations=2)
    there = {"locationId": call.fake.location_ids[1]}
    empty = (await of_business(call, "f" * 24)).json

    assert (empty["contacts"], empty["count"]) == ([], 0)
    assert (await listed(call, **there)).status == 403
    assert (await of_business(call, "x", **there)).status == 403
    assert (await call("GET", "/contacts/business/x")).status == 422
