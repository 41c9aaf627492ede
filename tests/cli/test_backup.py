# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""A copy of the store, from the command line."""

from pathlib import Path

import pytest


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


async def test_a_backup_is_a_store(account, installs, copy) -> None:
    """What is copied is listed as the store is, is private, and has nothing beside it."""
    await account.install(*account.fake.location_ids[:2])
    outcome = await installs("backup", copy)
    listed = await installs("list", "--json")
    copied = await installs("list", "--json", GHL_NOTES_STORE=str(copy))

    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Copied 2 installs to {copy}.")
    assert copied.out == listed.out
    assert copy.stat().st_mode & 0o777 == 0o600


async def test_a_backup_replaces_nothing_unasked(account, installs, copy) -> None:
    """What FILE holds is kept unless --force is given."""
    await account.install(account.fake.location_id)
    copy.write_text("mine")
    refused = await installs("backup", copy)
    before = copy.read_bytes()
    outcome = await installs("backup", copy, "--force")

    assert (refused.status, before) == (2, b"mine")
    assert "--force" in refused.err
    assert outcome.status == 0
    assert outcome.out.startswith("Copied 1 install to")


@pytest.mark.parametrize(
    ("url", "tool"),
    [("postgresql://me:hush@127.0.0.1/x", "pg_dump"), ("redis://:hush@127.0.0.1", "BGSAVE")],
)
async def test_a_server_has_tools_of_its_own(run, copy, url, tool) -> None:
    """Nothing is copied from a server, and the user is told what does it."""
    outcome = await run("installs", "backup", copy, GHL_NOTES_STORE=url)

    assert outcome.status == 2
    assert tool in outcome.err
    assert "hush" not in outcome.err
    assert not copy.exists()


async def test_a_place_that_cannot_be_written(account, installs, tmp_path) -> None:
    """The sentence names the copy, and not the store."""
    await account.install(account.fake.location_id)
    outcome = await installs("backup", tmp_path / "missing" / "copy.db")

    assert outcome.status == 2
    assert "the backup" in outcome.err
    assert "missing" in outcome.err
