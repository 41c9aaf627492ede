"""``ghl-notes migrate``: a plan, and what is done by it, once somebody has agreed."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from attrs import field, frozen

from ghl_notes import Client, migrate
from ghl_notes.cli.access import Access
from ghl_notes.cli.account import patient
from ghl_notes.cli.asking import Asker, confirmed
from ghl_notes.cli.migrate_counted import Counted
from ghl_notes.cli.migrate_options import Deed, Order
from ghl_notes.cli.migrate_progress import Progress, drawn
from ghl_notes.cli.migrate_report import show_report, tell_report
from ghl_notes.cli.plain import one_line
from ghl_notes.cli.progress import shown
from ghl_notes.cli.sources_access import SourceAccess
from ghl_notes.cli.statuses import Refused, Status, say
from ghl_notes.cli.tables import stderr
from ghl_notes.migrate import Plan, Report
from ghl_notes.migrate.ledger import Ledger
from ghl_notes.migrate.reports import notes, outdated

__all__ = ["Migration"]

_WORKFLOWS: Final = "HighLevel starts its workflows that begin with a note, for each new note"


@frozen(kw_only=True)
class Migration:
    """What a command was asked to do, and with what."""

    reach: Access
    source: SourceAccess
    order: Order
    progress: Progress = field(factory=Progress)

    async def run(self) -> Status:
        """Do it, tell what came of it, and give the status."""
        if not self.reach.location_id and not self.order.is_loaded:
            raise Refused("no location: set GHL_NOTES_LOCATION, or give --location")
        plan = self._loaded()
        async with self.reach.client(self.progress.tally, patient()) as client:
            if self.order.deed is Deed.UNDO:
                report = await self._undone(client)
            else:
                report = await self._carried_out(client, plan or await self._planned(client))
        if report is None:
            return Status.FAILED
        tell_report(report, json=self.order.json, html=self.order.html)
        self._hint(report)
        return Status.DONE if report.fine else Status.SOME_FAILED

    def _loaded(self) -> Plan | None:
        if not self.order.is_loaded or self.order.plan is None:
            return None
        plan = migrate.load(self.order.plan)
        if plan.source != self.source.name:
            raise Refused(f"{self.order.plan} is a plan for {plan.source}")
        if self.reach.location_id not in ("", plan.location_id):
            raise Refused(f"{self.order.plan} is a plan for location {plan.location_id}")
        return plan

    async def _planned(self, client: Client) -> Plan:
        """Read the source and HighLevel."""
        wishes, tally = self.order.wishes, self.progress.tally
        async with self.source.open(tally) as source, self._shown(f"reading {self.source.title}"):
            plan = await migrate.plan(
                Counted(source, self.progress),
                client,
                ledger=self.order.ledger,
                since=wishes.since,
                until=wishes.until,
                several=wishes.several.value,
                rich=wishes.rich,
                longest=wishes.longest,
                too_long=wishes.too_long.value,
            )
        if self.order.deed is Deed.PLAN and self.order.plan is not None:
            migrate.save(plan, self.order.plan)
        return plan

    async def _carried_out(self, client: Client, plan: Plan) -> Report | None:
        if self.order.deed is Deed.PLAN:
            return plan.report
        if self.order.deed is Deed.VERIFY:
            placed = sum(step.draft is not None for step in plan.steps)
            async with self._shown("comparing", placed):
                return await migrate.verify(plan, client=client, on_line=self.progress.add)
        if not await self._may_write(plan.report):
            return None
        async with self._resumable(), self._shown("writing", len(plan.steps)):
            return await migrate.apply(
                plan,
                client=client,
                ledger=self.order.ledger,
                update=self.order.update,
                on_line=self.progress.add,
            )

    async def _undone(self, client: Client) -> Report | None:
        book = Ledger(self.order.ledger)
        try:
            entries = await book.entries(self.reach.location_id, self.source.name)
        finally:
            await book.close()
        what = _of(len(entries), (entry.contact_id for entry in entries))
        if entries and not await self._agreed(
            f"Delete {what} of location {self.reach.location_id}, unless changed since? [y/N]"
        ):
            say("nothing was deleted")
            return None
        async with self._resumable(), self._shown("deleting", len(entries)):
            return await migrate.undo(
                client,
                source=self.source.name,
                ledger=self.order.ledger,
                on_line=self.progress.add,
            )

    async def _may_write(self, report: Report) -> bool:
        wanted = ("create", "update") if self.order.update else ("create",)
        lines = [line for line in report.lines if line.result in wanted]
        if not lines or self.order.sure:
            return True
        show_report(stderr(), report)
        what = _of(len(lines), (line.contact_id for line in lines))
        say(_WORKFLOWS)
        if await self._agreed(f"Write {what} of location {report.location_id}? [y/N]"):
            return True
        say("nothing was written")
        return False

    async def _agreed(self, question: str) -> bool:
        return self.order.sure or confirmed(await Asker().ask(one_line(question)))

    @asynccontextmanager
    async def _shown(self, doing: str, total: int | None = None) -> AsyncIterator[None]:
        self.progress.begin(doing, total)
        async with shown(partial(drawn, self.progress), stderr()):
            yield

    @asynccontextmanager
    async def _resumable(self) -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            say(f"{self.progress.summary()}; run it again to go on where it stopped")
            raise

    def _hint(self, report: Report) -> None:
        new = report.counts.get("create", 0)
        if report.kind == "plan" and new:
            say(f"nothing was written; --apply writes {notes(new)}. {_WORKFLOWS}")
        elif any(line.result in ("failed", "unknown") for line in report.lines):
            say("run it again to try what failed: no note is written twice")
        if old := outdated(report):
            reads, them = ("reads", "it") if old == 1 else ("read", "them")
            say(f"{notes(old)} {reads} otherwise at the source; --update writes {them} anew")


def _of(count: int, contacts: Iterable[str | None]) -> str:
    """Say how many notes, and of how many contacts."""
    many = len(set(contacts))
    return f"{notes(count)} of {many:,} contact{'' if many == 1 else 's'}"
