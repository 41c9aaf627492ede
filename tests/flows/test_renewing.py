# ruff: noqa: ANN001, ANN201, ANN202 - fixtures and generators, whose types live in conftest
"""An install stays alive: renewed once, whoever asks, and saved before it is used."""

import asyncio
from typing import Self

import pytest
import time_machine

from ghl_notes import Renewed, RetryPolicy, Spent
from ghl_notes.errors import (
    AccessDenied,
    AmbiguousWrite,
    HighLevelError,
    LocationInactive,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import Failure, Fault
from tests.keys import location_on

TOKEN = "/oauth/token"


@pytest.fixture
async def installed(fake, build, store):
    """Give an app that is installed on the first location, and its client there."""
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    return highlevel.location(fake.location_id)


@pytest.fixture
def key(fake) -> str:
    """Give the name of the location's install in a store."""
    return location_on(fake)


async def test_a_location_has_one_client(fake, highlevel) -> None:
    """Asking again gives the same client, so that its limit is one."""
    client = highlevel.location(fake.location_id)

    assert highlevel.location(fake.location_id) is client
    assert client.location_id == fake.location_id
    assert fake.stats.requests == 0


async def test_many_find_an_expired_token(
    fake, installed, build, store, expire, key, contact_id
) -> None:
    """After a restart two hundred tasks meet a token that has ended: one renewal serves all."""
    await expire(key)
    client = build(fake, store=store).location(fake.location_id)
    lists = await asyncio.gather(*(client.notes.list(contact_id) for _ in range(200)))

    assert all(len(notes) == 5 for notes in lists)
    assert fake.stats.refreshes == 1
    assert fake.stats.requests == 202


async def test_many_are_refused_for_one_token(start, build) -> None:
    """Calls whose 401s arrive one after the other renew the token once, and all succeed."""
    fake = await start(latency=0.002)
    highlevel = build(fake)
    await highlevel.install(fake.authorize_code())
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    await client.notes.list(contact_id)
    fake.expire_access_tokens()

    async def late(seconds: float) -> list:
        await asyncio.sleep(seconds)
        return await client.notes.list(contact_id)

    lists = await asyncio.gather(*(late(n * 0.0001) for n in range(200)))

    assert all(len(notes) == 5 for notes in lists)
    assert fake.stats.refreshes == 1
    assert fake.stats.by_route[f"POST {TOKEN}"] == 2


async def test_late_refusals_of_an_old_token_change_nothing(fake, installed, store, key) -> None:
    """Who comes with a token that was replaced long ago gets the present one, for nothing."""
    auth = installed._dispatch._auth
    old = await auth.token()
    fake.expire_access_tokens()
    renewed = await auth.renew(old)
    again = [await auth.renew(old) for _ in range(200)]

    assert set(again) == {renewed} != {old}
    assert (await store.load(key)).token.access_token == renewed
    assert fake.stats.refreshes == 1


async def test_a_day_later_one_renewal_is_due(fake, highlevel, contact_id) -> None:
    """Shortly before the end a call renews first; its request is never refused."""
    with time_machine.travel(1_800_000_000.0, tick=True) as when:
        await highlevel.install(fake.authorize_code())
        client = highlevel.location(fake.location_id)
        when.shift(86_399 - 70)
        await client.notes.list(contact_id)
        assert fake.stats.refreshes == 0
        when.shift(20)
        await client.notes.list(contact_id)

    assert fake.stats.refreshes == 1
    assert {seen.status for seen in fake.requests} == {200}


async def test_a_renewal_ahead_of_time_may_fail(
    fake, highlevel, contact_id, token_calls, moments
) -> None:
    """Until its end the old token is used, and the renewal is tried again after a pause."""
    highlevel._installs.monotonic = moments
    with time_machine.travel(1_800_000_000.0, tick=True) as when:
        await highlevel.install(fake.authorize_code())
        client = highlevel.location(fake.location_id)
        when.shift(86_399 - 50)
        fake.inject(Fault.RATE_LIMITED, 3, path_contains=TOKEN)
        for _ in range(3):
            await client.notes.list(contact_id)
        assert (fake.stats.refreshes, token_calls()) == (0, 4)
        moments.now += 6
        await client.notes.list(contact_id)

    assert (fake.stats.refreshes, token_calls()) == (1, 5)


@pytest.mark.parametrize("others", [0, 3])
async def test_a_cancelled_caller_leaves_the_renewal_alone(
    start, build, store, contact_id, others, until
) -> None:
    """The renewal goes on without whoever began it, is saved, and serves who comes later."""
    fake = await start(latency=0.03)
    highlevel = build(fake, store=store)
    install = await highlevel.install(fake.authorize_code())
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    old = (await store.load(install.key)).token
    fake.expire_access_tokens()
    calls = [asyncio.create_task(client.notes.list(contact_id)) for _ in range(1 + others)]
    await until(lambda: fake.stats.refreshes)
    calls[0].cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    if not others:
        await asyncio.sleep(0.05)

    assert isinstance(results[0], asyncio.CancelledError)
    assert [len(notes) for notes in results[1:]] == [5] * others
    assert (await store.load(install.key)).token.refresh_token != old.refresh_token
    await client.notes.list(contact_id)
    assert fake.stats.refreshes == 1


async def test_closing_waits_for_a_renewal(start, build, store, until) -> None:
    """A token that HighLevel has already handed out is not lost by leaving."""
    fake = await start(latency=0.03)
    highlevel = build(fake, store=store)
    install = await highlevel.install(fake.authorize_code())
    client, contact_id = highlevel.location(fake.location_id), fake.contact_ids()[0]
    old = (await store.load(install.key)).token
    fake.expire_access_tokens()
    call = asyncio.create_task(client.notes.list(contact_id))
    await until(lambda: fake.stats.refreshes)
    call.cancel()
    await highlevel.close()

    assert (await store.load(install.key)).token.refresh_token != old.refresh_token


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CUT_BODY, Fault.CUT_JSON])
async def test_a_lost_reply_is_asked_for_again(
    fake, installed, store, key, contact_id, fault
) -> None:
    """Inside the grace the spent token brings the same new one, and the install lives on."""
    for _ in range(3):
        fake.expire_access_tokens()
        fake.inject(fault, path_contains=TOKEN)
        assert len(await installed.notes.list(contact_id)) == 5

    assert fake.stats.refreshes == 6
    assert fake.stats.invalid_grants == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SERVER_ERROR, Unavailable),
        (Fault.BAD_GATEWAY, Unavailable),
        (Fault.RATE_LIMITED, Unavailable),
        (Fault.HTML, HighLevelError),
        (Fault.FORBIDDEN_HTML, HighLevelError),
        (Fault.EMPTY_BODY, HighLevelError),
        (Fault.RESET_BEFORE, Unavailable),
        (Fault.LOCATION_INACTIVE, LocationInactive),
    ],
)
async def test_trouble_is_no_proof_of_death(
    fake, installed, store, expire, key, contact_id, fault, error
) -> None:
    """Only a dead grant is dead: after any other failure the install works again."""
    fake.expire_access_tokens()
    fake.inject(fault, 1000, path_contains=TOKEN)
    with pytest.raises(error) as raised:
        await installed.notes.list(contact_id)
    assert not isinstance(raised.value, ReauthorizationRequired)
    fake.clear_faults()

    assert len(await installed.notes.list(contact_id)) == 5
    assert fake.stats.invalid_grants == 0


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.SERVER_ERROR, Fault.EMPTY_BODY])
async def test_a_create_without_a_token_was_not_sent(fake, installed, contact_id, fault) -> None:
    """A token that cannot be had leaves no doubt about the note."""
    fake.expire_access_tokens()
    fake.inject(fault, 1000, path_contains=TOKEN)
    with pytest.raises(HighLevelError) as raised:
        await installed.notes.create(contact_id, "Text")

    assert not isinstance(raised.value, AmbiguousWrite)


async def test_a_paused_location_works_again_later(fake, installed, contact_id) -> None:
    """While a location is paused its token is kept, and once it is active the same one works."""
    fake.expire_access_tokens()
    fake.deactivate()
    for _ in range(2):
        with pytest.raises(LocationInactive):
            await installed.notes.list(contact_id)
    fake.activate()

    assert len(await installed.notes.list(contact_id)) == 5


async def test_a_revoked_install_is_spent(fake, build, contact_id, token_calls) -> None:
    """The error names the location; one event is told, and nothing is asked any more."""
    events = []
    highlevel = build(fake, observer=events.append)
    await highlevel.install(fake.authorize_code())
    client = highlevel.location(fake.location_id)
    fake.revoke()
    for _ in range(3):
        with pytest.raises(ReauthorizationRequired) as raised:
            await client.notes.list(contact_id)
        assert raised.value.location_id == fake.location_id
        assert fake.location_id in str(raised.value)
    many = await asyncio.gather(
        *(client.notes.list(contact_id) for _ in range(50)), return_exceptions=True
    )

    assert {type(one) for one in many} == {ReauthorizationRequired}
    assert len({id(one) for one in many}) == 50
    assert (token_calls(), fake.stats.invalid_grants) == (2, 1)
    assert [e for e in events if isinstance(e, Spent)] == [
        Spent(location_id=fake.location_id, company_id=fake.company_id)
    ]


async def test_a_spent_install_costs_no_request(fake, installed, contact_id) -> None:
    """Asking again for what is known to be dead is answered here."""
    fake.revoke()
    with pytest.raises(ReauthorizationRequired):
        await installed.notes.list(contact_id)
    before = fake.stats.requests
    for _ in range(3):
        with pytest.raises(ReauthorizationRequired):
            await installed.notes.list(contact_id)

    assert fake.stats.requests == before


async def test_a_new_install_heals_the_same_client(fake, build, store, contact_id) -> None:
    """A client that is kept for years works again as soon as its user has come back."""
    highlevel = build(fake, store=store)
    client = highlevel.location(fake.location_id)
    with pytest.raises(ReauthorizationRequired):
        await client.notes.list(contact_id)
    assert fake.stats.requests == 0
    for _ in range(2):
        await highlevel.install(fake.authorize_code())
        assert len(await client.notes.list(contact_id)) == 5
        fake.revoke()
        with pytest.raises(ReauthorizationRequired):
            await client.notes.list(contact_id)
    other = build(fake, store=store)  # as another process would
    await other.install(fake.authorize_code())

    assert len(await client.notes.list(contact_id)) == 5


@pytest.mark.parametrize("scopes", [("contacts.readonly",), ("contacts.write",)])
async def test_a_missing_scope_renews_nothing(fake, highlevel, contact_id, scopes) -> None:
    """A 401 about a scope is the caller's to solve; a renewal would only burn a rotation."""
    await highlevel.install(fake.authorize_code(scopes=scopes))
    notes = highlevel.location(fake.location_id).notes
    call = notes.create(contact_id, "Text") if "write" not in scopes[0] else notes.list(contact_id)
    with pytest.raises(AccessDenied, match="scope") as raised:
        await call

    assert raised.value.status == 401
    assert fake.stats.refreshes == 0


async def test_a_renewed_token_that_is_refused_too(fake, installed, contact_id) -> None:
    """Two renewals for one call: a third 401 is the answer."""
    fake.inject(Fault.TOKEN_EXPIRED, 3)
    with pytest.raises(AccessDenied):
        await installed.notes.list(contact_id)

    assert fake.stats.refreshes == 2
    assert len(await installed.notes.list(contact_id)) == 5


async def test_a_renewed_token_may_have_ended(fake, installed, contact_id) -> None:
    """What HighLevel repeats for a refresh whose reply was lost may hold an old access token."""
    fake.inject(Fault.TOKEN_EXPIRED, 2)

    assert len(await installed.notes.list(contact_id)) == 5
    assert fake.stats.refreshes == 2


async def test_renewals_are_told(fake, build, contact_id) -> None:
    """The observer hears of a renewal, whose it is, and that it was not minted."""
    events = []
    highlevel = build(fake, observer=events.append)
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    await highlevel.location(fake.location_id).notes.list(contact_id)
    renewals = [event for event in events if isinstance(event, Renewed)]

    assert renewals == [
        Renewed(location_id=fake.location_id, company_id=fake.company_id, minted=False)
    ]


class FullDisk(MemoryStore):
    """A store that stops saving."""

    full = False

    def hold(self, key: str):
        return _FullHold(super().hold(key), self)


class _FullHold:
    def __init__(self, inner, store: FullDisk) -> None:
        self._inner, self._store = inner, store

    async def __aenter__(self) -> Self:
        self._held = await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> bool | None:
        return await self._inner.__aexit__(*error)

    @property
    def stored(self):
        return self._held.stored

    async def save(self, stored) -> None:
        if self._store.full:
            raise OSError(28, "No space left on device")
        await self._held.save(stored)


async def test_what_cannot_be_saved_is_not_used(fake, build, key, contact_id) -> None:
    """A token that would be lost with the process is never sent; the caller learns why."""
    store = FullDisk()
    highlevel = build(fake, store=store)
    await highlevel.install(fake.authorize_code())
    client, old = highlevel.location(fake.location_id), await store.load(key)
    fake.expire_access_tokens()
    store.full = True
    with pytest.raises(OSError, match="No space"):
        await client.notes.list(contact_id)
    assert [seen.path for seen in fake.requests].count(f"/contacts/{contact_id}/notes") == 1
    assert await store.load(key) is old
    store.full = False

    assert len(await client.notes.list(contact_id)) == 5
    assert (await store.load(key)).token.refresh_token != old.token.refresh_token


async def test_an_install_that_cannot_be_saved_is_not_used(fake, build, contact_id) -> None:
    """A code works once: what it brought is kept for when the store takes it, and unused before."""
    store = FullDisk()
    store.full = True
    highlevel = build(fake, store=store)
    with pytest.raises(OSError, match="No space"):
        await highlevel.install(fake.authorize_code())
    notes = highlevel.location(fake.location_id).notes
    with pytest.raises(OSError, match="No space"):
        await notes.list(contact_id)
    assert not [seen for seen in fake.requests if seen.path.startswith("/contacts")]
    store.full = False

    assert len(await notes.list(contact_id)) == 5
    assert fake.stats.refreshes == 0


@pytest.mark.parametrize(
    "refusal",
    [
        Failure(status=404, message="Cannot POST /oauth/token"),
        Failure(status=400, message="odd"),
        Failure(status=422, message="odd"),
        Failure(status=401, message="Unauthorized"),
        Failure(status=403, message="Forbidden"),
        Failure(status=302, message="", headers={"location": "/elsewhere"}),
    ],
    ids=lambda one: str(one.status),
)
async def test_what_a_token_endpoint_says_is_not_about_the_call(
    fake, build, contact_id, refusal
) -> None:
    """Odd words instead of a token pass: a contact is not missing, and no scope is."""
    highlevel = build(fake, retries=RetryPolicy(attempts=1))
    await highlevel.install(fake.authorize_code())
    fake.expire_access_tokens()
    fake.inject(refusal, 3, path_contains="/oauth/token")
    with pytest.raises(Unavailable, match="no token") as raised:
        await highlevel.location(fake.location_id).notes.list(contact_id)

    assert (raised.value.path, raised.value.status) == ("/oauth/token", refusal.status)
    assert not raised.value.maybe_applied
    assert fake.stats.refreshes == 0
