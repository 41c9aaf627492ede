# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The tasks of one contact: set, read, changed, completed, deleted."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ghl_notes.errors import ConfigurationError, NotFound, RequestRejected, UnexpectedResponse

DUE = datetime(2026, 12, 24, 18, 30, tzinfo=timezone(timedelta(hours=1)))
WIRE_DUE = "2026-12-24T17:30:00.000Z"


def wire(fake, contact_id: str, task_id: str) -> dict:
    """Give a task as HighLevel has it."""
    return next(task for task in fake.tasks(contact_id) if task["id"] == task_id)


def spoil(fake, contact_id: str, **fields: object) -> str:
    """Give a task fields that HighLevel would not take, and return its id."""
    place, index = fake._find(contact_id)
    task = fake.tasks(contact_id)[0]
    place.tasks.put(index, {**task, **fields})
    return task["id"]


async def test_a_task_is_set_read_changed_and_deleted(fake, client, contact_id) -> None:
    """The calls agree with each other and with what HighLevel keeps."""
    user = fake.user_id
    made = await client.tasks.create(
        contact_id, "Call", due_date=DUE, body="Ask again", assigned_to=user
    )
    read = await client.tasks.get(contact_id, made.id)
    changed = await client.tasks.update(contact_id, made.id, title="Write")

    assert made == read
    assert wire(fake, contact_id, made.id) == {
        "id": made.id,
        "title": "Write",
        "body": "Ask again",
        "dueDate": WIRE_DUE,
        "completed": False,
        "assignedTo": user,
        "contactId": contact_id,
    }
    assert (changed.id, changed.title, changed.body) == (made.id, "Write", "Ask again")
    assert (changed.due_date, changed.completed, changed.assigned_to) == (DUE, False, user)
    await client.tasks.delete(contact_id, made.id)
    with pytest.raises(NotFound):
        await client.tasks.get(contact_id, made.id)


async def test_a_task_needs_only_a_title_and_a_time(fake, client, contact_id) -> None:
    """What is not passed is left out, and the task is open."""
    made = await client.tasks.create(contact_id, "Call", due_date=DUE)

    assert wire(fake, contact_id, made.id).keys() == {
        "id", "title", "dueDate", "completed", "contactId"
    }  # fmt: skip
    assert (made.body, made.assigned_to, made.completed) == (None, None, False)


async def test_a_list_holds_every_task(fake, client, contact_id) -> None:
    """All tasks of the contact come, in HighLevel's order, with nothing left out."""
    fake.add_task(contact_id, "The last")
    tasks = await client.tasks.list(contact_id)

    assert [task.id for task in tasks] == [task["id"] for task in fake.tasks(contact_id)]
    assert {task.contact_id for task in tasks} == {contact_id}
    assert "The last" in {task.title for task in tasks}
    assert tasks.unreadable == ()


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ({"title": "New"}, "title", "New"),
        ({"body": "New"}, "body", "New"),
        ({"due_date": DUE}, "dueDate", WIRE_DUE),
        ({"completed": True}, "completed", True),
        ({"assigned_to": "somebody"}, "assignedTo", "somebody"),
    ],
)
async def test_an_update_changes_only_what_is_passed(
    fake, client, contact_id, arguments, name, value
) -> None:
    """Each argument reaches its field, and the other fields stay."""
    task = fake.add_task(contact_id, "Old", body="Old", assignedTo=fake.user_id)
    await client.tasks.update(contact_id, task["id"], **arguments)

    assert wire(fake, contact_id, task["id"]) == {**task, name: value}


@pytest.mark.parametrize("completed", [True, False])
async def test_a_task_is_completed_and_opened_again(fake, client, contact_id, completed) -> None:
    """Completing says so in the reply, can be taken back, and changes nothing else."""
    task = fake.add_task(contact_id, completed=not completed)
    done = await client.tasks.complete(contact_id, task["id"], completed=completed)

    assert done.completed is completed
    assert wire(fake, contact_id, task["id"]) == {**task, "completed": completed}


async def test_tasks_are_done_unless_said_otherwise(fake, client, contact_id) -> None:
    """Completing needs no argument."""
    task = fake.add_task(contact_id)

    assert (await client.tasks.complete(contact_id, task["id"])).completed


BAD_FIELDS = [
    {"title": ""},
    {"title": " "},
    {"title": None},
    {"body": 5},
    {"due_date": None},
    {"due_date": "2026-12-24"},
    {"due_date": datetime(2026, 12, 24)},  # noqa: DTZ001
    {"due_date": DUE.date()},
    {"completed": None},
    {"completed": 1},
    {"assigned_to": 5},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=str)
async def test_a_bad_field_is_refused_here(fake, client, contact_id, fields) -> None:
    """A field that cannot be stored is named before anything is sent, by both writes."""
    (name,) = fields
    with pytest.raises(ConfigurationError, match=name):
        await client.tasks.create(contact_id, **{"title": "Call", "due_date": DUE, **fields})
    with pytest.raises(ConfigurationError, match=name):
        await client.tasks.update(contact_id, "task", **fields)

    assert fake.stats.requests == 0


async def test_an_update_of_nothing_is_refused_here(fake, client, contact_id) -> None:
    """An update that changes nothing is a mistake of the caller."""
    with pytest.raises(ConfigurationError, match="update needs something"):
        await client.tasks.update(contact_id, "task")
    with pytest.raises(ConfigurationError, match="completed"):
        await client.tasks.complete(contact_id, "task", completed=None)

    assert fake.stats.requests == 0


@pytest.mark.parametrize("name", ["body", "assigned_to"])
async def test_a_null_that_highlevel_refuses_is_told(fake, client, contact_id, name) -> None:
    """None is sent as null, and what HighLevel says about that is in the error."""
    task_id = fake.tasks(contact_id)[0]["id"]
    with pytest.raises(RequestRejected) as raised:
        await client.tasks.update(contact_id, task_id, **{name: None})

    assert raised.value.status == 422
    assert [line.endswith("must be a string") for line in raised.value.messages] == [True]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"title": None}, "expected text, got null @ $.tasks[0].title"),
        ({"completed": "yes"}, "expected true or false, got text @ $.tasks[0].completed"),
        ({"dueDate": "soon"}, "expected a time, got text @ $.tasks[0].dueDate"),
    ],
)
async def test_a_task_that_cannot_be_read_is_told(
    fake, client, contact_id, fields, problem
) -> None:
    """One broken task costs none of its neighbours; alone, it is an error."""
    task_id = spoil(fake, contact_id, **fields)
    tasks = await client.tasks.list(contact_id)
    (streamed,) = [one async for one in client.tasks.stream([contact_id])]

    assert len(tasks) == len(streamed.tasks) == 1
    assert [error.problems for error in tasks.unreadable] == [(problem,)]
    assert [error.problems for error in streamed.tasks.unreadable] == [(problem,)]
    with pytest.raises(UnexpectedResponse) as raised:
        await client.tasks.get(contact_id, task_id)
    assert raised.value.problems == (problem.replace("tasks[0]", "task"),)


async def test_a_task_may_have_less_and_more_than_is_known(fake, client, contact_id) -> None:
    """A time may be missing, the contact is known from the call, and what is new is kept."""
    task_id = spoil(fake, contact_id, dueDate=None, contactId=None, priority="high")
    task = await client.tasks.get(contact_id, task_id)

    assert (task.due_date, task.contact_id) == (None, contact_id)
    assert task.extra == {"priority": "high"}


async def test_times_without_a_zone_are_utc(fake, client, contact_id) -> None:
    """HighLevel's times are in UTC, whether or not they say so."""
    task_id = spoil(fake, contact_id, dueDate="2026-12-24T17:30:00")
    task = await client.tasks.get(contact_id, task_id)

    assert task.due_date == datetime(2026, 12, 24, 17, 30, tzinfo=UTC)
