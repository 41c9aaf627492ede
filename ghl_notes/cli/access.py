"""How a command comes by a client: with a location's own token, or with an app's install."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import typer
from attrs import field, frozen

import ghl_notes
from ghl_notes import Observer, RetryPolicy
from ghl_notes.cli.account import Account, Place, reaching
from ghl_notes.cli.options import ApiVersion, BaseUrl, ClientId, Location, Store, Token
from ghl_notes.cli.statuses import Refused

if TYPE_CHECKING:
    from ghl_notes import Client

__all__ = ["Access", "access"]


@frozen(kw_only=True)
class Access:
    """A location, and what opens it: a token, or without one the install that is stored."""

    location_id: str
    token: str = field(repr=False)
    account: Account

    @asynccontextmanager
    async def client(
        self, observer: Observer | None = None, retries: RetryPolicy | None = None
    ) -> "AsyncIterator[Client]":
        """Open the client of the location, and close all that it used."""
        if not self.token:
            async with self.account.highlevel(observer, retries) as highlevel:
                yield highlevel.location(self.location_id)
            return
        # By this name, it is loaded with all it needs when it is used, and not for a completion.
        location_id = self.location_id or None
        make = partial(
            ghl_notes.Client,
            self.token,
            location_id=location_id,
            observer=observer,
            retries=retries or RetryPolicy(),
        )
        async with reaching(make, self.account.base_url, self.account.api_version) as client:
            yield client


def access(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    token: Token = "",
    location: Location = "",
    store: Store = "",
    client_id: ClientId = "",
    base_url: BaseUrl = None,
    api_version: ApiVersion = None,
) -> Access:
    """Read the options that tell how to reach HighLevel, and ask for the secret if one is needed.

    A token comes before a store, unless only the store was typed. Raises ``Refused`` for what
    cannot work.
    """
    token, location = token.strip(), location.strip()
    if token and store and _is_typed(context, "store"):
        if _is_typed(context, "token"):
            raise Refused("give either --token or --store")
        token = ""
    account = Account(
        place=Place(store), client_id=client_id, base_url=base_url, api_version=api_version
    )
    if not token:
        account = _with_install(account, location)
    return Access(location_id=location, token=token, account=account)


def _with_install(account: Account, location_id: str) -> Account:
    if not account.place.url:
        raise Refused("no account: set GHL_NOTES_TOKEN, or GHL_NOTES_STORE for an app's install")
    if not location_id:
        raise Refused("no location: set GHL_NOTES_LOCATION, or give --location")
    account.check(must_exist=True)
    return account.with_secret()


def _is_typed(context: typer.Context, name: str) -> bool:
    """Tell an option on the command line from a variable of the environment."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
