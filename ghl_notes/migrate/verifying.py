"""``verify``: compare what a plan read at the source with what is in HighLevel."""

from collections.abc import Collection
from contextlib import aclosing

from attrs import evolve

from ghl_notes.client import Client
from ghl_notes.errors import NotFound
from ghl_notes.migrate.comparing import is_current, is_same
from ghl_notes.migrate.markers import by_key, key_of
from ghl_notes.migrate.matching import client_of
from ghl_notes.migrate.models import Line, OnLine, Plan, Report, Step
from ghl_notes.models import ContactNotes, Note


async def verify(
    plan: Plan, *, client: Client | None = None, on_line: OnLine | None = None
) -> Report:
    """Look at every contact of a plan, and tell of each note whether it is there, once, and whole.

    Results: ``present``, ``missing``, ``twice``, and ``changed`` where it reads otherwise, be it
    that the source has changed since or that somebody edited it in HighLevel. ``extra`` are moved
    notes of this source that the plan does not have: deleted there, or outside of its time. Lines
    that the plan could not place stay as they are. Make the plan anew to compare with the source
    of today. Reads one request per contact of the plan, and writes nothing.
    """
    client = client_of(plan, client)
    steps: dict[str, list[Step]] = {}
    lines = []
    for step in plan.steps:
        if step.line.contact_id is None or step.draft is None:
            lines.append(step.line.untouched)
        else:
            steps.setdefault(step.line.contact_id, []).append(step)
    keys = {step.line.key for some in steps.values() for step in some}
    if on_line is not None:
        for line in lines:
            on_line(line)
    async with aclosing(client.notes.stream(steps)) as results:
        async for result in results:
            for line in _compared(result, steps[result.contact_id], plan.source, keys):
                lines.append(line)
                if on_line is not None:
                    on_line(line)
    return evolve(plan.report, kind="verify", lines=tuple(lines))


def _compared(
    found: ContactNotes, steps: list[Step], source: str, keys: Collection[str]
) -> list[Line]:
    if isinstance(found.error, NotFound):
        gone = "its contact is not in HighLevel any more"
        return [evolve(step.line, result="missing", reason=gone) for step in steps]
    error = found.error or next(iter(found.notes.unreadable), None)
    if error is not None:
        return [evolve(step.line, result="failed", reason=str(error)) for step in steps]
    there = dict(by_key(found.notes))
    lines = []
    for step in steps:
        notes = there.pop(step.line.key, [])
        line = evolve(step.line, reason="", note_id=notes[0].id if notes else None)
        if not notes:
            lines.append(evolve(line, result="missing"))
        elif len(notes) > 1:
            reason = f"{len(notes)} notes have its marker"
            lines.append(evolve(line, result="twice", reason=reason))
        elif step.draft is None or not is_same(notes[0], step.draft):
            lines.append(evolve(line, result="changed", reason="it reads otherwise"))
        elif not is_current(notes[0], step.draft):
            pinned = "it is pinned here alone" if notes[0].pinned else "it is pinned there alone"
            lines.append(evolve(line, result="changed", reason=pinned))
        else:
            lines.append(evolve(line, result="present"))
    others = [
        note for key, notes in there.items() if key.startswith(f"{source}:") for note in notes
    ]
    return lines + [_other(note, keys) for note in others]


def _other(note: Note, keys: Collection[str]) -> Line:
    """Tell of a moved note that the plan does not have at this contact."""
    key = key_of(note) or ""
    return Line(
        result="twice" if key in keys else "extra",
        key=key,
        contact_id=note.contact_id,
        note_id=note.id,
        reason="it belongs to another contact" if key in keys else "not in this plan: it stays",
    )
