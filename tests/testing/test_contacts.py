# ruff: noqa: ANN001, ANN003 - parameters are fixtures, whose types live in conftest
"""Contacts can be read, and searched page by page."""

import time

import pytest


async def sweep(call, **search) -> list[dict]:
    """Walk a search to its end by cursor."""
    contacts: list[dict] = []
    while True:
        page = (await call.search(**search)).json["contacts"]
        if not page:
            return contacts
        contacts += page
        search["searchAfter"] = page[-1]["searchAfter"]


async def test_a_contact_has_only_what_is_set(call) -> None:
    """Reading a contact by id leaves out the fields that are empty."""
    for contact_id in call.fake.contact_ids():
        contact = (await call("GET", f"/contacts/{contact_id}")).json["contact"]
        assert (contact_id, call.fake.location_id) == (contact["id"], contact["locationId"])
        assert None not in contact.values()


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("date", ["dateAdded", "dateUpdated"])
async def test_a_cursor_walks_over_everything_once(start, clock, date, direction) -> None:
    """Either date, either way: each contact comes once, in order, changed and new ones too."""
    call = await start(contacts=23, clock=clock)
    ids = list(call.fake.contact_ids())
    call.fake.update_contact(ids[4], email="new@example.com")
    call.fake.delete_contact(ids[7])
    clock.now += 1
    added = call.fake.add_contact(firstName="Zed", lastName="Last")
    contacts = await sweep(call, pageLimit=4, sort=[{"field": date, "direction": direction}])
    dates = [contact[date] for contact in contacts]

    assert {*ids, added} - {ids[7]} == {contact["id"] for contact in contacts}
    assert len(contacts) == 23
    assert sorted(dates, reverse=direction == "desc") == dates
    assert set(call.fake.contact_ids()) == {contact["id"] for contact in contacts}


async def test_the_default_order_is_newest_first(call) -> None:
    """Without a sort the contact added last comes first, and the total counts all."""
    reply = (await call.search(pageLimit=3)).json

    assert [*call.fake.contact_ids()[:-4:-1]] == [one["id"] for one in reply["contacts"]]
    assert reply["total"] == 10


async def test_pages_end_at_ten_thousand(start) -> None:
    """Pages reach 10,000 records, and cursors beyond them."""
    call = await start(contacts=20_000)
    last = await call.search(page=20, pageLimit=500)

    assert len(last.json["contacts"]) == 500
    assert (await call.search(page=21, pageLimit=500)).status == 400
    cursor = last.json["contacts"][-1]["searchAfter"]
    further = (await call.search(pageLimit=500, searchAfter=cursor)).json["contacts"]
    assert call.fake.contact_ids()[9_999] == further[0]["id"]


async def test_many_contacts_cost_nothing_until_they_are_asked_for(start) -> None:
    """A location of 200,000 contacts starts, and gives any page, at once."""
    began = time.perf_counter()
    call = await start(contacts=200_000)
    cursor = (await call.search(pageLimit=1)).json["contacts"][0]["searchAfter"]
    middle = [cursor[0] - 6_000_000_000, call.fake.contact_ids()[100]]
    page = await call.search(searchAfter=middle)

    assert len(page.json["contacts"]) == 100
    assert call.fake.contact_ids()[199_999] in call.fake.contact_ids()
    assert time.perf_counter() - began < 2


async def test_an_unknown_cursor_id_still_has_a_place(call) -> None:
    """A cursor is a place in time: its contact may be gone."""
    assert len((await call.search(searchAfter=[9_999_999_999_999, "gone"])).json["contacts"]) == 10


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"query": "ada abbott"}, [0]),
        ({"query": "abbott.0@"}, [0]),
        ({"query": ""}, range(10)),
        ({"filters": []}, range(10)),
        ({"filters": [{"field": "firstName", "operator": "eq", "value": "ADA"}]}, [0]),
        ({"filters": [{"field": "firstName", "operator": "eq", "value": ["ada", "x"]}]}, [0]),
        ({"filters": [{"field": "email", "operator": "contains", "value": "ABBOTT"}]}, [0]),
        ({"filters": [{"field": "tags", "operator": "contains", "value": "news"}]}, [1]),
        ({"filters": [{"field": "tags", "operator": "eq", "value": "newsletter"}]}, [1]),
        ({"filters": [{"field": "companyName", "operator": "not_exists"}]}, [2, 5, 8]),
        ({"filters": [{"field": "id", "operator": "not_eq", "value": "x"}]}, range(10)),
        (
            {
                "filters": [
                    {"field": "dateAdded", "operator": "range", "value": {"gte": 0, "lt": 1}}
                ]
            },
            [],
        ),
        (
            {
                "filters": [
                    {
                        "group": "OR",
                        "filters": [
                            {"field": "tags", "operator": "eq", "value": "newsletter"},
                            {
                                "field": "dateAdded",
                                "operator": "range",
                                "value": {"gt": "2024-01-01", "lte": "2025-01-01T00:00:00.000Z"},
                            },
                        ],
                    }
                ]
            },
            [0, 1],
        ),
    ],
)
async def test_filters_choose(call, search, found) -> None:
    """Filters and the query choose contacts, and the total counts those chosen."""
    reply = (await call.search(**search)).json
    again = (await call.search(**search)).json
    ids = call.fake.contact_ids()

    assert {ids[at] for at in found} == {contact["id"] for contact in reply["contacts"]}
    assert len(found) == reply["total"] == again["total"]


def one_filter(**fields: object) -> dict:
    """Write a search with one filter."""
    return {"filters": [fields]}


FIELDS = {
    "firstName": "Zoltan",
    "lastName": "Zed",
    "email": "Zoltan@example.com",
    "phone": "+4912345",
    "address1": "1 Quiet Lane",
    "city": "Zwickau",
    "state": "ZW",
    "postalCode": "08056",
    "website": "https://zed.example",
    "timezone": "Europe/Berlin",
    "country": "DE",
    "companyName": "Zed Ltd",
    "source": "fair",
    "assignedTo": "u7",
    "gender": "male",
    "tags": ["zoo"],
    "type": "customer-x",
    "followers": ["u8"],
    "businessId": "b9",
}
NAMES = {
    "address": "1 QUIET lane",
    "name": "zoltan zed",
    "contactName": "Zoltan Zed",
    "emailLowerCase": "zoltan@example.com",
    "firstNameLowerCase": "zoltan",
    "lastNameLowerCase": "zed",
    "fullNameLowerCase": "zoltan zed",
    "customFields": "red",
    "customFields.f1": "RED",
    "dndSettings.SMS.status": "active",
    "additionalEmails": "other@example.com",
    "additionalPhones": "+4999",
}


async def test_every_field_is_searchable(call) -> None:
    """What a contact can hold finds it, under the names of setting it and of replies."""
    contact_id = call.fake.add_contact(
        **FIELDS,
        dnd=True,
        customFields=[{"id": "f1", "value": "Red"}],
        dndSettings={"SMS": {"status": "active"}},
        additionalEmails=[{"email": "other@example.com"}],
        additionalPhones=[{"phone": "+4999"}],
    )

    for name, value in {**FIELDS, **NAMES, "dnd": True}.items():
        reply = (await call.search(**one_filter(field=name, operator="eq", value=value))).json
        assert [contact["id"] for contact in reply["contacts"]] == [contact_id], name


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"field": "country", "operator": "eq", "value": "us"}, 10),
        ({"field": "dnd", "operator": "eq", "value": False}, 10),
        ({"field": "businessName", "operator": "eq", "value": "abbott group"}, 1),
        ({"field": "dndSettings", "operator": "not_exists"}, 10),
        ({"field": "customFields.none", "operator": "exists"}, 0),
        ({"field": "dateOfBirth", "operator": "range", "value": {"gt": "1990-01-01"}}, 1),
        ({"field": "dateOfBirth", "operator": "range", "value": {"gt": "1991-01-01"}}, 0),
        ({"field": "dateOfBirth", "operator": "exists"}, 1),
    ],
)
async def test_what_is_usual_is_searchable_too(call, search, found) -> None:
    """What nobody set has the value that replies show; dates of birth have a range."""
    contact_id = call.fake.contact_ids()[0]
    call.fake.update_contact(contact_id, dateOfBirth="1990-09-25", dndSettings={})

    assert (await call.search(**one_filter(**search))).json["total"] == found


async def test_locations_are_searched_one_at_a_time(call) -> None:
    """The location of a contact is a field like any other."""
    search = one_filter(field="locationId", operator="eq", value=call.fake.location_id)

    assert (await call.search(**search)).json["total"] == 10


async def test_what_is_set_shows_in_a_search(call) -> None:
    """A found contact has its address under the recorded name, and no fields beyond those."""
    before = (await call.search()).json["contacts"][0]
    call.fake.update_contact(before["id"], address1="1 Quiet Lane", gender="x", city="Y")
    after = (await call.search()).json["contacts"][0]

    assert (after["address"], after["city"]) == ("1 Quiet Lane", "Y")
    assert after.keys() == before.keys()


async def test_a_change_moves_a_contact_into_a_filter(call) -> None:
    """A total is counted anew after a contact changed."""
    search = {"query": "moved@example.com"}
    before = (await call.search(**search)).json["total"]
    call.fake.update_contact(call.fake.contact_ids()[0], email="moved@example.com")

    assert (before, (await call.search(**search)).json["total"]) == (0, 1)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"locationId": ""}, "locationId"),
        ({"pageLimit": None}, "pageLimit"),
        ({"pageLimit": 501}, "500"),
        ({"pageLimit": True}, "pageLimit"),
        ({"page": 0}, "page"),
        ({"page": 1, "searchAfter": [1, "x"]}, "together"),
        ({"searchAfter": "x"}, "searchAfter"),
        ({"query": 3}, "query"),
        ({"limit": 3}, "property limit should not exist"),
        ({"sort": [{"field": "email", "direction": "asc"}]}, "sort"),
        ({"sort": [{"field": "dateAdded", "direction": "up"}]}, "sort"),
        ({"filters": "x"}, "filters"),
        ({"filters": ["x"]}, "filter"),
        ({"filters": [{"group": "XOR", "filters": []}]}, "group"),
        (one_filter(field="email", operator="like", value="x"), "operator like"),
        (one_filter(field="email", operator="not_range", value={"gt": 1}), "operator"),
        (one_filter(field="dateAdded", operator="range", value="x"), "ISO 8601"),
        (one_filter(field="email", operator="range", value="x"), "range"),
        (one_filter(field="dateAdded", operator="range", value={"above": 1}), "range"),
        (one_filter(field="dateAdded", operator="range", value={}), "range"),
    ],
)
async def test_a_bad_search_is_refused(call, search, said) -> None:
    """What a search must have, and what it must not, is said in a list."""
    answer = await call.search(**search)

    assert answer.status == 422
    assert any(said in line for line in answer.json["message"])


async def test_an_empty_sort_is_none(call) -> None:
    """An empty list of sorts is like no sort."""
    assert len((await call.search(sort=[])).json["contacts"]) == 10


@pytest.mark.parametrize("contacts", [0, 1, 2])
async def test_small_locations_work(start, contacts: int) -> None:
    """A location may be empty."""
    call = await start(contacts=contacts)
    sort = [{"field": "dateUpdated", "direction": "asc"}]

    assert contacts == len(await sweep(call, sort=sort)) == len(call.fake.contact_ids())
    assert contacts == (await call.search()).json["total"]
