"""The life of installs: one renewal at a time, saved before it is used, whoever asks.

A refresh token works once. So a renewal runs in a task of its own, which no impatient caller can
cancel, under the store's hold, which no other process can share; it reads the store first, in
case another was faster, and it publishes a token only after it is saved.
"""

import asyncio
import time
from collections.abc import Callable
from copy import copy
from typing import Final, Protocol

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    ReauthorizationRequired,
)
from ghl_notes.events import Observer, Renewed, Spent
from ghl_notes.http.retries import RetryPolicy, retrying
from ghl_notes.models import Install, Json, StoredInstall, UserType, company_key
from ghl_notes.oauth.session import OAuthSession, stored_install
from ghl_notes.stores.protocol import TokenStore

# Three tries of at most ATTEMPT_SECONDS with these waits end within HighLevel's 30 s of grace, in
# which a repeated refresh token, whose reply was lost, brings the same new one.
TOKEN_RETRIES: Final = RetryPolicy(attempts=3, base=0.5, cap=1.0, longest_wait=2.0)
# After a renewal ahead of time failed, the old token is used for this long before the next try.
_PAUSE_SECONDS: Final = 5.0


class Mint(Protocol):
    """Asks HighLevel for a location's token in the name of an agency's install."""

    async def __call__(self, company_id: str, location_id: str) -> Json:
        """Return the token reply."""
        ...


class Installs:
    """All installs of one app. Safe for any number of tasks, and of processes if the store is."""

    def __init__(
        self,
        store: TokenStore,
        session: OAuthSession,
        *,
        mint: Mint,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.mint = mint
        self.observer = observer
        self.clock = clock
        self.refresh = retrying(session.refresh, TOKEN_RETRIES, observer=observer)
        self._exchange = retrying(session.exchange, TOKEN_RETRIES, observer=observer)
        self._auths: dict[str, InstallAuth] = {}

    async def add(self, code: str, *, user_type: UserType | None = None) -> Install:
        """Exchange an authorization code, store the install, and return it."""
        stored = await self._exchange(code, user_type=user_type)
        await self.save(stored)
        install = stored.install
        auth = self.auth(
            install.key, location_id=install.location_id, company_id=install.company_id
        )
        auth.publish(stored)
        return install

    async def save(self, stored: StoredInstall) -> None:
        """Store an install, whatever was stored before."""
        async with self.store.hold(stored.install.key) as hold:
            await hold.save(stored)

    def auth(
        self, key: str, *, location_id: str | None = None, company_id: str | None = None
    ) -> "InstallAuth":
        """Return the one ``Auth`` of an install, which need not be stored yet."""
        auth = self._auths.get(key)
        if auth is None:
            auth = self._auths[key] = InstallAuth(self, key, location_id, company_id)
        elif company_id is not None:
            auth.company_id = company_id
        return auth

    async def company_of(self, location_id: str) -> str | None:
        """Find the agency that may mint a token for a location: the only one that is stored."""
        found = [s.install.company_id async for s in self.store.list() if _is_agency(s)]
        if len(found) > 1:
            msg = f"{len(found)} agencies are installed: give company_id for {location_id}"
            raise ConfigurationError(msg)
        return found[0] if found else None

    async def close(self) -> None:
        """Wait for the renewals that are under way, so that none is lost, and close the store."""
        running = [auth.running for auth in self._auths.values() if auth.running is not None]
        await asyncio.gather(*running, return_exceptions=True)
        await self.store.close()


class InstallAuth:
    """Hands out the token of one install and renews it; implements ``Auth``."""

    def __init__(
        self, installs: Installs, key: str, location_id: str | None, company_id: str | None
    ) -> None:
        self.company_id = company_id
        self.running: asyncio.Task[str] | None = None
        self._installs = installs
        self._key = key
        self._location_id = location_id
        self._stored: StoredInstall | None = None
        self._renew_at = 0.0
        self._spent: str | None = None  # the refresh token that was found dead
        self._refused: str | None = None  # the access token that died with it
        self._told = False

    async def token(self) -> str:
        """Return a token that is good for a while; renew it first if its end is near."""
        stored = self._stored
        now = self._installs.clock()
        if stored is not None and now < self._renew_at:
            return stored.token.access_token
        try:
            return await self._shared(stored.token.access_token if stored else None)
        except HighLevelError:
            if stored is None or now >= stored.token.expires_at:
                raise
            self._renew_at = now + _PAUSE_SECONDS  # it works until its end: try again later
            return stored.token.access_token

    async def renew(self, stale: str) -> str:
        """Return a token other than ``stale``; see ``Auth.renew``."""
        if self._stored is not None and self._stored.token.access_token != stale:
            return self._stored.token.access_token
        try:
            renewed = await self._shared(stale)
            # A renewal begun for an older token may have found just this one in the store.
            return await self._shared(stale) if renewed == stale else renewed
        except ReauthorizationRequired:
            self._stored, self._refused = None, stale  # who asks next is told without a request
            raise

    def publish(self, stored: StoredInstall) -> None:
        """Use this token from now on. It is in the store already."""
        self._stored = stored
        self._renew_at = stored.token.renew_at
        self._spent = None
        self._told = False

    async def _shared(self, stale: str | None) -> str:
        """Join the renewal that is under way, or begin it. Cancelling a caller leaves it alone."""
        if self.running is None or self.running.done():
            self.running = asyncio.create_task(self._renewal(stale))
            self.running.add_done_callback(self._ended)
        try:
            return await asyncio.shield(self.running)
        except HighLevelError as error:  # one for each caller, who will name his own call in it
            raise copy(error) from error

    def _ended(self, task: "asyncio.Task[str]") -> None:
        if self.running is task:
            self.running = None
        if not task.cancelled():
            task.exception()  # each caller gets it; with no caller left it is no news

    async def _renewal(self, stale: str | None) -> str:
        stored = await self._from_store_or_refresh(stale) or await self._mint()
        self.publish(stored)
        return stored.token.access_token

    async def _from_store_or_refresh(self, stale: str | None) -> StoredInstall | None:
        """Return a usable token from the store, or refresh; None if only minting can help."""
        stored = await self._installs.store.load(self._key)
        if self._usable(stored, stale):
            return stored
        async with self._installs.store.hold(self._key) as hold:
            stored = hold.stored
            if stored is None or self._usable(stored, stale):
                return stored
            if stored.install.company_id is not None:
                self.company_id = self.company_id or stored.install.company_id
            refresh_token = stored.token.refresh_token
            if refresh_token is None or refresh_token == self._spent:
                return None
            try:
                renewed = await self._installs.refresh(stored)
            except ReauthorizationRequired:
                self._spent = refresh_token
                return None
            await hold.save(renewed)
        self._tell_renewed(renewed, minted=False)
        return renewed

    def _usable(self, stored: StoredInstall | None, stale: str | None) -> bool:
        if stored is None or stored.token.access_token in (stale, self._refused):
            return False
        return self._installs.clock() < stored.token.renew_at

    async def _mint(self) -> StoredInstall:
        """Ask the agency's install for a new token of this location."""
        installs, location_id = self._installs, self._location_id
        if location_id is None:
            raise self._gone()
        company_id = self.company_id or await installs.company_of(location_id)
        if company_id is None or await installs.store.load(company_key(company_id)) is None:
            raise self._gone()
        try:
            payload = await installs.mint(company_id, location_id)
        except ReauthorizationRequired as error:
            raise self._gone() from error
        now = installs.clock()
        stored = stored_install(payload, now=now, location_id=location_id, company_id=company_id)
        await installs.save(stored)
        self._tell_renewed(stored, minted=True)
        return stored

    def _tell_renewed(self, stored: StoredInstall, *, minted: bool) -> None:
        if self._installs.observer is not None:
            ids = stored.install.location_id, stored.install.company_id
            self._installs.observer(Renewed(location_id=ids[0], company_id=ids[1], minted=minted))

    def _gone(self) -> ReauthorizationRequired:
        if self._spent is not None and self._installs.observer is not None and not self._told:
            self._told = True
            self._installs.observer(
                Spent(location_id=self._location_id, company_id=self.company_id)
            )
        who = f"location {self._location_id}" if self._location_id else f"company {self.company_id}"
        return ReauthorizationRequired(
            f"the install of {who} is spent or missing; send its user through authorize() again",
            location_id=self._location_id,
            company_id=self.company_id,
        )


def _is_agency(stored: StoredInstall) -> bool:
    return stored.install.user_type == "Company"
