"""The OAuth routes: the page to choose a location on, tokens, and where the app is installed."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import urlencode

from attrs import define

from ghl_notes.testing.app import FakeApp
from ghl_notes.testing.forms import TokenForm, fields_of, spelled
from ghl_notes.testing.grants import Grant, Grants, Issued
from ghl_notes.testing.installs import Installs, installed_locations, installed_locations_v3
from ghl_notes.testing.pages import CANCEL, chooser, problem
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply, require
from ghl_notes.testing.routes import Route
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.webhooks import Webhooks
from ghl_notes.testing.world import World

__all__ = ["OAuthApi"]

_NO_APP = "No integration found"


@define(eq=False, kw_only=True)
class OAuthApi:
    """What HighLevel answers about installing apps.

    ``registered`` returns the fake's own app, ``others`` are those that were added.
    """

    registered: Callable[[], FakeApp]
    others: list[FakeApp]
    world: World
    grants: Grants
    installs: Installs
    webhooks: Webhooks
    stats: Stats
    clock: Callable[[], float]

    @property
    def app(self) -> FakeApp:
        """The fake's own app."""
        return self.registered()

    def app_of(self, client_id: str | None) -> FakeApp | None:
        """Find an app by its client id."""
        apps = (self.app, *self.others)
        return next((app for app in apps if app.client_id == client_id), None)

    def public(self) -> dict[tuple[str, str], Callable[[Call], Reply]]:
        """List what is answered without a bearer token."""
        return {
            ("GET", "/oauth/chooselocation"): self.choose,
            ("GET", "/v2/oauth/chooselocation"): self.choose,
            ("POST", "/oauth/token"): self.token,
        }

    def routes(self) -> list[Route]:
        """List what is answered to an agency's token."""
        mint = partial(Route, "POST", act=self.mint, scope="oauth.write", company=True)
        read = partial(Route, "GET", scope="oauth.readonly", company=True)
        return [
            mint("/oauth/locationToken"),
            # Measured: the new path is unknown under the old versions.
            mint("/oauth/location-token", only="v3"),
            read("/oauth/installedLocations", act=self.installed),
            read("/oauth/installed-locations", act=self.installed_v3, only="v3"),
        ]

    def grant(
        self,
        location_id: str | None,
        scopes: Iterable[str] | None = None,
        app: FakeApp | None = None,
    ) -> Grant:
        """Make a grant for a location, or for the whole agency, to an app."""
        app = app or self.app
        owner_id = self.world.company_id
        if location_id is not None:
            owner_id = self.world.place(location_id).population.location_id
        held = app.scopes if scopes is None else tuple(scopes)
        return Grant(owner_id, location_id, held, app.client_id)

    def choose(self, call: Call) -> Reply:
        """Show the page, or go back to the app with a code once ``choose`` names a location."""
        app = self.app_of(call.query.get("client_id"))
        trouble = self._trouble(call.query, app)
        if app is None or trouble is not None:
            return Reply(400, problem(trouble or _NO_APP))
        chosen = call.query.get("choose")
        if chosen is None:
            return Reply(200, chooser(call.path, call.query, self._choices()))
        answer = self._decide(chosen, call.query.get("scope", "").split(), app)
        if "state" in call.query:
            answer["state"] = call.query["state"]
        home = app.redirect_uri
        joint = "&" if "?" in home else "?"
        return Reply(302, "", {"location": f"{home}{joint}{urlencode(answer)}"})

    def token(self, call: Call) -> Reply:
        """Exchange a code, or renew by a refresh token."""
        form = TokenForm.read(call)
        kind = form.need("grant_type")
        if kind == "authorization_code":
            issued = self._exchange(form)
        elif kind == "refresh_token":
            issued = self._refresh(form)
        else:
            raise Refusal(400, form.wrong("grant_type"))
        return Reply(200, spelled(self._payload(issued), camel=form.camel))

    def mint(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Make a location's own tokens from an agency's. Measured: 201."""
        form = fields_of(call)
        wanted = ("companyId", "locationId")
        require([f"{name} should not be empty" for name in wanted if not form.get(name)])
        if form["companyId"] != grant.owner_id:
            raise Refusal(403, "The token does not have access to this company.")
        if form["locationId"] not in self.world.location_ids:
            raise Refusal(400, f"Location with id {form['locationId']} not found")
        if not self.installs.on(form["locationId"]):
            # The real words are in no document; 400 is the status that is.
            raise Refusal(400, "The app is not installed on this location")
        app = self._granted(grant)
        issued = self.grants.issue(self.grant(form["locationId"], grant.scopes, app), self.clock())
        self.stats.mints += 1
        extra = {"appId": app.app_id, "versionId": app.app_id}
        return Reply(201, spelled({**self._payload(issued), **extra}, camel=call.version == "v3"))

    def installed(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """List where the app is installed, by skip and limit."""
        return installed_locations(self.installs, self._granted(grant).app_id, grant, call.query)

    def installed_v3(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """List where the app is installed, by page tokens."""
        return installed_locations_v3(self.installs, self._granted(grant).app_id, grant, call.query)

    def install(self, location_id: str | None, user_id: str | None = None) -> None:
        """Install the app on a location, or on the whole agency, and tell it.

        ``user_id`` is whoever did it; for the agency's automatic installs that is nobody.
        """
        self.installs.add(location_id, self.clock())
        self.webhooks.installed(location_id, user_id)

    def uninstall(self, location_id: str | None) -> None:
        """Take the app off a location, or off the whole agency, and tell it."""
        everywhere = {self.world.company_id, *self.world.location_ids}
        gone = everywhere if location_id is None else {location_id}
        self.grants.revoke(gone, self.app.client_id)
        self.installs.remove(location_id)
        self.webhooks.uninstalled(location_id)

    def _granted(self, grant: Grant) -> FakeApp:
        return self.app_of(grant.client_id) or self.app

    def _decide(self, chosen: str, asked: list[str], app: FakeApp) -> dict[str, str]:
        """Tell what the user's choice brings the app: a code, or a refusal."""
        if chosen == CANCEL:
            # RFC 6749, 4.1.2.1: HighLevel's own documents are silent about refusals.
            return {"error": "access_denied"}
        location_id = None if chosen == self.world.company_id else chosen
        scopes = [one for one in asked if one in app.scopes]
        grant = self.grant(location_id, scopes or None, app)
        return {"code": self.grants.authorize(grant, self.clock())}

    def _choices(self) -> list[tuple[str, str]]:
        named = [(f"Location {at}", one) for at, one in enumerate(self.world.location_ids, 1)]
        return [("The whole agency", self.world.company_id), *named]

    def _trouble(self, query: Mapping[str, str], app: FakeApp | None) -> str | None:
        known = (CANCEL, self.world.company_id, *self.world.location_ids)
        # Measured: with a client_id alone the page answers this.
        if not query.get("version_id"):
            return "error.noversionid"
        if app is None or query["version_id"] != app.app_id:
            return _NO_APP
        if query.get("redirect_uri") != app.redirect_uri:
            return "The redirect_uri is not one of this app"
        if query.get("response_type") != "code":
            return "The response_type must be code"
        return None if query.get("choose") in (None, *known) else "There is no such location"

    def _exchange(self, form: TokenForm) -> Issued:
        # Measured: the code is looked at before the client's credentials are.
        code = form.need("code")
        self.grants.find_code(code, self.clock())
        app = self._client(form)
        if form.get("redirect_uri") not in (None, app.redirect_uri):
            raise Refusal(400, "Invalid request: redirect_uri is invalid")
        issued = self.grants.exchange(code, self.clock(), app.client_id)
        self.stats.exchanges += 1
        if app == self.app:  # the webhooks, and the lists of installs, are of this one
            self.install(issued.grant.location_id, self.world.users[0])
        return issued

    def _refresh(self, form: TokenForm) -> Issued:
        app = self._client(form)
        try:
            token = form.need("refresh_token")
            issued = self.grants.refresh(token, self.clock(), app.client_id)
        except Refusal as refusal:
            self.stats.invalid_grants += "Invalid grant" in str(refusal.reply.payload)
            raise
        self.stats.refreshes += 1
        return issued

    def _client(self, form: TokenForm) -> FakeApp:
        """Find the app that asks, or refuse it."""
        app, secret = self.app_of(form.need("client_id")), form.need("client_secret")
        if app is None or secret != app.client_secret:
            raise Refusal(400, "Invalid client: client is invalid")
        if form.get("user_type") not in (None, "Company", "Location"):
            raise Refusal(400, form.wrong("user_type"))
        return app

    def _payload(self, issued: Issued) -> Payload:
        grant, lifetime = issued.grant, self.grants.lifetime
        payload: Payload = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": int(lifetime) if float(lifetime).is_integer() else lifetime,
            "refresh_token": issued.refresh_token,
            "scope": " ".join(grant.scopes),
            "refreshTokenId": issued.refresh_id,
            "userType": grant.user_type,
            "companyId": self.world.company_id,
            "userId": self.world.users[0],
            "isBulkInstallation": grant.location_id is None,
        }
        if grant.location_id is None:
            payload["approveAllLocations"] = True
            payload["installToFutureLocations"] = False
        else:
            payload["locationId"] = grant.location_id
        return payload
