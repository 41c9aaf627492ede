"""The stores that the contract is held against, each as a way to open one and the same store."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from ghl_notes.stores import MemoryStore, SQLiteStore, TokenStore

Opening = Callable[[], TokenStore]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the contract as the tests that it is."""
    if file_path.name == "contract.py":
        return pytest.Module.from_parent(parent, path=file_path)
    return None


def memory(_: Path) -> Opening:
    """Give one object, since nothing of it is shared with another."""
    store = MemoryStore()
    return lambda: store


def sqlite(folder: Path) -> Opening:
    """Give a new object on the same file each time, as another process would have it."""
    return lambda: SQLiteStore(folder / "installs.db")


@pytest_asyncio.fixture(params=[memory, sqlite])
async def opening(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opening]:
    """Give a way to open a store, as often as one likes; what was opened is closed."""
    make, opened = request.param(tmp_path), []

    def open_one() -> TokenStore:
        opened.append(make())
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def store(opening: Opening) -> TokenStore:
    """Give an empty store."""
    return opening()
