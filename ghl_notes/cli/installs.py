"""``ghl-notes installs list`` and ``forget``: what needs the store alone, and nobody's token."""

from collections.abc import Sequence
from datetime import UTC, datetime

import typer
from attrs import frozen

from ghl_notes import Install, Unavailable
from ghl_notes.cli.account import Place
from ghl_notes.cli.asking import Asker, confirmed, is_asked_on_a_terminal
from ghl_notes.cli.facts import apps_of, named, record, table
from ghl_notes.cli.records import line
from ghl_notes.cli.statuses import Refused, Status, done, say
from ghl_notes.cli.tables import show, stdout
from ghl_notes.oauth.forgetting import mark_forgotten
from ghl_notes.stores import Overtaken, TokenStore

__all__ = ["Doomed", "forget", "list_installs", "say_there_is_none"]


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
        stored = await _all(store)
    finally:
        await store.close()
    installs = [install for install in stored if is_of(install, client_id)]
    if as_json:
        typer.echo(b"".join(line(record(install)) for install in installs), nl=False)
    elif installs:
        show(stdout(), *table(installs, datetime.now(UTC)))
    else:
        say_there_is_none(place)
    if others := len(stored) - len(installs):
        say(f"{_many(others)} of other apps not shown: give --client-id '' for all")
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
    stored = await _all(store)
    chosen = [install for install in stored if doomed.includes(install)]
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
    for install in chosen:
        await _forget_one(store, install, with_agency=doomed.company_id is not None)
    with done(f"forgot {_many(len(chosen))}"):
        typer.echo(_farewell(chosen, stored))
    return Status.DONE


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


async def _all(store: TokenStore) -> list[Install]:
    return [stored.install async for stored in store.list()]
