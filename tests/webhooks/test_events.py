"""What is read from a body: the documented events, unknown ones as themselves, and the rest."""

import copy
import json
import pickle
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import WebhookRejected
from ghl_notes.webhooks import (
    AppInstalled,
    AppUninstalled,
    ContactCreated,
    ContactDeleted,
    ContactDndUpdated,
    ContactEvent,
    ContactTagsUpdated,
    ContactUpdated,
    NoteCreated,
    NoteDeleted,
    NoteEvent,
    NoteUpdated,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskEvent,
    WebhookEvent,
    parse,
)

WHEN = "2026-07-17T10:27:18.167Z"
AT = datetime(2026, 7, 17, 10, 27, 18, 167_000, tzinfo=UTC)
NOTE = {
    "type": "NoteCreate",
    "locationId": "ve9EPM428h8vShlRW1KT",
    "id": "otg8dTQqGLh3Q6iQI55w",
    "body": "<p>Spoke with Jane</p>",
    "contactId": "CWBf1PR9LvvBkcYqiXlc",
    "dateAdded": WHEN,
}
ENVELOPE = {
    "timestamp": WHEN,
    "webhookId": "5f0b1d0e-9a3c-4d75-8d0e-7b1b5a1f2c3d",
    "appId": "66a0419a0dffa47fb5f8b22f",
    "versionId": "66a0419a0dffa47fb5f8b22f",
}
INSTALL = {
    "type": "INSTALL",
    "appId": "66a0419a0dffa47fb5f8b22f",
    "installType": "Location",
    "locationId": "ve9EPM428h8vShlRW1KT",
    "companyId": "GNb7aIv4rQFVb9iwNl5K",
    "userId": "pIS1lIVSJ6Vw4JrVpPtX",
    "planId": "66a0419a0dffa47fb5f8b22e",
    "trial": {"onTrial": True, "trialDuration": 10, "trialStartDate": WHEN},
    "isWhitelabelCompany": True,
    "whitelabelDetails": {"domain": "example.com", "logoUrl": "https://example.com/logo.png"},
    "companyName": "Example Company",
}
TYPED = [
    *("NoteCreate", "NoteUpdate", "NoteDelete"),
    *("ContactCreate", "ContactUpdate", "ContactTagUpdate", "ContactDndUpdate", "ContactDelete"),
    *("TaskCreate", "TaskComplete", "TaskDelete"),
]
CLASSES = {"NoteCreate": NoteCreated, "NoteUpdate": NoteUpdated, "NoteDelete": NoteDeleted}


def read(**fields: object) -> WebhookEvent:
    """Read a note event with these fields changed."""
    return parse(json.dumps({**NOTE, **fields}).encode())


@pytest.mark.parametrize("kind", CLASSES)
def test_note_events(kind: str) -> None:
    """A note event has its class, its fields, and the whole body beside them."""
    payload = {**NOTE, **ENVELOPE, "type": kind}
    event = parse(json.dumps(payload).encode())

    assert event == CLASSES[kind](
        type=kind,
        webhook_id=ENVELOPE["webhookId"],
        app_id=ENVELOPE["appId"],
        version_id=ENVELOPE["versionId"],
        location_id=NOTE["locationId"],
        timestamp=AT,
        note_id=NOTE["id"],
        contact_id=NOTE["contactId"],
        body=NOTE["body"],
        date_added=AT,
        payload=payload,
    )
    assert isinstance(event, NoteEvent)


def test_a_note_event_as_it_is_documented() -> None:
    """The documented examples have no envelope: what is not there is None."""
    event = parse(json.dumps(NOTE).encode())

    assert (event.webhook_id, event.app_id, event.company_id, event.timestamp) == (None,) * 4
    assert event.note_id == NOTE["id"]


def test_an_install() -> None:
    """Of an install everything documented is there, the rest in the payload."""
    event = parse(json.dumps(INSTALL).encode())

    assert isinstance(event, AppInstalled)
    assert (event.location_id, event.company_id) == (INSTALL["locationId"], INSTALL["companyId"])
    assert (event.install_type, event.user_id) == ("Location", INSTALL["userId"])
    assert (event.company_name, event.plan_id) == ("Example Company", INSTALL["planId"])
    assert event.payload["trial"] == INSTALL["trial"]


def test_an_install_of_an_agency() -> None:
    """It has no location, and hardly anything else."""
    event = parse(b'{"type":"INSTALL","appId":"a","companyId":"c"}')

    assert event == AppInstalled(
        type="INSTALL",
        app_id="a",
        company_id="c",
        payload={"type": "INSTALL", "appId": "a", "companyId": "c"},
    )


@pytest.mark.parametrize("owner", ["locationId", "companyId"])
def test_an_uninstall(owner: str) -> None:
    """It names a location or an agency."""
    event = parse(json.dumps({"type": "UNINSTALL", "appId": "a", owner: "one"}).encode())

    assert isinstance(event, AppUninstalled)
    assert {event.location_id, event.company_id} == {"one", None}


def test_a_number_that_is_too_large_costs_no_event() -> None:
    """What cannot be a number in Python is its digits."""
    event = parse(b'{"type":"A","x":' + b"9" * 10_000 + b',"y":1e999,"z":NaN}')

    assert event.payload == {"type": "A", "x": "9" * 10_000, "y": "1e999", "z": None}


def test_another_type_is_an_event_as_itself() -> None:
    """A type that is newer than this library is handed on with all its fields."""
    payload = {"type": "NoteRestore", "locationId": "l", "id": "n", "new": {"a": [1, None]}}
    event = parse(json.dumps(payload).encode())

    assert type(event) is WebhookEvent
    assert (event.type, event.location_id, event.payload) == ("NoteRestore", "l", payload)


@pytest.mark.parametrize("kind", CLASSES)
def test_unknown_fields_stay(kind: str) -> None:
    """A field that HighLevel adds is in the payload."""
    event = read(type=kind, userId="u", relations=[{"objectKey": "contact"}])

    assert (event.payload["userId"], event.payload["relations"]) == (
        "u",
        [{"objectKey": "contact"}],
    )


@pytest.mark.parametrize("odd", [None, "", 5, True, [], {}, "not a date", "2026-13-45T99:99:99Z"])
@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("timestamp", "timestamp"),
        ("dateAdded", "date_added"),
        ("contactId", "contact_id"),
        ("webhookId", "webhook_id"),
        ("versionId", "version_id"),
    ],
)
def test_an_optional_field_costs_no_event(wire: str, name: str, odd: object) -> None:
    """What can be done without, and cannot be read, is None."""
    text = isinstance(odd, str) and odd and name not in ("timestamp", "date_added")
    milliseconds = odd == 5 and odd is not True and name in ("timestamp", "date_added")
    event = read(**{wire: odd})

    if milliseconds:
        assert getattr(event, name) == datetime(1970, 1, 1, 0, 0, 0, 5000, tzinfo=UTC)
    else:
        assert getattr(event, name) == (odd if text else None)
    assert event.payload[wire] == odd


@pytest.mark.parametrize("kind", TYPED)
@pytest.mark.parametrize("field", ["id", "locationId"])
@pytest.mark.parametrize("odd", [None, "", 5, ["x"], "a/b"])
def test_what_a_type_cannot_be_without(kind: str, field: str, odd: object) -> None:
    """A record without its id or its location is no event."""
    with pytest.raises(WebhookRejected, match=field) as raised:
        read(type=kind, **{field: odd})

    assert raised.value.status == 400
    assert NOTE["body"] not in str(raised.value)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_empty_body_is_a_body(kind: str) -> None:
    """A note may have lost all its text."""
    assert read(type=kind, body="").body == ""


@pytest.mark.parametrize("odd", [None, 5, ["x"], {"a": 1}, True])
@pytest.mark.parametrize("kind", CLASSES)
def test_a_note_needs_no_body(kind: str, odd: object) -> None:
    """Its id is enough to get it: what HighLevel left out for its size costs no event."""
    event = read(type=kind, body=odd, payloadTooLarge=True)

    assert event.body == ("" if kind == "NoteDelete" else None)
    assert (event.note_id, event.payload["payloadTooLarge"]) == (NOTE["id"], True)


CONTACT = {
    "locationId": "ve9EPM428h8vShlRW1KT",
    "id": "nmFmQEsNgz6AVpgLVUJ0",
    "address1": "3535 1st St N",
    "companyName": "Example Company",
    "country": "DE",
    "source": "xyz form",
    "dateAdded": WHEN,
    "dateUpdated": WHEN,
    "dnd": True,
    "email": "jane@example.com",
    "name": "Jane Doe",
    "firstName": "Jane",
    "lastName": "Doe",
    "phone": "+4930123456",
    "tags": ["id magna sed Lorem", "Duis dolor commodo aliqua"],
    "assignedTo": "nmFmQEsNgz6AVpgLVUJ1",
    "customFields": [{"id": "BcdmQEsNgz6AVpgLVUJ0", "value": "XYZ Corp"}],
}
CONTACTS = {
    "ContactCreate": ContactCreated,
    "ContactUpdate": ContactUpdated,
    "ContactTagUpdate": ContactTagsUpdated,
    "ContactDndUpdate": ContactDndUpdated,
    "ContactDelete": ContactDeleted,
}


@pytest.mark.parametrize("kind", CONTACTS)
def test_contact_events(kind: str) -> None:
    """A contact event has the usual fields of a contact, and the whole body beside them."""
    payload = {**CONTACT, **ENVELOPE, "type": kind}
    event = parse(json.dumps(payload).encode())

    assert event == CONTACTS[kind](
        type=kind,
        webhook_id=ENVELOPE["webhookId"],
        app_id=ENVELOPE["appId"],
        version_id=ENVELOPE["versionId"],
        location_id=CONTACT["locationId"],
        timestamp=AT,
        contact_id=CONTACT["id"],
        name="Jane Doe",
        first_name="Jane",
        last_name="Doe",
        email="jane@example.com",
        phone="+4930123456",
        company_name="Example Company",
        source="xyz form",
        assigned_to=CONTACT["assignedTo"],
        dnd=True,
        tags=tuple(CONTACT["tags"]),
        date_added=AT,
        date_updated=AT,
        payload=payload,
    )
    assert isinstance(event, ContactEvent)
    assert hash(event)


TASK = {
    "locationId": "ve9EPM428h8vShlRW1KT",
    "id": "UlRWGLSXh0ji5qbiGu4i",
    "assignedTo": "bNl8QNGXhIQJLv8eeASQ",
    "body": "Ask about the roof",
    "contactId": "CWBf1PR9LvvBkcYqiXlc",
    "title": "Call Jane",
    "dateAdded": WHEN,
    "dueDate": "2026-07-18T12:00:00+02:00",
}
TASKS = {"TaskCreate": TaskCreated, "TaskComplete": TaskCompleted, "TaskDelete": TaskDeleted}


@pytest.mark.parametrize("kind", TASKS)
def test_task_events(kind: str) -> None:
    """A task event has its class and its fields; its contact may be missing."""
    event = parse(json.dumps({**TASK, **ENVELOPE, "type": kind}).encode())
    bare = parse(json.dumps({"type": kind, "locationId": "l", "id": "t"}).encode())

    assert isinstance(event, TaskEvent)
    assert isinstance(event, TASKS[kind])
    assert (event.task_id, event.contact_id) == (TASK["id"], TASK["contactId"])
    assert (event.title, event.body) == ("Call Jane", "Ask about the roof")
    assert event.assigned_to == TASK["assignedTo"]
    assert event.date_added == AT
    assert event.due_date == datetime(2026, 7, 18, 10, tzinfo=UTC)
    assert bare == TASKS[kind](type=kind, location_id="l", task_id="t", payload=bare.payload)


@pytest.mark.parametrize("kind", [*CONTACTS, *TASKS])
@pytest.mark.parametrize("odd", [None, "", 5, 1e300, True, [], ["a", 5], {}, {"a": "b"}])
def test_what_only_carries_costs_no_event(kind: str, odd: object) -> None:
    """Any field but the ids may be missing or odd, and is None or empty then."""
    whole = {**CONTACT, **TASK}
    odd_ones = {name: odd for name in whole if name not in ("id", "locationId")}
    event = parse(json.dumps({**whole, **odd_ones, "type": kind}).encode())
    ids = {"type", "location_id", "payload", "contact_id" if kind in CONTACTS else "task_id"}
    names = [a.name for a in attrs.fields(type(event)) if a.name not in ids]
    values = {name: getattr(event, name) for name in names}
    times = {name: value for name, value in values.items() if isinstance(value, datetime)}

    assert event.location_id == whole["locationId"]
    assert values.pop("tags", ()) in ((), ("a",))
    assert bool(times) == (odd == 5 and odd is not True)
    assert {value for name, value in values.items() if name not in times} <= {None, True, ""}


@pytest.mark.parametrize("odd", [5, {}, [], True, "a/b", "..", "a b", "a\x00b", "a?b", "\ud800"])
@pytest.mark.parametrize("field", ["locationId", "companyId", "appId"])
@pytest.mark.parametrize("kind", ["UNINSTALL", "INSTALL", "NoteCreate", "Another"])
def test_an_id_that_steers_is_an_id_or_absent(kind: str, field: str, odd: object) -> None:
    """An unreadable location must not make its uninstall one of the whole agency."""
    with pytest.raises(WebhookRejected, match=field) as raised:
        read(type=kind, **{"companyId": "c", field: odd})

    assert raised.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"5",
        b'"NoteCreate"',
        b"[]",
        b'[{"type":"NoteCreate"}]',
        b"{}",
        b'{"type":null}',
        b'{"type":""}',
        b'{"type":5}',
        b'{"type":["NoteCreate"]}',
        b'{"data":{"type":"NoteCreate"}}',
        b'{"type":"NoteCreate"',
        b'{"type":"A"}{"type":"B"}',
        b"type=NoteCreate",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"type":"A","x":' + b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_event(body: bytes) -> None:
    """Anything but one JSON object with a type is refused with 400, and not repeated."""
    with pytest.raises(WebhookRejected) as raised:
        parse(body)

    assert raised.value.status == 400
    assert raised.value.__cause__ is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from([*NOTE, *ENVELOPE, *INSTALL, *CONTACT, *TASK, "other"])
TYPES = st.sampled_from([*TYPED, "INSTALL", "UNINSTALL", "Other"])


@given(kind=TYPES | JSON, fields=st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_json_is_an_event_or_refused(kind: object, fields: dict[str, object]) -> None:
    """Whatever the fields hold, the outcome is an event with sound times or a 400."""
    body = json.dumps({**NOTE, **fields, "type": kind}).encode()
    try:
        event = parse(body)
    except WebhookRejected as error:
        status = error.status
    else:
        status = 200
        names = ("timestamp", "date_added", "date_updated", "due_date")
        times = [getattr(event, name, None) for name in names]
        assert all(one is None or one.tzinfo is UTC for one in times)
        assert event.type == kind

    assert status in (200, 400)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    """Bytes that are no JSON crash nothing."""
    with pytest.raises(WebhookRejected):
        parse(b"\x01" + body)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-07-17T12:27:18.167+02:00", AT),
        ("2026-07-17T10:27:18.167", AT),
        (1_784_284_038_167, AT),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        (10**30, None),
    ],
)
def test_times_are_in_utc(told: object, meant: datetime | None) -> None:
    """A time is the same moment in UTC; one that UTC cannot hold is none, or a store would fail."""
    assert read(timestamp=told).timestamp == meant


def test_a_repr_shows_no_content() -> None:
    """An event in a log shows ids and times, and nothing that anyone wrote."""
    others = ({**INSTALL}, {**CONTACT, "type": "ContactCreate"}, {**TASK, "type": "TaskDelete"})
    shown = repr(read()) + "".join(repr(parse(json.dumps(one).encode())) for one in others)

    assert NOTE["id"] in shown
    assert NOTE["body"] not in shown
    assert "payload" not in shown
    assert INSTALL["companyName"] not in shown
    assert CONTACT["id"] in shown
    assert not any(one in shown for one in ("Jane", "Doe", "jane@", "+49", "roof", "magna"))


def test_events_are_values() -> None:
    """They compare by content, can be put into a set, pickled and copied, and never changed."""
    event = read(timestamp=WHEN)

    assert event == read(timestamp=WHEN) != read(timestamp=WHEN, other=1)
    assert len({event, read(timestamp=WHEN)}) == 1
    assert pickle.loads(pickle.dumps(event)) == copy.deepcopy(event) == event
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.body = "other"
