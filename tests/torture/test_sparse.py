"""Sparse traffic in bad weather; ``python -m tests.torture sparse`` runs it by hand."""

import asyncio
import sys

import pytest

from tests.torture.clusters import usable_clusters
from tests.torture.sparse import Season, report, sparse

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes through /proc"),
]


async def test_no_install_dies_of_bad_weather() -> None:
    """One call for each lifetime, and lost replies, stumbling networks, stops, steps, restarts."""
    outcomes = await asyncio.gather(*(sparse(Season(one)) for one in usable_clusters()))

    print("", *map(report, outcomes), sep="\n")
    assert not [(one.season.store, one.broken) for one in outcomes if one.broken]
