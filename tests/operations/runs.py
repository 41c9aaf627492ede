"""Every example, made once in each generation, with what went over the wire."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cache

from attrs import field, frozen

from ghl_notes import App, Client, HighLevel, RetryPolicy
from ghl_notes.errors import HighLevelError
from ghl_notes.testing import FakeHighLevel
from tests.operations.examples import AGENCY_EXAMPLES, EXAMPLES, FIRST
from tests.operations.recorder import Exchange, Recorder
from tests.operations.rows import GENERATIONS, Generation, Ids

ALL = (*EXAMPLES, *AGENCY_EXAMPLES)

_AT_ONCE = 16


@frozen
class Run:
    """What became of one example: what went over the wire, and the error, if it raised one."""

    ids: Ids
    exchanges: tuple[Exchange, ...] = field(repr=False)
    error: HighLevelError | None = None


@cache
def runs(generation: Generation) -> Mapping[str, Run]:
    """Make every example, each against a pretend HighLevel of its own."""
    return asyncio.run(_runs(generation, ALL, withheld=None))


@cache
def refusals(generation: Generation, scope: str, names: tuple[str, ...]) -> Mapping[str, Run]:
    """Make these examples with tokens that lack one scope."""
    return asyncio.run(_runs(generation, names, withheld=scope))


async def _runs(
    generation: Generation, names: Iterable[str], *, withheld: str | None
) -> Mapping[str, Run]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> tuple[str, Run]:
        async with room:
            return name, await run(name, generation, withheld=withheld)

    return dict(await asyncio.gather(*map(one, names)))


async def run(name: str, generation: Generation, *, withheld: str | None = None) -> Run:
    """Make one example."""
    scopes = None if withheld is None else scopes_but(withheld)
    async with FakeHighLevel(limit=None, scopes=scopes) as fake, Recorder(fake.url) as wire:
        ids = ids_of(fake)
        try:
            if name in EXAMPLES:
                async with client_of(fake, wire.url, generation) as client:
                    if name in FIRST:
                        await FIRST[name](client, ids)
                        wire.exchanges.clear()
                    await EXAMPLES[name](client, ids)
            else:
                async with highlevel_of(fake, wire.url, generation) as highlevel:
                    await highlevel.install(fake.authorize_code(company=True))
                    wire.exchanges.clear()
                    await AGENCY_EXAMPLES[name](highlevel, ids)
        except HighLevelError as error:
            return Run(ids, tuple(wire.exchanges), error)
        return Run(ids, tuple(wire.exchanges))


def scopes_but(withheld: str) -> tuple[str, ...]:
    """Give every scope but one."""
    every = FakeHighLevel().app.scopes
    assert withheld in every
    return tuple(scope for scope in every if scope != withheld)


def ids_of(fake: FakeHighLevel) -> Ids:
    """Name what is in a pretend HighLevel; whatever the examples need beyond that is added."""
    contact_id, other, *_ = fake.contact_ids()
    contacts = map(fake.contact, fake.contact_ids())
    appointment = fake.appointments(contact_id)[0]["id"]
    return Ids(
        company_id=fake.company_id,
        location_id=fake.location_id,
        user_id=fake.user_id,
        contact_id=contact_id,
        other_contact_id=other,
        note_id=str(fake.notes(contact_id)[0]["id"]),
        deleted_note_id=str(fake.notes(other)[0]["id"]),
        task_id=str(fake.tasks(contact_id)[0]["id"]),
        appointment_id=str(appointment),
        appointment_note_id=str(fake.add_appointment_note(str(appointment), "Hello")["id"]),
        business_id=next(str(one["businessId"]) for one in contacts if one.get("businessId")),
    )


@asynccontextmanager
async def client_of(fake: FakeHighLevel, url: str, generation: Generation) -> AsyncIterator[Client]:
    """Make a client of the first location."""
    async with Client(
        fake.private_token,
        base_url=url,
        api_version=GENERATIONS[generation],
        retries=RetryPolicy(base=0, settle=0.02),
    ) as client:
        yield client


@asynccontextmanager
async def highlevel_of(
    fake: FakeHighLevel, url: str, generation: Generation
) -> AsyncIterator[HighLevel]:
    """Make the app."""
    app = App(
        client_id=fake.app.client_id,
        client_secret=fake.app.client_secret,
        redirect_uri=fake.app.redirect_uri,
    )
    async with HighLevel(app, base_url=url, api_version=GENERATIONS[generation]) as highlevel:
        yield highlevel
