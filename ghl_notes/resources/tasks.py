"""The tasks of contacts: list, get, create, update, complete, delete, and of many contacts.

https://marketplace.gohighlevel.com/docs/ghl/contacts/tasks; the scopes are ``contacts.readonly``
and ``contacts.write``.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterable, Mapping
from datetime import datetime
from typing import Final

from ghl_notes.bulk import outcomes
from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import Rule, changes, fields, filled_text, flag, moment, nullable, text
from ghl_notes.http.reply import Answer
from ghl_notes.models import UNSET, ContactTasks, Listing, Task, Unset

_FIELDS: Final[Mapping[str, Rule]] = {
    "title": filled_text,
    "body": nullable(text),
    "due_date": moment,
    "completed": flag,
    "assigned_to": nullable(text),
}


class Tasks:
    """The tasks of one location's contacts. Safe for any number of tasks of the event loop.

    Reading needs the scope ``contacts.readonly``, writing ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def list(self, contact_id: str) -> Listing[Task]:
        """Return all tasks of a contact, in HighLevel's order, in one request."""
        return _read(await self._ask(contact_id, bulk=False), contact_id)

    async def get(self, contact_id: str, task_id: str) -> Task:
        """Return one task. Raises ``NotFound`` if the contact has no such task."""
        answer = await self._dispatch.call(operations.TASKS_GET, contact_id, task_id)
        return answer.read(codec.task, contact_id)

    async def create(  # noqa: PLR0913 - a task has this many fields
        self,
        contact_id: str,
        title: str,
        *,
        due_date: datetime,
        body: str | None = None,
        completed: bool = False,
        assigned_to: str | None = None,
    ) -> Task:
        """Set a task and return it. ``due_date`` is aware, ``assigned_to`` the id of a user.

        Never repeated when its reply was lost, as tasks carry no time by which to find them:
        raises ``AmbiguousWrite`` then; look at ``list`` before repeating it.
        """
        given = {
            "title": title,
            "body": body,
            "due_date": due_date,
            "completed": completed,
            "assigned_to": assigned_to,
        }
        sent = fields(given, _FIELDS, required=("title", "due_date", "completed"))
        answer = await self._dispatch.call(operations.TASKS_CREATE, contact_id, json=sent)
        return answer.read_created(codec.task, contact_id)

    async def update(  # noqa: PLR0913 - a task has this many fields
        self,
        contact_id: str,
        task_id: str,
        *,
        title: str | Unset = UNSET,
        body: str | None | Unset = UNSET,
        due_date: datetime | Unset = UNSET,
        completed: bool | Unset = UNSET,
        assigned_to: str | None | Unset = UNSET,
    ) -> Task:
        """Change a task; only what is passed is sent. Returns the task as it is now.

        None is sent as null; whether HighLevel clears the field then is not documented.
        """
        given = {
            "title": title,
            "body": body,
            "due_date": due_date,
            "completed": completed,
            "assigned_to": assigned_to,
        }
        sent = changes(given, _FIELDS)
        answer = await self._dispatch.call(operations.TASKS_UPDATE, contact_id, task_id, json=sent)
        return answer.read(codec.task, contact_id)

    async def complete(self, contact_id: str, task_id: str, *, completed: bool = True) -> Task:
        """Mark a task as done, or as not done. Returns the task as it is now."""
        sent = fields({"completed": completed}, _FIELDS, required=("completed",))
        answer = await self._dispatch.call(
            operations.TASKS_COMPLETE, contact_id, task_id, json=sent
        )
        return answer.read(codec.task, contact_id)

    async def delete(self, contact_id: str, task_id: str) -> None:
        """Delete a task. Raises ``NotFound`` if it was not there before this call."""
        await self._dispatch.call(operations.TASKS_DELETE, contact_id, task_id)

    def stream(
        self,
        contact_ids: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int | None = None,
    ) -> AsyncGenerator[ContactTasks, None]:
        """Read the tasks of many contacts; all else is as in ``notes.stream``."""
        return outcomes(contact_ids, self._ask, _read, ContactTasks, concurrency=concurrency)

    def _ask(self, contact_id: str, *, bulk: bool = True) -> Awaitable[Answer]:
        return self._dispatch.call(operations.TASKS_LIST, contact_id, bulk=bulk)


def _read(answer: Answer, contact_id: str) -> Listing[Task]:
    return answer.read(codec.tasks, contact_id)
