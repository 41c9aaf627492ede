"""Agencies that vouch for a location on which the app is installed, and which is not stored."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from attrs import define, field

from ghl_notes.errors import (
    AccessDenied,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.highlevel import HighLevel

__all__ = ["Allowance", "Vouching"]

_LOG: Final = logging.getLogger("ghl_notes.webhooks")

# An agency that answers so does not vouch; one that cannot answer may do so later.
_NO: Final = (AccessDenied, LocationInactive, ReauthorizationRequired, RequestRejected)
_LATER: Final = (RateLimited, UnexpectedResponse, TimeoutError)

_ANSWER_WITHIN: Final = 10.0  # seconds
_BELIEVED: Final = {True: 600.0, False: 60.0}  # for so many seconds
_MOST_ANSWERS: Final = 10_000


@define
class Allowance:
    """Allows ``burst`` at once, and then one every so many seconds."""

    burst: int
    every: float
    _used_until: float = field(default=0.0, init=False)

    def take(self, now: float) -> bool:
        """Use one, or return False if there is none."""
        used_until = max(self._used_until, now)
        if used_until - now > (self.burst - 1) * self.every:
            return False
        self._used_until = used_until + self.every
        return True


@define(eq=False)
class Vouching:
    """Asks the stored agencies. All apps' events are signed by one key, so it asks in moderation.

    Which agencies are stored is looked up in the whole store at most once a second, and HighLevel
    is asked about a new location at most every other second, after a burst of each.
    """

    highlevel: HighLevel
    _agencies: Sequence[str] = field(default=(), init=False)
    # For each location who vouches for it, or None, and until when that is believed.
    _answers: dict[str, tuple[str | None, float]] = field(factory=dict, init=False)
    _looks: Allowance = field(factory=lambda: Allowance(10, 1.0), init=False)
    _questions: Allowance = field(factory=lambda: Allowance(30, 2.0), init=False)

    async def by_any(self) -> bool:
        """Tell whether any agency is stored: enough for an event that names the app."""
        for company_id in self._agencies:
            if await self._is_stored(company_id):
                return True
        return bool(await self._look())

    async def by_asking(self, location_id: str, *, anew: bool = False) -> bool:
        """Ask HighLevel whether one of them has the app on this location.

        A yes is believed for a while, unless it is asked ``anew``, as long as that agency is
        stored. Raises ``Unavailable`` where HighLevel cannot be asked now.
        """
        now = asyncio.get_running_loop().time()
        company_id, until = self._answers.get(location_id, (None, 0.0))
        if now < until and company_id is None:
            return False
        believed = now < until and not anew
        if believed and company_id is not None and await self._is_stored(company_id):
            return True
        agencies = await self._look()
        if agencies and not self._questions.take(now):
            raise Unavailable("too many unknown locations to ask about", maybe_applied=False)
        answer = await self._ask(location_id, agencies)
        if agencies:
            self._keep(location_id, answer, now=now)
        return answer is not None

    async def _is_stored(self, company_id: str) -> bool:
        return await self.highlevel.find(company_id=company_id) is not None

    async def _look(self) -> Sequence[str]:
        """Find the agencies that are stored."""
        if self._looks.take(asyncio.get_running_loop().time()):
            self._agencies = await self.highlevel._installs.agencies()  # noqa: SLF001 - the app's
        return self._agencies

    async def _ask(self, location_id: str, agencies: Sequence[str]) -> str | None:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                for company_id in agencies:
                    if await self._is_on(location_id, company_id):
                        # So that this location's client knows which agency mints its token.
                        self._learn(location_id, company_id)
                        return company_id
        except _LATER as error:
            why = f"no answer to which agency has a location ({type(error).__name__})"
            raise Unavailable(why, maybe_applied=False) from None
        return None

    def _learn(self, location_id: str, company_id: str) -> None:
        installs = self.highlevel._installs  # noqa: SLF001 - as above
        installs.location(location_id).learn_agency(company_id)

    async def _is_on(self, location_id: str, company_id: str) -> bool:
        try:
            async for location in self.highlevel.locations(company_id, location_id=location_id):
                if location.id == location_id:
                    return location.is_installed is not False
        except _NO as error:
            kind = type(error).__name__
            _LOG.warning("agency %s cannot vouch for a location: %s", company_id, kind)
        return False

    def _keep(self, location_id: str, answer: str | None, *, now: float) -> None:
        self._answers.pop(location_id, None)
        if len(self._answers) >= _MOST_ANSWERS:
            self._answers.pop(next(iter(self._answers)))
        self._answers[location_id] = answer, now + _BELIEVED[answer is not None]
