"""The one door to the network: bytes out, bounded bytes in, aiohttp's errors turned into ours."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

import aiohttp
from aiohttp import ClientTimeout
from yarl import URL  # aiohttp's own

from ghl_notes.errors import ConfigurationError, HighLevelError, Unavailable, UnexpectedResponse
from ghl_notes.http.borrowed import check_loop, most_connections, pools_of
from ghl_notes.http.connector import Connector
from ghl_notes.http.loops import LoopOwner
from ghl_notes.http.places import Capacity, Lane, Places
from ghl_notes.http.reply import Reply

# Renewals wait for a connection under a hold of the store, which ends however patient a caller is.
_TOKEN_PATIENCE: Final = 5.0

MAX_BODY: Final = 32 * 1024 * 1024
"""The largest reply that is read, in bytes after decompression."""


class Origin:
    """Where calls go. Paths are quoted already, so they are joined to it without parsing."""

    def __init__(self, base_url: str) -> None:
        self._text = base_url
        self._base = URL(base_url)
        self._prefix = self._base.raw_path.rstrip("/")

    def url(self, target: str) -> URL | str:
        """Join the origin and a path, which may have a query."""
        if "?" in target:
            return self._text + target
        return self._base.with_path(self._prefix + target, encoded=True)


class Transport:
    """Sends requests over an aiohttp session, its own or a borrowed one.

    A borrowed session is used and never closed. An own one is made on first use, in the running
    loop, without cookies, and closed by ``close``; once its loop is closed, the next loop gets
    another. ``owner`` is the loop to which it belongs. Redirects are never followed: they could
    carry the token elsewhere. ``timeout`` is what one attempt may take, in seconds, from the
    connection to the last byte. ``server`` is the name of the other end, for messages.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None,
        *,
        timeout: float,
        server: str = "HighLevel",
        owner: LoopOwner | None = None,
    ) -> None:
        self._server = server
        self.seconds: float = timeout
        self._borrowed = session
        self._own: aiohttp.ClientSession | None = None
        self._owner = owner = owner or LoopOwner()
        self._loop: asyncio.AbstractEventLoop | None = None
        capacity = Capacity.within(most_connections(session))
        self.places: Places = Places(
            capacity,
            patience=timeout,
            owner=owner,
            server=server,
            common=lambda: pools_of(session, owner)[0],
        )
        self.token_lane: Lane = Places(
            capacity.for_tokens(),
            patience=_TOKEN_PATIENCE,
            owner=owner,
            server=server,
            common=lambda: pools_of(session, owner)[1],
        ).lane()
        self._timeout = _within(timeout)
        self._closed = False

    async def send(  # noqa: PLR0913 - what aiohttp wants to know
        self,
        method: str,
        url: URL | str,
        headers: Mapping[str, str],
        sent: bytes | None,
        *,
        seconds: float | None = None,
        connecting: float | None = None,
    ) -> Reply:
        """Send one request and read its whole reply, within ``seconds`` or the usual timeout.

        The way to a connection may take ``connecting`` of them.
        Raises ``Unavailable`` when no whole reply came, with the ``status`` if that came, and
        ``UnexpectedResponse`` when the reply is larger than ``MAX_BODY``; before anything was sent
        ``ConfigurationError``, for a session that cannot be used. Where the status and the
        headers are enough, at 429 and from 500 on, a broken body is taken as an empty one.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            await self._enter(loop)
        session = self._borrowed or self._own or self._open()
        response: aiohttp.ClientResponse | None = None
        if self._borrowed is not None:
            headers = {**_introduction(), **headers}
        try:
            response = await session.request(
                method,
                url,
                headers=headers,
                data=sent,
                allow_redirects=False,
                raise_for_status=False,
                timeout=self._timeout if seconds is None else _within(seconds, connecting),
            )
            try:
                body = await _bounded(response)
                if body is None and not _says_all(response):
                    msg = f"{self._server}'s reply is larger than {MAX_BODY} bytes"
                    raise UnexpectedResponse(msg, status=response.status)
                return Reply(response.status, response.headers, body or b"", self._server)
            finally:
                response.release()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = error
        except RuntimeError as error:
            if session.closed:
                raise _closed() from error
            raise
        except ValueError as error:
            if response is None and _is_about_credentials(error):
                raise ConfigurationError(_OTHER_CREDENTIALS) from error
            raise
        if response is not None and _says_all(response):
            return Reply(response.status, response.headers, b"", self._server)
        status = _status_line(failure) if response is None else response.status
        # An error about a response holds the request, and with its headers the token.
        telling = isinstance(failure, aiohttp.ClientResponseError)
        raise _named(failure, self._server, status) from (None if telling else failure)

    @asynccontextmanager
    async def place_for_token(self, *, seconds: float | None = None) -> AsyncIterator[None]:
        """Have one of the connections kept for tokens, to ``send`` a request for one.

        Raises ``Unavailable`` if none becomes free in ``seconds``, whatever ``timeout`` is; in 5.
        """
        self._owner.enter(asyncio.get_running_loop())
        lane = self.token_lane
        place = lane.take(bulk=False) or await lane.wait(bulk=False, seconds=seconds)
        try:
            yield
        finally:
            lane.leave(place)

    def spare(self) -> "Transport":
        """Make one with a session of its own, for what must go on after this one was closed."""
        return Transport(None, timeout=self.seconds, server=self._server)

    async def close(self) -> None:
        """Close the session if it is our own. Calling it twice is fine."""
        if self._own is not None and self._loop is not None:
            loop = asyncio.get_running_loop()
            if loop is not self._loop:
                self._owner.enter(loop)
            await self._own.close()
        self._closed = True

    async def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to this loop, and let go of the connections of one that is closed."""
        self._owner.enter(loop)
        if self._borrowed is not None:
            check_loop(self._borrowed, loop)
        left, self._own = self._own, None
        self._loop = loop
        if left is not None:
            await left.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise _closed()
        self._own = aiohttp.ClientSession(
            headers=_introduction(),
            connector=Connector(limit=self.places.capacity.most, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        if hasattr(self._own, "_retry_connection"):
            # aiohttp repeats a PUT or DELETE on its own when a kept connection turns out dead;
            # it offers no public switch, and its own test client sets this one.
            self._own._retry_connection = False  # noqa: SLF001
        # asyncio reads into blocks of 256 KiB, and glibc maps and unmaps each of them, at a fifth
        # of a request's CPU, until one larger block has been freed: M_MMAP_THRESHOLD, mallopt(3).
        bytes(1024 * 1024)
        return self._own


@cache
def _introduction() -> Mapping[str, str]:
    # Cloudflare, in front of HighLevel, turns away the default agents of Python's libraries.
    from importlib.metadata import version  # noqa: PLC0415 - slow to import, and needed once

    return {"Accept": "application/json", "User-Agent": f"ghl_notes/{version('ghl-notes')}"}


def _within(seconds: float, connecting: float | None = None) -> ClientTimeout:
    # ``connect`` is for all that comes before the request: a connection of a borrowed session's
    # pool, the name, TLS. What fails in it has surely not been sent.
    connecting = connecting or seconds
    return ClientTimeout(
        total=seconds, connect=_CONNECTING * connecting, sock_connect=min(10.0, connecting)
    )


_CONNECTING: Final = 0.9


async def _bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """Read the body, but never more of it than ``MAX_BODY``, packed or unpacked; None for more."""
    length = response.content_length
    if length is not None and length <= MAX_BODY and "Content-Encoding" not in response.headers:
        return await response.read()
    if (length or 0) <= MAX_BODY:
        size, chunks = 0, []
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > MAX_BODY:
                break
            chunks.append(chunk)
        else:
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    response.close()
    return None


def _says_all(response: aiohttp.ClientResponse) -> bool:
    """Tell whether a reply means the same without its body."""
    return response.status == 429 or response.status >= 500  # noqa: PLR2004 - HTTP's own numbers


def _status_line(error: Exception) -> int | None:
    """Find the status of a reply that broke off in its head."""
    head = error.message if isinstance(error, aiohttp.ServerDisconnectedError) else None
    return None if head is None or isinstance(head, str) else head.code


def _named(error: Exception, server: str, status: int | None) -> HighLevelError:
    """Turn an error of the network into ours, and say whether the request can have had effect."""
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return ConfigurationError(
            f"base_url does not make a valid URL of {server}'s API: give https://host"
        )
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        msg = f"no connection to {server} ({_kind(error)}): check base_url and the network"
        return Unavailable(msg, maybe_applied=False)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _no_tunnel(error.status, server)
    maybe, after = status not in _REFUSALS, "" if status is None else f" after its {status}"
    if isinstance(error, TimeoutError):
        msg = f"{server} took too long to answer{after}"
        return Unavailable(msg, settled=False, maybe_applied=maybe, status=status)
    msg = f"the connection to {server} broke{after} ({_kind(error)})"
    return Unavailable(msg, maybe_applied=maybe, status=status)


def _no_tunnel(status: int, server: str) -> HighLevelError:
    """Name what a proxy said instead of opening the way, before any request was sent."""
    if status == 407:  # noqa: PLR2004 - HTTP's own number
        msg = "the session's proxy wants other credentials (407): check its proxy and proxy_auth"
        return ConfigurationError(msg, status=status)
    msg = f"no connection to {server}: the session's proxy refused it with {status}"
    return Unavailable(msg, maybe_applied=False)


def _is_about_credentials(error: ValueError) -> bool:
    """Tell whether aiohttp refused to send our ``Authorization`` beside what the session adds."""
    return "authorization" in str(error).lower()


_OTHER_CREDENTIALS: Final = (
    "the session brings credentials of its own, which cannot go with the token: give one without"
    " auth=, and with trust_env=True one for whose host ~/.netrc has no entry"
)

# With these a request is refused, whatever the lost message was. A 401 may be a gateway's that
# gave up waiting, and a 408 or 425 may be a proxy's.
_REFUSALS: Final = frozenset(range(400, 500)) - {401, 408, 425}


def _closed() -> ConfigurationError:
    return ConfigurationError("the client, or the session given to it, is closed: make a new one")


def _kind(error: Exception) -> str:
    return type(error).__name__
