"""The torture for 15 s; ``python -m tests.torture`` runs it for as long as one likes."""

import pytest

from tests.torture.conftest import Shared
from tests.torture.run import Plan, report, torture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize("kill", [False, True], ids=["alone", "kill -9"])
async def test_no_install_dies(shared: Shared, kill: bool) -> None:
    """Many processes renew tokens of 3 s on one store, and are killed, and every install lives."""
    outcome = await torture(Plan(shared.kind, seconds=15.0, kill=kill))

    print(f"\n{report(outcome)}")
    assert not outcome.broken
