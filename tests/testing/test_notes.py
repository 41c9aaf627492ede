# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Notes follow HighLevel's rules."""

import pytest


def path(call, at: int = 0) -> str:
    """Give the path of a contact's notes."""
    return f"/contacts/{call.fake.contact_ids()[at]}/notes"


async def test_a_list_holds_every_note_in_no_order(start) -> None:
    """All notes come at once and clients must sort: they are neither old nor new first."""
    call = await start(notes_per_contact=12)
    notes = (await call("GET", path(call))).json["notes"]
    dates = [note["dateAdded"] for note in notes]

    assert len({note["id"] for note in notes}) == 12
    assert dates not in (sorted(dates), sorted(dates, reverse=True))
    assert notes == call.fake.notes(call.fake.contact_ids()[0])


async def test_a_note_lives(call) -> None:
    """A note is created, read, changed in part, listed, and gone after its deletion."""
    fields = {"body": "<p>One &amp; two</p>", "title": "T", "color": "#fa0", "pinned": True}
    made = await call("POST", path(call), json=fields)
    note = made.json["note"]
    one = f"{path(call)}/{note['id']}"
    changed = await call("PUT", one, json={"body": "a < b", "userId": call.fake.user_id})

    assert made.status == 201
    assert note["bodyText"] == "One & two"
    assert note == {**note, **fields, "userId": None, "relations": []}
    expected = {**note, "body": "a < b", "bodyText": "a < b", "userId": call.fake.user_id}
    assert expected == changed.json["note"] == (await call("GET", one)).json["note"]
    assert expected in (await call("GET", path(call))).json["notes"]
    gone = (await call("DELETE", one)).json
    assert gone == {"succeded": True, "succeeded": True, "traceId": gone["traceId"]}
    assert (await call("GET", one)).status == 400
    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 5
    assert call.fake.stats.notes_created == 1


async def test_a_computed_note_can_be_changed_and_deleted(call) -> None:
    """Notes that were there from the start are notes like any other."""
    first, second, *_ = call.fake.notes(call.fake.contact_ids()[2])
    await call("PUT", f"{path(call, 2)}/{first['id']}", json={"pinned": True})
    await call("DELETE", f"{path(call, 2)}/{second['id']}")
    left = {note["id"]: note for note in call.fake.notes(call.fake.contact_ids()[2])}

    assert {**first, "pinned": True} == left[first["id"]]
    assert second["id"] not in left
    assert len(left) == 4


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, ["body should not be empty", "body must be a string"]),
        ({"body": ""}, ["body should not be empty"]),
        ({"body": 3}, ["body must be a string"]),
        ({"body": "b", "locationId": "x"}, ["property locationId should not exist"]),
        ({"body": "b", "color": "red"}, ["color must be a hexadecimal color"]),
        ({"body": "b", "pinned": "yes"}, ["pinned must be a boolean value"]),
        ({"body": "b", "title": 1, "userId": None}, None),
        (["body"], ["the body must be an object"]),
    ],
)
async def test_a_bad_note_is_refused_by_a_list_of_rules(call, sent, said) -> None:
    """Validation is by whitelist, answers 422, and names every broken rule."""
    answer = await call("POST", path(call), json=sent)

    assert answer.status == 422
    assert (said or ["userId must be a string", "title must be a string"]) == answer.json["message"]


async def test_an_update_is_checked_in_part_only(call) -> None:
    """An update may leave everything out, but what it has must be right."""
    note = call.fake.notes(call.fake.contact_ids()[0])[0]
    one = f"{path(call)}/{note['id']}"

    assert note == (await call("PUT", one, json={})).json["note"]
    assert (await call("PUT", one, json={"body": ""})).status == 422
    assert (await call("PUT", one, json={"title": None})).status == 422


async def test_a_body_that_is_no_json_is_refused(call) -> None:
    """Broken JSON is the caller's fault: 400."""
    assert (await call("POST", path(call), data=b"{")).status == 400


@pytest.mark.parametrize("status", [400, 404])
async def test_what_is_unknown_is_not_found(start, status: int) -> None:
    """Unknown and deleted contacts and notes are refused with the status of the option."""
    call = await start(not_found_status=status)
    gone, other = call.fake.contact_ids()[:2]
    note_id = call.fake.notes(other)[0]["id"]
    call.fake.delete_contact(gone)
    paths = [f"/contacts/{gone}/notes", "/contacts/nobody/notes", f"{path(call, 2)}/{note_id}"]
    paths += [f"/contacts/{other}/notes/{other}", f"/contacts/{gone}"]

    for unknown in paths:
        answer = await call("GET", unknown)
        assert status == answer.status
        assert "not found" in answer.json["message"]


async def test_a_note_of_another_location_is_not_found(start) -> None:
    """An id that means a note elsewhere means none of this location's contacts'."""
    call = await start(locations=2)
    there = call.fake.contact_ids(call.fake.location_ids[1])[0]

    for note in call.fake.notes(there):
        assert (await call("GET", f"{path(call)}/{note['id']}")).status == 400


async def test_an_unwritten_note_number_is_not_found(start) -> None:
    """An id of a note that does not exist yet is unknown, even if it would be the next."""
    call, bigger = await start(), await start(notes_per_contact=6)
    contact_id = call.fake.contact_ids()[0]
    ids = {note["id"] for note in bigger.fake.notes(contact_id)}
    (extra,) = ids - {note["id"] for note in call.fake.notes(contact_id)}

    assert (await call("GET", f"{path(call)}/{extra}")).status == 400


async def test_a_new_note_can_be_late_in_the_list(start, clock) -> None:
    """With a lag, a new note is readable at once and listed later."""
    call = await start(clock=clock, note_lag=2.0)
    note = call.fake.add_note(call.fake.contact_ids()[0], "late")

    assert (await call("GET", f"{path(call)}/{note['id']}")).status == 200
    assert len((await call("GET", path(call))).json["notes"]) == 5
    clock.now += 2
    assert note in (await call("GET", path(call))).json["notes"]


async def test_reads_are_counted_by_contact(call) -> None:
    """The counters tell how often a contact's notes were listed."""
    first, second = call.fake.contact_ids()[0], call.fake.contact_ids()[9]
    await call("GET", path(call))
    await call("GET", path(call))
    reads = call.fake.stats.reads

    assert [reads(one) for one in (first, second, "x", call.fake.location_id)] == [2, 0, 0, 0]
    assert call.fake.stats.by_route["GET /contacts/{contactId}/notes"] == 2


@pytest.mark.parametrize("body", ["{", "[" * 100_000])
async def test_what_is_no_json_is_refused(call, body: str) -> None:
    """Half a document and a bottomless one are the caller's mistakes."""
    path = f"/contacts/{call.fake.contact_ids()[0]}/notes"
    answer = await call("POST", path, data=body, version="v3")

    assert (answer.status, answer.json["message"]) == (400, "Unexpected token in JSON")
