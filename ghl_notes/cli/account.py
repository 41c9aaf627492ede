"""Which app, and which store: what the commands about installs have in common."""

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import typer
from attrs import evolve, field, frozen

import ghl_notes
from ghl_notes import App, ConfigurationError, Observer, RetryPolicy, stores
from ghl_notes.cli.asking import is_asked_on_a_terminal
from ghl_notes.cli.statuses import Refused
from ghl_notes.stores import SQLiteStore, TokenStore

if TYPE_CHECKING:
    from ghl_notes import HighLevel

__all__ = ["SEAL_KEYS", "SECRET", "Account", "Place", "reaching"]

C = TypeVar("C")

SECRET: Final = "GHL_NOTES_CLIENT_SECRET"  # noqa: S105 - the name of a variable
SEAL_KEYS: Final = "GHL_NOTES_SEAL_KEYS"

_POSTGRES: Final = ("postgresql://", "postgres://")
_REDIS: Final = ("redis://", "rediss://")
# "host=... password=..." is a way to name a database, and not to be taken for a file.
_is_conninfo: Final = re.compile(r"\s*\w+\s*=").match
# What an App must have, and no renewal sends.
_NO_REDIRECT: Final = "https://redirect.invalid"


@frozen
class Place:
    """Where installs are kept: a SQLite file, or a URL, which may hold a password."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        """Name it in public."""
        if self._is(_POSTGRES):
            return "the PostgreSQL database"
        return "the Redis server" if self._is(_REDIS) else self.url

    @property
    def server_tool(self) -> str | None:
        """Name what backs a server up; None for a file."""
        if self._is(_POSTGRES):
            return "pg_dump --table='ghl_notes_*'"
        return "BGSAVE, and a copy of what it writes" if self._is(_REDIS) else None

    def check(self, *, must_exist: bool) -> None:
        """Raise ``Refused`` for no place, a place of no known kind, and a file that is missing."""
        if not self.url:
            raise Refused("no store: set GHL_NOTES_STORE, or give --store")
        if self._is(_POSTGRES + _REDIS):
            return
        if "://" in self.url or _is_conninfo(self.url):
            raise Refused("--store must be a file, a postgresql:// URL or a redis:// URL")
        if must_exist and not Path(self.url).exists():
            raise Refused(f"there is no store {self.url}: ghl-notes login makes it")

    def open(self) -> TokenStore:
        """Open the store as it is: if it is sealed, facts can be read, and tokens cannot."""
        if self._is(_POSTGRES):
            return _made("--store", lambda: stores.PostgresStore(self.url))
        if self._is(_REDIS):
            return _made("--store", lambda: stores.RedisStore(self.url))
        return SQLiteStore(self.url)

    def unsealed(self) -> TokenStore:
        """Open the store so that tokens can be read: with the seal keys, if there are any."""
        store, keys = self.open(), _listed(os.environ.get(SEAL_KEYS, ""))
        if not keys:
            return store
        return _made(SEAL_KEYS, lambda: stores.Sealed(store, keys=keys))

    def _is(self, schemes: tuple[str, ...]) -> bool:
        return self.url.lower().startswith(schemes)


@frozen(kw_only=True)
class Account:
    """An app, and where its installs are kept."""

    place: Place
    client_id: str
    client_secret: str = field(repr=False, default="")
    redirect_uri: str = _NO_REDIRECT
    base_url: str | None = None
    api_version: str | None = None
    scopes: tuple[str, ...] = ()
    white_label: bool = False

    def check(self, *, must_exist: bool) -> None:
        """Raise ``Refused`` for what cannot work, before anybody is asked for a secret."""
        self.place.check(must_exist=must_exist)
        if not self.client_id.strip():
            raise Refused("no client id: set GHL_NOTES_CLIENT_ID, or give --client-id")
        if not self.redirect_uri.strip():
            raise Refused("no redirect URI: set GHL_NOTES_REDIRECT_URI, or give --redirect-uri")

    def with_secret(self) -> Self:
        """Add the app's secret: from the environment, or asked for on a terminal without echo."""
        secret = os.environ.get(SECRET, "").strip()
        if not secret and is_asked_on_a_terminal():
            secret = typer.prompt("Client secret", hide_input=True, err=True).strip()
        if not secret:
            raise Refused(f"no client secret: set {SECRET}")
        return evolve(self, client_secret=secret)

    def highlevel(
        self, observer: Observer | None = None, retries: RetryPolicy | None = None
    ) -> "HighLevel":
        """Open the app. Raises ``Refused`` or ``ConfigurationError``, and names no password."""
        app = App(
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_uri=self.redirect_uri,
            scopes=self.scopes,
            white_label=self.white_label,
        )
        # By this name, it is loaded with all it needs when it is used, and not for a completion.
        make = partial(
            ghl_notes.HighLevel,
            app,
            store=self.place.unsealed(),
            observer=observer,
            retries=retries or RetryPolicy(),
        )
        return reaching(make, self.base_url, self.api_version)


def reaching(make: Callable[..., C], base_url: str | None, api_version: str | None) -> C:
    """Make what talks to HighLevel, with the defaults of the library for what was not said."""
    said = {"base_url": base_url, "api_version": api_version}
    return make(**{name: value for name, value in said.items() if value is not None})


def patient() -> RetryPolicy:
    """Give the patience of long jobs: some minutes a call, so that no shorter outage ends one.

    Where a job makes single calls, nobody waits for one of them alone either.
    """
    return RetryPolicy(attempts=20, bulk_attempts=20)


def _made(told_by: str, make: Callable[[], TokenStore]) -> TokenStore:
    try:
        return make()
    except ModuleNotFoundError as error:
        raise Refused(str(error)) from error
    except ConfigurationError as error:
        raise Refused(f"{told_by}: {error}") from error


def _listed(keys: str) -> list[str]:
    return [key for one in keys.split(",") if (key := one.strip())]
