"""How an install gets a token again, in this order, each step under the store's hold.

The store, in case another process was faster; the refresh token, again if a reply was lost; a new
token minted by the agency's install; and then nothing, which is remembered in the store.
"""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from datetime import UTC, datetime
from typing import Final, NoReturn, Protocol, TypeVar

import attrs

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    NotFound,
    RateLimited,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
)
from ghl_notes.events import Observer, Renewed, Spent
from ghl_notes.models import Install, StoredInstall
from ghl_notes.oauth.auth import Auth, StaticToken
from ghl_notes.stores.protocol import Hold

R = TypeVar("R")

# A hold is over within half a minute.
_MINT_SECONDS: Final = 25.0
# After a mint was refused, nobody asks for this long: every call of the location would.
_PAUSE_SECONDS: Final = 5.0


class TokenRefused(AccessDenied):
    """HighLevel does not take the agency's access token; a newer one may do."""


class AgencyToken(StaticToken):
    """An agency's token, lent for one call: whoever lent it renews it, and knows its ``age``."""

    def __init__(self, token: str, age: float | None = None) -> None:
        super().__init__(token)
        self._age = age

    def age(self, token: str) -> float | None:  # noqa: ARG002 - there is but one
        """Return how old it is, in seconds."""
        return self._age

    async def renew(self, stale: str) -> NoReturn:  # noqa: ARG002 - the protocol's argument
        """Raise ``TokenRefused``."""
        msg = "HighLevel refuses the token of the agency; install the app on the agency again"
        raise TokenRefused(msg, reason="token", status=401)


class Keeper(Protocol):
    """What a renewal needs of the installs round it."""

    closed: bool
    minting: asyncio.Semaphore
    observer: Observer | None
    clock: Callable[[], float]

    def refresh(self, stored: StoredInstall, /) -> Awaitable[StoredInstall]:
        """Spend the refresh token of an install."""
        ...

    async def load(self, key: str) -> StoredInstall | None:
        """Read an install from the store."""
        ...

    async def held(self, key: str, change: Callable[[Hold], Awaitable[R]]) -> R:
        """Change an install under the store's hold."""
        ...

    async def mint(
        self, company_id: str, location_id: str, agency_token: str, *, since: datetime | None = None
    ) -> StoredInstall:
        """Get a location's token from its agency's, without storing it."""
        ...

    async def company_of(self, location_id: str) -> str | None:
        """Find the agency that may mint a token for a location."""
        ...

    def agency(self, company_id: str) -> Auth:
        """Return the ``Auth`` of an agency."""
        ...


def is_newer(install: Install, before: datetime | None) -> bool:
    """Tell whether an install began after that time; for None, the end of time, none did."""
    began = install.installed_at or install.renewed_at or datetime.min.replace(tzinfo=UTC)
    return before is not None and began > before


class Recovery:
    """The way back to a good token for one install, and what was learned on it."""

    def __init__(
        self, installs: Keeper, key: str, *, location_id: str | None, company_id: str | None
    ) -> None:
        self.company_id = company_id
        self._installs = installs
        self._key = key
        self._location_id = location_id
        self._unsaved: tuple[str | None, StoredInstall] | None = None  # and what was spent for it
        self._is_spent = False
        self._is_told = True  # that it is spent: for whoever finds it out to do
        self._refusal: HighLevelError | None = None  # of a mint
        self._pause = 0.0  # until then no other mint is tried

    async def recover(self, stale: str | None) -> StoredInstall:
        """Return a token other than ``stale``, saved; raise ``ReauthorizationRequired`` if none."""
        late = self._unsaved is not None
        stored = await self._stored_or_refreshed(stale)
        if late and stored is not None and not self._usable(stored, stale):
            stored = await self._stored_or_refreshed(stale)  # it ended before it was saved
        return stored or await self.mint(stale, None)

    def keep(self, stored: StoredInstall) -> None:
        """Keep an install that could not be saved, for the next who asks to save it."""
        self._unsaved = None, stored

    def drop(self, before: datetime | None) -> None:
        """Let go of what waits to be saved, unless it is of an install that is newer."""
        if self._unsaved is not None and not is_newer(self._unsaved[1].install, before):
            self._unsaved = None

    def reset(self, stored: StoredInstall) -> None:
        """Start afresh: this is in use now."""
        if self._not_saved_for(stored) is None:
            self._unsaved = None
        self._refusal = None
        self._is_spent, self._is_told = False, True

    async def save_what_is_not(self) -> None:
        """Save a renewed token whose saving failed, while nobody else has renewed it."""
        if self._unsaved is not None:
            await self._installs.held(self._key, self._save_late)

    def gone(self) -> ReauthorizationRequired:
        """Say that nothing can renew the install, and tell the observer if we have found it out."""
        ids = self._location_id, self.company_id
        if not self._is_told and self._installs.observer is not None:
            self._is_told = True
            self._installs.observer(Spent(location_id=ids[0], company_id=ids[1]))
        who = f"location {ids[0]}" if ids[0] else f"company {ids[1]}"
        return ReauthorizationRequired(
            f"the install of {who} is spent or missing; send its user through authorize() again",
            location_id=ids[0],
            company_id=ids[1],
        )

    async def _stored_or_refreshed(self, stale: str | None) -> StoredInstall | None:
        stored = await self._installs.load(self._key)
        if self._not_saved_for(stored) is None:
            if stored is None or self._usable(stored, stale):
                return stored
            self.company_id = self.company_id or stored.install.company_id
            self._is_spent = stored.install.spent_at is not None
            if self._is_spent:
                return None
        return await self._installs.held(self._key, lambda hold: self._refreshed(hold, stale))

    async def _refreshed(self, hold: Hold, stale: str | None) -> StoredInstall | None:
        """Spend the refresh token, or find it spent; None if only minting can help."""
        stored, renewed = hold.stored, self._not_saved_for(hold.stored)
        if renewed is None:
            if stored is None or self._usable(stored, stale):
                return stored
            if stored.install.spent_at is not None:
                return None
            renewed = await self._spend(stored)
            if renewed is None:
                await self._remember_spent(hold, stored)
                return None
        await hold.save(renewed)
        self._unsaved = None
        self._tell_renewed(renewed, minted=False)
        return renewed

    async def _spend(self, stored: StoredInstall) -> StoredInstall | None:
        refresh_token = stored.token.refresh_token
        if refresh_token is None:
            return None
        try:
            renewed = await self._installs.refresh(stored)
        except ReauthorizationRequired:
            return None
        # Should the store fail now, this is the only copy: the next who asks saves it.
        self._unsaved = refresh_token, renewed
        return renewed

    def _not_saved_for(self, stored: StoredInstall | None) -> StoredInstall | None:
        if self._unsaved is None:
            return None
        spent, renewed = self._unsaved
        if spent is None:  # it is of an install, and replaces what is older
            is_next = stored is None or stored.token.issued_at <= renewed.token.issued_at
        else:
            is_next = stored is not None and stored.token.refresh_token == spent
        return renewed if is_next else None

    async def _save_late(self, hold: Hold) -> None:
        renewed = self._not_saved_for(hold.stored)
        if renewed is not None:
            await hold.save(renewed)
        self._unsaved = None

    async def _remember_spent(self, hold: Hold, stored: StoredInstall) -> None:
        now = datetime.fromtimestamp(self._installs.clock(), UTC)
        spent = attrs.evolve(stored.install, spent_at=now)
        await hold.save(attrs.evolve(stored, install=spent))
        self._is_spent, self._is_told = True, False

    def _usable(self, stored: StoredInstall | None, stale: str | None) -> bool:
        if stored is None or stored.install.spent_at or stored.token.access_token == stale:
            return False
        return self._installs.clock() < stored.token.renew_at

    async def mint(self, stale: str | None, since: datetime | None) -> StoredInstall:
        """Get a new token of this location from its agency's install, and save it.

        With ``since``, when the app was installed there, a token that is as new is returned as
        it is stored.
        """
        if self._refusal is not None and since is None and self._installs.clock() < self._pause:
            raise copy(self._refusal)
        location_id, installs = self._location_id, self._installs
        company_id = self.company_id
        if location_id is not None and company_id is None:
            company_id = await installs.company_of(location_id)
        if location_id is None or company_id is None:
            raise self.gone()
        agency = installs.agency(company_id)
        try:
            token = await agency.token()
            try:
                return await self._mint(company_id, location_id, token, stale, since)
            except TokenRefused:
                token = await agency.renew(token)
                return await self._mint(company_id, location_id, token, stale, since)
        except ReauthorizationRequired as error:
            raise self.gone() from error
        except (AccessDenied, RequestRejected) as error:
            self._pause = installs.clock() + _PAUSE_SECONDS
            self._refusal = self._refused(error)
            raise copy(self._refusal) from error

    async def _mint(
        self,
        company_id: str,
        location_id: str,
        token: str,
        stale: str | None,
        since: datetime | None,
    ) -> StoredInstall:
        """Mint and save. The agency's token is at hand, so that no hold is taken inside another."""

        async def change(hold: Hold) -> tuple[StoredInstall, bool]:
            old = hold.stored
            began = old.install.installed_at if old else None
            is_as_new = since is None or (began is not None and began >= since)
            if old is not None and is_as_new and self._usable(old, stale):
                return old, False
            minted = await self._ask(company_id, location_id, token, since or began)
            await hold.save(minted)
            return minted, True

        async with self._installs.minting:  # before the hold, of which a store has not many
            stored, is_new = await self._installs.held(self._key, change)
        if is_new:
            self._tell_renewed(stored, minted=True)
        return stored

    async def _ask(
        self, company_id: str, location_id: str, token: str, since: datetime | None
    ) -> StoredInstall:
        """Ask for a token, within what a hold may take; an agency may be at its limit."""
        retry_after = None
        try:
            async with asyncio.timeout(_MINT_SECONDS):
                return await self._installs.mint(company_id, location_id, token, since=since)
        except TimeoutError:
            pass
        except RateLimited as error:  # of the agency, not of this location
            if error.daily:
                raise
            retry_after = error.retry_after
        msg = f"the agency {company_id} has no room in its limit for a token of {location_id}"
        raise Unavailable(msg, maybe_applied=False, retry_after=retry_after)

    def _tell_renewed(self, stored: StoredInstall, *, minted: bool) -> None:
        if self._installs.observer is not None:
            ids = stored.install.location_id, stored.install.company_id
            self._installs.observer(Renewed(location_id=ids[0], company_id=ids[1], minted=minted))

    def _refused(self, error: AccessDenied | RequestRejected) -> HighLevelError:
        """Say what it means that the agency gets no token for this location."""
        if not error.messages or isinstance(error, TokenRefused):
            return error  # a page of some proxy, perhaps: no proof of anything
        if self._is_spent:
            return self.gone()
        if isinstance(error, AccessDenied | NotFound):
            return error
        # The app is not installed there, it seems: the text for this is in no document.
        msg = f"HighLevel gives the agency no token for {self._location_id}: install the app there"
        return ReauthorizationRequired(
            msg,
            location_id=self._location_id,
            company_id=self.company_id,
            status=error.status,
            messages=error.messages,
        )
