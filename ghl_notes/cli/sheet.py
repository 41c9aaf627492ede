"""The lines that ``check`` and ``tend`` print, each as soon as there is something to tell."""

from collections.abc import Iterable
from typing import Final

from attrs import define, field
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ghl_notes import InstallHealth
from ghl_notes.cli.facts import day, identity
from ghl_notes.cli.tables import stdout

__all__ = ["Sheet"]

_MARKS: Final = {
    "healthy": ("✓", "green"),
    "renewed": ("✓", "green"),
    "inactive": ("!", "yellow"),
    "failed": ("!", "yellow"),
    "in doubt": ("?", "yellow"),
    "spent": ("✗", "red"),
}
_HEAD: Final = ("state", "kind", "id", "agency", "lapses")
# What these usually take: HighLevel's ids have 20 characters or a few more. Nothing is cut off.
_WIDTHS: Final = (8, 8, 20, 20, 10)


@define
class Sheet:
    """A line for each install; on a terminal with colour, and with what is wrong below it."""

    _console: Console = field(factory=stdout)
    _begun: bool = field(default=False, init=False)

    def add(self, health: InstallHealth, trouble: str) -> None:
        """Write one result. ``trouble`` is empty where there is none."""
        lapses = health.install.lapses_at
        parts = (health.state, *identity(health.install), day(lapses))
        write = self._show if self._console.is_terminal else self._write
        if not self._begun:
            self._begun = True
            write(_HEAD, "", "trouble")
        write(parts, health.state, trouble)

    def _write(self, parts: Iterable[str], _: str, trouble: str) -> None:
        self._console.print(Text(f"{_aligned(parts)}  {trouble}".rstrip()))

    def _show(self, parts: Iterable[str], state: str, trouble: str) -> None:
        mark, style = _MARKS.get(state, (" ", "bold"))
        if self._console.options.ascii_only:
            mark = " "
        text = Text.assemble((mark, style), " ", _aligned(parts).rstrip())
        text.stylize(style, 2, 2 + len(state) if state else None)
        self._console.print(text, soft_wrap=True)
        if state and trouble:
            self._console.print(Padding(Text(trouble), (0, 0, 0, 4)))


def _aligned(parts: Iterable[str]) -> str:
    return "  ".join(f"{part:<{width}}" for part, width in zip(parts, _WIDTHS, strict=True))
