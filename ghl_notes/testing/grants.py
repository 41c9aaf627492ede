"""HighLevel's OAuth: codes, access tokens, and refresh tokens that work once. Pure state."""

import random
import string
from collections.abc import Callable, Collection
from typing import Literal

from attrs import define, field, frozen

from ghl_notes.testing.ids import make_uuid
from ghl_notes.testing.replies import Refusal

__all__ = ["Grant", "Grants", "Issued"]

UserType = Literal["Location", "Company"]

_CODE_LIFETIME = 600.0
_REFRESH_LIFETIME = 365 * 86_400.0  # documented: a year, or until it is used
_JWT_HEADER = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
_LETTERS = string.ascii_letters + string.digits + "-_"


@define(eq=False)
class Grant:
    """What a token may do. ``location_id`` is None for the whole agency.

    ``client_id`` is the app that was granted it; None where only one app is known.
    """

    owner_id: str
    location_id: str | None
    scopes: tuple[str, ...]
    client_id: str | None = None
    private: bool = False
    revoked: bool = False

    @property
    def user_type(self) -> UserType:
        """Whom the token speaks for."""
        return "Company" if self.location_id is None else "Location"

    def is_for(self, client_id: str | None) -> bool:
        """Tell whether it lives, and an app may use it; None stands for any app."""
        return not self.revoked and client_id in (None, self.client_id)


@frozen
class Issued:
    """A pair of tokens fresh from the press."""

    grant: Grant
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    refresh_id: str


@define
class _Code:
    grant: Grant
    expires_at: float


@define
class _Access:
    grant: Grant
    expires_at: float


@define
class _Refresh:
    grant: Grant
    id: str
    expires_at: float
    used_at: float | None = None
    successor: str = ""


@define(eq=False)
class Grants:
    """Every code and token of all apps. Times are Unix seconds, as tokens live through restarts.

    ``grace`` returns how long, in seconds, a spent refresh token gives the same new one again.
    """

    rng: random.Random
    lifetime: float
    grace: Callable[[], float]
    inactive: set[str] = field(factory=set, init=False)
    _codes: dict[str, _Code] = field(factory=dict, init=False, repr=False)
    _access: dict[str, _Access] = field(factory=dict, init=False, repr=False)
    _refresh: dict[str, _Refresh] = field(factory=dict, init=False, repr=False)

    def authorize(self, grant: Grant, now: float) -> str:
        """Make a code for a grant, good once and for ten minutes."""
        code = self._text(40)
        self._codes[code] = _Code(grant, now + _CODE_LIFETIME)
        return code

    def find_code(self, code: str, now: float, client_id: str | None = None) -> Grant:
        """Give the grant behind a code, or refuse it, in the shape that was measured."""
        found = self._codes.get(code)
        if found is None or not found.grant.is_for(client_id) or now >= found.expires_at:
            reason = "Authorization code not found"
            raise Refusal.of(401, {"error": "UnAuthorized!", "error_description": reason})
        return found.grant

    def owner_of(self, secret: str) -> str | None:
        """Name the location or company behind a code or a refresh token, dead ones included."""
        found = self._codes.get(secret) or self._refresh.get(secret)
        return None if found is None else found.grant.owner_id

    def exchange(self, code: str, now: float, client_id: str | None = None) -> Issued:
        """Turn a code into tokens, once, for the app that it was made for."""
        grant = self.find_code(code, now, client_id)
        self._require_active(grant)
        del self._codes[code]
        return self.issue(grant, now)

    def refresh(self, token: str, now: float, client_id: str | None = None) -> Issued:
        """Turn a refresh token into new tokens, once, for the app that it was made for.

        Documented: within the grace period the spent token gives the same new refresh token
        again. A refusal because the location is not active leaves the token as it was.
        """
        old = self._refresh.get(token)
        if old is None or not old.grant.is_for(client_id) or now >= old.expires_at:
            raise _dead()
        self._require_active(old.grant)
        if old.used_at is None:
            issued = self.issue(old.grant, now)
            old.used_at, old.successor = now, issued.refresh_token
            return issued
        if now - old.used_at >= self.grace():
            raise _dead()
        return self._again(old, now)

    def issue(self, grant: Grant, now: float) -> Issued:
        """Make a first pair of tokens for a grant."""
        self._require_active(grant)
        token, token_id = self._jwt(), make_uuid(self.rng)
        self._refresh[token] = _Refresh(grant, token_id, now + _REFRESH_LIFETIME)
        return Issued(grant, self._grant_access(grant, now), token, token_id)

    def check(self, access_token: str, now: float) -> Grant:
        """Give the grant behind an access token, or refuse it."""
        if access_token.count(".") != 2:  # noqa: PLR2004 - a JWT has three parts
            raise Refusal(401, "Invalid JWT")
        found = self._access.get(access_token)
        if found is None or found.grant.revoked or now >= found.expires_at:
            raise Refusal(401, "Invalid token: access token is invalid", "Unauthorized")
        return found.grant

    def expire_access_tokens(self) -> None:
        """End every access token now; refresh tokens stay good."""
        self._access.clear()

    def revoke(self, owner_ids: Collection[str], client_id: str | None = None) -> None:
        """Kill every grant of these locations or companies, and what was issued for it.

        With ``client_id``, those of one app.
        """
        held = [one.grant for one in self._codes.values()]
        held += [one.grant for one in self._refresh.values()]
        for grant in held:
            if grant.owner_id in owner_ids and grant.is_for(client_id):
                grant.revoked = True

    def revoke_token(self, token: str) -> None:
        """Kill one token; a refresh token takes its grant with it."""
        self._access.pop(token, None)
        if token in self._refresh:
            self._refresh[token].grant.revoked = True

    def _again(self, old: _Refresh, now: float) -> Issued:
        successor = self._refresh[old.successor]
        access = self._grant_access(old.grant, now)
        return Issued(old.grant, access, old.successor, successor.id)

    def _grant_access(self, grant: Grant, now: float) -> str:
        token = self._jwt()
        self._access[token] = _Access(grant, now + self.lifetime)
        return token

    def _require_active(self, grant: Grant) -> None:
        if grant.location_id in self.inactive:
            raise Refusal(400, "Location is not active")

    def _jwt(self) -> str:
        return f"{_JWT_HEADER}.eyJ{self._text(240)}.{self._text(86)}"

    def _text(self, length: int) -> str:
        return "".join(self.rng.choices(_LETTERS, k=length))


def _dead() -> Refusal:
    return Refusal(400, "Invalid grant: refresh token is invalid")
