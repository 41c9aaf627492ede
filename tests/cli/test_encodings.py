# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""No command ends in a traceback where its output cannot say a letter, is closed, or is full."""

import json
import os
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
ODD = "Zoë 電話 ☎ עברית 🙂 \ud83d"
COMMANDS = {
    "notes": ("note", "list", "CONTACT"),
    "contact": ("contact", "show", "CONTACT", "--notes", "--tasks"),
    "found": ("contact", "find"),
    "tasks": ("task", "list", "CONTACT"),
    "help": ("note", "--help"),
}


@pytest.fixture
async def odd(start) -> tuple[str, dict[str, str]]:
    """Give a contact whose names and notes no encoding has, and how to reach it."""
    fake = await start(contacts=1, notes_per_contact=1)
    (contact_id,) = fake.contact_ids()
    fake.update_contact(contact_id, firstName=ODD, tags=[ODD])
    fake.add_note(contact_id, ODD, title=ODD)
    fake.add_task(contact_id, ODD)
    account = {
        "GHL_NOTES_TOKEN": fake.private_token,
        "GHL_NOTES_LOCATION": fake.location_id,
        "GHL_NOTES_BASE_URL": fake.url,
    }
    return contact_id, account


def given(command: str, contact_id: str) -> list[str]:
    return [contact_id if word == "CONTACT" else word for word in COMMANDS[command]]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", COMMANDS)
async def test_what_cannot_be_said_is_marked(program, odd, command, encoding) -> None:
    """Tables and sheets are written in any encoding, with a mark for what it does not have."""
    contact_id, account = odd
    words = given(command, contact_id)
    running = await program(*words, environment={**account, "PYTHONIOENCODING": encoding})
    out, err = await running.process.communicate()

    assert (running.process.returncode, b"Traceback" in err) == (0, False)
    assert out.decode(encoding).strip()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii"])
async def test_json_is_utf_8_wherever_it_goes(program, odd, encoding) -> None:
    """What is for programs is the same whatever the terminal speaks."""
    contact_id, account = odd
    running = await program(
        "note", "list", contact_id, "--json", environment={**account, "PYTHONIOENCODING": encoding}
    )
    out, _ = await running.process.communicate()

    assert json.loads(out.decode().splitlines()[0])["body"] == ODD


@pytest.mark.slow
@pytest.mark.parametrize("command", ["notes", "export"])
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
async def test_output_may_be_closed(program, odd, command, closed, tmp_path) -> None:
    """Without a stdout or a stderr a command does its work."""
    contact_id, account = odd
    export = ["export", "--out", str(tmp_path / "out.jsonl")]
    words = export if command == "export" else given(command, contact_id)
    running = await program(
        *words,
        environment=account,
        preexec_fn=lambda: os.close(getattr(sys, f"__{closed}__").fileno()),
    )
    out, err = await running.process.communicate()

    assert running.process.returncode == 0
    assert b"Traceback" not in out + err


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is full")
@pytest.mark.parametrize("command", ["notes", "help"])
async def test_output_that_is_full_is_told(program, odd, command) -> None:
    """A disk without room is a sentence and a status."""
    contact_id, account = odd
    with FULL.open("wb") as full:  # noqa: ASYNC230 - a device
        running = await program(*given(command, contact_id), environment=account, stdout=full)
    _, err = await running.process.communicate()

    assert running.process.returncode == 1
    assert b"No space left" in err
    assert b"Traceback" not in err
