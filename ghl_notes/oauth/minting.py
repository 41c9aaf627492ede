"""A location's token from its agency's install: asked for, and saved under the store's hold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, NoReturn

from attrs import define, field

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    RateLimited,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
)
from ghl_notes.http.denials import is_passing
from ghl_notes.models import Install, StoredInstall
from ghl_notes.oauth.at_work import AtWork
from ghl_notes.oauth.auth import StaticToken
from ghl_notes.oauth.keeping import Keeper
from ghl_notes.oauth.remembering import Remembered
from ghl_notes.stores.protocol import Hold

__all__ = [
    "AgencyToken",
    "Minting",
    "NoAgency",
    "TokenRefused",
    "is_newer",
    "is_overtaken",
    "refuses",
    "saved",
]

# A hold is over within about half a minute.
_MINT_SECONDS: Final = 25.0
CLOCKS_APART: Final = 60.0
"""By how many seconds the clocks of two machines that share a store may differ."""
_DENIALS: Final = ("scope", "kind", "location")
_REFUSALS: Final = (400, 422)


class TokenRefused(AccessDenied):
    """HighLevel does not take the agency's access token; a newer one may do."""


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
    """Mints the token of one location by its agency. ``usable``: no new token is needed."""

    installs: Keeper
    key: str
    location_id: str | None
    company_id: str | None
    failure: Remembered
    usable: Callable[[StoredInstall, str | None], bool]
    vital: AtWork = field(factory=AtWork, init=False)
    under_way: AtWork = field(factory=AtWork, init=False)
    _forgettings: int = field(default=0, init=False)
    _forgotten_before: datetime | None = field(default=None, init=False)

    def forget(self, before: datetime | None) -> None:
        """Let nothing be saved that is under way now, unless it is of an install that is newer."""
        self._forgettings += 1
        self._forgotten_before = before

    async def agency(self) -> StoredInstall | None:
        """Read the install of the agency, if there is one."""
        company_id = await self._find_company()
        return None if company_id is None else await self.installs.load_agency(company_id)

    async def mint(
        self, stale: str | None, since: datetime | None, about: object
    ) -> tuple[StoredInstall, bool]:
        """Get a new token from the agency's install and save it; return whether it is new.

        ``about`` is what a failure is remembered for. With ``since``, when the app was installed
        there, a token that is as new is returned as it is stored. Raises ``NoAgency`` where there
        is no agency to ask.
        """
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
        if self.location_id is not None and self.company_id is None:
            self.company_id = await self.installs.company_of(self.location_id)
        return None if self.location_id is None else self.company_id

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
                raise self._forgotten()
            seen.extend([old] if old else [])
            began = old.install.installed_at if old else None
            is_as_new = since is None or (began is not None and began >= since)
            if old is not None and is_as_new and self.usable(old, stale):
                return old, False
            if old is not None and old.install.spent_at is None and is_newer(old.install, since):
                return old, False  # and renewed as any other, if its token has ended
            with self.vital:
                try:
                    minted = await self._ask(company_id, token, since or began)
                except HighLevelError as error:
                    self.failure.keep(error, about, now=self.installs.monotonic())
                    raise
                if forgettings != self._forgettings and not (
                    since and is_newer(minted.install, self._forgotten_before)
                ):
                    raise self._forgotten()
                if await self.installs.load_agency(company_id) is None:
                    raise self._forgotten()  # by another process, with all its locations
                await hold.save(minted)
            return minted, True

        with self.under_way:
            async with self.installs.minting:  # before the hold, of which a store has not many
                return await self.installs.held(self.key, change)

    def _forgotten(self) -> ReauthorizationRequired:
        return ReauthorizationRequired(
            f"{self.key} was uninstalled or forgotten while its token was asked for",
            location_id=self.location_id,
            company_id=self.company_id,
        )

    async def _ask(self, company_id: str, token: str, since: datetime | None) -> StoredInstall:
        """Ask for a token, within what a hold may take; an agency may be at its limit."""
        retry_after = None
        try:
            async with asyncio.timeout(_MINT_SECONDS):
                return await self.installs.mint(
                    company_id, self.location_id or "", token, since=since
                )
        except TimeoutError:
            pass
        except RateLimited as error:  # of the agency, not of this location
            if error.daily:
                raise
            retry_after = error.retry_after
        msg = f"the agency {company_id} has no room in its limit for a token of {self.location_id}"
        raise Unavailable(msg, maybe_applied=False, retry_after=retry_after)


def refuses(error: HighLevelError) -> bool:
    """Tell whether HighLevel itself refuses the agency a token for a location.

    A proxy's page proves nothing, nor does a 401 with an unknown message, nor what passes.
    """
    if isinstance(error, AccessDenied):
        return error.reason in _DENIALS
    if not isinstance(error, RequestRejected) or error.status not in _REFUSALS:
        return False
    return bool(error.messages) and not is_passing("; ".join(error.messages))
