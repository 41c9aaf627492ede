"""Authlib's OAuth client carried by aiohttp: exchange a code, refresh a token, read the replies.

Authlib builds the forms and authenticates the client; it would also take HighLevel's error bodies
for tokens and keep a token of its own, so reading and keeping are done here and in ``installs``.
"""

import re
import time
from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2.client import OAuth2Client

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.failures import failure
from ghl_notes.http.protocol import Dialect
from ghl_notes.http.reply import Reply, decode
from ghl_notes.http.transport import Transport
from ghl_notes.models import App, Install, Json, Owner, StoredInstall, Token, UserType

# What one try may take; see ``refreshing`` for how long a refresh is tried.
ATTEMPT_SECONDS: Final = 7.0

_SNAKE: Final = {  # v3 spells the standard fields in camelCase; the others are so in both versions
    "accessToken": "access_token",
    "refreshToken": "refresh_token",
    "expiresIn": "expires_in",
}
# Without a believable expires_in: renew within the hour, and on the first 401.
_UNTOLD_LIFETIME: Final = 3600.0

_DEAD_GRANT: Final = re.compile(
    r"\s*invalid[ _]grant|authorization code not found", re.IGNORECASE
).match
_BAD_CLIENT: Final = re.compile(r"\s*invalid[ _]client", re.IGNORECASE).match


class OAuthSession(OAuth2Client):  # type: ignore[misc] # Authlib has no types
    """The token endpoint of one app. It holds no token, so any number of tasks may use it."""

    token_path = "/oauth/token"  # noqa: S105 - a path
    server = "HighLevel"
    provider = "highlevel"

    def __init__(
        self,
        app: App,
        *,
        base_url: str,
        dialect: Dialect,
        transport: Transport,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            transport,
            client_id=app.client_id,
            client_secret=app.client_secret,
            redirect_uri=app.redirect_uri,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method's name
            token_endpoint=f"{base_url}{self.token_path}",
        )
        self.owner: Owner = Owner(self.provider, app.client_id)
        self._dialect = dialect
        self._clock = clock

    async def exchange(self, code: str, *, user_type: UserType | None = None) -> StoredInstall:
        """Turn an authorization code into an install.

        Raises ``ReauthorizationRequired`` for a code that is unknown, used or too old.
        """
        now = self._clock()  # the token's time begins somewhere between the request and its reply
        payload = await self.fetch_token(
            grant_type="authorization_code", code=code, **self._speaking_for(user_type)
        )
        return self.read(payload, now=now)

    async def refresh(self, stored: StoredInstall) -> StoredInstall:
        """Spend the refresh token of an install, and return the install with its new token.

        Raises ``ReauthorizationRequired`` if that token is dead, and nothing else is proof of it.
        """
        now = self._clock()  # as above
        payload = await self.refresh_token(
            refresh_token=stored.token.refresh_token,
            **self._speaking_for(stored.install.user_type),
        )
        return self.read(payload, now=now, before=stored)

    def read(
        self,
        payload: Json | Mapping[str, Json],
        *,
        now: float,
        before: StoredInstall | None = None,
        location_id: str | None = None,
        company_id: str | None = None,
    ) -> StoredInstall:
        """Read a token reply as an install of this app; see ``stored_install``."""
        return stored_install(
            payload,
            now=now,
            before=before,
            location_id=location_id,
            company_id=company_id,
            owner=self.owner,
            server=self.server,
        )

    async def refresh_alone(self, stored: StoredInstall) -> StoredInstall:
        """Do the same over a connection of its own, after the session passed in was closed."""
        alone, transport = copy(self), cast("Transport", self.session).spare()
        alone.session = transport
        try:
            return await alone.refresh(stored)
        finally:
            await transport.close()

    async def _fetch_token(
        self, url: str, body: str, *, auth: Any, headers: Mapping[str, str], **_: object
    ) -> Mapping[str, Json]:
        # Authlib passes its module-wide headers uncopied, and authentication may write to them.
        uri, sent, form = auth.prepare("POST", url, {**headers, **self._headers()}, body)
        transport = cast("Transport", self.session)
        try:
            reply = await transport.send(
                "POST", uri, sent, self._spelled(form), seconds=ATTEMPT_SECONDS
            )
            return self._told(_payload(reply, self._refusal))
        except HighLevelError as error:
            error.at("POST", self.token_path)
            raise

    def _headers(self) -> dict[str, str]:
        return {"Version": self._dialect.version}

    def _speaking_for(self, user_type: UserType | None) -> dict[str, str]:
        """Say whom the token shall speak for."""
        return {} if user_type is None else {"user_type": user_type}

    def _refusal(self, reply: Reply) -> HighLevelError:
        """Name the error of a reply that is no success."""
        return failure(reply)

    def _told(self, payload: Mapping[str, Json]) -> Mapping[str, Json]:
        """Give the fields of a reply HighLevel's names."""
        return payload

    def _spelled(self, form: str) -> bytes:
        """Name the fields as the version does: Authlib speaks the standard's snake_case alone."""
        names = self._dialect.token_form
        pairs = parse_qsl(form, keep_blank_values=True, strict_parsing=True)
        return urlencode([(names.get(name, name), value) for name, value in pairs]).encode()

    # A refresh differs in its body alone; Authlib calls it by this name.
    _refresh_token = _fetch_token


def stored_install(  # noqa: PLR0913 - what the reply may leave out
    payload: Json | Mapping[str, Json],
    *,
    owner: Owner,
    now: float,
    before: StoredInstall | None = None,
    location_id: str | None = None,
    company_id: str | None = None,
    server: str = "HighLevel",
) -> StoredInstall:
    """Read a token reply, v2 or v3; what it leaves out stays as it was ``before``.

    A reply without a refresh token never erases the old one.
    """
    if not isinstance(payload, Mapping):
        raise _unreadable("not an object", server)
    fields = {_SNAKE.get(key, key): value for key, value in payload.items()}
    old = before.install if before else None
    location = _text(fields, "locationId") or location_id
    company = _text(fields, "companyId") or company_id
    told = _text(fields, "userType")
    if old is not None:  # whose it is does not change by a renewal, whatever the reply says
        location, told, company = old.location_id, old.user_type, old.company_id or company
    guess = "Location" if location else "Company"
    user_type = told if told in ("Location", "Company") else guess
    if not (location if user_type == "Location" else company):
        raise _unreadable(f"no {user_type.lower()} id", server)
    scope = _text(fields, "scope")
    install = Install(
        provider=owner.provider,
        client_id=owner.client_id,
        user_type=cast("UserType", user_type),
        location_id=location if user_type == "Location" else None,
        company_id=company,
        user_id=_text(fields, "userId") or (old.user_id if old else None),
        scopes=tuple(scope.split()) if scope else (old.scopes if old else ()),
        installed_at=old.installed_at if old else datetime.fromtimestamp(now, UTC),
    )
    access = _text(fields, "access_token")
    if access is None:
        raise _unreadable("no access token", server)
    kept = before.token.refresh_token if before else None
    token = Token(
        access_token=access,
        refresh_token=_text(fields, "refresh_token") or kept,
        issued_at=now,
        expires_at=now + _lifetime(fields.get("expires_in")),
    )
    return StoredInstall.of(install, token)


def _payload(reply: Reply, refusal: Callable[[Reply], HighLevelError]) -> Mapping[str, Json]:
    if reply.status < 300:  # noqa: PLR2004
        payload = decode(reply)
        if isinstance(payload, dict):
            return payload
        raise _unreadable("not an object", reply.server)
    error = refusal(reply)
    if isinstance(error, LocationInactive):
        raise error  # however it is wrapped: the same refresh token works again later
    said = "; ".join(error.messages)
    if reply.status in (400, 401) and (_DEAD_GRANT(said) or _error_code(reply) == "invalid_grant"):
        msg = "the authorization is spent; send the user through authorize() again"
        raise ReauthorizationRequired(msg, status=reply.status, messages=error.messages)
    if reply.status in (400, 401) and _BAD_CLIENT(said):
        msg = f"{reply.server} does not know this client_id and client_secret: check the App"
        raise ConfigurationError(msg, status=reply.status, messages=error.messages)
    if isinstance(error, RateLimited):
        # No limit is known for this endpoint, and no gate stands before it: simply try later.
        msg = f"{reply.server}'s token endpoint asks us to wait (429)"
        raise Unavailable(msg, maybe_applied=False, status=429, retry_after=error.retry_after)
    raise error


def _error_code(reply: Reply) -> Json:
    try:
        body = decode(reply)
    except UnexpectedResponse:
        return None
    return body.get("error") if isinstance(body, dict) else None


def _text(fields: Mapping[str, Json], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _lifetime(told: Json) -> float:
    try:
        seconds = float(told) if isinstance(told, int | float | str) else 0.0
    except (ValueError, OverflowError):
        seconds = 0.0
    return seconds if 0 < seconds < 10 * 365 * 86_400 else _UNTOLD_LIFETIME


def _unreadable(problem: str, server: str) -> UnexpectedResponse:
    msg = f"{server}'s token reply cannot be read: {problem}"
    return UnexpectedResponse(msg, problems=(f"{problem} @ $",))
