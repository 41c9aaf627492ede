"""The store in Redis: leases that lapse, what others wrote there, and what a Redis must keep."""

import asyncio
import json
import logging
import os
import traceback
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
import pytest_asyncio

from ghl_notes.errors import ConfigurationError, Unavailable
from ghl_notes.models import Owner, location_key
from ghl_notes.stores import Hold, Overtaken, TokenStore
from ghl_notes.stores.owned import OwnedStore
from tests.stores.installs import KEY, count_of, delete, install, keys, save
from tests.stores.resp import SILENCE, bulk, fake_redis
from tests.stores.servers import extra, place_on
from tests.torture.stores import REDIS

redis = extra("ghl_notes.stores.redis")
Client = extra("redis.asyncio").Redis

FORGETFUL, LASTING = bulk("aof_enabled:0\r\n"), bulk("aof_enabled:1\r\n")
NOTHING = b"$-1\r\n"


@pytest_asyncio.fixture
async def prefix() -> AsyncIterator[str]:
    """Give names that nobody else uses."""
    async with place_on("redis") as place:
        yield place


@pytest_asyncio.fixture
async def raw(prefix: str) -> AsyncIterator["Client"]:
    """Give a connection of another program."""
    async with Client.from_url(REDIS) as client:
        yield client


@pytest_asyncio.fixture
async def opening(prefix: str) -> AsyncIterator[Callable[..., TokenStore]]:
    """Give a way to open a store on the same names; what was opened is closed."""
    opened = []

    def open_one(lease: float = 10.0) -> TokenStore:
        opened.append(redis.RedisStore(REDIS, prefix=prefix, lease=lease))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


# --- leases ---------------------------------------------------------------------------------


async def lapse(raw: "Client", prefix: str) -> None:
    """End a lease, as time does to a holder that stands still."""
    assert await raw.delete(f"{prefix}:hold:{KEY}") == 1


def saving(hold: Hold) -> object:
    return hold.save(install(count=7))


def deleting(hold: Hold) -> object:
    return hold.delete()


@pytest.mark.parametrize("change", [saving, deleting])
@pytest.mark.parametrize("before", [[], [install(count=1)]])
async def test_who_lost_his_lease_overwrites_nothing(
    opening: Callable[..., TokenStore],
    raw: "Client",
    prefix: str,
    change: Callable[[Hold], "asyncio.Future[None]"],
    before: list[object],
) -> None:
    """A holder who was overtaken is told so, and the newer token stays."""
    first, second = opening(), opening()
    await save(first, *before)
    async with first.hold(KEY) as hold:
        await lapse(raw, prefix)
        await save(second, install(count=2))
        with pytest.raises(Overtaken, match=KEY):
            await change(hold)

    assert count_of(await first.load(KEY)) == 2


async def test_a_forgotten_install_is_not_brought_back(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """A holder whose install was forgotten meanwhile writes nothing."""
    first, second = opening(), opening()
    await save(first, install(count=1))
    async with first.hold(KEY) as hold:
        await lapse(raw, prefix)
        await delete(second, KEY)
        with pytest.raises(Overtaken):
            await hold.save(install(count=7))

    assert await keys(second) == []


async def test_a_lease_that_lapsed_unused_harms_nobody(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """Where nobody else has changed anything the save is made, and leaving the hold is quiet."""
    store = opening()
    await save(store, install(count=1))
    async with store.hold(KEY) as hold:
        await lapse(raw, prefix)
        await hold.save(install(count=2))

    assert count_of(await store.load(KEY)) == 2


async def test_a_hold_that_lapsed_does_not_free_another(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """Whoever leaves late leaves the present holder alone."""
    first, second = opening(), opening()
    late = first.hold(KEY)
    await late.__aenter__()
    await lapse(raw, prefix)
    async with second.hold(KEY):
        await late.__aexit__(None, None, None)
        held = await raw.exists(f"{prefix}:hold:{KEY}")

    assert held == 1
    assert await raw.exists(f"{prefix}:hold:{KEY}") == 0


async def test_a_long_hold_is_extended(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """A holder who lives keeps his hold for longer than a lease, and not for ever."""
    store, left = opening(lease=0.3), []
    async with store.hold(KEY), asyncio.timeout(5):
        while not any(later > earlier for earlier, later in pairwise(left)):
            left.append(await raw.pttl(f"{prefix}:hold:{KEY}"))
            await asyncio.sleep(0.01)

    assert 0 < min(left) <= max(left) <= 300


async def test_who_waits_in_vain_is_told_for_whom(
    opening: Callable[..., TokenStore], prefix: str
) -> None:
    """The process that holds an install is named, if it is one that says so."""
    waiter = redis.RedisStore(REDIS, prefix=prefix, hold_timeout=0.1)
    async with opening().hold(KEY):
        with pytest.raises(Unavailable, match=f"process {os.getpid()} on") as raised:
            await save(waiter, install())
    await waiter.close()

    assert raised.value.waited
    assert KEY in str(raised.value)


async def test_a_holder_that_is_stuck_loses_its_lease(
    opening: Callable[..., TokenStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that lives and never ends its hold keeps others for a bounded time."""
    monkeypatch.setattr(redis, "_LONGEST_HOLD_SECONDS", 0.4)
    stuck, other = opening(lease=0.3), opening(lease=0.3)
    async with stuck.hold(KEY) as hold:
        async with asyncio.timeout(5):
            await save(other, install(count=1))
        with pytest.raises(Overtaken):
            await hold.save(install(count=7))

    assert count_of(await other.load(KEY)) == 1


@pytest.mark.parametrize("lease", [0, -1.0])
def test_a_lease_is_a_time(lease: float) -> None:
    """A lock that never ends, or never begins, is no lock."""
    with pytest.raises(ConfigurationError, match="lease"):
        redis.RedisStore(REDIS, lease=lease)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("command", ["SET", "EVAL", "EVALSHA"])
async def test_a_command_is_never_cut_short(command: str, times: int) -> None:
    """Taking a hold, saving and leaving end before their caller is cancelled, and then the hold."""
    replies = {"INFO": LASTING, "HGET": NOTHING, "HGETALL": b"*0\r\n"}
    replies |= {"EVAL": b":1\r\n", "EVALSHA": b":1\r\n"}
    async with fake_redis(**replies) as fake:
        gate = fake.gates[command] = asyncio.Event()
        store, other = redis.RedisStore(fake.url), redis.RedisStore(fake.url)
        saving = asyncio.create_task(save(store, install(count=1)))
        await fake.until_asked(command)
        for _ in range(times):
            saving.cancel()
            await keys(other)  # which takes as long as the next command would
            await keys(other)
        early = saving.done() or fake.asked.count("EVALSHA") > (command == "EVALSHA")
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(saving, 5)
        await store.close()
        await other.close()

    assert not early
    assert fake.asked.count(command) == 1
    assert fake.asked.count("EVALSHA") == 1  # which releases the lock


# --- what others wrote ----------------------------------------------------------------------

OURS = {
    "version": 1,
    "key": KEY,
    "user_type": "Location",
    "location_id": "loc",
    "company_id": None,
    "user_id": None,
    "scopes": "a.read",
    "access_token": "hush",
    "refresh_token": None,
    "issued_at": 1.5,
    "expires_at": 2.5,
    "installed_at": None,
    "spent_at": None,
}


async def test_the_first_version_is_read(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """What version 1 wrote, as it was released, is read for ever."""
    await raw.hset(f"{prefix}:installs", KEY, json.dumps(OURS))
    stored = await opening().load(KEY)

    assert stored is not None
    assert stored.install.scopes == ("a.read",)
    assert (stored.token.access_token, stored.token.expires_at) == ("hush", 2.5)
    assert stored.install.client_id is None


async def test_what_version_1_wrote_is_adopted(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """Its tokens and times are the app's to the last digit, and what cannot be read stays."""
    exact = {**OURS, "issued_at": 1784284038.1234567}
    await raw.hset(f"{prefix}:installs", KEY, json.dumps(exact))
    await raw.hset(f"{prefix}:installs", "location:odd", b"hush")
    owner = Owner("highlevel", "65-reader")
    found = await OwnedStore(opening(), owner).load(location_key("loc", owner))

    assert found is not None
    assert (found.token.access_token, found.token.issued_at) == ("hush", exact["issued_at"])
    assert sorted(await raw.hkeys(f"{prefix}:installs")) == [
        location_key("loc", owner).encode(),
        b"location:odd",
    ]


async def test_a_renewal_of_version_0_1_is_waited_for(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """What a process of it is about to save is adopted, and not the token that it has spent."""
    await raw.hset(f"{prefix}:installs", KEY, json.dumps(OURS))
    await raw.set(f"{prefix}:hold:{KEY}", "another process", px=60_000)
    owner = Owner("highlevel", "65-reader")
    finding = asyncio.create_task(OwnedStore(opening(), owner).load(location_key("loc", owner)))
    await asyncio.sleep(0.1)
    early = finding.done()
    await raw.hset(f"{prefix}:installs", KEY, json.dumps({**OURS, "access_token": "hush 2"}))
    await raw.delete(f"{prefix}:hold:{KEY}")
    found = await asyncio.wait_for(finding, 10)

    assert not early
    assert found is not None
    assert found.token.access_token == "hush 2"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"hush", "another prefix"),
        (b"\xff\xfe", "another prefix"),
        (b'["hush"]', "another prefix"),
        (b"null", "another prefix"),
        (b'{"access_token": "hush"}', "another prefix"),
        (b'{"version": 1, "access_token": "hush"}', "another prefix"),
        (json.dumps({**OURS, "issued_at": "hush"}).encode(), "another prefix"),
        (json.dumps({**OURS, "expires_at": 1e300}).encode(), "another prefix"),
        (json.dumps({**OURS, "scopes": None}).encode(), "another prefix"),
        (json.dumps({**OURS, "version": 9}).encode(), "newer ghl_notes"),
    ],
)
async def test_what_is_not_ours_is_left_alone(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str, value: bytes, why: str
) -> None:
    """A value that cannot be read is refused by its key, is not told, and stays as it was."""
    store = opening()
    await raw.hset(f"{prefix}:installs", KEY, value)
    for use in (store.load(KEY), save(store, install()), keys(store)):
        with pytest.raises(ConfigurationError, match=why) as raised:
            await use

        assert KEY in str(raised.value)
        assert "hush" not in "".join(traceback.format_exception(raised.value))
    assert await raw.hgetall(f"{prefix}:installs") == {KEY.encode(): value}
    assert await raw.exists(f"{prefix}:hold:{KEY}") == 0


async def test_a_key_of_another_kind(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """Where another program keeps something else under our name, that is said and left."""
    store = opening()
    await raw.set(f"{prefix}:installs", "mine")
    for use in (store.load(KEY), save(store, install()), keys(store)):
        with pytest.raises(ConfigurationError, match="WRONGTYPE"):
            await use

    assert await raw.get(f"{prefix}:installs") == b"mine"


async def test_prefixes_are_stores_of_their_own(
    opening: Callable[..., TokenStore], prefix: str
) -> None:
    """Two apps may share a Redis."""
    other = redis.RedisStore(REDIS, prefix=f"{prefix}:other")
    await save(opening(), install())
    claimed = [await opening().claim("n", seconds=60), await other.claim("n", seconds=60)]

    assert await keys(other) == []
    assert claimed == [True, True]
    await other.close()


# --- what a Redis must keep -----------------------------------------------------------------


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "ghl_notes.stores"]


async def test_a_forgetful_redis_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    """Without its append-only file Redis loses tokens for good, so the log says so, once."""
    caplog.set_level(logging.WARNING, "ghl_notes.stores")
    async with fake_redis(INFO=FORGETFUL, HGET=NOTHING) as fake:
        store = redis.RedisStore(fake.url)
        await asyncio.gather(*(store.load(KEY) for _ in range(3)))
        await store.close()
        await store.load(KEY)
        await store.close()

    assert len(warnings(caplog)) == 1
    assert "appendonly yes" in warnings(caplog)[0]
    assert fake.asked.count("INFO") == 1


@pytest.mark.parametrize(
    "info", [LASTING, bulk("role:master\r\n"), b"-NOPERM this user has no permissions\r\n"]
)
async def test_a_redis_that_keeps_or_does_not_say(
    caplog: pytest.LogCaptureFixture, info: bytes
) -> None:
    """Nothing is said of a Redis that writes its file, or may not be asked."""
    async with fake_redis(INFO=info, HGET=NOTHING) as fake:
        store = redis.RedisStore(fake.url)
        loaded = await store.load(KEY)
        await store.close()

    assert loaded is None
    assert warnings(caplog) == []


async def test_a_first_connection_that_fails_is_not_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The warning is not lost with a Redis that was still loading."""
    replies = {"INFO": b"-LOADING Redis is loading the dataset in memory\r\n", "HGET": NOTHING}
    async with fake_redis(**replies) as fake:
        store = redis.RedisStore(fake.url)
        with pytest.raises(Unavailable, match="loading"):
            await store.load(KEY)
        fake.replies = {**replies, "INFO": FORGETFUL}
        await store.load(KEY)
        await store.close()

    assert len(warnings(caplog)) == 1


# --- what is told ---------------------------------------------------------------------------


async def test_a_redis_that_is_not_there() -> None:
    """Whoever cannot connect is told so at once, without the password."""
    store = redis.RedisStore("redis://me:hush@127.0.0.1:1/0")
    for use in (store.load(KEY), save(store, install()), keys(store), store.claim("n", seconds=1)):
        with pytest.raises(Unavailable, match="see that it runs") as raised:
            await use

        assert raised.value.maybe_applied is False
        assert "hush" not in "".join(traceback.format_exception(raised.value))
    await store.close()


async def test_a_redis_that_hangs() -> None:
    """A Redis that takes connections and answers nothing holds nobody up for long."""
    async with fake_redis(INFO=LASTING, HGET=SILENCE, SET=SILENCE) as fake:
        store = redis.RedisStore(f"{fake.url}?socket_timeout=0.05")
        for use in (store.load(KEY), store.claim("n", seconds=60), save(store, install())):
            with pytest.raises(Unavailable, match="Timeout"):
                await asyncio.wait_for(use, 5)
        await store.close()

    assert [fake.asked.count(one) for one in ("HGET", "SET")] == [1, 2]  # none is repeated


async def test_a_redis_that_ends_idle_connections(
    opening: Callable[..., TokenStore], raw: "Client", prefix: str
) -> None:
    """Connections that ended while nobody used them are replaced, without an error."""
    store = redis.RedisStore(f"{REDIS}?client_name={prefix}", prefix=prefix)
    await save(store, install(count=1))
    for one in await raw.client_list():
        if one["name"] == prefix:
            await raw.client_kill_filter(_id=one["id"])

    assert count_of(await store.load(KEY)) == 1
    await store.close()


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        (b"-WRONGPASS invalid username-password pair or user is disabled.\r\n", ConfigurationError),
        (b"-NOAUTH Authentication required.\r\n", ConfigurationError),
        (b"-NOPERM this user has no permissions to run the 'hget' command\r\n", ConfigurationError),
        (b"-DENIED Redis is running in protected mode\r\n", ConfigurationError),
        (b"-ERR unknown command 'HGET'\r\n", ConfigurationError),
        (b"-MOVED 3999 127.0.0.1:6381\r\n", ConfigurationError),
        (b"-ERR DB index is out of range\r\n", ConfigurationError),
        (b"-ERR Error running script: WRONGTYPE Operation against a key\r\n", ConfigurationError),
        (b"-MISCONF Errors writing to the AOF file: No space left on device\r\n", Unavailable),
        (b"-NOREPLICAS Not enough good replicas to write.\r\n", Unavailable),
        (b"-BUSY Redis is busy running a script.\r\n", Unavailable),
        (b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", Unavailable),
        (b"-CLUSTERDOWN The cluster is down\r\n", Unavailable),
        (b"-ERR max number of clients reached\r\n", Unavailable),
        (b"-UNBLOCKED force unblock from blocking operation\r\n", Unavailable),
        (b"-SOMETHING that a later Redis says\r\n", Unavailable),
        (b"!not redis at all\r\n", Unavailable),
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", Unavailable),
        (b"-READONLY You can't write against a read only replica.\r\n", Unavailable),
        (b"-MASTERDOWN Link with MASTER is down\r\n", Unavailable),
        (b"-LOADING Redis is loading the dataset in memory\r\n", Unavailable),
    ],
)
async def test_what_redis_refuses(reply: bytes, raised: type[Exception]) -> None:
    """What passes is to be tried again, and what does not pass is to be mended."""
    async with fake_redis(INFO=LASTING, HGET=reply) as fake:
        store = redis.RedisStore(fake.url)
        with pytest.raises(raised) as error:
            await store.load(KEY)
        await store.close()

    assert reply[1:].split()[1].decode() in str(error.value)
    assert (error.value.__cause__, error.value.__context__) == (None, None)


async def test_an_error_tells_no_token() -> None:
    """Redis repeats the arguments of a command that it does not know; we do not."""
    reply = b"-ERR unknown command 'EVAL', with args beginning with: 'x' 'refresh 1'\r\n"
    async with fake_redis(INFO=LASTING, HGET=NOTHING, EVAL=reply, EVALSHA=b":1\r\n") as fake:
        store = redis.RedisStore(fake.url)
        with pytest.raises(ConfigurationError, match="unknown command") as raised:
            await save(store, install(count=1))
        await store.close()

    assert "refresh 1" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "url",
    [
        "hush",
        "http://:hush@127.0.0.1",
        "redis://:hu/sh@127.0.0.1",
        "redis://me:12/sh@127.0.0.1",
        "redis://127.0.0.1?hush=hush",
        "redis://:hush@caf\udce9.example",
        "redis://:hush@a..b/0",
    ],
)
def test_a_url_that_cannot_be_read(url: str) -> None:
    """A password that breaks its URL is not told, but how to write it; nor is an odd option."""
    with pytest.raises(ConfigurationError, match="percent-encode") as raised:
        redis.RedisStore(url)

    assert "sh" not in str(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
