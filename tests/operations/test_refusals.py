"""The pretend HighLevel refuses in the shapes that the published specs give to errors."""

import json
from collections.abc import Callable, Mapping

import aiohttp
import pytest
from attrs import evolve, field, frozen
from yarl import URL

from ghl_notes.testing import FakeHighLevel
from tests.operations.corrections import STATUSES
from tests.operations.recorder import Exchange
from tests.operations.rows import GENERATIONS, Generation
from tests.operations.runs import Run, ids_of, runs
from tests.operations.specs import needs_specs, spec_of
from tests.operations.table import APPOINTMENT_NOTES, CONTACTS

pytestmark = needs_specs

TWO = {"locations": 2}
ROWS = (*CONTACTS, *APPOINTMENT_NOTES)


@frozen
class Spoiled:
    """One way to spoil a request that was good, and how that is answered.

    ``spoil`` gives None where it cannot be done.
    """

    name: str
    status: int
    spoil: Callable[[Exchange, Run], Exchange | None]
    options: dict[str, object] = field(factory=dict)


def with_headers(**changes: str | None) -> Callable[[Exchange, Run], Exchange]:
    def spoil(sent: Exchange, _: Run) -> Exchange:
        kept = {**sent.headers, **changes}
        return evolve(sent, headers={name: held for name, held in kept.items() if held})

    return spoil


def with_query(sent: Exchange, _: Run) -> Exchange | None:
    return evolve(sent, query=(*sent.query, ("strange", "1"))) if sent.query else None


def with_property(sent: Exchange, _: Run) -> Exchange | None:
    if not sent.body or sent.path.endswith("search"):  # what a search takes is in no spec
        return None
    return evolve(sent, body=json.dumps({**json.loads(sent.body), "strange": 1}).encode())


def with_body(body: bytes) -> Callable[[Exchange, Run], Exchange | None]:
    def spoil(sent: Exchange, _: Run) -> Exchange | None:
        return evolve(sent, body=body) if sent.body else None

    return spoil


def with_unknown_ids(sent: Exchange, run: Run) -> Exchange | None:
    """Ask for a contact or an appointment that is not there."""
    path = sent.path
    for known in (run.ids.contact_id, run.ids.appointment_id):
        path = path.replace(known, "unknown")
    return None if path == sent.path else evolve(sent, path=path)


def of_another_location() -> str:
    """Give the token of the second of two locations."""
    fake = FakeHighLevel(locations=2)
    return f"Bearer {fake.private_token_for(fake.location_ids[1])}"


SPOILED = (
    Spoiled("another location", 403, with_headers(authorization=of_another_location()), TWO),
    Spoiled("unknown token", 401, with_headers(authorization="Bearer pit-unknown")),
    Spoiled("expired token", 401, with_headers(authorization="Bearer a.b.c")),
    Spoiled("no version", 401, with_headers(version=None)),
    Spoiled("unknown version", 400, with_headers(version="2020-01-01")),
    Spoiled("unknown parameter", 422, with_query),
    Spoiled("unknown property", 422, with_property),
    Spoiled("no JSON", 400, with_body(b"{")),
    Spoiled("no object", 422, with_body(b"[]")),
    Spoiled("unknown id", 400, with_unknown_ids),
    Spoiled("unknown id, found out", 404, with_unknown_ids, {"not_found_status": 404}),
    Spoiled("limit", 429, lambda sent, _: sent, {"limit": 0}),
)


async def answered(fake: FakeHighLevel, session: aiohttp.ClientSession, sent: Exchange) -> Exchange:
    """Send a request again, and give it with its reply."""
    url = URL(fake.url + sent.path, encoded=True).with_query(sent.query)
    names = ("authorization", "version", "content-type")
    headers = {name: sent.headers[name] for name in names if name in sent.headers}
    async with session.request(sent.method, url, headers=headers, data=sent.body or None) as reply:
        return evolve(sent, status=reply.status, reply=await reply.read())


@pytest.fixture
def made(generation: Generation) -> Mapping[str, Run]:
    """Give the examples, which want no running loop when they are first made."""
    return runs(generation)


@pytest.mark.parametrize("spoiled", SPOILED, ids=lambda one: one.name)
@pytest.mark.parametrize("generation", GENERATIONS)
async def test_refusals_match_the_specs(
    spoiled: Spoiled, generation: Generation, made: Mapping[str, Run]
) -> None:
    """Whatever is wrong with a call, its status is documented, and its body has that shape.

    Without the header of v3, what only v3 has is not found.
    """
    wrong, tried = {}, 0
    async with FakeHighLevel(**spoiled.options) as fake, aiohttp.ClientSession() as session:
        here = ids_of(fake)
        for row in ROWS:
            template, run = row.in_(generation), made[row.served_by[0]]
            assert run.ids == here
            sent = None if template is None else spoiled.spoil(run.exchanges[0], run)
            if sent is not None:
                tried += 1
                answer = await answered(fake, session, sent)
                problems = spec_of(generation, template).reply_problems(template, answer)
                new = template != row.template and "version" in spoiled.name
                if problems or answer.status != (404 if new else spoiled.status):
                    wrong[row.method, template] = (answer.status, answer.reply, problems)

    assert wrong == {}
    assert tried


def test_every_added_status_is_met() -> None:
    """No status is added to the specs that none of these refusals has."""
    assert {int(status) for status in STATUSES} == {one.status for one in SPOILED}
