"""What every client is made of, checked and put together in one place."""

import math
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp

from ghl_notes.errors import ConfigurationError
from ghl_notes.events import Observer
from ghl_notes.http.carrier import Carrier
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.gate import Gate
from ghl_notes.http.limits import Limits
from ghl_notes.http.loops import LoopOwner
from ghl_notes.http.protocol import dialect
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.http.service import Service
from ghl_notes.http.tenant import Tenant
from ghl_notes.http.transport import Origin, Transport
from ghl_notes.oauth.auth import Auth

TIMEOUT: Final = 30.0
"""Seconds that one attempt may take, unless told otherwise."""


class Closing:
    """What is closed by ``close``, and by leaving its ``async with``."""

    async def close(self) -> None:
        """Let go of everything of its own."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it, whatever happened inside."""
        await self.close()


class Wiring:
    """What all clients of one ``Client``, ``HighLevel`` or source of notes have in common.

    ``server`` names who is at the other end, for messages.
    """

    def __init__(  # noqa: PLR0913 - the arguments of all, passed on
        self,
        base_url: str,
        session: aiohttp.ClientSession | None,
        limits: Limits,
        retries: RetryPolicy,
        seconds: float,
        observer: Observer | None,
        server: str = "HighLevel",
    ) -> None:
        _check(limits, Limits, "limits")
        _check(retries, RetryPolicy, "retries")
        if session is not None:
            _check(session, aiohttp.ClientSession, "session")
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not (number and math.isfinite(seconds) and seconds > 0):
            msg = f"timeout must be a positive number of seconds, got {seconds!r}"
            raise ConfigurationError(msg)
        self.owner: LoopOwner = LoopOwner()
        self.base_url: str = _base_url(base_url, server)
        self.transport: Transport = Transport(
            session, timeout=float(seconds), server=server, owner=self.owner
        )
        self._limits = limits
        self._seconds = float(seconds)
        self._retries = retries
        self._observer = observer
        self._server = server

    def tenant(self) -> Tenant:
        """Make what one location has of its own, or whatever else has a limit of its own."""
        gate = Gate(
            self._limits,
            longest=self._retries.longest_wait,
            observer=self._observer,
            server=self._server,
            owner=self.owner,
            arrival=self._seconds,
        )
        return Tenant(gate, self.transport.places.lane())

    def carrier(self, service: Service, auth: Auth, tenant: Tenant) -> Carrier:
        """Make the way of the calls to another service."""
        return Carrier(
            base_url=self.base_url,
            service=service,
            auth=auth,
            tenant=tenant,
            transport=self.transport,
            policy=self._retries,
            observer=self._observer,
        )

    def dispatch(self, auth: Auth, tenant: Tenant, api_version: str) -> Dispatch:
        """Make the way of one location's calls."""
        return Dispatch(
            base_url=self.base_url,
            dialect=dialect(api_version),
            auth=auth,
            tenant=tenant,
            transport=self.transport,
            policy=self._retries,
            observer=self._observer,
        )


def _check(value: object, kind: type, name: str) -> None:
    if not isinstance(value, kind):
        msg = f"{name} must be a {kind.__module__.split('.')[0]}.{kind.__name__}"
        raise ConfigurationError(msg)


def _base_url(url: str, server: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        Origin(url)  # which refuses a host that no name can be
    except (ValueError, TypeError, AttributeError):
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        example = "services.leadconnectorhq.com" if server == "HighLevel" else "host/path"
        msg = f"base_url must be where {server}'s API is, such as https://{example}"
        raise ConfigurationError(msg)
    return url.rstrip("/")
