"""``ghl-notes export``: every note of a location as JSON lines."""

import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from functools import partial
from pathlib import Path

from attrs import define, field, frozen
from rich.console import Console

from ghl_notes import Client, ConfigurationError, ContactNotes, HighLevelError
from ghl_notes.cli.account import patient, reaching
from ghl_notes.cli.id_file import IdFile
from ghl_notes.cli.id_table import NotAnId
from ghl_notes.cli.output import Output, open_output
from ghl_notes.cli.progress import Tally, bar, shown
from ghl_notes.cli.statuses import Refused, Status, is_hopeless

__all__ = ["Order", "export"]


@frozen(kw_only=True)
class Order:
    """What to export, and how. ``contacts`` is a file of ids, None for all of the location."""

    location_id: str
    out: str
    token: str = field(repr=False)
    contacts: str | None = None
    base_url: str | None = None
    api_version: str | None = None
    concurrency: int | None = None
    force: bool = False


async def export(order: Order, tally: Tally, console: Console) -> Status:
    """Write the notes as they are read, and the failures beside them.

    Memory holds what is under way, whatever the number of contacts. Raises ``Refused`` or
    ``ConfigurationError`` before anything is sent, and later the error that ended the work.
    """
    if not order.token.strip():
        raise Refused("no token: set GHL_NOTES_TOKEN, or give --token")
    if order.contacts and _is_one_file(order.contacts, order.out):
        raise Refused(f"{order.out} is the file of --contacts: choose another --out")
    with ExitStack() as files:
        source = files.enter_context(IdFile(order.contacts)) if order.contacts else None
        counted = None if source is None else source.count()
        output = files.enter_context(open_output(order.out, force=order.force))
        async with _client(order, tally) as client:
            # One request tells whether token, location and network are good, or thousands would.
            total = (await client.contacts.search(page_size=1)).total
            tally.total = total if source is None else counted
            tally.start()
            notes_on_screen = order.out == "-" and sys.stdout.isatty()
            async with shown(partial(bar, tally), console, hidden=notes_on_screen):
                await _Run(order, client, source, output, tally).run()
    return Status.SOME_FAILED if tally.failed or tally.unreadable else Status.DONE


def _is_one_file(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:  # one of them is not there, or is no file
        return False


@define(eq=False)
class _Run:
    """One pass over the contacts."""

    order: Order
    client: Client
    source: IdFile | None
    output: Output
    tally: Tally
    _taken: int = field(default=0, init=False)
    _given_up: int = field(default=0, init=False)
    _fatal: HighLevelError | None = field(default=None, init=False)

    async def run(self) -> None:
        """Read and write until the end, or until going on is hopeless and raise why.

        What was under way by then is still waited for, since its requests are spent.
        """
        async with aclosing(self._contact_ids()) as ids:
            results = self.client.notes.stream(ids, concurrency=self.order.concurrency)
            async with aclosing(results):
                async for result in results:
                    if is_hopeless(result.error):
                        self._given_up += 1
                        self._fatal = self._fatal or result.error
                    else:
                        self._add(result)
                    if self._fatal and self._taken == self.tally.done + self._given_up:
                        raise self._fatal
        self.output.begin()

    async def _contact_ids(self) -> AsyncGenerator[str, None]:
        ids = _all_of(self.client) if self.source is None else self.source.stream()
        async with aclosing(ids):
            async for entry in ids:
                if self._fatal:
                    return
                self._taken += 1
                if isinstance(entry, NotAnId):
                    self._add(_misread(entry))
                else:
                    yield entry

    def _add(self, result: ContactNotes) -> None:
        self.output.add(result, self.order.location_id)
        self.tally.add(result)


def _client(order: Order, tally: Tally) -> Client:
    make = partial(
        Client,
        order.token,
        location_id=order.location_id,
        observer=tally,
        retries=patient(),
    )
    return reaching(make, order.base_url, order.api_version)


def _misread(entry: NotAnId) -> ContactNotes:
    """Tell a line of the file that has no id as a contact that failed."""
    return ContactNotes(entry.text or f"line {entry.line}", error=ConfigurationError(str(entry)))


async def _all_of(client: Client) -> AsyncGenerator[str | NotAnId, None]:
    async with aclosing(client.contacts.stream()) as contacts:
        async for contact in contacts:
            yield contact.id
