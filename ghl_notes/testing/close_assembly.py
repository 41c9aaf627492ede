"""How the parts of a pretend Close are put together."""

import random

from attrs import define, field

from ghl_notes.testing.app import FakeApp
from ghl_notes.testing.close_api import CloseApi
from ghl_notes.testing.close_doors import (
    REPLACEMENTS,
    CloseDoors,
    limit_header,
    refusal_headers,
)
from ghl_notes.testing.close_ids import close_id
from ghl_notes.testing.close_oauth import SCOPES, CloseOAuthApi
from ghl_notes.testing.close_options import CloseOptions
from ghl_notes.testing.close_population import settle
from ghl_notes.testing.close_world import CloseWorld
from ghl_notes.testing.desk import Desk
from ghl_notes.testing.faults import FaultPlan
from ghl_notes.testing.grants import Grants
from ghl_notes.testing.limiter import Limiter
from ghl_notes.testing.routes import Routes
from ghl_notes.testing.server import Server
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["CloseParts"]


@define(eq=False)
class CloseParts:
    """Every part, each built on those above it; options that may change are read when used."""

    options: CloseOptions
    world: CloseWorld = field(init=False)
    grants: Grants = field(init=False)
    turnstile: Turnstile = field(init=False)
    oauth: CloseOAuthApi = field(init=False)
    api_key: str = field(init=False, repr=False)
    server: Server = field(init=False)

    @world.default
    def _make_world(self) -> CloseWorld:
        return settle(self.options)

    @grants.default
    def _make_grants(self) -> Grants:
        # Close promises no grace to a refresh token that was used.
        return Grants(self._rng("tokens"), self.options.access_token_lifetime, lambda: 0.0)

    @turnstile.default
    def _make_turnstile(self) -> Turnstile:
        told = limit_header if self.options.limit is not None else _untold
        return Turnstile(
            faults=FaultPlan(self.options.fault_rates or {}, self._rng("faults")),
            stats=Stats(),
            clock=self.options.clock,
            make_limiter=self._limiter,
            replies=REPLACEMENTS,
            headers=told,
            refusal=refusal_headers,
        )

    @oauth.default
    def _make_oauth(self) -> CloseOAuthApi:
        return CloseOAuthApi(
            registered=self.app,
            grants=self.grants,
            organization_id=self.world.organization_id,
            user_id=lambda: next(iter(self.world.users)),
            stats=self.turnstile.stats,
            clock=self.options.clock,
        )

    @api_key.default
    def _make_api_key(self) -> str:
        return close_id("api", self.options.seed, 0)

    @server.default
    def _make_server(self) -> Server:
        chosen = self.options
        return Server(
            service=self._desk(), latency=chosen.latency, slow=chosen.slow, port=chosen.port
        )

    def app(self) -> FakeApp:
        """Give the app as it is registered now."""
        return FakeApp(
            client_id=close_id("oa2client", self.options.seed, 0),
            client_secret=close_id("oa2secret", self.options.seed, 0),
            redirect_uri=self.options.redirect_uri,
            scopes=SCOPES,
        )

    def _desk(self) -> Desk:
        chosen = self.options
        api = CloseApi(self.world, chosen.max_limit, chosen.max_skip, chosen.needs_lead)
        endpoints = Routes([*api.endpoints(), *self.oauth.endpoints()])
        doors = CloseDoors(self.api_key, self.grants, endpoints, chosen.clock)
        return Desk(
            endpoints=endpoints,
            turnstile=self.turnstile,
            meant=doors.meant,
            admit=doors.admit,
            missing=doors.missing,
            owner=lambda endpoint: endpoint.name,
            on_request=lambda: chosen.on_request,
        )

    def _limiter(self) -> Limiter:
        return Limiter.plain(self.options.limit, self.options.interval)

    def _rng(self, purpose: str) -> random.Random:
        return random.Random(f"{self.options.seed} close {purpose}")  # noqa: S311 - looks only


def _untold(*_: object) -> dict[str, str]:
    return {}
