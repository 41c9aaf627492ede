"""How an install gets a token again, in this order, each step under the store's hold.

The store, in case another process was faster; the refresh token, until HighLevel has answered
about it; a new token minted by the agency's install; and then nothing. What is spent, because
the agency's way was refused too, is remembered by the store.
"""

from datetime import UTC, datetime

import attrs

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    NotFound,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.events import Renewed, Spent
from ghl_notes.models import StoredInstall
from ghl_notes.oauth.keeping import Keeper
from ghl_notes.oauth.mint_failures import refuses
from ghl_notes.oauth.minting import Minting, NoAgency, SeveralAgencies
from ghl_notes.oauth.remembering import Remembered
from ghl_notes.oauth.spending import Spending
from ghl_notes.stores.protocol import Hold

__all__ = ["Recovery"]


class Recovery:
    """The way back to a good token for one install, and what was learned on it."""

    def __init__(self, installs: Keeper, key: str, *, location_id: str | None) -> None:
        self._installs = installs
        self._key = key
        self._failure = Remembered()
        self.spending: Spending = Spending(installs, key, self._failure)
        self.minting: Minting = Minting(
            installs, key, location_id, self._failure, self.spending.usable
        )

    @property
    def is_vital(self) -> bool:
        """Whether a token is being made just now, which would be lost if it were not saved."""
        return bool(self.spending.is_vital or self.minting.vital)

    @property
    def is_waiting(self) -> bool:
        """Whether a mint stands in line, and nothing would be lost if it did not get there."""
        return bool(self.minting.under_way) and not self.is_vital

    async def recover(self, stale: str | None, *, looking: bool = False) -> StoredInstall:
        """Return a token other than ``stale``, saved; raise ``ReauthorizationRequired`` if none.

        The failure of the last try is raised again, without a request, to callers that come
        too soon after it. ``looking`` is for a check of an install's health, which does not get a
        remembered failure and asks again unless a ``Retry-After`` is running.
        """
        late = self.spending.has_unsaved
        stored = await self._stored_or_refreshed(stale, looking=looking)
        if late and stored is not None and not self.spending.usable(stored, stale):
            stored = await self._stored_or_refreshed(stale, looking=looking)  # it ended unsaved
        return stored or await self._minted(stale)

    async def mint(self, since: datetime, company_id: str | None) -> StoredInstall:
        """Mint a token for an install of that time, unless one that is as new is stored.

        That is asked on purpose, so no failure of before is remembered.
        """
        about = await self._about(await self._installs.load(self._key))
        self.minting.belongs_to(company_id, given=False)
        try:
            return await self._by_agency(None, since, about)
        except NoAgency as error:
            raise self.gone() from error
        except HighLevelError as error:
            self._raise_refusal(error)
            raise

    def forget(self, before: datetime | None) -> None:
        """Let go of what waits to be saved or is asked for, but not for a newer install."""
        self.minting.forget(before)
        self.spending.forget(before)

    def reset(self, stored: StoredInstall) -> None:
        """Forget failures: this token is in use now."""
        self.spending.reset(stored)
        self._failure.forget()

    async def save_what_is_not(self) -> None:
        """Save a renewed token whose saving failed, while nobody else has renewed it."""
        if self.spending.has_unsaved:
            await self._installs.held(self._key, self.spending.save_late)

    def gone(self) -> ReauthorizationRequired:
        """Make the error of an install that nothing can renew."""
        location_id, company_id = self.minting.location_id, self.minting.company_id
        who = f"location {location_id}" if location_id else f"company {company_id}"
        return ReauthorizationRequired(
            f"the install of {who} is spent or missing; send its user through authorize() again",
            location_id=location_id,
            company_id=company_id,
        )

    async def _stored_or_refreshed(
        self, stale: str | None, *, looking: bool
    ) -> StoredInstall | None:
        """Return a good token; None if only the agency can help."""
        spending = self.spending
        stored = await self._installs.load(self._key)
        if spending.unsaved_for(stored) is None:
            if stored is not None and spending.usable(stored, stale):
                return stored
            about = await self._about(stored)
            self._failure.check(about, now=self._installs.monotonic(), looking=looking)
            if stored is None or stored.install.spent_at is not None:
                return None
        found = await self._installs.held(self._key, lambda hold: spending.renewed(hold, stale))
        if found is None and stored is not None and await self._installs.load(self._key) is None:
            raise self.gone()  # forgotten meanwhile, by another process
        return found

    async def _about(self, stored: StoredInstall | None) -> object:
        """Name what a failure is about: when this has changed, it is worth asking again."""
        self.minting.look_at(stored)
        if stored is None:
            return None
        if stored.install.spent_at is None:
            return stored.token
        agency = await self.minting.agency()
        return stored.token, None if agency is None else agency.install.installed_at

    async def _minted(self, stale: str | None) -> StoredInstall:
        """Ask the agency, the last way. What it refuses too is spent."""
        stored = await self._installs.load(self._key)
        try:
            return await self._by_agency(stale, None, await self._about(stored))
        except (NoAgency, SeveralAgencies) as error:
            if stored is None and isinstance(error, SeveralAgencies):
                raise  # the caller can say which
            if stored is not None:
                await self._installs.held(self._key, lambda hold: self._end(hold, stored))
            raise self.gone() from error
        except HighLevelError as error:
            if stored is None:
                self._raise_refusal(error)
            if stored is None or not refuses(error):
                raise
            spent = await self._installs.held(self._key, lambda hold: self._end(hold, stored))
            gone = self.gone()
            now = self._installs.monotonic()
            self._failure.keep(gone, await self._about(spent), now=now, for_good=True)
            raise gone from error

    async def _by_agency(
        self, stale: str | None, since: datetime | None, about: object
    ) -> StoredInstall:
        stored, is_new = await self.minting.mint(stale, since, about)
        if is_new and self._installs.observer is not None:
            ids = stored.install.location_id, stored.install.company_id
            self._installs.observer(Renewed(location_id=ids[0], company_id=ids[1], minted=True))
        return stored

    async def _end(self, hold: Hold, stored: StoredInstall) -> StoredInstall:
        """Store that an install is spent, and notify the observer, once."""
        now = hold.stored
        if now is None or now.token != stored.token:
            msg = f"another process changed the install {self._key} just now; try again"
            raise Unavailable(msg, maybe_applied=False)
        if now.install.spent_at is not None:
            return now
        at = datetime.fromtimestamp(self._installs.clock(), UTC)
        install = attrs.evolve(now.install, spent_at=at, in_doubt_since=None)
        spent = attrs.evolve(now, install=install)
        await hold.save(spent)
        if self._installs.observer is not None:
            ids = install.location_id, install.company_id
            self._installs.observer(Spent(location_id=ids[0], company_id=ids[1]))
        return spent

    def _raise_refusal(self, error: HighLevelError) -> None:
        """Raise what it means that the agency gets no token for a location without an install."""
        if not refuses(error) or isinstance(error, AccessDenied | NotFound):
            return
        # The app is not installed there, it seems: the text for this is in no document.
        location_id, company_id = self.minting.location_id, self.minting.company_id
        gone = ReauthorizationRequired(
            f"HighLevel gives the agency no token for {location_id}: install the app there",
            location_id=location_id,
            company_id=company_id,
            status=error.status,
            messages=error.messages,
        )
        self._failure.replace(gone)
        raise gone from error
