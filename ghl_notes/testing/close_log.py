"""Close's log of what happened to notes: 30 days, edits that follow each other closely joined."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import define, field

from ghl_notes.testing.close_filters import ENDS, chosen, known, span_of, wrong
from ghl_notes.testing.close_ids import close_id, wire_time
from ghl_notes.testing.replies import Call, Payload, Refusal

__all__ = ["LASTS", "Log"]

LASTS = timedelta(days=30)
MERGING = timedelta(minutes=5)
_MOST = 50
_KIND = "activity.note"
_ACTIONS = ("created", "updated", "deleted")
_TIMES = tuple(f"date_updated__{end}" for end in ENDS)
_KNOWN = ("object_type", "action", "lead_id", "_limit", "_cursor", *_TIMES)


@define(eq=False)
class _Event:
    number: int
    action: str
    note: Payload
    before: Payload | None
    created: datetime
    updated: datetime

    @property
    def place(self) -> tuple[datetime, int]:
        return self.updated, self.number


@define(eq=False)
class Log:
    """The log of one organization."""

    seed: int
    organization_id: str
    _events: list[_Event] = field(factory=list, init=False)
    _edits: dict[str, _Event] = field(factory=dict, init=False)

    def write(
        self, action: str, note: Payload, when: datetime, before: Payload | None = None
    ) -> None:
        """Write down what happened; an edit soon after another one moves that one's time."""
        edit = self._edits.get(str(note["id"]))
        if action == "updated" and edit is not None and when - edit.updated <= MERGING:
            edit.note, edit.updated = note, when
            return
        event = _Event(len(self._events), action, note, before, when, when)
        self._events.append(event)
        if action == "updated":
            self._edits[str(note["id"])] = event

    def page(self, call: Call, now: datetime) -> Payload:
        """Give one page, the latest first."""
        query = call.query
        known(query, _KNOWN)
        _check(query)
        limit = _limit(query)
        kept = sorted(self._matching(call, now), key=lambda event: event.place, reverse=True)
        at = 0
        if "_cursor" in query:
            place = _place(query["_cursor"])
            at = sum(event.place >= place for event in kept)
        shown = kept[at : at + limit]
        return {
            "data": [self._shown(event) for event in shown],
            "cursor_next": _cursor(shown[-1]) if at + limit < len(kept) else None,
            "cursor_previous": None,
        }

    def _matching(self, call: Call, now: datetime) -> list[_Event]:
        span, actions = span_of(call, "date_updated"), chosen(call.query, "action")
        leads, oldest = chosen(call.query, "lead_id"), now - LASTS
        kinds = chosen(call.query, "object_type")
        return [
            event
            for event in self._events
            if event.updated >= oldest
            and span.holds(event.updated)
            and (kinds is None or _KIND in kinds)
            and (actions is None or event.action in actions)
            and (leads is None or event.note["lead_id"] in leads)
        ]

    def _shown(self, event: _Event) -> Payload:
        after, before = event.note, event.before or {}
        changed = [name for name in before if before[name] != after.get(name)]
        gone = event.action == "deleted"
        return {
            "id": close_id("ev", self.seed, event.number),
            "object_type": _KIND,
            "object_id": after["id"],
            "action": event.action,
            "date_created": wire_time(event.created),
            "date_updated": wire_time(event.updated),
            "changed_fields": changed,
            "data": None if gone else after,
            "previous_data": after if gone else {name: before[name] for name in changed},
            "lead_id": after["lead_id"],
            "organization_id": self.organization_id,
            "user_id": after["user_id"],
            "meta": {},
        }


def _check(query: Mapping[str, str]) -> None:
    """Refuse combinations that no document lists."""
    paired = ("object_type" in query) is ("action" in query)
    if not paired and not ("lead_id" in query and "action" not in query):
        raise Refusal.of(400, {"error": "object_type and action must be used together"})
    for action in (query["action"],) if "action" in query else ():
        if action not in _ACTIONS:
            raise wrong("action", "Unknown action.")
    if "_cursor" in query and any(name in query for name in _TIMES):
        raise Refusal.of(400, {"error": "date_updated cannot be used together with _cursor"})


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("_limit", str(_MOST))
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise wrong("_limit", f"Value must be between 1 and {_MOST}.")
    return int(text)


def _cursor(event: _Event) -> str:
    told = f"{event.updated.isoformat()} {event.number}"
    return base64.urlsafe_b64encode(told.encode()).decode()


def _place(cursor: str) -> tuple[datetime, int]:
    try:
        when, number = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return datetime.fromisoformat(when), int(number)
    except (ValueError, binascii.Error):
        raise wrong("_cursor", "Invalid cursor.") from None
