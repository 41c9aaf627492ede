"""Fixtures for pytest, there as soon as this library is installed.

``fake_highlevel`` is a started ``FakeHighLevel``, ``highlevel_client`` a ``Client`` of its first
location. They need pytest-asyncio.
"""

from __future__ import annotations  # this module is loaded in every run: it imports little

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ghl_notes import Client
    from ghl_notes.testing.fake import FakeHighLevel

__all__: list[str] = []

try:
    import pytest_asyncio
except ImportError:  # no async fixtures then, and no broken test runs either
    _fixture = pytest.fixture
else:
    _fixture = pytest_asyncio.fixture  # type: ignore[assignment]  # they decorate alike


@_fixture
async def fake_highlevel() -> AsyncIterator[FakeHighLevel]:
    """Give a started pretend HighLevel with ten contacts of five notes each."""
    from ghl_notes.testing.fake import FakeHighLevel  # noqa: PLC0415 - see above

    async with FakeHighLevel() as fake:
        yield fake


@_fixture
async def highlevel_client(fake_highlevel: FakeHighLevel) -> AsyncIterator[Client]:
    """Give a client of the pretend HighLevel's first location."""
    from ghl_notes import Client  # noqa: PLC0415 - see above

    async with Client(
        token=fake_highlevel.private_token,
        base_url=fake_highlevel.url,
        location_id=fake_highlevel.location_id,
    ) as client:
        yield client
