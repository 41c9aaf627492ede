"""The pretend HighLevel as a thing to start, ask and close."""

import asyncio
import subprocess
import sys
from copy import deepcopy

import aiohttp
import attrs
import pytest

import ghl_notes.testing
from ghl_notes.testing import FakeHighLevel, Fault
from ghl_notes.testing.options import Options


async def test_it_lives_in_a_with_block() -> None:
    """It listens on loopback inside the block and not after it; closing twice is fine."""
    async with FakeHighLevel() as fake, aiohttp.ClientSession() as session:
        assert fake.url.startswith("http://127.0.0.1:")
        async with session.get(fake.url) as answer:
            assert answer.status == 404
        await fake.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(fake.url)


async def test_closing_does_not_wait_for_idle_clients() -> None:
    """An open connection does not hold up closing."""
    fake = FakeHighLevel()
    await fake.start()
    _, writer = await asyncio.open_connection("127.0.0.1", int(fake.url.rsplit(":", 1)[1]))
    await asyncio.wait_for(fake.close(), 5)
    writer.close()


async def test_it_can_start_again_and_keeps_what_was_written() -> None:
    """A restart at the same port is the same service."""
    fake = FakeHighLevel()
    contact_id = fake.contact_ids()[0]
    async with fake:
        url, note = fake.url, fake.add_note(contact_id, "kept", title="T")
    async with fake:
        assert url == fake.url
        assert note in fake.notes(contact_id)


def test_a_seed_fixes_everything() -> None:
    """The same seed gives the same ids, tokens and app, another seed others."""
    one, same, other = FakeHighLevel(), FakeHighLevel(), FakeHighLevel(seed=1)

    for name in ("private_token", "location_id", "company_id", "user_id", "app"):
        assert getattr(one, name) == getattr(same, name) != getattr(other, name)
    assert one.authorize_code() == same.authorize_code()


def test_the_app_looks_real() -> None:
    """A client id is 24 hex digits, a dash and 8 characters; the private token says what it is."""
    fake = FakeHighLevel()
    app_id, suffix = fake.app.client_id.split("-")

    assert (24, 8, app_id) == (len(app_id), len(suffix), fake.app.app_id)
    assert fake.private_token.startswith("pit-")


def test_contact_ids_are_a_lazy_sequence() -> None:
    """Ids can be counted, indexed, sliced and looked for; deleted contacts are left out."""
    fake = FakeHighLevel(contacts=1_000_000, locations=2)
    ids = fake.contact_ids()
    elsewhere = fake.contact_ids(fake.location_ids[1])

    assert len(ids) == 1_000_000
    assert [ids[0], ids[1]] == ids[:2]
    assert ids[-1] in ids
    for stranger in (elsewhere[0], "x", 3):
        assert stranger not in ids
    fake = FakeHighLevel()
    first, second = fake.contact_ids()[:2]
    fake.delete_contact(first)
    assert (9, second) == (len(fake.contact_ids()), fake.contact_ids()[0])
    assert first not in fake.contact_ids()
    assert first not in list(fake.contact_ids())


def test_added_contacts_have_no_notes_until_written() -> None:
    """A contact that was added starts empty and takes notes like any other."""
    fake = FakeHighLevel()
    contact_id = fake.add_contact(firstName="Zed")

    assert fake.notes(contact_id) == []
    assert [fake.add_note(contact_id)] == fake.notes(contact_id)


def test_unknown_ids_are_key_errors() -> None:
    """Asking the service itself for what is not there is a mistake in the test."""
    fake = FakeHighLevel()
    asked = (fake.contact_ids, fake.authorize_code, fake.notes, fake.add_note, fake.delete_contact)
    asked += (fake.contact, fake.tasks, fake.add_task, fake.appointments, fake.add_appointment)
    asked += (fake.appointment_notes, fake.add_appointment_note, fake.location_notes)
    asked += (fake.followers, fake.campaigns, fake.workflows)

    for ask in (*asked, fake.install, fake.uninstall):
        with pytest.raises(KeyError, match="nobody"):
            ask("nobody")


def test_what_is_given_is_a_copy() -> None:
    """A test that changes what it was given changes nothing in the service."""
    fake = FakeHighLevel()
    contact_id = fake.contact_ids()[1]
    fake.update_contact(contact_id, tags=["a"], followers=["u"])
    appointment_id = str(fake.add_appointment(contact_id)["id"])
    fake.add_appointment_note(appointment_id)
    fake.add_note(contact_id)
    fake.add_task(contact_id)
    looks = [fake.contact, fake.notes, fake.tasks, fake.appointments, fake.followers]

    for look, asked in [*((one, contact_id) for one in looks), (fake.location_notes, None)]:
        given, again = look(asked), deepcopy(look(asked))
        parts = given if isinstance(given, list) else [given]
        for part in parts:
            if isinstance(part, dict):
                for value in part.values():
                    if isinstance(value, list):
                        value.append("changed")
                part["id"] = "changed"
        parts.clear()
        assert look(asked) == again
    fake.appointment_notes(appointment_id)[0]["body"] = "changed"
    assert fake.appointment_notes(appointment_id)[0]["body"] == "A note"


@pytest.mark.parametrize("option", ["tasks_per_contact", "appointments_per_contact"])
def test_counts_are_not_negative(option: str) -> None:
    """There may be none of a kind, and not less."""
    assert FakeHighLevel(**{option: 0}).tasks(FakeHighLevel().contact_ids()[0]) is not None
    with pytest.raises(ValueError, match=option):
        FakeHighLevel(**{option: -1})


def test_the_public_names_are_listed() -> None:
    """The package has the names it says, and no others."""
    names = [
        "Delivery",
        "Failure",
        "FakeCinnox",
        "FakeClose",
        "FakeHighLevel",
        "Fault",
        "OddHeaders",
        "OutboxEvent",
        "Stats",
        "TokenRequest",
    ]

    assert dir(ghl_notes.testing) == names
    assert all(getattr(ghl_notes.testing, name) for name in ghl_notes.testing.__all__)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = ghl_notes.testing.Nothing


def test_the_plugin_imports_little() -> None:
    """Loading the fixtures, as every run of pytest does, does not load an HTTP stack."""
    code = (
        "import sys, ghl_notes.testing.plugin; "
        "sys.exit(bool({'aiohttp', 'attrs', 'authlib', 'cattrs'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_everything_on_demand_is_in_the_table() -> None:
    """The head of the package names every fault and every argument that is about bad ground."""
    table = ghl_notes.testing.__doc__ or ""
    plain = {"contacts", "notes_per_contact", "tasks_per_contact", "appointments_per_contact"}
    plain |= {"seed", "port"}
    options = {one.name for one in attrs.fields(Options) if one.init} - plain

    assert not {fault.name for fault in Fault if f"``Fault.{fault.name}``" not in table
                and f"``{fault.name}``" not in table}  # fmt: skip
    assert not {name for name in options if f"``{name}=" not in table}
