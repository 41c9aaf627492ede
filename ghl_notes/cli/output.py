"""Where JSON lines go, and beside an export's a file of what failed."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Self

from attrs import define, field

from ghl_notes import ContactNotes, HighLevelError, UnexpectedResponse
from ghl_notes.cli.records import line, record
from ghl_notes.cli.statuses import Refused

__all__ = ["Lines", "Output", "check_writable", "open_output"]


def check_writable(option: str, path: str) -> None:
    """Raise ``Refused`` for a file that cannot be written, rather than after hours of work."""
    file = Path(path)
    place = file if file.exists() else file.parent
    if file.is_dir() or not place.exists() or not os.access(place, os.W_OK):
        raise Refused(f"cannot write {path}: choose another {option}")


def open_output(out: str, *, force: bool) -> "Output":
    """Open a path, or stdout for ``-``, where failures then go to stderr.

    Raises ``Refused`` for what cannot be written, or holds something and is not to be replaced.
    """
    notes, path = Lines.at(out, force=force), Path(out)
    if out == "-" or not path.is_file():  # a device or a pipe, with no place beside it
        return Output(notes, _Stream(_to_stderr))
    try:
        return Output(notes, _File.open(path.with_name(f"{path.name}.errors")))
    except Refused:
        notes.close()
        raise


@define(eq=False)
class Lines:
    """A file, or stdout. What a file held is replaced when the first line is there."""

    _target: "_File | _Stream"
    begun: bool = field(default=False, init=False)

    @classmethod
    def at(cls, out: str, *, force: bool) -> Self:
        """Take a path, or ``-`` for stdout.

        Raises ``Refused`` for what cannot be written, or holds something and is not to be replaced.
        """
        if out == "-":
            return cls(_Stream(_to_stdout))
        path = Path(out)
        if path.is_file() and path.stat().st_size and not force:
            raise Refused(f"{out} exists: choose another --out, or give --force to replace it")
        return cls(_File.open(path))

    def begin(self) -> None:
        """Let go of what the file held."""
        if not self.begun:
            self.begun = True
            self._target.clear()

    def write(self, lines: bytes) -> None:
        """Write whole lines, so that they are there if the next ones never come."""
        self.begin()
        self._target.write(lines)

    def close(self) -> None:
        """Close the file, and remove one that never began and holds nothing; stdout stays open."""
        self._target.close(keep=self.begun)


@define(eq=False)
class Output:
    """Writes results as they come, each of them whole, so that stopping loses nothing written.

    An earlier export is replaced when the first result is there: a wrong token costs nothing.
    """

    _notes: Lines
    _failures: "_File | _Stream"

    def begin(self) -> None:
        """Let go of what an earlier export wrote."""
        if not self._notes.begun:
            self._notes.begin()
            self._failures.clear()

    def add(self, result: ContactNotes, location_id: str) -> None:
        """Write a contact's notes, and what stood in the way of reading them."""
        self.begin()
        lines, errors = [], [*result.notes.unreadable, *([result.error] if result.error else [])]
        for note in result.notes:
            try:
                lines.append(line(record(note, location_id)))
            except RecursionError:
                errors.append(UnexpectedResponse(f"note {note.id} is nested too deeply"))
        self._notes.write(b"".join(lines))
        self._failures.write(_lines(_failure(result.contact_id, error) for error in errors))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._notes.close()
        self._failures.close(keep=False)


@define(eq=False)
class _File:
    path: Path
    _handle: FileIO

    @classmethod
    def open(cls, path: Path) -> Self:
        try:
            # Without a buffer, so that an export that is killed has what it wrote.
            return cls(path, path.open("ab", buffering=0))
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror}; choose another --out"
            raise Refused(msg) from error

    def clear(self) -> None:
        if self.path.is_file():
            self._handle.truncate(0)

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._handle.write(left) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def close(self, *, keep: bool) -> None:
        """Close, and unless it is to be kept remove a file that holds nothing."""
        self._handle.close()
        if not keep and self.path.is_file() and not self.path.stat().st_size:
            self.path.unlink()


@define(eq=False)
class _Stream:
    """A stream of the process: there is nothing to clear, and it stays open."""

    write: Callable[[bytes], None]

    def clear(self) -> None:
        pass

    def close(self, *, keep: bool) -> None:
        pass


def _to_stdout(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _to_stderr(data: bytes) -> None:
    with suppress(OSError):  # beside the notes, which go on, and the status tells it too
        # As text it goes above a live bar, not through it.
        sys.stderr.write(_sayable(data.decode()))


def _sayable(lines: str) -> str:
    """Escape what stderr has no letter for as JSON does, not as Python would."""
    try:
        lines.encode(sys.stderr.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in lines)
    return lines


def _lines(records: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(line(record) for record in records)


def _failure(contact_id: str, error: HighLevelError) -> dict[str, object]:
    return {
        "contact_id": contact_id,
        "error": type(error).__name__,
        "message": str(error),
        "status": error.status,
    }
