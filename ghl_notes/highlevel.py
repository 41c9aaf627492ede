"""``HighLevel``: one marketplace app, its installs, and a ``Client`` for each location."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp

from ghl_notes.client import Client
from ghl_notes.errors import ConfigurationError
from ghl_notes.events import Observer
from ghl_notes.http import codec
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.limits import Limits
from ghl_notes.http.protocol import BASE_URL, VERSION, Params, Request, segment
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.models import (
    App,
    AuthorizationRequest,
    Install,
    InstalledLocation,
    Json,
    UserType,
    company_key,
    location_key,
)
from ghl_notes.oauth.authorize import authorization_request, read_callback
from ghl_notes.oauth.installs import Installs
from ghl_notes.oauth.session import OAuthSession
from ghl_notes.stores.memory import MemoryStore
from ghl_notes.stores.protocol import TokenStore
from ghl_notes.wiring import TIMEOUT, Closing, Wiring, headers

# Locations asked for in one request, and how many HighLevel gives at least if there are more.
_PAGE: Final = 100
_SMALLEST_PAGE: Final = 20


class HighLevel(Closing):
    """One marketplace app: its installs, their tokens, and a ``Client`` for each location.

    Tokens are renewed before they end, by one caller for all, and saved in ``store`` before they
    are used; by default they are kept in memory only. The clients share one pool of connections,
    and each location has one limiter, however many tasks use it. Use it as ``async with``, or
    call ``close()``, which waits for a renewal under way and closes the store.
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
    ) -> None:
        if not isinstance(app, App):
            msg = "app must be a ghl_notes.App"
            raise ConfigurationError(msg)
        headers(api_version)
        self._app = app
        self._api_version = api_version
        self._wiring = Wiring(base_url, session, limits, retries, timeout, observer)
        oauth = OAuthSession(
            app,
            base_url=self._wiring.base_url,
            # The snake_case form, which Authlib speaks; it stays, whatever the API's version.
            headers=headers(VERSION),
            transport=self._wiring.transport,
        )
        self._installs = Installs(
            MemoryStore() if store is None else store, oauth, mint=self._mint, observer=observer
        )
        self._clients: dict[str, Client] = {}
        self._agencies: dict[str, Dispatch] = {}

    def authorize(
        self, *, state: str | None = None, url: str | None = None
    ) -> AuthorizationRequest:
        """Make the URL to send a browser to, and the state to keep until it comes back.

        ``state`` is random unless given. ``url`` replaces HighLevel's page, as in tests.
        """
        return authorization_request(self._app, state=state, url=url)

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
        if (code is None) == (callback_url is None):
            msg = "give either code, or callback_url with its state"
            raise ConfigurationError(msg)
        if callback_url is not None:
            code = read_callback(callback_url, state=state or "")
        elif state is not None:
            msg = "state can be checked only against callback_url, not against a code"
            raise ConfigurationError(msg)
        if not isinstance(code, str) or not code.strip():
            msg = "code must be the text that the callback carried"
            raise ConfigurationError(msg)
        return await self._installs.add(code, user_type=user_type)

    def location(self, location_id: str, *, company_id: str | None = None) -> Client:
        """Return the client of a location, always the same one. Nothing is requested yet.

        A location without an install of its own gets its token from its agency's install; with
        several agencies stored, say which by ``company_id``.
        """
        segment("location_id", location_id)
        if company_id is not None:
            segment("company_id", company_id)
        auth = self._installs.auth(
            location_key(location_id), location_id=location_id, company_id=company_id
        )
        client = self._clients.get(location_id)
        if client is None:
            dispatch = self._wiring.dispatch(auth, self._wiring.gate(), self._api_version)
            client = Client._sharing(dispatch, location_id)  # noqa: SLF001 - made for this
            self._clients[location_id] = client
        return client

    async def locations(self, company_id: str) -> AsyncIterator[InstalledLocation]:
        """Iterate over the locations of an agency on which the app is installed.

        Needs the agency's install and its scope ``oauth.readonly``.
        """
        agency = self._agency(company_id)
        seen: set[str] = set()
        while True:
            params: Params = {
                "companyId": company_id,
                "appId": self._app.app_id,
                "isInstalled": True,
                "skip": str(len(seen)),
                "limit": str(_PAGE),
            }
            request = Request("GET", "/oauth/installedLocations", params=params)
            page = codec.locations((await agency.call(request)).payload)
            fresh = [location for location in page if location.id not in seen]
            for location in fresh:
                seen.add(location.id)
                yield location
            if not fresh or len(page) < _SMALLEST_PAGE:
                return

    async def close(self) -> None:
        """Wait for renewals under way, then close the store and the connections of its own."""
        await self._installs.close()
        await self._wiring.transport.close()

    def _agency(self, company_id: str) -> Dispatch:
        segment("company_id", company_id)
        agency = self._agencies.get(company_id)
        if agency is None:
            auth = self._installs.auth(company_key(company_id), company_id=company_id)
            agency = self._wiring.dispatch(auth, self._wiring.gate(), VERSION)
            self._agencies[company_id] = agency
        return agency

    async def _mint(self, company_id: str, location_id: str) -> Json:
        form = {"companyId": company_id, "locationId": location_id}
        request = Request("POST", "/oauth/locationToken", form=form, repeatable=True)
        return (await self._agency(company_id).call(request)).payload
