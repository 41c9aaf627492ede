"""The token of one install, for any number of callers: one renewal at a time, whoever asks.

A refresh token works once. So a renewal runs in a task of its own, which no impatient caller can
cancel, nor the end of ``asyncio.run``, and its token is saved before anyone gets it.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from typing import Final, TypeVar

from ghl_notes.errors import HighLevelError, ReauthorizationRequired
from ghl_notes.models import StoredInstall
from ghl_notes.oauth.at_work import AtWork
from ghl_notes.oauth.keeping import Keeper
from ghl_notes.oauth.minting import CLOCKS_APART, is_newer
from ghl_notes.oauth.recovery import Recovery

__all__ = ["InstallAuth"]

R = TypeVar("R")

# While the old token is good, a caller waits for a renewal ahead of time no longer than this, and
# after one that failed the old token is used for a while before the next try.
_PATIENCE_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 5.0
# A token that could not be saved is saved as soon as the store is back: the waits between.
_SAVE_AGAIN_SECONDS: Final = 0.5
_SAVE_AGAIN_CAP: Final = 5.0


class InstallAuth:
    """Hands out the token of one install and renews it; implements ``Auth``."""

    def __init__(self, installs: Keeper, key: str, *, location_id: str | None) -> None:
        self.running: asyncio.Task[str] | None = None
        self.saving: asyncio.Task[None] | None = None
        self.asking: asyncio.Task[None] | None = None
        self.recovery: Recovery = Recovery(installs, key, location_id=location_id)
        self._installs = installs
        self._key = key
        self._stored: StoredInstall | None = None
        self._renew_at = 0.0
        self._quiet_until = 0.0  # on the monotonic clock
        self._forgettings = 0
        self._callers = AtWork()

    def belongs_to(self, company_id: str | None, *, given: bool) -> None:
        """Note whose location it is, if that is known; ``given``: the caller says so."""
        self.recovery.minting.belongs_to(company_id, given=given)

    def learn_agency(self, company_id: str) -> None:
        """Note whose location it is by HighLevel's word; the caller's goes before it."""
        self.recovery.minting.learn(company_id)

    async def token(self) -> str:
        """Return a token that is good for a while; renew it first if its end is near."""
        stored = self._stored
        now = self._installs.clock()
        if stored is not None and now < self._renew_at:
            return stored.token.access_token
        if stored is None or now >= stored.token.expires_at:
            return await self._shared(stored.token.access_token if stored else None)
        return await self._ahead_of_time(stored.token.access_token)

    async def renew(self, stale: str) -> str:
        """Return a token other than ``stale``; see ``Auth.renew``."""
        if self._stored is not None and self._stored.token.access_token != stale:
            return self._stored.token.access_token
        try:
            renewed = await self._shared(stale)
            # A renewal begun for an older token may have found just this one in the store.
            return await self._shared(stale) if renewed == stale else renewed
        except ReauthorizationRequired:
            self._stored = None  # who asks next is told by the store, without a request
            raise

    def age(self, token: str) -> float | None:
        """Return how old a token is, in seconds; None if it is not the present one, or has ended.

        A token made after now was made by a machine whose clock is ahead, or ours was set back.
        """
        stored, now = self._stored, self._installs.clock()
        if stored is None or stored.token.access_token != token or now >= stored.token.expires_at:
            return None
        age = now - stored.token.issued_at
        return max(age, 0.0) if age > -CLOCKS_APART else None

    async def look(self, *, idle_since: datetime) -> None:
        """Renew a token that was made before that time, and settle what is spent or in doubt."""
        stored = await self._installs.load(self._key)
        if stored is None:
            return  # forgotten meanwhile
        install = stored.install
        is_settled = install.spent_at is None and install.in_doubt_since is None
        if not is_settled or stored.token.issued_at < idle_since.timestamp():
            await self._shared(stored.token.access_token, looking=True)

    async def install_again(
        self, since: datetime | None, company_id: str | None = None
    ) -> StoredInstall:
        """Mint a token for an install of that time, or of now, unless one as new is stored.

        ``company_id`` is its agency, if that is known.
        """
        self._installs.enter()
        now = datetime.fromtimestamp(self._installs.clock(), UTC)
        minting = self._begin(self._minted(since or now, company_id))
        try:
            return await asyncio.shield(minting)
        except asyncio.CancelledError:
            if self.recovery.is_waiting:
                minting.cancel()
            raise

    def publish(self, stored: StoredInstall) -> None:
        """Use this token from now on. It is in the store already."""
        self._stored = stored
        self._renew_at = stored.token.renew_at
        self._quiet_until = 0.0
        self.recovery.reset(stored)

    def keep(self, stored: StoredInstall, *, past: float | None) -> None:
        """Keep an install that could not be saved, and save it once the store is back."""
        self.recovery.spending.keep(stored, past=past)
        self.save_later()

    def save_later(self) -> None:
        """Save what could not be saved, once the store is back, even if no caller comes.

        The next caller may be another process, which knows the old token only, and comes after
        HighLevel's grace.
        """
        self._renew_at = 0.0  # a caller in this process saves it as well
        if not self._is_ending and (self.saving is None or self.saving.done()):
            self.saving = asyncio.create_task(self._saved_later())

    def forget(self, before: datetime | None) -> None:
        """Let go of what is asked for just now, but not for a newer install."""
        self._forgettings += 1
        self.recovery.forget(before)

    async def drop(self, before: datetime | None) -> None:
        """Use no token any more, but one of an install that is newer: it was forgotten."""
        if self.running is not None:  # it may have saved already, and is about to publish
            await asyncio.wait({self.running})
        if self._stored is not None and not is_newer(self._stored.install, before):
            self._stored = None
        self.forget(before)

    async def _ahead_of_time(self, token: str) -> str:
        """Renew a token that is good for a little longer, or use it once more."""
        if self._installs.monotonic() < self._quiet_until:
            return token
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._shared(token)
        except (HighLevelError, TimeoutError):  # it works until its end: try again later
            self._quiet_until = self._installs.monotonic() + _PAUSE_SECONDS
            return token

    async def _shared(
        self, stale: str | None, *, looking: bool = False, closing: bool = False
    ) -> str:
        """Join the renewal that is under way, or begin it. Cancelling a caller leaves it alone.

        Without any caller a mint does not stay in line.
        """
        self._installs.enter()
        if self.running is None or self.running.done():
            self.running = self._begin(self._renewal(stale, looking=looking), closing=closing)
        try:
            with self._callers:
                return await asyncio.shield(self.running)
        except asyncio.CancelledError:
            if not self._callers and self.running is not None and self.recovery.is_waiting:
                self.running.cancel()
                self.running = None
            raise
        except HighLevelError as error:  # one for each caller, who will name his own call in it
            raise copy(error) from error

    def _begin(
        self, work: Coroutine[object, object, R], *, closing: bool = False
    ) -> asyncio.Task[R]:
        may_stop = lambda: not self.recovery.is_vital  # noqa: E731
        return self._installs.begin(work, may_stop=may_stop, closing=closing)

    async def _renewal(self, stale: str | None, *, looking: bool) -> str:
        forgettings = self._forgettings
        try:
            stored = await self.recovery.recover(stale, looking=looking)
        except Exception:  # a user's own store may raise anything
            self._ask_later(stale)
            raise
        finally:
            if self._is_ending:  # which leaves one more try
                await self._try_to_save()
            if self.recovery.spending.has_unsaved:
                self.save_later()
        if forgettings == self._forgettings:
            self.publish(stored)
        return stored.token.access_token

    @property
    def _is_ending(self) -> bool:
        """Whether ``asyncio.run`` ends and waits for the renewal: what begins now would not run."""
        return self.running is not None and self.running.cancelling() > 0

    def _ask_later(self, stale: str | None) -> None:
        """Ask on about a token that may have been taken, even if no caller comes."""
        at_it = self.asking is not None and not self.asking.done()
        if self.recovery.spending.doubt.is_to_be_asked and not at_it and not self._is_ending:
            work = self._asked_later(stale)
            self.asking = self._installs.begin(work, may_stop=lambda: True, closing=True)

    async def _asked_later(self, stale: str | None) -> None:
        spending = self.recovery.spending
        while spending.doubt.is_to_be_asked:
            await asyncio.sleep(spending.doubt.pause)  # and let others have the hold
            # The next caller is told. A user's own store may raise anything, and be back soon.
            with suppress(Exception):
                stored = await self._installs.load(self._key)
                if stored is None or spending.usable(stored, stale):
                    return  # forgotten, or renewed by another process
                if spending.doubt.left:
                    await self._shared(stale, looking=True, closing=True)

    async def _saved_later(self) -> None:
        wait = _SAVE_AGAIN_SECONDS
        try:
            while self.recovery.spending.has_unsaved:
                await asyncio.sleep(wait)
                wait = min(2 * wait, _SAVE_AGAIN_CAP)
                await self._try_to_save()
        except asyncio.CancelledError:  # the program ends, which leaves one more try
            await self._try_to_save()
            raise

    async def _try_to_save(self) -> None:
        # A user's own store may raise anything; the next caller reads the store.
        with suppress(Exception):
            await self.recovery.save_what_is_not()

    async def _minted(self, since: datetime, company_id: str | None) -> StoredInstall:
        forgettings = self._forgettings
        stored = await self.recovery.mint(since, company_id)
        if forgettings == self._forgettings:
            self.publish(stored)
        return stored
