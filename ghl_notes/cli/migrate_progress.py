"""What a migration has done so far, and the live lines that show it on a terminal."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import define, field
from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ghl_notes.cli.progress import Tally

if TYPE_CHECKING:
    from ghl_notes.migrate import Line

__all__ = ["Progress", "drawn"]


@define(eq=False)
class Progress:
    """What was done so far. Its ``tally`` is the observer of both sides, and counts the requests.

    ``doing`` says what is under way, and ``total`` how many notes that is about, if it is known.
    """

    tally: Tally = field(factory=Tally)
    doing: str = field(default="", init=False)
    total: int | None = field(default=None, init=False)
    done: int = field(default=0, init=False)
    results: Counter[str] = field(factory=Counter, init=False)

    def begin(self, doing: str, total: int | None = None) -> None:
        """Begin with something, and count from nothing."""
        self.doing, self.total, self.done = doing, total, 0
        self.results.clear()
        if not self.tally.started:
            self.tally.start()

    def read(self) -> None:
        """Count a note that was read."""
        self.done += 1

    def add(self, line: "Line") -> None:
        """Count a note that is done."""
        self.done += 1
        self.results[line.result] += 1

    def summary(self) -> str:
        """Say in one line what became of how many."""
        told = ", ".join(f"{count:,} {result}" for result, count in self.results.most_common())
        return told or "nothing was done yet"


def drawn(progress: Progress) -> Group:
    """Draw two lines: how far it is, and the figures."""
    line = Table.grid(expand=True, padding=(0, 2))
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    line.add_column(no_wrap=True)
    known = progress.total is not None
    line.add_row(
        progress.doing,
        ProgressBar(total=progress.total, completed=progress.done, pulse=not known),
        f"{progress.done:,}{f' of {progress.total:,}' if known else ''} notes",
    )
    # Not a table: unless the last line is padded there is room for the ^C that a terminal echoes.
    return Group(line, Text("  ".join(_figures(progress)), no_wrap=True, overflow="ellipsis"))


def _figures(progress: Progress) -> list[str]:
    tally = progress.tally
    counts = [f"{count:,} {result}" for result, count in progress.results.most_common()]
    requests = f"{tally.requests} requests in {tally.interval:g} s"
    return [*counts, requests, str(timedelta(seconds=int(tally.seconds)))]
