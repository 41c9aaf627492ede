"""Where an export goes: the notes as JSON lines, and beside them a file of what failed."""

import sys
from collections.abc import Callable, Iterable, Mapping
from io import FileIO
from pathlib import Path
from typing import Self

from attrs import define, field

from ghl_notes import ContactNotes, HighLevelError
from ghl_notes.cli.records import line, record
from ghl_notes.cli.statuses import Refused

__all__ = ["Output", "open_output"]


def open_output(out: str, *, force: bool) -> "Output":
    """Open a path, or stdout for ``-``, where failures then go to stderr.

    Raises ``Refused`` for what cannot be written, or holds something and is not to be replaced.
    """
    if out == "-":
        return Output(_Stream(_to_stdout), _Stream(_to_stderr))
    path = Path(out)
    if path.is_file() and path.stat().st_size and not force:
        msg = f"{out} exists: choose another --out, or give --force to replace it"
        raise Refused(msg)
    notes = _File.open(path)
    if not path.is_file():  # a device or a pipe, with no place beside it
        return Output(notes, _Stream(_to_stderr))
    try:
        return Output(notes, _File.open(path.with_name(f"{path.name}.errors")))
    except Refused:
        notes.close(keep=False)
        raise


@define(eq=False)
class Output:
    """Writes results as they come, each of them whole, so that stopping loses nothing written.

    An earlier export is replaced when the first result is there: a wrong token costs nothing.
    """

    _notes: "_File | _Stream"
    _failures: "_File | _Stream"
    _begun: bool = field(default=False, init=False)

    def begin(self) -> None:
        """Let go of what an earlier export wrote."""
        if not self._begun:
            self._begun = True
            self._notes.clear()
            self._failures.clear()

    def add(self, result: ContactNotes, location_id: str) -> None:
        """Write a contact's notes, and what stood in the way of reading them."""
        self.begin()
        self._notes.write(_lines(record(note, location_id) for note in result.notes))
        errors = [*result.notes.unreadable, *([result.error] if result.error else [])]
        self._failures.write(_lines(_failure(result.contact_id, error) for error in errors))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._notes.close(keep=self._begun)
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
    sys.stderr.write(data.decode())  # as text it goes above a live bar, not through it


def _lines(records: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(line(record) for record in records)


def _failure(contact_id: str, error: HighLevelError) -> dict[str, object]:
    return {
        "contact_id": contact_id,
        "error": type(error).__name__,
        "message": str(error),
        "status": error.status,
    }
