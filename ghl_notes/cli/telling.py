"""What a command has to tell: as tables and sheets for people, as records for programs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Generic, TypeVar

import typer
from attrs import AttrsInstance, evolve, frozen
from rich.console import Console
from rich.text import Text

from ghl_notes import Listing
from ghl_notes.cli.plain import block, cell
from ghl_notes.cli.records import line, record
from ghl_notes.cli.statuses import Status, done, say
from ghl_notes.cli.tables import sheet, show, stdout
from ghl_notes.cli.times import clock

__all__ = ["MOST", "Kind", "Told", "facts", "many", "one", "tell"]

T = TypeVar("T", bound=AttrsInstance)

MOST: Final = 100
"""How many columns a text takes at most where it stands in a line."""


@frozen(kw_only=True)
class Told:
    """What came of a command.

    ``hint`` is for people alone. ``trouble`` is what went wrong all the same, and always told.
    ``deed`` says what the command has changed: then it has ended well, even if nothing of this can
    be written.
    """

    records: Sequence[Mapping[str, object]] = ()
    show: Callable[[Console], None] = lambda _: None
    hint: str | None = None
    trouble: Sequence[str] = ()
    deed: str | None = None
    status: Status = Status.DONE

    def beside(self, name: str, more: "Told") -> "Told":
        """Add what belongs to the one thing that is told: within its record, and below it."""
        (own,) = self.records

        def show(console: Console) -> None:
            self.show(console)
            console.print(f"\n[bold]{name}[/bold]" if more.records else f"\nno {name}")
            more.show(console)

        return evolve(
            self,
            records=[{**own, name: more.records}],
            show=show,
            trouble=[*self.trouble, *more.trouble],
            status=max(self.status, more.status),
        )


@frozen(kw_only=True)
class Kind(Generic[T]):
    """How things of one kind are told: many in a table, whose last column is text; one in a sheet.

    ``text`` is what stands below the sheet, with its lines.
    """

    columns: Sequence[str]
    row: Callable[[T], Sequence[Text]]
    facts: Callable[[T], Sequence[tuple[str, Text]]]
    text: Callable[[T], str | None] = lambda _: None

    def show_many(self, console: Console, things: Sequence[T]) -> None:
        """Draw the table."""
        if things:
            show(console, self.columns, [self.row(thing) for thing in things], text=True)

    def show_one(self, console: Console, thing: T) -> None:
        """Draw the sheet."""
        sheet(console, self.facts(thing))
        if text := self.text(thing):
            console.print()
            console.print(Text(block(text).rstrip()))


async def one(
    kind: Kind[T],
    location_id: str | None,
    call: Awaitable[T],
    *,
    deed: Callable[[T], str] | None = None,
) -> Told:
    """Make a call, and tell the one thing that it brings; ``deed`` says what the call changed."""
    thing = await call
    return Told(
        records=[record(thing, location_id)],
        show=lambda console: kind.show_one(console, thing),
        deed=None if deed is None else deed(thing),
    )


def many(kind: Kind[T], location_id: str | None, things: Listing[T], *, none: str) -> Told:
    """Tell a list, or that there is ``none``, and what of it could not be read."""
    return Told(
        records=[record(thing, location_id) for thing in things],
        show=lambda console: kind.show_many(console, things),
        hint=None if things or things.unreadable else none,
        trouble=[str(error) for error in things.unreadable],
        status=Status.SOME_FAILED if things.unreadable else Status.DONE,
    )


def facts(*named: tuple[str, object]) -> list[tuple[str, Text]]:
    """Say values as people do, and leave out what is not there."""
    said = ((name, _said(value)) for name, value in named)
    return [(name, cell(value)) for name, value in said if value]


def tell(told: Told, *, as_json: bool) -> Status:
    """Write it to stdout, and what is not part of it to stderr."""
    with done(told.deed):
        if as_json:
            typer.echo(b"".join(map(line, told.records)), nl=False)
        else:
            told.show(stdout())
    if told.hint and not as_json:
        say(told.hint)
    for sentence in told.trouble:
        say(sentence)
    return told.status


def _said(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return clock(value)
        case date():
            return value.isoformat()
        case tuple() | list():
            return ", ".join(map(_said, value))
    return str(value)
