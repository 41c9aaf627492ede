"""The tasks of contacts."""

from datetime import datetime

from attrs import field, frozen

from ghl_notes.errors import HighLevelError
from ghl_notes.models.values import Extra, Listing


@frozen(kw_only=True)
class Task:
    """One task of one contact. ``assigned_to`` is the id of a user."""

    id: str
    title: str
    contact_id: str
    body: str | None = None
    due_date: datetime | None = None
    completed: bool = False
    assigned_to: str | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen
class ContactTasks:
    """What became of one contact in a bulk read: its tasks, or the error that stood in the way."""

    contact_id: str
    tasks: Listing[Task] = field(factory=Listing[Task])
    error: HighLevelError | None = None
