# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""A renewal that failed is not tried by every call: its failure stands until it may be over."""

import asyncio

import pytest

from ghl_notes import (
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    ReauthorizationRequired,
    RetryPolicy,
    Unavailable,
)
from ghl_notes.oauth import refreshing, remembering
from ghl_notes.oauth.refreshing import Grace
from ghl_notes.testing import Failure

TOKEN = "/oauth/token"
FAILURES = {
    "429, an hour": (Failure(status=429, headers={"retry-after": "3600"}), Unavailable, 300),
    "429, a minute": (Failure(status=429, headers={"retry-after": "60"}), Unavailable, 60),
    "429": (Failure(status=429), Unavailable, 5),
    "503, an hour": (Failure(status=503, headers={"retry-after": "3600"}), Unavailable, 300),
    "500": (Failure(status=500), Unavailable, 5),
    "not active": (Failure(status=400, message="Location is not active"), LocationInactive, 5),
    "wrong client": (
        Failure(status=400, message="Invalid client: client is invalid"),
        ConfigurationError,
        5,
    ),
    "403 of a proxy": (Failure(status=403), HighLevelError, 5),
}
failures = pytest.mark.parametrize("name", FAILURES)


@pytest.fixture(autouse=True)
def real_pauses(quick_renewals, monkeypatch) -> None:
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 5.0)


@pytest.fixture
async def highlevel(fake, build, store, clock, moments):
    """Give an app that is installed on the first location, whose access token has ended."""
    highlevel = build(fake, store=store, retries=RetryPolicy(attempts=1), clock=clock)
    highlevel._installs.monotonic = moments
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    clock.now += 100_000
    return highlevel


@pytest.fixture
def read(highlevel, fake, contact_id):
    return lambda: highlevel.location(fake.location_id).notes.list(contact_id)


@failures
async def test_nobody_asks_again_too_soon(fake, read, moments, clock, token_calls, name) -> None:
    """Ten callers, one after the other and at once, are told the failure of the first."""
    failure, kind, seconds = FAILURES[name]
    fake.inject(failure, 10_000, path_contains=TOKEN)
    with pytest.raises(kind):
        await read()
    asked = token_calls()
    clock.now -= 50_000  # the wall clock is set back, which is no matter
    moments.now += seconds - 1
    found = [*[await caught(read()) for _ in range(5)]]
    found += await asyncio.gather(*(caught(read()) for _ in range(5)))

    assert token_calls() == asked
    assert {type(error) for error in found} == {type(found[0])}
    assert isinstance(found[0], kind)
    assert {round(error.retry_after) for error in found} == {1}
    assert len({id(error) for error in found}) == 10


async def caught(call) -> HighLevelError:
    with pytest.raises(HighLevelError) as raised:
        await call
    return raised.value


def lose_a_reply(fake, monkeypatch) -> None:
    """Let a refresh be taken and its reply be lost; then the endpoint is down for an hour."""
    grace = Grace(seconds=30, last_try=0.2, base=0.02, cap=0.1)
    monkeypatch.setattr(refreshing, "GRACE", grace)
    hour = {"retry-after": "3600"}
    fake.inject(Failure(status=503, headers=hour, applied=True), path_contains=TOKEN)
    fake.inject(Failure(status=503, headers=hour), 1000, path_contains=TOKEN)


async def test_what_may_have_been_taken_is_asked_for_soon(
    fake, read, moments, token_calls, monkeypatch
) -> None:
    """No ``Retry-After`` is believed for longer than HighLevel repeats its answer."""
    lose_a_reply(fake, monkeypatch)
    await caught(read())
    asked = token_calls()
    moments.now += 4
    await caught(read())
    assert token_calls() == asked
    moments.now += 2
    fake.clear_faults()

    assert len(await read()) == 5


async def test_in_the_grace_callers_are_told_when_they_may_ask(
    fake, read, moments, monkeypatch
) -> None:
    """While an answer may be repeated, ``retry_after`` is the next request that is let through."""
    lose_a_reply(fake, monkeypatch)
    first = await caught(read())
    moments.now += 4
    second = await caught(read())

    assert [round(error.retry_after) for error in (first, second)] == [5, 1]


@failures
async def test_afterwards_one_request_looks(fake, read, moments, name) -> None:
    """However long HighLevel said, the install heals by itself."""
    failure, kind, seconds = FAILURES[name]
    fake.inject(failure, 10_000, path_contains=TOKEN)
    with pytest.raises(kind):
        await read()
    fake.clear_faults()
    moments.now += seconds + 1

    assert len(await read()) == 5


async def test_what_another_process_renewed_is_used_at_once(
    fake, highlevel, build, store, clock, read
) -> None:
    """The store is read by everybody who is told, and a change in it ends the pause."""
    failure = FAILURES["429, an hour"][0]
    fake.inject(failure, path_contains=TOKEN)
    with pytest.raises(Unavailable):
        await read()
    other = build(fake, store=store, clock=clock)
    await other.location(fake.location_id).notes.list(fake.contact_ids()[0])
    refreshes = fake.stats.refreshes

    assert len(await read()) == 5
    assert fake.stats.refreshes == refreshes == 1


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_a_new_install_ends_it(fake, highlevel, build, store, clock, read, elsewhere) -> None:
    """Here or in another process."""
    fake.inject(FAILURES["429, an hour"][0], path_contains=TOKEN)
    with pytest.raises(Unavailable):
        await read()
    other = build(fake, store=store, clock=clock) if elsewhere else highlevel
    await other.install(fake.authorize_code())

    assert len(await read()) == 5


async def test_a_short_wait_is_waited_for(fake, build, contact_id, token_calls) -> None:
    """A call whose policy allows it waits for as long as HighLevel asked, and gets through."""
    highlevel = build(fake)
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    failure = Failure(status=429, headers={"retry-after": "0.3"})
    fake.inject(failure, 3, path_contains=TOKEN)

    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5
    assert token_calls() == 5


async def test_a_long_wait_is_raised_at_once(fake, build, contact_id) -> None:
    """With what remains of it."""
    highlevel = build(fake, retries=RetryPolicy())
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    fake.inject(FAILURES["429, an hour"][0], 100, path_contains=TOKEN)
    client = highlevel.location(fake.location_id)
    async with asyncio.timeout(1):
        errors = [await caught(client.notes.list(contact_id)) for _ in range(3)]

    assert [round(error.retry_after) for error in errors] == [3600, 300, 300]


@pytest.mark.parametrize(("name", "asks"), [("429, an hour", 0), ("429", 3), ("not active", 1)])
async def test_tending_asks_afresh_unless_it_was_told_when(
    fake, highlevel, read, token_calls, name, asks
) -> None:
    """A look is a look: without a time to come back it asks, and with one it does not hammer."""
    failure, kind, _ = FAILURES[name]
    fake.inject(failure, 10_000, path_contains=TOKEN)
    with pytest.raises(kind):
        await read()
    asked = token_calls()
    found = [one async for one in highlevel.tend(idle_days=0)]

    assert isinstance(found[0].error, kind)
    assert token_calls() - asked == asks


async def test_a_token_ahead_of_its_clock_is_renewed_once(fake, build, store, clock) -> None:
    """A clock that was set ahead by days renews once, and set back again not at all."""
    highlevel = build(fake, store=store, clock=clock)
    await highlevel.install(fake.authorize_code())
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    for step in (5 * 86_400, 0, -10 * 86_400, 0):
        clock.now += step
        for _ in range(3):
            assert len(await client.notes.list(contact_id)) == 5
    assert fake.stats.refreshes == 1
    fake.expire_access_tokens()  # which the clock that was set back does not see
    for _ in range(3):
        assert len(await client.notes.list(contact_id)) == 5

    assert fake.stats.refreshes == 2


async def test_a_spent_install_is_as_before(fake, read, token_calls) -> None:
    """What is dead has no time to come back."""
    fake.revoke()
    for _ in range(3):
        error = await caught(read())
        assert isinstance(error, ReauthorizationRequired)
        assert error.retry_after is None
    assert token_calls() == 2
