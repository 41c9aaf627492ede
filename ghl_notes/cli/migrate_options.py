"""What a migration is asked to do: its options, read and checked."""

from datetime import datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from attrs import frozen

from ghl_notes.cli.asking import is_asked_on_a_terminal
from ghl_notes.cli.options import Yes
from ghl_notes.cli.output import check_writable
from ghl_notes.cli.sources_options import Since, Until
from ghl_notes.cli.statuses import Refused
from ghl_notes.cli.times import moment

__all__ = ["LEAST", "LEDGER", "LONGEST", "Deed", "Order", "Wishes", "order", "wishes"]

# As in ghl_notes.migrate, which is not loaded for a completion.
LEDGER: Final = "ghl-notes-migrate.db"
LONGEST: Final = 5_000
LEAST: Final = 1_000

_DEED: Final = "What to do"
_WRITTEN: Final = "How they are written"


class Deed(Enum):
    """What to do."""

    PLAN = "plan"
    APPLY = "apply"
    VERIFY = "verify"
    UNDO = "undo"


class Several(StrEnum):
    """What is done with a note that names nobody."""

    SKIP = "skip"
    SOLE = "sole"
    FIRST = "first"
    ALL = "all"


class TooLong(StrEnum):
    """What is done with a note that is too long for one."""

    SPLIT = "split"
    SKIP = "skip"


@frozen(kw_only=True)
class Wishes:
    """Which notes are moved, and how they are written: what makes a plan."""

    since: datetime | None = None
    until: datetime | None = None
    several: Several = Several.SOLE
    rich: bool = False
    longest: int = LONGEST
    too_long: TooLong = TooLong.SPLIT


@frozen(kw_only=True)
class Order:
    """What to do, with which files. ``plan`` is a file that holds the plan, or is to hold it."""

    deed: Deed = Deed.PLAN
    update: bool = False
    sure: bool = False
    ledger: str = LEDGER
    plan: str | None = None
    json: str | None = None
    html: str | None = None
    wishes: Wishes = Wishes()

    @property
    def is_loaded(self) -> bool:
        """Whether the plan is there already, so that the source is not read."""
        return self.plan is not None and self.deed is not Deed.PLAN

    @property
    def needs_source(self) -> bool:
        """Whether the other system is asked for anything."""
        return self.deed is not Deed.UNDO and not self.is_loaded

    def check(self) -> None:
        """Raise ``Refused`` for what cannot work, before anything is sent."""
        if self.update and self.deed is not Deed.APPLY:
            raise Refused("--update goes with --apply alone")
        if self.plan is not None and self.deed is Deed.UNDO:
            raise Refused("--undo goes by the ledger alone: leave out --plan-file")
        if self.wishes != Wishes() and not self.needs_source:
            what = "the ledger" if self.plan is None else f"the plan in {self.plan}"
            raise Refused(f"{what} says which notes: leave out what else does, such as --since")
        if self.deed in (Deed.APPLY, Deed.UNDO) and not self.sure and not is_asked_on_a_terminal():
            raise Refused("nobody is there to confirm it: give --yes to begin without asking")
        if self.is_loaded and not Path(self.plan or "").is_file():
            raise Refused(f"there is no plan {self.plan}: --plan --plan-file makes one")
        self._check_outputs()

    def _check_outputs(self) -> None:
        written: dict[str, str | None] = {
            "--json": None if self.json == "-" else self.json,
            "--html": self.html,
        }
        if self.deed is Deed.PLAN:
            written["--plan-file"] = self.plan
        elif self.deed is not Deed.VERIFY:
            written["--ledger"] = self.ledger
        for option, path in written.items():
            if path is not None:
                check_writable(option, path)
        self._check_apart()

    def _check_apart(self) -> None:
        """Refuse to write one file over another; a ledger that is gone cannot undo anything."""
        named = {"--ledger": self.ledger, "--plan-file": self.plan, "--html": self.html}
        if self.json != "-":
            named["--json"] = self.json
        places: dict[Path, str] = {}
        for option, path in named.items():
            place = None if path is None else Path(path).resolve()
            if place in places:
                raise Refused(f"{places[place]} and {option} name the same file: choose another")
            if place is not None:
                places[place] = option


def order(  # noqa: PLR0913 - one for each option
    *,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            rich_help_panel=_DEED,
            help="Tell what would be done, and write nothing: what is done by default.",
        ),
    ] = False,
    apply: Annotated[
        bool,
        typer.Option(
            "--apply",
            rich_help_panel=_DEED,
            help="Write the notes. It may be stopped and run again: no note is written twice.",
        ),
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            rich_help_panel=_DEED,
            help="Compare what is at the source with what is in HighLevel, and write nothing.",
        ),
    ] = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo",
            rich_help_panel=_DEED,
            help="Delete the notes that were written, unless somebody has changed them since.",
        ),
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            rich_help_panel=_DEED,
            help="With --apply: write notes anew that changed at the source, where nobody has"
            " changed them in HighLevel.",
        ),
    ] = False,
    yes: Yes = False,
    ledger: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_DEED,
            help="Where it is written down which note became which. Keep it.",
        ),
    ] = LEDGER,
    plan_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_DEED,
            help="With --plan: write the plan there, with the texts of all notes. With --apply and"
            " --verify: go by it, and do not ask the source again.",
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=_DEED, help="Write the report as JSON; - for stdout."
        ),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(metavar="FILE", rich_help_panel=_DEED, help="Write the report as a page."),
    ] = None,
) -> Order:
    """Read the options that say what to do; ``wishes`` reads those about the notes."""
    chosen = [deed for deed, said in zip(Deed, (plan, apply, verify, undo), strict=True) if said]
    if len(chosen) > 1:
        raise Refused("give one of --plan, --apply, --verify and --undo")
    return Order(
        deed=chosen[0] if chosen else Deed.PLAN,
        update=update,
        sure=yes,
        ledger=ledger,
        plan=plan_file,
        json=json,
        html=html,
    )


def wishes(  # noqa: PLR0913 - one for each option
    *,
    since: Since = None,
    until: Until = None,
    several: Annotated[
        Several,
        typer.Option(
            rich_help_panel=_WRITTEN,
            help="A note that names no person, on a lead: skip leaves it out, sole takes the lead's"
            " only contact, first its first one, all writes it to each.",
        ),
    ] = Several.SOLE,
    rich: Annotated[
        bool,
        typer.Option(
            "--rich", rich_help_panel=_WRITTEN, help="Keep formatting, as HTML, where there is any."
        ),
    ] = False,
    longest: Annotated[
        int,
        typer.Option(
            min=LEAST,
            metavar="N",
            rich_help_panel=_WRITTEN,
            help="How many characters a note may have.",
        ),
    ] = LONGEST,
    too_long: Annotated[
        TooLong,
        typer.Option(rich_help_panel=_WRITTEN, help="What is done with one that has more."),
    ] = TooLong.SPLIT,
) -> Wishes:
    """Read the options that say which notes are moved, and how they are written."""
    begin = None if since is None else moment("--since", since)
    end = None if until is None else moment("--until", until)
    if begin is not None and end is not None and begin > end:
        raise Refused("--since must not be later than --until")
    return Wishes(
        since=begin,
        until=end,
        several=several,
        rich=rich,
        longest=longest,
        too_long=too_long,
    )
