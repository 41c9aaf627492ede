# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Contacts: found, shown and tagged."""

import re

import pytest
from attrs import fields

from ghl_notes import Contact
from ghl_notes.testing import Fault

JANE = {
    "firstName": "Jane",
    "lastName": "Doe",
    "email": "jane@example.org",
    "phone": "+15559990001",
    "tags": ["vip", "called back"],
}


@pytest.fixture
def jane(fake) -> str:
    """Add a contact that is like no other."""
    return fake.add_contact(**JANE)


# find


async def test_contacts_are_found_newest_first(desk, fake, jane) -> None:
    """A line for each, with its whole id, and how many more there are."""
    outcome = await desk("contact", "find", "--limit", "4")
    head, *lines = outcome.out.splitlines()

    assert outcome.status == 0
    assert head.split() == ["id", "name", "email", "phone", "tags"]
    assert [line.split()[0] for line in lines] == [jane, *reversed(fake.contact_ids()[7:10])]
    told = ["Jane Doe", "jane@example.org", "+15559990001", "vip, called back"]
    assert re.split(" {2,}", lines[0].rstrip())[1:] == told
    assert outcome.last == "ghl-notes: 4 of 11 contacts; --limit gives more"


@pytest.mark.parametrize(
    "condition",
    [
        ("jane d",),
        ("--email", "jane@example.org"),
        ("--phone", "+15559990001"),
        ("--tag", "called back"),
        ("jane", "--tag", "vip", "--tag", "called back"),
    ],
)
async def test_conditions_find_who_fits_them(desk, jane, condition) -> None:
    """A query looks into names, emails and phones; options are exact; all must hold."""
    outcome = await desk("contact", "find", *condition, "--json")

    assert (outcome.status, outcome.err) == (0, "")
    assert [contact["id"] for contact in outcome.records] == [jane]


@pytest.mark.parametrize(
    "condition",
    [
        ("--email", "jane@example"),
        ("--phone", "5559990001"),
        ("--tag", "called"),
        ("--tag", "vip", "--tag", "other"),
        ("jane", "--email", "other@example.org"),
        ("nobody of that name",),
    ],
)
async def test_what_fits_nobody_finds_nobody(desk, jane, condition) -> None:
    """A part of an address, a number or a tag is not it; nothing found is no failure."""
    outcome = await desk("contact", "find", *condition)

    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "ghl-notes: no contact fits\n"


async def test_many_contacts_come_in_pages(run, start) -> None:
    """Each of them once, and no more than were asked for."""
    fake = await start(contacts=230)
    token = {"GHL_NOTES_TOKEN": fake.private_token}
    outcome = await run(
        "contact", "find", "--limit", "205", "--json", "--base-url", fake.url,
        "--location", fake.location_id, **token,
    )  # fmt: skip

    newest = list(reversed(fake.contact_ids()[25:]))
    assert [contact["id"] for contact in outcome.records] == newest
    assert fake.stats.requests == 3


async def test_the_end_of_the_contacts_ends_the_search(desk, fake) -> None:
    """A large limit is no promise that there are so many."""
    outcome = await desk("contact", "find", "--limit", "1000")

    assert outcome.status == 0
    assert len(outcome.out.splitlines()) == 1 + len(fake.contact_ids())
    assert outcome.err == ""


async def test_a_search_needs_a_location(desk, fake) -> None:
    """It is the location that is searched; a contact's own id needs none."""
    outcome = await desk("contact", "find", GHL_NOTES_LOCATION="")

    assert outcome.status == 2
    assert "--location" in outcome.last
    assert fake.stats.requests == 0


# show


async def test_a_contact_is_shown(desk, fake) -> None:
    """Every field that has something, custom fields and tags among them, a line each."""
    given = {"customFields": [{"id": "cf1", "value": "blue"}, {"id": "cf2", "value": [1, "b"]}]}
    given["dndSettings"] = {"SMS": {"status": "active"}}
    jane = fake.add_contact(**JANE, **given, dateOfBirth="1990-09-25", dnd=True)
    outcome = await desk("contact", "show", jane)

    assert (outcome.status, outcome.err) == (0, "")
    assert list(outcome.facts)[:2] == ["contact", "name"]
    assert outcome.facts["contact"] == jane
    assert outcome.facts["name"] == "Jane Doe"
    assert outcome.facts["tags"] == "vip, called back"
    assert outcome.facts["date of birth"] == "1990-09-25"
    assert (outcome.facts["dnd"], outcome.facts["dnd sms"]) == ("yes", "active")
    assert outcome.facts["custom cf1"] == "blue"
    assert outcome.facts["custom cf2"] == '[1, "b"]'
    assert "website" not in outcome.facts
    assert "notes" not in outcome.out


async def test_a_contact_is_one_object_for_programs(desk, fake, jane) -> None:
    """With the names of Contact, and times and days as text."""
    fake.update_contact(jane, dateOfBirth="1990-09-25")
    outcome = await desk("contact", "show", jane, "--json")
    names = {field.name for field in fields(Contact)} - {"extra"}

    assert outcome.err == ""
    assert outcome.record.keys() - {"extra"} == names
    assert (outcome.record["id"], outcome.record["location_id"]) == (jane, fake.location_id)
    assert outcome.record["tags"] == JANE["tags"]
    assert outcome.record["date_of_birth"] == "1990-09-25"
    assert outcome.record["date_added"] == fake.contact(jane)["dateAdded"]


async def test_notes_and_tasks_stand_below_a_contact(desk, fake, contact) -> None:
    """Each in its table, under its name."""
    outcome = await desk("contact", "show", contact, "--notes", "--tasks")
    card, notes, tasks = outcome.out.split("\n\n")

    assert card.startswith("contact ")
    assert notes.startswith("notes\nid ")
    assert all(note["id"] in notes for note in fake.notes(contact))
    assert tasks.startswith("tasks\nid ")
    assert all(task["id"] in tasks for task in fake.tasks(contact))


async def test_notes_and_tasks_stand_within_the_object(desk, fake, contact) -> None:
    """One object for one contact, with lists of what was asked for."""
    both = await desk("contact", "show", contact, "--notes", "--tasks", "--json")
    one = await desk("contact", "show", contact, "--tasks", "--json")

    assert {note["id"] for note in both.record["notes"]} == {n["id"] for n in fake.notes(contact)}
    assert {task["id"] for task in both.record["tasks"]} == {t["id"] for t in fake.tasks(contact)}
    assert both.record["notes"][0]["location_id"] == fake.location_id
    assert "notes" not in one.record


async def test_a_contact_without_notes_says_so(desk, jane) -> None:
    """An empty list for programs, a line for people."""
    shown = await desk("contact", "show", jane, "--notes")
    told = await desk("contact", "show", jane, "--notes", "--json")

    assert (shown.status, shown.err) == (0, "")
    assert shown.out.endswith("\n\nno notes\n")
    assert told.record["notes"] == []


async def test_a_note_that_cannot_be_read_is_told_beside_its_contact(desk, fake, contact) -> None:
    """The rest is shown, and the status tells that something is missing."""
    fake.inject(Fault.NULL_TEXT, path_contains=f"{contact}/notes")
    outcome = await desk("contact", "show", contact, "--notes", "--tasks", "--json")

    assert outcome.status == 3
    assert len(outcome.record["notes"]) == 4
    assert "$.notes[" in outcome.last


# tag


async def test_tags_are_added_and_taken_away(desk, fake, jane) -> None:
    """Any number at once; what the contact has then is shown."""
    added = await desk("contact", "tag", jane, "lead", "to call")
    assert (added.status, added.err) == (0, "")
    assert added.facts == {"contact": jane, "tags": "vip, called back, lead, to call"}
    assert fake.contact(jane)["tags"] == ["vip", "called back", "lead", "to call"]

    removed = await desk("contact", "tag", jane, "vip", "lead", "--remove", "--json")
    assert removed.record == {
        "contact_id": jane,
        "tags": ["called back", "to call"],
        "location_id": fake.location_id,
    }
    assert fake.contact(jane)["tags"] == ["called back", "to call"]


async def test_the_last_tag_leaves_a_mark(desk, fake) -> None:
    """There is a line for the tags, even without any."""
    jane = fake.add_contact(tags=["vip"])
    outcome = await desk("contact", "tag", jane, "vip", "--remove")

    assert outcome.facts == {"contact": jane, "tags": "-"}


@pytest.mark.parametrize("tags", [(), ("",)])
async def test_a_tag_has_a_name(desk, fake, contact, tags) -> None:
    """Nothing is sent without one."""
    outcome = await desk("contact", "tag", contact, *tags)

    assert outcome.status == 2
    assert "tag" in outcome.err.lower()
    assert fake.stats.requests == 0


# whatever the command


@pytest.mark.parametrize("command", [("show",), ("show", "--notes"), ("tag", "vip")])
async def test_an_unknown_contact_is_a_sentence(desk, command) -> None:
    """Status 1, nothing on stdout, and what to check."""
    name, *arguments = command
    outcome = await desk("contact", name, "nobody", *arguments)

    assert (outcome.status, outcome.out) == (1, "")
    assert "check the id" in outcome.last


async def test_a_group_alone_shows_its_help_with_examples(run) -> None:
    """A user learns from lines to copy."""
    outcome = await run("contact")

    assert outcome.status == 0
    assert "ghl-notes contact show CONTACT --notes --tasks" in outcome.out


async def test_an_empty_page_is_not_all_that_was_found(desk, fake, monkeypatch) -> None:
    """Where HighLevel counts more than it gives, what came is shown, and somebody is told."""
    monkeypatch.setattr("ghl_notes.cli.contacts._PAGE", 4)
    fake.inject(Fault.LONG_NUMBER, path_contains="/contacts/search")
    fake.inject(Fault.EMPTY_PAGE, path_contains="/contacts/search")
    outcome = await desk("contact", "find", "--limit", "8")

    assert outcome.status == 3
    assert len(outcome.out.splitlines()) == 1 + 4
    assert outcome.last == "ghl-notes: HighLevel counts 10 contacts, and gave 4: look again"
