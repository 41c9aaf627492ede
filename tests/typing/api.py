"""Users' code, never run: mypy and pyright, both strict, check every public name and call."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Literal, assert_never, assert_type

import aiohttp
from aiohttp import web

import ghl_notes
from ghl_notes import (
    UNSET,
    AccessDenied,
    AllOf,
    AmbiguousWrite,
    AnyOf,
    App,
    Appointment,
    AppointmentNote,
    Attachment,
    Auth,
    Author,
    AuthorizationRequest,
    Between,
    Client,
    ConfigurationError,
    Contact,
    ContactAppointments,
    ContactChanges,
    ContactFields,
    ContactNotes,
    ContactPage,
    ContactTasks,
    CustomField,
    DatedAuth,
    DndSetting,
    Duplicate,
    Event,
    Filter,
    Health,
    HighLevel,
    HighLevelError,
    Install,
    InstalledLocation,
    InstallHealth,
    Json,
    Limits,
    Listing,
    LocationInactive,
    LocationNote,
    LocationNotePage,
    Note,
    NoteList,
    NotFound,
    Observer,
    RateLimited,
    ReauthorizationRequired,
    Relation,
    Renewed,
    RequestRejected,
    Retried,
    RetryPolicy,
    Sent,
    Sort,
    Spent,
    StaticToken,
    TagOutcome,
    TagsUpdated,
    Task,
    Unavailable,
    UnexpectedResponse,
    Unset,
    Upserted,
    UserType,
    Waited,
    WebhookRejected,
    migrate,
)
from ghl_notes.sources import (
    Source,
    SourceChange,
    SourceContact,
    SourceNote,
    SourceUser,
)
from ghl_notes.sources.cinnox import CinnoxNotes
from ghl_notes.sources.close import CloseExport, CloseNotes, CloseOAuth
from ghl_notes.stores import (
    Adopting,
    Claims,
    Hold,
    MemoryStore,
    PostgresStore,
    RedisStore,
    Sealed,
    SQLiteStore,
    TokenStore,
    Unreadable,
)
from ghl_notes.testing import (
    Failure,
    FakeCinnox,
    FakeClose,
    FakeHighLevel,
    Fault,
    OddHeaders,
    Stats,
    TokenRequest,
)
from ghl_notes.webhooks import (
    PUBLISHED_KEY,
    PUBLISHED_LEGACY_KEY,
    AppInstalled,
    AppUninstalled,
    ContactCreated,
    ContactDeleted,
    ContactDndUpdated,
    ContactEvent,
    ContactTagsUpdated,
    ContactUpdated,
    NoteCreated,
    NoteDeleted,
    NoteUpdated,
    Receipt,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskEvent,
    WebhookEvent,
    Webhooks,
    parse,
    verify,
)

misspelt = ghl_notes.Cleint  # type: ignore[attr-defined] # or every name would pass

# --- one location ---------------------------------------------------------------------------


async def one_location() -> None:
    async with Client(token="pit-...") as client:
        assert_type(client, Client)
        assert_type(client.location_id, str | None)

        notes = await client.notes.list("contact")
        assert_type(notes, NoteList)
        assert_type(notes.unreadable, tuple[UnexpectedResponse, ...])
        assert_type(notes[0], Note)

        note = await client.notes.create("contact", "Spoke with Jane")
        note = await client.notes.create(
            "contact", "Spoke", user_id="u", title="Call", color="#FFAA00", pinned=True
        )
        assert_type(note, Note)
        assert_type(await client.notes.get("contact", note.id), Note)
        assert_type(await client.notes.update("contact", note.id, body="Spoke again"), Note)
        await client.notes.update(
            "contact", note.id, title=None, color=None, user_id=None, pinned=False
        )
        await client.notes.delete("contact", note.id)

        assert_type(await client.contacts.get("contact"), Contact)
        assert_type(await client.request("GET", "/users/", params={"skip": 5, "x": None}), Json)
        await client.request("POST", "/contacts/search", json={"page": 1}, repeatable=True)


def what_a_note_is(note: Note, relation: Relation) -> None:
    assert_type(note.id, str)
    assert_type(note.body, str)
    assert_type(note.text, str)
    assert_type(note.date_added, datetime)
    assert_type(note.contact_id, str)
    assert_type(note.user_id, str | None)
    assert_type(note.title, str | None)
    assert_type(note.color, str | None)
    assert_type(note.pinned, bool)
    assert_type(note.relations, tuple[Relation, ...])
    assert_type(note.extra, Mapping[str, Json])
    assert_type(relation.object_key, str)
    assert_type(relation.record_id, str)
    assert_type(relation.extra, Mapping[str, Json])


def what_a_contact_is(contact: Contact) -> None:
    assert_type(contact.id, str)
    assert_type(contact.email, str | None)
    assert_type(contact.first_name, str | None)
    assert_type(contact.tags, tuple[str, ...])
    assert_type(contact.followers, tuple[str, ...])
    assert_type(contact.additional_emails, tuple[str, ...])
    assert_type(contact.additional_phones, tuple[str, ...])
    assert_type(contact.date_updated, datetime | None)
    assert_type(contact.date_of_birth, date | None)
    assert_type(contact.dnd, bool | None)
    assert_type(contact.dnd_settings, Mapping[str, DndSetting])
    assert_type(contact.dnd_settings["sms"].status, str)
    assert_type(contact.custom_fields, tuple[CustomField, ...])
    assert_type(contact.custom_fields[0].value, Json)
    assert_type(contact.custom_fields[0].id, str | None)
    assert_type(contact.extra, Mapping[str, Json])


# --- the whole Contacts API -----------------------------------------------------------------

NEW: ContactFields = {"first_name": "Jane", "email": "jane@example.com", "company_name": "Acme"}
CHANGED: ContactChanges = {"tags": ["vip"], "date_of_birth": date(1990, 9, 25), "phone": None}
MISSPELT: ContactFields = {"frist_name": "Jane"}  # type: ignore[typeddict-unknown-key]


async def contacts(client: Client) -> None:
    assert_type(await client.contacts.get("contact"), Contact)
    assert_type(await client.contacts.create(location_id="location", **NEW), Contact)
    await client.contacts.create(
        first_name="Jane",
        gender="female",
        date_of_birth="1990-09-25",
        tags=("vip", "new"),
        dnd=True,
        dnd_settings={"sms": DndSetting("active", message="no", code="103")},
        inbound_dnd=DndSetting("active"),
        custom_fields=[CustomField("id", ["a", "b"]), CustomField(None, 5, key="contact.size")],
    )
    assert_type(await client.contacts.update("contact", **CHANGED), Contact)
    await client.contacts.update("contact", name=None, custom_fields=(CustomField("id"),))
    upserted = await client.contacts.upsert(
        location_id="location", create_new_if_duplicate_allowed=True, **NEW
    )
    assert_type(upserted, Upserted)
    assert_type((upserted.contact, upserted.new), tuple[Contact, bool])
    duplicate = await client.contacts.duplicate(email="x", phone="+1", location_id="location")
    assert_type(duplicate, Duplicate | None)
    if duplicate is not None:
        assert_type((duplicate.contact, duplicate.matching_field), tuple[Contact, str | None])
    await client.contacts.delete("contact")

    await client.contacts.update("contact", gender="female")  # type: ignore[call-arg]
    await client.contacts.update("contact", tags=None)  # type: ignore[arg-type]
    await client.contacts.create(date_of_birth=1990)  # type: ignore[arg-type]
    await client.contacts.create(custom_fields={"id": "x"})  # type: ignore[dict-item]
    await client.contacts.create("Jane")  # type: ignore[call-arg]
    await client.contacts.duplicate("jane@example.com")  # type: ignore[call-arg]


async def searches(client: Client, when: datetime) -> None:
    known = AnyOf(Filter("email", "exists"), {"field": "phone", "operator": "exists"})
    filters: list[AllOf | Filter] = [
        AllOf(known, Filter("tags", "contains", ["vip", "new"])),
        Filter("dateAdded", "range", Between(gte=when, lt="2027-01-01")),
        Filter("score", "not_eq", 5),
    ]
    page = await client.contacts.search(
        "jane",
        filters=filters,
        sort=[Sort("dateAdded", "desc"), {"field": "email", "direction": "asc"}],
        page_size=500,
        location_id="location",
    )
    assert_type(page, ContactPage)
    assert_type(page.contacts, tuple[Contact, ...])
    assert_type(page.total, int | None)
    await client.contacts.search(after=page.cursor)
    listed = await client.contacts.list(
        query="jane", page_size=100, after=page.cursor, location_id="location"
    )
    assert_type(listed, ContactPage)
    async for contact in client.contacts.stream(query="jane", filters=filters, sort=[Sort("x")]):
        assert_type(contact, Contact)

    Filter("email", "equals", "x")  # type: ignore[arg-type]
    Filter("email", "eq", None, "x")  # type: ignore[call-arg]
    Filter("email", "eq", object())  # type: ignore[arg-type]
    Sort("email", "up")  # type: ignore[arg-type]
    Between(when)  # type: ignore[call-arg]
    AllOf("email")  # type: ignore[arg-type]
    AnyOf([Filter("email", "exists")])  # type: ignore[arg-type]
    await client.contacts.search(filters=Filter("email", "exists"))  # type: ignore[arg-type]
    await client.contacts.search(filters=[Sort("email")])  # type: ignore[list-item]
    await client.contacts.search(sort=[Filter("email", "exists")])  # type: ignore[list-item]


def what_a_filter_is(one: Filter, group: AllOf, order: Sort) -> None:
    assert_type(one.field, str)
    assert_type(
        one.operator,
        Literal["eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"],
    )
    if isinstance(one.value, Between):
        assert_type(one.value.gte, str | int | float | bool | datetime | None)
    assert_type(group.filters, tuple[Filter | AllOf | AnyOf | Mapping[str, Json], ...])
    assert_type(order.direction, Literal["asc", "desc"])
    order.direction = "desc"  # type: ignore[misc]


async def tasks(client: Client, when: datetime) -> None:
    listing = await client.tasks.list("contact")
    assert_type(listing, Listing[Task])
    assert_type(listing.unreadable, tuple[UnexpectedResponse, ...])
    assert_type(listing[0], Task)
    assert_type(await client.tasks.get("contact", "task"), Task)
    task = await client.tasks.create("contact", "Call", due_date=when)
    task = await client.tasks.create(
        "contact", "Call", due_date=when, body="soon", completed=False, assigned_to="user"
    )
    assert_type(task, Task)
    assert_type((task.id, task.title, task.contact_id), tuple[str, str, str])
    assert_type((task.due_date, task.completed), tuple[datetime | None, bool])
    assert_type(task.extra, Mapping[str, Json])
    changed = await client.tasks.update(
        "contact", "task", title="x", body=None, due_date=when, completed=True, assigned_to=None
    )
    assert_type(changed, Task)
    assert_type(await client.tasks.complete("contact", "task"), Task)
    await client.tasks.complete("contact", "task", completed=False)
    await client.tasks.delete("contact", "task")

    await client.tasks.create("contact", "Call")  # type: ignore[call-arg]
    await client.tasks.create("contact", "Call", due_date=date(2026, 1, 1))  # type: ignore[arg-type]
    await client.tasks.update("contact", "task", due_date=None)  # type: ignore[arg-type]
    await client.tasks.complete("contact", "task", "done")  # type: ignore[call-arg, arg-type]


async def left_as_it_is(client: Client, title: str | None) -> None:
    left: Unset = UNSET
    await client.notes.update("contact", "note", title=left if title is None else title)
    await client.tasks.update("contact", "task", title=UNSET, body=title)


async def appointments(client: Client) -> None:
    listing = await client.appointments.list("contact")
    assert_type(listing, Listing[Appointment])
    for appointment in listing:
        assert_type((appointment.id, appointment.title), tuple[str, str | None])
        assert_type(appointment.start_time, datetime | None)
        assert_type(appointment.users, tuple[str, ...])
        assert_type(appointment.assigned_resources, tuple[str, ...])
        assert_type(appointment.extra, Mapping[str, Json])


async def tags_and_followers(client: Client) -> None:
    assert_type(await client.tags.add("contact", ["vip"]), tuple[str, ...])
    assert_type(await client.tags.remove("contact", {"vip"}), tuple[str, ...])
    updated = await client.tags.bulk_add(["contact"], ("vip",), location_id="location")
    updated = await client.tags.bulk_remove(["contact"], ["vip"], location_id="location")
    updated = await client.tags.bulk_clear(iter(["contact"]), location_id="location")
    assert_type(updated, TagsUpdated)
    assert_type(updated.error_count, int)
    assert_type(updated.responses, tuple[TagOutcome, ...])
    for outcome in updated.responses:
        assert_type((outcome.contact_id, outcome.message), tuple[str | None, str | None])
        assert_type(outcome.tags_added, tuple[str, ...])
        assert_type(outcome.old_tags, tuple[str, ...])
    assert_type(await client.followers.add("contact", ["user"]), tuple[str, ...])
    assert_type(await client.followers.remove("contact", ("user",)), tuple[str, ...])

    await client.tags.add("contact", [5])  # type: ignore[list-item]
    await client.tags.bulk_clear(["contact"], ["vip"])  # type: ignore[call-arg, arg-type]
    await client.followers.add(["user"])  # type: ignore[call-arg, arg-type]


async def campaigns_and_businesses(client: Client, when: datetime) -> None:
    await client.campaigns.add("contact", "campaign")
    await client.campaigns.remove("contact", "campaign")
    await client.campaigns.remove_all("contact")
    await client.workflows.add("contact", "workflow", event_start_time=when)
    await client.workflows.remove("contact", "workflow", event_start_time=None)
    stream = client.businesses.contacts("business", query="jane", location_id="location")
    assert_type(stream, AsyncGenerator[Contact, None])
    assigned = await client.businesses.assign(["contact"], "business", location_id="location")
    assert_type(assigned, tuple[str, ...])
    assert_type(
        await client.businesses.unassign(["contact"], location_id="location"), tuple[str, ...]
    )

    await client.businesses.assign(["contact"], None)  # type: ignore[arg-type]
    await client.workflows.add("contact", "workflow", when)  # type: ignore[call-arg]
    nothing = await client.campaigns.add("contact", "campaign")  # type: ignore[func-returns-value]
    assert_type(nothing, None)


async def notes_of_appointments(client: Client) -> None:
    assert_type(await client.appointment_notes.list("appointment"), Listing[AppointmentNote])
    stream = client.appointment_notes.stream("appointment")
    assert_type(stream, AsyncGenerator[AppointmentNote, None])
    note = await client.appointment_notes.create("appointment", "Hi", user_id="user")
    note = await client.appointment_notes.update("appointment", note.id, "Ho", user_id="user")
    assert_type(note, AppointmentNote)
    assert_type((note.body, note.text, note.date_added), tuple[str, str, datetime])
    assert_type(note.created_by, Author | None)
    if note.created_by is not None:
        assert_type((note.created_by.id, note.created_by.name), tuple[str | None, str | None])
    await client.appointment_notes.delete("appointment", note.id)

    await client.appointment_notes.create("appointment", "Hi", title="x")  # type: ignore[call-arg]


async def notes_of_a_location(client: Client, relation: Relation, file: Attachment) -> None:
    notes = client.location_notes
    page = await notes.search(
        "jane",
        sources=["WEB_USER"],
        created_by_user_id="user",
        record_ids=["contact"],
        sort_by="dateAdded",
        sort_order="desc",
        page_size=100,
        skip=100,
        location_id="location",
    )
    assert_type(page, LocationNotePage)
    assert_type(page.notes, Listing[LocationNote])
    assert_type(page.total, int | None)
    stream = notes.stream(
        "jane",
        sources=("WORKFLOW",),
        created_by_user_id="user",
        record_ids=("contact",),
        page_size=50,
        location_id="location",
    )
    assert_type(stream, AsyncGenerator[LocationNote, None])
    note = await notes.create(
        "Hi", user_id="user", relations=[Relation("contact", "id")], location_id="location"
    )
    note = await notes.get(note.id, location_id="location")
    note = await notes.update(
        note.id, body="Ho", title=None, color=None, pinned=True, location_id="location"
    )
    note = await notes.add_relations(note.id, [relation], location_id="location")
    note = await notes.remove_relations(note.id, (relation,), location_id="location")
    note = await notes.add_attachments(note.id, [file], location_id="location")
    note = await notes.remove_attachments(note.id, (file,), location_id="location")
    await notes.delete(note.id, location_id="location")
    note = await notes.restore(note.id, force=True, relation=relation, location_id="location")
    assert_type(note, LocationNote)
    assert_type((note.contact_id, note.source), tuple[str | None, str | None])
    assert_type((note.date_added, note.date_updated), tuple[datetime | None, datetime | None])
    assert_type(note.relations, tuple[Relation, ...])
    assert_type(note.attachments, tuple[Attachment, ...])
    assert_type((file.id, file.object_key), tuple[str, str | None])

    await notes.create("Hi", user_id="user")  # type: ignore[call-arg]
    await notes.create("Hi", user_id="user", relations=["contact"])  # type: ignore[list-item]
    await notes.search(sort_order="up")  # type: ignore[arg-type]
    await notes.update("note", pinned=None)  # type: ignore[arg-type]


async def configured(session: aiohttp.ClientSession, auth: Auth, observer: Observer) -> Client:
    await Client(auth=StaticToken("pit-...")).close()
    return Client(
        auth=auth,
        location_id="location",
        base_url="https://services.leadconnectorhq.com",
        api_version="2021-07-28",
        session=session,
        limits=Limits(burst=90, interval=10.0, daily=100_000, reserve=0.2),
        retries=RetryPolicy(
            attempts=3,
            bulk_attempts=5,
            base=0.2,
            cap=10,
            longest_wait=30,
            settle=1.0,
            repeat_absent=True,
            rng=random.Random(0),
        ),
        timeout=10,
        observer=observer,
    )


# --- many contacts --------------------------------------------------------------------------


async def many(client: Client, ids: Sequence[str], more: AsyncIterable[str]) -> None:
    stream = client.notes.stream(ids)
    assert_type(stream, AsyncGenerator[ContactNotes, None])
    async for result in stream:
        assert_type(result, ContactNotes)
        assert_type(result.contact_id, str)
        assert_type(result.notes, NoteList)
        assert_type(result.error, HighLevelError | None)
    async for result in client.notes.stream(more, concurrency=20):
        assert_type(result, ContactNotes)
    async for tasks_of in client.tasks.stream(more, concurrency=20):
        assert_type(tasks_of, ContactTasks)
        assert_type(tasks_of.tasks, Listing[Task])
        assert_type(tasks_of.error, HighLevelError | None)
    async for appointments_of in client.appointments.stream(ids, concurrency=20):
        assert_type(appointments_of, ContactAppointments)
        assert_type(appointments_of.appointments, Listing[Appointment])
        assert_type(appointments_of.error, HighLevelError | None)
    async for contact in client.contacts.stream("location", page_size=500):
        assert_type(contact, Contact)
    async for contact in client.contacts.stream(
        location_id="location",
        filters=[{"field": "email", "operator": "eq", "value": "jane@example.com"}],
        sort=[{"field": "dateUpdated", "direction": "desc"}],
    ):
        assert_type(contact, Contact)


# --- an app and its installs ----------------------------------------------------------------


async def an_app(store: TokenStore, observer: Observer) -> None:
    app = App(
        client_id="id-x",
        client_secret="...",
        redirect_uri="https://example.com/callback",
        scopes=("contacts.readonly", "contacts.write"),
        white_label=True,
    )
    App(client_id="id-x", client_secret="...", redirect_uri="https://...", scopes="a b")
    assert_type(app.app_id, str)
    assert_type(app.scopes, tuple[str, ...])
    assert_type(App.scopes_for("notes.list", "tasks"), tuple[str, ...])
    App.scopes_for(["notes.list"])  # type: ignore[arg-type]
    async with HighLevel(app, store=store, observer=observer) as highlevel:
        assert_type(highlevel, HighLevel)
        request = highlevel.authorize()
        assert_type(request, AuthorizationRequest)
        assert_type(request.url, str)
        assert_type(request.state, str)
        highlevel.authorize(state="mine", url="http://127.0.0.1/choose")

        whom: UserType = "Location"
        install = await highlevel.install("code")
        install = await highlevel.install(callback_url="https://...", state=request.state)
        install = await highlevel.install(code="code", user_type=whom)
        assert_type(install, Install)
        assert_type(install.key, str)
        assert_type(install.location_id, str | None)
        assert_type(install.company_id, str | None)
        assert_type(install.scopes, tuple[str, ...])
        assert_type(install.expires_at, datetime | None)
        assert_type(install.user_type, UserType)

        assert_type(install.installed_at, datetime | None)
        assert_type(install.renewed_at, datetime | None)
        assert_type(install.spent_at, datetime | None)
        assert_type(install.in_doubt_since, datetime | None)
        assert_type(install.provider, str)
        assert_type(install.client_id, str | None)

        assert_type(highlevel.location("location"), Client)
        highlevel.location("location", company_id="company")
        locations = highlevel.locations("company", location_id="location")
        assert_type(locations, AsyncIterator[InstalledLocation])
        async for location in locations:
            assert_type(location, InstalledLocation)
            assert_type(location.is_installed, bool | None)
            assert_type(location.installed_at, datetime | None)
    await HighLevel(app).close()


async def kept_alive(highlevel: HighLevel, when: datetime) -> None:
    async for install in highlevel.installs():
        assert_type(install, Install)
    assert_type(highlevel.tend(), AsyncGenerator[InstallHealth, None])
    async for health in highlevel.tend(idle_days=7, concurrency=2):
        assert_type(health.install, Install)
        assert_type(health.state, Health)
        assert_type(health.error, HighLevelError | None)
        assert_type(health.install.lapses_at, datetime | None)
    async for health in highlevel.check():
        assert_type(health, InstallHealth)
    assert_type(await highlevel.find(location_id="location"), Install | None)
    assert_type(await highlevel.forget(company_id="company", before=when), list[Install])
    assert_type(await highlevel.mint("location", company_id="company", since=when), Install)
    assert_type(highlevel.claims, Claims)


def in_a_browser(highlevel: HighLevel, service: web.Application) -> None:
    async def welcome(install: Install, request: web.Request) -> web.StreamResponse | None:
        return web.Response(text=f"{install.location_id} {request.path}")

    service.add_routes(highlevel.routes())
    service.add_routes(highlevel.routes("/in", on_install=welcome, without_state="accept"))


async def taken_in(
    highlevel: HighLevel, service: web.Application, headers: Mapping[str, str]
) -> None:
    async def on_event(event: WebhookEvent) -> None:
        assert_type(event.timestamp, datetime | None)
        if isinstance(event, NoteCreated | NoteUpdated | NoteDeleted):
            assert_type(event.note_id, str)
            assert_type(event.location_id, str)
            assert_type(event.contact_id, str | None)
            assert_type(event.body, str | None)
        elif isinstance(event, ContactEvent):
            assert_type(event.location_id, str)
            assert_type(event.contact_id, str)
            assert_type(event.email, str | None)
            assert_type(event.tags, tuple[str, ...])
            assert_type(event.dnd, bool | None)
            assert_type(event.date_updated, datetime | None)
        elif isinstance(event, TaskEvent):
            assert_type(event.task_id, str)
            assert_type(event.contact_id, str | None)
            assert_type(event.due_date, datetime | None)
        elif isinstance(event, AppInstalled | AppUninstalled):
            assert_type(event.location_id, str | None)

    def changed(event: ContactEvent) -> bool:
        kinds = ContactUpdated | ContactTagsUpdated | ContactDndUpdated
        return isinstance(event, kinds) and not isinstance(event, ContactCreated | ContactDeleted)

    def opened(event: TaskEvent) -> bool:
        return isinstance(event, TaskCreated) and not isinstance(event, TaskCompleted | TaskDeleted)

    assert_type(
        [changed(ContactCreated(type="ContactCreate", location_id="l", contact_id="c"))], list[bool]
    )
    assert_type([opened(TaskCreated(type="TaskCreate", location_id="l", task_id="t"))], list[bool])
    async with Webhooks(highlevel, on_event, max_age=300, patience=2, body_timeout=5.0) as webhooks:
        service.add_routes([webhooks.route("/webhooks/highlevel")])
        receipt = await webhooks.receive(headers, b"{}")
        await webhooks.receive([(b"x-ghl-signature", b"a")], b"{}")
        await webhooks.receive([("x-ghl-signature", "a")], b"{}")
        await webhooks.receive({b"x-ghl-signature": b"a"}, b"{}")
        assert_type(receipt, Receipt)
        assert_type(receipt.status, int)
        assert_type(receipt.event, WebhookEvent | None)
    verify(headers, b"{}", key=[PUBLISHED_KEY], legacy_key=PUBLISHED_LEGACY_KEY)
    assert_type(parse(b"{}"), WebhookEvent)


async def waits_and_backups() -> int:
    MemoryStore(hold_timeout=30)
    RedisStore("redis://...", hold_timeout=30)
    PostgresStore("postgresql://...", hold_timeout=30)
    store = SQLiteStore("installs.db", hold_timeout=30)
    return await store.backup(Path("copy.db")) + await store.backup("copy.db", overwrite=True)


async def shared_stores() -> list[TokenStore]:
    sealed = Sealed(PostgresStore("postgresql://..."), keys=[Sealed.new_key()])
    assert_type(await sealed.rotate(), int)
    return [sealed, RedisStore("redis://..."), SQLiteStore("installs.db"), MemoryStore()]


async def adopted(store: TokenStore) -> None:
    try:
        async for one in store.list():
            assert_type(one.install, Install)
    except Unreadable as error:
        assert_type(error.keys, tuple[str, ...])
    if isinstance(store, Adopting):
        await store.adopt(provider="highlevel", client_id="id-x")


async def stores() -> None:
    kept: list[TokenStore] = [MemoryStore(), SQLiteStore("installs.db")]
    for store in kept:
        holding = store.hold("location:x")
        assert_type(holding, AbstractAsyncContextManager[Hold, bool | None])
        async with holding as hold:
            stored = hold.stored
            if stored is not None:
                await hold.save(stored)
                assert_type(stored.install, Install)
        assert (await store.load("location:x")) == stored
        async for one in store.list():
            assert_type(one.install, Install)
            assert_type(one.token.expires_at, float)
        async with store.hold("location:y") as hold:
            await hold.delete()
        await store.close()


class OwnAuth:
    """An ``Auth`` is anything with these two methods."""

    async def token(self) -> str:
        return "a"

    async def renew(self, stale: str) -> str:
        return stale + "b"


class OwnDatedAuth(OwnAuth):
    """It may tell besides how old a token is."""

    def age(self, token: str) -> float | None:
        return float(len(token)) or None


own: Auth = OwnAuth()
dated: DatedAuth = OwnDatedAuth()
static: Auth = StaticToken("pit-...")

# --- events ---------------------------------------------------------------------------------


def watch(event: Event) -> None:
    match event:
        case Sent(method=method, path=path, status=status, seconds=seconds):
            assert_type(status, int | None)
            assert_type((method, path, seconds), tuple[str, str, float])
        case Waited(seconds=seconds):
            assert_type(seconds, float)
        case Retried(attempt=attempt, reason=reason):
            assert_type(attempt, int)
            assert_type(reason, str)
        case Renewed(location_id=location_id, minted=minted):
            assert_type(location_id, str | None)
            assert_type(minted, bool)
        case Spent(company_id=company_id):
            assert_type(company_id, str | None)
        case _:
            assert_never(event)


watcher: Observer = watch

# --- errors ---------------------------------------------------------------------------------


async def remedies(client: Client) -> str:  # noqa: C901 - one branch for each remedy
    try:
        await client.notes.list("contact")
    except ConfigurationError as error:
        value_error: ValueError = error
        return str(value_error)
    except NotFound as error:
        assert_type(error.messages, tuple[str, ...])
        assert_type(error.canonical_code, str | None)
        assert_type(error.meta, Mapping[str, object])
    except RequestRejected as error:
        assert_type(error.contact_id, str | None)
        assert_type(error.status, int | None)
    except AccessDenied as error:
        assert_type(error.trace_id, str | None)
        assert_type(error.scope, str | None)
        assert_type(error.reason, Literal["token", "scope", "kind", "location"] | None)
    except ReauthorizationRequired as error:
        assert_type(error.location_id, str | None)
        assert_type(error.company_id, str | None)
    except LocationInactive as error:
        assert_type(error.path, str | None)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.resets_at, datetime | None)
        assert_type(error.daily, bool)
    except Unavailable as error:
        assert_type(error.maybe_applied, bool)
        assert_type(error.settled, bool)
    except AmbiguousWrite as error:
        assert_type(error.method, str | None)
    except UnexpectedResponse as error:
        assert_type(error.problems, tuple[str, ...])
        assert_type(error.garbled, bool)
        assert_type(error.page, bool)
    except WebhookRejected as error:
        assert_type(error.retry_after, float | None)
    except HighLevelError as error:
        assert_type(error.at("GET", "/x"), HighLevelError)
    return ghl_notes.__version__


# --- notes from elsewhere ----------------------------------------------------------------------


async def reads_close(when: datetime) -> Source:
    async with CloseNotes("api_...") as close:
        source: Source = close
        filtered = close.notes(since=when, lead_id="lead_1", id__in=["a", "b"])
        assert_type(filtered, AsyncGenerator[SourceNote, None])
        note = await close.get("acti_1")
        assert_type(note.at, datetime | None)
        assert_type(await close.contacts_of(note), tuple[SourceContact, ...])
        assert_type(await close.changes(when), list[SourceChange])
        close.notes(lead="lead_1")  # type: ignore[call-arg]
    return source


async def reads_close_by_oauth(app: App, url: str) -> None:
    async with CloseOAuth(app, store=SQLiteStore("close.db")) as oauth:
        assert_type(oauth.authorize(), AuthorizationRequest)
        install = await oauth.install_from(url, state="...")
        assert_type(install, Install)
        async with CloseNotes(auth=oauth.auth(install.company_id or "")) as close:
            assert_type(await close.account(), str)


async def reads_cinnox() -> Source:
    cinnox = CinnoxNotes(base_url="https://...", app_id="...", app_token="...")
    assert_type(await cinnox.list("EXT-00001"), list[SourceNote])
    assert_type(await cinnox.users(), Mapping[str, SourceUser])
    async for contact in cinnox.contacts():
        assert_type(contact, SourceContact)
    return cinnox


async def moves_notes(client: Client) -> bool:
    async def by_name(person: SourceContact, client: Client) -> str | None:
        page = await client.contacts.search(person.name)
        return page.contacts[0].id if page.total == 1 else None

    source: Source = CloseExport("leads.json.gz")
    plan = await migrate.plan(source, client, match=by_name, several="first", users={"a@b.c": "1"})
    assert_type(plan, migrate.Plan)
    migrate.save(plan, "plan.json")
    plan = migrate.load("plan.json", client=client)
    told: list[migrate.Line] = []
    report = await migrate.apply(plan, ledger="moved.db", update=True, on_line=told.append)
    assert_type(report, migrate.Report)
    assert_type(report.counts, dict[migrate.Result, int])
    assert_type(migrate.table(await migrate.verify(plan)), str)
    assert_type(migrate.as_html(await migrate.undo(client, source="close")), str)
    return report.fine


# --- tests of users -------------------------------------------------------------------------


async def their_test() -> None:
    async with FakeHighLevel(contacts=200, limit=25, window="sliding", latency=0.1) as fake:
        assert_type(fake, FakeHighLevel)
        other = fake.add_app(scopes=("contacts.readonly",))
        assert_type(other.client_id, str)
        assert_type(fake.authorize_code(app=other), str)
        fake.revoke(app=other)
        assert_type(fake.stats, Stats)
        fake.inject(Fault.RESET_AFTER, 2, method="POST")
        fake.inject(Failure(status=401, message="Unauthorized"), path_contains="/notes")
        fake.inject(Failure(status=504, message="gave up", applied=True, cut=True))
        fake.note_lag, fake.date_skew = 10.0, -3.0
        fake.inject(OddHeaders({"x-ratelimit-max": None}))

        async def on_token(request: TokenRequest) -> Fault | None:
            return Fault.RESET_AFTER if request.kind == "refresh" else None

        fake.on_token = on_token
        fake.grace, fake.encoding = 0, "gzip"
        fake.advance(3600)
        contact = fake.add_contact(email="jane@example.com")
        fake.add_note(contact, "Hello")
        token = fake.private_token
        async with Client(token, base_url=fake.url) as client, asyncio.timeout(60):
            assert_type(await client.notes.list(fake.contact_ids()[0]), NoteList)
    async with FakeClose(leads=3, max_skip=100) as close, FakeCinnox(contacts=3) as cinnox:
        close.add_note(close.lead_ids()[0], note="Hello")
        cinnox.add_note(cinnox.contact_ids()[0], "Hello")
