"""Tasks and appointments: their envelopes, their times, and what odd ones cost."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec
from ghl_notes.models import Appointment, Task
from tests.codec.payloads import APPOINTMENT, TASK

WALL = datetime(2021, 7, 16, 11)  # noqa: DTZ001 - as documented, without a zone
TIMES = ["start_time", "end_time", "date_added", "date_updated"]


def appointment(**changed: object) -> Appointment:
    (found,) = codec.appointments({"events": [{**APPOINTMENT, **changed}]})
    return found


# --- tasks ----------------------------------------------------------------------------------


def test_a_documented_task() -> None:
    """Every field of a task finds its place, alone and in a list."""
    task = codec.task({"task": TASK, "traceId": "t"}, "here")

    assert task == Task(
        id="t1",
        title="Call back",
        contact_id="c1",
        body="soon",
        due_date=datetime(2021, 7, 8, 2, 30, tzinfo=UTC),
        completed=True,
        assigned_to="u1",
    )
    assert codec.tasks({"tasks": [TASK]}, "here") == [task]
    assert task.extra == {}


@pytest.mark.parametrize("contact", [{}, {"contactId": None}, {"contactId": ""}])
def test_a_task_belongs_to_the_contact_asked_for(contact: dict[str, object]) -> None:
    """The path tells whose task it is, where the reply does not."""
    wire = {key: TASK[key] for key in ("id", "title")} | contact

    (task,) = codec.tasks({"tasks": [wire]}, "here")
    assert task == codec.task({"task": wire}, "here")
    assert (task.contact_id, task.completed, task.due_date, task.body) == (
        "here", False, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"id": None}, "expected text, got null @ $.tasks[1].id"),
        ({"title": None}, "expected text, got null @ $.tasks[1].title"),
        ({"dueDate": "s3cr3t"}, "expected a time, got text @ $.tasks[1].dueDate"),
        ({"completed": "no"}, "expected true or false, got text @ $.tasks[1].completed"),
        ({"assignedTo": {}}, "expected text, got an object @ $.tasks[1].assignedTo"),
    ],
)
def test_an_odd_task_costs_no_other(changed: dict[str, object], problem: str) -> None:
    """What cannot be read is told by its place, beside the tasks that can."""
    tasks = codec.tasks({"tasks": [TASK, {**TASK, **changed}, TASK]}, "here")

    assert [task.id for task in tasks] == ["t1", "t1"]
    assert [error.problems for error in tasks.unreadable] == [(problem,)]
    with pytest.raises(UnexpectedResponse, match=r"\$\.task\."):
        codec.task({"task": {**TASK, **changed}}, "here")


# --- appointments ---------------------------------------------------------------------------


def test_a_documented_appointment() -> None:
    """Its times are as they were sent: without a zone, none is made up."""
    found = appointment(newer=1)

    assert (found.id, found.calendar_id, found.users) == ("e1", "k1", ("u1", "u2"))
    assert (found.title, found.appointment_status) == ("Test", "booked")
    assert (found.start_time, found.end_time) == (WALL, WALL + timedelta(minutes=30))
    assert (found.date_added, found.date_updated) == (WALL - timedelta(hours=1), None)
    assert found.extra == {"newer": 1}


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize(
    ("wire", "when"),
    [
        ("2021-07-16 11:00:00", WALL),
        ("2021-07-16T11:00:00.000", WALL),
        ("2021-07-16", WALL.replace(hour=0)),
        ("2021-07-16T11:00:00Z", WALL.replace(tzinfo=UTC)),
        ("2021-07-16T11:00:00-05:00", WALL.replace(tzinfo=timezone(timedelta(hours=-5)))),
        (1626433200000, WALL.replace(tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_a_time_keeps_what_it_came_with(name: str, wire: object, when: datetime | None) -> None:
    """A naive time stays naive and a zoned one aware; milliseconds are a moment."""
    head, tail = name.split("_")
    found = getattr(appointment(**{head + tail.title(): wire}), name)

    assert found == when
    assert found is None or found.utcoffset() == when.utcoffset()


@pytest.mark.parametrize("wire", ["s3cr3t", 5.5, True, [], {}, 10**20, "25:00"])
def test_an_odd_time_is_told(wire: object) -> None:
    """A time that is none makes the appointment unreadable, by its place."""
    listing = codec.appointments({"events": [APPOINTMENT, {**APPOINTMENT, "endTime": wire}]})

    assert len(listing) == 1
    (error,) = listing.unreadable
    assert error.problems[0].startswith("expected a time, got ")
    assert error.problems[0].endswith(" @ $.events[1].endTime")
    assert "s3cr3t" not in str(error)
