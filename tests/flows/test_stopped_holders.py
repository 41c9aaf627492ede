# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""Calls whose install somebody else holds for too long."""

import asyncio

import pytest_asyncio

from ghl_notes import RetryPolicy, Unavailable
from tests.stores.conftest import making

PATIENCE = 0.4


@pytest_asyncio.fixture(params=["memory", "sqlite", "postgres", "redis", "sealed memory"])
async def opening(request, tmp_path):
    """Give a way to open one store as several processes do."""
    async with making(request.param, tmp_path) as make:
        yield lambda: make(hold_timeout=PATIENCE)


async def test_a_call_waits_once(start, build, opening) -> None:
    """However often a call may be retried, it waits for a stopped holder as long as for one.

    The install is not lost, and other locations are served meanwhile.
    """
    fake = await start(locations=3)
    contact_id, holder = fake.contact_ids()[0], opening()
    highlevel = build(fake, store=opening(), retries=RetryPolicy(attempts=5, base=0.01))
    installs = [
        await highlevel.install(fake.authorize_code(location_id=one)) for one in fake.location_ids
    ]
    fake.expire_access_tokens()
    async with holder.hold(installs[0].key):
        began = asyncio.get_running_loop().time()
        clients = [highlevel.location(one) for one in fake.location_ids]
        calls = [client.notes.list(contact_id) for client in clients for _ in range(5)]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        took = asyncio.get_running_loop().time() - began
    after = await clients[0].notes.list(contact_id)
    await holder.close()

    assert {type(one) for one in ended[:5]} == {Unavailable}
    assert all(one.waited and not one.maybe_applied for one in ended[:5])
    assert not any(isinstance(one, Unavailable) for one in ended[5:])
    assert took < 2 * PATIENCE + 2
    assert len(after) == 5


async def test_a_stream_goes_on(start, build, opening) -> None:
    """Contacts of an install that is held fail one by one, and in the time of one wait."""
    fake = await start(contacts=20)
    holder, highlevel = opening(), build(fake, store=opening())
    install = await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    async with holder.hold(install.key):
        began = asyncio.get_running_loop().time()
        client = highlevel.location(fake.location_id)
        results = [one async for one in client.notes.stream(fake.contact_ids())]
        took = asyncio.get_running_loop().time() - began
    await holder.close()

    assert {type(one.error) for one in results} == {Unavailable}
    assert took < 5 * PATIENCE + 2
