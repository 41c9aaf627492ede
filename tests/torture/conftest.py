"""The stores that processes share, each where its server answers."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from attrs import frozen

from tests.torture.stores import missing, place_for


@frozen
class Shared:
    """A store that any process may open: its kind, and where it is."""

    kind: str
    place: str


@pytest_asyncio.fixture(params=["sqlite", "postgres", "redis"])
async def shared(request: pytest.FixtureRequest) -> AsyncIterator[Shared]:
    """Give an empty store for several processes."""
    if reason := await missing(request.param):
        pytest.skip(reason)
    async with place_for(request.param) as place:
        yield Shared(request.param, place)
