"""The store in memory."""

import pytest

from ghl_notes.stores import MemoryStore, memory


async def test_claims_that_are_over_are_cleared_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that runs for long keeps no claim that is over for ever."""
    monkeypatch.setattr(memory, "_SWEEP", 10)
    now = [0.0]
    store = MemoryStore(clock=lambda: now[0])
    for n in range(100):
        now[0] = float(n)
        await store.claim(f"n{n}", seconds=3)

    assert len(store._claims) < 20
    assert not await store.claim("n99", seconds=3)
