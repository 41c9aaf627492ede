"""Asking the user, on a terminal or through a pipe."""

import codecs
import os
import sys
from typing import Final

import typer
from attrs import define, field

from ghl_notes.cli.id_file import ready
from ghl_notes.cli.statuses import Refused

__all__ = ["Asker", "confirmed", "is_asked_on_a_terminal", "text_of"]

_STDIN: Final = 0
_CHUNK: Final = 1 << 12


def is_asked_on_a_terminal() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()  # None where stdin was closed


def confirmed(answer: str | None) -> bool:
    """Tell whether an answer is a yes; all else is a no."""
    return answer is not None and answer.lower() in {"y", "yes"}


def text_of(given: str | None) -> str:
    """Give the text that was passed, or what comes from stdin for ``-`` and for nothing.

    Raises ``Refused`` where there is none.
    """
    if given is not None and given != "-":
        return given
    if given is None and is_asked_on_a_terminal():
        raise Refused("no text: give it as an argument, or pipe it in")
    try:
        text = "" if sys.stdin is None else _decoded(sys.stdin.buffer.read())
    except UnicodeDecodeError as error:
        raise Refused("what came from stdin is not text in UTF-8: convert it first") from error
    if not text.strip():
        raise Refused("no text came from stdin: give it as an argument, or pipe it in")
    return text.rstrip("\r\n")


def _decoded(given: bytes) -> str:
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as PowerShell writes
    return given.decode("utf-16" if given.startswith(marks) and given[2:] else "utf-8-sig")


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
