"""What most tests of migrations begin with."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.migrate.moving import Move, moving


@pytest_asyncio.fixture
async def move() -> AsyncIterator[Move]:
    """Give a location of three contacts with a note each, and nothing moved yet."""
    async with moving() as begun:
        yield begun
