"""The store for many machines that have a Redis and no PostgreSQL (extra ``redis``)."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final, TypeAlias, cast
from uuid import uuid4

from attrs import define
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable
from ghl_notes.models import Owner, StoredInstall
from ghl_notes.stores.finishing import begun, finished
from ghl_notes.stores.forking import OwnLoop, OwnProcess
from ghl_notes.stores.protocol import Overtaken
from ghl_notes.stores.redis_server import answered, client, look_at
from ghl_notes.stores.redis_values import adoptions, from_entry, from_text, to_text
from ghl_notes.stores.rows import readable
from ghl_notes.stores.secrecy import Secretive
from ghl_notes.stores.waiting import HOLD_SECONDS, Turns, Wait, checked_timeout, too_late

__all__ = ["RedisStore"]

_Text: TypeAlias = Awaitable[bytes | None]
_Texts: TypeAlias = Awaitable[dict[bytes, bytes]]

_POLL_SECONDS: Final = 0.05
# No renewal takes that long. One that still holds by then is stuck, and others get in before they
# give up waiting.
_LONGEST_HOLD_SECONDS: Final = 45.0
# A lease may lapse under its holder, so a change is made only to what the holder has read. For
# each: the key, the value that was read, and what it shall be; all of them are changed, or none.
# Nor is anything changed while one of the holds that are named besides is taken.
_CHANGE: Final = """
for n = 2, #KEYS do
    if redis.call('EXISTS', KEYS[n]) == 1 then return 0 end
end
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
_holder: Final = re.compile(rb"(\d{1,10})@([\w.-]{1,255}):", re.ASCII).match


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
        if not await answered(self.redis.eval(_CHANGE, 1, self.name, key, self.text, text)):
            msg = f"the hold on {self.key} lapsed, and somebody else has changed the install"
            raise Overtaken(msg)
        self.text = text


class RedisStore(Secretive):
    """Keeps installs in the hash ``<prefix>:installs`` of a Redis, or of a Valkey.

    Safe for any number of processes and machines. A hold is redis-py's lock under
    ``<prefix>:hold:<key>``, whose ``lease`` (seconds) is extended while it is held, for 45 s at
    most. A holder that dies keeps the others waiting for at most the lease. One whose lease lapsed
    all the same, in a process that stood still, overwrites nothing: each save compares what is
    there with what the hold has read, and raises ``Overtaken``. A caller who waits for a hold for
    ``hold_timeout`` seconds gets ``Unavailable``, which names the holder's process. Claims are
    keys that expire, ``<prefix>:claim:<name>``.

    **Redis must write its append-only file** (``appendonly yes``): without it a restart brings
    back an older token, which is dead, and its user must install again. The first connection logs
    one warning if it is off. Even so the last second is lost with the power, unless
    ``appendfsync always`` is set, and a fail-over to a replica loses what had not reached it. Keep
    ``maxmemory-policy`` at ``noeviction``. Where that is not enough, use ``PostgresStore``.

    ``url`` is redis-py's (``redis://``, ``rediss://``, ``unix://``) and may hold its options, such
    as ``?socket_timeout=2``. A Redis that does not answer within 5 s raises ``Unavailable``. A
    value that this library did not write, or a newer one did, raises ``ConfigurationError`` and
    is left alone. What passes, as a full disk or a fail-over, is ``Unavailable``. Belongs to the
    process and to the event loop that uses it first, and to the next loop when that one is closed;
    another one gets ``ConfigurationError``. Tokens are written as they are: ``Sealed`` encrypts
    them.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "ghl_notes",
        lease: float = 10.0,
        hold_timeout: float = HOLD_SECONDS,
    ) -> None:
        if lease < 0.001:  # noqa: PLR2004 - what Redis counts in
            msg = (
                "RedisStore: lease must be a time in seconds, longer than a renewal may stand still"
            )
            raise ConfigurationError(msg)
        self._hold_timeout = checked_timeout(hold_timeout, "RedisStore")
        self._url = url
        self._prefix = prefix
        self._lease = lease
        self._installs = f"{prefix}:installs"
        self._redis = client(url)
        self._is_looked_at = False
        self._process = OwnProcess()
        self._loop = OwnLoop(self._renew)
        self._turns = Turns()

    async def load(self, key: str) -> StoredInstall | None:
        """Return the install kept under ``key``, or None."""
        return from_text(key, await self._text(key))

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[_Held]:
        """Wait for the sole right, among all machines, to change the install under ``key``.

        Should its lease lapse, the others no longer wait, and a change raises ``Overtaken``.
        """
        redis = await self._ready()
        wait = Wait.of(self._hold_timeout)
        lock = redis.lock(f"{self._prefix}:hold:{key}", timeout=self._lease, thread_local=False)
        async with self._turns.taken(key, wait) as is_our_turn:
            try:
                if not (is_our_turn and await _taken(lock, wait)):
                    raise await self._too_late(key)
                async with _extended(lock, self._lease):
                    text = await self._text(key)
                    yield _Held(redis, self._installs, key, text, from_text(key, text))
            finally:
                with suppress(RedisError):  # lost already, or not to be reached: its lease ends it
                    await finished(lock.release())

    async def list(self) -> AsyncIterator[StoredInstall]:
        """Iterate over all installs, ordered by key, as they stood at the first step."""
        redis = await self._ready()
        texts = await answered(finished(cast("_Texts", redis.hgetall(self._installs))))
        for stored in readable(sorted(texts.items()), from_entry):
            yield stored

    async def adopt(self, *, provider: str, client_id: str) -> None:
        """Make all installs of that provider whose app is unknown those of this app."""
        redis, wait = await self._ready(), Wait.of(self._hold_timeout)
        while wait.left:
            texts = await answered(finished(cast("_Texts", redis.hgetall(self._installs))))
            changes = adoptions(texts, Owner(provider, client_id))
            if not changes:
                return
            # A process of version 0.1 may be in the middle of a renewal, which must not be lost.
            holds = [f"{self._prefix}:hold:".encode() + key for key in changes[::6]]
            changing = redis.eval(_CHANGE, 1 + len(holds), self._installs, *holds, *changes)
            if await answered(finished(changing)):
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise too_late("an install of version 0.1", self._hold_timeout, "another process")

    async def claim(self, name: str, *, seconds: float) -> bool:
        """Return True to the first who claims ``name``, and False to others for ``seconds``."""
        if seconds <= 0:
            redis = await self._ready()
            return not await answered(finished(redis.exists(self._claim_of(name))))
        return await self._set(name, seconds, only_new=True)

    async def remember(self, name: str, *, seconds: float) -> None:
        """Keep ``name`` claimed for ``seconds`` from now."""
        if seconds <= 0:
            await self.forget(name)
        else:
            await self._set(name, seconds, only_new=False)

    async def forget(self, name: str) -> None:
        """Free ``name`` at once."""
        redis = await self._ready()
        await answered(finished(redis.delete(self._claim_of(name))))

    async def close(self) -> None:
        """Close the connections. The store opens them again if it is used again."""
        self._process.check()
        await self._loop.close()

    async def _text(self, key: str) -> bytes:
        redis = await self._ready()
        return await answered(finished(cast("_Text", redis.hget(self._installs, key)))) or b""

    async def _set(self, name: str, seconds: float, *, only_new: bool) -> bool:
        redis = await self._ready()
        milliseconds = max(1, round(seconds * 1000))
        claim = redis.set(self._claim_of(name), b"", px=milliseconds, nx=only_new)
        return bool(await answered(finished(claim)))

    def _claim_of(self, name: str) -> str:
        return f"{self._prefix}:claim:{name}"

    async def _ready(self) -> Redis:
        self._process.check()
        await self._loop.check()
        redis = self._redis
        if not self._is_looked_at:
            self._is_looked_at = True
            try:
                await answered(look_at(redis))
            except HighLevelError:
                self._is_looked_at = False
                raise
        return redis

    def _renew(self) -> AsyncExitStack:
        closing = AsyncExitStack()
        closing.push_async_callback(self._redis.aclose)
        self._redis = client(self._url)
        return closing

    async def _too_late(self, key: str) -> Unavailable:
        name = f"{self._prefix}:hold:{key}"
        signed = await answered(finished(cast("_Text", self._redis.get(name))))
        found = _holder(signed or b"")
        holder = f"process {found[1].decode()} on {found[2].decode()}" if found else "another task"
        return too_late(f"RedisStore: the install {key}", self._hold_timeout, holder)


async def _taken(lock: Lock, wait: Wait) -> bool:
    """Take a lock in the name of this process; False if it is not free in time."""
    token = f"{os.getpid()}@{socket.gethostname()}:{uuid4().hex}"
    # Not cut short, or the lock would be taken without a holder to release it.
    while not await answered(finished(lock.acquire(blocking=False, token=token))):
        if not wait.left:
            return False
        await asyncio.sleep(min(_POLL_SECONDS, wait.left))
    return True


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

    extending = begun(extend())
    try:
        yield
    finally:
        over.set_result(None)  # not a cancellation, which redis-py may swallow
        await finished(extending)
