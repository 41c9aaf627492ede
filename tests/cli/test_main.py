# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The program as such: its help, its version, and what it says when its extra is missing."""

import subprocess
import sys
from types import ModuleType

import pytest

from ghl_notes import __version__
from ghl_notes.cli import main
from ghl_notes.cli.app import app

COMMANDS = {"contact", "demo", "export", "fake", "installs", "login", "note", "task"}
HINT = "ghl-notes needs its extra: pip install 'ghl-notes[cli]'"
# Lets an import fail as it does where the package is not installed.
WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from ghl_notes.cli import main
main()
"""


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_a_missing_extra_is_named_without_a_traceback(missing) -> None:
    """Where Typer or Rich is not installed, one line says what to install."""
    command = [sys.executable, "-c", WITHOUT.format(missing=missing)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"{HINT}\n")


def test_the_hint_is_the_message_of_the_exit(monkeypatch) -> None:
    """Python prints that to stderr, and leaves with status 1."""
    monkeypatch.delitem(sys.modules, "ghl_notes.cli.app")
    monkeypatch.setitem(sys.modules, "typer", None)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == HINT


def test_another_missing_module_is_a_fault_to_see(monkeypatch) -> None:
    """Only Typer and Rich are the extra."""
    monkeypatch.setitem(sys.modules, "ghl_notes.cli.app", None)

    with pytest.raises(ModuleNotFoundError):
        main()


def test_ctrl_c_is_quiet_while_the_program_loads(monkeypatch) -> None:
    """Ctrl-C has status 130 and no traceback from the first moment on."""

    class Slow(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "ghl_notes.cli.app", Slow("app"))

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 130


def test_a_command_ends_the_program_with_its_status(monkeypatch, capsys) -> None:
    """The entry point is all there is between the shell and a command."""
    monkeypatch.setattr(sys, "argv", ["ghl-notes", "export"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "--location" in capsys.readouterr().err


async def test_alone_it_shows_its_help(run) -> None:
    """Without a command the user gets to see which there are."""
    outcome = await run()

    assert outcome.status == 0
    assert set(outcome.out.split()) >= COMMANDS


async def test_a_group_alone_shows_its_help(run) -> None:
    """As the program itself does."""
    outcome = await run("installs")

    assert outcome.status == 0
    assert {"list", "check", "tend", "forget"} <= set(outcome.out.split())


async def test_it_tells_its_version(run) -> None:
    """``--version`` names the program and the version that is installed."""
    outcome = await run("--version")

    assert (outcome.status, outcome.out) == (0, f"ghl-notes {__version__}\n")


async def test_help_names_the_variable_of_the_token_and_not_its_value(run) -> None:
    """Help may be pasted anywhere."""
    outcome = await run("export", "--help", GHL_NOTES_TOKEN="pit-secret")

    assert "GHL_NOTES_TOKEN" in outcome.out
    assert "pit-secret" not in outcome.out


def test_no_traceback_shows_local_variables() -> None:
    """Among the local variables of Typer's pretty tracebacks there would be tokens."""
    assert not app.pretty_exceptions_enable
