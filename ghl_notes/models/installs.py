"""An app and its installs: who authorized it, and until when its tokens are good."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NoReturn, TypeAlias
from urllib.parse import quote, unquote

import attrs
from attrs import field, frozen

from ghl_notes.errors import ConfigurationError, HighLevelError
from ghl_notes.models.values import Extra, is_bearer, is_plain

Health: TypeAlias = Literal["healthy", "renewed", "spent", "inactive", "in doubt", "failed"]
"""How an install is: usable, renewed just now, dead, paused or unpaid, perhaps dead, not known."""

ORGANIZATION: Final = "orga_"
"""How Close's ids of organizations begin, and no id of HighLevel's."""

UserType: TypeAlias = Literal["Location", "Company"]
"""Whom a token speaks for: a sub-account (location) or a whole agency (company)."""


@frozen(kw_only=True)
class InstalledLocation:
    """A location of an agency, and whether the app is installed there."""

    id: str
    name: str | None = None
    address: str | None = None
    is_installed: bool | None = None
    installed_at: datetime | None = None
    version_id: str | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen
class Owner:
    """Whose an install is: the provider that gave its tokens, and the app they were given to."""

    provider: str
    client_id: str

    @property
    def prefix(self) -> str:
        """How the names of everything begin that this app keeps in a store."""
        return _prefix(self.provider, self.client_id)


@lru_cache(maxsize=128)  # asked for with every name, and mostly for one and the same app
def _prefix(provider: str, client_id: str) -> str:
    return f"{quote(provider, safe='')}:{quote(client_id, safe='')}:"


@frozen(kw_only=True)
class Install:
    """An install of the app on a location, or on a whole agency: the facts, without its secrets.

    ``installed_at`` is when this app learned of it, ``renewed_at`` when its token was made:
    HighLevel lets a refresh token lie unused for a year. ``expires_at`` is when the present
    access token ends; it is renewed before that, unasked. ``spent_at`` is set once the install
    was found dead, until its user installs the app again. ``in_doubt_since`` is set while it is
    not known whether a refresh was taken, whose reply was lost. All are aware datetimes.

    ``provider`` is whose tokens these are (``highlevel``, ``close``), ``client_id`` the app that
    was installed; None in a store of version 0.1, until an app opens it.
    """

    user_type: UserType
    provider: str = "highlevel"
    client_id: str | None = None
    location_id: str | None = None
    company_id: str | None = None
    user_id: str | None = None
    scopes: tuple[str, ...] = ()
    installed_at: datetime | None = None
    renewed_at: datetime | None = None
    expires_at: datetime | None = None
    spent_at: datetime | None = None
    in_doubt_since: datetime | None = None

    @property
    def owner(self) -> Owner | None:
        """The app that it is an install of; None for one of version 0.1, whose app is unknown."""
        return None if self.client_id is None else Owner(self.provider, self.client_id)

    @property
    def key(self) -> str:
        """The name under which a store keeps this install: its app's, and its own.

        Such as ``highlevel:65f0-lt0x:location:abc``, or ``location:abc`` if the app is unknown.
        """
        if self.user_type == "Location":
            return location_key(self.location_id or "", self.owner)
        return company_key(self.company_id or "", self.owner)

    @property
    def lapses_at(self) -> datetime | None:
        """When it dies unless it is renewed: after a year, HighLevel documents. None if dead."""
        if self.spent_at is not None or self.renewed_at is None:
            return None
        return self.renewed_at + timedelta(days=365)


@frozen(kw_only=True)
class InstallHealth:
    """How one install is. ``error`` is what ``HighLevel`` met when it looked, if it met one.

    ``spent`` ones need their user at ``authorize()``, ``inactive`` ones work again when their
    location does, and ``failed`` ones are to be looked at again. So are those ``in doubt``: a
    refresh brought no answer, and the next check settles whether HighLevel took it. An install is
    not spent while its agency may give it a token.
    """

    install: Install
    state: Health
    error: HighLevelError | None = None


def location_key(location_id: str, owner: Owner | None = None) -> str:
    """Name a location's install in a store; without an owner, as version 0.1 did."""
    return f"{owner.prefix if owner else ''}location:{location_id}"


def company_key(company_id: str, owner: Owner | None = None) -> str:
    """Name an agency's install in a store; without an owner, as version 0.1 did."""
    return f"{owner.prefix if owner else ''}company:{company_id}"


def owner_of(key: str) -> Owner | None:
    """Read the app from a key; None from a key of version 0.1, which names none."""
    provider, _, rest = key.partition(":")
    if provider in ("location", "company"):
        return None
    return Owner(unquote(provider), unquote(rest.partition(":")[0]))


def former_key(key: str) -> str:
    """Return the key that version 0.1 gave to the same location or agency."""
    return key if owner_of(key) is None else key.split(":", 2)[-1]


def is_of_location(key: str) -> bool:
    """Tell whether a key is of a location, and not of an agency."""
    return former_key(key).startswith("location:")


def provider_by_ids(install: Install) -> str:
    """Return the provider of an install of version 0.1, which did not store it, by its ids."""
    is_organization = (install.company_id or "").startswith(ORGANIZATION)
    return "close" if is_organization else "highlevel"


@frozen(kw_only=True)
class _Sealed:
    """A value that holds a secret: it has a safe repr, and refuses to be pickled or copied out."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        msg = f"{type(self).__name__} holds secrets and is not pickled; keep it in a TokenStore"
        raise TypeError(msg)


def _bearer(_: object, __: "attrs.Attribute[str]", value: str) -> None:
    if not is_bearer(value):
        msg = "Token: access_token must be ASCII text without control characters"
        raise ConfigurationError(msg)


def _plain(_: object, __: "attrs.Attribute[str | None]", value: str | None) -> None:
    if value is not None and not is_plain(value):
        msg = "Token: refresh_token must be text without control characters, or None"
        raise ConfigurationError(msg)


@frozen(kw_only=True)
class Token(_Sealed):
    """An access token, and the refresh token that renews it once. Times are Unix seconds.

    Raises ``ConfigurationError``, which does not quote it, for a token that no request can hold.
    """

    access_token: str = field(repr=False, validator=_bearer)
    refresh_token: str | None = field(default=None, repr=False, validator=_plain)
    issued_at: float
    expires_at: float

    @property
    def renew_at(self) -> float:
        """When to renew ahead of the end: a fiftieth of the lifetime, a minute at most."""
        return self.expires_at - min(60.0, 0.02 * (self.expires_at - self.issued_at))


@frozen
class StoredInstall(_Sealed):
    """What a store keeps for one install: its facts and its present token."""

    install: Install
    token: Token

    @property
    def order(self) -> tuple[float, float]:
        """What is greater for the newer of two: when it was installed, and its token issued."""
        began, issued_at = self.install.installed_at, self.token.issued_at
        return (issued_at if began is None else began.timestamp()), issued_at

    @classmethod
    def of(cls, install: Install, token: Token) -> "StoredInstall":
        """Join an install and its token, so that the install tells the token's times."""
        renewed_at = datetime.fromtimestamp(token.issued_at, UTC)
        expires_at = datetime.fromtimestamp(token.expires_at, UTC)
        return cls(attrs.evolve(install, renewed_at=renewed_at, expires_at=expires_at), token)


def stamped(owner: Owner | None, stored: StoredInstall) -> StoredInstall:
    """Fill in the owner of an install that names none."""
    if owner is None or stored.install.client_id is not None:
        return stored
    install = attrs.evolve(stored.install, provider=owner.provider, client_id=owner.client_id)
    return attrs.evolve(stored, install=install)


@frozen(kw_only=True)
class AuthorizationRequest:
    """Where to send a browser, and the state to remember until it comes back."""

    url: str
    state: str


def _filled(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        msg = f"App: {attribute.name} must be a non-empty string"
        raise ConfigurationError(msg)
    if not is_plain(value):  # whom no form can hold, nor the key of an install
        msg = f"App: {attribute.name} holds a control character: copy it again"
        raise ConfigurationError(msg)


def _scopes(value: Iterable[str] | str) -> tuple[str, ...]:
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


@frozen(kw_only=True)
class App(_Sealed):
    """A HighLevel marketplace app, as its developer portal shows it.

    ``redirect_uri`` must equal one registered there to the letter. ``scopes`` is what
    ``authorize()`` asks for. ``white_label`` sends users to the agency-neutral host.
    """

    client_id: str = field(validator=_filled)
    client_secret: str = field(validator=_filled, repr=False)
    redirect_uri: str = field(validator=_filled)
    scopes: tuple[str, ...] = field(default=(), converter=_scopes)
    white_label: bool = False

    @property
    def app_id(self) -> str:
        """The app's own id: the part of the client id before the dash."""
        return self.client_id.split("-", 1)[0]

    @staticmethod
    def scopes_for(*uses: str) -> tuple[str, ...]:
        """Tell which scopes an app must ask for to use these methods of a client.

        ``uses`` are methods such as ``"notes.list"``, or all of a kind such as ``"tasks"``;
        ``"highlevel"`` is what an agency's install needs for its locations. Raises
        ``ConfigurationError`` for a name that no client has.
        """
        from ghl_notes.http.scopes import scopes_for  # noqa: PLC0415 - asked once, if ever

        return scopes_for(uses)
