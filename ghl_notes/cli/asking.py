"""Asking the user, on a terminal or through a pipe."""

import os
import sys
from typing import Final

import typer
from attrs import define, field

from ghl_notes.cli.source import ready

__all__ = ["Asker", "is_asked_on_a_terminal"]

_STDIN: Final = 0
_CHUNK: Final = 1 << 12


def is_asked_on_a_terminal() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin.isatty()


@define
class Asker:
    """Puts questions on stderr and reads answers, a line each, from stdin.

    Whoever waits for an answer keeps no other task waiting, and can be stopped by Ctrl-C.
    """

    descriptor: int = _STDIN
    _rest: bytes = field(default=b"", init=False)

    async def ask(self, question: str) -> str | None:
        """Ask, and return the answer without the space round it, or None at the end of stdin."""
        typer.echo(f"{question} ", nl=False, err=True)
        while b"\n" not in self._rest:
            await ready(self.descriptor)
            chunk = os.read(self.descriptor, _CHUNK)
            if not chunk:
                last, self._rest = self._rest, b""
                return _text(last) if last else None
            self._rest += chunk
        answer, _, self._rest = self._rest.partition(b"\n")
        return _text(answer)


def _text(answer: bytes) -> str:
    return answer.decode(errors="replace").strip()
