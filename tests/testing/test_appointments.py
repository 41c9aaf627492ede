# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Appointments of a contact, and their notes."""

import re

import pytest

V2, V3 = "2021-04-15", "v3"
versions = pytest.mark.parametrize("version", [V2, V3])
LOCAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def appointment_of(call, at: int = 0) -> str:
    """Give the id of a contact's appointment."""
    return call.fake.appointments(call.fake.contact_ids()[at])[0]["id"]


def path(call, at: int = 0) -> str:
    """Give the path of the notes of a contact's appointment."""
    return f"/calendars/appointments/{appointment_of(call, at)}/notes"


PAGE = {"limit": 20, "offset": 0}


@versions
async def test_a_list_holds_every_appointment(start, version) -> None:
    """All appointments come at once; their times have no zone."""
    call = await start(appointments_per_contact=3)
    contact_id = call.fake.contact_ids()[0]
    reply = (await call("GET", f"/contacts/{contact_id}/appointments", version=version)).json
    events = reply["events"]

    assert events == call.fake.appointments(contact_id)
    assert len({event["id"] for event in events}) == 3
    for event in events:
        names = ("startTime", "endTime", "dateAdded", "dateUpdated")
        assert all(LOCAL.fullmatch(event[name]) for name in names)
        assert event["startTime"] < event["endTime"]
        assert (event["contactId"], event["locationId"]) == (contact_id, call.fake.location_id)


async def test_a_test_can_add_an_appointment(start, clock) -> None:
    """An appointment added by hand is now, unless its fields say otherwise."""
    call = await start(appointments_per_contact=0, clock=clock)
    contact_id = call.fake.contact_ids()[0]
    plain = call.fake.add_appointment(contact_id)
    named = call.fake.add_appointment(contact_id, title="T", startTime="2021-07-16 11:00:00")
    listed = (await call("GET", f"/contacts/{contact_id}/appointments")).json["events"]

    assert plain["startTime"] == "2027-01-15 08:00:00"
    assert (named["title"], named["startTime"]) == ("T", "2021-07-16 11:00:00")
    assert {event["id"] for event in listed} == {plain["id"], named["id"]}


@versions
async def test_a_note_of_an_appointment_lives(call, version) -> None:
    """A note is made, changed, listed with its writer, and gone after its deletion."""
    sent = {"body": "First", "userId": call.fake.user_id}
    made = await call("POST", path(call), version=version, json=sent)
    note = made.json["note"]
    one = f"{path(call)}/{note['id']}"
    changed = await call("PUT", one, version=version, json={"body": "Second"})
    listed = (await call("GET", path(call), version=version, params=PAGE)).json
    gone = await call("DELETE", one, version=version)

    assert (made.status, changed.status, gone.status) == (201, 200, 200)
    assert note == {
        "id": note["id"],
        **sent,
        "dateAdded": note["dateAdded"],
        "contactId": call.fake.contact_ids()[0],
        "createdBy": {"id": call.fake.user_id, "name": "Jane Doe"},
    }
    assert changed.json["note"] == {**note, "body": "Second"}
    assert (listed["notes"], listed["hasMore"]) == ([changed.json["note"]], False)
    assert gone.json == {"success": True, "traceId": gone.json["traceId"]}
    assert call.fake.appointment_notes(appointment_of(call)) == []
    assert (await call("DELETE", one)).status == 400


async def test_a_note_in_nobodys_name_has_no_writer(call) -> None:
    """Without a user there is nobody who made it; a stranger has a name all the same."""
    nobody = (await call("POST", path(call), json={"body": "x"})).json["note"]
    stranger = (await call("POST", path(call), json={"body": "x", "userId": "s"})).json["note"]

    assert nobody["userId"] is None
    assert "createdBy" not in nobody
    assert stranger["createdBy"]["id"] == "s"


async def test_each_appointment_has_its_own_notes(start) -> None:
    """Two appointments of one contact share nothing."""
    call = await start(appointments_per_contact=2)
    one, other = (event["id"] for event in call.fake.appointments(call.fake.contact_ids()[0]))
    note = call.fake.add_appointment_note(one, "Mine", userId="u")

    assert call.fake.appointment_notes(one) == [note]
    assert call.fake.appointment_notes(other) == []
    wrong = f"/calendars/appointments/{other}/notes/{note['id']}"
    for path_of_none in (wrong, f"/calendars/appointments/{one}/notes/{one}"):
        assert (await call("PUT", path_of_none, json={"body": "x"})).status == 400


async def test_notes_come_in_pages_newest_first(call) -> None:
    """Limit and offset lead through all notes, and ``hasMore`` tells when it is over."""
    appointment_id = appointment_of(call)
    ids = [call.fake.add_appointment_note(appointment_id)["id"] for _ in range(5)]
    pages = [
        (await call("GET", path(call), params={"limit": 2, "offset": at})).json
        for at in (0, 2, 4, 6)
    ]
    whole = (await call("GET", path(call), params={"limit": 5, "offset": 0})).json
    found = [note["id"] for page in pages for note in page["notes"]]

    assert found == [note["id"] for note in whole["notes"]] == ids[::-1]
    assert whole["hasMore"] is False
    assert [page["hasMore"] for page in pages] == [True, True, False, False]


@versions
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"offset": 0}, "limit must be a number string"),
        ({"limit": 1}, "offset must be a number string"),
        ({"limit": 21, "offset": 0}, "limit must not be greater than 20"),
        ({"limit": 0, "offset": 0}, "limit must not be less than 1"),
        ({"limit": 1, "offset": -1}, "offset must not be less than 0"),
        ({"limit": 1, "offset": 0, "skip": 1}, "property skip should not exist"),
    ],
)
async def test_a_page_must_be_told(call, version, asked, said) -> None:
    """Limit and offset are needed, and have bounds."""
    answer = await call("GET", path(call), version=version, params=asked)

    assert answer.status == 422
    assert said in answer.json["message"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 422),
        ({"body": ""}, 422),
        ({"body": "x" * 5_001}, 422),
        ({"body": "x", "title": "t"}, 422),
        ({"body": "x", "userId": 3}, 422),
        ({"body": "x" * 5_000}, 200),
    ],
)
async def test_a_note_has_at_most_5000_characters(call, method, sent, status) -> None:
    """A body is needed, even to change a note, and it has a bound."""
    note = call.fake.add_appointment_note(appointment_of(call))
    where = path(call) if method == "POST" else f"{path(call)}/{note['id']}"
    answer = await call(method, where, json=sent)

    assert answer.status == (201 if (method, status) == ("POST", 200) else status)


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("POST", ""), ("PUT", "/x"), ("DELETE", "/x")]
)
async def test_only_known_appointments_of_this_location_have_notes(start, method, below) -> None:
    """Unknown appointments are not found, as are a deleted contact's; others' are closed."""
    call = await start(locations=2)
    there = call.fake.appointments(call.fake.contact_ids(call.fake.location_ids[1])[0])[0]["id"]
    gone = appointment_of(call, 1)
    call.fake.delete_contact(call.fake.contact_ids()[1])
    body = {} if method in ("GET", "DELETE") else {"json": {"body": "x"}}
    asked = {"params": PAGE} if method == "GET" else {}
    answers = [
        await call(method, f"/calendars/appointments/{one}/notes{below}", **body, **asked)
        for one in (there, "nobody", gone, call.fake.contact_ids()[0])
    ]

    assert [answer.status for answer in answers] == [403, 400, 400, 400]
    assert answers[2].json["message"] == f"Appointment with id {gone} not found"
