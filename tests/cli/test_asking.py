# ruff: noqa: ANN001, ANN201 - fixtures
"""Questions and their answers, a line each."""

import asyncio
import os

import pytest

from ghl_notes.cli.asking import Asker


@pytest.fixture
def keyboard():
    """Open a pipe: where to type, and what to read from."""
    reading, writing = os.pipe()
    yield writing, reading
    os.close(reading)


async def test_each_line_answers_one_question(keyboard, capsys) -> None:
    """Whatever was typed ahead is kept for the next; questions go to stderr."""
    writing, reading = keyboard
    os.write(writing, b"  one \r\n\ntwo\nthe rest")
    os.close(writing)
    asker = Asker(reading)
    answers = [await asker.ask(f"{number}?") for number in range(5)]
    told = capsys.readouterr()

    assert answers == ["one", "", "two", "the rest", None]
    assert (told.out, told.err) == ("", "0? 1? 2? 3? 4? ")


async def test_an_answer_may_come_in_pieces(keyboard) -> None:
    """Meanwhile other tasks go on, and what is no text does no harm."""
    writing, reading = keyboard
    asking = asyncio.create_task(Asker(reading).ask("?"))
    for piece in (b"a", b"b\xff", b"c\n"):
        await asyncio.sleep(0)
        os.write(writing, piece)
    answer = await asking
    os.close(writing)

    assert answer == "ab\ufffdc"
