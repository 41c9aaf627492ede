# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Tasks of a contact follow HighLevel's rules."""

import pytest

NEW = {"title": "Call", "dueDate": "2026-07-08T04:30:00+02:00", "completed": False}


def path(call, at: int = 0) -> str:
    """Give the path of a contact's tasks."""
    return f"/contacts/{call.fake.contact_ids()[at]}/tasks"


async def test_a_list_holds_every_task(start) -> None:
    """All tasks come at once, as many as the option says."""
    call = await start(tasks_per_contact=4)
    tasks = (await call("GET", path(call))).json["tasks"]

    assert len({task["id"] for task in tasks}) == 4
    assert tasks == call.fake.tasks(call.fake.contact_ids()[0])
    assert {task["contactId"] for task in tasks} == {call.fake.contact_ids()[0]}
    assert {task["completed"] for task in tasks} == {False, True}


@pytest.mark.parametrize("version", ["2021-07-28", "v3"])
async def test_a_task_lives(call, version) -> None:
    """A task is made, read, changed in part, completed, listed, and gone after its deletion."""
    made = await call("POST", path(call), version=version, json={**NEW, "body": "Soon"})
    task = made.json["task"]
    one = f"{path(call)}/{task['id']}"
    changed = await call("PUT", one, version=version, json={"title": "Mail", "assignedTo": "u"})
    closed = await call("PUT", f"{one}/completed", version=version, json={"completed": True})
    read = await call("GET", one, version=version)
    gone = (await call("DELETE", one, version=version)).json

    assert (made.status, changed.status, closed.status) == (201, 200, 200)
    contact_id = call.fake.contact_ids()[0]
    expected = {**NEW, "dueDate": "2026-07-08T02:30:00.000Z", "body": "Soon"}
    assert task == {"id": task["id"], **expected, "contactId": contact_id}
    assert changed.json["task"] == {**task, "title": "Mail", "assignedTo": "u"}
    assert read.json["task"] == closed.json["task"] == {**changed.json["task"], "completed": True}
    assert gone == {"succeded": True, "succeeded": True, "traceId": gone["traceId"]}
    assert (await call("GET", one)).status == 400
    assert len(call.fake.tasks(contact_id)) == 2


async def test_a_computed_task_can_be_changed_and_deleted(call) -> None:
    """Tasks that were there from the start are tasks like any other."""
    first, second = call.fake.tasks(call.fake.contact_ids()[2])
    await call("PUT", f"{path(call, 2)}/{first['id']}", json={"title": "New"})
    await call("DELETE", f"{path(call, 2)}/{second['id']}")

    assert call.fake.tasks(call.fake.contact_ids()[2]) == [{**first, "title": "New"}]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "title should not be empty"),
        ({}, "dueDate must be a valid ISO 8601 date string"),
        ({}, "completed must be a boolean value"),
        ({**NEW, "title": ""}, "title should not be empty"),
        ({**NEW, "dueDate": "soon"}, "dueDate must be a valid ISO 8601 date string"),
        (
            {**NEW, "dueDate": "0001-01-01T00:00:00+00:01"},  # in the year 0 of UTC
            "dueDate must be a valid ISO 8601 date string",
        ),
        ({**NEW, "completed": 1}, "completed must be a boolean value"),
        ({**NEW, "body": None}, "body must be a string"),
        ({**NEW, "contactId": "x"}, "property contactId should not exist"),
    ],
)
async def test_a_bad_task_is_refused_by_a_list_of_rules(call, sent, said) -> None:
    """Title, date and state are needed, and nothing else is known."""
    answer = await call("POST", path(call), json=sent)

    assert answer.status == 422
    assert said in answer.json["message"]


async def test_an_update_is_checked_in_part_only(call) -> None:
    """An update may leave everything out; completing needs its one field."""
    task = call.fake.tasks(call.fake.contact_ids()[0])[0]
    one = f"{path(call)}/{task['id']}"

    assert (await call("PUT", one, json={})).json["task"] == task
    assert (await call("PUT", one, json={"dueDate": "x"})).status == 422
    assert (await call("PUT", f"{one}/completed", json={})).status == 422
    assert (
        await call("PUT", f"{one}/completed", json={"completed": True, "title": "x"})
    ).status == 422


@pytest.mark.parametrize("status", [400, 404])
async def test_what_is_unknown_is_not_found(start, status: int) -> None:
    """Unknown tasks, those of another contact, and unknown contacts are told like notes are."""
    call = await start(not_found_status=status, locations=2)
    here, there = (call.fake.contact_ids(one)[0] for one in call.fake.location_ids)
    own, foreign = call.fake.tasks(here)[0]["id"], call.fake.tasks(there)[0]["id"]
    unknown = [f"{path(call)}/x", f"{path(call, 1)}/{own}", f"{path(call)}/{foreign}"]

    for one in [*unknown, f"{path(call)}/{here}", "/contacts/nobody/tasks"]:
        answer = await call("GET", one)
        assert (answer.status, answer.json["message"][-9:]) == (status, "not found")
    assert (await call("GET", f"/contacts/{there}/tasks")).status == 403


async def test_a_test_can_add_a_task(start, clock) -> None:
    """A task added by hand is due now and open, unless its fields say otherwise."""
    call = await start(clock=clock)
    contact_id = call.fake.contact_ids()[0]
    plain = call.fake.add_task(contact_id)
    named = call.fake.add_task(contact_id, title="T", completed=True, assignedTo="u")
    listed = (await call("GET", path(call))).json["tasks"]

    assert (plain["dueDate"], plain["completed"]) == ("2027-01-15T08:00:00.000Z", False)
    assert (named["title"], named["completed"], named["assignedTo"]) == ("T", True, "u")
    assert all(task in listed for task in (plain, named))
