"""What is to be known of a session that somebody else made, and others may use beside us."""

import asyncio

import aiohttp

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.loops import LoopOwner
from ghl_notes.http.places import Pool, common_pools


def most_connections(session: aiohttp.ClientSession | None) -> int:
    """Return how many connections a session has, as its owner chose; 0 for any number."""
    connector = None if session is None else session.connector
    if connector is None:
        return 0
    return min((one for one in (connector.limit, connector.limit_per_host) if one), default=0)


def pools_of(
    session: aiohttp.ClientSession | None, owner: LoopOwner
) -> tuple[Pool, Pool] | tuple[None, None]:
    """Find what its users take of a session's connections, for calls and for calls for tokens.

    There is nothing to share of any number of connections, nor with the users of another loop.
    """
    most = most_connections(session)
    if session is None or session.connector is None or not most:
        return None, None
    loop = getattr(session, "_loop", None)
    if loop is None or not owner.is_of(loop):
        return None, None
    return common_pools(session.connector, most)


def check_loop(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop) -> None:
    """Refuse a session of another loop, in which a request would hang or fail without a reason."""
    if getattr(session, "_loop", loop) is not loop:
        msg = "the session belongs to another event loop: pass one that was made in this loop"
        raise ConfigurationError(msg)
