"""The server behind ``RedisStore``: its connections, what it must keep, what its errors mean."""

import logging
import re
from collections.abc import Awaitable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    ClusterCrossSlotError,
    DataError,
    MovedError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable

__all__ = ["answered", "client", "look_at"]

R = TypeVar("R")

_log = logging.getLogger("ghl_notes.stores")

_ANSWER_SECONDS: Final = 5.0
_CONNECTIONS: Final = 20
# The errors that stay. All others may pass: a full disk (MISCONF), replicas that are missing
# (NOREPLICAS), a script that runs (BUSY), a fail-over, and the errors of later versions of Redis.
_HOPELESS: Final = (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    NoPermissionError,
    ClusterCrossSlotError,  # a cluster, which is not what this store is for
    MovedError,
    DataError,
    ValueError,  # an id that is no text
)
# The same where redis-py has no class for it, or where an older Redis reports a script's: another
# program's key, a Redis that is closed to us, no scripts, no such database.
_is_hopeless: Final = re.compile("WRONGTYPE|^DENIED|unknown command|DB index").search


def client(url: str) -> Redis:
    """Make a client, which connects when it is used."""
    try:
        # An @ after the host belongs to a password, part of which errors would quote as the host.
        is_clear = "@" not in "".join(urlsplit(url)[2:])
        (urlsplit(url).hostname or "").encode("idna")  # refuses what no name of a host can be
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
        # It connects nothing, and refuses options that it does not know.
        pool.make_connection()  # type: ignore[no-untyped-call] # redis-py has no types here
    except (ValueError, TypeError):  # which may quote it
        is_clear = False
    if not is_clear:
        msg = "RedisStore: the url cannot be read; check its options, and percent-encode a password"
        raise ConfigurationError(msg)
    return Redis.from_pool(pool)


async def look_at(redis: Redis) -> None:
    """Warn of a Redis that may lose data. Without the right to INFO nothing is checked."""
    try:
        persistence = await redis.info("persistence")
    except ResponseError:
        return
    if persistence.get("aof_enabled") == 0:
        _log.warning(
            "Redis keeps no append-only file: tokens that were saved since its last snapshot are"
            " lost with a restart, and their users must install again; set 'appendonly yes'"
        )


async def answered(work: Awaitable[R]) -> R:
    """Await the reply of Redis; raise ``Unavailable`` or ``ConfigurationError`` for a refusal."""
    try:
        return await work
    except HighLevelError:
        raise
    except (RedisError, OSError, ValueError) as error:
        failure = _failure(error)
    raise failure  # not from the handler, whose error may repeat a token


def _failure(error: Exception) -> HighLevelError:
    # Of a command it does not know Redis repeats the arguments.
    reason = str(error).partition(", with args")[0] or type(error).__name__
    if isinstance(error, _HOPELESS) or _is_hopeless(reason):
        return ConfigurationError(f"RedisStore: Redis cannot be used as a store ({reason})")
    msg = f"RedisStore: Redis cannot be used now ({reason}); see that it runs and can be"
    msg += " reached, and try again"
    return Unavailable(msg, maybe_applied=False)
