# ruff: noqa: ANN001, ANN201 - parameters are fixtures, whose types live in conftest
"""Completion: what shells are told, and that it costs nobody a request or a wait."""

import asyncio
import shutil
import subprocess
import sys

import pytest

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def named_shell(monkeypatch) -> None:
    """Have the shell named, and not looked for among the processes that run the tests."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")


@pytest.fixture
def completed(run):
    """Ask what may follow a line, as the script of a shell asks it."""

    async def ask(shell: str, words: str, **environment: str) -> str:
        bash = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        others = {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        asked = {"_GHL_NOTES_COMPLETE": f"complete_{shell}", **bash, **others}
        return (await run(**asked, **environment)).out

    return ask


@pytest.mark.parametrize("shell", SHELLS)
async def test_a_command_is_completed(completed, shell) -> None:
    """``ghl-notes no<TAB>`` is ``ghl-notes note``, and nothing else."""
    told = await completed(shell, "ghl-notes no")

    assert "note" in told
    assert "task" not in told


async def test_all_commands_are_offered(completed) -> None:
    """Where nothing is typed yet."""
    told = await completed("bash", "ghl-notes ")

    assert sorted(told.split()) == [
        "contact", "demo", "export", "fake", "installs", "login", "migrate", "note", "sources",
        "task",
    ]  # fmt: skip


async def test_options_and_commands_of_a_group_are_completed(completed) -> None:
    """The shared options are known to each command."""
    assert (await completed("bash", "ghl-notes task d")).split() == ["done"]
    assert (await completed("bash", "ghl-notes note list --api")).split() == ["--api-version"]


async def test_an_id_is_not_looked_up(completed, fake) -> None:
    """No request is made, though there is a token that could."""
    token = {"GHL_NOTES_TOKEN": fake.private_token}
    await completed("bash", f"ghl-notes note list --base-url {fake.url} ", **token)

    assert fake.stats.requests == 0


@pytest.mark.parametrize("shell", SHELLS)
async def test_the_script_of_a_shell_is_printed(run, shell) -> None:
    """When the shell asks by its variable, and nothing is written anywhere."""
    outcome = await run(_GHL_NOTES_COMPLETE=f"source_{shell}")

    assert outcome.status == 0
    assert f"_GHL_NOTES_COMPLETE=complete_{shell}" in outcome.out


@pytest.mark.parametrize("shell", SHELLS)
async def test_a_user_may_see_the_script(run, named_shell, shell) -> None:
    """``--show-completion`` prints what ``--install-completion`` would put in place."""
    outcome = await run("--show-completion", shell)

    assert outcome.status == 0
    assert f"_GHL_NOTES_COMPLETE=complete_{shell}" in outcome.out


@pytest.mark.parametrize("shell", SHELLS)
async def test_the_script_is_installed(run, named_shell, tmp_path, shell) -> None:
    """In the user's own home, where the shell finds it."""
    outcome = await run("--install-completion", shell, HOME=str(tmp_path))
    scripts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]

    assert outcome.status == 0
    assert any(f"_GHL_NOTES_COMPLETE=complete_{shell}" in script for script in scripts)


async def test_help_tells_of_completion(run) -> None:
    """That is how a user learns of it."""
    outcome = await run("--help")

    assert "--install-completion" in outcome.out
    assert "--show-completion" in outcome.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
async def test_bash_takes_the_script(run) -> None:
    """It has no error in it, and gives the program its completion."""
    script = (await run(_GHL_NOTES_COMPLETE="source_bash")).out
    asked = ["bash", "--norc", "-c", f"{script}\ncomplete -p ghl-notes"]
    shown = await asyncio.create_subprocess_exec(*asked, stdout=asyncio.subprocess.PIPE)
    told, _ = await asyncio.wait_for(shown.communicate(), 20)

    assert told.decode().rstrip().endswith("ghl-notes")


def test_a_completion_loads_nothing_that_talks_to_a_server() -> None:
    """Whoever presses TAB waits for it; so the libraries of the network are left alone."""
    code = "import ghl_notes.cli.app, sys\nprint(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )

    heavy = {"aiohttp", "authlib", "cattrs", "ghl_notes.client", "ghl_notes.testing"}
    assert not heavy & set(shown.stdout.split())
