"""The report of a migration, as people see it on a screen, and the files it goes to."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ghl_notes.cli.plain import cell
from ghl_notes.cli.statuses import done
from ghl_notes.cli.tables import NONE, show, stderr, stdout
from ghl_notes.migrate import Line, Report, Result, as_html, as_json
from ghl_notes.migrate.files import write_private
from ghl_notes.migrate.reports import MEANINGS, MOST, about, heading, remarks, tone, troubled

__all__ = ["show_report", "tell_report"]

_STYLES: Final = {"trouble": "red", "good": "green", "open": "", "idle": ""}
_COLUMNS: Final = ("result", "note", "about", "contact", "reason")


def tell_report(report: Report, *, json: str | None, html: str | None) -> None:
    """Write a report to its files, then show it; where stdout takes the JSON, stderr shows it.

    Each place gets it, whatever becomes of the others: what was done can be told only now.
    """
    with ExitStack() as places:  # which begins with the last
        places.callback(_told, report, as_data=json == "-")
        if html is not None:
            places.callback(write_private, html, as_html(report))
        if json is not None and json != "-":
            places.callback(write_private, json, f"{as_json(report)}\n")


def _told(report: Report, *, as_data: bool) -> None:
    with done(_deed(report)):
        if not as_data:
            show_report(stdout(), report)
            return
        with suppress(OSError):  # beside the data
            show_report(stderr(), report)
        typer.echo(as_json(report).encode(errors="backslashreplace"))


def _deed(report: Report) -> str | None:
    """Say what a run has changed; None for one that only reads."""
    if report.kind not in ("apply", "undo"):
        return None
    told = ", ".join(f"{count:,} {result}" for result, count in report.counts.items())
    return f"{report.kind} is through ({told or 'no notes'})"


def show_report(console: Console, report: Report) -> None:
    """Print the counts, the lines that ask somebody to look, and what concerns the whole."""
    console.print(cell(heading(report), style="bold"), soft_wrap=True)
    console.print()
    console.print(_counts(report) if report.lines else "  no notes")
    looks = troubled(report)
    if looks:
        console.print("\nTo be looked at:", style="bold")
        show(console, _COLUMNS, [_row(line) for line in looks[:MOST]], text=True)
    if len(looks) > MOST:
        console.print(f"and {len(looks) - MOST:,} more: --json or --html has all")
    _say_all(console, "Remarks", remarks(report))
    _say_all(console, "Problems", report.problems)


def _say_all(console: Console, head: str, sentences: Sequence[str]) -> None:
    if sentences:
        console.print(f"\n{head}:", style="bold")
    for sentence in sentences:
        console.print(cell(sentence), soft_wrap=True)


def _counts(report: Report) -> Table:
    counts = Table.grid(padding=(0, 2))
    counts.add_column(justify="right", no_wrap=True)
    counts.add_column(no_wrap=True)
    counts.add_column()
    for result, count in report.counts.items():
        name = Text(result, style=_style(result))
        counts.add_row(f"{count:,}", name, Text(MEANINGS[result], style="dim"))
    return counts


def _row(line: Line) -> list[Text]:
    return [
        cell(line.result, style=_style(line.result)),
        cell(line.key),
        cell(about(line) or NONE),
        cell(line.contact_id or NONE),
        cell(line.reason or NONE),
    ]


def _style(result: Result) -> str:
    return _STYLES[tone(result)]
