# ruff: noqa: ASYNC222 - nothing else waits meanwhile
"""A process that forks: its locks are its own, and its stores are no stores of the child."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.stores import SQLiteStore
from ghl_notes.stores.forking import OwnProcess
from tests.stores.installs import KEY, install

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def test_a_child_is_told_to_make_its_own() -> None:
    """What was in use before a fork is refused in the child, and stays good in its parent."""
    process = OwnProcess()
    process.check()
    child = os.fork()
    if child == 0:
        try:
            process.check()
        except ConfigurationError:
            os._exit(7)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    process.check()

    assert os.waitstatus_to_exitcode(status) == 7


@pytest.mark.skipif(sys.platform == "win32", reason="has no flock")
async def test_a_child_inherits_no_hold(tmp_path: Path) -> None:
    """A hold ends with its holder's block, also when a child was forked meanwhile and lives on."""
    store = SQLiteStore(tmp_path / "installs.db")
    reader, writer = os.pipe()
    async with store.hold(KEY):
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)  # until the parent lets go
            os._exit(0)
    os.close(reader)
    async with asyncio.timeout(5), store.hold(KEY) as hold:
        await hold.save(install())
    os.close(writer)
    os.waitpid(child, 0)

    assert await store.load(KEY) == install()
    await store.close()
