# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""What may run twice at once, fail in a store of one's own, or come after the end."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Self

import aiohttp
import pytest

from ghl_notes import RetryPolicy
from ghl_notes.errors import (
    ConfigurationError,
    RateLimited,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.http.denials import denial
from ghl_notes.models import Install, StoredInstall
from ghl_notes.oauth.holding import held
from ghl_notes.stores import MemoryStore
from ghl_notes.stores.protocol import Overtaken
from ghl_notes.testing import Failure, Fault
from tests.flows.test_renewing import FullDisk


@pytest.fixture
async def agency(start, build, store):
    """Give an agency of 3 locations with the app installed."""
    fake = await start(locations=3, contacts=2)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    return fake, highlevel


async def test_a_second_mint_counts_after_the_first(agency, until) -> None:
    """Of two mints of one location, the one that is still at HighLevel is seen, and vital."""
    _, highlevel = agency
    minting = highlevel._installs.location("loc", "com").recovery.minting
    go_on = [asyncio.Event(), asyncio.Event()]

    async def work(event: asyncio.Event) -> None:
        with minting.under_way, minting.vital:
            await event.wait()

    tasks = [asyncio.create_task(work(event)) for event in go_on]
    await asyncio.sleep(0)
    for event, left in zip(go_on, (True, False), strict=True):
        event.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert highlevel._installs.minted_now("com") == ([minting.key] if left else [])
        assert highlevel._installs.location("loc").recovery.is_vital is left
    await asyncio.gather(*tasks)


async def test_an_agency_that_is_forgotten_takes_every_mint_with_it(
    agency, mint_path, until
) -> None:
    """Also the second of two for one location, of which the first has ended."""
    fake, highlevel = agency
    location = fake.location_id
    minting = highlevel._installs.location(location, fake.company_id).recovery.minting
    arrived, go_on, asked = asyncio.Event(), asyncio.Event(), []
    ask = minting.installs.mint

    async def slow(*args: str, since: datetime | None) -> StoredInstall:
        minted = await ask(*args, since=since)
        asked.append(1)
        if len(asked) == 2:
            arrived.set()
            await go_on.wait()
        return minted

    highlevel._installs.mint = slow
    tasks = [
        asyncio.create_task(highlevel.mint(location, company_id=fake.company_id)) for _ in range(2)
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await arrived.wait()
    assert highlevel._installs.minted_now(fake.company_id)
    forgetting = asyncio.create_task(highlevel.forget(company_id=fake.company_id))
    await until(lambda: minting._forgettings > 0)
    go_on.set()
    await forgetting
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(one) for one in outcomes} == {Install, ReauthorizationRequired}
    assert [one async for one in highlevel.installs()] == []


async def test_tokens_of_a_code_outlive_a_store_that_raises_anything(fake, build) -> None:
    """A code works once: whatever a store of one's own raises, its tokens are saved later."""
    store = FullDisk()
    store.full = True
    highlevel = build(fake, store=store)
    with pytest.raises(OSError, match="No space"):
        await highlevel.install(fake.authorize_code())
    store.full = False
    await highlevel.close()

    assert [one.install.location_id async for one in store.list()] == [fake.location_id]


async def test_each_token_that_was_not_saved_at_the_end_is_named(start, build) -> None:
    """The first failure is raised, with a note for each further install."""
    store, fake = FullDisk(), await start(locations=3, contacts=1)
    store.full = True
    highlevel = build(fake, store=store)
    for location_id in fake.location_ids:
        with pytest.raises(OSError, match="No space"):
            await highlevel.install(fake.authorize_code(location_id))
    with pytest.raises(OSError, match="No space") as raised:
        await highlevel.close()
    store.full = False
    await highlevel.close()

    notes = raised.value.__notes__
    assert len(notes) == 2
    assert all(one in note for one, note in zip(fake.location_ids[1:], notes, strict=True))


async def test_nothing_is_installed_or_minted_after_the_end(start, build, store) -> None:
    """A store that was closed is not opened again by an install or a mint."""
    fake = await start(locations=3, contacts=2)
    async with aiohttp.ClientSession() as session:  # which stays open
        highlevel = build(fake, store=store, session=session)
        await highlevel.install(fake.authorize_code(company=True))
        code, company_id = fake.authorize_code(), fake.company_id
        await highlevel.close()
        before = fake.stats.requests
        for call in (
            highlevel.install(code),
            highlevel.mint(fake.location_id, company_id=company_id),
            highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0]),
        ):
            with pytest.raises(ConfigurationError, match="closed"):
                await call

    assert fake.stats.requests == before


class Damaged(MemoryStore):
    """Lists as a store with one damaged row does: all that is good, and then the error."""

    async def list(self):
        async for stored in super().list():
            yield stored
        raise ConfigurationError("a row is damaged")


async def test_a_damaged_row_stands_in_no_locations_way(start, build) -> None:
    """Whose agency it is, is found without reading the rows of all locations."""
    fake, store = await start(locations=3, contacts=2), Damaged()
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code(company=True))
    await highlevel.mint(fake.location_ids[1], company_id=fake.company_id)

    assert len(await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])) == 5


class Lapsing:
    """A store whose holds end early, as each row says."""

    def __init__(self, *ends: type[BaseException]) -> None:
        self._ends = list(ends)

    def hold(self, key: str) -> Self:
        return self

    stored = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        raise self._ends.pop(0)


async def test_work_that_was_cut_off_is_told_from_a_change_by_others() -> None:
    """Nobody else is blamed for the end of the program."""

    async def change(hold: object) -> None:
        pass

    for ends, words in (
        ((asyncio.CancelledError, asyncio.CancelledError), "cut off"),
        ((Overtaken, Overtaken), "another process keeps changing"),
        ((Overtaken, asyncio.CancelledError), "cut off"),
    ):
        with pytest.raises(Unavailable, match=words):
            await held(Lapsing(*ends), "location:loc", change)


class Mine:
    """An ``Auth`` of one's own, with an attribute that is named as a method could be."""

    age = 41

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    async def renew(self, stale: str) -> str:
        return self._token


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMITED, None])
async def test_only_a_success_proves_that_a_new_token_helped(
    fake, connect, contact_id, fault
) -> None:
    """A 5xx or a 429 to the renewed token says nothing of the words that refused the old one."""
    once = RetryPolicy(attempts=1, base=0)
    client = connect(fake, token=None, auth=Mine(fake.private_token), retries=once)
    refusals, words = client._dispatch._refusals, denial("Unauthorized")
    refusals.not_cured(words, "another", None, asyncio.get_running_loop().time() - 3700)
    fake.inject(Failure(status=401, message="Unauthorized"), 1)
    if fault is not None:
        fake.inject(fault, 1)
    with suppress(Unavailable, RateLimited):
        await client.notes.list(contact_id)

    assert fake.stats.requests == 2
    assert (words.words in refusals._found) == (fault is not None)


async def test_an_age_that_is_no_method_is_not_asked(fake, connect, contact_id) -> None:
    """An ``Auth`` of one's own may have an attribute of that name."""
    client = connect(fake, token=None, auth=Mine(fake.private_token))
    fake.inject(Fault.TOKEN_EXPIRED, 1)

    assert len(await client.notes.list(contact_id)) == 5
