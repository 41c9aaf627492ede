"""A service on loopback: aiohttp reads the requests and writes the replies."""

import asyncio
import socket
import struct
import sys
from collections import deque
from typing import Protocol
from urllib.parse import unquote

from aiohttp import web
from attrs import define, field

from ghl_notes.testing.faults import Fault
from ghl_notes.testing.replies import Call, Outcome, Reply
from ghl_notes.testing.stats import SeenRequest
from ghl_notes.testing.wire import body_of, gzip_bomb, huge_chunks

__all__ = ["Server"]

_HOST = "127.0.0.1"
_SEEN = 1000
_PATIENCE = 0.05  # seconds a reply under way gets at closing time
# CPython 3.13.0 stumbles over a connection that is taken in after its listener closed.
_STUMBLES = sys.version_info[:2] == (3, 13)
_RST = struct.pack("ii", 1, 0)


class Answering(Protocol):
    """Whatever answers calls."""

    def answer(self, call: Call, now: float) -> Outcome:
        """Answer a call that comes in at ``now``, on a monotonic clock."""
        ...


@define(eq=False, kw_only=True)
class Server:
    """One listening socket in front of a service. Delays are in seconds of the event loop."""

    service: Answering
    latency: float
    slow: float
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
        outcome = self.service.answer(call, asyncio.get_running_loop().time())
        self._note(request, call, outcome)
        delay = self.slow if outcome.fault is Fault.SLOW else self.latency
        if delay:
            await asyncio.sleep(delay)
        return await _send(request, outcome)

    def _note(self, request: web.BaseRequest, call: Call, outcome: Outcome) -> None:
        reset = outcome.fault in (Fault.RESET_BEFORE, Fault.RESET_AFTER)
        status = None if reset else outcome.reply.status
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
    )


def _query(request: web.BaseRequest) -> dict[str, str]:
    """Read the query; a list in it may come as one name for each item, or with commas."""
    return {name: ",".join(request.query.getall(name)) for name in request.query}


async def _send(request: web.BaseRequest, outcome: Outcome) -> web.StreamResponse:
    match outcome.fault:
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            return _reset(request)
        case Fault.CUT_BODY:
            return await _cut(request, outcome.reply)
        case Fault.HUGE:
            return await _huge(request, outcome.reply)
        case Fault.GZIP_BOMB:
            packed = {**_headers(outcome.reply), "content-encoding": "gzip"}
            return web.Response(status=outcome.reply.status, headers=packed, body=gzip_bomb())
    body = body_of(outcome.reply, outcome.fault)
    return web.Response(status=outcome.reply.status, headers=_headers(outcome.reply), body=body)


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


async def _cut(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    body = body_of(reply, None)
    response = web.StreamResponse(status=reply.status, headers=_headers(reply))
    response.content_length = len(body) + 1
    response.force_close()
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _huge(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=_headers(reply))
    await response.prepare(request)
    for chunk in huge_chunks():
        await response.write(chunk)
    return response
