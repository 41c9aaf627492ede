"""What is installed is what the project says."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import entry_points, metadata, requires, version
from pathlib import Path

import pytest

import ghl_notes

ROOT = Path(__file__).resolve().parents[1]
FIVE = {"aiohttp", "attrs", "authlib", "backoff", "cattrs"}

pyproject = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").is_file(), reason="run without the sources"
)


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\s<>=!~;\[]", one, maxsplit=1)[0].lower() for one in requirements}


@pyproject
def test_the_version_has_one_source() -> None:
    """The version stands in pyproject.toml alone; the package asks its metadata."""
    said = project()["version"]
    rooms = (ROOT / "ghl_notes").rglob("*.py")
    stated = [path for path in rooms if f'"{said}"' in path.read_text()]

    assert said == ghl_notes.__version__ == version("ghl-notes")
    assert not stated


def test_users_install_five_libraries() -> None:
    """The core needs aiohttp, attrs, Authlib, backoff and cattrs, and nothing else."""
    core = [one for one in requires("ghl-notes") or [] if "extra ==" not in one]

    assert names(core) == FIVE


@pyproject
def test_pyproject_names_the_same_five() -> None:
    """What is installed here is what pyproject.toml asks for."""
    assert names(project()["dependencies"]) == FIVE


def test_the_package_is_typed() -> None:
    """``py.typed`` lies beside the code, or type checkers see ``Any``."""
    assert (Path(ghl_notes.__file__).parent / "py.typed").is_file()


def test_python_and_licence_are_stated() -> None:
    """Installers learn the oldest Python and the licence from the metadata."""
    told = metadata("ghl-notes")

    assert told["Requires-Python"] == ">=3.11"
    assert told["License-Expression"] == "MIT"


def test_the_plugin_and_the_command_are_announced() -> None:
    """The fixtures are found by pytest, and the command by the shell, without being told."""
    (plugin,) = entry_points(group="pytest11", name="ghl_notes")
    (command,) = entry_points(group="console_scripts", name="ghl-notes")

    assert plugin.value == "ghl_notes.testing.plugin"
    assert command.value == "ghl_notes.cli:main"


@pyproject
def test_what_is_built_holds_every_file(tmp_path: Path) -> None:
    """The wheel holds the package, all of it, and nothing else; the sdist can rebuild it."""
    pytest.importorskip("hatchling")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as sdist:
        sources = {name.split("/", 1)[1] for name in sdist.getnames()}
    here = (ROOT / "ghl_notes").rglob("*")
    files = {p.relative_to(ROOT).as_posix() for p in here if p.suffix in {".py", ".typed"}}

    assert packed == files
    assert files | {"pyproject.toml", "LICENSE", "README.md"} <= sources
