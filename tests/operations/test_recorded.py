"""Nothing that HighLevel was recorded to say is lost on its way into the models."""

import json
from typing import Any

import pytest

from ghl_notes.http import codec
from ghl_notes.models import Contact, Note
from tests.operations.specs import SHARED
from tests.operations.wire import known, wire

pytestmark = pytest.mark.skipif(
    not (SHARED / "recorded").is_dir(), reason="the recorded replies are not here"
)


def recorded(name: str) -> dict[str, Any]:
    """Read a recorded reply, without the id of the call."""
    reply = json.loads((SHARED / "recorded" / f"{name}.json").read_text())["response"]["body"]
    reply.pop("traceId", None)
    return reply


def test_a_list_of_notes() -> None:
    """Every field of every note is kept."""
    reply = recorded("notes-list")
    notes = codec.notes(reply, "jKy701hlSIPdiw0x12WA")

    assert {"notes": [wire(note) for note in notes]} == {
        "notes": [known(note, Note) for note in reply["notes"]]
    }
    assert notes.unreadable == ()


def test_a_new_note() -> None:
    """Every field of the note that a create replies with is kept."""
    reply = recorded("notes-create")

    assert {"note": wire(codec.note(reply, "jKy701hlSIPdiw0x12WA"))} == {
        "note": known(reply["note"], Note)
    }


def as_written(contact: dict[str, Any]) -> dict[str, Any]:
    """Write the whole name as its parts are, and additional addresses without their objects."""
    emails = [one["email"] for one in contact["additionalEmails"]]
    phones = [one["phone"] for one in contact["additionalPhones"]]
    name = f"{contact['firstName']} {contact['lastName']}"
    assert contact["contactName"] == name.lower()
    return {**contact, "contactName": name, "additionalEmails": emails, "additionalPhones": phones}


def test_a_search() -> None:
    """Every field of every contact is kept, and the total; the cursor is the last contact's."""
    reply = recorded("contacts-search")
    page = codec.contacts(reply)

    assert {"contacts": [wire(one) for one in page.contacts], "total": page.total} == {
        **reply,
        "contacts": [known(as_written(one), Contact) for one in reply["contacts"]],
    }
    assert page.cursor == reply["contacts"][-1]["searchAfter"]


def test_a_duplicate() -> None:
    """Every field of the contact is kept, and by what it was found."""
    reply = recorded("contacts-duplicate")
    found = codec.duplicate(reply)

    assert found is not None
    assert {"contact": wire(found.contact), "matchingField": found.matching_field} == {
        **reply,
        "contact": known(reply["contact"], Contact),
    }
