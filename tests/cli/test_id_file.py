"""Contact ids from files that end, and from pipes that may not."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.cli.id_file import IdFile
from ghl_notes.cli.statuses import Refused

IDS = st.text("abcXYZ019_-", min_size=1, max_size=12)
LINES = st.lists(st.one_of(IDS, st.sampled_from(["", "  ", "\t"])), max_size=30)


@pytest.fixture
def pipe() -> Iterator[tuple[int, Path]]:
    """Open a pipe: where to write, and the name under which it can be read."""
    reading, writing = os.pipe()
    yield writing, Path(f"/dev/fd/{reading}")
    os.close(reading)


async def ids_of(file: Path) -> list[str]:
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
