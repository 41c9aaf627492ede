"""Where the notes of another system go, a line each; and files that are looked at beforehand."""

import os
import sys
from pathlib import Path
from typing import BinaryIO, Self

from attrs import define, field

from ghl_notes.cli.statuses import Refused

__all__ = ["Lines", "check_writable"]


def check_writable(option: str, path: str) -> None:
    """Raise ``Refused`` for a file that cannot be written, rather than after hours of work."""
    file = Path(path)
    place = file if file.exists() else file.parent
    if file.is_dir() or not place.exists() or not os.access(place, os.W_OK):
        raise Refused(f"cannot write {path}: choose another {option}")


@define(eq=False)
class Lines:
    """A file, or stdout. What a file held is replaced when the first line is there."""

    path: Path | None
    _file: BinaryIO | None = field(default=None, init=False)

    @classmethod
    def at(cls, out: str, *, force: bool) -> Self:
        """Take a path, or ``-`` for stdout. Raises ``Refused`` for what is not to be replaced."""
        if out == "-":
            return cls(None)
        path = Path(out)
        if path.is_file() and path.stat().st_size and not force:
            raise Refused(f"{out} exists: choose another --out, or give --force to replace it")
        check_writable("--out", out)
        return cls(path)

    def begin(self) -> None:
        """Let go of what the file held."""
        if self._file is None:
            self._file = sys.stdout.buffer if self.path is None else self.path.open("wb")

    def write(self, line: bytes) -> None:
        """Write a line, so that it is there if the next one never comes."""
        self.begin()
        if self._file is not None:
            try:
                self._file.write(line)
                self._file.flush()
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self.path or "stdout")) from error

    def close(self) -> None:
        """Close the file; stdout stays open."""
        if self.path is not None and self._file is not None:
            self._file.close()
