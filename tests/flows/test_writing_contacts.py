# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Contacts are made, changed, found again and deleted, as version 2 and version 3 spell it."""

from datetime import date

import pytest

from ghl_notes import models
from ghl_notes.errors import ConfigurationError, NotFound, RequestRejected
from ghl_notes.models import CustomField, DndSetting

# argument: value, HighLevel's name, what HighLevel keeps
TEXTS = {
    "first_name": ("Jane", "firstName", "Jane"),
    "last_name": ("Doe", "lastName", "Doe"),
    "email": ("jane@example.org", "email", "jane@example.org"),
    "phone": ("+49 30 1234567", "phone", "+49301234567"),
    "address1": ("1 Main Street", "address1", "1 Main Street"),
    "city": ("Berlin", "city", "Berlin"),
    "state": ("BE", "state", "BE"),
    "website": ("https://example.org", "website", "https://example.org"),
    "timezone": ("Europe/Berlin", "timezone", "Europe/Berlin"),
    "source": ("fair", "source", "fair"),
    "assigned_to": ("user", "assignedTo", "user"),
    "date_of_birth": (date(1990, 9, 25), "dateOfBirth", "1990-09-25"),
}
NEVER_NULL = {
    "country": ("DE", "country", "DE"),
    "postal_code": ("10115", "postalCode", "10115"),
}
LISTS = {
    "tags": (iter(["VIP", "Trial"]), "tags", ["vip", "trial"]),
    "dnd": (True, "dnd", True),
}
FIELDS = {**TEXTS, **NEVER_NULL, **LISTS}
ONLY_NEW = {
    "gender": ("female", "gender", "female"),
    "company_name": ("Doe & Co", "companyName", "Doe & Co"),
}
# What follows from other fields.
DERIVED = {"name", "fullNameLowerCase", "firstNameLowerCase", "lastNameLowerCase", "emailLowerCase"}
BLOCKED = DndSetting("active", message="never", code="103")
CHANNELS = {
    "call": BLOCKED,
    "email": DndSetting("inactive"),
    "sms": DndSetting("permanent", code="7"),
    "whatsapp": DndSetting("active"),
    "gmb": DndSetting("inactive"),
    "fb": DndSetting("active", message="x"),
}
VALUES = ["text", 100.5, 3, ["a", "b"], {"file": {"url": "https://example.com"}}]


def passed(fields) -> dict:
    """Give the arguments, with a fresh iterator where a list is one."""
    chosen = {name: value for name, (value, _, _) in fields.items()}
    return {**chosen, "tags": iter(["VIP", "Trial"])} if "tags" in chosen else chosen


async def test_a_new_contact_has_every_field_it_was_given(fake, client) -> None:
    """Each argument reaches its field, and the contact comes back as reading it gives it."""
    made = await client.contacts.create(**passed({**FIELDS, **ONLY_NEW}))
    held = fake.contact(made.id)

    assert {name: held[name] for _, name, _ in {**FIELDS, **ONLY_NEW}.values()} == {
        name: kept for _, name, kept in {**FIELDS, **ONLY_NEW}.values()
    }
    assert made == await client.contacts.get(made.id)
    assert (made.location_id, made.name, made.tags) == (
        fake.location_id,
        "Jane Doe",
        ("vip", "trial"),
    )
    assert (made.date_of_birth, made.dnd, made.company_name) == (
        date(1990, 9, 25),
        True,
        "Doe & Co",
    )
    assert made.extra["gender"] == "female"


async def test_a_create_leaves_none_out(fake, client) -> None:
    """None is no value, so a field that the caller does not know needs no branch."""
    made = await client.contacts.create(email="jane@example.org", first_name=None, tags=None)

    assert "firstName" not in fake.contact(made.id)
    assert (made.first_name, made.tags) == (None, ())


async def test_an_update_changes_only_what_is_passed(fake, client, contact_id) -> None:
    """Each argument reaches its field, the others stay, and the reply tells what is so now."""
    for argument, (_, name, kept) in FIELDS.items():
        before = fake.contact(contact_id)
        changed = await client.contacts.update(contact_id, **passed({argument: FIELDS[argument]}))
        after = fake.contact(contact_id)
        moved = {key for key in before | after if before.get(key) != after.get(key)}

        assert after[name] == kept, argument
        assert moved - DERIVED <= {name, "dateUpdated"}, argument
        assert changed == await client.contacts.get(contact_id)


async def test_a_name_is_split(fake, client, contact_id) -> None:
    """HighLevel keeps a first and a last name of what is passed as one."""
    changed = await client.contacts.update(contact_id, name="Jane van Doe")

    assert (changed.first_name, changed.last_name) == ("Jane", "van Doe")


@pytest.mark.parametrize("text", ["1990-09-25", "1990/09/25", "09.25.1990", "09_25_1990"])
async def test_a_date_of_birth_may_be_text(client, contact_id, text) -> None:
    """HighLevel's own forms pass as they are, and a date comes back."""
    changed = await client.contacts.update(contact_id, date_of_birth=text)

    assert changed.date_of_birth == date(1990, 9, 25)


async def test_none_clears_a_field(fake, client) -> None:
    """None is sent as null, which empties every field that HighLevel lets be empty."""
    made = await client.contacts.create(**passed(FIELDS))
    for argument, (_, name, _) in TEXTS.items():
        changed = await client.contacts.update(made.id, **{argument: None})
        assert name not in fake.contact(made.id), argument
        assert getattr(changed, argument) is None
    assert (await client.contacts.update(made.id, tags=[])).tags == ()


@pytest.mark.parametrize("argument", NEVER_NULL)
async def test_what_highlevel_will_not_clear_is_told(client, contact_id, argument) -> None:
    """A null that HighLevel refuses is told in its words."""
    with pytest.raises(RequestRejected) as raised:
        await client.contacts.update(contact_id, **{argument: None})

    assert (raised.value.status, len(raised.value.messages)) == (422, 1)
    assert "must be a string" in raised.value.messages[0]


BAD_FIELDS = [
    {"first_name": 5},
    {"email": ["a@example.com"]},
    {"tags": "vip"},
    {"tags": [""]},
    {"tags": [5]},
    {"tags": {"vip": True}},
    {"dnd": "yes"},
    {"dnd": 1},
    {"dnd_settings": {"pigeon": BLOCKED}},
    {"dnd_settings": {"SMS": BLOCKED}},
    {"dnd_settings": {"sms": "active"}},
    {"dnd_settings": {"sms": DndSetting(None)}},
    {"dnd_settings": [BLOCKED]},
    {"inbound_dnd": BLOCKED},
    {"inbound_dnd": "active"},
    {"custom_fields": [{"id": "a", "value": "b"}]},
    {"custom_fields": [CustomField(None, "b")]},
    {"custom_fields": [CustomField("a", object())]},
    {"custom_fields": [CustomField(5, "b")]},
    {"custom_fields": CustomField("a", "b")},
    {"date_of_birth": 1990},
    {"date_of_birth": ""},
    {"nickname": "Jane"},
    {"location": "x"},
]


async def test_a_bad_field_is_refused_here(fake, client, contact_id) -> None:
    """A field that cannot be stored is named before anything is sent, by every write."""
    for fields in BAD_FIELDS:
        (name,) = fields
        with pytest.raises(ConfigurationError, match=name):
            await client.contacts.create(**fields)
        with pytest.raises(ConfigurationError, match=name):
            await client.contacts.upsert(**fields)
        with pytest.raises(ConfigurationError, match=name):
            await client.contacts.update(contact_id, **fields)

    assert fake.stats.requests == 0


@pytest.mark.parametrize(
    "fields",
    [
        {},
        *({name: None} for name in ("tags", "dnd", "dnd_settings", "inbound_dnd", "custom_fields")),
        {"gender": "female"},
        {"company_name": "Doe & Co"},
    ],
    ids=str,
)
async def test_an_update_that_cannot_be_is_refused_here(fake, client, contact_id, fields) -> None:
    """Nothing to change, no value where there must be one, or a field that only creates take."""
    with pytest.raises(ConfigurationError, match=next(iter(fields), "update needs something")):
        await client.contacts.update(contact_id, **fields)

    assert fake.stats.requests == 0


async def test_a_list_of_problems_is_told(client) -> None:
    """Everything that HighLevel found wrong is in the error, line by line."""
    with pytest.raises(RequestRejected) as raised:
        await client.contacts.create(email="nobody", date_of_birth="yesterday")

    assert raised.value.status == 422
    assert sorted(raised.value.messages) == [
        "dateOfBirth must be a valid date",
        "email must be an email",
    ]


# custom fields and do not disturb


@pytest.mark.parametrize("value", VALUES, ids=str)
async def test_custom_fields_come_back_as_they_were_written(fake, client, value) -> None:
    """Any kind of value is written, read by id and by search, and written back unchanged."""
    made = await client.contacts.create(
        email="jane@example.org", custom_fields=[CustomField("one", value)]
    )
    found = [one async for one in client.contacts.stream() if one.id == made.id]
    again = await client.contacts.update(made.id, custom_fields=made.custom_fields)

    assert fake.contact(made.id)["customFields"] == [{"id": "one", "value": value}]
    assert made.custom_fields == again.custom_fields == (CustomField("one", value),)
    assert found[0].custom_fields == made.custom_fields


async def test_a_custom_field_may_be_named_by_its_key(client, contact_id) -> None:
    """Who knows only the key writes with it, and reads the id that HighLevel gave the field."""
    wanted = [CustomField("one", "1"), CustomField(None, "2", key="contact.two")]
    changed = await client.contacts.update(contact_id, custom_fields=iter(wanted))

    assert [one.value for one in changed.custom_fields] == ["1", "2"]
    assert all(one.id for one in changed.custom_fields)


async def test_do_not_disturb_comes_back_as_it_was_written(fake, client, contact_id) -> None:
    """Each channel has one name here, whatever the version calls it, in both directions."""
    changed = await client.contacts.update(contact_id, dnd=True, dnd_settings=CHANNELS)
    found = [one async for one in client.contacts.stream() if one.id == contact_id]
    again = await client.contacts.update(contact_id, dnd_settings=changed.dnd_settings)
    held = fake.contact(contact_id)["dndSettings"]

    assert changed.dnd_settings == found[0].dnd_settings == again.dnd_settings == CHANNELS
    assert list(held) == ["Call", "Email", "SMS", "WhatsApp", "GMB", "FB"]
    assert held["Call"] == {"status": "active", "message": "never", "code": "103"}
    assert held["Email"] == {"status": "inactive"}


async def test_one_channel_leaves_the_others(client, contact_id) -> None:
    """What is not mentioned stays."""
    await client.contacts.update(contact_id, dnd_settings=CHANNELS)
    changed = await client.contacts.update(contact_id, dnd_settings={"call": CHANNELS["email"]})

    assert changed.dnd_settings == {**CHANNELS, "call": CHANNELS["email"]}


async def test_what_comes_in_has_one_setting(fake, client, contact_id) -> None:
    """Inbound do not disturb has no channels, and stands in the fields without a name here."""
    setting = DndSetting("active", message="never")
    changed = await client.contacts.update(contact_id, inbound_dnd=setting)
    held = fake.contact(contact_id)["inboundDndSettings"]

    assert held == {"all": {"status": "active", "message": "never"}}
    assert changed.extra["inboundDndSettings"] == held


# twice the same person


@pytest.mark.parametrize("field", ["email", "phone"])
async def test_an_upsert_makes_and_then_changes(fake, client, field) -> None:
    """The first one makes the contact and says so; the next finds it by what it has."""
    known = {"email": "jane@example.org", "phone": "+49301234567"}[field]
    first = await client.contacts.upsert(**{field: known}, first_name="Jane", tags=["a"])
    second = await client.contacts.upsert(**{field: known}, last_name="Doe", gender="female")

    assert (first.new, second.new) == (True, False)
    assert first.contact.id == second.contact.id
    assert (second.contact.name, second.contact.tags) == ("Jane Doe", ("a",))
    assert len(fake.contact_ids()) == 11


async def test_an_upsert_may_ask_for_a_duplicate(start, connect) -> None:
    """Where the location allows it, the same email makes a second contact if that is asked for."""
    fake = await start(allow_duplicates=True)
    client = connect(fake, location_id=fake.location_id)
    first = await client.contacts.upsert(email="jane@example.org")
    second = await client.contacts.upsert(
        email="jane@example.org", create_new_if_duplicate_allowed=True
    )

    assert (first.new, second.new) == (True, True)
    assert first.contact.id != second.contact.id


@pytest.mark.parametrize("field", ["email", "phone"])
async def test_what_another_contact_has_is_refused(fake, client, field) -> None:
    """A location without duplicates keeps one contact for each email and phone."""
    one, other = fake.contact_ids()[:2]
    taken = {field: fake.contact(one)[field]}
    for writing in (client.contacts.create(**taken), client.contacts.update(other, **taken)):
        with pytest.raises(RequestRejected, match="does not allow duplicated contacts") as raised:
            await writing
        assert (raised.value.status, type(raised.value)) == (400, RequestRejected)

    assert len(fake.contact_ids()) == 10


async def test_a_deleted_contact_is_gone_with_all_it_had(fake, client, contact_id) -> None:
    """What belonged to it is not found either, and a second delete says so."""
    await client.contacts.delete(contact_id)
    for call in (
        client.contacts.get(contact_id),
        client.tasks.list(contact_id),
        client.contacts.delete(contact_id),
    ):
        with pytest.raises(NotFound):
            await call

    assert contact_id not in fake.contact_ids()
    assert len([one async for one in client.contacts.stream()]) == 9


def test_every_field_that_can_be_written_is_tested_here() -> None:
    """A new field of contacts gets its line above."""
    apart = {"name", "dnd_settings", "inbound_dnd", "custom_fields"}

    assert models.ContactChanges.__annotations__.keys() == FIELDS.keys() | apart
    assert models.ContactFields.__annotations__.keys() >= ONLY_NEW.keys()
