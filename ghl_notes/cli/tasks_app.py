"""The commands of ``ghl-notes task`` and their options."""

from functools import partial
from typing import Annotated

import typer

from ghl_notes.cli.calls import Work, command
from ghl_notes.cli.groups import group
from ghl_notes.cli.options import ContactId
from ghl_notes.cli.tasks import TASK, listed
from ghl_notes.cli.telling import one
from ghl_notes.cli.times import moment

__all__ = ["tasks"]

tasks: typer.Typer = group(
    "The tasks of a contact: listed, set, done.",
    examples=(
        "ghl-notes task list CONTACT --open",
        'ghl-notes task add CONTACT "Call back" --due 2026-05-01',
        'ghl-notes task add CONTACT "Send the offer" --due 2026-05-01T14:30',
        "ghl-notes task done CONTACT TASK",
    ),
)


@command(tasks, "list")
def _list(
    contact: ContactId,
    *,
    only_open: Annotated[
        bool, typer.Option("--open", help="Only what is still to be done.")
    ] = False,
) -> Work:
    """List the tasks of a contact, what is due first in front."""
    return partial(listed, contact_id=contact, only_open=only_open)


@command(tasks, "add")
def _add(
    contact: ContactId,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What is to be done.")],
    due: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="By when: a date or a time in ISO 8601, in local time unless it has a zone.",
        ),
    ],
    body: Annotated[str | None, typer.Option(metavar="TEXT", help="More about it.")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ID", help="The user who is to do it.")
    ] = None,
) -> Work:
    """Set a task for a contact, once, and show it.

    Exit status 0 says that it is set, even if it could not be shown.
    """
    at = moment("--due", due)
    return lambda client: one(
        TASK,
        client.location_id,
        client.tasks.create(contact, title, due_date=at, body=body, assigned_to=user),
        deed=lambda task: f"task {task.id} was set",
    )


@command(tasks, "done")
def _done(
    contact: ContactId,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="The task's id; ghl-notes task list has it.")
    ],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="It is still to be done.")] = False,
) -> Work:
    """Mark a task as done, and show it."""
    return lambda client: one(
        TASK,
        client.location_id,
        client.tasks.complete(contact, task, completed=not undo),
        deed=lambda task: f"task {task.id} was changed",
    )
