"""A location's token from its agency's install: asked for, and saved under the store's hold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, NoReturn

from attrs import define, field

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    RateLimited,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.models import Install, StoredInstall
from ghl_notes.oauth.at_work import AtWork
from ghl_notes.oauth.auth import StaticToken
from ghl_notes.oauth.keeping import Keeper
from ghl_notes.oauth.lines import no_room
from ghl_notes.oauth.mint_failures import TokenRefused, told
from ghl_notes.oauth.remembering import Remembered
from ghl_notes.stores.protocol import Hold

__all__ = [
    "AgencyToken",
    "Minting",
    "NoAgency",
    "SeveralAgencies",
    "is_newer",
    "is_overtaken",
    "saved",
]

# A hold is over within about half a minute.
_MINT_SECONDS: Final = 25.0
CLOCKS_APART: Final = 60.0
"""By how many seconds the clocks of two machines that share a store may differ."""


class AgencyToken(StaticToken):
    """An agency's token and its age, for one call; the caller renews it."""

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


class NoAgency(ReauthorizationRequired):
    """No agency can give this token: there is none, or its install is spent itself."""


class SeveralAgencies(ConfigurationError):
    """Several agencies are stored, and it is not known which of them a location belongs to."""


def is_newer(install: Install, before: datetime | None) -> bool:
    """Tell whether an install began after that time; for None, the end of time, none did."""
    began = install.installed_at or install.renewed_at or datetime.min.replace(tzinfo=UTC)
    return before is not None and began > before


def is_overtaken(
    stored: StoredInstall, there: StoredInstall | None, *, now: float, past: float | None = None
) -> bool:
    """Tell whether what stands in its place is newer, so that this one must not replace it.

    What is spent is replaced by anything. An install of a time that is yet to come is no newer:
    the clock was set back since. Nor is the one that began at ``past``: it is known to be older,
    though by another clock.
    """
    if there is None or there.install.spent_at is not None or there.order[0] == past:
        return False
    return stored.order < there.order and there.order[0] <= now + CLOCKS_APART


async def saved(
    hold: Hold, stored: StoredInstall, *, now: float, past: float | None
) -> StoredInstall:
    """Save an install unless a newer one stands in its place; return what stands there then."""
    there = hold.stored
    if there is not None and is_overtaken(stored, there, now=now, past=past):
        return there
    await hold.save(stored)
    return stored


@define(eq=False)
class Minting:
    """Mints the token of one location by its agency. ``usable``: no new token is needed.

    Whose location it is, the caller says, or its install. What was found otherwise holds for as
    long as that agency is stored.
    """

    installs: Keeper
    key: str
    location_id: str | None
    failure: Remembered
    usable: Callable[[StoredInstall, str | None], bool]
    _given: str | None = field(default=None, init=False)
    _found: str | None = field(default=None, init=False)
    _is_sure: bool = field(default=False, init=False)
    vital: AtWork = field(factory=AtWork, init=False)
    under_way: AtWork = field(factory=AtWork, init=False)
    _forgettings: int = field(default=0, init=False)
    _forgotten_before: datetime | None = field(default=None, init=False)

    def forget(self, before: datetime | None) -> None:
        """Let nothing be saved that is under way now, unless it is of an install that is newer."""
        self._forgettings += 1
        self._forgotten_before = before
        self._found = None

    @property
    def company_id(self) -> str | None:
        """The agency that it belongs to, as far as is known."""
        return self._given or self._found

    def belongs_to(self, company_id: str | None, *, given: bool) -> None:
        """Note whose location it is, if that is known; ``given``: the caller of all calls says so.

        Whose it is for one mint, or by its install, may be another agency's next time.
        """
        if company_id is None:
            return
        if given or company_id != self._given:
            self._given = company_id if given else None
        self._found, self._is_sure = company_id, True

    def learn(self, company_id: str) -> None:
        """Note whose location HighLevel says it is, for as long as that agency is stored."""
        self._found, self._is_sure = company_id, False

    def look_at(self, stored: StoredInstall | None) -> None:
        """Learn from its install whose location it is."""
        company_id = None if stored is None else stored.install.company_id
        self._is_sure = company_id is not None
        self._found = company_id or self._found

    async def agency(self) -> StoredInstall | None:
        """Read the install of the agency, if there is one."""
        try:
            company_id = await self._find_company()
        except SeveralAgencies:
            return None
        return None if company_id is None else await self.installs.load_agency(company_id)

    async def mint(
        self, stale: str | None, since: datetime | None, about: object
    ) -> tuple[StoredInstall, bool]:
        """Get a new token from the agency's install and save it; return whether it is new.

        ``about`` is what a failure is remembered for. With ``since``, when the app was installed
        there, a token that is as new is returned as it is stored. Raises ``NoAgency`` where there
        is no agency to ask.
        """
        with self.under_way:  # from now on, as the agency's own token may be long in coming
            company_id = await self._find_company()
            if company_id is None:
                raise self._nobody("no agency is known for it")
            agency = self.installs.agency(company_id)
            token = await self._lent(agency.token())
            try:
                return await self._mint(company_id, token, stale, since, about)
            except TokenRefused:
                token = await self._lent(agency.renew(token))
                return await self._mint(company_id, token, stale, since, about)

    async def _lent(self, token: Awaitable[str]) -> str:
        try:
            return await token
        except ReauthorizationRequired as error:
            raise self._nobody("its agency's install is spent or missing") from error

    async def _find_company(self) -> str | None:
        if self.location_id is None:
            return None
        if self._given is not None:
            return self._given
        found = self._found
        if found is not None and (self._is_sure or await self.installs.load_agency(found)):
            return found
        found = await self.installs.company_of(self.location_id)
        self._found = found or self._found  # which errors name
        return found

    def _nobody(self, why: str) -> NoAgency:
        return NoAgency(
            f"no other token can be had for {self.key}: {why}",
            location_id=self.location_id,
            company_id=self.company_id,
        )

    async def _mint(
        self,
        company_id: str,
        token: str,
        stale: str | None,
        since: datetime | None,
        about: object,
    ) -> tuple[StoredInstall, bool]:
        """Mint and save. The agency's token is at hand, so that no hold is taken inside another."""
        seen: list[StoredInstall] = []
        forgettings = self._forgettings

        async def change(hold: Hold) -> tuple[StoredInstall, bool]:
            old = hold.stored
            if old is None and seen:  # the hold lapsed, and another process has forgotten it
                raise self._forgotten(company_id)
            seen.extend([old] if old else [])
            began = old.install.installed_at if old else None
            is_as_new = since is None or (began is not None and began >= since)
            if old is not None and is_as_new and self.usable(old, stale):
                return old, False
            if old is not None and old.install.spent_at is None and is_newer(old.install, since):
                return old, False  # and renewed as any other, if its token has ended
            await self._check(company_id, forgettings, since)
            with self.vital:
                turn.begin()
                minted = await self._asked(company_id, token, since or began, about)
                await self._check(company_id, forgettings, since)
                await hold.save(minted)
            return minted, True

        # Before the hold, of which a store has not many.
        async with self.installs.lines.turn(company_id) as turn:
            return await self.installs.held(self.key, change)

    async def _check(self, company_id: str, forgettings: int, since: datetime | None) -> None:
        """Raise if it was forgotten since then, and is not of an install that is newer."""
        before = self._forgotten_before
        is_later = since is not None and before is not None and since > before
        if forgettings != self._forgettings and not is_later:
            raise self._forgotten(company_id)
        if await self.installs.load_agency(company_id) is None:
            raise self._forgotten(company_id)  # by another process, with all its locations

    def _forgotten(self, company_id: str) -> ReauthorizationRequired:
        return ReauthorizationRequired(
            f"{self.key} was uninstalled or forgotten while its token was asked for",
            location_id=self.location_id,
            company_id=company_id,
        )

    async def _asked(
        self, company_id: str, token: str, since: datetime | None, about: object
    ) -> StoredInstall:
        """Ask for a token, and remember a failure."""
        try:
            return await self._ask(company_id, token, since)
        except HighLevelError as error:
            if not isinstance(error, Unavailable):
                self.failure.keep(error, about, now=self.installs.monotonic())
                raise
            error.waited = True  # it was tried as often as a call may be
            pause = self.failure.keep(error, about, now=self.installs.monotonic())
            error.retry_after = error.retry_after or pause  # till then all callers get this error
            raise

    async def _ask(self, company_id: str, token: str, since: datetime | None) -> StoredInstall:
        """Ask for a token, within what a hold may take.

        What fails is about the agency's request, and seldom about the call that needs the token.
        """
        location_id = self.location_id or ""
        try:
            async with asyncio.timeout(_MINT_SECONDS):
                return await self.installs.mint(company_id, location_id, token, since=since)
        except TimeoutError as error:
            msg = f"HighLevel gave the agency {company_id} no token of {location_id}"
            msg += f" within {_MINT_SECONDS:g} s"
            raise Unavailable(msg, maybe_applied=False) from error
        except RateLimited as error:  # of the agency, not of this location
            if error.daily:
                raise
            raise no_room(company_id, error) from error
        except HighLevelError as error:
            raise told(error)  # noqa: B904 - the same error, or it is the cause
