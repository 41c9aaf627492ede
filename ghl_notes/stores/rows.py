"""An install as a row of plain values, as every store that leaves the process writes it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TypeAlias, TypeVar, cast

import attrs
from attrs import define, field

from ghl_notes.errors import ConfigurationError
from ghl_notes.models import Install, StoredInstall, Token, UserType
from ghl_notes.models.installs import ORGANIZATION, provider_by_ids
from ghl_notes.stores.protocol import Unreadable

__all__ = ["ADOPT", "COLUMNS", "IS_UNKNOWN", "Cell", "Unread", "readable", "to_row", "to_stored"]

E = TypeVar("E", bound=Sequence[object])

Cell: TypeAlias = str | float | None

COLUMNS: Final = (
    "key",
    "provider",
    "client_id",
    "user_type",
    "location_id",
    "company_id",
    "user_id",
    "scopes",
    "access_token",
    "refresh_token",
    "issued_at",
    "expires_at",
    "installed_at",
    "spent_at",
    "in_doubt_since",
)
"""The names of the cells, in their order. Times are Unix seconds."""

IS_UNKNOWN: Final = f"""
client_id IS NULL AND {{provider}} = CASE
    WHEN substr(company_id, 1, {len(ORGANIZATION)}) = '{ORGANIZATION}' THEN 'close'
    ELSE 'highlevel' END
"""
"""What holds, in SQL, for the rows of unknown apps that are a provider's: ``provider_by_ids``."""

_KEPT: Final = ", ".join(name for name in COLUMNS if name not in ("key", "provider", "client_id"))
_REPLACED: Final = ", ".join(f"{name} = excluded.{name}" for name in _KEPT.split(", "))
_ORDER: Final = "(coalesce({0}.installed_at, {0}.issued_at), {0}.issued_at)"
ADOPT: Final = f"""
INSERT INTO {{installs}} (key, provider, client_id, {_KEPT})
SELECT {{prefix}} || key, {{provider}}, {{client_id}}, {_KEPT} FROM {{unknown}}
ON CONFLICT (key) DO UPDATE SET {_REPLACED}
WHERE {_ORDER.format("{installs}")} < {_ORDER.format("excluded")}
"""  # noqa: S608 - our own names
"""Copies such rows to the keys of an app, in SQL, where it has none that is newer."""


def to_row(stored: StoredInstall) -> tuple[Cell, ...]:
    """Take an install apart into its cells."""
    install, token = stored.install, stored.token
    return (
        install.key,
        install.provider,
        install.client_id,
        install.user_type,
        install.location_id,
        install.company_id,
        install.user_id,
        " ".join(install.scopes),
        token.access_token,
        token.refresh_token,
        token.issued_at,
        token.expires_at,
        _seconds(install.installed_at),
        _seconds(install.spent_at),
        _seconds(install.in_doubt_since),
    )


def readable(
    entries: Iterable[E], read: Callable[[E], StoredInstall | None]
) -> Iterator[StoredInstall]:
    """Read all that can be read, and raise ``Unreadable`` at the end for the others.

    Each entry begins with its key.
    """
    unread = Unread()
    for entry in entries:
        try:
            stored = read(entry)
        except ConfigurationError as error:
            unread.add(entry[0], error)
            continue
        if stored is not None:
            yield stored
    unread.check()


@define
class Unread:
    """What could not be read so far."""

    keys: list[str] = field(factory=list)
    problem: str = ""

    def add(self, key: object, error: ConfigurationError) -> None:
        """Add one; the error that is raised is about the first."""
        self.problem = self.problem or str(error)
        self.keys.append(key.decode(errors="replace") if isinstance(key, bytes) else str(key))

    def check(self) -> None:
        """Raise ``Unreadable`` if there is any."""
        if self.keys:
            raise Unreadable(self.problem, keys=self.keys)


def to_stored(row: Sequence[object]) -> StoredInstall:
    """Put an install together again from its cells.

    Raises ``ConfigurationError`` for what cannot be an install.
    """
    with suppress(ValueError, TypeError, AttributeError, ArithmeticError):  # it may quote a cell
        return _stored(row)
    msg = "an install in the store is damaged: restore a copy of the store"
    raise ConfigurationError(msg)


def _stored(row: Sequence[object]) -> StoredInstall:
    cells = cast("dict[str, str]", dict(zip(COLUMNS, row, strict=True)))
    install = Install(
        provider=cells["provider"],
        client_id=cells["client_id"],
        user_type=cast("UserType", cells["user_type"]),
        location_id=cells["location_id"],
        company_id=cells["company_id"],
        user_id=cells["user_id"],
        scopes=tuple(cells["scopes"].split()),
        installed_at=_time(cells["installed_at"]),
        spent_at=_time(cells["spent_at"]),
        in_doubt_since=_time(cells["in_doubt_since"]),
    )
    if install.provider is None:  # version 0.1 wrote it
        install = attrs.evolve(install, provider=provider_by_ids(install))
    token = Token(
        access_token=cells["access_token"],
        refresh_token=cells["refresh_token"],
        issued_at=float(cells["issued_at"]),
        expires_at=float(cells["expires_at"]),
    )
    return StoredInstall.of(install, token)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _time(seconds: object) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(cast("float", seconds), UTC)
