"""One store for all processes of a run, made and cleared away."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ghl_notes.stores import SQLiteStore, TokenStore

POSTGRES = os.environ.get("GHL_NOTES_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
LEASE = 2.0  # seconds, so that tests of killed holders end soon
REDIS = os.environ.get("GHL_NOTES_TEST_REDIS", "redis://127.0.0.1:6379/0")


def open_store(
    kind: str, place: str, server: str = "", *, hold_timeout: float = 60.0
) -> TokenStore:
    """Open the store as one process does, on the usual server or on another."""
    if kind == "sqlite":
        return SQLiteStore(place, hold_timeout=hold_timeout)
    if kind == "postgres":
        from ghl_notes.stores import PostgresStore  # noqa: PLC0415 - its extra may be missing

        url = server or POSTGRES
        joint = "&" if "?" in url else "?"
        url = f"{url}{joint}options=-csearch_path%3D{place}"
        return PostgresStore(url, connections=10, hold_timeout=hold_timeout)
    from ghl_notes.stores import RedisStore  # noqa: PLC0415 - as above

    return RedisStore(server or REDIS, prefix=place, lease=LEASE, hold_timeout=hold_timeout)


async def missing(kind: str) -> str:
    """Tell why a store cannot be used here; an empty string if it can."""
    try:
        if kind != "sqlite":
            await (_execute("SELECT 1") if kind == "postgres" else _forget("ghl_notes_nothing"))
    except Exception as error:  # whatever it is, it is the reason
        if os.environ.get("GHL_NOTES_TEST_SERVERS") == "required":
            raise
        return f"{kind} cannot be used here: {type(error).__name__}"
    return ""


async def usable() -> list[str]:
    """Name the stores that can be used here: all of them where they are required."""
    return [kind for kind in ("sqlite", "postgres", "redis") if not await missing(kind)]


@asynccontextmanager
async def place_for(kind: str, server: str = "") -> AsyncIterator[str]:
    """Make room for a store, on the usual server or another, and take it away at the end."""
    name = f"ghl_notes_torture_{secrets.token_hex(4)}"
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield str(Path(folder) / "installs.db")
    elif kind == "postgres":
        await _execute(f"CREATE SCHEMA {name}", server)
        try:
            yield name
        finally:
            await _execute(f"DROP SCHEMA {name} CASCADE", server)
    else:
        try:
            yield name
        finally:
            await _forget(name, server)


async def _execute(statement: str, server: str = "") -> None:
    import psycopg  # noqa: PLC0415 - for this store only

    connecting = psycopg.AsyncConnection.connect(server or POSTGRES, autocommit=True)
    async with await connecting as connection:
        await connection.execute(statement)


async def _forget(prefix: str, server: str = "") -> None:
    from redis.asyncio import Redis  # noqa: PLC0415 - for this store only

    async with Redis.from_url(server or REDIS) as redis:
        async for key in redis.scan_iter(match=f"{prefix}:*"):
            await redis.delete(key)
