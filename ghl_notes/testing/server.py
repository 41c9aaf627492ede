"""A service on loopback: aiohttp reads the requests and writes the replies."""

import asyncio
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol
from urllib.parse import unquote

from aiohttp import web
from attrs import define, evolve, field

from ghl_notes.testing.faults import Fault, Trouble
from ghl_notes.testing.replies import Call, Outcome, Reply
from ghl_notes.testing.stats import SeenRequest
from ghl_notes.testing.wire import (
    Encoding,
    body_of,
    broken_gzip,
    compressed,
    gzip_bomb,
    huge_chunks,
)

__all__ = ["Server"]

_HOST = "127.0.0.1"
_SEEN = 1000
_PARTIAL = 206
_PATIENCE = 0.05  # seconds a reply under way gets at closing time
# CPython 3.13.0 stumbles over a connection that is taken in after its listener closed.
_STUMBLES = sys.version_info[:2] == (3, 13)
_RST = struct.pack("ii", 1, 0)


class Answering(Protocol):
    """Whatever answers calls."""

    def answer(self, call: Call, now: float) -> Outcome:
        """Answer a call that comes in at ``now``, on a monotonic clock."""
        ...


class Watch(Protocol):
    """The observer of one call."""

    async def arrived(self) -> Trouble | None:
        """See the call before anything is done, and return the fault that it gets."""
        ...

    async def answered(self, outcome: Outcome) -> None:
        """See what was done, before the reply goes out."""
        ...

    async def sent(self, outcome: Outcome) -> None:
        """See that the whole reply went out."""
        ...


def _nobody(_: Call) -> None:
    """Leave a call unwatched."""


@define(eq=False, kw_only=True)
class Server:
    """One listening socket in front of a service. Delays are in seconds of the event loop.

    ``watch`` gives the observer of a call, if any, and ``encoding`` how replies are compressed
    for those who accept it. ``date`` is what stands in the ``Date`` header, in Unix time.
    """

    service: Answering
    latency: float
    slow: float
    encoding: Callable[[], Encoding | None] = lambda: None
    date: Callable[[], float] = time.time
    watch: Callable[[Call], Watch | None] = _nobody
    seen: deque[SeenRequest] = field(factory=lambda: deque(maxlen=_SEEN), init=False)
    port: int
    _web: web.Server | None = field(default=None, init=False)
    _listener: asyncio.Server | None = field(default=None, init=False)

    async def start(self) -> None:
        """Listen on ``port``, or on any free one if it is 0."""
        self._web = web.Server(self._handle, access_log=None, handler_cancellation=True)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._web, _HOST, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop at once: open connections are closed and slow replies cancelled."""
        if self._listener is not None and self._web is not None:
            if _STUMBLES:
                await asyncio.sleep(0.01)
            self._listener.close()
            await self._web.shutdown(_PATIENCE)
            await self._listener.wait_closed()
            self._listener = self._web = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        call = await _read(request)
        watch = self.watch(call)
        if watch is None:
            return await self._send(request, call, await self._answer(request, call))
        call = evolve(call, trouble=await watch.arrived())
        outcome = await self._answer(request, call)
        await watch.answered(outcome)
        response = await self._send(request, call, outcome)
        if request.transport is not None and not request.transport.is_closing():
            await response.prepare(request)
            await response.write_eof()
            await watch.sent(outcome)
        return response

    async def _answer(self, request: web.BaseRequest, call: Call) -> Outcome:
        outcome = self.service.answer(call, asyncio.get_running_loop().time())
        headers = {"date": formatdate(self.date(), usegmt=True), **outcome.reply.headers}
        outcome = evolve(outcome, reply=evolve(outcome.reply, headers=headers))
        self._note(request, call, outcome)
        delay = self.slow if outcome.fault is Fault.SLOW else self.latency
        if delay:
            await asyncio.sleep(delay)
        return outcome

    async def _send(
        self, request: web.BaseRequest, call: Call, outcome: Outcome
    ) -> web.StreamResponse:
        encoding = self.encoding()
        accepted = call.headers.get("accept-encoding", "")
        if outcome.fault is None and encoding is not None and encoding in accepted:
            return _packed(outcome.reply, encoding, compressed(_plain(outcome.reply), encoding))
        return await _send(request, outcome)

    def _note(self, request: web.BaseRequest, call: Call, outcome: Outcome) -> None:
        silent = outcome.fault in (Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.STALL_BEFORE)
        status = None if silent else outcome.reply.status
        query = request.rel_url.raw_query_string
        self.seen.append(SeenRequest(call.method, call.path, query, call.version, status))


async def _read(request: web.BaseRequest) -> Call:
    path = request.rel_url.raw_path
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return Call(
        method=request.method,
        path=path,
        segments=tuple(unquote(segment) for segment in path[1:].split("/")),
        query=_query(request),
        version=request.headers.get("Version"),
        bearer=token if scheme.lower() == "bearer" else None,
        headers={name.lower(): value for name, value in request.headers.items()},
        content_type=request.content_type,
        body=await request.read(),
        origin=f"{request.scheme}://{request.host}",
        peer=_peer(request),
    )


def _peer(request: web.BaseRequest) -> tuple[str, int]:
    """Tell the client's host and port, while it is connected."""
    name = request.get_extra_info("peername")
    return ("", 0) if name is None else (name[0], name[1])


def _query(request: web.BaseRequest) -> dict[str, str]:
    """Read the query; a list in it may come as one name for each item, or with commas."""
    return {name: ",".join(request.query.getall(name)) for name in request.query}


async def _send(request: web.BaseRequest, outcome: Outcome) -> web.StreamResponse:
    match outcome.fault:
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            return _reset(request)
        case Fault.STALL_BEFORE:
            return await _silence()
        case Fault.CUT_BODY | Fault.CUT_CHUNK | Fault.CUT_HEAD | Fault.STALL:
            return await _half(request, outcome)
        case Fault.HUGE:
            return await _huge(request, outcome.reply)
        case Fault.GZIP_BOMB | Fault.BROKEN_GZIP:
            bomb = outcome.fault is Fault.GZIP_BOMB
            body = gzip_bomb() if bomb else broken_gzip(_plain(outcome.reply))
            return _packed(outcome.reply, "gzip", body)
    body = body_of(outcome.reply, outcome.fault)
    status = _PARTIAL if outcome.fault is Fault.PARTIAL else outcome.reply.status
    return web.Response(status=status, headers=_headers(outcome.reply), body=body)


def _headers(reply: Reply) -> dict[str, str]:
    kind = "text/html" if isinstance(reply.payload, str) else "application/json"
    return {**reply.headers, "content-type": f"{kind}; charset=utf-8"}


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    transport = request.transport
    if transport is not None:
        # Without lingering a close becomes an RST, as a dying proxy would send it.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
        transport.abort()
    return web.Response()


def _plain(reply: Reply) -> bytes:
    return body_of(reply, None)


def _packed(reply: Reply, encoding: Encoding, body: bytes) -> web.Response:
    headers = {**_headers(reply), "content-encoding": encoding}
    return web.Response(status=reply.status, headers=headers, body=body)


async def _silence() -> web.StreamResponse:
    """Say nothing more; the client's leaving cancels it."""
    await asyncio.Event().wait()
    return web.Response()


async def _half(request: web.BaseRequest, outcome: Outcome) -> web.StreamResponse:
    """Promise a whole body, send half of it or none, and hang up or fall silent."""
    body = _plain(outcome.reply)
    response = web.StreamResponse(status=outcome.reply.status, headers=_headers(outcome.reply))
    if outcome.fault is Fault.CUT_CHUNK:
        response.enable_chunked_encoding()
    else:
        response.content_length = len(body) + 1
    response.force_close()
    await response.prepare(request)
    await response.write(b"" if outcome.fault is Fault.CUT_HEAD else body[: len(body) // 2])
    if outcome.fault is Fault.STALL:
        return await _silence()
    if request.transport is not None:
        request.transport.close()
    return response


async def _huge(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=_headers(reply))
    await response.prepare(request)
    for chunk in huge_chunks():
        await response.write(chunk)
    return response
