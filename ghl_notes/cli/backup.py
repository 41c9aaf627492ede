"""``ghl-notes installs backup``: a copy of the store, while services go on using it."""

from pathlib import Path

import typer

from ghl_notes.cli.account import Place
from ghl_notes.cli.statuses import Refused, Status, done
from ghl_notes.stores import SQLiteStore

__all__ = ["back_up"]


async def back_up(place: Place, file: str, *, force: bool) -> Status:
    """Copy a SQLite store. Raises ``Refused`` for a server, which has tools of its own."""
    _check(place, file, force=force)
    store = SQLiteStore(place.url)
    try:
        count = await store.backup(file, overwrite=force)
    finally:
        await store.close()
    many = "1 install" if count == 1 else f"{count} installs"
    with done(f"copied {many} to {file}"):
        typer.echo(f"Copied {many} to {file}. Keep it as secret as the store: it holds the tokens.")
    return Status.DONE


def _check(place: Place, file: str, *, force: bool) -> None:
    place.check(must_exist=True)
    if place.server_tool is not None:
        raise Refused(f"{place} is backed up with its own tools: {place.server_tool}")
    if Path(file).exists() and not force:
        raise Refused(f"{file} exists: choose another file, or give --force to replace it")
