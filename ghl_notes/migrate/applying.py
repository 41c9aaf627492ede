"""``apply``: write what a plan says, each note once, whatever happens on the way.

A contact's notes are written one after the other, the oldest first, and many contacts side by side.
"""

import asyncio
from collections.abc import Collection
from contextlib import aclosing
from os import PathLike
from typing import Final, TypeAlias, cast

from attrs import define, evolve, field

from ghl_notes.bulk import CONCURRENCY, checked, each
from ghl_notes.client import Client
from ghl_notes.errors import (
    AccessDenied,
    AmbiguousWrite,
    HighLevelError,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    RequestRejected,
)
from ghl_notes.migrate.comparing import expected, is_current, is_untouched, written_as
from ghl_notes.migrate.ledger import LEDGER, UNKNOWN, Entry, Ledger
from ghl_notes.migrate.markers import base_of, by_key, chosen, key_in
from ghl_notes.migrate.matching import client_of
from ghl_notes.migrate.models import (
    OTHERWISE,
    THERE,
    Draft,
    Line,
    OnLine,
    Plan,
    Report,
    Result,
    Step,
)
from ghl_notes.migrate.obstacles import Moved, may_turn_up, obstacle_to
from ghl_notes.models import UNSET, Note

_OPEN: Final[Collection[Result]] = ("create", "update", "skip")
SETTLE: Final = 15.0
"""Seconds in which a note may still turn up in HighLevel's lists after it was sent."""


async def apply(  # noqa: PLR0913 - every one of them has a default
    plan: Plan,
    *,
    client: Client | None = None,
    ledger: str | PathLike[str] = LEDGER,
    update: bool = False,
    concurrency: int = CONCURRENCY,
    settle: float = SETTLE,
    on_line: OnLine | None = None,
) -> Report:
    """Write the notes of a plan to HighLevel and return what became of each line.

    It may be stopped anywhere, and run again with the same plan or a new one: no note is written
    twice. Before anything is written to a contact its notes are read, for markers; a note whose
    reply was lost is looked for; one that stays unknown is ``unknown`` and the next run finds out.
    Notes that changed at the source are updated only with ``update``, and only where nobody has
    changed them in HighLevel. Nothing is deleted.

    ``settle`` is for how many seconds a note that was sent may stay out of HighLevel's lists: a
    run waits so long before its first write if its ledger is new, or if an earlier one left it
    open whether a note of this plan was written, and so long again for a note whose reply is lost.
    If it is not there then, no run sends it again within 40 times as long, ten minutes by default.
    ``client`` is needed for a plan that was loaded from a file. ``on_line`` is called with every
    line as it is done. What fails for one note or contact is a line; what would fail for all, such
    as a spent install or the daily limit, ends the work, and the lines that are left say so. Raises
    ``ConfigurationError`` while another run uses the ledger.
    """
    client = client_of(plan, client)
    checked(plan.steps, concurrency, "steps")
    book = Ledger(ledger)
    try:
        async with book.alone():
            return await _Applying(plan, client, book, update, settle, on_line).run(concurrency)
    finally:
        await book.close()


@define(eq=False)
class _Applying:
    """One run over a plan."""

    plan: Plan
    client: Client
    ledger: Ledger
    update: bool
    settle: float
    on_line: OnLine | None
    _moved: Moved = field(factory=lambda: Moved(()), init=False)
    _planned: dict[str, set[str]] = field(factory=dict, init=False)
    _over: HighLevelError | None = field(default=None, init=False)

    async def run(self, concurrency: int) -> Report:
        """Write what is to be written, and give the report in the plan's order."""
        todo: dict[str | None, list[_Numbered]] = {}
        for number, step in enumerate(self.plan.steps):
            todo.setdefault(step.line.contact_id, []).append((number, step))
        await self._open()
        lines: dict[int, Line] = {}
        async with aclosing(each(todo.values(), self._contact, concurrency=concurrency)) as results:
            async for some in results:
                lines |= some
        report, over = self.plan.report, self._over
        problems = report.problems if over is None else (*report.problems, str(over))
        in_order = tuple(lines[number] for number in range(len(self.plan.steps)))
        return evolve(report, kind="apply", lines=in_order, problems=problems)

    async def _open(self) -> None:
        """Read the ledger, and give notes time to turn up that an earlier run has just sent."""
        is_new = not self.ledger.exists
        entries = await self.ledger.entries(self.plan.location_id, self.plan.source)
        self._moved = Moved(entries)
        for step in self.plan.steps:
            if step.draft is not None and step.line.contact_id is not None:
                self._planned.setdefault(base_of(step.line.key), set()).add(step.line.contact_id)
        still_open = [self._entry_of(step.line) for step in self.plan.steps if self._is_open(step)]
        in_doubt = any(entry is not None and entry.state != "done" for entry in still_open)
        # When it was sent is not known: it may have waited for its turn long after its entry.
        if in_doubt or (is_new and still_open):
            await asyncio.sleep(self.settle)

    def _is_open(self, step: Step) -> bool:
        """Tell whether a note is to be written, or to be entered in a ledger that has lost it."""
        line, draft = step.line, step.draft
        if draft is None or line.contact_id is None or line.result not in _OPEN:
            return False
        is_known = self._moved.is_done(line.key, line.contact_id, draft)
        return line.result != "skip" or (line.note_id is not None and not is_known)

    def _entry_of(self, line: Line) -> Entry | None:
        return self._moved.entry(line.key, line.contact_id or "")

    async def _contact(self, steps: "list[_Numbered]") -> dict[int, Line]:
        """Do all that is planned for one contact, and never raise for a reason of HighLevel's."""
        lines: dict[int, Line] = {}
        there: _There | None = None
        stopped = ""
        for number, step in steps:
            line = step.line.untouched
            if self._is_open(step):
                stopped = stopped or ("" if self._over is None else f"not tried: {self._over}")
                try:
                    if not stopped:
                        if there is None:
                            there = await self._look(step.line.contact_id or "")
                        line = await self._write(step, there)
                except HighLevelError as error:
                    line = evolve(line, result=_result_of(error), reason=str(error))
                    stopped = self._stop(error, there)
                else:
                    line = evolve(line, result="failed", reason=stopped) if stopped else line
            lines[number] = line
            if self.on_line is not None:
                self.on_line(line)
        return lines

    def _stop(self, error: HighLevelError, there: "_There | None") -> str:
        """Say why a contact's later notes are not tried, if they are not: their order would go."""
        if _is_hopeless(error):
            self._over = self._over or error
        if there is not None and isinstance(error, RequestRejected):
            return ""  # about this note alone
        return f"not tried, since one before it failed: {error}"

    async def _look(self, contact_id: str) -> "_There":
        notes = await self.client.notes.list(contact_id)
        for error in notes.unreadable:
            raise error  # it may be one of ours
        return by_key(notes)

    async def _write(self, step: Step, there: "_There") -> Line:
        line, draft = step.line, cast("Draft", step.draft)
        if key_in(draft.body) != line.key:
            wrong = "its text does not end in its marker: make the plan anew"
            return evolve(line, result="failed", reason=wrong)
        entry = self._entry_of(line)
        note = chosen(there.get(line.key, ()), None if entry is None else entry.note_id)
        if note is not None:
            return await self._meet(line, draft, entry, note)
        if line.result != "create" or (entry is not None and entry.state == "done"):
            return evolve(line, result="skipped", reason="it was deleted in HighLevel meanwhile")
        unseen = may_turn_up(entry, now=self.ledger.clock(), settle=self.settle)
        if unseen is not None:
            return evolve(line, result="unknown", reason=unseen)
        reason = obstacle_to(
            line.key, self._moved, there=there, planned=self._planned[base_of(line.key)]
        )
        if reason is not None:
            return evolve(line, result="conflict", reason=reason)
        created = await self._create(line, draft)
        there.setdefault(line.key, []).append(created)  # for a step that the plan has twice
        return evolve(line, result="created", reason="", note_id=created.id)

    async def _meet(self, line: Line, draft: Draft, entry: Entry | None, note: Note) -> Line:
        """Deal with a note that is there: ours, changed here, changed there, or both."""
        line = evolve(line, note_id=note.id)
        ours = entry is not None and is_untouched(entry, note)
        if is_current(note, draft):
            if entry is None or entry.state != "done" or entry.digest != draft.digest:
                now = written_as(note)
                written = now if ours or now == expected(draft) else UNKNOWN
                await self._done(line, draft.digest, note.id, written)
            return evolve(line, result="skipped", reason=THERE)
        if not self.update:
            if entry is None:
                await self._done(line, UNKNOWN, note.id, UNKNOWN)
            reason = f"{OTHERWISE}; ask for updates to write it anew"
            return evolve(line, result="skipped", reason=reason)
        if not ours:
            reason = "it was changed in HighLevel, or the ledger does not know: left as it is"
            return evolve(line, result="conflict", reason=reason)
        changed = await self.client.notes.update(
            note.contact_id,
            note.id,
            body=draft.body,
            # HighLevel documents texts alone here, so an empty one takes a title away.
            title=UNSET if (note.title or "") == (draft.title or "") else draft.title or "",
            pinned=UNSET if note.pinned == draft.pinned else draft.pinned,
        )
        await self._done(line, draft.digest, note.id, written_as(changed))
        return evolve(line, result="updated", reason="")

    async def _create(self, line: Line, draft: Draft) -> Note:
        contact_id = line.contact_id or ""
        pending = evolve(self._entry(line, draft.digest), written=expected(draft))
        await self.ledger.put(pending)
        try:
            note = await self.client.notes.create(
                contact_id,
                draft.body,
                user_id=draft.user_id,
                title=draft.title,
                pinned=draft.pinned or None,
            )
        except AmbiguousWrite as failure:
            took = failure.status is not None and failure.status < 300  # noqa: PLR2004 - a success
            await self.ledger.put(evolve(pending, state="taken" if took else "sent"))
            note = await self._turned_up(line.key, contact_id, failure)
        except RequestRejected:
            await self.ledger.drop(pending)
            raise
        await self._done(line, draft.digest, note.id, written_as(note))
        return note

    async def _turned_up(self, key: str, contact_id: str, failure: AmbiguousWrite) -> Note:
        """Look once more for a note whose reply was lost; as long as nobody can, it is unknown."""
        await asyncio.sleep(self.settle)
        try:
            found = (await self._look(contact_id)).get(key)
        except HighLevelError as error:
            raise failure from error
        if not found:
            raise failure
        return found[-1]

    async def _done(self, line: Line, digest: str, note_id: str, written: str) -> None:
        entry = self._entry(line, digest)
        await self.ledger.put(evolve(entry, state="done", note_id=note_id, written=written))

    def _entry(self, line: Line, digest: str) -> Entry:
        return Entry(
            source=self.plan.source,
            account=self.plan.account,
            location_id=self.plan.location_id,
            key=line.key,
            contact_id=line.contact_id or "",
            state="pending",
            digest=digest,
            at=self.ledger.clock(),
        )


_Numbered: TypeAlias = tuple[int, Step]
_There: TypeAlias = dict[str, list[Note]]


def _result_of(error: HighLevelError) -> Result:
    return "unknown" if isinstance(error, AmbiguousWrite) else "failed"


def _is_hopeless(error: HighLevelError) -> bool:
    """Tell whether the same would happen to every other contact."""
    if isinstance(error, AccessDenied):  # for another reason it may be about this contact alone
        return error.reason in ("token", "scope", "kind")
    if isinstance(error, RateLimited):
        return error.daily
    return isinstance(error, ReauthorizationRequired | LocationInactive)
