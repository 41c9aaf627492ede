# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What the app is told by webhook, in which words, and with which signature."""

import json
import subprocess
import sys
import uuid
from base64 import b64decode
from datetime import datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ghl_notes.testing import FakeHighLevel

HOOK = "http://127.0.0.1:1/hook"
NOTE = {"id", "body", "contactId", "dateAdded"}
ENVELOPE = {"type", "appId", "versionId", "locationId", "timestamp", "webhookId"}


def told(fake: FakeHighLevel) -> list[dict]:
    """Decode what waits in the outbox."""
    return [json.loads(event.body) for event in fake.outbox]


def last(fake: FakeHighLevel) -> dict:
    """Decode what was queued last, without what differs in each event."""
    payload = told(fake)[-1]
    for name in ("timestamp", "webhookId"):
        del payload[name]
    return payload


# signatures


def test_the_current_signature_is_ed25519_of_the_body() -> None:
    """``X-GHL-Signature`` is verified by the public key, and over these bytes alone."""
    fake, body = FakeHighLevel(), b'{"a": "\xc3\xa9"}'
    headers = fake.sign(body)
    key = load_der_public_key(b64decode(fake.webhook_key))
    signature = b64decode(headers["X-GHL-Signature"], validate=True)

    assert headers.keys() == {"X-GHL-Signature", "Content-Type"}
    assert (headers["Content-Type"], len(signature)) == ("application/json", 64)
    assert key.verify(signature, body) is None
    with pytest.raises(InvalidSignature):
        key.verify(signature, body + b" ")


@pytest.mark.slow
def test_the_legacy_signature_is_rsa_of_the_body() -> None:
    """``X-WH-Signature`` is PKCS#1 v1.5 over SHA-256 with a key of 4096 bits, made once."""
    fake, body = FakeHighLevel(), b"{}"
    headers = fake.sign(body, legacy=True)
    key = load_der_public_key(b64decode(fake.legacy_webhook_key))
    signature = b64decode(headers["X-WH-Signature"], validate=True)

    assert headers.keys() == {"X-WH-Signature", "Content-Type"}
    assert key.key_size == 4096
    assert key.verify(signature, body, padding.PKCS1v15(), SHA256()) is None
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"{ }", padding.PKCS1v15(), SHA256())


def test_the_key_comes_from_the_seed() -> None:
    """The same seed signs alike in every run, another seed in another way."""
    one, same, other = FakeHighLevel(), FakeHighLevel(), FakeHighLevel(seed=1)

    assert one.webhook_key == same.webhook_key != other.webhook_key
    assert one.webhook_key.startswith("MCowBQYDK2VwAyEA")  # what HighLevel's begins with
    assert one.sign(b"x") == same.sign(b"x") != other.sign(b"x")


def test_without_the_extra_only_signing_fails() -> None:
    """Without cryptography everything else works, and signing names the extra to install."""
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from ghl_notes.testing import FakeHighLevel\n"
        "fake = FakeHighLevel(webhook_url='http://127.0.0.1:1')\n"
        "fake.add_note(fake.contact_ids()[0])\n"
        "assert len(fake.outbox) == 1\n"
        "try: fake.webhook_key\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "pip install 'ghl-notes[webhooks]'" in shown.stdout


# notes


async def test_notes_through_the_api_are_told(start) -> None:
    """Creating, changing and deleting a note each send the documented fields, and no others."""
    call = await start(webhook_url=HOOK)
    path = f"/contacts/{call.fake.contact_ids()[0]}/notes"
    sent = {"body": "<p>Été</p>", "userId": call.fake.user_id, "title": "T", "pinned": True}
    note = (await call("POST", path, json=sent)).json["note"]
    await call("PUT", f"{path}/{note['id']}", json={"body": "changed"})
    await call("DELETE", f"{path}/{note['id']}")
    created, updated, deleted = told(call.fake)

    assert created.keys() == ENVELOPE | NOTE
    assert {name: created[name] for name in NOTE} == {name: note[name] for name in NOTE}
    assert created["locationId"] == call.fake.location_id
    assert created["appId"] == created["versionId"] == call.fake.app.app_id
    assert [one["type"] for one in (created, updated, deleted)] == [
        "NoteCreate",
        "NoteUpdate",
        "NoteDelete",
    ]
    assert updated.keys() == deleted.keys() == created.keys()
    assert updated["body"] == deleted["body"] == "changed"
    assert updated["dateAdded"] == deleted["dateAdded"] == created["dateAdded"]


async def test_refused_writes_are_not_told(start) -> None:
    """What did not happen sends nothing, and neither does reading."""
    call = await start(webhook_url=HOOK)
    path = f"/contacts/{call.fake.contact_ids()[0]}/notes"
    await call("POST", path, json={})
    await call("PUT", f"{path}/x", json={"body": "x"})
    await call("DELETE", f"{path}/x")
    await call("GET", path)

    assert call.fake.outbox == ()


def test_the_envelope_is_highlevels(clock) -> None:
    """An event says when it was, in UTC with milliseconds, and has a UUID of its own."""
    fake = FakeHighLevel(webhook_url=HOOK, locations=2, clock=clock)
    elsewhere = fake.location_ids[1]
    fake.add_note(fake.contact_ids(elsewhere)[3], "by hand")
    fake.add_note(fake.contact_ids()[0])
    first, second = told(fake)

    assert (first["type"], first["body"], first["locationId"]) == (
        "NoteCreate",
        "by hand",
        elsewhere,
    )
    assert first["timestamp"] == "2027-01-15T08:00:00.000Z"
    assert datetime.fromisoformat(first["timestamp"]).timestamp() == clock.now
    assert uuid.UUID(first["webhookId"]).version == 4
    assert first["webhookId"] != second["webhookId"]


def test_events_are_the_same_for_a_seed(clock) -> None:
    """Two runs of a seed queue the same bytes, another seed others."""
    bodies = []
    for seed in (0, 0, 1):
        fake = FakeHighLevel(webhook_url=HOOK, seed=seed, clock=clock)
        fake.add_note(fake.contact_ids()[0])
        fake.uninstall()
        bodies.append([event.body for event in fake.outbox])

    assert bodies[0] == bodies[1] != bodies[2]


def test_without_a_url_nothing_is_told() -> None:
    """Events come from what happens while there is a URL, which may come and go."""
    fake = FakeHighLevel()
    fake.add_note(fake.contact_ids()[0], "before")
    fake.uninstall()
    fake.install()
    fake.webhook_url = HOOK
    fake.add_note(fake.contact_ids()[0], "meanwhile")
    fake.webhook_url = None
    fake.add_note(fake.contact_ids()[0], "after")

    assert [one["body"] for one in told(fake)] == ["meanwhile"]


def test_where_the_app_is_not_installed_no_note_is_told() -> None:
    """After an uninstall the location's notes are none of the app's business."""
    fake = FakeHighLevel(webhook_url=HOOK, locations=2)
    fake.uninstall()
    for location_id in fake.location_ids:
        fake.add_note(fake.contact_ids(location_id)[0])
    fake.install()
    fake.add_note(fake.contact_ids()[0])

    assert [(one["type"], one["locationId"]) for one in told(fake)] == [
        ("UNINSTALL", fake.location_id),
        ("NoteCreate", fake.location_ids[1]),
        ("INSTALL", fake.location_id),
        ("NoteCreate", fake.location_id),
    ]


# contacts and tasks


def types(fake: FakeHighLevel) -> list[str]:
    """Name the types that wait in the outbox."""
    return [event.type for event in fake.outbox]


async def test_contacts_through_the_api_are_told(start) -> None:
    """Adding, changing and deleting a contact each send it as it stands then."""
    call = await start(webhook_url=HOOK)
    where, tags = call.fake.location_id, {"tags": ["New"]}
    sent = {"locationId": where, "email": "jane@example.com", "firstName": "Jane"}
    contact = (await call("POST", "/contacts/", json=sent)).json["contact"]
    path = f"/contacts/{contact['id']}"
    await call("PUT", path, json={"lastName": "Doe"})
    await call("PUT", path, json={"dnd": True, "city": "Springfield"})
    await call("POST", f"{path}/tags", json=tags)
    await call("DELETE", f"{path}/tags", json=tags)
    bulk = {**tags, "contacts": [contact["id"]], "locationId": where}
    await call("POST", "/contacts/bulk/tags/update/add", json=bulk)
    await call("POST", "/contacts/upsert", json={**sent, "phone": "+15551234567"})
    await call("DELETE", path)
    events = told(call.fake)

    assert [one["type"] for one in events] == [
        *("ContactCreate", "ContactUpdate", "ContactDndUpdate", "ContactUpdate"),
        *("ContactTagUpdate", "ContactTagUpdate", "ContactTagUpdate"),
        *("ContactUpdate", "ContactDelete"),
    ]
    assert {one["id"] for one in events} == {contact["id"]}
    assert {one["locationId"] for one in events} == {where}
    assert events[0].keys() >= ENVELOPE | {"email", "firstName", "dateAdded", "tags"}
    assert "lastName" not in events[0]
    assert (events[1]["lastName"], events[1]["name"]) == ("Doe", "Jane Doe")
    assert [one["tags"] for one in events[4:7]] == [["new"], [], ["new"]]
    assert events[-1]["phone"] == "+15551234567"
    assert "createdBy" not in events[0]


def test_contacts_by_hand_are_told() -> None:
    """What a test does to a contact is told as well."""
    fake = FakeHighLevel(webhook_url=HOOK)
    contact_id = fake.add_contact(email="jane@example.com")
    fake.update_contact(contact_id, tags=["new"])
    fake.delete_contact(contact_id)

    assert types(fake) == ["ContactCreate", "ContactTagUpdate", "ContactDelete"]
    assert {one["email"] for one in told(fake)} == {"jane@example.com"}


async def test_tasks_are_told(start) -> None:
    """Adding, completing and deleting a task are told; changing it or opening it again is not."""
    call = await start(webhook_url=HOOK)
    contact_id = call.fake.contact_ids()[0]
    task = call.fake.add_task(contact_id, "Call Jane", body="about the roof")
    path = f"/contacts/{contact_id}/tasks/{task['id']}"
    await call("PUT", path, json={"title": "Call Jane now"})
    await call("PUT", f"{path}/completed", json={"completed": True})
    await call("PUT", f"{path}/completed", json={"completed": True})
    await call("PUT", f"{path}/completed", json={"completed": False})
    await call("PUT", path, json={"completed": True})
    await call("DELETE", path)
    events = told(call.fake)

    assert types(call.fake) == ["TaskCreate", "TaskComplete", "TaskComplete", "TaskDelete"]
    assert {one["id"] for one in events} == {task["id"]}
    assert {one["contactId"] for one in events} == {contact_id}
    assert events[0].keys() == ENVELOPE | {"id", "body", "contactId", "title", "dueDate"}
    assert [one["title"] for one in events] == ["Call Jane", *["Call Jane now"] * 3]


def test_only_what_is_switched_on_is_told() -> None:
    """In HighLevel's portal each type is switched on by itself; by hand anything is sent."""
    fake = FakeHighLevel(webhook_url=HOOK, webhook_events=("NoteCreate", "UNINSTALL"))
    contact_id = fake.add_contact()
    fake.add_task(contact_id)
    fake.add_note(contact_id)
    fake.emit("ContactCreate")
    fake.webhook_events = ()
    fake.add_note(contact_id)
    fake.webhook_events = None
    fake.delete_contact(contact_id)

    assert types(fake) == ["NoteCreate", "ContactCreate", "ContactDelete"]


def test_fields_can_be_left_out() -> None:
    """Real events lack fields that are documented; what is given by hand is there."""
    fake = FakeHighLevel(webhook_url=HOOK, webhook_omits=("body", "appId", "webhookId"))
    fake.add_note(fake.contact_ids()[0], "left out")
    fake.emit("NoteCreate", body="given")
    fake.webhook_omits = ()
    fake.add_note(fake.contact_ids()[0], "there")
    bare, given, whole = told(fake)

    assert bare.keys() == (ENVELOPE | NOTE) - {"body", "appId", "webhookId"}
    assert (given["body"], "appId" in given) == ("given", False)
    assert whole.keys() == ENVELOPE | NOTE
    assert uuid.UUID(fake.outbox[0].webhook_id)


def test_a_payload_that_is_too_large_is_cut_and_says_so() -> None:
    """Beyond 256 KB the text of a note is left out."""
    fake = FakeHighLevel(webhook_url=HOOK)
    for size in (250, 260):
        fake.add_note(fake.contact_ids()[0], "x" * size * 1024)
    whole, cut = told(fake)

    assert "payloadTooLarge" not in whole
    assert cut["payloadTooLarge"] is True
    assert cut.keys() == (ENVELOPE | NOTE | {"payloadTooLarge"}) - {"body"}


@pytest.mark.parametrize("odd", ["NoteCreate", [5], 5])
@pytest.mark.parametrize("name", ["webhook_events", "webhook_omits"])
def test_names_that_are_none(name: str, odd: object) -> None:
    """One name is not several."""
    with pytest.raises((TypeError, ValueError)):
        FakeHighLevel(**{name: odd})


# installs


async def test_an_install_on_a_location_is_told(start) -> None:
    """Exchanging a location's code tells who installed the app where."""
    call = await start(webhook_url=HOOK, locations=2)
    where = call.fake.location_ids[1]
    code = call.fake.authorize_code(where)
    assert call.fake.outbox == ()
    await call.token(grant_type="authorization_code", code=code)

    assert last(call.fake) == {
        "type": "INSTALL",
        "appId": call.fake.app.app_id,
        "versionId": call.fake.app.app_id,
        "installType": "Location",
        "locationId": where,
        "companyId": call.fake.company_id,
        "userId": call.fake.user_id,
        "companyName": "Example Agency",
        "isWhitelabelCompany": False,
        "whitelabelDetails": {"domain": "", "logoUrl": ""},
    }


async def test_an_install_on_the_agency_is_told(start) -> None:
    """Exchanging an agency's code is one event, which names no location and no user."""
    call = await start(webhook_url=HOOK, locations=2)
    await call.exchange(company=True)

    assert len(call.fake.outbox) == 1
    assert last(call.fake) == {
        "type": "INSTALL",
        "appId": call.fake.app.app_id,
        "versionId": call.fake.app.app_id,
        "installType": "Company",
        "companyId": call.fake.company_id,
    }


async def test_renewing_and_minting_are_not_told(start) -> None:
    """A refresh is no install, and neither is a token that the agency makes."""
    call = await start(locations=2)
    token = await call.exchange(company=True)
    call.fake.webhook_url = HOOK
    await call.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
    form = {"companyId": call.fake.company_id, "locationId": call.fake.location_id}
    minted = await call("POST", "/oauth/locationToken", token=token["access_token"], data=form)

    assert minted.status == 201
    assert call.fake.outbox == ()


def test_an_automatic_install_is_told_without_a_user() -> None:
    """``install`` tells the location and its agency, as an install that nobody did."""
    fake = FakeHighLevel(webhook_url=HOOK, locations=2)
    fake.install(fake.location_ids[1])
    payload = last(fake)

    assert (payload["type"], payload["installType"]) == ("INSTALL", "Location")
    assert payload["locationId"] == fake.location_ids[1]
    assert payload["companyId"] == fake.company_id
    assert "userId" not in payload


def test_an_uninstall_is_told() -> None:
    """An uninstall names the location or the agency, whichever it was, and the app."""
    fake = FakeHighLevel(webhook_url=HOOK, locations=2)
    app_id = fake.app.app_id
    fake.uninstall(fake.location_ids[1])
    of_location = last(fake)
    fake.uninstall(company=True)

    expected = {"type": "UNINSTALL", "appId": app_id, "locationId": fake.location_ids[1]}
    assert of_location == expected
    assert last(fake) == {"type": "UNINSTALL", "appId": app_id, "companyId": fake.company_id}
    assert len(fake.outbox) == 2


# by hand


def test_any_event_can_be_emitted() -> None:
    """What cannot happen here is emitted by hand, in the usual envelope, with or without a URL."""
    fake = FakeHighLevel()
    event = fake.emit("ContactTagUpdate", id="c", tags=["é"], self=1, event_type=2)
    payload = json.loads(event.body)

    assert fake.outbox == (event,)
    assert (event.type, event.webhook_id, event.attempts) == (
        "ContactTagUpdate",
        payload["webhookId"],
        0,
    )
    assert payload.keys() == (ENVELOPE - {"locationId"}) | {"id", "tags", "self", "event_type"}
    assert payload["tags"] == ["é"]
    assert "é".encode() in event.body
    assert "tags" not in repr(event)


def test_an_emitted_event_can_have_another_envelope() -> None:
    """Fields win: an event for another app, of another time, or with an id that was seen."""
    fake = FakeHighLevel()
    changed = {"webhookId": "w", "appId": "other", "timestamp": "2020-01-01T00:00:00.000Z"}
    event = fake.emit("NoteCreate", **changed)

    assert event.webhook_id == "w"
    assert json.loads(event.body).items() >= changed.items()
