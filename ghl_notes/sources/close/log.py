"""Close's log of what happened to notes, the only place that tells of edits and deletes.

https://developer.close.com/api/resources/events
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.request import Param
from ghl_notes.sources import fields
from ghl_notes.sources.close import reading
from ghl_notes.sources.close.calls import CloseCalls, Page
from ghl_notes.sources.models import SourceChange

_PAGE: Final = 50  # the most that Close gives
_REACH: Final = timedelta(days=30)
_PATIENCE: Final = 10  # pages in a row without anything new
_MERGING: Final = timedelta(minutes=5)


async def changes(calls: CloseCalls, since: datetime, now: datetime) -> list[SourceChange]:
    """Return what ``CloseNotes.changes`` promises."""
    if since < now - _REACH:
        msg = "since: Close's log reaches back 30 days, so read the notes themselves instead"
        raise ConfigurationError(msg)
    began = since - _MERGING
    if began < now - _REACH:
        began = since  # and never later, even if this machine's clock is wrong
    latest: dict[str, SourceChange] = {}
    for action in ("created", "updated", "deleted"):
        async with aclosing(_log(calls, action, began)) as found:
            async for change in found:
                known = latest.get(change.note_id)
                if known is None or (change.at or began) >= (known.at or began):
                    latest[change.note_id] = change
    return list(latest.values())


async def _log(
    calls: CloseCalls, action: str, since: datetime
) -> AsyncGenerator[SourceChange, None]:
    """Read one action's part of the log, the newest first. A cursor goes without the times.

    A cursor that comes again is the end, and so are pages that only bring new cursors.
    """
    query: dict[str, Param] = {"object_type": "activity.note", "action": action, "_limit": _PAGE}
    place: dict[str, Param] = {"date_updated__gte": since.isoformat()}
    cursors, met, stale = set[str](), set[SourceChange](), 0
    while place and stale < _PATIENCE:
        answer = await calls.get("events", "/event/", {**query, **place})
        known = len(met)
        for item in Page.of(answer).items:
            change = reading.change(item)
            if change is None:
                raise fields.unreadable("Close", "an event", "expected an object_id @ $.data")
            if change.at is not None and change.at < since:
                return
            met.add(change)
            yield change
        stale = stale + 1 if len(met) == known else 0
        told = answer.payload if isinstance(answer.payload, dict) else {}
        cursor = fields.text(told, "cursor_next")
        place = {} if cursor is None or cursor in cursors else {"_cursor": cursor}
        cursors.add(cursor or "")
