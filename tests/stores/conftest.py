"""The stores that the contract is held against, each as a way to open one and the same store."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path

import pytest
import pytest_asyncio

from ghl_notes.stores import MemoryStore, SQLiteStore, TokenStore
from tests.stores.pooler import pooler
from tests.stores.servers import conninfo, extra, place_on
from tests.torture.stores import open_store

Opening = Callable[..., TokenStore]

KINDS = [
    "memory",
    "sqlite",
    "postgres",
    pytest.param("pooled postgres", marks=pytest.mark.slow),
    "redis",
    "sealed memory",
    pytest.param("sealed sqlite", marks=pytest.mark.slow),
]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the contract as the tests that it is."""
    if file_path.name in ("contract.py", "contract_of_owners.py"):
        return pytest.Module.from_parent(parent, path=file_path)
    return None


@asynccontextmanager
async def making(kind: str, folder: Path) -> AsyncIterator[Opening]:
    """Give a new object on the same place each time, as another process would have it."""
    if kind == "memory":  # nothing of which is shared with another object
        yield cache(MemoryStore)
    elif kind == "sqlite":
        yield partial(SQLiteStore, folder / "installs.db")
    elif kind.startswith("sealed"):
        sealed = extra("ghl_notes.stores.sealed").Sealed
        key = sealed.new_key()
        async with making(kind.removeprefix("sealed "), folder) as inner:
            yield lambda **options: sealed(inner(**options), keys=[key])
    elif kind.startswith("pooled"):
        store = extra("ghl_notes.stores.postgres").PostgresStore
        async with place_on("postgres") as place, pooler() as address:
            yield partial(store, conninfo(place, **address), connections=4)
    else:
        async with place_on(kind) as place:
            yield partial(open_store, kind, place)


@pytest_asyncio.fixture(params=KINDS)
async def opening(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opening]:
    """Give a way to open a store, as often as one likes; what was opened is closed."""
    opened = []
    async with making(request.param, tmp_path) as make:

        def open_one(**options: float) -> TokenStore:
            opened.append(make(**options))
            return opened[-1]

        yield open_one
        for store in opened:
            await store.close()


@pytest.fixture
def store(opening: Opening) -> TokenStore:
    """Give an empty store."""
    return opening()
