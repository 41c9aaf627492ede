"""Authlib's OAuth client carried by aiohttp: exchange a code, refresh a token, read the replies.

Authlib builds the forms and authenticates the client; it would also take HighLevel's error bodies
for tokens and keep a token of its own, so reading and keeping are done here and in ``installs``.
"""

import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
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
from ghl_notes.http.redaction import redact, redacted
from ghl_notes.http.reply import Reply, decode
from ghl_notes.http.transport import Transport
from ghl_notes.models import App, Json, Owner, StoredInstall, UserType
from ghl_notes.oauth.token_reply import stored_install, unreadable
from ghl_notes.stores.waiting import Crowded

# What one try may take at least, however short ``timeout`` is; see ``refreshing`` for how long a
# refresh is tried. It is also the longest wait for a connection, before which nothing was sent.
ATTEMPT_SECONDS: Final = 7.0

_SECRETS: Final = frozenset({"code", "refresh_token", "client_secret"})

_DEAD_GRANT: Final = re.compile(
    r"\s*invalid[ _]grant|authorization code not found", re.IGNORECASE
).match
_BAD_CLIENT: Final = re.compile(r"\s*invalid[ _]client", re.IGNORECASE).match


class OAuthSession(OAuth2Client):  # type: ignore[misc] # Authlib has no types
    """The token endpoint of one app. It holds no token, so any number of tasks may use it."""

    token_path = "/oauth/token"  # noqa: S105 - a path
    server = "HighLevel"
    provider = "highlevel"
    SESSION_REQUEST_PARAMS = ("seconds",)  # what Authlib hands on to ``_fetch_token``

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

    @property
    def timeout(self) -> float:
        """What one request may take, in seconds, and how long it may wait for its connection."""
        return max(cast("Transport", self.session).seconds, ATTEMPT_SECONDS)

    async def exchange(
        self, code: str, *, user_type: UserType | None = None, spent: float = 0.0
    ) -> StoredInstall:
        """Turn an authorization code into an install.

        A code works once, and no answer to it is repeated: cutting a request short gains nothing.
        ``spent`` is how many seconds earlier requests have taken of its time.
        Raises ``ReauthorizationRequired`` for a code that is unknown, used or too old.
        """
        async with self.place(seconds=self.timeout):
            now = self._clock()  # the token's time begins between the request and its reply
            payload = await self.fetch_token(
                grant_type="authorization_code",
                code=code,
                seconds=max(self.timeout - spent, ATTEMPT_SECONDS),
                **self._speaking_for(user_type),
            )
        return self.read(payload, now=now)

    async def refresh(self, stored: StoredInstall) -> StoredInstall:
        """Spend the refresh token of an install, and return the install with its new token.

        The request is sent at once: wait for a connection with ``place`` before. It takes as long
        as ``timeout``; whoever has no time for that cancels it.
        Raises ``ReauthorizationRequired`` if that token is dead, and nothing else is proof of it.
        """
        now = self._clock()  # as above
        payload = await self.refresh_token(
            refresh_token=stored.token.refresh_token,
            **self._speaking_for(stored.install.user_type),
        )
        return self.read(payload, now=now, before=stored)

    @asynccontextmanager
    async def place(self, *, seconds: float | None = None) -> AsyncIterator[None]:
        """Have a connection for one request.

        Raises ``Crowded`` if none becomes free in ``seconds``, or in 5 s, as a hold allows.
        """
        transport = cast("Transport", self.session)
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(transport.place_for_token(seconds=seconds))
            except Unavailable as error:
                raise Crowded(error.args[0]).at("POST", self.token_path) from None
            except HighLevelError as error:
                error.at("POST", self.token_path)
                raise
            yield

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
        self,
        url: str,
        body: str,
        *,
        auth: Any,
        headers: Mapping[str, str],
        seconds: float | None = None,
        **_: object,
    ) -> Mapping[str, Json]:
        # Authlib passes its module-wide headers uncopied, and authentication may write to them.
        uri, sent, form = auth.prepare("POST", url, {**headers, **self._headers()}, body)
        transport = cast("Transport", self.session)
        pairs = parse_qsl(form, keep_blank_values=True, strict_parsing=True)
        secrets = [value for name, value in pairs if name in _SECRETS]
        try:
            reply = await transport.send(
                *("POST", uri, sent, self._spelled(pairs)),
                seconds=seconds or self.timeout,
                connecting=ATTEMPT_SECONDS,
            )
            if reply.status >= 300:  # noqa: PLR2004
                reply = redacted(reply, secrets)
            return self._told(_payload(reply, self._refusal))
        except HighLevelError as error:
            redact(error, secrets)
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

    def _spelled(self, pairs: Iterable[tuple[str, str]]) -> bytes:
        """Name the fields as the version does: Authlib speaks the standard's snake_case alone."""
        names = self._dialect.token_form
        return urlencode([(names.get(name, name), value) for name, value in pairs]).encode()

    # A refresh differs in its body alone; Authlib calls it by this name.
    _refresh_token = _fetch_token


def _payload(reply: Reply, refusal: Callable[[Reply], HighLevelError]) -> Mapping[str, Json]:
    if reply.status < 300:  # noqa: PLR2004
        payload = decode(reply)
        if isinstance(payload, dict):
            return payload
        raise unreadable("not an object", reply.server)
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
