"""Move notes from another system into HighLevel: plan, apply, verify, undo.

    async with CloseNotes(api_key) as close, Client(token, location_id=...) as client:
        plan = await migrate.plan(close, client)  # writes nothing
        print(migrate.table(plan.report))
        report = await migrate.apply(plan)

Every moved note ends in a line such as ``[ghl_notes:close:acti_…]``. With it and with the ledger,
``apply`` can be stopped anywhere and run again, and never writes a note twice. HighLevel tells its
workflows of every note: those that start with one will start.
"""

from ghl_notes.migrate.applying import apply
from ghl_notes.migrate.files import load, save
from ghl_notes.migrate.ledger import LEDGER
from ghl_notes.migrate.matching import Match, Matcher, by_email_then_phone
from ghl_notes.migrate.models import Draft, Line, Plan, Report, Result, Step
from ghl_notes.migrate.owners import Several
from ghl_notes.migrate.planning import plan
from ghl_notes.migrate.reports import as_html, as_json, table
from ghl_notes.migrate.undoing import undo
from ghl_notes.migrate.verifying import verify

__all__ = [
    "LEDGER",
    "Draft",
    "Line",
    "Match",
    "Matcher",
    "Plan",
    "Report",
    "Result",
    "Several",
    "Step",
    "apply",
    "as_html",
    "as_json",
    "by_email_then_phone",
    "load",
    "plan",
    "save",
    "table",
    "undo",
    "verify",
]
