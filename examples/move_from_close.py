"""Move the notes of a Close organization into one HighLevel location, and check what came of it.

    export GHL_NOTES_CLOSE_KEY=api_... GHL_NOTES_TOKEN=pit-... GHL_NOTES_LOCATION=...
    python move_from_close.py          # what would be done; writes nothing
    python move_from_close.py --apply  # do it

It may be stopped at any moment and run again: no note is written twice.
"""

import asyncio
import os
import sys
from pathlib import Path

from ghl_notes import Client, HighLevelError, migrate
from ghl_notes.sources.close import CloseNotes

ENV = os.environ
CLOSE_URL = ENV.get("GHL_NOTES_CLOSE_URL", "https://api.close.com/api/v1")
REPORT = Path("report.html")
HIGHLEVEL_URL = ENV.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")


async def move(close: CloseNotes, client: Client, *, apply: bool) -> migrate.Report:
    plan = await migrate.plan(close, client)
    if not apply:
        return plan.report
    report = await migrate.apply(plan)
    # What is there now is read anew, rather than believed.
    return report if report.problems else await migrate.verify(plan)


async def main() -> str | None:
    """Return what to do about a failure, or None."""
    token, location_id = ENV["GHL_NOTES_TOKEN"], ENV["GHL_NOTES_LOCATION"]
    try:
        async with (
            CloseNotes(ENV["GHL_NOTES_CLOSE_KEY"], base_url=CLOSE_URL) as close,
            Client(token, location_id=location_id, base_url=HIGHLEVEL_URL) as client,
        ):
            report = await move(close, client, apply="--apply" in sys.argv)
    except HighLevelError as error:
        return f"{type(error).__name__}: {error}"
    print(migrate.table(report))
    await asyncio.to_thread(REPORT.write_text, migrate.as_html(report), "utf-8")
    return None if report.fine else f"Some notes need a look: see {REPORT}."


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
