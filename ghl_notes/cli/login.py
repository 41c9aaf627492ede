"""``ghl-notes login``: one install, through the user's browser, into the store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Self

import typer
from aiohttp import web
from attrs import define, evolve, field, frozen

from ghl_notes import Install
from ghl_notes.cli.account import Account
from ghl_notes.cli.asking import is_asked_on_a_terminal
from ghl_notes.cli.browser import open_page
from ghl_notes.cli.door import HERE, Door, door_of
from ghl_notes.cli.exchanges import Exchanges
from ghl_notes.cli.facts import named
from ghl_notes.cli.paste import pasted
from ghl_notes.cli.statuses import Refused, Status, done, say
from ghl_notes.cli.tables import NONE
from ghl_notes.oauth.routes import OnInstall, install_routes

__all__ = ["Order", "login"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# For the page that tells the browser of its success, once the install is stored.
_LAST_PAGE_SECONDS: Final = 5.0


@frozen(kw_only=True)
class Order:
    """How to install. ``authorize_url`` is another page than HighLevel's own.

    ``listen`` is the port, where the redirect URI does not name it; ``timeout`` is in seconds.
    """

    account: Account
    authorize_url: str | None = None
    listen: int | None = None
    paste: bool = False
    browser: bool = True
    timeout: float = 600.0

    def ready(self) -> Self:
        """Add what is asked for on a terminal, the app's secret.

        Raises ``Refused`` before that for what cannot be carried out.
        """
        self.account.check(must_exist=False)
        if not self.paste:
            door_of(self.account.redirect_uri, self.listen)
        elif self.listen is not None:
            raise Refused("give either --paste or --listen")
        return evolve(self, account=self.account.with_secret())


async def login(order: Order) -> Status:
    """Install the app where the user chooses, and tell what was installed.

    Raises ``Refused`` or ``ConfigurationError`` before the browser is sent anywhere.
    """
    exchanges = Exchanges(order.account.highlevel())
    before: set[str] = set()
    try:
        async with exchanges.highlevel as highlevel:
            # A store that cannot be used is found out now, and not when there is a token to save.
            before = {one.key async for one in highlevel.installs()}
            install = await _installed(exchanges, order)
    except (asyncio.CancelledError, _TimeIsUp) as end:
        install = await exchanges.brought()  # what others stored meanwhile is not this login's
        if install is None and isinstance(end, asyncio.CancelledError):
            raise
        if install is None:
            say(str(end))
    if install is None:
        return Status.FAILED
    with done(f"the app is installed on {named(install)}"):
        typer.echo(_card(install, order, again=install.key in before))
    return Status.DONE


class _TimeIsUp(Exception):
    """Nobody came, or nothing of it was installed, in the time that there was."""


async def _installed(exchanges: Exchanges, order: Order) -> Install | None:
    """Install, and wait for exchanges that nobody waits for while their store is still open."""
    try:
        return await (_paste if order.paste else _serve)(exchanges, order)
    finally:
        await exchanges.ended()


async def _paste(exchanges: Exchanges, order: Order) -> Install | None:
    request = exchanges.highlevel.authorize(url=order.authorize_url)
    typer.echo(f"Open this page, and choose where to install the app:\n\n  {request.url}\n")
    if order.browser and is_asked_on_a_terminal():
        open_page(request.url)
    return await pasted(exchanges, request, order.account.redirect_uri)


async def _serve(exchanges: Exchanges, order: Order) -> Install:
    door, visit = door_of(order.account.redirect_uri, order.listen), _Visit()
    application = web.Application(middlewares=[visit.notice])
    application.add_routes(_routes(exchanges, order, door.prefix, visit.on_install))
    async with _listening(application, door.port):
        typer.echo(f"Open this page, and choose where to install the app:\n\n  {door.connect_url}")
        typer.echo(f"\nWaiting on {HERE}:{door.port} for {order.timeout:g} s at most.")
        if order.browser:
            open_page(door.connect_url)
        try:
            async with asyncio.timeout(order.timeout):
                return await visit.installed
        except TimeoutError as error:
            hint = _hint(visit, order, door)
            msg = f"nothing was installed within {order.timeout:g} s: {hint}"
            raise _TimeIsUp(msg) from error


def _routes(
    exchanges: Exchanges, order: Order, prefix: str, on_install: OnInstall
) -> list[web.RouteDef]:
    """Make the routes of ``HighLevel.routes``, with exchanges that this login remembers."""
    highlevel = exchanges.highlevel
    return install_routes(
        prefix=prefix,
        app=highlevel.app,
        authorize=lambda state: highlevel.authorize(state=state, url=order.authorize_url),
        install=exchanges.install,
        claims=highlevel.claims,
        on_install=on_install,
    )


@define(eq=False)
class _Visit:
    """What the browser did here."""

    installed: "asyncio.Future[Install]" = field(factory=asyncio.Future)
    came: bool = False

    async def on_install(self, install: Install, _: web.Request) -> None:
        """Take the first install. The browser gets the library's own page."""
        if not self.installed.done():
            self.installed.set_result(install)

    @web.middleware
    async def notice(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See that somebody came."""
        self.came = True
        return await handler(request)


@asynccontextmanager
async def _listening(application: web.Application, port: int) -> AsyncIterator[None]:
    """Serve on this machine alone; without a log of requests, whose URLs hold codes."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LAST_PAGE_SECONDS)
    await runner.setup()
    try:
        await _start(web.TCPSite(runner, HERE, port), port)
        yield
    finally:
        await runner.cleanup()


async def _start(site: web.TCPSite, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        msg = f"port {port} cannot be had: give another --listen, or use --paste"
        raise Refused(msg) from error


def _hint(visit: _Visit, order: Order, door: Door) -> str:
    if not visit.came:
        return f"no browser came to {HERE}:{door.port}; is {door.connect_url} the way there?"
    return (
        "a browser came, but no install; if no reason stands above, see that the redirect URI"
        f" {order.account.redirect_uri} is among those of the app in HighLevel, to the letter"
    )


def _card(install: Install, order: Order, *, again: bool) -> str:
    if install.user_type == "Company":
        code = f'highlevel.locations("{install.company_id}")'
    else:
        code = f'highlevel.location("{install.location_id}")'
    lines = (
        f"\n{'Installed again' if again else 'Installed'} on {named(install)}.",
        f"scopes   {' '.join(install.scopes) or NONE}",
        f"kept in  {order.account.place}",
        "",
        f"In your code:    {code}",
        "How it is:       ghl-notes installs check",
        "Once a month:    ghl-notes installs tend",
    )
    return "\n".join(lines)
