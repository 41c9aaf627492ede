# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The demo: what it tells, and that it ends in time."""

import asyncio
import io
import re
import signal

import pytest
from rich.console import Console

from ghl_notes import Client, UnexpectedResponse
from ghl_notes.cli.demo import Size, best_seconds, demo, read
from ghl_notes.cli.progress import Tally
from ghl_notes.testing import Fault

SMALL = Size(contacts=45, notes_per_contact=2, limit=20, interval=0.2, latency=0.001)


def figures(text: str) -> dict[str, float]:
    """Read the table at the end."""
    rows = re.findall(r"^(\w+) +([\d.,]+)(?: |$)", text, re.MULTILINE)
    return {name: float(value.replace(",", "")) for name, value in rows}


@pytest.mark.parametrize(
    ("requests", "limit", "interval", "best"),
    [(1, 100, 10, 0), (100, 100, 10, 0), (101, 100, 10, 10), (596, 100, 2, 10), (601, 100, 2, 12)],
)
def test_the_best_time_spends_each_window_at_once(requests, limit, interval, best) -> None:
    """The first window's requests cost no time, and each further window one interval."""
    assert best == best_seconds(requests, limit, interval)


async def test_it_reads_every_note_and_tells_what_that_took() -> None:
    """The table gives the counts of the server, and the time against the best possible."""
    console = Console(file=io.StringIO(), width=80)
    status = await demo(console, SMALL)
    text = console.file.getvalue()
    told = figures(text)

    assert status == 0
    assert "20 requests in 0.2 s" in text
    assert (told["contacts"], told["notes"], told["requests"]) == (45, 90, 46)
    assert told["429s"] == 0
    assert told["peak"] <= 20
    assert told["best"] == pytest.approx(0.4)
    assert told["ratio"] == pytest.approx(told["seconds"] / 0.4, abs=0.03)


async def test_a_contact_that_fails_ends_it(fake) -> None:
    """A demonstration that leaves contacts out would be none."""
    fake.inject(Fault.WRONG_TYPE, path_contains="/notes")
    async with Client(
        fake.private_token, base_url=fake.url, location_id=fake.location_id
    ) as client:
        with pytest.raises(UnexpectedResponse):
            await read(client, Tally())


@pytest.mark.slow
async def test_the_whole_of_it_takes_ten_seconds_and_fits_a_page(program) -> None:
    """Without arguments, account or terminal it ends well within 20 s, and near the best time."""
    began = asyncio.get_running_loop().time()
    outcome = await (await program("demo", environment={"COLUMNS": "80"})).end()
    told = figures(outcome.out)

    assert asyncio.get_running_loop().time() - began < 20
    assert (outcome.status, outcome.err) == (0, "")
    assert "\x1b" not in outcome.out
    assert max(len(line) for line in outcome.out.splitlines()) <= 80
    assert told["best"] == 10
    assert told["ratio"] < 1.5


async def test_ctrl_c_ends_it_cleanly(program) -> None:
    """Stopping is no failure to look into: status 130 and one word."""
    running = await program("demo")
    await running.line()
    running.process.send_signal(signal.SIGINT)
    outcome = await running.end()

    assert (outcome.status, outcome.err) == (130, "ghl-notes: stopped\n")
