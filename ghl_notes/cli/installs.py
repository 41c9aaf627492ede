"""``ghl-notes installs list`` and ``forget``: what needs the store alone, and nobody's token."""

from collections.abc import Sequence
from datetime import UTC, datetime

import typer
from attrs import frozen

from ghl_notes import Install, Unavailable
from ghl_notes.cli.account import Place
from ghl_notes.cli.asking import Asker, confirmed, is_asked_on_a_terminal
from ghl_notes.cli.facts import COLUMNS, cells, named, record
from ghl_notes.cli.records import line
from ghl_notes.cli.statuses import Refused, Status, say
from ghl_notes.cli.tables import show, stdout
from ghl_notes.stores import Overtaken, TokenStore

__all__ = ["Doomed", "forget", "list_installs", "say_there_is_none"]


@frozen(kw_only=True)
class Doomed:
    """What is to be forgotten: a location's install, or an agency's with all its locations."""

    location_id: str | None = None
    company_id: str | None = None
    sure: bool = False

    def check(self) -> None:
        """Raise ``Refused`` for what cannot be carried out."""
        if bool(self.location_id) == bool(self.company_id):
            raise Refused("give either --location ID or --company ID")
        if not self.sure and not is_asked_on_a_terminal():
            raise Refused("nobody is there to confirm it: give --yes to forget without asking")

    def includes(self, install: Install) -> bool:
        """Tell whether an install is meant."""
        if self.company_id:
            return install.company_id == self.company_id
        return install.user_type == "Location" and install.location_id == self.location_id

    def __str__(self) -> str:
        """Name it as the user did."""
        if self.company_id:
            return f"agency {self.company_id}"
        return f"location {self.location_id}"


async def list_installs(place: Place, *, as_json: bool) -> Status:
    """Tell what is stored. Asks HighLevel nothing, and needs no key of a sealed store."""
    place.check(must_exist=True)
    store = place.open()
    try:
        installs = await _all(store)
    finally:
        await store.close()
    if as_json:
        typer.echo(b"".join(line(record(install)) for install in installs), nl=False)
    elif installs:
        now = datetime.now(UTC)
        show(stdout(), COLUMNS, [cells(install, now) for install in installs])
    else:
        say_there_is_none(place)
    return Status.DONE


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
    typer.echo("\n".join(named(install) for install in chosen))
    question = f"Forget {_many(len(chosen))}? [y/N]"
    if not doomed.sure and not confirmed(await Asker().ask(question)):
        say("nothing was forgotten")
        return Status.FAILED
    for install in chosen:
        await _delete(store, install)
    typer.echo(_farewell(chosen, stored))
    return Status.DONE


async def _delete(store: TokenStore, install: Install) -> None:
    try:
        async with store.hold(install.key) as hold:
            await hold.delete()
    except Overtaken as error:
        msg = f"another process changed the install of {named(install)} just now; try again"
        raise Unavailable(msg, maybe_applied=False) from error


def _farewell(chosen: Sequence[Install], stored: Sequence[Install]) -> str:
    said = f"Forgot {_many(len(chosen))}. HighLevel is not told: a user uninstalls the app there."
    agencies = {one.company_id for one in stored if one.user_type == "Company"}
    if len(chosen) == 1 and chosen[0].user_type == "Location" and chosen[0].company_id in agencies:
        said += "\nIts agency is still installed, and gives it a new token when it is used again."
    return said


def _many(count: int) -> str:
    return "1 install" if count == 1 else f"{count} installs"


async def _all(store: TokenStore) -> list[Install]:
    return [stored.install async for stored in store.list()]
