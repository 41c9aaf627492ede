"""Contact ids from files that end, and from pipes that may not."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.cli.id_file import IdFile
from ghl_notes.cli.id_table import IdTable, NotAnId
from ghl_notes.cli.statuses import Refused

IDS = st.text("abcXYZ019_-", min_size=1, max_size=12)
LINES = st.lists(st.one_of(IDS, st.sampled_from(["", "  ", "\t"])), max_size=30)


@pytest.fixture
def pipe() -> Iterator[tuple[int, Path]]:
    """Open a pipe: where to write, and the name under which it can be read."""
    reading, writing = os.pipe()
    yield writing, Path(f"/dev/fd/{reading}")
    os.close(reading)


async def ids_of(file: Path) -> list[str | NotAnId]:
    with IdFile(str(file)) as source:
        return [contact_id async for contact_id in source.stream()]


@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), last=st.sampled_from(["", "\n"]))
async def test_a_file_gives_its_lines_that_are_not_blank(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, last: str
) -> None:
    """In their order, stripped, whatever ends a line; and counting tells how many will come."""
    file = tmp_path_factory.mktemp("ids") / "ids.txt"
    file.write_text(end.join(lines) + last, newline="")
    expected = [line for line in lines if line.strip()]
    with IdFile(str(file)) as source:
        counted = source.count()

    assert await ids_of(file) == expected
    assert counted == len(expected)


async def test_ids_may_be_cut_anywhere(tmp_path: Path) -> None:
    """A long file is read in pieces, and a piece ends where it likes."""
    file = tmp_path / "ids.txt"
    expected = [f"contact-{number}" for number in range(20_000)]
    file.write_text("\n".join(expected))

    assert await ids_of(file) == expected


async def test_a_pipe_is_read_and_not_counted(pipe: tuple[int, Path]) -> None:
    """Counting would use the ids up."""
    writing, name = pipe
    os.write(writing, b"one\n\ntwo")
    os.close(writing)
    with IdFile(str(name)) as source:
        counted = source.count()

    assert counted is None
    assert await ids_of(name) == ["one", "two"]


def test_a_file_that_is_not_there_is_refused() -> None:
    """The message names the file and the option."""
    with pytest.raises(Refused, match=r"no-such-file.*--contacts"):
        IdFile("no-such-file")


A, B = "AbCdEfGhIjKlMnOpQrSt", "BbCdEfGhIjKlMnOpQrSt"
HIGHLEVEL = f'Contact Id,First Name,Phone\r\n{A},"Zoë, ""Z""",+15550100\r\n"{B}",Tom,\r\n'
FILES = {
    "list": f"{A}\n{B}\n",
    "no last line end": f"{A}\n{B}",
    "old Mac": f"{A}\r{B}\r",
    "quoted": f'"{A}"\n"{B}"\n',
    "header": f"Contact Id\n{A}\n{B}\n",
    "other header": f"contact_id\n\n  {A} \n\t{B}\n \n",
    "HighLevel's export": HIGHLEVEL,
    "Excel in Europe": f"sep=;\nName;Contact Id;Note\nZoë;{A};a,b\nTom;{B};\n;;\n",
    "semicolons": f"Name;Contact Id\nZoë;{A}\nTom;{B}\n",
    "tabs": f"Contact Id\tName\n{A}\tDoe, Zoë\n{B}\tTom; or so\n",
    "lines in a cell": f'Id,Note\n{A},"one\n\ntwo, ""x""\n"\n{B},12" pipe\n',
    "two ids": f"Id,Contact ID,Name\n1,{A},Zoë\n2,{B},Tom\n",
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", FILES)
async def test_ids_are_found_in_what_tools_write(tmp_path: Path, name: str, encoding: str) -> None:
    """Lists and tables, whatever their line ends, quotes, delimiters and encodings."""
    file = tmp_path / "ids"
    file.write_bytes(FILES[name].encode(encoding))

    assert await ids_of(file) == [A, B]
    with IdFile(str(file)) as source:
        assert source.count() == 2


@given(
    name=st.sampled_from(sorted(FILES)), encoding=st.sampled_from(ENCODINGS), size=st.integers(1, 9)
)
def test_a_file_may_come_in_pieces(name: str, encoding: str, size: int) -> None:
    """A pipe cuts letters, quotes and line ends where it likes."""
    whole, table, found = FILES[name].encode(encoding), IdTable("x"), []
    for at in range(0, len(whole), size):
        found += table.feed(whole[at : at + size])

    assert [*found, *table.feed(b"", final=True)] == [A, B]


@pytest.mark.parametrize("text", ["", "\n \n", "Contact Id\n", "Contact Id,Name\r\n,\r\n\r\n"])
async def test_a_file_may_have_no_ids(tmp_path: Path, text: str) -> None:
    """Nothing, blank lines and a header alone are no contacts."""
    file = tmp_path / "ids"
    file.write_text(text, newline="")

    assert await ids_of(file) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"Name,Email\nZoë,zoe@example.com\n{A},\n", "line 1 has no column with that name"),
        (f"{A},Zoë\n{B},Tom\n", "line 1 has no column with that name"),
        ("\nJane Doe\nTom\n", "line 2 has 'Jane Doe'"),
        ('{"id": "x"}\n', "is JSON in line 1"),
        (f'Contact Id,Note\n{A},"never closed\n{B},x\n', "a quote in line 2"),
        ("PK\x03\x04xlsx", "save it as CSV"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """The message says where, and what would do."""
    file = tmp_path / "ids.csv"
    file.write_text(text)
    with IdFile(str(file)) as source, pytest.raises(Refused, match=said) as raised:
        source.count()

    assert str(raised.value).startswith(f"--contacts: {file} ")


async def test_a_line_without_an_id_costs_no_other(tmp_path: Path) -> None:
    """It is told by its number, and the others are ids."""
    file = tmp_path / "ids.csv"
    file.write_text(f'Name,Contact Id\nZoë,{A}\nTom\n"Li\nne",zoe@example.com\nTim,{B}\n')
    found = await ids_of(file)

    assert found == [A, NotAnId(3, ""), NotAnId(4, "zoe@example.com"), B]
    assert [str(one) for one in found[1:3]] == [
        "line 3 has no contact id: nothing",
        "line 4 has no contact id: 'zoe@example.com'",
    ]


@pytest.mark.parametrize("line", ["x\n", 'x""\n'])
def test_a_quote_that_is_never_closed_costs_little(line: str) -> None:
    """It is told after some of the file, and not after all of it has been read again and again."""
    table, began = IdTable("x"), time.process_time()
    content = f'Contact Id,Note\n{A},"{line * 500_000}'.encode()
    pieces = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]
    with pytest.raises(Refused, match="line 2: a quote in it that is never closed"):
        [table.feed(piece) for piece in pieces]

    assert time.process_time() - began < 10


@given(st.binary(max_size=200))
def test_no_file_breaks_it(content: bytes) -> None:
    """Any bytes are ids, lines without one, or a file that is refused."""
    table = IdTable("x")
    with contextlib.suppress(Refused):
        for entry in [*table.feed(content), *table.feed(b"", final=True)]:
            assert isinstance(entry, NotAnId) or entry.isascii()


def feed_in_pieces(table: IdTable, content: bytes, size: int) -> None:
    """Feed a file in pieces of a size, without its end."""
    for begin in range(0, len(content), size):
        table.feed(content[begin : begin + size])


@pytest.mark.parametrize("size", [1000, 1 << 16, 1 << 20])
def test_a_file_without_line_ends_is_refused_early(size: int) -> None:
    """Memory stays bounded and time linear, however the bytes come, and the line is named."""
    table = IdTable("endless")
    table.feed(f"{A}\n".encode())
    with pytest.raises(Refused, match="characters in line 2: no line end"):
        feed_in_pieces(table, b"a" * (1 << 22), size)


@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_a_row_is_too_long_however_its_bytes_come(size: int) -> None:
    """Where a piece ends makes no difference to what is refused."""
    content = (f"{A}\n" + "b" * ((1 << 17) + 1) + "\n").encode()
    table = IdTable("long")
    with pytest.raises(Refused, match="characters in line 2"):
        feed_in_pieces(table, content, size)
