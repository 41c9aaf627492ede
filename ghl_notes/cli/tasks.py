"""What ``ghl-notes task`` tells."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text

from ghl_notes import Listing, Task
from ghl_notes.cli.plain import cell
from ghl_notes.cli.tables import NONE
from ghl_notes.cli.telling import MOST, Kind, Told, facts, many
from ghl_notes.cli.times import clock

if TYPE_CHECKING:
    from ghl_notes import Client

__all__ = ["TASK", "listed"]

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_STYLES: Final = {"done": "green", "late": "red"}


def _row(task: Task) -> list[Text]:
    state = _state(task)
    due = NONE if task.due_date is None else clock(task.due_date)
    return [
        cell(task.id),
        Text(due),
        Text(state, style=_STYLES.get(state, "")),
        cell(task.title, MOST),
    ]


def _facts(task: Task) -> list[tuple[str, Text]]:
    return facts(
        ("task", task.id),
        ("contact", task.contact_id),
        ("title", task.title),
        ("due", task.due_date),
        ("state", _state(task)),
        ("for", task.assigned_to),
    )


def _state(task: Task) -> str:
    if task.completed:
        return "done"
    late = task.due_date is not None and task.due_date < datetime.now(UTC)
    return "late" if late else "open"


TASK: Final = Kind[Task](
    columns=("id", "due", "state", "task"), row=_row, facts=_facts, text=lambda task: task.body
)


async def listed(client: "Client", contact_id: str, *, only_open: bool = False) -> Told:
    """Tell the tasks of a contact, what is due first in front, or those still to be done."""
    tasks = await client.tasks.list(contact_id)
    wanted = (task for task in tasks if not (only_open and task.completed))
    chosen = sorted(wanted, key=lambda task: task.due_date or _NEVER)
    none = f"contact {contact_id} has no {'open ' if only_open else ''}tasks"
    return many(TASK, client.location_id, Listing(chosen, unreadable=tasks.unreadable), none=none)
