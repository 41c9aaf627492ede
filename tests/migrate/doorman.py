"""A door before a pretend HighLevel, which refuses notes that hold a certain word."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

REFUSED = "forbidden"
_PASSED_ON = ("Authorization", "Version", "Content-Type")


@asynccontextmanager
async def doorman(url: str) -> AsyncIterator[str]:
    """Give the URL of a door to what is at ``url``."""

    async def passed(request: web.Request) -> web.Response:
        sent = await request.read()
        if request.method == "POST" and REFUSED.encode() in sent:
            return web.json_response({"message": "no such word", "statusCode": 422}, status=422)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        target = f"{url}{request.path_qs}"
        async with session.request(request.method, target, data=sent, headers=headers) as reply:
            return web.Response(
                body=await reply.read(), status=reply.status, content_type=reply.content_type
            )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", passed)
    runner = web.AppRunner(app)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
