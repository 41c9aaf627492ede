"""What a long read has done so far, and the live bar that shows it on a terminal."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from attrs import define, field
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ghl_notes import ContactNotes, Event, Limits, Retried, Sent
from ghl_notes.cli.statuses import say

__all__ = ["Tally", "bar", "shown"]

_TICK = 0.1
# An average over a few windows of the limit is worth telling as a forecast, a first burst is not.
_FORECAST_AFTER = 30.0
_LONG_WAIT = 5.0
_SAID_EVERY = 30.0


class _Recent:
    """When something happened lately."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def add(self, now: float, interval: float) -> None:
        self._times.append(now)
        self.count(now, interval)

    def count(self, now: float, interval: float) -> int:
        """Forget what is longer ago than that, and count the rest."""
        while self._times and self._times[0] <= now - interval:
            self._times.popleft()
        return len(self._times)


@define(eq=False)
class Tally:
    """What was done so far. As a client's observer it counts the requests as well.

    ``total`` is how many contacts there are, if that is known. ``limit`` is the limit to show the
    requests against, if that is known. ``clock`` gives monotonic seconds.
    """

    total: int | None = None
    limit: int | None = None
    interval: float = Limits().interval
    clock: Callable[[], float] = time.monotonic
    contacts: int = field(default=0, init=False)
    notes: int = field(default=0, init=False)
    failed: int = field(default=0, init=False)
    unreadable: int = field(default=0, init=False)
    _began: float | None = field(default=None, init=False)
    _said: float | None = field(default=None, init=False)
    _requests: "_Recent" = field(factory=_Recent, init=False)
    _reads: "_Recent" = field(factory=_Recent, init=False)

    def __call__(self, event: Event, /) -> None:
        """Count a request, and say when the server has been silent for so long that it shows."""
        if isinstance(event, Sent):
            self._requests.add(self.clock(), self.interval)
        elif isinstance(event, Retried) and event.seconds >= _LONG_WAIT:
            self._say_that_we_wait(event)

    def _say_that_we_wait(self, event: Retried) -> None:
        if self._said is None or self.clock() >= self._said + _SAID_EVERY:
            self._said = self.clock()
            say(f"{event.method} {event.path} fails ({event.reason}); waiting, and trying on")

    def start(self) -> None:
        """Begin to measure the time."""
        self._began = self.clock()

    def add(self, result: ContactNotes) -> None:
        """Count a contact."""
        if result.error is None:
            self.contacts += 1
        else:
            self.failed += 1
        self._reads.add(self.clock(), self.interval)
        self.notes += len(result.notes)
        self.unreadable += len(result.notes.unreadable)

    @property
    def started(self) -> bool:
        """Whether there is anything to tell."""
        return self._began is not None

    @property
    def done(self) -> int:
        """How many contacts are behind us."""
        return self.contacts + self.failed

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return 0.0 if self._began is None else self.clock() - self._began

    @property
    def requests(self) -> int:
        """How many requests were answered in the trailing interval."""
        return self._requests.count(self.clock(), self.interval)

    @property
    def rate(self) -> float:
        """How many contacts a second there were in the trailing interval."""
        spell = min(self.seconds, self.interval)
        return self._reads.count(self.clock(), self.interval) / spell if spell else 0.0

    def summary(self) -> str:
        """Say in one line what was done."""
        parts = [_many(self.contacts, "contact"), f"{_many(self.notes, 'note')} written"]
        if self.unreadable:
            parts.append(f"{_many(self.unreadable, 'note')} unreadable")
        return ", ".join([*parts, f"{self.failed:,} failed", f"{self.seconds:.1f} s"])


@asynccontextmanager
async def shown(
    draw: Callable[[], RenderableType], console: Console, *, hidden: bool = False
) -> AsyncIterator[None]:
    """Show live lines meanwhile if the console is a terminal, and leave no trace of them.

    When the terminal is gone nothing is shown any more, and the work goes on.
    """
    if hidden or not console.file.isatty() or console.is_dumb_terminal:
        yield
        return
    # Drawn by the event loop, not by Rich's thread, so that nothing is counted while it is read.
    live = Live(
        get_renderable=draw,
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
    )
    if not _is_begun(live):
        yield
        return
    ticker = asyncio.create_task(_tick(live))
    try:
        yield
    finally:
        ticker.cancel()
        with suppress(OSError):
            live.stop()


def _is_begun(live: Live) -> bool:
    try:
        live.start()
    except OSError:
        return False
    return True


async def _tick(live: Live) -> None:
    with suppress(OSError):
        while True:
            live.refresh()
            await asyncio.sleep(_TICK)


def bar(tally: Tally) -> Group:
    """Draw two lines: how far it is, and the figures."""
    progress = Table.grid(expand=True, padding=(0, 2))
    progress.add_column(ratio=1)
    progress.add_column(no_wrap=True)
    line = ProgressBar(total=tally.total, completed=tally.done, pulse=tally.total is None)
    progress.add_row(line, _place(tally))
    # Not a table: unless the last line is padded there is room for the ^C that a terminal echoes.
    return Group(progress, Text("  ".join(_figures(tally)), no_wrap=True, overflow="ellipsis"))


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _place(tally: Tally) -> Text:
    place = Text(f"{tally.done:,} contacts")
    if tally.total is not None:
        total = f"{tally.total:,}"
        place = Text(f"{tally.done:>{len(total)},} of {total} contacts")
    if tally.failed:
        place.append(f", {tally.failed:,} failed", style="red")
    return place


def _figures(tally: Tally) -> list[str]:
    seconds, limit = tally.seconds, "" if tally.limit is None else f"/{tally.limit}"
    figures = [
        f"{tally.notes:,} notes",
        f"{tally.rate:.1f} contacts/s",
        f"{tally.requests}{limit} requests in {tally.interval:g} s",
        str(timedelta(seconds=int(seconds))),
    ]
    if tally.total is not None and tally.done and seconds >= _FORECAST_AFTER:
        left = seconds / tally.done * (tally.total - tally.done)
        figures.append(f"{timedelta(seconds=max(0, int(left)))} left")
    return figures
