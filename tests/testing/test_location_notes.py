# ruff: noqa: ANN001, ANN003, ANN201 - fixtures and what they give have their types in conftest
"""The notes API of v3 sees the same notes as contacts do."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.testing import FakeHighLevel
from ghl_notes.testing.replies import Call

HOOK = "http://127.0.0.1:1/hook"
FILE = {"id": "f", "objectKey": "file", "recordId": "r"}


def relation(record_id: str, key: str = "contact") -> dict:
    """Write a relation down."""
    return {"objectKey": key, "recordId": record_id}


async def ask(call, method: str, path: str, sent=None, *, here: bool = True, version: str = "v3"):
    """Ask the notes API, naming the first location."""
    where = {"locationId": call.fake.location_id} if here else {}
    body = {} if sent is None else {"json": sent}
    return await call(method, f"/notes{path}", version=version, params=where, **body)


async def search(call, **sent):
    """Search the first location's notes, and have them counted."""
    whole = {"locationId": call.fake.location_id, "count": True, **sent}
    return await ask(call, "POST", "/search", whole, here=False)


async def create(call, *relations: dict, body: str = "New"):
    """Make a note with relations."""
    sent = {"body": body, "userId": call.fake.user_id, "relations": list(relations)}
    return await ask(call, "POST", "/", sent)


async def test_contacts_notes_are_found_and_read(call) -> None:
    """Computed and written notes of contacts are here, related to their contact."""
    first, second = call.fake.contact_ids()[:2]
    written = call.fake.add_note(second, "Written by hand")
    reply = (await search(call, limit=100)).json
    found = {note["id"]: note for note in reply["notes"]}
    computed = call.fake.notes(first)[0]
    read = (await ask(call, "GET", f"/{computed['id']}")).json["note"]

    assert reply["total"] == len(found) == 51
    assert reply["notes"] == call.fake.location_notes()
    assert read == found[computed["id"]]
    assert read == {
        **computed,
        "dateUpdated": computed["dateAdded"],
        "locationId": call.fake.location_id,
        "relations": [relation(first)],
        "attachments": [],
        "source": read["source"],
    }
    assert found[written["id"]]["relations"] == [relation(second)]


async def test_a_note_made_here_is_its_contacts(call) -> None:
    """It stands in the list of each contact that it is related to, and is changed there too."""
    one, other = call.fake.contact_ids()[:2]
    deal = relation("d", "opportunity")
    made = await create(call, relation(one), deal, relation(other), body="<p>New</p>")
    note = made.json["note"]
    listed = [
        next(held for held in call.fake.notes(contact_id) if held["id"] == note["id"])
        for contact_id in (one, other)
    ]
    path = f"/contacts/{other}/notes/{note['id']}"
    changed = (await call("PUT", path, json={"pinned": True})).json["note"]
    read = (await ask(call, "GET", f"/{note['id']}")).json["note"]

    assert made.status == 201
    assert (note["contactId"], note["bodyText"], note["source"]) == (one, "New", "INTEGRATION")
    assert note["relations"] == [relation(one), deal, relation(other)]
    assert [held["contactId"] for held in listed] == [one, other]
    assert [held["relations"] for held in listed] == [note["relations"]] * 2
    assert (changed["pinned"], changed["contactId"]) == (True, other)
    assert read["pinned"] is True
    assert len((await call("GET", f"/contacts/{one}/notes")).json["notes"]) == 6


async def test_a_note_without_a_contact_is_nobodys(call) -> None:
    """Any other record will do; then no contact is named and no contact lists it."""
    note = (await create(call, relation("d", "custom_objects.pets"))).json["note"]
    path = f"/contacts/{call.fake.contact_ids()[0]}/notes/{note['id']}"

    assert "contactId" not in note
    assert (await ask(call, "GET", f"/{note['id']}")).json["note"] == note
    assert (await call("GET", path)).status == 400
    assert {one["id"] for one in call.fake.location_notes()} > {note["id"]}


async def test_a_note_is_changed_in_part(start, clock) -> None:
    """What is sent changes, in both APIs, and the date of the change is told."""
    call = await start(clock=clock)
    contact_id = call.fake.contact_ids()[0]
    note = call.fake.notes(contact_id)[0]
    sent = {"body": "<b>B</b>", "title": "T", "color": "#fff", "pinned": True}
    changed = (await ask(call, "PUT", f"/{note['id']}", sent)).json["note"]

    assert changed == {**changed, **sent, "bodyText": "B", "dateAdded": note["dateAdded"]}
    assert changed["dateUpdated"] == "2027-01-15T08:00:00.000Z"
    assert {**note, **sent, "bodyText": "B"} in call.fake.notes(contact_id)


@pytest.mark.parametrize("related", [True, False])
async def test_a_deleted_note_is_gone_until_it_is_restored(call, related) -> None:
    """Deletion takes a note out everywhere, from either API, and restoring brings it back."""
    contact_id = call.fake.contact_ids()[0]
    note = call.fake.notes(contact_id)[0]
    if related:
        note = (await create(call, relation(contact_id))).json["note"]
    before = call.fake.location_notes()
    listed = call.fake.notes(contact_id)
    deletions = [
        lambda: ask(call, "DELETE", f"/{note['id']}"),
        lambda: call("DELETE", f"/contacts/{contact_id}/notes/{note['id']}"),
    ]
    for delete in deletions:
        assert (await delete()).status == 200
        assert (await ask(call, "GET", f"/{note['id']}")).status == 400
        assert (await ask(call, "PUT", f"/{note['id']}", {})).status == 400
        assert (await search(call)).json["total"] == len(before) - 1
        assert note["id"] not in {one["id"] for one in call.fake.notes(contact_id)}
        restored = await ask(call, "POST", f"/{note['id']}/restore", {})
        assert restored.json["note"]["id"] == note["id"]
        assert (await search(call)).json["total"] == len(before)
    again = await ask(call, "POST", f"/{note['id']}/restore", {})

    assert call.fake.location_notes() == before
    assert call.fake.notes(contact_id) == listed
    assert again.status == 400


async def test_what_is_deleted_is_shown_once_more(call) -> None:
    """The reply to a delete is the note, as the documents have it."""
    note = call.fake.location_notes()[0]
    gone = await ask(call, "DELETE", f"/{note['id']}")

    assert gone.json["note"] == note


async def test_a_note_is_restored_to_a_record(call) -> None:
    """Restoring may name a record, to which the note belongs then; an unknown one is refused."""
    note = call.fake.location_notes()[0]
    deal = {"model": "opportunity", "recordId": "deal1", "forceRestore": True}
    await ask(call, "DELETE", f"/{note['id']}")
    unknown = {"model": "contact", "recordId": "nobody"}
    refused = await ask(call, "POST", f"/{note['id']}/restore", unknown)
    restored = (await ask(call, "POST", f"/{note['id']}/restore", deal)).json["note"]

    assert refused.status == 400
    assert restored["relations"] == [*note["relations"], relation("deal1", "opportunity")]


async def test_notes_are_counted_on_demand(call) -> None:
    """A total costs a count, so it has to be asked for."""
    assert "total" not in (await search(call, count=False)).json


async def test_relations_come_and_go(call) -> None:
    """A note moves from contact to contact, each relation counts once."""
    one, other = call.fake.contact_ids()[:2]
    note = call.fake.notes(one)[0]
    path = f"/{note['id']}/relations"
    add = {"type": "add", "relations": [relation(other), relation(one), relation(other)]}
    added = (await ask(call, "PUT", path, add)).json["note"]
    assert added["relations"] == [relation(one), relation(other)]
    remove = {"type": "remove", "relations": [relation(one), relation("x", "y")]}
    removed = (await ask(call, "PUT", path, remove)).json["note"]

    assert (removed["relations"], removed["contactId"]) == ([relation(other)], other)
    assert removed["dateUpdated"] > note["dateAdded"]
    assert note["id"] not in {held["id"] for held in call.fake.notes(one)}
    assert note["id"] in {held["id"] for held in call.fake.notes(other)}
    assert (await call("GET", f"/contacts/{one}/notes/{note['id']}")).status == 400
    assert (await call("GET", f"/contacts/{other}/notes/{note['id']}")).status == 200


async def test_attachments_come_and_go(call) -> None:
    """Attachments are told by this API only."""
    contact_id = call.fake.contact_ids()[0]
    note = call.fake.notes(contact_id)[0]
    path = f"/{note['id']}/attachments"
    sent = {"type": "add", "attachments": [FILE, {**FILE, "id": "g"}]}
    added = (await ask(call, "PATCH", path, sent)).json["note"]
    sent = {"type": "remove", "attachments": [FILE]}
    removed = (await ask(call, "PATCH", path, sent)).json["note"]

    assert [one["id"] for one in added["attachments"]] == ["f", "g"]
    assert [one["id"] for one in removed["attachments"]] == ["g"]
    assert note in call.fake.notes(contact_id)


async def test_a_deleted_contact_takes_its_notes_along(call) -> None:
    """Notes of this contact alone are gone, deleted ones too; others lose the relation."""
    one, other = call.fake.contact_ids()[:2]
    own = (await create(call, relation(one))).json["note"]["id"]
    both = [relation(one), relation(other)]
    shared = (await create(call, *both)).json["note"]["id"]
    trash = [note["id"] for note in call.fake.notes(one) if note["id"] != shared][:2]
    trash += [(await create(call, *to)).json["note"]["id"] for to in ([relation(one)], both)]
    for note_id in trash:
        await ask(call, "DELETE", f"/{note_id}")
    call.fake.delete_contact(one)
    left = {note["id"]: note for note in call.fake.location_notes()}

    assert len(left) == 45 + 1
    assert left[shared]["relations"] == [relation(other)]
    assert (await ask(call, "GET", f"/{own}")).status == 400
    restored = [await ask(call, "POST", f"/{note_id}/restore") for note_id in trash]
    assert [answer.status for answer in restored] == [400, 400, 400, 200]
    assert restored[-1].json["note"]["relations"] == [relation(other)]


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ({"query": "AGREED ON A DEMO"}, lambda note: "agreed on a demo" in note["body"]),
        ({"query": "Call 3"}, lambda note: note.get("title") == "Call 3"),
        ({"sources": ["WORKFLOW"]}, lambda note: note["userId"] is None),
        ({"sources": ["WEB_USER", "WORKFLOW"]}, lambda note: True),
        ({"sources": []}, lambda note: True),
        ({"relations": []}, lambda note: True),
        ({"relations": ["nobody"]}, lambda note: False),
        ({"query": "nothing like it"}, lambda note: False),
    ],
)
async def test_a_search_chooses(call, sent, wanted) -> None:
    """Each criterion leaves out what does not meet it, and the total counts the rest."""
    chosen = [note for note in call.fake.location_notes() if wanted(note)]
    reply = (await search(call, limit=100, **sent)).json

    assert reply["notes"] == chosen
    assert reply["total"] == len(chosen)


async def test_a_search_by_records_and_user(start) -> None:
    """Several records are joined, other locations' are none; a user's notes are their own."""
    call = await start(locations=2)
    one, other = call.fake.contact_ids()[:2]
    there = call.fake.contact_ids(call.fake.location_ids[1])[0]
    deal = (await create(call, relation("d", "opportunity"), relation(one))).json["note"]
    by_user = (await search(call, createdByUserId=call.fake.user_id, limit=100)).json
    for records, count in [
        ([one], 6),
        ([one, other], 11),
        (["d"], 1),
        (["d", one], 6),
        ([there], 0),
        ([call.fake.location_id], 0),
    ]:
        assert (await search(call, relations=records)).json["total"] == count

    assert {note["userId"] for note in by_user["notes"]} == {call.fake.user_id}
    assert deal["id"] in {note["id"] for note in by_user["notes"]}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("date", ["dateAdded", "dateUpdated"])
async def test_a_search_is_sorted(call, date, order) -> None:
    """Either date, either way; a change moves a note in the one order only."""
    note = call.fake.notes(call.fake.contact_ids()[0])[0]
    await ask(call, "PUT", f"/{note['id']}", {"pinned": True})
    notes = (await search(call, limit=100, sortBy=date, sortOrder=order)).json["notes"]
    dates = [one[date] for one in notes]
    end = 0 if order == "desc" else -1

    assert dates == sorted(dates, reverse=order == "desc")
    assert (notes[end]["id"] == note["id"]) is (date == "dateUpdated")


BUSY = FakeHighLevel(contacts=6, notes_per_contact=3, limit=None)
for _number, _contact_id in enumerate(BUSY.contact_ids()[:3]):
    BUSY.add_note(_contact_id, f"Extra {_number}")
BUSY.delete_contact(BUSY.contact_ids()[5])


@given(st.integers(1, 100), st.integers(0, 30), st.sampled_from(["", "extra", "demo"]))
def test_a_page_is_a_cut_out_of_the_whole(limit: int, skip: int, query: str) -> None:
    """Limit and skip cut the same order, whatever was asked before."""
    everything = [n for n in BUSY.location_notes() if query in n["bodyText"].casefold()]
    sent = {"locationId": BUSY.location_id, "limit": limit, "skip": skip, "query": query}
    sent["count"] = True
    call = Call(
        method="POST",
        path="/notes/search",
        segments=("notes", "search"),
        version="v3",
        bearer=BUSY.private_token,
        body=json.dumps(sent).encode(),
    )
    reply = BUSY._service.answer(call, 0.0).reply.payload

    assert reply["notes"] == everything[skip : skip + limit]
    assert reply["total"] == len(everything)


async def test_the_default_page_has_20(call) -> None:
    """The flags about counting and records are taken."""
    reply = (await search(call, count=True, includeRelationRecords=True)).json

    assert (len(reply["notes"]), reply["total"]) == (20, 50)


async def test_a_new_note_can_be_late_in_a_search(start, clock) -> None:
    """With a lag a new note is read at once and found later."""
    call = await start(clock=clock, note_lag=2.0)
    note = (await create(call, relation(call.fake.contact_ids()[0]))).json["note"]

    assert (await ask(call, "GET", f"/{note['id']}")).status == 200
    assert (await search(call)).json["total"] == 50
    clock.now += 2
    assert (await search(call)).json["notes"][0]["id"] == note["id"]


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("/search", {"limit": 101}, "limit must not be greater than 100"),
        ("/search", {"limit": 0}, "limit must not be less than 1"),
        ("/search", {"skip": -1}, "skip must not be less than 0"),
        ("/search", {"limit": "20"}, "limit must be an integer number"),
        ("/search", {"sortBy": "title"}, "sortBy must be one of the following values: dateAdded"),
        ("/search", {"sortOrder": "up"}, "sortOrder must be one of the following values: asc"),
        ("/search", {"relations": "x"}, "relations must be an array"),
        ("/search", {"count": 1}, "count must be a boolean value"),
        ("/search", {"locationId": None}, "locationId should not be empty"),
        ("/search", {"page": 1}, "property page should not exist"),
        ("/", {"body": ""}, "body should not be empty"),
        ("/", {"userId": None}, "userId should not be empty"),
        ("/", {"relations": None}, "relations must be an array"),
        ("/", {"relations": []}, "relations must contain at least 1 elements"),
        ("/", {"relations": [{"objectKey": "x"}]}, "relations.0.recordId should not be empty"),
        ("/", {"relations": ["x"]}, "relations.0 must be an object"),
        ("/", {"title": "T"}, "property title should not exist"),
    ],
)
async def test_bad_requests_are_refused_by_a_list_of_rules(call, path, sent, said) -> None:
    """What a search and a new note must have, and must not, is said in a list."""
    usual = {"body": "x", "userId": "u", "relations": [relation("d", "opportunity")]}
    if path == "/search":
        usual = {"locationId": call.fake.location_id}
    answer = await ask(call, "POST", path, {**usual, **sent}, here=path != "/search")

    assert answer.status == 422
    assert any(line.startswith(said) for line in answer.json["message"])


@pytest.mark.parametrize(
    ("method", "below", "sent"),
    [
        ("PUT", "", {"userId": "u"}),
        ("PUT", "", {"body": ""}),
        ("PUT", "/relations", {"type": "add", "relations": []}),
        ("PUT", "/relations", {"type": "set", "relations": [relation("d", "x")]}),
        ("PUT", "/relations", {"relations": [relation("d", "x")]}),
        ("PATCH", "/attachments", {"type": "add", "attachments": [relation("d", "x")]}),
        ("PATCH", "/attachments", {"type": "add"}),
    ],
)
async def test_a_bad_change_is_refused(call, method, below, sent) -> None:
    """Changes of a note, its relations and attachments are checked alike."""
    note = call.fake.notes(call.fake.contact_ids()[0])[0]
    answer = await ask(call, method, f"/{note['id']}{below}", sent)

    assert answer.status == 422
    assert note in call.fake.notes(call.fake.contact_ids()[0])


CALLS = [
    ("POST", "/search", False),
    ("POST", "/", True),
    ("GET", "/{id}", True),
    ("PUT", "/{id}", True),
    ("DELETE", "/{id}", True),
    ("PUT", "/{id}/relations", True),
    ("PATCH", "/{id}/attachments", True),
    ("POST", "/{id}/restore", True),
]


@pytest.mark.parametrize(("method", "path", "required"), CALLS)
async def test_the_location_is_named_where_it_must_be(start, method, path, required) -> None:
    """Some calls need the location in the query; another one than the token's is closed."""
    call = await start(locations=2)
    note = call.fake.notes(call.fake.contact_ids()[0])[0]
    path = "/notes" + path.format(id=note["id"])
    sent = {
        "/notes/search": {"locationId": call.fake.location_id},
        "/notes/": {"body": "x", "userId": "u", "relations": [relation("d", "x")]},
    }.get(path, {})
    if path.endswith(("relations", "attachments")):
        name = path.rsplit("/", 1)[1]
        sent = {"type": "add", name: [FILE if name == "attachments" else relation("d", "x")]}
    if path.endswith("restore"):
        await ask(call, "DELETE", f"/{note['id']}")
    there = {"locationId": call.fake.location_ids[1]}
    body = {**sent, **there} if path == "/notes/search" else sent
    closed = await call(method, path, version="v3", params=there, json=body)
    answer = await call(method, path, version="v3", json=sent)

    assert closed.status == 403
    assert (answer.status == 422) is required
    assert required or answer.status == 200


@pytest.mark.parametrize("version", ["2021-07-28", "2021-04-15", "2023-02-21", None])
async def test_the_older_versions_do_not_have_it(call, version) -> None:
    """Without v3 there are no such routes."""
    for method, path, _ in CALLS:
        answer = await call(method, f"/notes{path}", version=version, json={})
        assert (answer.status, answer.json["message"][:6]) == (404, "Cannot")


async def test_relations_reach_no_strange_contacts(start) -> None:
    """An unknown contact is not found, another location's is closed, and nothing is written."""
    call = await start(locations=2)
    there = call.fake.contact_ids(call.fake.location_ids[1])[0]
    note = call.fake.notes(call.fake.contact_ids()[0])[0]
    before = call.fake.location_notes()
    for contact_id, status in ((there, 403), ("nobody", 400)):
        sent = {"type": "add", "relations": [relation(contact_id)]}
        assert (await create(call, relation(contact_id))).status == status
        assert (await ask(call, "PUT", f"/{note['id']}/relations", sent)).status == status

    assert call.fake.location_notes() == before


async def test_notes_of_other_locations_are_closed(start) -> None:
    """A note is found where it is, and an id that is none nowhere."""
    call = await start(locations=2)
    there = call.fake.location_notes(call.fake.location_ids[1])[0]["id"]
    contact_id = call.fake.contact_ids()[0]

    for path, status in ((f"/{there}", 403), ("/nobody", 400), (f"/{contact_id}", 400)):
        assert (await ask(call, "GET", path)).status == status
        assert (await ask(call, "POST", f"{path}/restore")).status == status


async def test_notes_are_told_by_webhook_when_they_have_a_contact(start) -> None:
    """What happens here is told as ever, in the name of the first contact."""
    call = await start(webhook_url=HOOK)
    one, other = call.fake.contact_ids()[:2]
    await create(call, relation("d", "opportunity"))
    note = (await create(call, relation(one), relation(other))).json["note"]
    add = {"type": "add", "relations": [relation("d", "opportunity")]}
    await ask(call, "PUT", f"/{note['id']}", {"body": "Changed"})
    await ask(call, "PUT", f"/{note['id']}/relations", add)
    await ask(call, "PATCH", f"/{note['id']}/attachments", {"type": "add", "attachments": [FILE]})
    await ask(call, "DELETE", f"/{note['id']}")
    await ask(call, "POST", f"/{note['id']}/restore")
    told = [json.loads(event.body) for event in call.fake.outbox]

    assert [one["type"] for one in told] == ["NoteCreate", *["NoteUpdate"] * 3, "NoteDelete"]
    assert {(event["id"], event["contactId"]) for event in told} == {(note["id"], one)}
    assert [event["body"] for event in told][:2] == ["New", "Changed"]
