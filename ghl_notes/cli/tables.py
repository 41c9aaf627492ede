"""Tables that can be read: nothing in them is cut off, whatever they are shown on."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["NONE", "show", "stdout"]

NONE: Final = "-"
"""What stands where there is nothing to tell, so that every line has as many words."""


# Wider than any table: where there is no screen, every row is a line.
_NO_WIDTH: Final = 10_000


def stdout() -> Console:
    """Make a console on stdout that cuts nothing off where there is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_NO_WIDTH)


def show(console: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Print a table whose first two columns name a row; where it is too wide, a block for each."""
    drawn = _table(columns, rows)
    wide = console.options.update(width=_NO_WIDTH)
    if console.measure(drawn, options=wide).maximum <= console.width:
        console.print(drawn)
        return
    for row in rows:
        console.print(Text("  ").join(row[:2]), style="bold", soft_wrap=True)
        console.print(Padding(_told(columns[2:], row[2:]), (0, 0, 0, 4)))


def _told(columns: Sequence[str], cells: Sequence[Text]) -> Text:
    named = zip(columns, cells, strict=True)
    told = [Text.assemble(f"{name} ", cell) for name, cell in named if cell.plain != NONE]
    return Text(", ").join(told)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    """Draw a row for each row."""
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        drawn.add_column(name, no_wrap=True)
    for row in rows:
        drawn.add_row(*row)
    return drawn
