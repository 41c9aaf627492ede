"""The places of stores on servers, and the extras that stores need: there, skipped, or required."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from types import ModuleType

import pytest

from tests.torture.stores import POSTGRES, missing, place_for

reasons: dict[str, str] = {}  # why a server cannot be used; asked once
REQUIRED = os.environ.get("GHL_NOTES_TEST_SERVERS") == "required"


def extra(name: str) -> ModuleType:
    """Import a library that only an extra brings; skip what needs it where it is not there."""
    return import_module(name) if REQUIRED else pytest.importorskip(name)


@asynccontextmanager
async def place_on(kind: str) -> AsyncIterator[str]:
    """Make room on a server (a schema, a prefix), and take it away at the end."""
    if kind not in reasons:
        reasons[kind] = await missing(kind)
    if reasons[kind]:
        pytest.skip(reasons[kind])
    async with place_for(kind) as place:
        yield place


def conninfo(schema: str, **options: str | int) -> str:
    """Name the test database, with a schema to work in and other settings instead of its own."""
    psycopg = extra("psycopg")
    role = options.pop("role", None)
    words = f"-csearch_path={schema}" + (f" -crole={role}" if role else "")
    return psycopg.conninfo.make_conninfo(POSTGRES, options=words, **options)
