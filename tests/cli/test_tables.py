"""Tables on screens of any width."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from ghl_notes.cli.tables import NONE, show

COLUMNS = ("kind", "id", "agency", "lapses")
WORDS = st.text("abcXYZ019", min_size=1, max_size=40)


def shown(width: int, *rows: tuple[str, ...]) -> str:
    """Show rows on a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    show(console, COLUMNS, [[Text(cell) for cell in row] for row in rows])
    return console.file.getvalue()


def test_what_fits_is_a_table() -> None:
    """A head, and a line for each row."""
    lines = shown(80, ("location", "a", "b", "soon"), ("agency", "b", NONE, NONE)).splitlines()

    assert [line.split() for line in lines] == [
        list(COLUMNS),
        ["location", "a", "b", "soon"],
        ["agency", "b", NONE, NONE],
    ]


def test_what_does_not_fit_is_a_block() -> None:
    """What names the row on a line of its own, the rest below, without what is not known."""
    lines = shown(20, ("location", "a" * 30, NONE, "soon")).splitlines()

    assert lines[0] == f"location  {'a' * 30}"
    assert [line.rstrip() for line in lines[1:]] == ["    lapses soon"]


@given(width=st.integers(45, 200), row=st.tuples(WORDS, WORDS, WORDS, WORDS))
def test_nothing_is_cut_off(width: int, row: tuple[str, ...]) -> None:
    """Every cell is there as a whole, to be copied, whatever the width."""
    words = shown(width, row).replace(",", " ").split()

    assert set(row) <= set(words)
