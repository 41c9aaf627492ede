"""Reading the replies of a token endpoint: whose token it is, and until when it is good."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, NoReturn, TypeGuard, cast

import attrs
from attrs import field, frozen

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.models import Install, Json, Owner, StoredInstall, Token, UserType
from ghl_notes.models.values import is_bearer, is_plain
from ghl_notes.stores.protocol import SEALED

__all__ = ["stored_install", "unreadable"]

_SNAKE: Final = {  # v3 spells the standard fields in camelCase; the others are so in both versions
    "accessToken": "access_token",
    "refreshToken": "refresh_token",
    "expiresIn": "expires_in",
}
# Without a believable expires_in: renew within the hour, and on the first 401.
_UNTOLD_LIFETIME: Final = 3600.0


class OtherInstall(UnexpectedResponse):
    """A reply with the token of another install than the one that was asked for."""


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

    A reply without a refresh token never erases the old one. Raises ``UnexpectedResponse``, which
    quotes no token, for one that is of another location, company or user type than asked for, and
    for one with an id or a token that cannot be used.
    """
    if not isinstance(payload, Mapping):
        raise unreadable("not an object", server)
    fields = _Fields({_SNAKE.get(key, key): value for key, value in payload.items()}, server)
    install = _install(fields, owner, before.install if before else None, location_id, company_id)
    if before is None:
        install = attrs.evolve(install, installed_at=datetime.fromtimestamp(now, UTC))
    token = Token(
        access_token=fields.usable("access_token", _is_access_token)
        or fields.missing("access token"),
        refresh_token=fields.usable("refresh_token", is_plain)
        or (before.token.refresh_token if before else None),
        issued_at=now,
        expires_at=now + _lifetime(fields.values.get("expires_in")),
    )
    return StoredInstall.of(install, token)


def _install(
    fields: "_Fields",
    owner: Owner,
    old: Install | None,
    location_id: str | None,
    company_id: str | None,
) -> Install:
    """Read the owner of a token. A renewal does not change it, whatever is in the reply."""
    if old is not None:
        location_id, company_id = old.location_id, old.company_id
    location = fields.id_of("locationId", location_id)
    company = fields.id_of("companyId", company_id) or company_id
    if old is not None or location is None:
        location = location_id
    user_type = fields.user_type(old, "Location" if location else "Company")
    if not (location if user_type == "Location" else company):
        fields.missing(f"{user_type.lower()} id")
    return Install(
        provider=owner.provider,
        client_id=owner.client_id,
        user_type=user_type,
        location_id=location if user_type == "Location" else None,
        company_id=company,
        user_id=fields.text("userId") or (old.user_id if old else None),
        scopes=fields.scopes() or (old.scopes if old else ()),
        installed_at=old.installed_at if old else None,
    )


@frozen
class _Fields:
    """The fields of a token reply: strict where they steer, lenient where they are only kept."""

    values: Mapping[str, Json] = field(repr=False)
    server: str

    def text(self, name: str) -> str | None:
        """Return a string that can be kept; None for what is none."""
        value = self.values.get(name)
        return value if is_plain(value) else None

    def scopes(self) -> tuple[str, ...]:
        value = self.values.get("scope")
        words = value.split() if isinstance(value, str) else []
        return tuple(word for word in words if is_plain(word))

    def usable(self, name: str, is_usable: Callable[[object], bool]) -> str | None:
        """Return a string that must be usable where there is one. Never quotes it."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return None
        if not is_usable(value):
            raise unreadable(f"control characters in {name}", self.server)
        return value

    def id_of(self, name: str, known: str | None) -> str | None:
        """Return an id, which must be the one that is known, if one is."""
        value = self.usable(name, is_plain)
        if value and known and value != known:
            raise _of_another(f"{name} is {value}, and not {known}", self.server)
        return value

    def user_type(self, old: Install | None, guess: UserType) -> UserType:
        given = self.values.get("userType")
        known: UserType | None = old.user_type if old else None
        if given not in ("Location", "Company"):
            return known or guess
        if known and given != known:
            raise _of_another(f"userType is {given}, and not {known}", self.server)
        return cast("UserType", given)

    def missing(self, what: str) -> NoReturn:
        raise unreadable(f"no {what}", self.server)


def _lifetime(expires_in: Json) -> float:
    try:
        seconds = float(expires_in) if isinstance(expires_in, int | float | str) else 0.0
    except (ValueError, OverflowError):
        seconds = 0.0
    return seconds if 0 < seconds < 10 * 365 * 86_400 else _UNTOLD_LIFETIME


def _is_access_token(value: object) -> TypeGuard[str]:
    """Tell whether a header can hold it, and a store does not take it for an encrypted one."""
    return is_bearer(value) and not value.startswith(SEALED)


def _of_another(problem: str, server: str) -> OtherInstall:
    msg = f"{server}'s token reply is not used, it is of another install: {problem}"
    return OtherInstall(msg, problems=(f"{problem} @ $",))


def unreadable(problem: str, server: str) -> UnexpectedResponse:
    """Say that a reply is no token reply. ``problem`` quotes no token."""
    msg = f"{server}'s token reply cannot be read: {problem}"
    return UnexpectedResponse(msg, problems=(f"{problem} @ $",))
