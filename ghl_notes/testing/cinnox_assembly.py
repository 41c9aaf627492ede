"""How the parts of a pretend CINNOX are put together."""

import random

from attrs import define, field

from ghl_notes.testing.cinnox_api import CinnoxApi, replacements
from ghl_notes.testing.cinnox_options import CinnoxOptions
from ghl_notes.testing.cinnox_world import CinnoxWorld, settle
from ghl_notes.testing.desk import Desk
from ghl_notes.testing.faults import FaultPlan
from ghl_notes.testing.ids import make_uuid
from ghl_notes.testing.limiter import Limiter
from ghl_notes.testing.routes import Routes
from ghl_notes.testing.server import Server
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.turnstile import Turnstile

__all__ = ["CinnoxParts"]


@define(eq=False)
class CinnoxParts:
    """Every part, each built on those above it."""

    options: CinnoxOptions
    app_id: str = field(init=False)
    app_token: str = field(init=False, repr=False)
    world: CinnoxWorld = field(init=False)
    turnstile: Turnstile = field(init=False)
    server: Server = field(init=False)

    @app_id.default
    def _make_app_id(self) -> str:
        return f"app{self._rng('app').getrandbits(64):016x}"

    @app_token.default
    def _make_app_token(self) -> str:
        return make_uuid(self._rng("token"))

    @world.default
    def _make_world(self) -> CinnoxWorld:
        chosen = self.options
        return settle(chosen.seed, chosen.contacts, chosen.notes_per_contact, chosen.staff)

    @turnstile.default
    def _make_turnstile(self) -> Turnstile:
        return Turnstile(
            faults=FaultPlan(self.options.fault_rates or {}, self._rng("faults")),
            stats=Stats(),
            clock=self.options.clock,
            make_limiter=self._limiter,
            replies=replacements(self.options.limit_status),
            headers=_untold,
            refusal=_untold,
        )

    @server.default
    def _make_server(self) -> Server:
        chosen = self.options
        api = CinnoxApi(self.world, self.app_id, self.app_token)
        desk = Desk(
            endpoints=Routes(api.endpoints()),
            turnstile=self.turnstile,
            meant=lambda call: call,
            admit=api.admit,
            missing=api.missing,
            owner=lambda _: self.app_id,
            on_request=lambda: chosen.on_request,
            flagged=True,
        )
        return Server(service=desk, latency=chosen.latency, slow=chosen.slow, port=chosen.port)

    def _limiter(self) -> Limiter:
        return Limiter.plain(self.options.limit, self.options.interval)

    def _rng(self, purpose: str) -> random.Random:
        return random.Random(f"{self.options.seed} cinnox {purpose}")  # noqa: S311 - looks only


def _untold(*_: object) -> dict[str, str]:
    """Tell nothing: CINNOX has no headers about its limit."""
    return {}
