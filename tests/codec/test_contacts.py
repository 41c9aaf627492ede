"""Contacts and locations: what an odd field costs, and how pages lead on."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec
from ghl_notes.models import CustomField, DndSetting

CONTACT = {
    "id": "c1",
    "locationId": "l1",
    "contactName": "Jane Doe",
    "firstName": "Jane",
    "lastName": "Doe",
    "email": "jane@example.com",
    "phone": "+15550100",
    "companyName": "Acme",
    "type": "lead",
    "source": "api",
    "assignedTo": "u1",
    "tags": ["vip", "new"],
    "dateAdded": "2026-07-17T07:11:57.939Z",
    "dateUpdated": "2026-07-17T08:00:00Z",
    "searchAfter": [1784272317939, "c1"],
    "dnd": False,
    "customFields": [{"id": "f1", "value": "x"}],
    "dndSettings": {"SMS": {"status": "active", "code": "103"}},
    "dateOfBirth": "1990-09-25",
    "opportunities": [],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_a_recorded_contact() -> None:
    """The usual fields have names of their own, the others are in ``extra`` under HighLevel's."""
    contact = codec.contact({"contact": CONTACT})

    assert (contact.id, contact.location_id, contact.name) == ("c1", "l1", "Jane Doe")
    assert (contact.first_name, contact.last_name) == ("Jane", "Doe")
    assert (contact.email, contact.phone) == ("jane@example.com", "+15550100")
    assert (contact.company_name, contact.type, contact.source) == ("Acme", "lead", "api")
    assert (contact.assigned_to, contact.tags) == ("u1", ("vip", "new"))
    assert contact.date_updated == datetime(2026, 7, 17, 8, tzinfo=UTC)
    assert contact.dnd is False
    assert contact.custom_fields == (CustomField("f1", "x"),)
    assert contact.dnd_settings == {"sms": DndSetting("active", code="103")}
    assert contact.date_of_birth == date(1990, 9, 25)
    assert set(contact.extra) == {"searchAfter", "opportunities"}


def test_a_contact_by_its_id_has_its_name_elsewhere() -> None:
    """One contact says ``name`` where a search says ``contactName``; with both, nothing is lost."""
    by_id = {**{k: v for k, v in CONTACT.items() if k != "contactName"}, "name": "Jane"}
    alone = codec.contact({"contact": by_id})
    both = codec.contact({"contact": {**CONTACT, "name": "Jane"}})

    assert (alone.name, alone.id, "name" in alone.extra) == ("Jane", "c1", False)
    assert (both.name, both.extra["name"]) == ("Jane Doe", "Jane")
    assert codec.contact({"contact": {**by_id, "name": 5}}).extra["contactName"] == 5


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_none(nothing: object) -> None:
    """A null and an empty text both mean that a contact has no such thing."""
    fields = {**dict.fromkeys(CONTACT, nothing), "id": "c1", "tags": None}
    contact = codec.contact({"contact": fields})

    assert (contact.email, contact.name, contact.date_added, contact.tags) == (None, None, None, ())


@given(st.dictionaries(st.sampled_from([k for k in CONTACT if k != "id"]), json_values))
def test_an_odd_field_does_not_cost_the_contact(odd: dict[str, object]) -> None:
    """A contact with an id is read whatever its other fields are, and nothing of it is lost."""
    page = codec.contacts({"contacts": [{**CONTACT, **odd}]}).contacts

    assert [contact.id for contact in page] == ["c1"]
    assert "email" in odd or page[0].email == CONTACT["email"]
    for name in odd.keys() & {"opportunities", "searchAfter"}:
        assert page[0].extra[name] is odd[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tags", "vip"),
        ("dateAdded", "soon"),
        ("customFields", [{"id": 5}]),
        ("dndSettings", {"SMS": {"status": 0}}),
        ("dndSettings", "off"),
        ("dateOfBirth", "?"),
        ("dnd", "yes"),
    ],
)
def test_an_odd_field_is_kept_as_it_is(name: str, value: object) -> None:
    """A field that is not what it should be goes into ``extra``, and the others are read."""
    contact = codec.contact({"contact": {**CONTACT, name: value}})

    assert contact.extra[name] == value
    assert contact.email == CONTACT["email"]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"email": "x"}, "required field missing @ $.contacts[1].id"),
        ({"id": None}, "expected text, got null @ $.contacts[1].id"),
        ({"id": 5}, "expected text, got int @ $.contacts[1].id"),
        ("c1", "expected an object, got text @ $.contacts[1]"),
    ],
)
def test_a_contact_without_an_id_is_an_error(item: object, problem: str) -> None:
    """Nothing can be done with a contact that has no id, and its place is told."""
    with pytest.raises(UnexpectedResponse) as raised:
        codec.contacts({"contacts": [CONTACT, item]})

    assert raised.value.problems == (problem,)


@pytest.mark.parametrize(
    ("contacts", "cursor"),
    [
        ([], None),
        ([CONTACT], [1784272317939, "c1"]),
        ([CONTACT, {"id": "c2", "searchAfter": ["opaque"]}], ["opaque"]),
        ([CONTACT, {"id": "c2"}], None),
    ],
)
def test_a_page_leads_to_the_next_by_its_last_contact(
    contacts: list[object], cursor: object
) -> None:
    """The cursor is whatever stands in the last contact, passed on as it is."""
    page = codec.contacts({"contacts": contacts, "total": 13})

    assert len(page.contacts) == len(contacts)
    assert (page.cursor, page.total) == (cursor, 13)


def test_a_location_of_an_agency() -> None:
    """An installed location is read with its time and its newer fields."""
    wire = {
        "_id": "l1",
        "name": "Main",
        "address": "",
        "isInstalled": True,
        "installedAt": "2026-07-17T07:11:57Z",
        "versionId": "v",
        "trial": {},
    }
    (location,), _ = codec.locations({"locations": [wire], "count": 1})

    assert (location.id, location.name, location.address) == ("l1", "Main", None)
    assert (location.is_installed, location.version_id) == (True, "v")
    assert location.installed_at == datetime(2026, 7, 17, 7, 11, 57, tzinfo=UTC)
    assert location.extra == {"trial": {}}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"_id": None}, "expected text, got null @ $.locations[0]._id"),
        ({"isInstalled": "yes"}, "expected true or false, got text @ $.locations[0].isInstalled"),
        ({"installedAt": "s3cr3t"}, "expected a time, got text @ $.locations[0].installedAt"),
    ],
)
def test_a_location_is_read_strictly(changed: dict[str, object], problem: str) -> None:
    """The path in an error has HighLevel's names, such as ``_id``."""
    with pytest.raises(UnexpectedResponse) as raised:
        codec.locations({"locations": [{"_id": "l1", **changed}]})

    assert raised.value.problems == (problem,)
    assert "s3cr3t" not in str(raised.value)


@given(json_values)
def test_no_payload_breaks_the_reading(payload: object) -> None:
    """JSON of any form is read or is called unreadable."""
    for wrapped in (payload, {"contacts": payload}, {"contact": payload}, {"locations": payload}):
        for read in (codec.contacts, codec.contact, codec.locations):
            with suppress(UnexpectedResponse):
                read(wrapped)


@pytest.mark.parametrize("name", ["whatsapp", "WhatsApp", "whatsApp", "WHATSAPP"])
def test_channels_have_one_name_here(name: str) -> None:
    """The versions spell channels differently, and a contact does not tell from which it came."""
    setting = {"status": "permanent", "message": "no", "code": "103", "newer": 1}
    contact = codec.contact({"contact": {"id": "c1", "dndSettings": {name: setting}}})

    assert contact.dnd_settings == {"whatsapp": DndSetting("permanent", "no", "103")}
    assert contact.dnd_settings["whatsapp"].extra == {"newer": 1}


@settings(max_examples=40)
@given(st.lists(json_values.filter(lambda x: x == x), max_size=3))  # noqa: PLR0124 - no NaN
def test_a_custom_field_has_any_value(values: list[object]) -> None:
    """The value of a custom field is whatever JSON it is, in its order and as it came."""
    wire = [{"id": f"f{i}", "value": value, "fieldKey": "k"} for i, value in enumerate(values)]
    contact = codec.contact({"contact": {"id": "c1", "customFields": wire}})

    assert [one.id for one in contact.custom_fields] == [one["id"] for one in wire]
    assert all(one.value is value for one, value in zip(contact.custom_fields, values, strict=True))
    assert all(one.extra == {"fieldKey": "k"} for one in contact.custom_fields)


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(
    ("other", "usual", "name"),
    [("name", "contactName", "name"), ("address", "address1", "address1")],
)
def test_an_empty_name_gives_way_to_the_other(
    other: str, usual: str, name: str, nothing: object
) -> None:
    """Where a field has two names, the one that says something is read, in either order."""
    for wire in ({other: "x", usual: nothing}, {usual: nothing, other: "x"}):
        contact = codec.contact({"contact": {"id": "c1", **wire}})

        assert getattr(contact, name) == "x"
        assert contact.extra == {}
