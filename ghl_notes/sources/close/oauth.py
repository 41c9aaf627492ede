"""``CloseOAuth``: an OAuth app at Close and its installs, renewed like those at HighLevel.

https://developer.close.com/api/overview/oauth-authentication: there too a refresh token works once.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, NoReturn

import aiohttp

from ghl_notes.errors import ConfigurationError, HighLevelError, ReauthorizationRequired
from ghl_notes.events import Observer
from ghl_notes.http.limits import Limits
from ghl_notes.http.protocol import VERSION, dialect
from ghl_notes.http.reply import Reply
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.models import (
    App,
    AuthorizationRequest,
    Install,
    Json,
    UserType,
)
from ghl_notes.oauth.auth import Auth
from ghl_notes.oauth.authorize import page_request, read_callback
from ghl_notes.oauth.installs import Installs
from ghl_notes.oauth.session import OAuthSession
from ghl_notes.sources.arguments import text
from ghl_notes.sources.close.service import refused
from ghl_notes.stores.protocol import TokenStore
from ghl_notes.wiring import TIMEOUT, Closing, Wiring

HOST: Final = "https://api.close.com"
AUTHORIZE_URL: Final = "https://app.close.com/oauth2/authorize/"
_OFFLINE: Final = "offline_access"


class _CloseSession(OAuthSession):
    """Close's token endpoint, which names an organization where HighLevel names a company."""

    token_path = "/oauth2/token/"  # noqa: S105 - a path
    server = "Close"
    provider = "close"

    def _headers(self) -> dict[str, str]:
        return {}

    def _speaking_for(self, user_type: UserType | None) -> dict[str, str]:  # noqa: ARG002
        return {}

    def _refusal(self, reply: Reply) -> HighLevelError:
        return refused(reply)

    def _told(self, payload: Mapping[str, Json]) -> Mapping[str, Json]:
        ours = {"companyId": payload.get("organization_id"), "userId": payload.get("user_id")}
        return {**payload, **ours, "userType": "Company"}


class CloseOAuth(Closing):
    """The installs of one OAuth app at Close; each token is renewed once, and saved before use.

    ``app`` is as for HighLevel, with the scopes ``all.full_access`` and ``offline_access``.
    ``store`` is any ``TokenStore``, and may be that of a ``HighLevel`` too: each sees its own
    installs. An organization stands in it as an ``Install`` whose ``provider`` is ``close`` and
    whose ``company_id`` is the organization's id.
    """

    def __init__(  # noqa: PLR0913 - most of them have a default
        self,
        app: App,
        *,
        store: TokenStore,
        base_url: str = HOST,
        session: aiohttp.ClientSession | None = None,
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self._wiring = Wiring(
            base_url, session, Limits(), RetryPolicy(), timeout, observer, "Close"
        )
        close = _CloseSession(
            app,
            base_url=self._wiring.base_url,
            dialect=dialect(VERSION),
            transport=self._wiring.transport,
            clock=clock,
        )
        self._installs = Installs(
            store,
            close,
            mint=_no_mint,
            room=_no_mint,
            observer=observer,
            clock=clock,
            loops=self._wiring.owner,
        )

    def authorize(
        self, *, state: str | None = None, url: str = AUTHORIZE_URL
    ) -> AuthorizationRequest:
        """Return where to send a browser, and the ``state`` to remember until it comes back.

        Raises ``ConfigurationError`` if the app does not ask for ``offline_access``.
        """
        if _OFFLINE not in self.app.scopes:
            msg = f"App: scopes must have {_OFFLINE}, without which Close gives no refresh token"
            raise ConfigurationError(msg)
        return page_request(self.app, url, state=state)

    async def install(self, code: str) -> Install:
        """Exchange the code of a callback, store the install, and return it.

        Raises ``ReauthorizationRequired`` for a code that is unknown, used or too old.
        """
        return await self._installs.add(code)

    async def install_from(self, callback_url: str, *, state: str) -> Install:
        """Check the URL that the browser came back to, and install with its code."""
        return await self.install(read_callback(callback_url, state=state))

    def installs(self) -> AsyncIterator[Install]:
        """Iterate over all that is stored of this app."""
        return self._installs.list()

    def auth(self, organization_id: str) -> Auth:
        """Return what ``CloseNotes(auth=...)`` takes for one organization."""
        text("organization_id", organization_id)
        return self._installs.agency(organization_id)

    async def close(self) -> None:
        """Wait for renewals under way, then close the store and the connections of its own."""
        try:
            await self._installs.close()
        finally:
            await self._wiring.transport.close()


async def _no_mint(company_id: str, location_id: str = "", agency_token: str = "") -> NoReturn:  # noqa: ARG001
    msg = "Close has no tokens of locations"
    raise ReauthorizationRequired(msg)
