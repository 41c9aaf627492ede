"""Tables and sheets that can be read, whatever they are shown on.

Nothing in them is cut off but texts, and never an id: that is to be copied.
"""

import errno
import os
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ghl_notes.cli.plain import cell

__all__ = ["NONE", "Screen", "sheet", "show", "stderr", "stdout"]

NONE: Final = "-"
"""What stands where there is nothing to tell, so that every line has as many words."""


# Wider than any table: where there is no screen, every row is a line.
_NO_WIDTH: Final = 10_000
_GAP: Final = 2
# With less room than that, a text had better go below.
_LEAST: Final = 20


class Screen(Console):
    """A console that raises what it meets. Rich's own ends the program when its reader is gone."""

    def on_broken_pipe(self) -> None:
        """Leave it to whoever prints, as any other failure of the output."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def stdout() -> Screen:
    """Make a console on stdout that cuts nothing off where there is no terminal."""
    console = Screen(highlight=False)
    return console if console.is_terminal else Screen(highlight=False, width=_NO_WIDTH)


def stderr() -> Screen:
    """Make one on stderr."""
    console = Screen(stderr=True, highlight=False)
    return console if console.is_terminal else Screen(stderr=True, highlight=False, width=_NO_WIDTH)


def show(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]], *, text: bool = False
) -> None:
    """Print a table whose first two columns name a row; where it is too wide, a block for each.

    With ``text`` the last column is one that may be cut off to make the table fit.
    """
    drawn = _table(columns, _fitted(columns, rows, console.width) if text else rows)
    wide = console.options.update(width=_NO_WIDTH)
    if console.measure(drawn, options=wide).maximum <= console.width:
        console.print(drawn)
        return
    for row in rows:
        console.print(Text("  ").join(row[:2]), style="bold", soft_wrap=True)
        console.print(Padding(_told(columns[2:], row[2:]), (0, 0, 0, 4)))


def sheet(console: Console, facts: Sequence[tuple[str, Text]]) -> None:
    """Print the facts of one thing, a line each, by their names."""
    drawn = Table.grid(padding=(0, _GAP, 0, 0))
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, told in facts:
        drawn.add_row(cell(name), told)
    console.print(drawn)


def _fitted(
    columns: Sequence[str], rows: Sequence[Sequence[Text]], width: int
) -> Sequence[Sequence[Text]]:
    """Cut the texts of the last column to the room that the others leave."""
    lines = [[Text(name) for name in columns], *rows]
    taken = sum(_GAP + max(cell.cell_len for cell in column) for column in zip(*lines, strict=True))
    taken -= _GAP + max(line[-1].cell_len for line in lines)
    room = max(_LEAST, width - taken)
    return [[*row[:-1], _cut(row[-1], room)] for row in rows]


def _cut(text: Text, room: int) -> Text:
    fitted = text.copy()
    fitted.truncate(room, overflow="ellipsis")
    return fitted


def _told(columns: Sequence[str], cells: Sequence[Text]) -> Text:
    named = zip(columns, cells, strict=True)
    told = [Text.assemble(f"{name} ", cell) for name, cell in named if cell.plain != NONE]
    return Text(", ").join(told)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    """Draw a row for each row."""
    drawn = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        drawn.add_column(name, no_wrap=True)
    for row in rows:
        drawn.add_row(*row)
    return drawn
