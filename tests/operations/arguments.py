"""The arguments of what examples write: every field that there is."""

from datetime import UTC, date, datetime

from ghl_notes.models import (
    Attachment,
    ContactChanges,
    ContactFields,
    CustomField,
    DndSetting,
    Relation,
)
from tests.operations.rows import Ids

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


def changed(ids: Ids) -> ContactChanges:
    """Give every field that an update can change."""
    return {
        "first_name": "Jane",
        "last_name": "Doe",
        "name": "Jane Doe",
        "email": "jane@example.com",
        "phone": "+15550199999",
        "address1": "1 Main Street",
        "city": "Springfield",
        "state": "AL",
        "country": "US",
        "postal_code": "35061",
        "website": "https://example.com",
        "timezone": "America/Chihuahua",
        "source": "public api",
        "assigned_to": ids.user_id,
        "date_of_birth": date(1990, 9, 25),
        "tags": ["one", "two"],
        "dnd": True,
        "dnd_settings": {
            "call": DndSetting("active", message="never", code="103"),
            "email": DndSetting("inactive"),
            "sms": DndSetting("permanent"),
            "whatsapp": DndSetting("inactive"),
            "gmb": DndSetting("inactive"),
            "fb": DndSetting("inactive"),
        },
        "inbound_dnd": DndSetting("active", message="never"),
        "custom_fields": [
            CustomField("6dvNaf7VhkQ9snc5vnj1", "text"),
            CustomField("6dvNaf7VhkQ9snc5vnj2", 100.5),
            CustomField("6dvNaf7VhkQ9snc5vnj3", ["a", "b"]),
            CustomField("6dvNaf7VhkQ9snc5vnj4", {"file": {"url": "https://example.com"}}),
            CustomField(None, "named by its key", key="my_custom_field"),
        ],
    }


def written(ids: Ids) -> ContactFields:
    """Give every field that a create takes."""
    return {**changed(ids), "gender": "female", "company_name": "Example Ltd"}


def related(ids: Ids) -> list[Relation]:
    return [Relation("contact", ids.other_contact_id), Relation("opportunity", "oPportunity1")]


def attached(ids: Ids) -> list[Attachment]:
    return [Attachment(id="fIle1", object_key="contact", record_id=ids.contact_id)]
