"""How the parts of a pretend HighLevel are put together."""

import random
from collections.abc import Mapping

from attrs import define, evolve, field

from ghl_notes.testing.api import Api
from ghl_notes.testing.app import FakeApp, make_app
from ghl_notes.testing.faults import FaultPlan
from ghl_notes.testing.grants import Grant, Grants
from ghl_notes.testing.ids import Ids, make_uuid
from ghl_notes.testing.installs import Installs
from ghl_notes.testing.limiter import NO_LIMIT, Limiter, Reading
from ghl_notes.testing.notes_rules import Notes
from ghl_notes.testing.oauth_api import OAuthApi
from ghl_notes.testing.options import Options
from ghl_notes.testing.outbox import Outbox
from ghl_notes.testing.place import ContactChange, Place
from ghl_notes.testing.routes import Routes
from ghl_notes.testing.server import Server
from ghl_notes.testing.service import REPLACEMENTS, Service
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.token_requests import watch_tokens
from ghl_notes.testing.turnstile import Turnstile
from ghl_notes.testing.webhooks import Webhooks
from ghl_notes.testing.world import World

__all__ = ["Parts"]


@define(eq=False)
class Parts:
    """Every part, each built on those above it; options that may change are read when used.

    ``private`` has a private integration token for each location.
    """

    options: Options
    ids: Ids = field(init=False)
    stats: Stats = field(init=False)
    _app: FakeApp = field(init=False)
    _others: list[FakeApp] = field(factory=list, init=False)
    world: World = field(init=False)
    grants: Grants = field(init=False)
    webhooks: Webhooks = field(init=False)
    notes: Notes = field(init=False)
    api: Api = field(init=False)
    oauth: OAuthApi = field(init=False)
    private: Mapping[str, str] = field(init=False)
    turnstile: Turnstile = field(init=False)
    service: Service = field(init=False)
    server: Server = field(init=False)

    @ids.default
    def _make_ids(self) -> Ids:
        return Ids(self.options.seed)

    @stats.default
    def _make_stats(self) -> Stats:
        return Stats(ids=self.ids)

    @_app.default
    def _make_app(self) -> FakeApp:
        return make_app(self._rng("app"), self.options.scopes)

    @world.default
    def _make_world(self) -> World:
        chosen = self.options
        return World(
            self.ids,
            chosen.locations,
            chosen.contacts,
            chosen.notes_per_contact,
            chosen.tasks_per_contact,
            chosen.appointments_per_contact,
            chosen.not_found_status,
            watch=self._watch,
        )

    @grants.default
    def _make_grants(self) -> Grants:
        chosen = self.options
        return Grants(self._rng("tokens"), chosen.access_token_lifetime, lambda: chosen.grace)

    @webhooks.default
    def _make_webhooks(self) -> Webhooks:
        return Webhooks(
            address=lambda: self.options.webhook_url,
            switched_on=lambda: self.options.webhook_events,
            omitted=lambda: self.options.webhook_omits,
            app_id=self._app.app_id,
            company_id=self.world.company_id,
            installs=Installs(self.world.location_ids),
            outbox=Outbox(self._rng("deliveries"), self.stats),
            rng=self._rng("webhooks"),
            key_rng=self._rng("webhook key"),
            clock=self.options.now,
        )

    @notes.default
    def _make_notes(self) -> Notes:
        return Notes(self.world, self.webhooks, lambda: self.options.note_lag)

    @api.default
    def _make_api(self) -> Api:
        return Api(
            world=self.world,
            notes=self.notes,
            stats=self.stats,
            clock=self.options.now,
            client_id=self._app.client_id,
            allow_duplicates=self.options.allow_duplicates,
        )

    @oauth.default
    def _make_oauth(self) -> OAuthApi:
        return OAuthApi(
            registered=self.app,
            others=self._others,
            world=self.world,
            grants=self.grants,
            installs=self.webhooks.installs,
            webhooks=self.webhooks,
            stats=self.stats,
            clock=self.options.now,
        )

    @private.default
    def _make_private(self) -> Mapping[str, str]:
        rng = self._rng("private")
        return {one: f"pit-{make_uuid(rng)}" for one in self.world.location_ids}

    @turnstile.default
    def _make_turnstile(self) -> Turnstile:
        return Turnstile(
            faults=FaultPlan(self.options.fault_rates or {}, self._rng("faults")),
            stats=self.stats,
            clock=self.options.now,
            make_limiter=self._limiter,
            replies=REPLACEMENTS,
            headers=lambda limiter, reading, _: limiter.headers(reading),
            refusal=self._refusal,
            spared=("/oauth/",),
        )

    @service.default
    def _make_service(self) -> Service:
        scopes = self._app.scopes
        private = {t: Grant(one, one, scopes, private=True) for one, t in self.private.items()}
        return Service(
            routes=Routes([*self.api.routes(), *self.oauth.routes()]),
            public=self.oauth.public(),
            grants=self.grants,
            private=private,
            turnstile=self.turnstile,
            rng=self._rng("traces"),
            clock=self.options.now,
        )

    @server.default
    def _make_server(self) -> Server:
        chosen = self.options
        return Server(
            service=self.service,
            latency=chosen.latency,
            slow=chosen.slow,
            port=chosen.port,
            encoding=lambda: chosen.encoding,
            date=lambda: chosen.now() + chosen.date_skew,
            watch=lambda call: watch_tokens(call, chosen.on_token, self.grants),
        )

    def app(self) -> FakeApp:
        """Give the app as it is registered now."""
        return evolve(self._app, redirect_uri=self.options.redirect_uri)

    def _watch(self, change: ContactChange, place: Place, index: int) -> None:
        self.webhooks.contact(change, place, index)

    def add_app(self, scopes: tuple[str, ...] | None) -> FakeApp:
        """Register another app."""
        made = make_app(self._rng(f"app {len(self._others)}"), scopes)
        self._others.append(evolve(made, redirect_uri=self.options.redirect_uri))
        return self._others[-1]

    def _limiter(self) -> Limiter:
        chosen = self.options
        limit = NO_LIMIT if chosen.limit is None else chosen.limit
        sliding = chosen.window == "sliding"
        return Limiter(limit, chosen.interval, chosen.daily, sliding=sliding)

    def _refusal(self, limiter: Limiter, reading: Reading, _: float) -> dict[str, str]:
        """Tell of a refusal for the limit, as HighLevel does, in which no Retry-After was seen."""
        after = self.options.retry_after
        return limiter.headers(reading) | ({} if after is None else {"retry-after": f"{after:g}"})

    def _rng(self, purpose: str) -> random.Random:
        return random.Random(f"{self.options.seed} {purpose}")  # noqa: S311 - looks, not secrecy
