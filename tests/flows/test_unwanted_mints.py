# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""Mints whose callers leave before their agency's own token is there are not asked for."""

import asyncio

import pytest

from tests.keys import company_on

WAYS = {
    "call": lambda highlevel, fake, one: highlevel.location(one).notes.list(
        fake.contact_ids(one)[0]
    ),
    "mint": lambda highlevel, _, one: highlevel.mint(one),
}


@pytest.mark.parametrize("how", ["ended", "refused"])
@pytest.mark.parametrize("way", WAYS)
async def test_what_waits_for_the_agencys_token_ends_with_its_callers(
    start, build, store, expire, until, mint_path, way, how
) -> None:
    """The agency's token is renewed and saved all the same, and no location's is asked for."""
    fake = await start(locations=3, contacts=1)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    old = (await store.load(company_on(fake))).token.access_token
    if how == "ended":
        await expire(company_on(fake))
        highlevel = build(fake, store=store)
    else:
        fake.expire_access_tokens()
    arrived, go_on = [], asyncio.Event()

    async def look(request) -> None:
        if request.kind == "refresh" and request.phase == "arrived":
            arrived.append(request)
            await go_on.wait()

    fake.on_token = look
    calls = [asyncio.create_task(WAYS[way](highlevel, fake, one)) for one in fake.location_ids]
    await until(lambda: arrived)
    await asyncio.sleep(0.02)
    asked = fake.stats.by_route[f"POST {mint_path}"]
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    go_on.set()
    await highlevel._installs._under_way.ended()

    assert fake.stats.by_route[f"POST {mint_path}"] == asked
    assert (await store.load(company_on(fake))).token.access_token != old
