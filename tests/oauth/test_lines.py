"""The turns that all agencies share. Time is looptime's."""

import asyncio

import pytest

from ghl_notes.errors import Unavailable
from ghl_notes.oauth.lines import Lines

pytestmark = pytest.mark.looptime


async def room(company_id: str) -> None:
    """Give any agency's limit room."""


async def minted(lines: Lines, company_id: str, seconds: float = 0.0) -> float:
    """Have a turn for so long, as a mint has, and tell when it ended."""
    async with lines.turn(company_id) as turn:
        turn.begin()
        await asyncio.sleep(seconds)
    return asyncio.get_running_loop().time()


def hanging(lines: Lines, *seconds: float) -> list[asyncio.Task[float]]:
    """Let mints of two agencies take so long: four of each have all the turns that there are."""
    longest = [*seconds, *[1000.0] * (8 - len(seconds))]
    calls = [minted(lines, "AB"[one % 2], longest[one]) for one in range(8)]
    return [asyncio.create_task(call) for call in calls]


async def test_other_agencies_whose_mints_hang_are_not_waited_for_without_end() -> None:
    """Who finds all turns taken is told so after a minute in which no token came."""
    lines = Lines(room)
    hung = hanging(lines)
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match=r"of any agency .*stand in line") as raised:
        await minted(lines, "C")

    assert asyncio.get_running_loop().time() == 60
    assert (raised.value.waited, raised.value.maybe_applied) == (True, False)
    assert raised.value.retry_after is not None
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)
    assert await minted(lines, "C") == 60  # no turn was lost


async def test_turns_that_move_are_waited_for() -> None:
    """However many stand before it, an agency waits while tokens of any agency come."""
    lines = Lines(room)
    hung = hanging(lines, 50.0, 100.0)
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(minted(lines, one, 50.0)) for one in "CDE"]

    assert await asyncio.gather(*waiting) == [100, 150, 150]
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)
