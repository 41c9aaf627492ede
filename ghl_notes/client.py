"""``Client`` for one location, ``HighLevel`` for one app: they assemble and own the parts."""

import math
from collections.abc import AsyncIterator
from functools import cache
from importlib.metadata import version
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp

from ghl_notes.contacts import Contacts
from ghl_notes.errors import ConfigurationError
from ghl_notes.events import Observer
from ghl_notes.http import codec, protocol
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.gate import Gate
from ghl_notes.http.limits import Limits
from ghl_notes.http.protocol import BASE_URL, VERSION, Params, Request, segment
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.http.transport import Transport
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
from ghl_notes.notes import Notes
from ghl_notes.oauth.auth import Auth, StaticToken
from ghl_notes.oauth.authorize import authorization_request, read_callback
from ghl_notes.oauth.installs import Installs
from ghl_notes.oauth.session import OAuthSession
from ghl_notes.stores.memory import MemoryStore
from ghl_notes.stores.protocol import TokenStore

TIMEOUT: Final = 30.0
"""Seconds that one attempt may take, unless told otherwise."""

# Locations asked for in one request, and how many HighLevel gives at least if there are more.
_PAGE: Final = 100
_SMALLEST_PAGE: Final = 20


class Client:
    """HighLevel as one location sees it: ``notes``, ``contacts``, and ``request`` for the rest.

    Give ``token``, a private integration token or any other that does not change, or ``auth``,
    an object with the two methods of ``Auth``. Use it as ``async with``, or call ``close()``: that
    closes its connections, and never a ``session`` that was passed in. One client serves any
    number of tasks of one event loop. Its limiter is its own: two clients for one location do
    not know of each other, but for what HighLevel's headers tell them.

    ``location_id`` saves naming it in ``contacts.stream``. ``timeout`` is seconds for one attempt;
    put ``asyncio.timeout`` around a call to bound it as a whole, with its waits. ``observer`` is
    called with every event of ``ghl_notes.events``. Raises ``ConfigurationError`` for arguments
    that cannot work.
    """

    def __init__(  # noqa: PLR0913 - every one of them has a default
        self,
        token: str | None = None,
        *,
        auth: Auth | None = None,
        location_id: str | None = None,
        base_url: str = BASE_URL,
        api_version: str = VERSION,
        session: aiohttp.ClientSession | None = None,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen but for its random numbers
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
    ) -> None:
        if (token is None) == (auth is None):
            msg = "give either token or auth, not both or neither"
            raise ConfigurationError(msg)
        if auth is not None and not isinstance(auth, Auth):
            msg = "auth must have the two methods of ghl_notes.Auth: token() and renew(stale)"
            raise ConfigurationError(msg)
        if location_id is not None:
            segment("location_id", location_id)
        wiring = _Wiring(base_url, session, limits, retries, timeout, observer)
        self._owned: Transport | None = wiring.transport
        known = StaticToken(token or "") if auth is None else auth
        self._assemble(wiring.dispatch(known, wiring.gate(), api_version), location_id)

    def _assemble(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self.location_id = location_id
        self.notes = Notes(dispatch)
        self.contacts = Contacts(dispatch, location_id)

    @classmethod
    def _sharing(cls, dispatch: Dispatch, location_id: str) -> "Client":
        """Make a client over connections that a ``HighLevel`` owns."""
        client = cls.__new__(cls)
        client._owned = None  # noqa: SLF001 - its own class
        client._assemble(dispatch, location_id)  # noqa: SLF001
        return client

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Json = None,
        repeatable: bool | None = None,
    ) -> Json:
        """Call any other endpoint with the same token, limit, retries and errors.

        ``path`` begins with ``/`` and is quoted already. Returns the decoded JSON, None for an
        empty reply. ``repeatable`` says whether the call may be sent again when its reply was
        lost; by default every method but POST and PATCH may. Say True for a POST that only reads.
        """
        request = protocol.any_request(
            method, path, params=params, json=json, repeatable=repeatable
        )
        return (await self._dispatch.call(request)).payload

    async def close(self) -> None:
        """Close the client's own connections. A client of a ``HighLevel`` has none of its own."""
        if self._owned is not None:
            await self._owned.close()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self.close()


class HighLevel:
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
        _headers(api_version)
        self._app = app
        self._api_version = api_version
        self._wiring = _Wiring(base_url, session, limits, retries, timeout, observer)
        oauth = OAuthSession(
            app,
            base_url=self._wiring.base_url,
            # The snake_case form, which Authlib speaks; it stays, whatever the API's version.
            headers=_headers(VERSION),
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

    async def __aenter__(self) -> Self:
        """Return the app's HighLevel."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

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


class _Wiring:
    """What all clients of one ``Client`` or ``HighLevel`` have in common."""

    def __init__(  # noqa: PLR0913 - the arguments of both, passed on
        self,
        base_url: str,
        session: aiohttp.ClientSession | None,
        limits: Limits,
        retries: RetryPolicy,
        seconds: float,
        observer: Observer | None,
    ) -> None:
        _check(limits, Limits, "limits")
        _check(retries, RetryPolicy, "retries")
        if session is not None:
            _check(session, aiohttp.ClientSession, "session")
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not (number and math.isfinite(seconds) and seconds > 0):
            msg = f"timeout must be a positive number of seconds, got {seconds!r}"
            raise ConfigurationError(msg)
        self.base_url = _base_url(base_url)
        self.transport = Transport(session, timeout=float(seconds))
        self._limits = limits
        self._retries = retries
        self._observer = observer

    def gate(self) -> Gate:
        return Gate(self._limits, longest=self._retries.longest_wait, observer=self._observer)

    def dispatch(self, auth: Auth, gate: Gate, api_version: str) -> Dispatch:
        return Dispatch(
            base_url=self.base_url,
            headers=_headers(api_version),
            auth=auth,
            gate=gate,
            transport=self.transport,
            policy=self._retries,
            observer=self._observer,
        )


def _headers(api_version: str) -> dict[str, str]:
    # Cloudflare, in front of HighLevel, turns away the default agents of Python's libraries.
    segment("api_version", api_version)
    return {"Version": api_version, "Accept": "application/json", "User-Agent": _user_agent()}


@cache
def _user_agent() -> str:
    return f"ghl_notes/{version('ghl-notes')}"


def _check(value: object, kind: type, name: str) -> None:
    if not isinstance(value, kind):
        msg = f"{name} must be a {kind.__module__.split('.')[0]}.{kind.__name__}"
        raise ConfigurationError(msg)


def _base_url(url: str) -> str:
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        msg = "base_url must look like https://services.leadconnectorhq.com"
        raise ConfigurationError(msg)
    return url.rstrip("/")
