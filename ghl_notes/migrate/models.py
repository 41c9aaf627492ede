"""What a migration plans and what came of it, as values."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from attrs import evolve, field, frozen

from ghl_notes.client import Client

Result: TypeAlias = Literal[
    # what a plan says, and what an apply did
    "create", "created", "update", "updated", "skip", "skipped",
    # what stands in the way: nobody, or more than one, to write it to; the note; a call that failed
    "unmatched", "conflict", "left", "failed", "unknown",
    # what verify finds
    "present", "missing", "changed", "twice", "extra",
    # what undo did
    "deleted", "kept",
]  # fmt: skip
"""What is to become, or became, of one note; the reason stands beside it in words."""

TROUBLE: frozenset[Result] = frozenset({
    "unmatched", "conflict", "left", "failed", "unknown", "missing", "changed", "twice", "kept",
})  # fmt: skip
"""The results that ask somebody to look."""


@frozen(kw_only=True)
class Line:
    """One note in a plan or report.

    ``key`` names it as its marker in HighLevel does, such as ``close:acti_…``, with ``:2/3`` behind
    it for a part of a long one. ``reason`` says in words why the result is what it is, ``remarks``
    what does not carry over. ``contact_id`` and ``note_id`` are HighLevel's, as far as known;
    ``source_contact`` is who it is about at the source, and ``source_lead_id`` what it hangs on.
    """

    result: Result
    key: str
    reason: str = ""
    source_contact: str | None = None
    source_contact_id: str | None = None
    source_lead_id: str | None = None
    contact_id: str | None = None
    note_id: str | None = None
    at: datetime | None = None
    author: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def untouched(self) -> "Line":
        """The line of a plan in a report of a run that had nothing to do about it."""
        return evolve(self, result="skipped") if self.result == "skip" else self


# Reasons that say that all is as it should be, and that a note could be updated.
THERE: Final = "it is there"
MOVED_BEFORE: Final = "moved before"
OTHERWISE: Final = "it reads otherwise there"

OnLine: TypeAlias = Callable[[Line], None]
"""Called with each line as soon as it is known, for progress."""


def fingerprint(*fields: str | bool | None) -> str:
    """Return a digest of a note's fields, so that a change can be told without keeping the text."""
    return sha256(json.dumps(fields).encode()).hexdigest()


@frozen(kw_only=True)
class Draft:
    """A note as it is to be written to HighLevel; ``body`` ends in its marker."""

    body: str = field(repr=False)
    title: str | None = None
    pinned: bool = False
    user_id: str | None = None
    is_html: bool = False

    @property
    def digest(self) -> str:
        """A digest of what it says; the author is not part of it."""
        return fingerprint(self.body, self.title or "", self.pinned)


@frozen
class Step:
    """One line of a plan, with what is to be written where there is something to write."""

    line: Line
    draft: Draft | None = None


@frozen(kw_only=True)
class Report:
    """What is planned, or what came of it, note by note; ``reports`` writes it for people.

    ``problems`` are sentences about the whole that ask somebody to look, such as a list that could
    not be read to its end; ``remarks`` are those that do not.
    """

    kind: Literal["plan", "apply", "verify", "undo"]
    source: str
    account: str
    location_id: str
    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Result, int]:
        """How many notes had each result, the most frequent first."""
        return dict(Counter(line.result for line in self.lines).most_common())

    @property
    def fine(self) -> bool:
        """Whether nobody needs to look at anything."""
        return not self.problems and not any(line.result in TROUBLE for line in self.lines)


@frozen(kw_only=True)
class Plan:
    """What ``apply`` would do: nothing has been written yet.

    It holds the notes themselves: whoever reads its file reads them. ``client`` is the one that it
    was made with; a plan that was loaded from a file has none.
    """

    source: str
    account: str
    location_id: str
    made_at: datetime
    steps: tuple[Step, ...] = field(default=(), repr=False)
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    client: Client | None = field(default=None, eq=False, repr=False)

    @property
    def report(self) -> Report:
        """The plan without its texts."""
        return Report(
            kind="plan",
            source=self.source,
            account=self.account,
            location_id=self.location_id,
            lines=tuple(step.line for step in self.steps),
            problems=self.problems,
            remarks=self.remarks,
        )
