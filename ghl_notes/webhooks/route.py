"""The aiohttp route of a receiver."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from aiohttp import web

from ghl_notes.errors import ConfigurationError
from ghl_notes.webhooks.body import Body

if TYPE_CHECKING:
    from ghl_notes.webhooks.receiver import Webhooks

__all__ = ["Route", "webhook_route"]

Route: TypeAlias = web.RouteDef

# How long a sender that was refused may take to notice. Closed while data is under way, a
# connection is reset, and the answer may be lost with it.
_LINGER: Final = 1.0


def webhook_route(path: str, webhooks: "Webhooks") -> Route:
    """Make ``POST {path}``; see ``Webhooks.route``."""
    if not isinstance(path, str) or not path.startswith("/"):
        msg = "path must begin with a slash, such as '/webhooks/highlevel'"
        raise ConfigurationError(msg)

    async def receive(request: web.Request) -> web.Response:
        receipt = await webhooks.receive(request.headers, await _body(request))
        response = web.Response(status=receipt.status, text=receipt.text)
        if receipt.status // 100 == 4:  # noqa: PLR2004 - a refusal
            await _dismiss(request, response)
        return response

    return web.post(path, receive, expect_handler=_go_on)


async def _body(request: web.Request) -> Body:
    """Give the body as far as it is there. A middleware may have read it, and aiohttp kept it."""
    content = request.content
    if not content.is_eof() or content.exception() is not None:
        return content.iter_any()
    return await request.read() if content.at_eof() else content.read_nowait()


async def _go_on(request: web.Request) -> None:
    """Answer ``Expect: 100-continue``, and ignore any other expectation.

    aiohttp's own way refuses others before the route is asked, and reads their whole body.
    """
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the response has not begun


async def _dismiss(request: web.Request, response: web.Response) -> None:
    """Answer, and end the connection without looking at what is left of the body.

    A connection that is merely closed makes aiohttp read on for seconds, and decompress, without
    a pause for other tasks.
    """
    response.force_close()
    if request.content.is_eof():
        return
    with suppress(ConnectionError):
        await response.prepare(request)
        await response.write_eof()
    if request.content.total_raw_bytes != request.content_length:  # the sender is still at it
        await _linger(request)
    request.protocol.force_close()


async def _linger(request: web.Request) -> None:
    request.protocol.close()  # drops what comes from now on, undecoded
    with suppress(OSError, RuntimeError, web.RequestPayloadError):
        async with asyncio.timeout(_LINGER):
            async for _ in request.content.iter_any():
                pass  # frees what was decoded before; then waits for the sender to go
