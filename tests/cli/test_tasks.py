# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The tasks of a contact: listed, set and done."""

from datetime import UTC, datetime

import pytest

from ghl_notes.cli.times import clock

# So far off that nothing here is late.
DUE = "2999-05-01T12:00:00.000Z"


def written(fake, task: dict) -> dict:
    """Say how a task as HighLevel has it is written for programs."""
    return {
        "id": task["id"],
        "title": task["title"],
        "contact_id": task["contactId"],
        "location_id": fake.location_id,
        "body": task.get("body"),
        "due_date": task["dueDate"],
        "completed": task["completed"],
        "assigned_to": task.get("assignedTo"),
    }


def of(fake, contact: str, task_id: str) -> dict:
    """Find a task of a contact as it stands."""
    return next(task for task in fake.tasks(contact) if task["id"] == task_id)


@pytest.fixture
def contact(fake) -> str:
    """Give a contact with a task that is late, one that is done, and one for later."""
    contact = fake.add_contact()
    fake.add_task(contact, "for later", dueDate=DUE, completed=False)
    fake.add_task(contact, "is done", dueDate="2025-01-02T00:00:00.000Z", completed=True)
    fake.add_task(contact, "is late", dueDate="2025-01-01T00:00:00.000Z", completed=False)
    return contact


async def test_tasks_are_listed_by_when_they_are_due(desk, contact) -> None:
    """With their state: done, late or open."""
    outcome = await desk("task", "list", contact)
    head, *lines = outcome.out.splitlines()

    assert (outcome.status, outcome.err) == (0, "")
    assert head.split() == ["id", "due", "state", "task"]
    assert [line.split()[3:] for line in lines] == [
        ["late", "is", "late"],
        ["done", "is", "done"],
        ["open", "for", "later"],
    ]


async def test_the_order_is_that_of_days(desk, fake) -> None:
    """Whatever the order in which they come, or that of their ids."""
    contact = fake.add_contact()
    for day in (3, 1, 6, 2, 5, 4):
        fake.add_task(contact, f"on day {day}", dueDate=f"2999-05-0{day}T00:00:00.000Z")
    outcome = await desk("task", "list", contact, "--json")

    assert [task["title"] for task in outcome.records] == [f"on day {n}" for n in range(1, 7)]


@pytest.mark.parametrize("more", [(), ("--json",)])
async def test_what_is_done_may_be_left_out(desk, contact, more) -> None:
    """``--open`` has what is still to be done, late or not."""
    outcome = await desk("task", "list", contact, "--open", *more)

    assert "is late" in outcome.out
    assert "for later" in outcome.out
    assert "is done" not in outcome.out


async def test_tasks_are_listed_for_programs(desk, fake, contact) -> None:
    """One object a line, with the names of Task and times in UTC."""
    outcome = await desk("task", "list", contact, "--json")

    assert outcome.err == ""
    assert {task["id"]: task for task in outcome.records} == {
        task["id"]: written(fake, task) for task in fake.tasks(contact)
    }


async def test_no_tasks_are_no_failure(desk, fake) -> None:
    """Nor is it that all are done."""
    contact = fake.add_contact()
    none = await desk("task", "list", contact)
    fake.add_task(contact, "is done", dueDate=DUE, completed=True)
    no_open = await desk("task", "list", contact, "--open")

    assert (none.status, no_open.status) == (0, 0)
    assert none.last.endswith("has no tasks")
    assert no_open.last.endswith("has no open tasks")


async def test_a_task_is_set_and_shown(desk, fake, contact) -> None:
    """All its fields are sent, and the sheet has them with the id to work on."""
    given = ("--due", "2999-05-01T14:30+02:00", "--body", "Ask for\nthe price", "--user", "u1")
    outcome = await desk("task", "add", contact, "Call back", *given)
    task = of(fake, contact, outcome.facts["task"])

    assert (outcome.status, outcome.err) == (0, "")
    assert written(fake, task) == {
        "id": task["id"],
        "title": "Call back",
        "contact_id": contact,
        "location_id": fake.location_id,
        "body": "Ask for\nthe price",
        "due_date": "2999-05-01T12:30:00.000Z",
        "completed": False,
        "assigned_to": "u1",
    }
    assert outcome.facts["due"] == clock(datetime(2999, 5, 1, 12, 30, tzinfo=UTC))
    assert (outcome.facts["state"], outcome.facts["for"]) == ("open", "u1")
    assert outcome.out.endswith("\n\nAsk for\nthe price\n")


async def test_a_new_task_is_one_object_for_programs(desk, fake, contact) -> None:
    """What was not given is null."""
    outcome = await desk("task", "add", contact, "Call back", "--due", "2999-05-01", "--json")

    assert outcome.record == written(fake, of(fake, contact, outcome.record["id"]))
    assert (outcome.record["body"], outcome.record["assigned_to"]) == (None, None)


@pytest.mark.parametrize("due", ["soon", "", "2026-13-01", "2026-05-01T25:00", "01/05/2026"])
async def test_a_due_date_is_iso(desk, fake, contact, due) -> None:
    """The sentence has examples, and nothing is sent."""
    outcome = await desk("task", "add", contact, "Call back", "--due", due)

    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.last.startswith("ghl-notes: --due must be a date such as 2026-05-01")
    assert fake.stats.requests == 0


async def test_a_task_needs_a_due_date_and_a_title(desk, fake, contact) -> None:
    """HighLevel takes none without."""
    undated = await desk("task", "add", contact, "Call back")
    untitled = await desk("task", "add", contact, " ", "--due", "2026-05-01")

    assert (undated.status, untitled.status) == (2, 2)
    assert "--due" in undated.err
    assert "title must be" in untitled.last
    assert fake.stats.requests == 0


async def test_a_task_is_done_and_undone(desk, fake, contact) -> None:
    """Each time it is shown as it is then."""
    late = next(task["id"] for task in fake.tasks(contact) if task["title"] == "is late")
    done = await desk("task", "done", contact, late)
    assert (done.status, done.facts["state"]) == (0, "done")
    assert of(fake, contact, late)["completed"] is True

    undone = await desk("task", "done", contact, late, "--undo", "--json")
    assert undone.record == written(fake, of(fake, contact, late))
    assert undone.record["completed"] is False


@pytest.mark.parametrize(
    "command", [("list",), ("add", "title", "--due", "2026-05-01"), ("done", "t")]
)
async def test_an_unknown_contact_is_a_sentence(desk, command) -> None:
    """Status 1, nothing on stdout, and what to check."""
    name, *arguments = command
    outcome = await desk("task", name, "nobody", *arguments)

    assert (outcome.status, outcome.out) == (1, "")
    assert "check the id" in outcome.last


async def test_a_group_alone_shows_its_help_with_examples(run) -> None:
    """A user learns from lines to copy."""
    outcome = await run("task")

    assert outcome.status == 0
    assert 'ghl-notes task add CONTACT "Call back" --due 2026-05-01' in outcome.out
