# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Emails and phones that a contact has besides its main ones, and names as they were written."""

import json

import pytest

from ghl_notes.errors import RequestRejected
from ghl_notes.http import codec

RECORDED = [
    {
        "id": "C0oEKxTxx1bz7036v71B",
        "additionalEmails": [],
        "additionalPhones": [{"phone": "+19060001111"}, {"phone": "+1807654321"}],
        "firstName": "(Example) Taylor",
        "lastName": "Reynolds",
        "contactName": "(example) taylor reynolds",
        "email": None,
    },
    {
        "id": "cRltUA3uXowYiiT2ZI0P",
        "additionalEmails": [
            {"email": "jordan.office@example.com"},
            {"email": "jordan@corporate.net"},
            {"email": "jsmith@email.com"},
        ],
        "phone": None,
        "additionalPhones": [],
    },
]
EMAILS = [{"email": "jane.office@example.com"}, {"email": "jane@corporate.example"}]
PHONES = [{"phone": "+19060001111"}]


@pytest.fixture
def jane(fake) -> str:
    """Add a contact with additional addresses."""
    return fake.add_contact(
        firstName="Jane",
        lastName="O'Neil",
        email="jane@example.com",
        phone="+15550100",
        additionalEmails=EMAILS,
        additionalPhones=PHONES,
    )


async def test_additional_addresses_have_fields_of_their_own(fake, client, jane) -> None:
    """By its id, in a search and by a duplicate search, a contact has all its addresses."""
    page = await client.contacts.search("jane@example.com")
    found = await client.contacts.duplicate(email="jane@corporate.example")
    for contact in (await client.contacts.get(jane), *page.contacts, found.contact):
        assert contact.id == jane
        assert contact.additional_emails == ("jane.office@example.com", "jane@corporate.example")
        assert contact.additional_phones == ("+19060001111",)


async def test_an_upsert_by_an_additional_email_drops_the_main_one(fake, client, jane) -> None:
    """As the docstring warns: what was additional is the main one now, and that is gone."""
    upserted = await client.contacts.upsert(email="jane.office@example.com", first_name="Jane")

    assert (upserted.new, upserted.contact.id) == (False, jane)
    assert upserted.contact.email == "jane.office@example.com"
    assert upserted.contact.additional_emails == ("jane@corporate.example",)
    assert "jane@example.com" not in json.dumps(fake.contact(jane))


async def test_a_refused_duplicate_names_the_contact(fake, client, jane) -> None:
    """The id of the contact in the way is on the error, by main and additional addresses."""
    for email in ("jane@example.com", "jane@corporate.example"):
        with pytest.raises(RequestRejected) as raised:
            await client.contacts.create(email=email)
        assert raised.value.contact_id == jane


@pytest.mark.parametrize(
    ("told", "emails"),
    [
        (["a@example.com", {"email": "b@example.com"}], ("a@example.com", "b@example.com")),
        ([{"email": "a@example.com", "label": "work"}], ("a@example.com",)),
        (None, ()),
        ([], ()),
    ],
)
def test_additional_addresses_are_read_in_several_shapes(told, emails) -> None:
    """As objects, and as they are."""
    contact = codec.contact({"contact": {"id": "c1", "additionalEmails": told}})

    assert contact.additional_emails == emails


@pytest.mark.parametrize("told", ["x", 5, {}, [5], [{"email": None}], [{"other": "x"}]])
def test_odd_additional_addresses_stay_as_they_came(told) -> None:
    """What cannot be read is in ``extra``, and costs no contact."""
    contact = codec.contact({"contact": {"id": "c1", "additionalEmails": told}})

    assert contact.additional_emails == ()
    assert "additionalEmails" in contact.extra


@pytest.mark.parametrize(
    ("wire", "names"),
    [
        (
            {"firstName": "jane", "firstNameRaw": "Jane", "lastName": "o'neil",
             "lastNameRaw": "O'Neil", "contactName": "jane o'neil"},
            ("Jane", "O'Neil", "Jane O'Neil"),
        ),
        ({"firstName": "Jane", "lastName": "O'Neil", "contactName": "jane o'neil"},
         ("Jane", "O'Neil", "Jane O'Neil")),
        ({"firstName": "jane", "firstNameRaw": None, "contactName": "jane"},
         ("jane", None, "jane")),
        ({"firstName": "jane", "firstNameRaw": "", "lastNameRaw": 5}, ("jane", None, None)),
        ({"contactName": "acme ltd", "contactNameRaw": "Acme Ltd"}, (None, None, "Acme Ltd")),
        ({"contactName": "jane doe", "firstName": "Janet", "lastName": "Doe"},
         ("Janet", "Doe", "jane doe")),
    ],
)  # fmt: skip
def test_names_are_as_they_were_written(wire, names) -> None:
    """Wherever small letters stand beside the real ones, the real ones are read."""
    contact = codec.contact({"contact": {"id": "c1", **wire}})

    assert (contact.first_name, contact.last_name, contact.name) == names


async def test_the_older_list_has_names_as_they_were_written(fake, connect, jane) -> None:
    """Seen live: the older list has names in small letters, and the real ones beside them."""
    client = connect(fake, location_id=fake.location_id, api_version="2021-07-28")
    newest = (await client.contacts.list()).contacts[0]

    assert (newest.first_name, newest.last_name, newest.name) == ("Jane", "O'Neil", "Jane O'Neil")


def test_recorded_contacts_have_their_additional_addresses() -> None:
    """As HighLevel really answers a search."""
    page = codec.contacts({"contacts": RECORDED, "total": 13})

    assert [len(contact.additional_emails) for contact in page.contacts] == [0, 3]
    assert [len(contact.additional_phones) for contact in page.contacts] == [2, 0]
    assert page.contacts[0].name == "(Example) Taylor Reynolds"
