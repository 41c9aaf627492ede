"""Users' code, never run: mypy and pyright, both strict, check every public name and call."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import assert_never, assert_type

import aiohttp
from aiohttp import web

import ghl_notes
from ghl_notes import (
    AccessDenied,
    AmbiguousWrite,
    App,
    Auth,
    AuthorizationRequest,
    Client,
    ConfigurationError,
    Contact,
    ContactNotes,
    Event,
    Health,
    HighLevel,
    HighLevelError,
    Install,
    InstalledLocation,
    InstallHealth,
    Json,
    Limits,
    LocationInactive,
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
    Spent,
    StaticToken,
    Unavailable,
    UnexpectedResponse,
    UserType,
    Waited,
    WebhookRejected,
)
from ghl_notes.stores import (
    Claims,
    Hold,
    MemoryStore,
    PostgresStore,
    RedisStore,
    Sealed,
    SQLiteStore,
    TokenStore,
)
from ghl_notes.testing import FakeHighLevel, Fault, Stats
from ghl_notes.webhooks import (
    PUBLISHED_KEY,
    PUBLISHED_LEGACY_KEY,
    AppInstalled,
    AppUninstalled,
    NoteCreated,
    NoteDeleted,
    NoteUpdated,
    Receipt,
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
    assert_type(contact.date_updated, datetime | None)
    assert_type(contact.extra, Mapping[str, Json])


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

        assert_type(highlevel.location("location"), Client)
        highlevel.location("location", company_id="company")
        locations = highlevel.locations("company")
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
            assert_type(event.body, str)
        elif isinstance(event, AppInstalled | AppUninstalled):
            assert_type(event.location_id, str | None)

    async with Webhooks(highlevel, on_event, max_age=300, patience=2) as webhooks:
        service.add_routes([webhooks.route("/webhooks/highlevel")])
        receipt = await webhooks.receive(headers, b"{}")
        assert_type(receipt, Receipt)
        assert_type(receipt.status, int)
        assert_type(receipt.event, WebhookEvent | None)
    verify(headers, b"{}", key=[PUBLISHED_KEY], legacy_key=PUBLISHED_LEGACY_KEY)
    assert_type(parse(b"{}"), WebhookEvent)


async def shared_stores() -> list[TokenStore]:
    sealed = Sealed(PostgresStore("postgresql://..."), keys=[Sealed.new_key()])
    assert_type(await sealed.rotate(), int)
    return [sealed, RedisStore("redis://..."), SQLiteStore("installs.db"), MemoryStore()]


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


own: Auth = OwnAuth()
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
    except RequestRejected as error:
        assert_type(error.status, int | None)
    except AccessDenied as error:
        assert_type(error.trace_id, str | None)
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
    except WebhookRejected as error:
        assert_type(error.retry_after, float | None)
    except HighLevelError as error:
        assert_type(error.at("GET", "/x"), HighLevelError)
    return ghl_notes.__version__


# --- tests of users -------------------------------------------------------------------------


async def their_test() -> None:
    async with FakeHighLevel(contacts=200, limit=25, window="sliding", latency=0.1) as fake:
        assert_type(fake, FakeHighLevel)
        assert_type(fake.stats, Stats)
        fake.inject(Fault.RESET_AFTER, 2, method="POST")
        contact = fake.add_contact(email="jane@example.com")
        fake.add_note(contact, "Hello")
        token = fake.private_token
        async with Client(token, base_url=fake.url) as client, asyncio.timeout(60):
            assert_type(await client.notes.list(fake.contact_ids()[0]), NoteList)
