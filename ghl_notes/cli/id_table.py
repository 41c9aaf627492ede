"""Contact ids out of what people's tools write: a list, or a table with a column of them."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from attrs import define, field, frozen

from ghl_notes.cli.statuses import Refused

__all__ = ["IdTable", "NotAnId"]

_IS_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
_LONGEST: Final = 1 << 17  # characters of one row, whose cells may hold line breaks
_SHOWN: Final = 60
_DELIMITERS: Final = "\t;,"
_SEPARATOR: Final = re.compile(
    r"sep=(.)"
).fullmatch  # a first line that names the delimiter to Excel
# What the column is called, without case and punctuation, the best name first. HighLevel's own
# export says "Contact Id".
_NAMES: Final = ("contactid", "ghlcontactid", "highlevelcontactid", "contactids", "id", "ids")
_MARKS: Final = (  # UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_ENOUGH: Final = 4  # bytes by which an encoding is recognized


@frozen
class NotAnId:
    """A place that holds no id where one belongs, and what stands there instead."""

    line: int
    text: str

    def __str__(self) -> str:
        shown = repr(self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}...")
        return f"line {self.line} has no contact id: {shown if self.text else 'nothing'}"


@define
class IdTable:
    """Takes bytes in and gives ids, or ``NotAnId`` for what is none.

    UTF-8 and UTF-16, every kind of line end, quotes, and tabs, commas or semicolons between cells
    are understood. A table must have a column whose header names contact ids. Raises
    ``Refused``, which begins with ``name``, for a file that is no such table.
    """

    name: str
    _begin: bytes = field(default=b"", init=False)
    _decoder: io.IncrementalNewlineDecoder | None = field(default=None, init=False)
    _text: str = field(default="", init=False)
    _line: int = field(default=1, init=False)
    _cells: "_Cells | None" = field(default=None, init=False)
    _column: int | None = field(default=None, init=False)

    def feed(self, chunk: bytes, *, final: bool = False) -> list[str | NotAnId]:
        """Take a piece of the file, and give what is complete."""
        if self._decoder is None:
            self._begin += chunk
            if len(self._begin) < _ENOUGH and not final:
                return []
            self._decoder, chunk = self._decoder_for(self._begin), self._begin
        self._text += self._decoder.decode(chunk, final=final)
        if final and self._text:
            self._text += "\n"
        return [one for line, row in self._rows(final=final) for one in self._ids(line, row)]

    def _decoder_for(self, begin: bytes) -> io.IncrementalNewlineDecoder:
        if begin.startswith(_NO_TEXT):
            raise self._refused("is a spreadsheet or an archive, no text: save it as CSV in UTF-8")
        encodings = (encoding for mark, encoding in _MARKS if begin.startswith(mark))
        encoding = next(encodings, _guessed(begin))
        # Names in other columns may be in any encoding; ids are in ASCII.
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        return io.IncrementalNewlineDecoder(decoder, translate=True)

    def _rows(self, *, final: bool) -> Iterator[tuple[int, str]]:
        """Give whole rows with the line where each begins."""
        *lines, rest = self._text.split("\n")
        row: list[str] = []
        cells = self._cells
        for line in lines:
            cells = self._cells or (cells if row and cells else _Cells.of(line))
            is_whole = cells.closes(line) if row else cells.is_whole(line)
            row.append(line)
            if is_whole:
                yield self._line, self._joined(row)
                self._line, row = self._line + len(row), []
        if row and final:
            raise self._refused(f"has a quote in line {self._line} that is never closed")
        self._text = self._joined([*row, rest])

    def _joined(self, lines: list[str]) -> str:
        """Join the lines of a row, which is kept in memory and so must not be endless."""
        text = "\n".join(lines)
        if len(text) > _LONGEST:
            why = "a quote in it that is never closed" if len(lines) > 1 else "no line end"
            raise self._refused(
                f"has a row of more than {_LONGEST:,} characters in line {self._line}: {why}?"
            )
        return text

    def _ids(self, line: int, row: str) -> Iterator[str | NotAnId]:
        """Find the id of a row, if it is one that should have it."""
        if not row.strip():
            return
        if self._cells is None:
            found = _SEPARATOR(row.strip())
            self._cells = _Cells(found[1]) if found else _Cells.of(row)
            if found:
                return
        try:
            cells = [cell.strip() for cell in self._cells.split(row)]
        except csv.Error:
            yield NotAnId(line, row)
            return
        if not any(cells):
            return
        if self._column is None:
            self._column = self._column_of(line, cells)
            if _named(cells[self._column]) in _NAMES:
                return
        single = self._column == 0 and self._cells.single
        text = row.strip() if single and len(cells) > 1 else _cell(cells, self._column)
        yield text if _IS_ID(text) else NotAnId(line, text)

    def _column_of(self, line: int, cells: list[str]) -> int:
        """Find the column that has the ids, by the header in the first row."""
        names = [_named(cell) for cell in cells]
        for name in _NAMES:
            if name in names:
                return names.index(name)
        if len(cells) == 1 and _IS_ID(cells[0]):
            return 0
        if cells[0].startswith(("{", "[")):
            raise self._refused(f"is JSON in line {line}: give ids, one a line, or a CSV")
        what = "no column with that name" if len(cells) > 1 else repr(cells[0][:_SHOWN])
        raise self._refused(
            f"must have ids, one a line, or a column 'Contact Id': line {line} has {what}"
        )

    def _refused(self, problem: str) -> Refused:
        return Refused(f"--contacts: {self.name} {problem}")


def _guessed(begin: bytes) -> str:
    """Name the encoding of a file without a mark: UTF-16 has a zero beside each ASCII letter."""
    first, second = begin[:1] == b"\0", begin[1:2] == b"\0"
    if first is second:
        return "utf-8-sig"
    return "utf-16-be" if first else "utf-16-le"


@define
class _Cells:
    """How rows are divided into cells."""

    delimiter: str
    single: bool = False

    @classmethod
    def of(cls, row: str) -> "_Cells":
        """Look at the first row: what stands most often between its cells."""
        bare = re.sub(r'"(?:[^"]|"")*+"', "", row)
        counts = Counter(letter for letter in bare if letter in _DELIMITERS)
        if not counts:
            return cls(",", single=True)
        return cls(max(counts, key=lambda one: (one == "\t", counts[one])))

    def is_whole(self, line: str) -> bool:
        """Tell whether every quote that begins a cell is closed."""
        return '"' not in line or re.fullmatch(self._pattern(), line) is not None

    def closes(self, line: str) -> bool:
        """Tell whether a line closes the quote that was open before it, and opens no other."""
        end = re.escape(self.delimiter)
        rest = rf'(?:[^"]++|"")*+"[^{end}]*+(?:{end}{self._pattern()})?'
        return '"' in line and re.fullmatch(rest, line) is not None

    def split(self, row: str) -> list[str]:
        """Divide a row; raises ``csv.Error``."""
        return next(csv.reader([row], delimiter=self.delimiter), [])

    def _pattern(self) -> str:
        end = re.escape(self.delimiter)
        cell = rf'(?:"(?:[^"]++|"")*+"[^{end}]*+|(?!")[^{end}]*+)'
        return rf"{cell}(?:{end}{cell})*+"


def _named(cell: str) -> str:
    return re.sub(r"[^a-z0-9]", "", cell.lower())


def _cell(cells: list[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""
