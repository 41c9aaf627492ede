"""The install in a browser: two aiohttp routes, from the first click to the stored install."""

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final, Literal, Protocol, TypeAlias, get_args
from urllib.parse import urlsplit

from aiohttp import web
from attrs import frozen

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.models import App, AuthorizationRequest, Install
from ghl_notes.models.values import is_plain
from ghl_notes.oauth import cookie, pages
from ghl_notes.stores.protocol import Claims

__all__ = ["ExchangeCallback", "OnInstall", "WithoutState", "install_routes"]

OnInstall: TypeAlias = Callable[[Install, web.Request], Awaitable[web.StreamResponse | None]]
"""What an app does once it is installed: it answers the browser, or leaves that to our page.

The install is stored by then, and stays, whatever becomes of this call. An ``HTTPException`` that
it raises is its answer, as anywhere in aiohttp; any other error goes the way of all errors of a
handler, to the application's middlewares and then to aiohttp, which logs it and answers 500.
"""

WithoutState: TypeAlias = Literal["restart", "accept"]
"""What to do with an install that carries no state, as one that began in the marketplace."""

_LOG: Final = logging.getLogger("ghl_notes.oauth")
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


class ExchangeCallback(Protocol):
    """Turns a callback, or the code of one, into a stored install, as ``HighLevel.install``."""

    async def __call__(
        self,
        *,
        callback_url: str | None = None,
        state: str | None = None,
        code: str | None = None,
    ) -> Install:
        """Return the install."""
        ...


def install_routes(  # noqa: PLR0913 - what HighLevel.routes has at hand
    *,
    prefix: str,
    app: App,
    authorize: Callable[[str], AuthorizationRequest],
    install: ExchangeCallback,
    claims: Claims,
    without_state: WithoutState = "restart",
    on_install: OnInstall | None = None,
    clock: Callable[[], float] = time.time,
) -> list[web.RouteDef]:
    """Make ``GET {prefix}/connect`` and ``GET {prefix}/callback``; see ``HighLevel.routes``.

    ``authorize`` takes the state. Each callback installs once, among all processes that share
    ``claims``. HEAD is refused, so that a preview of a link installs nothing. The logger
    ``ghl_notes.oauth`` tells what the app's owner should know, and no secret; aiohttp's own log of
    accesses holds whole URLs, with codes that are no good without the client secret. Raises
    ``ConfigurationError`` for a prefix that does not lead to the app's ``redirect_uri``.
    """
    _check(prefix, app.redirect_uri, without_state)
    flow = _Flow(app, authorize, install, claims, without_state, on_install, clock)
    return [
        web.get(f"{prefix}/connect", flow.connect, allow_head=False),
        web.get(f"{prefix}/callback", flow.callback, allow_head=False),
    ]


@frozen
class _Flow:
    app: App
    authorize: Callable[[str], AuthorizationRequest]
    exchange: ExchangeCallback
    claims: Claims
    without_state: WithoutState
    on_install: OnInstall | None
    clock: Callable[[], float]

    async def connect(self, _: web.Request) -> web.StreamResponse:
        """Send the browser to HighLevel, with a state that its cookie vouches for."""
        state = secrets.token_urlsafe(32)
        headers = {"Location": self.authorize(state).url, **pages.PRIVATE}
        response = web.Response(status=302, headers=headers)
        response.set_cookie(
            cookie.name_of(state),
            cookie.sign(state, secret=self.app.client_secret, now=self.clock()),
            max_age=cookie.LIFETIME,
            path=self._cookie_path,
            secure=urlsplit(self.app.redirect_uri).scheme == "https",
            httponly=True,
            samesite="Lax",  # Strict would keep it back when HighLevel sends the browser here
        )
        return response

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """Answer the browser that HighLevel sent back."""
        try:
            response = await self._answer(request)
        except web.HTTPException as raised:  # on_install's own, such as a redirect
            self._finish(request, raised)
            raise
        self._finish(request, response)
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        state = query.get("state")
        if state and not self._began_here(request, state):
            return _shown(pages.not_begun_here())
        if error := query.get("error"):
            return _shown(pages.not_granted(error))
        if not state and self.without_state == "restart":
            # The code stays unused: it may be an attacker's, who wants to be installed here.
            return web.Response(status=303, headers={"Location": "connect"})
        if not is_plain(query.get("code", "").strip()):
            return _shown(pages.no_good())
        return await self._install(request, state)

    async def _install(self, request: web.Request, state: str | None) -> web.StreamResponse:
        try:
            if state and not await self._claim(state):
                return _shown(pages.used())
            install = await self._exchange(request, state)
        except HighLevelError as error:
            return _shown(_failure(error, hide=request.query["code"]))
        answer = await self.on_install(install, request) if self.on_install else None
        return _shown(pages.installed(install)) if answer is None else answer

    async def _exchange(self, request: web.Request, state: str | None) -> Install:
        if not state:
            return await self.exchange(code=request.query["code"])
        # Without the host, which a proxy may have changed: the query is what counts.
        return await self.exchange(callback_url=str(request.rel_url), state=state)

    async def _claim(self, state: str) -> bool:
        name = f"state:{hashlib.sha256(state.encode()).hexdigest()}"
        return await self.claims.claim(name, seconds=cookie.LIFETIME)

    def _began_here(self, request: web.Request, state: str) -> bool:
        value = request.cookies.get(cookie.name_of(state), "")
        return cookie.is_ours(state, value, secret=self.app.client_secret, now=self.clock())

    def _finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Keep the callback's URL to the browser, and take back the cookie it used up."""
        for name, value in pages.PRIVATE.items():
            response.headers.setdefault(name, value)
        name = cookie.name_of(request.query.get("state", ""))
        if name in request.cookies:
            response.del_cookie(name, path=self._cookie_path)

    @property
    def _cookie_path(self) -> str:
        return urlsplit(self.app.redirect_uri).path.removesuffix("/callback") or "/"


def _check(prefix: str, redirect_uri: str, without_state: str) -> None:
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        msg = f"prefix must be a path without a slash at its end, such as '/oauth', not {prefix!r}"
        raise ConfigurationError(msg)
    if not urlsplit(redirect_uri).path.endswith(f"{prefix}/callback"):
        msg = f"the app's redirect_uri {redirect_uri} does not lead to {prefix}/callback"
        raise ConfigurationError(msg)
    if without_state not in get_args(WithoutState):
        msg = f"without_state must be 'restart' or 'accept', not {without_state!r}"
        raise ConfigurationError(msg)


def _failure(error: HighLevelError, *, hide: str) -> pages.Page:
    """Choose the page for what went wrong, and log what the app's owner has to know."""
    said = str(error).replace(hide, "[code]")  # HighLevel's own words may quote it
    if isinstance(error, ReauthorizationRequired):
        return pages.no_good()
    if isinstance(error, LocationInactive):
        return pages.inactive()
    if isinstance(error, Unavailable | RateLimited):
        _LOG.warning("an install failed and may be tried again: %s", said)
        return pages.try_later()
    _LOG.error("an install failed: %s: %s", type(error).__name__, said)
    return pages.failed()


def _shown(page: pages.Page) -> web.Response:
    return web.Response(
        status=page.status, text=page.html, content_type="text/html", headers=pages.HEADERS
    )
