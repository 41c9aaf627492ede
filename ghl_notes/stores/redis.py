"""The store for many machines that have a Redis and no PostgreSQL (extra ``redis``)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final, cast
from urllib.parse import urlsplit

from attrs import define
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.lock import Lock
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClusterDownError,
    ConnectionError,  # noqa: A004 - redis-py's own
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - redis-py's own
)

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.stores.finishing import finished
from ghl_notes.stores.forking import OwnProcess
from ghl_notes.stores.protocol import Overtaken
from ghl_notes.stores.redis_values import adoptions, from_entry, from_text, to_text
from ghl_notes.stores.rows import readable
from ghl_notes.stores.secrecy import Secretive

__all__ = ["RedisStore"]

_log = logging.getLogger("ghl_notes.stores")

_POLL_SECONDS: Final = 0.05
_ANSWER_SECONDS: Final = 5.0
_CONNECTIONS: Final = 20
# No renewal takes that long; whoever still holds by then has lost its way.
_LONGEST_HOLD_SECONDS: Final = 60.0
# A lease may lapse under its holder, so a change is made only to what the holder has read. For
# each: the key, the value that was read, and what it shall be; all of them are changed, or none.
_CHANGE: Final = """
for n = 1, #ARGV, 3 do
    if (redis.call('HGET', KEYS[1], ARGV[n]) or '') ~= ARGV[n + 1] then return 0 end
end
for n = 1, #ARGV, 3 do
    if ARGV[n + 2] == '' then
        redis.call('HDEL', KEYS[1], ARGV[n])
    else
        redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 2])
    end
end
return 1
"""
_PASSING: Final = (ConnectionError, TimeoutError, OutOfMemoryError, ReadOnlyError, ClusterDownError)
_REFUSED: Final = (AuthenticationError, AuthorizationError)


@define
class _Held:
    redis: Redis
    name: str  # of the hash
    key: str
    text: bytes  # as it was read, or written last; empty for nothing
    stored: StoredInstall | None

    async def save(self, stored: StoredInstall) -> None:
        await finished(self._change(stored.install.key, to_text(stored)))
        self.stored = stored

    async def delete(self) -> None:
        await finished(self._change(self.key, b""))
        self.stored = None

    async def _change(self, key: str, text: bytes) -> None:
        with _explained():
            changed = await self.redis.eval(_CHANGE, 1, self.name, key, self.text, text)
        if not changed:
            msg = f"the hold on {self.key} lapsed, and somebody else has changed the install"
            raise Overtaken(msg)
        self.text = text


class RedisStore(Secretive):
    """Keeps installs in the hash ``<prefix>:installs`` of a Redis, or of a Valkey.

    Safe for any number of processes and machines. A hold is redis-py's lock under
    ``<prefix>:hold:<key>``, whose ``lease`` (seconds) is extended while it is held. A holder that
    dies keeps the others waiting for at most that long. One whose lease lapsed all the same, in a
    process that stood still, overwrites nothing: each save compares what is there with what the
    hold has read, and raises ``Overtaken``. Claims are keys that expire, ``<prefix>:claim:<name>``.

    **Redis must write its append-only file** (``appendonly yes``): without it a restart brings
    back an older token, which is dead, and its user must install again. The first connection logs
    one warning if it is off. Even so the last second is lost with the power, unless
    ``appendfsync always`` is set, and a fail-over to a replica loses what had not reached it. Keep
    ``maxmemory-policy`` at ``noeviction``. Where that is not enough, use ``PostgresStore``.

    ``url`` is redis-py's (``redis://``, ``rediss://``, ``unix://``) and may hold its options, such
    as ``?socket_timeout=2``. A Redis that does not answer within 5 s raises ``Unavailable``. A
    value that this library did not write, or a newer one did, raises ``ConfigurationError`` and
    is left alone. Tokens are written as they are: ``Sealed`` encrypts them.
    """

    def __init__(self, url: str, *, prefix: str = "ghl_notes", lease: float = 10.0) -> None:
        if lease < 0.001:  # noqa: PLR2004 - what Redis counts in
            msg = (
                "RedisStore: lease must be a time in seconds, longer than a renewal may stand still"
            )
            raise ConfigurationError(msg)
        self._url = url
        self._prefix = prefix
        self._lease = lease
        self._installs = f"{prefix}:installs"
        self._redis = _client(url)
        self._is_looked_at = False
        self._process = OwnProcess()

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        return from_text(key, await self._text(key))

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, among all machines, to change the install under ``key``.

        Should its lease lapse, the others no longer wait, and a change raises ``Overtaken``.
        """
        name = f"{self._prefix}:hold:{key}"
        redis = await self._ready()
        lock = redis.lock(name, timeout=self._lease, thread_local=False)
        try:
            with _explained():
                # Not cut short, or it would be taken and nobody would know.
                while not await finished(lock.acquire(blocking=False)):  # noqa: ASYNC110 - another's
                    await asyncio.sleep(_POLL_SECONDS)
            async with _extended(lock, self._lease):
                text = await self._text(key)
                yield _Held(redis, self._installs, key, text, from_text(key, text))
        finally:
            with suppress(RedisError):  # lost already, or not to be reached: its lease ends it
                await finished(lock.release())

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key, as they stood at the first step."""
        redis = await self._ready()
        with _explained():
            texts = cast("dict[bytes, bytes]", await finished(redis.hgetall(self._installs)))
        for stored in readable(sorted(texts.items()), from_entry):
            yield stored

    async def adopt(self, *, provider: str, client_id: str) -> None:
        """Make all installs of that provider whose app is unknown those of this app."""
        redis, owner = await self._ready(), Owner(provider, client_id)
        changed = False
        while not changed:  # somebody has changed one of them meanwhile: look again
            with _explained():
                texts = cast("dict[bytes, bytes]", await finished(redis.hgetall(self._installs)))
                changes = adoptions(texts, owner)
                if not changes:
                    return
                changed = bool(await finished(redis.eval(_CHANGE, 1, self._installs, *changes)))

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        return await self._set(name, seconds, only_new=True)

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        await self._set(name, seconds, only_new=False)

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        redis = await self._ready()
        with _explained():
            await finished(redis.delete(self._claim_of(name)))

    async def close(self) -> None:
        """Close the connections. The store opens them again if it is used again."""
        redis, self._redis = self._redis, _client(self._url)
        await redis.aclose()

    async def _text(self, key: str) -> bytes:
        redis = await self._ready()
        with _explained():
            return cast("bytes | None", await finished(redis.hget(self._installs, key))) or b""

    async def _set(self, name: str, seconds: float, *, only_new: bool) -> bool:
        redis = await self._ready()
        milliseconds = max(1, round(seconds * 1000))
        with _explained():
            claim = redis.set(self._claim_of(name), b"", px=milliseconds, nx=only_new)
            return bool(await finished(claim))

    def _claim_of(self, name: str) -> str:
        return f"{self._prefix}:claim:{name}"

    async def _ready(self) -> Redis:
        self._process.check()
        redis = self._redis
        if not self._is_looked_at:
            self._is_looked_at = True
            try:
                with _explained():
                    await _look_at(redis)
            except HighLevelError:
                self._is_looked_at = False
                raise
        return redis


def _client(url: str) -> Redis:
    try:
        # After the host an @ is a password's, and the host is a part of it that errors would tell.
        is_clear = "@" not in "".join(urlsplit(url)[2:])
        pool = BlockingConnectionPool.from_url(
            url,
            protocol=2,
            decode_responses=False,  # what others wrote need not be text
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            # Repeated after a lost reply, a claim would be refused to its own claimant.
            retry=Retry(NoBackoff(), 0),
        )
    except (ValueError, TypeError):  # which may quote it
        is_clear = False
    if not is_clear:
        msg = "RedisStore: the url cannot be read; percent-encode a password in it"
        raise ConfigurationError(msg)
    return Redis.from_pool(pool)


async def _look_at(redis: Redis) -> None:
    """Warn of a Redis that forgets. One that may not be asked (INFO) is not judged."""
    try:
        persistence = await redis.info("persistence")
    except ResponseError:
        return
    if persistence.get("aof_enabled") == 0:
        _log.warning(
            "Redis keeps no append-only file: tokens that were saved since its last snapshot are"
            " lost with a restart, and their users must install again; set 'appendonly yes'"
        )


@asynccontextmanager
async def _extended(lock: Lock, lease: float) -> AsyncIterator[None]:
    """Extend a lock for as long as this lasts."""
    over = asyncio.get_running_loop().create_future()

    async def extend() -> None:
        for _ in range(max(1, int(3 * _LONGEST_HOLD_SECONDS / lease))):
            await asyncio.wait({over}, timeout=lease / 3)
            if over.done():
                return
            with suppress(RedisError):  # a lease that lapsed is found out by the save
                await lock.reacquire()

    extending = asyncio.create_task(extend())
    try:
        yield
    finally:
        over.set_result(None)  # not a cancellation, which redis-py may swallow
        await finished(extending)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what Redis says as ``Unavailable`` or ``ConfigurationError``."""
    try:
        yield
    except RedisError as error:
        # Of a command it does not know Redis repeats the arguments.
        said = str(error).partition(", with args")[0] or type(error).__name__
        if isinstance(error, _PASSING) and not isinstance(error, _REFUSED):
            msg = f"RedisStore: Redis cannot be used now ({said}); see that it runs and can be"
            msg += " reached, and try again"
            raise Unavailable(msg, maybe_applied=False) from None
        msg = f"RedisStore: Redis cannot be used as a store ({said})"
        raise ConfigurationError(msg) from None
