"""Good replies of every kind, and ways to spoil them."""

import copy
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from hypothesis import strategies as st

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec
from ghl_notes.models import AppointmentNote, LocationNote

MARKER = "s3cr3t note"

NOTE = {"id": "n1", "body": "<p>Hi</p>", "dateAdded": "2026-07-17T10:27:18.167Z", "userId": "u1"}
CONTACT_NOTE = {
    **NOTE,
    "contactId": "c1",
    "title": "Call",
    "relations": [{"objectKey": "contact", "recordId": "c1"}],
}
APPOINTMENT_NOTE = {**NOTE, "contactId": "c1", "createdBy": {"id": "u1", "name": "Jane"}}
LOCATION_NOTE = {
    **CONTACT_NOTE,
    "locationId": "l1",
    "source": "WEB_USER",
    "attachments": [{"id": "a1", "objectKey": "contact", "recordId": "c1"}],
}
TASK = {
    "id": "t1",
    "title": "Call back",
    "body": "soon",
    "assignedTo": "u1",
    "dueDate": "2021-07-08T02:30:00.000Z",
    "completed": True,
    "contactId": "c1",
}
APPOINTMENT = {
    "id": "e1",
    "calendarId": "k1",
    "title": "Test",
    "startTime": "2021-07-16 11:00:00",
    "endTime": "2021-07-16 11:30:00",
    "dateAdded": "2021-07-16 10:00:00",
    "appointmentStatus": "booked",
    "users": ["u1", "u2"],
}
CONTACT = {
    "id": "c1",
    "firstName": "Jane",
    "tags": ["vip"],
    "dateAdded": "2026-07-17T07:11:57.939Z",
    "customFields": [{"id": "f1", "value": ["x"]}],
    "dndSettings": {"SMS": {"status": "active", "code": "103"}},
    "dateOfBirth": "1990-09-25",
    "searchAfter": [1784272317939, "c1"],
}
OUTCOME = {
    "contactId": "c1",
    "message": "Tags updated",
    "type": "success",
    "oldTags": ["a"],
    "tagsAdded": ["b"],
    "tagsRemoved": [],
}
LOCATION = {"_id": "l1", "name": "Main", "address": "", "isInstalled": True}

Reader = Callable[[object], object]
# Every reader, beside a reply that it reads.
READERS: Mapping[str, tuple[Reader, dict[str, object]]] = {
    "notes": (partial(codec.notes, contact_id="c1"), {"notes": [CONTACT_NOTE, NOTE]}),
    "note": (partial(codec.note, contact_id="c1"), {"note": CONTACT_NOTE}),
    "appointment notes": (
        codec.appointment_notes,
        {"notes": [APPOINTMENT_NOTE, NOTE], "hasMore": True},
    ),
    "appointment note": (
        partial(codec.body_note, cls=AppointmentNote),
        {"note": APPOINTMENT_NOTE},
    ),
    "location notes": (codec.location_notes, {"notes": [LOCATION_NOTE, NOTE], "total": 2}),
    "one location note": (codec.location_notes, {"note": LOCATION_NOTE}),
    "location note": (partial(codec.body_note, cls=LocationNote), {"note": LOCATION_NOTE}),
    "tasks": (partial(codec.tasks, contact_id="c1"), {"tasks": [TASK]}),
    "task": (partial(codec.task, contact_id="c1"), {"task": TASK}),
    "appointments": (codec.appointments, {"events": [APPOINTMENT]}),
    "contact": (codec.contact, {"contact": CONTACT}),
    "contacts": (codec.contacts, {"contacts": [CONTACT, CONTACT], "total": 2}),
    "listed contacts": (
        codec.listed_contacts,
        {"contacts": [CONTACT], "meta": {"total": 1, "startAfter": 5, "startAfterId": "c1"}},
    ),
    "duplicate": (codec.duplicate, {"contact": CONTACT, "matchingField": "email"}),
    "upsert": (codec.upserted, {"contact": CONTACT, "new": True}),
    "tags": (partial(codec.texts, name="tags"), {"tags": ["a", "b"]}),
    "bulk tags": (codec.tags_updated, {"errorCount": 1, "responses": [OUTCOME, OUTCOME]}),
    "installs": (codec.locations, {"locations": [LOCATION], "count": 1}),
    "installs of v3": (
        codec.locations,
        {"items": [LOCATION], "pagination": {"nextPageToken": "t"}},
    ),
}

odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([MARKER, "", "2026-07-17", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([MARKER, "id", "body", "status"]), inner, max_size=2)
    ),
    max_leaves=3,
)


def places(payload: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Name every place in a reply, by the keys that lead to it."""
    if isinstance(payload, dict | list):
        for key in payload if isinstance(payload, dict) else range(len(payload)):
            yield (*path, key)
            yield from places(payload[key], (*path, key))


def put(payload: object, path: tuple[object, ...], value: object) -> object:
    """Put a value into a place of a copy of a reply."""
    changed = copy.deepcopy(payload)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return changed


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[Reader, object]:
    """Take a reader, and a reply with something odd at one or two of its places."""
    read, payload = READERS[draw(st.sampled_from([*READERS]))]
    for _ in range(draw(st.integers(1, 2))):
        payload = put(payload, draw(st.sampled_from([*places(payload)])), draw(odd))
    return read, payload


def told(error: UnexpectedResponse) -> str:
    """Everything that an error gives away, to whoever prints, logs or sends it."""
    parts = (str(error), repr(error), repr(error.problems), repr(pickle.dumps(error)))
    return "\n".join([*parts, *traceback.format_exception(error)])
