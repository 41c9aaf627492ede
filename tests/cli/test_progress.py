# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The counting and the drawing of progress."""

import asyncio
import io
from functools import partial

import pytest
from attrs import define
from rich.console import Console

from ghl_notes import ContactNotes, NotFound, Retried, Sent, Waited
from ghl_notes.cli.progress import Tally, bar, shown

SENT = Sent(method="GET", path="/", status=200, seconds=0.1)


@define
class Clock:
    """A clock that stands still until it is set."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def drawn(tally: Tally, width: int = 80) -> list[str]:
    """Draw the bar on a page of so many columns."""
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(bar(tally))
    return console.file.getvalue().splitlines()


def busy(clock: Clock, **options) -> Tally:  # noqa: ANN003 - Tally names them
    """Give a tally that has just begun."""
    tally = Tally(clock=clock, **options)
    tally.start()
    return tally


def test_a_long_wait_is_told_now_and_then(capsys) -> None:
    """A server that is down is named every half minute, and short waits are not."""
    clock = Clock()
    tally = busy(clock)
    for seconds in range(0, 70, 7):
        clock.now = 1000.0 + seconds
        tally(Retried(method="GET", path="/x", attempt=9, seconds=7.0, reason="Unavailable"))
        tally(Retried(method="GET", path="/y", attempt=1, seconds=0.5, reason="Unavailable"))
    told = capsys.readouterr().err.splitlines()

    assert told == ["ghl-notes: GET /x fails (Unavailable); waiting, and trying on"] * 2


def test_only_the_requests_of_the_trailing_interval_count() -> None:
    """What is a whole interval ago has left the window."""
    clock = Clock()
    tally = busy(clock, interval=2.0)
    for clock.now in (1000.0, 1001.0, 1001.5):
        tally(SENT)
    tally(Waited(seconds=1.0))
    before = tally.requests
    clock.now = 1002.0

    assert (before, tally.requests) == (3, 2)


def test_the_rate_is_that_of_the_trailing_interval() -> None:
    """A limit lets bursts through, so a shorter look would say nothing."""
    clock = Clock()
    tally = busy(clock, interval=2.0)
    unbegun = tally.rate
    clock.now = 1001.0
    for _ in range(10):
        tally.add(ContactNotes("c"))
    early = tally.rate
    clock.now = 1002.0

    assert (unbegun, early, tally.rate) == (0.0, 10.0, 5.0)


def test_a_known_total_shows_how_far_it_is() -> None:
    """The figures stand against the total and the limit."""
    tally = busy(Clock(), total=1200, limit=100, interval=2.0)
    for _ in range(3):
        tally.add(ContactNotes("c"))
        tally(SENT)
    first, second = drawn(tally)

    assert first.endswith("    3 of 1,200 contacts")
    assert "3/100 requests in 2 s" in second


def test_an_unknown_total_shows_what_is_done() -> None:
    """Ids from a pipe have no end that is known."""
    first, second = drawn(busy(Clock()))

    assert first.endswith("  0 contacts")
    assert "0 requests in 10 s" in second


def test_failures_are_seen_as_they_happen() -> None:
    """Nobody wants to learn after six hours that nothing worked."""
    tally = busy(Clock(), total=10)
    tally.add(ContactNotes("c", error=NotFound("no")))

    assert "1 of 10 contacts, 1 failed" in drawn(tally)[0]


@pytest.mark.parametrize(("seconds", "times"), [(29, 0), (30, 1)])
def test_a_forecast_waits_until_it_is_worth_something(seconds: int, times: int) -> None:
    """The first burst of a window would promise far too much."""
    clock = Clock()
    tally = busy(clock, total=100)
    for _ in range(10):
        tally.add(ContactNotes("c"))
    clock.now += seconds

    assert drawn(tally)[1].count("0:04:30 left") == times


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_it_is_two_lines_at_any_width(width: int) -> None:
    """A bar that wraps cannot be redrawn in its place; from 80 columns on no figure is cut."""
    clock = Clock()
    tally = busy(clock, total=200_000)
    tally.contacts, tally.notes, tally.failed = 100_000, 1_234_567, 1
    clock.now += 20_000
    lines = drawn(tally, width)

    assert len(lines) == 2
    assert max(len(line) for line in lines) <= width
    assert lines[1].endswith("left") is (width >= 80)


async def test_on_a_terminal_the_bar_follows_and_then_goes(terminal) -> None:
    """It is redrawn in its place while the work goes on, and erased when that ends."""
    tally = busy(Clock(), total=2)
    async with shown(partial(bar, tally), Console(file=terminal.file)):
        for place in ("0 of 2 contacts", "1 of 2 contacts"):
            async with asyncio.timeout(5):
                while place not in terminal.text:  # noqa: ASYNC110 - a screen sets no event
                    await asyncio.sleep(0.01)
            tally.add(ContactNotes("c"))
    await asyncio.sleep(0.01)

    assert terminal.text.endswith("\x1b[1A\x1b[2K")


async def test_without_a_terminal_nothing_is_drawn() -> None:
    """A file that is no terminal gets no control codes."""
    console = Console(file=io.StringIO(), force_terminal=True)
    async with shown(partial(bar, busy(Clock())), console):
        pass

    assert console.file.getvalue() == ""
