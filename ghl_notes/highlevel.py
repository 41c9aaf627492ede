"""``HighLevel``: one marketplace app, its installs, and a ``Client`` for each location."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import aiohttp

from ghl_notes import bulk
from ghl_notes.agencies import Agencies
from ghl_notes.client import Client
from ghl_notes.errors import ConfigurationError
from ghl_notes.events import Observer
from ghl_notes.http.limits import Limits
from ghl_notes.http.protocol import BASE_URL, VERSION, dialect
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.models import (
    App,
    AuthorizationRequest,
    Install,
    InstalledLocation,
    InstallHealth,
    Json,
    UserType,
)
from ghl_notes.oauth.authorize import authorization_request, given_code
from ghl_notes.oauth.forgetting import forget_agency, forget_location
from ghl_notes.oauth.forgotten import Forgotten
from ghl_notes.oauth.installs import Installs
from ghl_notes.oauth.naming import check_ids, named_key
from ghl_notes.oauth.session import OAuthSession
from ghl_notes.oauth.tending import checked, tended
from ghl_notes.stores.memory import MemoryStore
from ghl_notes.stores.owned import OwnedClaims
from ghl_notes.stores.protocol import Claims, TokenStore
from ghl_notes.wiring import TIMEOUT, Closing, Wiring

if TYPE_CHECKING:
    from aiohttp import web

    from ghl_notes.oauth.routes import OnInstall

# How many installs are looked at side by side.
_TENDED_AT_ONCE: Final = 8


class HighLevel(Closing):
    """One marketplace app: its installs, their tokens, and a ``Client`` for each location.

    Tokens are renewed before they end, by one caller for all, and saved in ``store`` before they
    are used; by default they are kept in memory only. Several apps may share one store: each sees
    its own installs. The clients share one pool of connections, of which no location and no kind
    of work can take all, and each location has one limiter, however many tasks use it. It belongs
    to one event loop, as a ``Client`` does. Use it as ``async with``, or call ``close()``, which
    waits for a renewal under way and closes the store.
    """

    def __init__(  # noqa: PLR0913 - every one of them has a default
        self,
        app: App,
        *,
        store: TokenStore | None = None,
        base_url: str = BASE_URL,
        api_version: str = VERSION,
        session: aiohttp.ClientSession | None = None,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen but for its random numbers
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(app, App):
            msg = "app must be a ghl_notes.App"
            raise ConfigurationError(msg)
        self.app = app
        self.store: TokenStore = MemoryStore() if store is None else store
        self._clock = clock
        self._api_version = api_version
        self._wiring = Wiring(base_url, session, limits, retries, timeout, observer)
        oauth = OAuthSession(
            app,
            base_url=self._wiring.base_url,
            dialect=dialect(api_version),
            transport=self._wiring.transport,
            clock=clock,
        )
        self._agencies = Agencies(self._wiring, app.app_id, api_version)
        self._loops = self._wiring.owner
        self._installs = Installs(
            self.store,
            oauth,
            mint=self._mint,
            room=self._agencies.room,
            observer=observer,
            clock=clock,
            loops=self._loops,
        )
        self._forgotten = Forgotten(self.claims if isinstance(self.store, Claims) else None)
        self._clients: dict[str, Client] = {}

    @property
    def claims(self) -> Claims:
        """What the store remembers so that it happens once: webhooks, states of callbacks.

        The names are this app's own: another app on the same store may claim the same ones.
        Raises ``ConfigurationError`` for a store of your own that has no ``claim``.
        """
        if isinstance(self.store, Claims):
            return OwnedClaims(self.store, self._installs.owner)
        msg = "webhooks and routes() need a store that is also a ghl_notes.stores.Claims"
        raise ConfigurationError(msg)

    def authorize(
        self, *, state: str | None = None, url: str | None = None
    ) -> AuthorizationRequest:
        """Make the URL to send a browser to, and the state to keep until it comes back.

        ``state`` is random unless given. ``url`` replaces HighLevel's page, as in tests.
        """
        return authorization_request(self.app, state=state, url=url)

    async def install(
        self,
        code: str | None = None,
        *,
        callback_url: str | None = None,
        state: str | None = None,
        user_type: UserType | None = None,
    ) -> Install:
        """Exchange the code of a callback, store the install, and return it.

        Give the whole ``callback_url`` with the ``state`` of ``authorize()``, which is checked, or
        a ``code`` alone for installs that began in HighLevel's marketplace and carry no state.
        Raises ``ReauthorizationRequired`` for a code that is used, old or not for this state.
        """
        code = given_code(code, callback_url=callback_url, state=state)
        install = await self._installs.add(code, user_type=user_type)
        if install.location_id is not None:
            await self._forgotten.discard_if_possible(install.location_id)
        return install

    def routes(
        self,
        prefix: str = "/oauth",
        *,
        url: str | None = None,
        without_state: Literal["restart", "accept"] = "restart",
        on_install: "OnInstall | None" = None,
    ) -> "list[web.RouteDef]":
        """Make the two aiohttp routes of an install in a browser: add them to an application.

        ``GET {prefix}/connect`` sends the browser to HighLevel with a state in a signed cookie,
        and ``GET {prefix}/callback``, where the app's ``redirect_uri`` must lead, checks it, stores
        the install and shows a page, or what ``on_install`` returns. An install that begins in
        HighLevel's marketplace brings no state: by default it is sent through ``connect`` once
        more, since anyone could have made the browser call back; ``"accept"`` takes it, for apps
        that tie nothing to the browser's session. ``url`` is as in ``authorize``.
        """
        from ghl_notes.oauth.routes import install_routes  # noqa: PLC0415 - for web services only

        return install_routes(
            prefix=prefix,
            app=self.app,
            authorize=lambda state: self.authorize(state=state, url=url),
            install=self.install,
            claims=self.claims,
            without_state=without_state,
            on_install=on_install,
            clock=self._clock,
        )

    def installs(self) -> AsyncIterator[Install]:
        """Iterate over all that is stored of this app, agencies first. Sends no request."""
        return self._installs.list()

    async def find(
        self, *, location_id: str | None = None, company_id: str | None = None
    ) -> Install | None:
        """Return the stored install of a location or of an agency, or None."""
        return await self._installs.find(named_key(self._installs.owner, location_id, company_id))

    def tend(
        self, *, idle_days: float = 30.0, concurrency: int = _TENDED_AT_ONCE
    ) -> AsyncGenerator[InstallHealth, None]:
        """Renew each install that has rested for ``idle_days``, and tell how every one is.

        HighLevel lets a refresh token live for a year unused, so run this now and then, from one
        process or many. Yields one ``InstallHealth`` for each install, as they are done; what
        fails is data, and the others go on. At most ``concurrency`` are renewed at a time. A spent
        install, or one in doubt, is tried again: its agency may give a token, HighLevel may answer.
        """
        since = datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=idle_days)
        return self._each_install(partial(tended, self._installs, idle_since=since), concurrency)

    def check(self, *, concurrency: int = _TENDED_AT_ONCE) -> AsyncGenerator[InstallHealth, None]:
        """Make one call in the name of each install, and tell how every one is.

        Yields as ``tend`` does. A location is asked for one contact if its scopes allow it, an
        agency for one location; else a token that is good by its time is taken as healthy.
        """
        return self._each_install(partial(checked, self._installs, ask=self._ask), concurrency)

    async def forget(
        self,
        *,
        location_id: str | None = None,
        company_id: str | None = None,
        before: datetime | None = None,
    ) -> list[Install]:
        """Forget a location's install, or an agency's with all its locations; return them.

        With ``before``, installs that are newer stay. What stands in the way of one of an agency's
        is raised once the others are forgotten: call again. HighLevel is not told: a user
        uninstalls the app there. Webhooks of a forgotten location that come late are refused for
        a week, though its agency or another is stored; HighLevel is asked where it may be back.
        """
        named_key(self._installs.owner, location_id, company_id)  # checks the ids
        if company_id is not None:
            return await forget_agency(self._installs, self._forgotten, company_id, before)
        return await forget_location(self._installs, self._forgotten, location_id or "", before)

    async def mint(
        self, location_id: str, *, company_id: str | None = None, since: datetime | None = None
    ) -> Install:
        """Get a location's token from its agency's install now, store it, and return the install.

        ``location()`` does that by itself when the token is first needed. With ``since``, when
        the app was installed there, an install that is as new and usable stays as it is.
        Raises ``ReauthorizationRequired`` without a living install of the agency.
        """
        check_ids(location_id, company_id)
        minted = await self._installs.location(location_id).install_again(since, company_id)
        await self._forgotten.discard(location_id)
        return minted.install

    def location(self, location_id: str, *, company_id: str | None = None) -> Client:
        """Return the client of a location, always the same one. Nothing is requested yet.

        A location without an install of its own gets its token from its agency's install; with
        several agencies stored, say which by ``company_id``.
        """
        check_ids(location_id, company_id)
        auth = self._installs.location(location_id, company_id)
        if location_id not in self._clients:
            dispatch = self._wiring.dispatch(auth, self._wiring.tenant(), self._api_version)
            client = Client._sharing(dispatch, location_id)  # noqa: SLF001 - made for this
            self._clients[location_id] = client
        return self._clients[location_id]

    def locations(
        self, company_id: str, *, location_id: str | None = None
    ) -> AsyncIterator[InstalledLocation]:
        """Iterate over the locations of an agency on which the app is installed.

        With ``location_id`` over that one alone, if it is among them. Needs the agency's install
        and its scope ``oauth.readonly``.
        """
        auth = self._installs.agency(company_id)
        return self._agencies.locations(company_id, auth, location_id=location_id)

    async def close(self) -> None:
        """Wait for renewals under way, then close the store and the connections of its own.

        One whose reply was lost goes on for about half a minute, or its install would be lost.
        """
        try:
            await self._installs.close()
        except Exception:  # not for a cancelled close: the renewals go on, and need connections
            await self._wiring.transport.close()
            raise
        await self._wiring.transport.close()

    def _each_install(
        self, work: Callable[[Install], Awaitable[InstallHealth]], concurrency: int
    ) -> AsyncGenerator[InstallHealth, None]:
        installs = self.installs()
        workers = bulk.checked(installs, concurrency, "installs")
        return bulk.each(installs, work, concurrency=workers)

    async def _mint(self, company_id: str, location_id: str, agency_token: str) -> Json:
        age = self._installs.agency(company_id).age(agency_token)
        payload = await self._agencies.mint(company_id, location_id, agency_token, age=age)
        # HighLevel has confirmed that the app is there. A later ``forget`` waits for the hold.
        await self._forgotten.discard(location_id)
        return payload

    async def _ask(self, install: Install) -> None:
        """Make the cheapest call that an install's scopes allow."""
        if install.location_id is not None:
            client = self.location(install.location_id)
            query: Json = {"locationId": install.location_id, "pageLimit": 1}
            if "contacts.readonly" in install.scopes:
                await client.request("POST", "/contacts/search", json=query, repeatable=True)
        elif install.company_id is not None and "oauth.readonly" in install.scopes:
            await anext(self.locations(install.company_id), None)
        await self._installs.auth_of(install).token()
