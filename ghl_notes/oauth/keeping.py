"""What a renewal needs of the installs round it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Protocol, TypeVar

from ghl_notes.events import Observer
from ghl_notes.models import Json, StoredInstall
from ghl_notes.oauth.auth import Auth
from ghl_notes.oauth.lines import Lines
from ghl_notes.oauth.refreshing import Refresh
from ghl_notes.stores.protocol import Hold

__all__ = ["Keeper", "Mint"]

R = TypeVar("R")


class Keeper(Protocol):
    """The installs of one app. ``clock`` is Unix time; ``monotonic`` is for pauses alone."""

    lines: Lines
    observer: Observer | None
    clock: Callable[[], float]
    monotonic: Callable[[], float]

    def refresh(self, stored: StoredInstall) -> Refresh:
        """Prepare to spend the refresh token of an install."""
        ...

    def enter(self) -> None:
        """Belong to the running event loop."""
        ...

    def begin(
        self,
        work: Coroutine[object, object, R],
        *,
        may_stop: Callable[[], bool] = ...,
        closing: bool = ...,
    ) -> "asyncio.Task[R]":
        """Begin what ends before ``close`` does, and before ``asyncio.run``."""
        ...

    async def load(self, key: str) -> StoredInstall | None:
        """Read an install from the store."""
        ...

    async def load_agency(self, company_id: str) -> StoredInstall | None:
        """Read the install of an agency from the store."""
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
        """Find the agency that may mint a token for a location.

        Raises ``SeveralAgencies`` where that is not plain.
        """
        ...

    def agency(self, company_id: str) -> Auth:
        """Return the ``Auth`` of an agency."""
        ...


class Mint(Protocol):
    """Asks HighLevel for a location's token in the name of an agency's install."""

    async def __call__(self, company_id: str, location_id: str, agency_token: str) -> Json:
        """Return the token reply. Raises ``TokenRefused`` if the agency's token is not good."""
        ...
