"""The token of one install, for any number of callers: one renewal at a time, whoever asks.

A refresh token works once. So a renewal runs in a task of its own, which no impatient caller can
cancel, and its token is saved before anyone gets it.
"""

import asyncio
from copy import copy
from datetime import datetime
from typing import Final

from ghl_notes.errors import ConfigurationError, HighLevelError, ReauthorizationRequired
from ghl_notes.models import StoredInstall
from ghl_notes.oauth.recovery import Keeper, Recovery, is_newer

# After a renewal ahead of time failed, the old token is used for this long before the next try.
_PAUSE_SECONDS: Final = 5.0
# How far the clocks of two machines that share a store may be apart.
_CLOCKS_APART: Final = 60.0


class InstallAuth:
    """Hands out the token of one install and renews it; implements ``Auth``."""

    def __init__(
        self, installs: Keeper, key: str, *, location_id: str | None, company_id: str | None
    ) -> None:
        self.running: asyncio.Task[str] | None = None
        self.recovery: Recovery = Recovery(
            installs, key, location_id=location_id, company_id=company_id
        )
        self._installs = installs
        self._key = key
        self._stored: StoredInstall | None = None
        self._renew_at = 0.0

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
        return max(age, 0.0) if age > -_CLOCKS_APART else None

    async def renew_if_older(self, than: datetime) -> None:
        """Renew a token that was made before that time."""
        stored = await self._installs.load(self._key)
        if stored is None or stored.token.issued_at < than.timestamp():
            await self._shared(stored.token.access_token if stored else None)

    async def install_again(self, since: datetime) -> StoredInstall:
        """Mint a token for an install of that time, unless one that is as new is stored."""
        stored = await self.recovery.mint(None, since)
        self.publish(stored)
        return stored

    def publish(self, stored: StoredInstall) -> None:
        """Use this token from now on. It is in the store already."""
        self._stored = stored
        self._renew_at = stored.token.renew_at
        self.recovery.reset(stored)

    async def drop(self, before: datetime | None) -> None:
        """Use no token any more, but one of an install that is newer: it was forgotten."""
        if self.running is not None:  # it may have saved already, and is about to publish
            await asyncio.wait({self.running})
        if self._stored is not None and not is_newer(self._stored.install, before):
            self._stored = None
        self.recovery.drop(before)

    async def _shared(self, stale: str | None) -> str:
        """Join the renewal that is under way, or begin it. Cancelling a caller leaves it alone."""
        if self.running is None or self.running.done():
            if self._installs.closed:
                msg = "this HighLevel is closed; make a new one"
                raise ConfigurationError(msg)
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
        try:
            stored = await self.recovery.recover(stale)
        except HighLevelError:
            self._renew_at = 0.0  # a token may wait to be saved: the next who asks tries again
            raise
        self.publish(stored)
        return stored.token.access_token
