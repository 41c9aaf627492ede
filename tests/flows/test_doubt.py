# ruff: noqa: ANN001, ANN201 - fixtures, whose types live in conftest
"""A refresh whose reply was lost: who waits for it, what is told of it, and how the doubt ends."""

import asyncio

import pytest

from ghl_notes import LocationInactive, ReauthorizationRequired, Unavailable
from ghl_notes.oauth import refreshing, remembering
from ghl_notes.oauth.refreshing import Grace
from ghl_notes.testing import Failure, Fault

TOKEN = "/oauth/token"
DOWN = Failure(status=503, message="down")


@pytest.fixture
async def highlevel(fake, build, store):
    """Give an app that is installed on the first location, whose access token has ended."""
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    return highlevel


@pytest.fixture
def patient(monkeypatch) -> None:
    """Give the grace its length, and little time to the waits in it."""
    monkeypatch.setattr(refreshing, "GRACE", Grace(base=0.02, cap=0.05))


@pytest.fixture
def lose(fake):
    """Lose the reply of the next refresh, and let the endpoint be down from then on."""

    def order(then=DOWN) -> None:
        fake.inject(Fault.RESET_AFTER, path_contains=TOKEN)
        fake.inject(then, 1000, path_contains=TOKEN)

    return order


@pytest.fixture
def read(highlevel, fake, contact_id):
    return lambda: highlevel.location(fake.location_id).notes.list(contact_id)


async def told(highlevel):
    """Give what ``installs()`` and ``find`` say of the only install."""
    (listed,) = [install async for install in highlevel.installs()]
    assert await highlevel.find(location_id=listed.location_id) == listed
    return listed


async def test_a_renewal_under_way_is_told_in_doubt(
    fake, highlevel, read, until, lose, patient
) -> None:
    """From the lost reply on, and no longer once the token is there."""
    assert (await told(highlevel)).in_doubt_since is None
    lose()
    calls = [asyncio.create_task(read()) for _ in range(3)]
    await until(lambda: highlevel._installs.location(fake.location_id).recovery.is_vital)
    await until(
        lambda: highlevel._installs.location(fake.location_id).recovery.spending.in_doubt_since
    )
    during = await told(highlevel)
    calls[0].cancel()
    fake.clear_faults()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert during.in_doubt_since is not None
    assert during.spent_at is None
    assert [len(notes) for notes in results[1:]] == [5, 5]
    assert (await told(highlevel)).in_doubt_since is None


async def test_a_doubt_that_outlives_the_grace_is_kept(
    fake, highlevel, build, store, read, lose
) -> None:
    """The store remembers it, for every process, from the first lost reply on."""
    lose()
    with pytest.raises(Unavailable) as raised:
        await read()
    first = await told(highlevel)
    with pytest.raises(Unavailable):
        await read()
    other = build(fake, store=store)

    assert raised.value.waited
    assert not raised.value.maybe_applied  # of the call: it had no token
    assert first.in_doubt_since is not None
    assert (await told(other)).in_doubt_since == first.in_doubt_since


async def test_the_next_token_ends_the_doubt(fake, highlevel, read, lose) -> None:
    """HighLevel had not lost it, as is known now."""
    lose()
    with pytest.raises(Unavailable):
        await read()
    fake.clear_faults()

    assert len(await read()) == 5
    assert (await told(highlevel)).in_doubt_since is None


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (Failure(status=400, message="Invalid grant: refresh token is invalid"), None),
        (Failure(status=400, message="Location is not active"), LocationInactive),
    ],
)
async def test_a_definite_answer_ends_the_doubt(fake, highlevel, read, lose, then, error) -> None:
    """What is dead or paused is no longer in doubt."""
    lose()
    with pytest.raises(Unavailable):
        await read()
    fake.clear_faults()
    fake.inject(then, path_contains=TOKEN)
    with pytest.raises(error or ReauthorizationRequired):
        await read()
    after = await told(highlevel)

    assert after.in_doubt_since is None
    assert (after.spent_at is not None) == (error is None)


async def test_what_was_not_taken_now_settles_nothing(fake, highlevel, read, lose) -> None:
    """A 429 of the next time says nothing of the first one."""
    lose()
    with pytest.raises(Unavailable):
        await read()
    fake.clear_faults()
    fake.inject(Fault.RATE_LIMITED, 1000, path_contains=TOKEN)
    with pytest.raises(Unavailable):
        await read()

    assert (await told(highlevel)).in_doubt_since is not None


async def test_a_new_install_ends_the_doubt(fake, highlevel, read, lose) -> None:
    """Whatever became of the old refresh token."""
    lose()
    with pytest.raises(Unavailable):
        await read()
    fake.clear_faults()
    await highlevel.install(fake.authorize_code())

    assert (await told(highlevel)).in_doubt_since is None
    assert len(await read()) == 5


@pytest.mark.parametrize("look", ["tend", "check"])
async def test_health_tells_the_doubt_and_settles_it(fake, highlevel, lose, look) -> None:
    """It is a state of its own, and no reason to mail anybody; the next look settles it."""

    async def states() -> list:
        found = highlevel.tend(idle_days=-1) if look == "tend" else highlevel.check()
        return [(one.state, type(one.error)) async for one in found]

    lose()
    during = await states()
    fake.clear_faults()
    again = [(one.state, type(one.error)) async for one in highlevel.tend()]  # it is not idle

    assert during == [("in doubt", Unavailable)]
    assert again == [("renewed", type(None))]
    assert await states() == [("renewed" if look == "tend" else "healthy", type(None))]


async def test_closing_waits_for_the_grace(
    fake, highlevel, build, store, read, until, lose, patient
) -> None:
    """A renewal whose callers have left goes on, and close is its last chance."""
    auth = highlevel._installs.location(fake.location_id)
    lose()
    call = asyncio.create_task(read())
    await until(lambda: auth.recovery.spending.in_doubt_since)
    call.cancel()
    closing = asyncio.create_task(highlevel.close())
    await asyncio.sleep(0.05)
    fake.clear_faults()
    await closing
    fake.grace = 0

    async with build(fake, store=store) as later:
        assert len(await later.location(fake.location_id).notes.list(fake.contact_ids()[0])) == 5


@pytest.mark.parametrize("leaves", [False, True])
async def test_what_was_lost_last_is_asked_for_again(
    fake, highlevel, build, store, monkeypatch, leaves
) -> None:
    """The last request may have been taken: it is asked on when the only caller was told."""
    grace = Grace(seconds=0.6, last_try=0.5, base=0.02, cap=0.05)
    monkeypatch.setattr(refreshing, "GRACE", grace)
    fake.inject(DOWN, path_contains=TOKEN)
    fake.inject(Fault.RESET_AFTER, 1000, path_contains=TOKEN)
    states = [one.state async for one in highlevel.tend(idle_days=-1)]
    closing = asyncio.create_task(highlevel.close()) if leaves else None
    await asyncio.sleep(0)
    fake.clear_faults()
    await (closing or asyncio.wait({highlevel._installs.location(fake.location_id).asking}))
    fake.grace = 0

    assert states == ["in doubt"]
    later = build(fake, store=store)
    assert len(await later.location(fake.location_id).notes.list(fake.contact_ids()[0])) == 5
    assert [one.in_doubt_since async for one in later.installs()] == [None]


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_what_was_forgotten_is_not_asked_for_again(
    fake, highlevel, build, store, monkeypatch, token_calls, mint_path, elsewhere
) -> None:
    """Nor minted by its agency: the location is uninstalled."""
    monkeypatch.setattr(refreshing, "GRACE", Grace(seconds=0.6, last_try=0.5, base=0.02, cap=0.05))
    await highlevel.install(fake.authorize_code(company=True))
    fake.inject(Fault.RESET_AFTER, 1000, path_contains=TOKEN)
    with pytest.raises(Unavailable):
        await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])
    asking = highlevel._installs.location(fake.location_id).asking
    asked = token_calls()
    forgetting = build(fake, store=store) if elsewhere else highlevel
    await forgetting.forget(location_id=fake.location_id)
    await asking

    assert token_calls() == asked
    assert fake.stats.by_route[f"POST {mint_path}"] == 0
    assert await highlevel.find(location_id=fake.location_id) is None


async def test_closing_waits_no_longer_for_what_was_answered(
    fake, highlevel, read, lose, until
) -> None:
    """Where only the first reply was lost, its grace is over when the caller is told."""
    lose()
    with pytest.raises(Unavailable):
        await read()

    assert highlevel._installs.location(fake.location_id).asking is None


async def test_a_slow_endpoint_costs_no_install(fake, read, monkeypatch, token_calls) -> None:
    """The answer to the first request is taken, although the next one was sent meanwhile."""
    monkeypatch.setattr(refreshing, "GRACE", Grace(patience=0.05, base=0.01))
    twice, arrived = asyncio.Event(), []

    async def delay(request) -> None:
        if request.phase == "answered":
            arrived.append(request)
            if len(arrived) == 2:
                twice.set()
            await (twice.wait() if request is arrived[0] else asyncio.Event().wait())

    fake.on_token = delay

    assert len(await read()) == 5
    assert len(arrived) >= 2
    assert fake.stats.invalid_grants == 0


async def test_a_good_token_is_not_kept_waiting(
    fake, highlevel, store, lose, monkeypatch, patient
) -> None:
    """While the old token is good by its time, a caller waits a little for the next one."""
    monkeypatch.setattr("ghl_notes.oauth.renewal._PATIENCE_SECONDS", 0.01)
    await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])
    auth = highlevel._installs.location(fake.location_id)
    auth._renew_at = 0
    lose()
    token = await asyncio.wait_for(auth.token(), 10)
    again = await auth.token()
    fake.clear_faults()
    await asyncio.wait({auth.running})

    assert token == again
    assert await auth.token() != token


async def test_a_stranger_in_the_store_is_seen_before_death(start, build, store) -> None:
    """A process that slept longer than its hold finds its refresh token dead, and reads again."""
    fake = await start(grace=0)
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    key = (await told(highlevel)).key
    fake.expire_access_tokens()
    renewed = {}

    async def wake(request) -> None:
        if request.phase == "arrived" and not renewed:
            renewed["token"] = True
            stored = await store.load(key)
            # Another process, whose hold was the lapsed one's successor.
            renewed["stored"] = await highlevel._installs._session.refresh(stored)
            store._installs[key] = renewed["stored"]

    fake.on_token = wake
    notes = await highlevel.location(fake.location_id).notes.list(fake.contact_ids()[0])

    assert len(notes) == 5
    assert await store.load(key) == renewed["stored"]
    assert (await told(highlevel)).spent_at is None


async def test_a_stream_outlives_the_outage(fake, highlevel, read, lose, monkeypatch) -> None:
    """A call has waited long enough when the grace is over; bulk work comes back later."""
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 0.1)
    lose()
    with pytest.raises(Unavailable) as raised:
        await read()
    ids = fake.contact_ids()
    streaming = highlevel.location(fake.location_id).notes.stream(ids)
    results = asyncio.create_task(collected(streaming))
    await asyncio.sleep(0.5)
    fake.clear_faults()

    assert raised.value.retry_after == pytest.approx(0.1)
    assert {len(one.notes) for one in await results if one.error is None} == {5}
    assert len(await results) == len(ids)
    assert not [one.error for one in await results if one.error is not None]


async def collected(streaming) -> list:
    return [one async for one in streaming]
