"""The refresh token's way to a new token: spent under the store's hold, and saved before use."""

from datetime import datetime

import attrs
from attrs import define, field, frozen

from ghl_notes.errors import HighLevelError, ReauthorizationRequired
from ghl_notes.events import Renewed
from ghl_notes.models import StoredInstall
from ghl_notes.oauth.at_work import AtWork
from ghl_notes.oauth.doubting import Doubt
from ghl_notes.oauth.keeping import Keeper
from ghl_notes.oauth.minting import is_newer, is_overtaken
from ghl_notes.oauth.refreshing import Refresh
from ghl_notes.oauth.remembering import Remembered
from ghl_notes.stores.protocol import Hold, Overtaken

__all__ = ["Spending"]


@frozen(eq=False)
class _Unsaved:
    """What waits to be saved: a token in place of the ``old`` one, or else a new install."""

    stored: StoredInstall = field(repr=False)
    old: str | None = field(default=None, repr=False)
    past: float | None = None  # when an install began that it replaces: see ``is_overtaken``


@define(eq=False)
class Spending:
    """Spends the refresh token of one install, and keeps its new token until it is saved.

    ``vital`` is true while a token is being made that would be lost if it were not saved, and
    ``doubt`` tells what is left to do about one that may have been taken.
    """

    installs: Keeper
    key: str
    failure: Remembered
    vital: AtWork = field(factory=AtWork, init=False)
    doubt: Doubt = field(factory=Doubt, init=False)
    _refresh: Refresh | None = field(default=None, init=False)
    _unsaved: _Unsaved | None = field(default=None, init=False)

    @property
    def in_doubt_since(self) -> datetime | None:
        """Since when it is not known whether the refresh that is under way was taken."""
        return None if self._refresh is None else self._refresh.in_doubt_since

    @property
    def is_vital(self) -> bool:
        """Whether a token may be lost if this is stopped now: not while a crowd is waited for."""
        return bool(self.vital) and (self._refresh is None or self._refresh.has_left)

    @property
    def has_unsaved(self) -> bool:
        """Whether a token waits to be saved."""
        return self._unsaved is not None

    def usable(self, stored: StoredInstall, stale: str | None) -> bool:
        """Tell whether a stored token needs no other one in its place."""
        if stored.install.spent_at is not None or stored.token.access_token == stale:
            return False
        return self.installs.clock() < stored.token.renew_at

    def keep(self, stored: StoredInstall, *, past: float | None) -> None:
        """Keep an install that could not be saved, for the next caller to save it."""
        kept = None if self._unsaved is None else self._unsaved.stored
        if not is_overtaken(stored, kept, now=self.installs.clock()):
            self._unsaved = _Unsaved(stored, past=past)

    def forget(self, before: datetime | None) -> None:
        """Let go of what waits to be saved, unless it is of an install that is newer."""
        self.doubt.end()
        if self._unsaved is not None and not is_newer(self._unsaved.stored.install, before):
            self._unsaved = None

    def reset(self, stored: StoredInstall) -> None:
        """Forget failures: this token is in use now."""
        self.doubt.end()
        if self.unsaved_for(stored) is None:
            self._unsaved = None

    def unsaved_for(self, stored: StoredInstall | None) -> StoredInstall | None:
        """Give what waits to be saved in the place of ``stored``."""
        one = self._unsaved
        if one is None:
            return None
        if one.old is None:  # it is of an install, and replaces what is older
            now = self.installs.clock()
            is_next = not is_overtaken(one.stored, stored, now=now, past=one.past)
        else:
            # Not by its refresh token, which another process may have found dead meanwhile.
            is_next = stored is not None and stored.token.access_token == one.old
        return one.stored if is_next else None

    async def save_late(self, hold: Hold) -> None:
        """Save what waits for it, unless the store has something newer."""
        unsaved = self.unsaved_for(hold.stored)
        if unsaved is not None:
            with self.vital:
                await hold.save(unsaved)
        self._unsaved = None

    async def renewed(self, hold: Hold, stale: str | None) -> StoredInstall | None:
        """Return a token other than ``stale``, saved; None if the refresh token is dead."""
        stored, unsaved = hold.stored, self.unsaved_for(hold.stored)
        if unsaved is None and (stored is None or self.usable(stored, stale)):
            return stored
        with self.vital:
            renewed = unsaved or await self._spent(hold, stored)
            if renewed is None:
                return None
            await hold.save(renewed)
        self._unsaved = None
        if self.installs.observer is not None:
            ids = renewed.install.location_id, renewed.install.company_id
            self.installs.observer(Renewed(location_id=ids[0], company_id=ids[1], minted=False))
        return renewed

    async def _spent(self, hold: Hold, stored: StoredInstall | None) -> StoredInstall | None:
        if stored is None or stored.install.spent_at or stored.token.refresh_token is None:
            return None
        self._refresh = refresh = self.installs.refresh(stored)
        try:
            renewed = await refresh.spend()
        except ReauthorizationRequired:
            self.doubt.end()
            await self._drop_refresh_token(hold, stored)
            return None
        except HighLevelError as error:
            self.doubt.learn(refresh)
            now, urgent = self.installs.monotonic(), self.doubt.left
            pause = self.failure.keep(error, stored.token, now=now, urgent=urgent)
            is_timeless = refresh.in_doubt_since is not None and error.retry_after is None
            if is_timeless or urgent > pause:
                error.retry_after = pause  # until then all callers get this error
            await self._keep_doubt(hold, stored, refresh, error)
            raise
        finally:
            self._refresh = None
        self.doubt.end()
        # Should the store fail now, this is the only copy: the next caller saves it.
        self._unsaved = _Unsaved(renewed, old=stored.token.access_token)
        return renewed

    async def _drop_refresh_token(self, hold: Hold, stored: StoredInstall) -> None:
        """Keep a dead refresh token no longer, so that no other process presents it.

        A hold that lapsed, in a process that stood still, proves nothing: it may be renewed.
        """
        now = await self.installs.load(self.key)
        if now is None or now.token != stored.token:
            raise Overtaken
        token = attrs.evolve(stored.token, refresh_token=None)
        await hold.save(StoredInstall(attrs.evolve(stored.install, in_doubt_since=None), token))

    async def _keep_doubt(
        self, hold: Hold, stored: StoredInstall, refresh: Refresh, error: HighLevelError
    ) -> None:
        """Store whether the refresh token may have been taken."""
        since = refresh.in_doubt_since
        if since is None and not refresh.is_settled:
            return  # it was not taken now, but may have been the last time
        try:
            await _save_doubt(hold, stored, since and (stored.install.in_doubt_since or since))
        except HighLevelError as unsaved:
            raise error from unsaved


async def _save_doubt(hold: Hold, stored: StoredInstall, since: datetime | None) -> None:
    if stored.install.in_doubt_since != since:
        install = attrs.evolve(stored.install, in_doubt_since=since)
        await hold.save(attrs.evolve(stored, install=install))
