"""A proxy on loopback that writes down what goes through it, as it stands on the wire."""

from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from attrs import define, field, frozen
from yarl import URL

HOP_BY_HOP = {"connection", "content-length", "host", "transfer-encoding"}


@frozen
class Exchange:
    """One request and its reply. Names of headers are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes
    status: int
    reply: bytes


@define(eq=False)
class Recorder:
    """Stands before a server at ``target`` and passes everything on."""

    target: str
    exchanges: list[Exchange] = field(factory=list)
    url: str = ""
    _session: aiohttp.ClientSession = field(init=False)
    _runner: web.ServerRunner = field(init=False)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.ServerRunner(web.Server(self._pass_on), shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        url = URL(self.target + request.raw_path, encoded=True)
        headers = {n: v for n, v in request.headers.items() if n.lower() not in HOP_BY_HOP}
        async with self._session.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            reply = await answer.read()
            self.exchanges.append(
                Exchange(
                    request.method,
                    request.rel_url.raw_path,
                    tuple(request.rel_url.query.items()),
                    {name.lower(): value for name, value in request.headers.items()},
                    body,
                    answer.status,
                    reply,
                )
            )
            back = {n: v for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, headers=back, body=reply)
