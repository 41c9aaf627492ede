"""One call of every method, with all the arguments that it takes."""

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from ghl_notes import Client, HighLevel
from ghl_notes.models import (
    AllOf,
    AnyOf,
    Between,
    ContactAppointments,
    ContactNotes,
    ContactPage,
    ContactTasks,
    Filter,
    Relation,
    Sort,
)
from tests.operations.arguments import NOON, attached, changed, related, written
from tests.operations.rows import Ids

T = TypeVar("T")
Told: TypeAlias = ContactNotes | ContactTasks | ContactAppointments

Example: TypeAlias = Callable[[Client, Ids], Awaitable[object]]
AgencyExample: TypeAlias = Callable[[HighLevel, Ids], Awaitable[object]]


async def every(items: AsyncIterable[T]) -> list[T]:
    return [item async for item in items]


async def outcomes(results: AsyncIterable[Told]) -> None:
    """Go through a bulk read, and raise what it tells of as data."""
    for result in await every(results):
        if result.error is not None:
            raise result.error


async def found(client: Client, ids: Ids) -> None:
    """Search with every argument, one page and the next."""
    filters = [
        AllOf(Filter("email", "exists"), Filter("tags", "not_contains", ["no such tag"])),
        AnyOf(
            Filter("dateAdded", "range", Between(gte=datetime(2000, 1, 1, tzinfo=UTC))),
            {"field": "dateAdded", "operator": "exists"},
        ),
    ]
    sort = [Sort("dateUpdated", "desc"), {"field": "dateAdded", "direction": "asc"}]

    async def page(after: object) -> ContactPage:
        return await client.contacts.search(
            "example",
            filters=filters,
            sort=sort,
            page_size=1,
            after=after,
            location_id=ids.location_id,
        )

    await page((await page(None)).cursor)


async def listed(client: Client, ids: Ids) -> None:
    """Read the older list with every argument, one page and the next."""

    async def page(after: object) -> ContactPage:
        return await client.contacts.list(
            query="example", page_size=1, after=after, location_id=ids.location_id
        )

    await page((await page(None)).cursor)


EXAMPLES: Mapping[str, Example] = {
    # contacts
    "contacts.search": found,
    "contacts.stream": lambda c, ids: every(
        c.contacts.stream(
            ids.location_id,
            query="example",
            filters=[Filter("email", "exists")],
            sort=[Sort("dateAdded", "desc")],
            page_size=500,
        )
    ),
    "contacts.list": listed,
    "contacts.duplicate": lambda c, ids: c.contacts.duplicate(
        email="jane@example.com", phone="+15550199999", location_id=ids.location_id
    ),
    "contacts.get": lambda c, ids: c.contacts.get(ids.contact_id),
    "contacts.create": lambda c, ids: c.contacts.create(
        location_id=ids.location_id, **written(ids)
    ),
    "contacts.upsert": lambda c, ids: c.contacts.upsert(
        location_id=ids.location_id, create_new_if_duplicate_allowed=True, **written(ids)
    ),
    "contacts.update": lambda c, ids: c.contacts.update(ids.contact_id, **changed(ids)),
    "contacts.delete": lambda c, ids: c.contacts.delete(ids.contact_id),
    # notes
    "notes.list": lambda c, ids: c.notes.list(ids.contact_id),
    "notes.stream": lambda c, ids: outcomes(c.notes.stream([ids.contact_id], concurrency=2)),
    "notes.create": lambda c, ids: c.notes.create(
        ids.contact_id, "<p>Hi</p>", user_id=ids.user_id, title="T", color="#FFAA00", pinned=True
    ),
    "notes.get": lambda c, ids: c.notes.get(ids.contact_id, ids.note_id),
    "notes.update": lambda c, ids: c.notes.update(
        ids.contact_id,
        ids.note_id,
        body="Hi",
        user_id=ids.user_id,
        title="T",
        color="#fa0",
        pinned=False,
    ),
    "notes.delete": lambda c, ids: c.notes.delete(ids.contact_id, ids.note_id),
    # tasks and appointments
    "tasks.list": lambda c, ids: c.tasks.list(ids.contact_id),
    "tasks.stream": lambda c, ids: outcomes(c.tasks.stream([ids.contact_id], concurrency=2)),
    "tasks.create": lambda c, ids: c.tasks.create(
        ids.contact_id,
        "Call",
        due_date=NOON,
        body="About the offer",
        completed=False,
        assigned_to=ids.user_id,
    ),
    "tasks.get": lambda c, ids: c.tasks.get(ids.contact_id, ids.task_id),
    "tasks.update": lambda c, ids: c.tasks.update(
        ids.contact_id,
        ids.task_id,
        title="Call",
        body="About the offer",
        due_date=NOON,
        completed=True,
        assigned_to=ids.user_id,
    ),
    "tasks.complete": lambda c, ids: c.tasks.complete(ids.contact_id, ids.task_id, completed=False),
    "tasks.delete": lambda c, ids: c.tasks.delete(ids.contact_id, ids.task_id),
    "appointments.list": lambda c, ids: c.appointments.list(ids.contact_id),
    "appointments.stream": lambda c, ids: outcomes(
        c.appointments.stream([ids.contact_id], concurrency=2)
    ),
    # what contacts are part of
    "tags.add": lambda c, ids: c.tags.add(ids.contact_id, ["one", "two"]),
    "tags.remove": lambda c, ids: c.tags.remove(ids.contact_id, ["one", "two"]),
    "tags.bulk_add": lambda c, ids: c.tags.bulk_add(
        [ids.contact_id, ids.other_contact_id], ["one", "two"], location_id=ids.location_id
    ),
    "tags.bulk_remove": lambda c, ids: c.tags.bulk_remove(
        [ids.contact_id, "unknown"], ["one"], location_id=ids.location_id
    ),
    "tags.bulk_clear": lambda c, ids: c.tags.bulk_clear(
        [ids.contact_id], location_id=ids.location_id
    ),
    "followers.add": lambda c, ids: c.followers.add(ids.contact_id, [ids.user_id]),
    "followers.remove": lambda c, ids: c.followers.remove(ids.contact_id, [ids.user_id]),
    "campaigns.add": lambda c, ids: c.campaigns.add(ids.contact_id, ids.campaign_id),
    "campaigns.remove": lambda c, ids: c.campaigns.remove(ids.contact_id, ids.campaign_id),
    "campaigns.remove_all": lambda c, ids: c.campaigns.remove_all(ids.contact_id),
    "workflows.add": lambda c, ids: c.workflows.add(
        ids.contact_id, ids.workflow_id, event_start_time=NOON
    ),
    "workflows.remove": lambda c, ids: c.workflows.remove(
        ids.contact_id, ids.workflow_id, event_start_time=NOON
    ),
    "businesses.contacts": lambda c, ids: every(
        c.businesses.contacts(ids.business_id, query="example", location_id=ids.location_id)
    ),
    "businesses.assign": lambda c, ids: c.businesses.assign(
        [ids.contact_id, ids.other_contact_id], ids.business_id, location_id=ids.location_id
    ),
    "businesses.unassign": lambda c, ids: c.businesses.unassign(
        [ids.contact_id], location_id=ids.location_id
    ),
    # other notes
    "appointment_notes.list": lambda c, ids: c.appointment_notes.list(ids.appointment_id),
    "appointment_notes.stream": lambda c, ids: every(
        c.appointment_notes.stream(ids.appointment_id)
    ),
    "appointment_notes.create": lambda c, ids: c.appointment_notes.create(
        ids.appointment_id, "Hi", user_id=ids.user_id
    ),
    "appointment_notes.update": lambda c, ids: c.appointment_notes.update(
        ids.appointment_id, ids.appointment_note_id, "Hi", user_id=ids.user_id
    ),
    "appointment_notes.delete": lambda c, ids: c.appointment_notes.delete(
        ids.appointment_id, ids.appointment_note_id
    ),
    "location_notes.search": lambda c, ids: c.location_notes.search(
        "contact",
        sources=["WEB_USER", "WORKFLOW"],
        created_by_user_id=ids.user_id,
        record_ids=[ids.contact_id],
        sort_by="dateAdded",
        sort_order="desc",
        page_size=1,
        skip=0,
        location_id=ids.location_id,
    ),
    "location_notes.stream": lambda c, ids: every(
        c.location_notes.stream(
            "contact",
            sources=["WEB_USER", "WORKFLOW"],
            created_by_user_id=ids.user_id,
            record_ids=[ids.contact_id],
            page_size=2,
            location_id=ids.location_id,
        )
    ),
    "location_notes.create": lambda c, ids: c.location_notes.create(
        "Hi", user_id=ids.user_id, relations=related(ids), location_id=ids.location_id
    ),
    "location_notes.get": lambda c, ids: c.location_notes.get(
        ids.note_id, location_id=ids.location_id
    ),
    "location_notes.update": lambda c, ids: c.location_notes.update(
        ids.note_id,
        body="Hi",
        title="T",
        color="#FFAA00",
        pinned=True,
        location_id=ids.location_id,
    ),
    "location_notes.delete": lambda c, ids: c.location_notes.delete(
        ids.note_id, location_id=ids.location_id
    ),
    "location_notes.restore": lambda c, ids: c.location_notes.restore(
        ids.deleted_note_id,
        force=True,
        relation=Relation("contact", ids.other_contact_id),
        location_id=ids.location_id,
    ),
    "location_notes.add_relations": lambda c, ids: c.location_notes.add_relations(
        ids.note_id, related(ids), location_id=ids.location_id
    ),
    "location_notes.remove_relations": lambda c, ids: c.location_notes.remove_relations(
        ids.note_id, related(ids), location_id=ids.location_id
    ),
    "location_notes.add_attachments": lambda c, ids: c.location_notes.add_attachments(
        ids.note_id, attached(ids), location_id=ids.location_id
    ),
    "location_notes.remove_attachments": lambda c, ids: c.location_notes.remove_attachments(
        ids.note_id, attached(ids), location_id=ids.location_id
    ),
}

FIRST: Mapping[str, Example] = {
    "location_notes.restore": lambda c, ids: c.location_notes.delete(
        ids.deleted_note_id, location_id=ids.location_id
    ),
}
"""What must have happened before an example."""

AGENCY_EXAMPLES: Mapping[str, AgencyExample] = {
    "highlevel.locations": lambda h, ids: every(h.locations(ids.company_id)),
    "highlevel.mint": lambda h, ids: h.mint(ids.location_id, company_id=ids.company_id),
}
