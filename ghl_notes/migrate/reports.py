"""A report for people and programs: as a table of text, as JSON, and as a page.

What the source and HighLevel say stands in it as text: nothing of it steers a terminal or a page.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Final, Literal

from attrs import asdict

from ghl_notes.migrate.models import MOVED_BEFORE, OTHERWISE, THERE, TROUBLE, Line, Report, Result
from ghl_notes.migrate.report_page import ONLY, PAGE, STYLE

MOST: Final = 20
"""How many of the lines that ask somebody to look stand in a table."""

MEANINGS: Final[dict[Result, str]] = {
    "create": "to be written",
    "created": "written",
    "update": "reads otherwise there, and is written anew if asked for",
    "updated": "written anew",
    "skip": "nothing to do",
    "skipped": "nothing was done",
    "unmatched": "nobody was found to write it to",
    "conflict": "more than one contact, or changed on both sides",
    "left": "not moved, see the reason",
    "failed": "a call failed, or it was not tried",
    "unknown": "may be written; the next run finds out",
    "present": "there, once and whole",
    "missing": "not there",
    "changed": "reads otherwise there",
    "twice": "there more than once",
    "extra": "there, and not in the plan",
    "deleted": "gone from HighLevel again",
    "kept": "changed since, so it stays",
}
"""What each result means, in a few words."""

KINDS: Final = {
    "plan": "Plan (nothing is written)",
    "apply": "Apply",
    "verify": "Verify",
    "undo": "Undo",
}
"""What each kind of report is called."""

_DONE: Final[frozenset[Result]] = frozenset({"created", "updated", "present", "deleted"})
_MARKS: Final = {"trouble": "!", "good": "✓", "open": "→", "idle": "·"}
_PART: Final = re.compile(r":\d+/\d+$")
# Beside the ASCII ones: more control characters, line breaks, and marks that turn text round.
_STEERING: Final = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_UNFIT: Final = re.compile(rf"[\x00-\x1f{_STEERING}]")
_ESCAPED: Final = re.compile(f"[{_STEERING}]")


def tone(result: Result) -> Literal["trouble", "good", "open", "idle"]:
    """Say how a result is shown: to be looked at, done, to be done, or nothing of these."""
    if result in ("create", "update"):
        return "open"
    return "trouble" if result in TROUBLE else "good" if result in _DONE else "idle"


def troubled(report: Report) -> list[Line]:
    """Return the lines that ask somebody to look, in their order."""
    return [line for line in report.lines if line.result in TROUBLE]


def remarks(report: Report) -> list[str]:
    """Return what is to be known about the whole, and each remark about notes with their number.

    Why nothing is done with a note is a remark too, unless that is because it was moved before.
    """
    told = {(remark, _note(line)) for line in report.lines for remark in _remarks(line)}
    counts = Counter(remark for remark, _ in told).items()
    summed = sorted(counts, key=lambda one: (-one[1], one[0]))
    return [*report.remarks, *(f"{notes(count)}: {remark}" for remark, count in summed)]


def about(line: Line) -> str:
    """Name whom a note is about at its source: a person, or where none is known its lead."""
    lead = f"lead {line.source_lead_id}" if line.source_lead_id else ""
    return line.source_contact or line.source_contact_id or lead


def notes(count: int) -> str:
    """Say how many notes."""
    return f"{count:,} note{'' if count == 1 else 's'}"


def outdated(report: Report) -> int:
    """Count the notes that read otherwise at the source, and were left as they are."""
    left = (line for line in report.lines if line.result == "skipped")
    return len({_note(line) for line in left if line.reason.startswith(OTHERWISE)})


def heading(report: Report) -> str:
    """Say in one line what a report is about. Notes are counted as the source has them."""
    whence = f"{report.source or 'anywhere'} {report.account}".strip()
    return _one_line(
        f"{KINDS[report.kind]}: {notes(len(set(map(_note, report.lines))))} from {whence},"
        f" in location {report.location_id}"
    )


def table(report: Report) -> str:
    """Write how many lines have each result, and the ones that ask somebody to look.

    Of those there are 20 at most; ``as_json`` and ``as_html`` have all lines. Below them stand
    the remarks, summed up, and what is wrong with the whole.
    """
    looks = troubled(report)
    more = [f"and {len(looks) - MOST:,} more"] if len(looks) > MOST else []
    return "\n".join(
        [
            heading(report),
            "",
            *_counted(report),
            *_block("To be looked at", [*map(_told, looks[:MOST]), *more]),
            *_block("Remarks", map(_one_line, remarks(report))),
            *_block("Problems", map(_one_line, report.problems)),
        ]
    )


def as_json(report: Report) -> str:
    """Write the whole report as one JSON object.

    ``kind`` (``plan``, ``apply``, ``verify`` or ``undo``), ``source``, ``account`` and
    ``location_id`` are texts, ``counts`` has the number of lines by result, ``problems`` and
    ``remarks`` are lists of sentences about the whole. ``lines`` is a list of objects, one for each
    note that HighLevel has or may get, in the order of the report, with all fields of ``Line``
    under their names: ``at`` is ISO 8601 in UTC, ``remarks`` a list of texts, and what is not known
    is null.
    """
    content = {
        "kind": report.kind,
        "source": report.source,
        "account": report.account,
        "location_id": report.location_id,
        "counts": report.counts,
        "problems": report.problems,
        "remarks": report.remarks,
        "lines": [asdict(line, value_serializer=_written) for line in report.lines],
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def as_html(report: Report) -> str:
    """Write the whole report as one HTML page that needs nothing else and runs no script."""
    looks = len(troubled(report))
    fine = "All is well" if report.fine else "There are problems"
    lists = (
        _list("Problems", report.problems),
        _list("Remarks", remarks(report)),
    )
    return PAGE.substitute(
        style=STYLE,
        title=f"{_text(report.source)}: {KINDS[report.kind].lower()}",
        heading=_text(heading(report)),
        tone="good" if report.fine else "trouble",
        verdict=f"{notes(looks)} to be looked at" if looks else fine,
        lists="\n".join(filter(None, lists)),
        counts="\n".join(_count_row(result, n) for result, n in report.counts.items()),
        only=ONLY if 0 < looks < len(report.lines) else "",
        lines="\n".join(map(_line_row, report.lines)),
    )


def _note(line: Line) -> str:
    """Name the note of the source, which the parts of a long one have in common."""
    return _PART.sub("", line.key)


def _remarks(line: Line) -> tuple[str, ...]:
    skipped = line.result in ("skip", "skipped") and line.reason not in ("", THERE, MOVED_BEFORE)
    return (*line.remarks, line.reason) if skipped else line.remarks


def _counted(report: Report) -> list[str]:
    return [
        f"{'!' if result in TROUBLE else ' '} {count:>9,}  {result:<9}  {MEANINGS[result]}"
        for result, count in report.counts.items()
    ]


def _block(head: str, lines: Iterable[str]) -> list[str]:
    told = [f"  {line}" for line in lines]
    return ["", f"{head}:", *told] if told else []


def _told(line: Line) -> str:
    parts = (line.key, about(line), line.reason)
    return f"{line.result:<9}  {'  '.join(_one_line(part) for part in parts if part)}"


def _one_line(text: str) -> str:
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def _written(_: object, __: object, value: object) -> object:
    return _utc(value).replace("+00:00", "Z") if isinstance(value, datetime) else value


def _utc(at: datetime) -> str:
    try:
        return at.astimezone(UTC).isoformat()
    except OverflowError:  # in the first or the last day that there is
        return at.isoformat()


def _text(told: str | None) -> str:
    return escape(_one_line(told or ""))


def _list(head: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(line)}</li>" for line in lines)
    return f"<h2>{head}</h2>\n<ul>{items}</ul>" if items else ""


def _badge(result: Result) -> str:
    shown = tone(result)
    return f'<span class="{shown}"><i aria-hidden="true">{_MARKS[shown]}</i> {result}</span>'


def _count_row(result: Result, count: int) -> str:
    return f"<tr><td>{_badge(result)}<td>{count:,}<td>{MEANINGS[result]}</tr>"


def _line_row(line: Line) -> str:
    """Write a row; its cells have their names, for where there is no room for columns."""
    when = "" if line.at is None else f"{_utc(line.at)[:16].replace('T', ' ')} UTC"
    there = (("contact", line.contact_id), ("note", line.note_id))
    cells = (
        ("Result", _badge(line.result)),
        ("Note", f"<code>{_text(line.key)}</code>"),
        ("Written", _lines(when, line.author)),
        ("About", _lines(line.source_contact, line.source_contact_id) or _lines(about(line))),
        ("HighLevel", _lines(*(f"{what} {one}" for what, one in there if one))),
        ("Reason and remarks", _lines(line.reason, *line.remarks)),
    )
    told = "".join(f'<td data-name="{name}">{cell}' for name, cell in cells)
    return f'<tr class="{tone(line.result)}">{told}</tr>'


def _lines(*told: str | None) -> str:
    return "<br>".join(f"<bdi>{_text(one)}</bdi>" for one in told if one)
