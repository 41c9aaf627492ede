"""Kills that meet a refresh; ``python -m tests.torture aimed`` runs them by hand."""

import asyncio
import sys

import pytest

from tests.torture.aimed import Aims, aimed, report
from tests.torture.stores import usable

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes through /proc"),
]


async def test_no_install_dies_of_a_kill_at_a_refresh() -> None:
    """A process dies before, after and while its refresh is saved, and the install lives."""
    hits = await aimed(Aims("sqlite", kills=3, processes=2, locations=3, lifetime=0.5, later=0.5))

    assert not hits.broken, report(hits)
    assert hits.phases == {"before": 1, "taken": 1, "saving": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kills", "grace", "agency"),
    [(24, 30.0, False), (12, 0.0, False), (12, 0.0, True)],
    ids=["grace", "no grace, direct", "no grace, agency"],
)
async def test_every_kill_meets_a_refresh(kills: int, grace: float, agency: bool) -> None:
    """On every store, each kill counts: only what HighLevel itself forgets is lost, and told."""
    later = 8.0 if grace else 0.5
    plans = [
        Aims(one, kills=kills, grace=grace, agency=agency, later=later) for one in await usable()
    ]
    outcomes = await asyncio.gather(*map(aimed, plans))

    print("", *map(report, outcomes), sep="\n")
    assert not [(one.aims.store, one.broken) for one in outcomes if one.broken]
