"""``ghl-notes installs list`` and ``forget``: what needs the store alone, and nobody's token."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import typer
from attrs import frozen

from ghl_notes import HighLevelError, Install, Unavailable
from ghl_notes.cli.account import Place
from ghl_notes.cli.asking import Asker, confirmed, is_asked_on_a_terminal
from ghl_notes.cli.facts import apps_of, named, record, table
from ghl_notes.cli.records import line
from ghl_notes.cli.statuses import Refused, Status, done, explained, say
from ghl_notes.cli.tables import show, stdout
from ghl_notes.oauth.forgotten import mark_forgotten
from ghl_notes.stores import Overtaken, TokenStore, Unreadable

__all__ = ["Doomed", "forget", "list_installs", "say_there_is_none"]

# A hold may be waited for long, and others need some too.
_AT_ONCE: Final = 4


@frozen(kw_only=True)
class Doomed:
    """What is to be forgotten: a location's install, or an agency's with all its locations."""

    location_id: str | None = None
    company_id: str | None = None
    client_id: str = ""
    sure: bool = False

    def check(self) -> None:
        """Raise ``Refused`` for what cannot be carried out."""
        if bool(self.location_id) == bool(self.company_id):
            raise Refused("give either --location ID or --company ID")
        if not self.sure and not is_asked_on_a_terminal():
            raise Refused("nobody is there to confirm it: give --yes to forget without asking")

    def includes(self, install: Install) -> bool:
        """Tell whether an install is meant."""
        if not is_of(install, self.client_id):
            return False
        if self.company_id:
            return install.company_id == self.company_id
        return install.user_type == "Location" and install.location_id == self.location_id

    def __str__(self) -> str:
        """Name it as the user did."""
        if self.company_id:
            return f"agency {self.company_id}"
        return f"location {self.location_id}"


async def list_installs(place: Place, *, client_id: str, as_json: bool) -> Status:
    """Tell what is stored, of one app or of all. Asks HighLevel nothing, and needs no seal key."""
    place.check(must_exist=True)
    store = place.open()
    try:
        stored, unread = await _all(store)
    finally:
        await store.close()
    installs = [install for install in stored if is_of(install, client_id)]
    if as_json:
        typer.echo(b"".join(line(record(install)) for install in installs), nl=False)
    elif installs:
        show(stdout(), *table(installs, datetime.now(UTC)))
    elif unread is None:
        say_there_is_none(place)
    if others := len(stored) - len(installs):
        say(f"{_many(others)} of other apps not shown: give --client-id '' for all")
    if unread is not None:
        raise unread
    return Status.DONE


def is_of(install: Install, client_id: str) -> bool:
    """Tell whether an install is of an app, or may be: version 0.1 did not keep whose it is."""
    return not client_id or install.client_id in (None, client_id)


def say_there_is_none(place: Place) -> None:
    """Tell how to come by a first install."""
    say(f"no install is stored in {place}: add one by ghl-notes login")


async def forget(place: Place, doomed: Doomed) -> Status:
    """Delete installs from the store, once the user has seen which."""
    place.check(must_exist=True)
    doomed.check()
    store = place.open()
    try:
        return await _forget(store, place, doomed)
    finally:
        await store.close()


async def _forget(store: TokenStore, place: Place, doomed: Doomed) -> Status:
    stored, unread = await _all(store)
    chosen = [install for install in stored if doomed.includes(install)]
    if not chosen and unread is not None:
        raise unread
    if not chosen:
        say(f"there is no install of {doomed} in {place}: see ghl-notes installs list")
        return Status.FAILED
    if len(apps := apps_of(chosen)) > 1:
        raise Refused(f"these are installs of several apps ({', '.join(apps)}): give --client-id")
    typer.echo("\n".join(named(install) for install in chosen))
    question = f"Forget {_many(len(chosen))}? [y/N]"
    if not doomed.sure and not confirmed(await Asker().ask(question)):
        say("nothing was forgotten")
        return Status.FAILED
    gone = await _deleted(store, chosen, with_agency=doomed.company_id is not None)
    if gone:
        with done(f"forgot {_many(len(gone))}"):
            typer.echo(_farewell(gone, stored))
    if doomed.company_id and unread is not None:
        say(f"what cannot be read may be of it too: {explained(unread)}")
    elif len(gone) == len(chosen):
        return Status.DONE
    return Status.SOME_FAILED if gone else Status.FAILED


async def _deleted(
    store: TokenStore, chosen: Sequence[Install], *, with_agency: bool
) -> list[Install]:
    """Delete all that can be, and return it; say of each other one what stood in the way."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def gone(install: Install) -> bool:
        async with turns:
            try:
                await _forget_one(store, install, with_agency=with_agency)
            except HighLevelError as error:
                say(f"{named(install)} was not forgotten: {explained(error)}")
                return False
            return True

    agency, *locations = chosen  # which it gives tokens to, until it is gone
    outcomes = [await gone(agency), *await asyncio.gather(*map(gone, locations))]
    return [install for install, is_gone in zip(chosen, outcomes, strict=True) if is_gone]


async def _forget_one(store: TokenStore, install: Install, *, with_agency: bool) -> None:
    """Delete an install, and let the webhooks of a service that is running know it no more."""
    await mark_forgotten(store, install, with_agency=with_agency)
    await _delete(store, install)
    await mark_forgotten(store, install, with_agency=with_agency)


async def _delete(store: TokenStore, install: Install) -> None:
    try:
        async with store.hold(install.key) as hold:
            await hold.delete()
    except Overtaken as error:
        msg = f"another process changed the install of {named(install)} just now; try again"
        raise Unavailable(msg, maybe_applied=False) from error


def _farewell(chosen: Sequence[Install], stored: Sequence[Install]) -> str:
    said = f"Forgot {_many(len(chosen))}. HighLevel is not told: a user uninstalls the app there."
    agencies = {(one.owner, one.company_id) for one in stored if one.user_type == "Company"}
    one = chosen[0]
    if len(chosen) == 1 and one.user_type == "Location" and (one.owner, one.company_id) in agencies:
        said += "\nIts agency is still installed, and gives it a new token when it is used again."
    return said


def _many(count: int) -> str:
    return "1 install" if count == 1 else f"{count} installs"


async def _all(store: TokenStore) -> tuple[list[Install], Unreadable | None]:
    """Read what is stored, and tell what cannot be read."""
    installs = []
    try:
        async for stored in store.list():
            installs.append(stored.install)  # noqa: PERF401 - kept also where the list fails
    except Unreadable as error:
        return installs, error
    return installs, None
