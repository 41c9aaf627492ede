# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Who opens what, who closes it, and what is refused from the start."""

import asyncio
import math

import aiohttp
import pytest

from ghl_notes import App, Client, HighLevel, Limits, Retried, RetryPolicy, Sent
from ghl_notes.errors import ConfigurationError
from ghl_notes.testing import Fault

TOKEN = {"token": "pit-0"}


async def test_a_client_is_closed_once_and_for_all(fake, connect, contact_id) -> None:
    """Closing twice is fine; a call afterwards says what to do and sends nothing."""
    client = connect(fake)
    async with client:
        await client.notes.list(contact_id)
    await client.close()
    before = fake.stats.requests
    with pytest.raises(ConfigurationError, match="closed"):
        await client.notes.list(contact_id)

    assert fake.stats.requests == before


async def test_an_unused_client_is_closed(fake, connect, contact_id) -> None:
    """A client that never opened a connection opens none after its end either."""
    client = connect(fake)
    await client.close()
    await client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.notes.list(contact_id)


async def test_a_stream_of_a_closed_client_fails_as_data(fake, connect) -> None:
    """A stream goes on with its errors, as for any other failure."""
    client = connect(fake)
    await client.close()
    results = [result async for result in client.notes.stream(fake.contact_ids())]

    assert {type(result.error) for result in results} == {ConfigurationError}


async def test_an_app_is_closed_once_and_for_all(fake, build, contact_id) -> None:
    """Closing the app closes the connections of all its clients."""
    async with build(fake) as highlevel:
        await highlevel.install(fake.authorize_code())
        client = highlevel.location(fake.location_id)
        await client.notes.list(contact_id)
        await client.close()  # has nothing of its own
        await client.notes.list(contact_id)
    await highlevel.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.notes.list(contact_id)
    with pytest.raises(ConfigurationError, match="closed"):
        await highlevel.install(fake.authorize_code())


@pytest.mark.parametrize("kind", ["client", "highlevel"])
async def test_a_session_passed_in_is_never_closed(fake, connect, build, contact_id, kind) -> None:
    """What somebody else opened, somebody else closes."""
    async with aiohttp.ClientSession() as session:
        if kind == "client":
            owner = client = connect(fake, session=session)
        else:
            owner = build(fake, session=session)
            await owner.install(fake.authorize_code())
            client = owner.location(fake.location_id)
        await client.notes.list(contact_id)
        await owner.close()
        assert not session.closed
    with pytest.raises(ConfigurationError, match="closed"):
        await client.notes.list(contact_id)


async def test_a_session_that_follows_and_raises_changes_nothing(
    fake, connect, api_version
) -> None:
    """The manners of a session passed in do not reach the calls."""
    async with aiohttp.ClientSession(raise_for_status=True, headers={"Version": "v1"}) as session:
        client = connect(fake, session=session)
        fake.inject(Fault.SERVER_ERROR)

        assert len(await client.notes.list(fake.contact_ids()[0])) == 5
        assert {seen.version for seen in fake.requests} == {api_version}


async def test_closing_ends_what_is_under_way(start, connect, tasks, until) -> None:
    """A call that is open when its client closes is an error soon, and no task stays behind."""
    fake = await start(slow=30.0)
    client = connect(fake, retries=RetryPolicy(attempts=1))
    fake.inject(Fault.SLOW)
    call = asyncio.create_task(client.notes.list(fake.contact_ids()[0]))
    await until(lambda: fake.stats.requests)
    await client.close()
    done, _ = await asyncio.wait([call], timeout=1.0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    assert done
    assert tasks() == set()


class Auth:
    """The least that hands out tokens."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    async def renew(self, stale: str) -> str:
        return f"{stale}-newer"


async def test_an_auth_of_ones_own(fake, connect, contact_id) -> None:
    """Anything with the two methods can hand out the tokens."""
    client = connect(fake, auth=Auth(fake.private_token))

    assert len(await client.notes.list(contact_id)) == 5


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"token": "t", "auth": Auth("t")},
        {"auth": "pit-0"},
        {"token": ""},
        {"token": " \n"},
        {"token": "a b"},
        {"token": "a\nb"},
        {"token": "tökèn"},
        {"token": 5},
        {**TOKEN, "location_id": "a/b"},
        {**TOKEN, "location_id": ""},
        {**TOKEN, "api_version": "a\nb"},
        {**TOKEN, "api_version": None},
        {**TOKEN, "limits": 100},
        {**TOKEN, "limits": None},
        {**TOKEN, "retries": 5},
        {**TOKEN, "session": "session"},
        {**TOKEN, "timeout": 0},
        {**TOKEN, "timeout": -1},
        {**TOKEN, "timeout": math.inf},
        {**TOKEN, "timeout": math.nan},
        {**TOKEN, "timeout": True},
        {**TOKEN, "timeout": "30"},
        {**TOKEN, "timeout": None},
        {**TOKEN, "base_url": ""},
        {**TOKEN, "base_url": "services.leadconnectorhq.com"},
        {**TOKEN, "base_url": "ftp://services.leadconnectorhq.com"},
        {**TOKEN, "base_url": "https://"},
        {**TOKEN, "base_url": "https://me:secret@services.leadconnectorhq.com"},
        {**TOKEN, "base_url": "http://[::1"},
        {**TOKEN, "base_url": "http://caf\udce9.example"},
        {**TOKEN, "base_url": "http://\u2064"},
        {**TOKEN, "base_url": "https://host:99999"},
        {**TOKEN, "base_url": "https://host:0"},
        {**TOKEN, "base_url": "https://host/?x=1"},
        {**TOKEN, "base_url": "https://host/#x"},
        {**TOKEN, "base_url": None},
        {**TOKEN, "base_url": 5},
    ],
)
async def test_arguments_of_a_client_that_cannot_work(arguments) -> None:
    """A mistake shows where it was made, and not at the first call."""
    with pytest.raises(ConfigurationError):
        Client(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"burst": 0},
        {"burst": True},
        {"interval": 0},
        {"interval": math.nan},
        {"daily": "x"},
        {"reserve": 1},
        {"reserve": -0.1},
    ],
)
def test_limits_that_cannot_work(arguments) -> None:
    """Limits are checked when they are made."""
    with pytest.raises(ConfigurationError, match=next(iter(arguments))):
        Limits(**arguments)


@pytest.mark.parametrize("arguments", [{"app": "app"}, {"api_version": ""}, {"timeout": 0}])
def test_arguments_of_an_app_that_cannot_work(arguments) -> None:
    """The same care for ``HighLevel``."""
    app = App(client_id="c", client_secret="s", redirect_uri="https://app.example.com/")
    with pytest.raises(ConfigurationError):
        HighLevel(**{"app": app, **arguments})


async def test_a_base_url_may_end_in_a_slash(fake, connect, contact_id) -> None:
    """A trailing slash is no part of the path."""
    assert len(await connect(fake, base_url=f"{fake.url}/").notes.list(contact_id)) == 5


async def test_what_the_observer_hears(fake, connect, contact_id) -> None:
    """Each request that went out is one record, each retry another, in the order of time."""
    events = []
    client = connect(fake, observer=events.append)
    for fault in (Fault.SERVER_ERROR, Fault.RESET_BEFORE):
        fake.inject(fault)
    await client.notes.list(contact_id)
    call = ("GET", f"/contacts/{contact_id}/notes")

    assert [type(event) for event in events] == [Sent, Retried, Sent, Retried, Sent]
    assert {(event.method, event.path) for event in events} == {call}
    assert [e.status for e in events if isinstance(e, Sent)] == [500, None, 200]
    assert [e.attempt for e in events if isinstance(e, Retried)] == [1, 2]
    assert {e.reason for e in events if isinstance(e, Retried)} == {"Unavailable"}
    assert all(0 <= e.seconds < 5 for e in events)


async def test_an_observer_that_fails_leaks_no_slot(fake, connect, contact_id) -> None:
    """What an observer raises reaches the caller, and the limiter goes on."""
    broken = [True]

    def observe(_: object) -> None:
        if broken:
            raise LookupError

    client = connect(fake, observer=observe, limits=Limits(burst=1, interval=0.01))
    for _ in range(3):
        with pytest.raises(LookupError):
            await client.notes.list(contact_id)
    broken.clear()

    assert len(await client.notes.list(contact_id)) == 5
