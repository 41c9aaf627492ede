# ruff: noqa: ANN001 - the table names what its calls take
"""Every call of the new resources in its simplest form, and how each behaves when a reply is lost.

A call takes the client and the ids that its parameters name. One that is about a whole location
takes ``where`` too, which is its ``location_id`` or nothing.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from inspect import Parameter, signature
from typing import Literal

from attrs import field, frozen

from ghl_notes.errors import HighLevelError
from ghl_notes.models import Attachment, Relation
from ghl_notes.testing import FakeHighLevel

DUE = datetime(2026, 12, 24, 12, tzinfo=UTC)
CONTACTS = "contacts.readonly", "contacts.write"
EVENTS = "calendars/events.readonly", "calendars/events.write"
NOTES = "notes.readonly", "notes.write"


@frozen
class Case:
    """One call. A ``read`` changes nothing; ``again`` is repeated when its reply was lost.

    ``once`` is not repeated then, and ``found`` looks for what it wrote. ``flagged`` is a call
    whose reply says of itself whether it succeeded.
    """

    name: str
    call: Callable[..., Awaitable[object]]
    kind: Literal["read", "again", "once", "found"] = "read"
    flagged: bool = field(default=False, kw_only=True)

    @property
    def scope(self) -> str:
        of = {"appointment_notes": EVENTS, "location_notes": NOTES}
        return of.get(self.resource, CONTACTS)[self.kind != "read"]

    @property
    def resource(self) -> str:
        return self.name.partition(".")[0]

    @property
    def ids(self) -> list[str]:
        """Name the ids that it takes; a plural is a list of them."""
        return [one.name for one in self._parameters if one.kind is not Parameter.VAR_KEYWORD]

    @property
    def located(self) -> bool:
        """Tell whether it takes a ``location_id``."""
        return len(self.ids) < len(self._parameters)

    @property
    def _parameters(self) -> list[Parameter]:
        return list(signature(self.call).parameters.values())[1:]


async def all_of(stream) -> list[object]:
    """Go through a stream to its end."""
    return [one async for one in stream]


async def first_of(stream) -> object:
    """Take the first of a stream and leave it."""
    async with aclosing(stream) as going:
        return await anext(going)


async def watched(
    stream, after: int = 0, act: Callable[[], object] = bool
) -> tuple[list[str], HighLevelError | None]:
    """Go through a stream, act after so many, and give the ids that came and what ended it."""
    seen: list[str] = []
    try:
        async for one in stream:
            seen.append(one.id)
            if len(seen) == after:
                act()
    except HighLevelError as error:
        return seen, error
    return seen, None


HERE = [Relation("opportunity", "somewhere")]
NEWS = ["newsletter"]
FILES = [Attachment(id="file", object_key="opportunity", record_id="somewhere")]

CASES = (
    # contacts
    Case("contacts.get", lambda client, contact_id: client.contacts.get(contact_id)),
    Case("contacts.search", lambda client, **where: client.contacts.search("a", **where)),
    Case("contacts.stream", lambda client, **where: all_of(client.contacts.stream(**where))),
    Case(
        "contacts.duplicate",
        lambda client, **where: client.contacts.duplicate(email="a@example.com", **where),
    ),
    Case(
        "contacts.create",
        lambda client, **where: client.contacts.create(email="new@example.com", **where),
        "once",
    ),
    Case(
        "contacts.upsert",
        lambda client, **where: client.contacts.upsert(email="new@example.com", **where),
        "again",
    ),
    Case(
        "contacts.upsert a duplicate",
        lambda client, **where: client.contacts.upsert(
            email="new@example.com", create_new_if_duplicate_allowed=True, **where
        ),
        "once",
    ),
    Case(
        "contacts.upsert somebody unknown",
        lambda client, **where: client.contacts.upsert(first_name="New", phone="", **where),
        "once",
    ),
    Case(
        "contacts.update",
        lambda client, contact_id: client.contacts.update(contact_id, first_name="New"),
        "again",
        flagged=True,
    ),
    Case(
        "contacts.delete",
        lambda client, contact_id: client.contacts.delete(contact_id),
        "again",
        flagged=True,
    ),
    # tasks and appointments
    Case("tasks.list", lambda client, contact_id: client.tasks.list(contact_id)),
    Case("tasks.get", lambda client, contact_id, task_id: client.tasks.get(contact_id, task_id)),
    Case(
        "tasks.create",
        lambda client, contact_id: client.tasks.create(contact_id, "New", due_date=DUE),
        "once",
    ),
    Case(
        "tasks.update",
        lambda client, contact_id, task_id: client.tasks.update(contact_id, task_id, title="New"),
        "again",
    ),
    Case(
        "tasks.complete",
        lambda client, contact_id, task_id: client.tasks.complete(contact_id, task_id),
        "again",
    ),
    Case(
        "tasks.delete",
        lambda client, contact_id, task_id: client.tasks.delete(contact_id, task_id),
        "again",
        flagged=True,
    ),
    Case("appointments.list", lambda client, contact_id: client.appointments.list(contact_id)),
    # tags, followers, businesses
    Case("tags.add", lambda client, contact_id: client.tags.add(contact_id, ["new"]), "again"),
    Case("tags.remove", lambda client, contact_id: client.tags.remove(contact_id, NEWS), "again"),
    Case(
        "tags.bulk_add",
        lambda client, contact_ids, **where: client.tags.bulk_add(contact_ids, ["new"], **where),
        "again",
        flagged=True,
    ),
    Case(
        "tags.bulk_remove",
        lambda client, contact_ids, **where: client.tags.bulk_remove(contact_ids, NEWS, **where),
        "again",
        flagged=True,
    ),
    Case(
        "tags.bulk_clear",
        lambda client, contact_ids, **where: client.tags.bulk_clear(contact_ids, **where),
        "again",
        flagged=True,
    ),
    Case(
        "followers.add",
        lambda client, contact_id, user_ids: client.followers.add(contact_id, user_ids),
        "again",
    ),
    Case(
        "followers.remove",
        lambda client, contact_id, user_ids: client.followers.remove(contact_id, user_ids),
        "again",
    ),
    Case(
        "businesses.contacts",
        lambda client, business_id, **where: all_of(
            client.businesses.contacts(business_id, **where)
        ),
    ),
    Case(
        "businesses.assign",
        lambda client, contact_ids, business_id, **where: client.businesses.assign(
            contact_ids, business_id, **where
        ),
        "again",
        flagged=True,
    ),
    Case(
        "businesses.unassign",
        lambda client, contact_ids, **where: client.businesses.unassign(contact_ids, **where),
        "again",
        flagged=True,
    ),
    # campaigns and workflows
    Case(
        "campaigns.add",
        lambda client, contact_id, campaign_id: client.campaigns.add(contact_id, campaign_id),
        "once",
        flagged=True,
    ),
    Case(
        "campaigns.remove",
        lambda client, contact_id, campaign_id: client.campaigns.remove(contact_id, campaign_id),
        "again",
        flagged=True,
    ),
    Case(
        "campaigns.remove_all",
        lambda client, contact_id: client.campaigns.remove_all(contact_id),
        "again",
        flagged=True,
    ),
    Case(
        "workflows.add",
        lambda client, contact_id, workflow_id: client.workflows.add(contact_id, workflow_id),
        "once",
        flagged=True,
    ),
    Case(
        "workflows.remove",
        lambda client, contact_id, workflow_id: client.workflows.remove(contact_id, workflow_id),
        "again",
        flagged=True,
    ),
    # notes of appointments
    Case(
        "appointment_notes.list",
        lambda client, appointment_id: client.appointment_notes.list(appointment_id),
    ),
    Case(
        "appointment_notes.stream",
        lambda client, appointment_id: all_of(client.appointment_notes.stream(appointment_id)),
    ),
    Case(
        "appointment_notes.create",
        lambda client, appointment_id: client.appointment_notes.create(appointment_id, "New"),
        "found",
    ),
    Case(
        "appointment_notes.update",
        lambda client, appointment_id, note_id: client.appointment_notes.update(
            appointment_id, note_id, "New"
        ),
        "again",
    ),
    Case(
        "appointment_notes.delete",
        lambda client, appointment_id, note_id: client.appointment_notes.delete(
            appointment_id, note_id
        ),
        "again",
        flagged=True,
    ),
    # notes of a location
    Case("location_notes.search", lambda client, **where: client.location_notes.search(**where)),
    Case(
        "location_notes.stream",
        lambda client, **where: all_of(client.location_notes.stream(**where)),
    ),
    Case(
        "location_notes.get",
        lambda client, note_id, **where: client.location_notes.get(note_id, **where),
    ),
    Case(
        "location_notes.create",
        lambda client, **where: client.location_notes.create(
            "New", user_id="user", relations=HERE, **where
        ),
        "once",
    ),
    Case(
        "location_notes.update",
        lambda client, note_id, **where: client.location_notes.update(note_id, body="New", **where),
        "again",
    ),
    Case(
        "location_notes.delete",
        lambda client, note_id, **where: client.location_notes.delete(note_id, **where),
        "again",
    ),
    Case(
        "location_notes.restore",
        lambda client, note_id, **where: client.location_notes.restore(note_id, **where),
        "once",
    ),
    Case(
        "location_notes.add_relations",
        lambda client, note_id, **where: client.location_notes.add_relations(
            note_id, HERE, **where
        ),
        "again",
    ),
    Case(
        "location_notes.remove_relations",
        lambda client, note_id, **where: client.location_notes.remove_relations(
            note_id, HERE, **where
        ),
        "again",
    ),
    Case(
        "location_notes.add_attachments",
        lambda client, note_id, **where: client.location_notes.add_attachments(
            note_id, FILES, **where
        ),
        "once",
    ),
    Case(
        "location_notes.remove_attachments",
        lambda client, note_id, **where: client.location_notes.remove_attachments(
            note_id, FILES, **where
        ),
        "once",
    ),
)


def furnish(fake: FakeHighLevel, case: Case, location_id: str | None = None) -> dict[str, object]:
    """Put something of every kind on a contact, and give the ids that the call wants."""
    contact_id = fake.contact_ids(location_id)[1]
    place, index = fake._find(contact_id)
    fake.update_contact(contact_id, followers=["one", "two"])
    place.campaigns[index].append("campaign")
    place.workflows[index]["workflow"] = None
    appointment_id = fake.appointments(contact_id)[0]["id"]
    of_appointment = fake.add_appointment_note(appointment_id)["id"]
    of_location = fake.location_notes(location_id)[0]["id"]
    if case.name == "location_notes.restore":
        rules = fake._parts.api.notes
        rules.delete(*rules.find(of_location, None))
    known = {
        "contact_id": contact_id,
        "contact_ids": [contact_id],
        "task_id": next(task["id"] for task in fake.tasks(contact_id) if not task["completed"]),
        "appointment_id": appointment_id,
        "note_id": of_location if case.resource == "location_notes" else of_appointment,
        "business_id": fake.contact(fake.contact_ids(location_id)[0])["businessId"],
        "campaign_id": "campaign",
        "workflow_id": "workflow",
        "user_ids": ["two", "three"],
    }
    return {name: known[name] for name in case.ids}


def everything(fake: FakeHighLevel) -> list[object]:
    """Give all that a location holds."""
    of_contact = (
        fake.contact,
        fake.notes,
        fake.tasks,
        fake.appointments,
        fake.followers,
        fake.campaigns,
        fake.workflows,
    )
    contact_ids = list(fake.contact_ids())
    held = [look(contact_id) for contact_id in contact_ids for look in of_contact]
    appointments = [one["id"] for each in contact_ids for one in fake.appointments(each)]
    return [*held, *map(fake.appointment_notes, appointments), fake.location_notes()]
