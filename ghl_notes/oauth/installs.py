"""The installs of one app: added, found, forgotten, and each with the one ``Auth`` that renews it.

Every change of an install is made under the store's hold, which no other process can share.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

import attrs

from ghl_notes.errors import ConfigurationError, UnexpectedResponse
from ghl_notes.events import Observer
from ghl_notes.http.loops import LoopOwner
from ghl_notes.http.retries import RetryPolicy, retrying
from ghl_notes.models import Install, Owner, StoredInstall, UserType, company_key, location_key
from ghl_notes.models.installs import is_of_location
from ghl_notes.models.values import is_plain
from ghl_notes.oauth.exchanging import exchanged
from ghl_notes.oauth.holding import ahead, held, readable
from ghl_notes.oauth.keeping import Mint
from ghl_notes.oauth.lines import Lines, closed
from ghl_notes.oauth.minting import SeveralAgencies, is_newer, saved
from ghl_notes.oauth.observing import guarded
from ghl_notes.oauth.refreshing import Refresh
from ghl_notes.oauth.renewal import InstallAuth
from ghl_notes.oauth.session import OAuthSession
from ghl_notes.oauth.under_way import UnderWay
from ghl_notes.stores.owned import OwnedStore
from ghl_notes.stores.protocol import Hold, TokenStore, Unreadable

R = TypeVar("R")

# For what surely had no effect, for codes, and for a store that stumbles. What may have been taken
# is tried for as long as HighLevel's grace: see ``refreshing``.
TOKEN_RETRIES: Final = RetryPolicy(attempts=3, base=0.5, cap=1.0, longest_wait=2.0)


class Installs:
    """All installs of one app, which may share its store with others.

    Safe for any number of tasks, and of processes if the store is.
    """

    def __init__(  # noqa: PLR0913 - all but the first two have a name
        self,
        store: TokenStore,
        session: OAuthSession,
        *,
        mint: Mint,
        room: Callable[[str], Awaitable[None]],
        observer: Observer | None = None,
        clock: Callable[[], float] = time.time,
        loops: LoopOwner | None = None,
    ) -> None:
        self.owner: Owner = session.owner
        self.store: OwnedStore = OwnedStore(store, session.owner)
        self.closed: bool = False
        self.observer: Observer | None = guarded(observer)
        self.clock = clock
        self.monotonic: Callable[[], float] = lambda: asyncio.get_running_loop().time()
        self._session = session
        # A code works once, so a store that stumbles gets another chance.
        self._save = retrying(self._save_once, TOKEN_RETRIES, observer=self.observer)
        self.lines: Lines = Lines(room)
        self._under_way = UnderWay()
        self._loops = loops or LoopOwner()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mint = mint
        self._read = session.read
        self._auths: dict[str, InstallAuth] = {}

    async def add(self, code: str, *, user_type: UserType | None = None) -> Install:
        """Exchange an authorization code, store the install, and return it.

        If a newer one was stored meanwhile, that one stays, and is returned.
        """
        if not is_plain(code):
            msg = "code must be the text that the callback carried"
            raise ConfigurationError(msg)
        self.enter()
        # A code works once: whoever gives up waiting does not lose what it brings.
        return await asyncio.shield(self.begin(self._add(code, user_type)))

    def enter(self) -> None:
        """Belong to the running loop: the tasks of one that is closed have ended with it.

        Raises ``ConfigurationError`` while another loop lives.
        """
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        self._loops.enter(loop)
        self._loop = loop
        self._under_way.forget()
        self.lines.renew()
        for auth in self._auths.values():
            auth.running = auth.saving = auth.asking = None

    def begin(
        self,
        work: Coroutine[object, object, R],
        *,
        may_stop: Callable[[], bool] = lambda: False,
        closing: bool = False,
    ) -> asyncio.Task[R]:
        """Begin what ends before ``close`` does, and before ``asyncio.run``, cancelled or not.

        While ``may_stop()`` is True, as nothing would be lost, the end of ``asyncio.run`` ends it.
        Raises ``ConfigurationError`` after ``close``, but not for what goes on with work that it
        waits for (``closing``).
        """
        if self.closed and not closing:
            work.close()
            raise closed()
        return self._under_way.begin(work, may_stop=may_stop)

    def refresh(self, stored: StoredInstall) -> Refresh:
        """Prepare to spend the refresh token of an install."""
        session = self._session
        return Refresh(
            session.refresh,
            session.refresh_alone,
            stored,
            TOKEN_RETRIES,
            self.clock,
            self.observer,
            place=session.place,
            server=session.server,
        )

    async def _add(self, code: str, user_type: UserType | None) -> Install:
        session = self._session
        send = partial(session.exchange, code, user_type=user_type)
        stored = await exchanged(send, TOKEN_RETRIES, server=session.server, observer=self.observer)
        past = await ahead(self.store, stored.install.key, clock=self.clock)
        try:
            kept = await self._save(stored, past)
        except Exception:  # a user's own store may raise anything
            self.auth_of(stored.install).keep(stored, past=past)
            raise
        self.auth_of(kept.install).publish(kept)
        return kept.install

    async def mint(
        self, company_id: str, location_id: str, agency_token: str, *, since: datetime | None = None
    ) -> StoredInstall:
        """Get a location's token from its agency's, without storing it."""
        now = self.clock()
        payload = await self._mint(company_id, location_id, agency_token)
        stored = self._read(payload, now=now, location_id=location_id, company_id=company_id)
        if stored.install.key != self.location_key(location_id):
            msg = f"HighLevel gave a token of {stored.install.key} for the location {location_id}"
            raise UnexpectedResponse(msg)
        if since is None:
            return stored
        return attrs.evolve(stored, install=attrs.evolve(stored.install, installed_at=since))

    async def forget(self, key: str, *, before: datetime | None = None) -> Install | None:
        """Forget an install, unless it is newer than ``before``, and return it if it was there."""
        self.enter()

        async def change(hold: Hold) -> Install | None:
            install = None if hold.stored is None else hold.stored.install
            if install is None or is_newer(install, before):
                return None
            await hold.delete()
            return install

        if key in self._auths:
            self._auths[key].forget(before)  # before the hold, which a mint may have
        forgotten = await self.held(key, change)
        if key in self._auths:
            await self._auths[key].drop(before)
        return forgotten

    def minted_now(self, company_id: str) -> list[str]:
        """Name what gets a token of an agency just now, and may not be stored yet."""
        mints = {key: auth.recovery.minting for key, auth in self._auths.items()}
        return [k for k, one in mints.items() if one.under_way and one.company_id == company_id]

    def auth(
        self, key: str, *, location_id: str | None = None, company_id: str | None = None
    ) -> InstallAuth:
        """Return the one ``Auth`` of an install, which need not be stored yet."""
        auth = self._auths.get(key)
        if auth is None:
            auth = self._auths[key] = InstallAuth(self, key, location_id=location_id)
        auth.belongs_to(company_id, given=True)
        return auth

    def auth_of(self, install: Install) -> InstallAuth:
        """Return the ``Auth`` of an install that is known."""
        auth = self.auth(install.key, location_id=install.location_id)
        auth.belongs_to(install.company_id, given=install.location_id is None)
        return auth

    def agency(self, company_id: str) -> InstallAuth:
        """Return the ``Auth`` of an agency."""
        return self.auth(self.company_key(company_id), company_id=company_id)

    def location(self, location_id: str, company_id: str | None = None) -> InstallAuth:
        """Return the ``Auth`` of a location."""
        key = self.location_key(location_id)
        return self.auth(key, location_id=location_id, company_id=company_id)

    def location_key(self, location_id: str) -> str:
        """Name a location's install of this app in the store."""
        return location_key(location_id, self.owner)

    def company_key(self, company_id: str) -> str:
        """Name an agency's install of this app in the store."""
        return company_key(company_id, self.owner)

    async def company_of(self, location_id: str) -> str | None:
        """Find the agency that may mint a token for a location: the only one that is stored."""
        agencies = await self.agencies()
        if len(agencies) > 1:
            msg = f"{len(agencies)} agencies are installed: give company_id for {location_id}"
            raise SeveralAgencies(msg)
        return agencies[0] if agencies else None

    async def agencies(self) -> Sequence[str]:
        """Name the agencies that are stored. What else is stored is not read for that."""
        found = []
        try:
            async with aclosing(self.list()) as installs:
                async for install in installs:
                    if install.user_type != "Company":
                        break  # the keys of agencies come before those of locations
                    found.append(install.company_id or "")
        except Unreadable as error:
            if not all(map(is_of_location, error.keys)):
                raise
        return found

    async def list(self) -> AsyncGenerator[Install]:
        """Iterate over the facts of all that is stored of this app, ordered by key."""
        async for stored in self.store.list():
            yield self._with_doubt(stored.install)

    async def find(self, key: str) -> Install | None:
        """Return the facts of one that is stored."""
        stored = await self.load(key)
        return None if stored is None else self._with_doubt(stored.install)

    def _with_doubt(self, install: Install) -> Install:
        """Add to an install that its renewal, under way in this process, is in doubt."""
        auth = self._auths.get(install.key)
        since = None if auth is None else auth.recovery.spending.in_doubt_since
        if since is None or install.in_doubt_since is not None:
            return install
        return attrs.evolve(install, in_doubt_since=since)

    async def load_agency(self, company_id: str) -> StoredInstall | None:
        """Read the install of an agency from the store."""
        return await self.load(self.company_key(company_id))

    async def load(self, key: str) -> StoredInstall | None:
        """Read an install from the store."""
        return readable(await self.store.load(key))

    async def held(self, key: str, change: Callable[[Hold], Awaitable[R]]) -> R:
        """Change an install under the store's hold; see ``holding``."""
        return await held(self.store, key, change, patience=self._session.timeout)

    async def close(self) -> None:
        """Wait for the renewals that are under way, so that none is lost, and close the store."""
        self.enter()
        self.closed = True
        self.lines.close()
        await self._under_way.ended()
        keys, auths = list(self._auths), list(self._auths.values())
        waiting = [auth.saving for auth in auths if auth.saving is not None]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        saves = [retrying(auth.recovery.save_what_is_not, TOKEN_RETRIES)() for auth in auths]
        try:
            outcomes = await asyncio.gather(*saves, return_exceptions=True)
        finally:
            await self.store.close()
        unsaved = [(key, error) for key, error in zip(keys, outcomes, strict=True) if error]
        if unsaved:
            (_, first), *others = unsaved
            for key, error in others:
                first.add_note(f"the new token of {key} was not saved either: {error}")
            raise first

    async def _save_once(self, stored: StoredInstall, past: float | None) -> StoredInstall:
        return await self.held(
            stored.install.key, lambda hold: saved(hold, stored, now=self.clock(), past=past)
        )
