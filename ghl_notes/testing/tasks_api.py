"""The routes of the tasks of a contact."""

from collections.abc import Callable
from functools import partial

from attrs import define

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.ids import Kind
from ghl_notes.testing.place import Place
from ghl_notes.testing.population import iso
from ghl_notes.testing.replies import Call, Payload, Reply, object_of
from ghl_notes.testing.routes import Route
from ghl_notes.testing.rules import FILLED, FLAG, TEXT, TIME, Rules, read, time_of
from ghl_notes.testing.webhooks import Webhooks
from ghl_notes.testing.world import World

__all__ = ["TasksApi"]

_RULES: Rules = {
    "title": FILLED,
    "body": TEXT,
    "dueDate": TIME,
    "completed": FLAG,
    "assignedTo": TEXT,
}
_REQUIRED = ("title", "dueDate", "completed")


@define(eq=False)
class TasksApi:
    """What HighLevel answers about tasks."""

    world: World
    webhooks: Webhooks

    def routes(self) -> list[Route]:
        """List what is answered here."""
        tasks, task = "/contacts/{contactId}/tasks", "/contacts/{contactId}/tasks/{taskId}"
        reading = partial(Route, "GET", scope="contacts.readonly")
        return [
            reading(tasks, self.list_tasks),
            Route("POST", tasks, self.create, scope="contacts.write"),
            reading(task, self.task),
            Route("PUT", task, self.update, scope="contacts.write"),
            Route("PUT", f"{task}/completed", self.complete, scope="contacts.write"),
            Route("DELETE", task, self.delete, scope="contacts.write", flagged=True),
        ]

    def list_tasks(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give all tasks of a contact: there are no pages."""
        place, index = self._find(ids, grant)
        return Reply(200, {"tasks": place.tasks.of(index)})

    def create(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Add a task."""
        return Reply(201, {"task": self.write(*self._find(ids, grant), object_of(call))})

    def write(self, place: Place, index: int, sent: Payload) -> Payload:
        """Add a task, whoever does it."""
        fields = _kept(read(sent, _RULES, _REQUIRED))
        contact_id = place.population.contact_id(index)
        task = place.tasks.add(
            index, lambda task_id: {"id": task_id, **fields, "contactId": contact_id}
        )
        self.webhooks.task("TaskCreate", place, task)
        return task

    def task(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Give one task."""
        return Reply(200, {"task": self._task(ids, grant)[2]})

    def update(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Change a task. What is not sent stays as it is."""
        return self._change(ids, grant, lambda: read(object_of(call), _RULES))

    def complete(self, call: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Complete a task, or open it again."""
        rules = {"completed": FLAG}
        return self._change(ids, grant, lambda: read(object_of(call), rules, rules))

    def delete(self, _: Call, grant: Grant, ids: tuple[str, ...]) -> Reply:
        """Delete a task. Recorded: both spellings at once."""
        place, index, task = self._task(ids, grant)
        place.tasks.remove(index, ids[1])
        self.webhooks.task("TaskDelete", place, task)
        return Reply(200, {"succeded": True, "succeeded": True})

    def _change(self, ids: tuple[str, ...], grant: Grant, fields: Callable[[], Payload]) -> Reply:
        place, index, task = self._task(ids, grant)
        was_open = not task["completed"]
        task.update(_kept(fields()))
        place.tasks.put(index, task)
        if was_open and task["completed"]:
            self.webhooks.task("TaskComplete", place, task)
        return Reply(200, {"task": task})

    def _task(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, int, Payload]:
        place, index = self._find(ids, grant)
        serial = self.world.serial(ids[1], Kind.TASK)
        if serial is not None and serial[1:3] == (place.population.location, index):
            task = place.tasks.get(index, serial.note, ids[1])
            if task is not None:
                return place, index, task
        raise self.world.missing("Task", ids[1])

    def _find(self, ids: tuple[str, ...], grant: Grant) -> tuple[Place, int]:
        return self.world.find(ids[0], grant.location_id)


def _kept(fields: Payload) -> Payload:
    """Write the date as HighLevel does: UTC, with milliseconds."""
    due = time_of(fields.get("dueDate"))
    return fields if due is None else {**fields, "dueDate": iso(round(due.timestamp() * 1000))}
