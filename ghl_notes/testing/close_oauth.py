"""Close's OAuth: a page that agrees at once, tokens, and taking them back."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from attrs import define

from ghl_notes.testing.app import FakeApp
from ghl_notes.testing.desk import Endpoint
from ghl_notes.testing.forms import fields_of
from ghl_notes.testing.grants import Grant, Grants, Issued
from ghl_notes.testing.replies import Call, Payload, Refusal, Reply
from ghl_notes.testing.stats import Stats

__all__ = ["OFFLINE", "SCOPES", "CloseOAuthApi"]

OFFLINE = "offline_access"
SCOPES = ("all.full_access", OFFLINE)


@define(eq=False, kw_only=True)
class CloseOAuthApi:
    """The OAuth endpoints; ``registered`` tells the app as it is now."""

    registered: Callable[[], FakeApp]
    grants: Grants
    organization_id: str
    user_id: Callable[[], str]
    stats: Stats
    clock: Callable[[], float]

    def endpoints(self) -> list[Endpoint]:
        """List what is answered here, without a token."""
        point = partial(Endpoint, open=True)
        return [
            point("GET", "/oauth2/authorize/", self.page),
            point("POST", "/oauth2/token/", self.token),
            point("POST", "/oauth2/revoke/", self.revoke),
        ]

    def authorize(self, *, offline: bool) -> str:
        """Give a code as the page would; without ``offline`` there is no refresh token."""
        scopes = SCOPES if offline else SCOPES[:1]
        return self.grants.authorize(Grant(self.organization_id, None, scopes), self.clock())

    def page(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Go back to the app with a code, as if somebody had agreed."""
        app, query = self.registered(), call.query
        asked = (query.get("client_id"), query.get("response_type"))
        if asked != (app.client_id, "code"):
            raise _refused("invalid_request")
        if query.get("redirect_uri", app.redirect_uri) != app.redirect_uri:
            raise _refused("invalid_request")
        offline = OFFLINE in query.get("scope", " ".join(SCOPES)).split()
        answer = {"code": self.authorize(offline=offline)}
        if "state" in query:
            answer["state"] = query["state"]
        return Reply(302, "", {"location": f"{app.redirect_uri}?{urlencode(answer)}"})

    def token(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Exchange a code, or renew by a refresh token, which works once."""
        form = self._form(call)
        acts = {"authorization_code": self._exchange, "refresh_token": self._refresh}
        act = acts.get(form.get("grant_type", ""))
        if act is None:
            raise _refused("unsupported_grant_type")
        try:
            return Reply(200, self._told(act(form)))
        except Refusal:
            self.stats.invalid_grants += 1
            raise _refused("invalid_grant") from None

    def revoke(self, call: Call, _: tuple[str, ...]) -> Reply:
        """Take a token back; an unknown one is fine."""
        self.grants.revoke_token(self._form(call).get("token", ""))
        return Reply(200, {})

    def _form(self, call: Call) -> dict[str, str]:
        form, app = fields_of(call), self.registered()
        if (form.get("client_id"), form.get("client_secret")) != (app.client_id, app.client_secret):
            raise _refused("invalid_client", 401)
        return form

    def _exchange(self, form: dict[str, str]) -> Issued:
        issued = self.grants.exchange(form.get("code", ""), self.clock())
        self.stats.exchanges += 1
        return issued

    def _refresh(self, form: dict[str, str]) -> Issued:
        issued = self.grants.refresh(form.get("refresh_token", ""), self.clock())
        self.stats.refreshes += 1
        return issued

    def _told(self, issued: Issued) -> Payload:
        lifetime = self.grants.lifetime
        payload: Payload = {
            "token_type": "Bearer",
            "access_token": issued.access_token,
            "expires_in": int(lifetime) if lifetime.is_integer() else lifetime,
            "scope": " ".join(issued.grant.scopes),
            "organization_id": self.organization_id,
            "user_id": self.user_id(),
        }
        if OFFLINE in issued.grant.scopes:
            payload["refresh_token"] = issued.refresh_token
        return payload


def _refused(code: str, status: int = 400) -> Refusal:
    return Refusal.of(status, {"error": code})
