"""Whatever is written, its body is valid, and the pretend HighLevel takes it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager

import pytest
from hypothesis import given, settings

from ghl_notes.errors import ConfigurationError, RequestRejected
from ghl_notes.testing import FakeHighLevel
from tests.operations.recorder import Exchange, Recorder
from tests.operations.rows import GENERATIONS, Generation
from tests.operations.runs import client_of, ids_of
from tests.operations.specs import needs_specs, spec_of
from tests.operations.strategies import CONTACT, NOTE, TASK, WRITTEN
from tests.operations.table import TABLE

pytestmark = needs_specs

OWNERS = {
    "contacts.update": ("contact_id",),
    "notes.create": ("contact_id",),
    "notes.update": ("contact_id", "note_id"),
    "tasks.create": ("contact_id",),
    "tasks.update": ("contact_id", "task_id"),
    "appointment_notes.create": ("appointment_id",),
}


@contextmanager
def writing(name: str, generation: Generation) -> Iterator[Callable[..., list[Exchange]]]:
    """Give a function that calls one method and tells what went over the wire."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def connect() -> Callable[..., list[Exchange]]:
            fake = FakeHighLevel(limit=None, allow_duplicates=True)
            await stack.enter_async_context(fake)
            wire = await stack.enter_async_context(Recorder(fake.url))
            client = await stack.enter_async_context(client_of(fake, wire.url, generation))
            kind, _, method = name.partition(".")
            ids = ids_of(fake)
            write = getattr(getattr(client, kind), method)
            owner = [getattr(ids, one) for one in OWNERS.get(name, ())]
            own = {} if owner else {"location_id": ids.location_id}

            def call(**given: object) -> list[Exchange]:
                wire.exchanges.clear()
                runner.run(write(*owner, **own, **given))
                return wire.exchanges

            return call

        try:
            yield runner.run(connect())
        finally:
            runner.run(stack.aclose())


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", WRITTEN)
def test_bodies_match_the_specs(name: str, generation: Generation) -> None:
    """Any arguments of the right types make a body that the spec allows and the fake takes."""
    (row,) = [row for row in TABLE if name in row.served_by]
    template = row.in_(generation)
    spec = spec_of(generation, template)
    with writing(name, generation) as write:

        @settings(max_examples=12)
        @given(WRITTEN[name])
        def check(given: dict[str, object]) -> None:
            (one,) = write(**given)
            assert spec.request_problems(template, one) == []
            assert spec.reply_problems(template, one) == []

        check()


# What an update sends as null, in order to clear it, and no document lets be null.
NULLS = {
    "contacts.update": {"postal_code", "country"},
    "notes.update": {"user_id", "title", "color"},
    "tasks.update": {"body", "assigned_to"},
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("name", "fields"),
    [("contacts.update", CONTACT), ("notes.update", NOTE), ("tasks.update", TASK)],
)
def test_nulls_are_documented(
    name: str, fields: Mapping[str, object], generation: Generation
) -> None:
    """Of what an update can clear, the specs let all be null but a few, and these are known."""
    (row,) = [row for row in TABLE if name in row.served_by]
    template = row.in_(generation)
    spec = spec_of(generation, template)
    undocumented = set()
    with writing(name, generation) as write:
        for field in fields:
            try:
                sent = write(**{field: None})
            except ConfigurationError:  # the client does not let it be cleared
                continue
            except RequestRejected:
                undocumented.add(field)
                continue
            if spec.request_problems(template, sent[0]):
                undocumented.add(field)

    assert undocumented == NULLS[name]
