"""The OAuth routes: the page to choose a location on, tokens, and where the app is installed."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import parse_qsl, urlencode

from attrs import define, frozen

from ghl_notes.testing.grants import Grant, Grants, Issued
from ghl_notes.testing.installs import installed_locations, installed_locations_v3
from ghl_notes.testing.pages import chooser, problem
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply, require
from ghl_notes.testing.routes import Route
from ghl_notes.testing.stats import Stats
from ghl_notes.testing.world import World

__all__ = ["FakeApp", "OAuthApi"]

_CAMEL = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "refresh_token": "refreshToken",
    "redirect_uri": "redirectUri",
    "user_type": "userType",
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
}


@frozen(kw_only=True)
class FakeApp:
    """The marketplace app that is registered with the pretend HighLevel."""

    client_id: str
    client_secret: str
    redirect_uri: str = "https://app.example.com/oauth/callback"
    scopes: tuple[str, ...] = (
        "contacts.readonly",
        "contacts.write",
        "oauth.readonly",
        "oauth.write",
    )

    @property
    def app_id(self) -> str:
        """The part of the client id before the dash."""
        return self.client_id.split("-")[0]


@define(eq=False)
class OAuthApi:
    """What HighLevel answers about installing the app."""

    app: FakeApp
    world: World
    grants: Grants
    stats: Stats
    clock: Callable[[], float]

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
            mint("/oauth/location-token", only_v3=True),
            read("/oauth/installedLocations", act=self.installed),
            read("/oauth/installed-locations", act=self.installed_v3, only_v3=True),
        ]

    def grant(self, location_id: str | None, scopes: Iterable[str] | None = None) -> Grant:
        """Make a grant for a location, or for the whole agency."""
        owner_id = self.world.company_id
        if location_id is not None:
            owner_id = self.world.place(location_id).population.location_id
        return Grant(owner_id, location_id, self.app.scopes if scopes is None else tuple(scopes))

    def choose(self, call: Call) -> Reply:
        """Show the page, or go back to the app with a code once ``choose`` names a location."""
        trouble = self._trouble(call.query)
        if trouble is not None:
            return Reply(400, problem(trouble))
        chosen = call.query.get("choose")
        if chosen is None:
            return Reply(200, chooser(call.path, call.query, self._choices()))
        location_id = None if chosen == self.world.company_id else chosen
        scopes = [one for one in call.query.get("scope", "").split() if one in self.app.scopes]
        grant = self.grant(location_id, scopes or None)
        answer = {"code": self.grants.authorize(grant, self.clock())}
        if "state" in call.query:
            answer["state"] = call.query["state"]
        joint = "&" if "?" in self.app.redirect_uri else "?"
        return Reply(302, "", {"location": f"{self.app.redirect_uri}{joint}{urlencode(answer)}"})

    def token(self, call: Call) -> Reply:
        """Exchange a code, or renew by a refresh token."""
        form = _Form.read(call)
        kind = form.need("grant_type")
        if kind == "authorization_code":
            issued = self._exchange(form)
        elif kind == "refresh_token":
            issued = self._refresh(form)
        else:
            raise Refusal(400, form.wrong("grant_type"))
        return Reply(200, _spelled(self._payload(issued), camel=form.camel))

    def mint(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """Make a location's own tokens from an agency's. Measured: 201."""
        form = _fields(call)
        wanted = ("companyId", "locationId")
        require([f"{name} should not be empty" for name in wanted if not form.get(name)])
        if form["companyId"] != grant.owner_id:
            raise Refusal(403, "The token does not have access to this company.")
        if form["locationId"] not in self.world.location_ids:
            raise Refusal(400, f"Location with id {form['locationId']} not found")
        issued = self.grants.issue(self.grant(form["locationId"], grant.scopes), self.clock())
        self.stats.mints += 1
        extra = {"appId": self.app.app_id, "versionId": self.app.app_id}
        return Reply(201, _spelled({**self._payload(issued), **extra}, camel=call.version == "v3"))

    def installed(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """List where the app is installed, by skip and limit."""
        return installed_locations(self.world, self.app.app_id, grant, call.query)

    def installed_v3(self, call: Call, grant: Grant, _: tuple[str, ...]) -> Reply:
        """List where the app is installed, by page tokens."""
        return installed_locations_v3(self.world, self.app.app_id, grant, call.query)

    def _choices(self) -> list[tuple[str, str]]:
        named = [(f"Location {at}", one) for at, one in enumerate(self.world.location_ids, 1)]
        return [("The whole agency", self.world.company_id), *named]

    def _trouble(self, query: Mapping[str, str]) -> str | None:
        known = (self.world.company_id, *self.world.location_ids)
        # Measured: with a client_id alone the page answers this.
        if not query.get("version_id"):
            return "error.noversionid"
        if query.get("client_id") != self.app.client_id or query["version_id"] != self.app.app_id:
            return "No integration found"
        if query.get("redirect_uri") != self.app.redirect_uri:
            return "The redirect_uri is not one of this app"
        if query.get("response_type") != "code":
            return "The response_type must be code"
        return None if query.get("choose") in (None, *known) else "There is no such location"

    def _exchange(self, form: "_Form") -> Issued:
        # Measured: the code is looked at before the client's credentials are.
        code = form.need("code")
        self.grants.find_code(code, self.clock())
        self._require_client(form)
        if form.get("redirect_uri") not in (None, self.app.redirect_uri):
            raise Refusal(400, "Invalid request: redirect_uri is invalid")
        issued = self.grants.exchange(code, self.clock())
        self.stats.exchanges += 1
        return issued

    def _refresh(self, form: "_Form") -> Issued:
        self._require_client(form)
        try:
            issued = self.grants.refresh(form.need("refresh_token"), self.clock())
        except Refusal as refusal:
            self.stats.invalid_grants += "Invalid grant" in str(refusal.reply.payload)
            raise
        self.stats.refreshes += 1
        return issued

    def _require_client(self, form: "_Form") -> None:
        sent = (form.need("client_id"), form.need("client_secret"))
        if sent != (self.app.client_id, self.app.client_secret):
            raise Refusal(400, "Invalid client: client is invalid")
        if form.get("user_type") not in (None, "Company", "Location"):
            raise Refusal(400, form.wrong("user_type"))

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


@frozen
class _Form:
    """The fields of a token request under their snake_case names, whatever the version."""

    fields: Mapping[str, str]
    camel: bool

    @classmethod
    def read(cls, call: Call) -> "_Form":
        return cls(_fields(call), call.version == "v3")

    def spell(self, name: str) -> str:
        return _CAMEL.get(name, name) if self.camel else name

    def get(self, name: str) -> str | None:
        return self.fields.get(self.spell(name))

    def need(self, name: str) -> str:
        value = self.get(name)
        if not value:
            raise Refusal(400, f"Missing parameter: {self.spell(name)}")
        return value

    def wrong(self, name: str) -> str:
        return f"Invalid parameter: {self.spell(name)}"


def _fields(call: Call) -> dict[str, str]:
    """Read a form, or JSON where v3 allows it. Anything else has no fields."""
    if "json" not in call.content_type:
        return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    try:
        sent = json.loads(call.body) if call.version == "v3" else {}
    except ValueError:
        raise Refusal(400, "Unexpected token in JSON", "Bad Request") from None
    items = sent.items() if isinstance(sent, dict) else ()
    return {name: str(value) for name, value in items if value is not None}


def _spelled(payload: Payload, *, camel: bool) -> Payload:
    return {_CAMEL.get(name, name): value for name, value in payload.items()} if camel else payload
