"""``undo``: delete what the ledger says was created, and nobody has changed since."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from os import PathLike

from attrs import define

from ghl_notes.bulk import CONCURRENCY, checked, each
from ghl_notes.client import Client
from ghl_notes.errors import ConfigurationError, HighLevelError, NotFound
from ghl_notes.migrate.applying import SETTLE
from ghl_notes.migrate.comparing import is_untouched
from ghl_notes.migrate.ledger import LEDGER, Entry, Ledger
from ghl_notes.migrate.markers import by_key, chosen
from ghl_notes.migrate.matching import location_of
from ghl_notes.migrate.models import Line, OnLine, Report, Result
from ghl_notes.models import Note


async def undo(  # noqa: PLR0913 - every one of them has a default
    client: Client,
    *,
    source: str | None = None,
    account: str | None = None,
    ledger: str | PathLike[str] = LEDGER,
    concurrency: int = CONCURRENCY,
    settle: float = SETTLE,
    on_line: OnLine | None = None,
) -> Report:
    """Delete the notes that the ledger says were moved to the client's location, unless changed.

    ``source`` (such as ``"close"``) and ``account`` narrow it down. A note that somebody has
    changed in HighLevel since, in any field, is ``kept``, and so is one of which the ledger does
    not know how it was written. It may be stopped anywhere and run again. Reads one request per
    contact, and one for each note that its list does not show. If a run has left it open whether a
    note was written, ``settle`` seconds are waited first, in which it may still turn up; one that
    HighLevel took and that is in no list even then is ``unknown``. Raises ``ConfigurationError``
    where there is no such ledger, or another run uses it.
    """
    location = location_of(client)
    checked((), concurrency, "entries")
    book = Ledger(ledger)
    if not book.exists:
        msg = f"there is no ledger at {book.path}: name the one that apply wrote"
        raise ConfigurationError(msg)
    try:
        async with book.alone():
            entries = await book.entries(location, source)
            mine = [entry for entry in entries if account in (None, entry.account)]
            if any(entry.state != "done" for entry in mine):
                await asyncio.sleep(settle)
            lines = await _Undoing(client, book, on_line).run(mine, concurrency)
    finally:
        await book.close()
    return Report(
        kind="undo",
        source=source or ", ".join(sorted({entry.source for entry in mine})),
        account=account or ", ".join(sorted({entry.account for entry in mine})),
        location_id=location,
        lines=tuple(lines),
    )


@define(eq=False)
class _Undoing:
    client: Client
    ledger: Ledger
    on_line: OnLine | None

    async def run(self, entries: list[Entry], concurrency: int) -> list[Line]:
        contacts: dict[str, list[Entry]] = {}
        for entry in entries:
            contacts.setdefault(entry.contact_id, []).append(entry)
        lines: list[Line] = []
        work = each(contacts.values(), self._contact, concurrency=concurrency)
        async with aclosing(work) as results:
            async for some in results:
                lines += some
        return lines

    async def _contact(self, entries: list[Entry]) -> list[Line]:
        """Undo one contact, the newest note first, and never raise for a reason of HighLevel's."""
        lines, gone = [], False
        try:
            found = await self.client.notes.list(entries[0].contact_id)
            notes = {note.id: note for note in found}
            marked = by_key(found)
            failure = str(found.unreadable[0]) if found.unreadable else ""
        except HighLevelError as error:
            notes, marked, failure = {}, {}, str(error)
            gone = isinstance(error, NotFound)
        for entry in reversed(entries):
            if gone:
                line = _line(entry, "kept", "its contact is gone; if it was merged, look there")
            elif failure:
                line = _line(entry, "failed", failure)
            else:
                line = await self._one(entry, _note_of(entry, notes, marked))
            lines.append(line)
            if self.on_line is not None:
                self.on_line(line)
        return lines

    async def _one(self, entry: Entry, note: Note | None) -> Line:
        try:
            note = note or await self._unlisted(entry)
            if note is None:
                return await self._absent(entry)
            if not is_untouched(entry, note):
                return _line(entry, "kept", "it was changed in HighLevel since it was moved")
            with suppress(NotFound):  # deleted in between
                await self.client.notes.delete(entry.contact_id, note.id)
        except HighLevelError as error:
            return _line(entry, "failed", str(error))
        await self.ledger.drop(entry)
        return _line(entry, "deleted", "")

    async def _absent(self, entry: Entry) -> Line:
        """Forget a note that is not there, unless HighLevel took it and it was in no list yet."""
        if entry.state == "taken":
            return _line(entry, "unknown", "HighLevel took it, and it is not there: run it again")
        await self.ledger.drop(entry)
        return _line(entry, "skipped", "it is not there any more")

    async def _unlisted(self, entry: Entry) -> Note | None:
        """Ask for a note that is in no list: lists may lag."""
        if entry.note_id is None:
            return None
        try:
            return await self.client.notes.get(entry.contact_id, entry.note_id)
        except NotFound:
            return None


def _note_of(
    entry: Entry, notes: Mapping[str, Note], marked: Mapping[str, list[Note]]
) -> Note | None:
    """Find the note of an entry; one that was never learned to be written, by its marker."""
    if entry.note_id is not None:
        return notes.get(entry.note_id)
    return chosen(marked.get(entry.key, ()), None)


def _line(entry: Entry, result: Result, reason: str) -> Line:
    return Line(
        result=result,
        key=entry.key,
        reason=reason,
        contact_id=entry.contact_id,
        note_id=entry.note_id,
    )
