"""``ghl-notes sources``: the notes of another system as JSON lines."""

import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, closing
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

from attrs import asdict

from ghl_notes import Observer, RequestRejected, Unavailable, UnexpectedResponse
from ghl_notes.cli.migrate_progress import Progress, drawn
from ghl_notes.cli.output import Lines
from ghl_notes.cli.progress import shown
from ghl_notes.cli.records import line, written
from ghl_notes.cli.sources_access import CinnoxAccess, CloseAccess
from ghl_notes.cli.statuses import Status, explained, say
from ghl_notes.cli.tables import Screen
from ghl_notes.migrate.reports import notes
from ghl_notes.sources import SourceNote
from ghl_notes.sources.close import NoteFilters

__all__ = ["Wanted", "list_notes", "of_cinnox", "of_close"]

Wanted: TypeAlias = Callable[[Observer], AsyncGenerator[SourceNote, None]]
"""The notes that are wanted, read when it is called, and all that they need closed behind them."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def of_close(
    account: CloseAccess,
    since: datetime | None,
    until: datetime | None,
    **narrowed: Sequence[str] | None,
) -> Wanted:
    """Choose among the notes of Close, by its own filters."""
    account.check()
    filters: NoteFilters = {}
    for name in ("lead_id", "contact_id", "user_id"):
        if given := narrowed.get(name):
            filters[name] = given

    async def wanted(observer: Observer) -> AsyncGenerator[SourceNote, None]:
        async with (
            account.connect(observer) as source,
            aclosing(source.notes(since=since, until=until, **filters)) as found,
        ):
            async for note in found:
                yield note

    return wanted


def of_cinnox(
    account: CinnoxAccess, since: datetime | None, until: datetime | None, contact: str | None
) -> Wanted:
    """Choose the notes of all contacts of CINNOX, or of one."""
    account.check()
    first, last = since or _FIRST, until or _LAST

    async def wanted(observer: Observer) -> AsyncGenerator[SourceNote, None]:
        async with account.connect(observer) as source:
            if contact is not None:
                for note in await source.list(contact):
                    if note.at is None or first <= note.at <= last:
                        yield note
                return
            async with aclosing(source.notes(since=since, until=until)) as found:
                async for note in found:
                    yield note

    return wanted


async def list_notes(wanted: Wanted, out: str, *, force: bool) -> Status:
    """Write the notes as they are read. What cannot be read is told after all that can be."""
    progress, on_screen = Progress(), out == "-" and sys.stdout.isatty()
    with closing(Lines.at(out, force=force)) as lines:
        progress.begin("reading")
        try:
            async with shown(partial(drawn, progress), Screen(stderr=True), hidden=on_screen):
                status = await _copied(wanted(progress.tally), lines, progress)
            lines.begin()
        finally:
            say(f"{notes(progress.done)} written, {progress.tally.seconds:.1f} s")
    return status


async def _copied(
    wanted: AsyncGenerator[SourceNote, None], lines: Lines, progress: Progress
) -> Status:
    async with aclosing(wanted) as found:
        try:
            async for note in found:
                lines.write(line(_record(note)))
                progress.read()
        except (UnexpectedResponse, RequestRejected, Unavailable) as error:
            if not progress.done:
                raise
            say(explained(error))
            return Status.SOME_FAILED
    return Status.DONE


def _record(note: SourceNote) -> dict[str, object]:
    told = asdict(note, value_serializer=written)
    return {name: value for name, value in told.items() if name != "extra" or value}
