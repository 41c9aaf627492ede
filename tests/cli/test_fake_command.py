# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The pretend HighLevel as a server: what it prints works, and it ends when told to."""

import asyncio
import os
import shlex
import signal
import socket

import aiohttp
import pytest

from ghl_notes.cli.fake import serve
from ghl_notes.testing import FakeHighLevel

pytestmark = pytest.mark.slow


async def card_of(running) -> dict[str, str]:
    """Read what a server prints, up to the last line to paste."""
    lines = [await running.line()]
    while not lines[-1].startswith("curl"):
        lines.append(await running.line())
    pairs = [line.strip().split("  ", 1) for line in lines if "  " in line]
    pasted = {line.split(" ", 1)[0]: line.strip() for line in lines[-2:]}
    return {name: value.strip() for name, value in pairs} | pasted


async def served(fake, capsys, number: signal.Signals) -> tuple[str, int]:
    """Serve until a signal that comes as soon as everything is printed."""
    serving = asyncio.create_task(serve(fake))
    shown = ""
    async with asyncio.timeout(5):
        while "curl" not in shown:
            await asyncio.sleep(0.01)
            shown += capsys.readouterr().out
        os.kill(os.getpid(), number)
        return shown, await serving


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(capsys, number) -> None:
    """Both ways of stopping a server are its normal end."""
    fake = FakeHighLevel()
    shown, status = await served(fake, capsys, number)

    assert status == 0
    assert fake.private_token in shown


async def test_what_it_prints_can_be_pasted(program, tmp_path) -> None:
    """The two lines export every note and ask for one contact's; the page for installs is there."""
    running = await program("fake", "--contacts", 3, "--notes-per-contact", 2, "--limit", 50)
    card = await card_of(running)
    exporting = await program(*shlex.split(card["ghl-notes"])[1:], cwd=tmp_path)
    exported = await exporting.end()
    _, *parts = shlex.split(card["curl"])
    headers = dict(part.split(": ", 1) for part in parts if ": " in part)
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(parts[-1]) as reply:
            notes = (await reply.json())["notes"]
        async with session.get(card["authorize URL"]) as reply:
            page = await reply.text()
    running.process.send_signal(signal.SIGINT)
    ended = await running.end()

    assert exported.status == 0
    assert (tmp_path / "notes.jsonl").read_text().count("\n") == 6
    assert len(notes) == 2
    assert card["location id"] in page
    assert (ended.status, ended.err) == (0, "")


async def test_it_can_be_empty(capsys) -> None:
    """Without contacts there is still a line to paste."""
    shown, status = await served(FakeHighLevel(contacts=0), capsys, signal.SIGTERM)

    assert status == 0
    assert "/contacts/CONTACT_ID/notes" in shown


async def test_a_port_that_is_taken_is_refused(run) -> None:
    """The user is told which port it was, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = await run("fake", "--port", port)

    assert outcome.status == 2
    assert f"port {port}" in outcome.err
    assert "--port" in outcome.err


async def test_an_app_can_be_installed_by_what_it_prints(program, browser, port, tmp_path) -> None:
    """With a redirect URI on this machine, the login it prints needs nothing else."""
    uri = f"http://127.0.0.1:{port}/oauth/callback"
    running = await program("fake", "--redirect-uri", uri)
    lines = [await running.line()]
    while "ghl-notes login" not in lines[-1]:
        lines.append(await running.line())
    where = next(line.split()[-1] for line in lines if line.startswith("location id"))
    secret, _, *arguments = shlex.split(lines[-1])
    name, _, value = secret.partition("=")
    login = await program(*arguments, "--no-browser", environment={name: value}, cwd=tmp_path)
    status, _ = await browser.choose(await login.page(), where)
    installed = await login.end()
    running.process.send_signal(signal.SIGINT)
    await running.end()

    assert (status, installed.status) == (200, 0)
    assert f"location {where}" in installed.out
    assert (tmp_path / "installs.db").exists()


async def test_by_default_its_redirect_uri_leads_nowhere(capsys) -> None:
    """So the login it prints asks for the URL."""
    shown, _ = await served(FakeHighLevel(), capsys, signal.SIGTERM)
    (login,) = [line for line in shown.splitlines() if "ghl-notes login" in line]

    assert login.endswith(" --paste")


async def test_a_redirect_uri_is_a_url(run) -> None:
    """The option is named."""
    outcome = await run("fake", "--redirect-uri", "callback")

    assert outcome.status == 2
    assert "--redirect-uri" in outcome.err


@pytest.mark.parametrize(
    "wrong",
    [("--port", 65536), ("--limit", 0), ("--interval", 0), ("--contacts", -1), ("--contacts", "x")],
)
async def test_numbers_that_make_no_sense_are_refused(run, wrong) -> None:
    """Typer names the option and its range."""
    outcome = await run("fake", *wrong)

    assert outcome.status == 2
    assert wrong[0] in outcome.err
