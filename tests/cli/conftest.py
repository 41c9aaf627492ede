# ruff: noqa: ANN003 - FakeHighLevel names and checks them
"""The command line, run in this process or as a program of its own, against pretend HighLevels."""

import asyncio
import fcntl
import json
import os
import pty
import socket
import struct
import sysconfig
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from attrs import define, frozen
from typer.testing import CliRunner

from ghl_notes.cli.app import app
from ghl_notes.testing import FakeHighLevel
from tests.cli.accounts import Account
from tests.cli.browsers import Browser, Recorder

PROGRAM = Path(sysconfig.get_path("scripts")) / "ghl-notes"
# Words of help and errors stay whole lines, whatever the tests run in.
WIDE = {"COLUMNS": "200", "TERM": "xterm", "NO_COLOR": "1"}
# Nothing of whoever runs the tests: neither their account nor their browser.
NOBODY = dict.fromkeys(
    (
        "GHL_NOTES_BASE_URL",
        "GHL_NOTES_CINNOX_APP_ID",
        "GHL_NOTES_CINNOX_APP_TOKEN",
        "GHL_NOTES_CINNOX_URL",
        "GHL_NOTES_CLIENT_ID",
        "GHL_NOTES_CLIENT_SECRET",
        "GHL_NOTES_CLOSE_KEY",
        "GHL_NOTES_CLOSE_URL",
        "GHL_NOTES_LOCATION",
        "GHL_NOTES_REDIRECT_URI",
        "GHL_NOTES_SEAL_KEYS",
        "GHL_NOTES_STORE",
        "GHL_NOTES_TOKEN",
        "BROWSER",
        "DISPLAY",
        "WAYLAND_DISPLAY",
    )
)


@frozen
class Outcome:
    """How a command ended, and all it said."""

    status: int
    out: str
    err: str

    @property
    def record(self) -> dict:
        """The one JSON object that was written, and nothing else."""
        (record,) = self.records
        return record

    @property
    def records(self) -> list[dict]:
        """The JSON objects that were written, one a line, and nothing else."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def facts(self) -> dict[str, str]:
        """The lines of a sheet, up to its text, by their names."""
        lines = self.out.partition("\n\n")[0].splitlines()
        return {name: told.strip() for name, _, told in (line.partition("  ") for line in lines)}

    @property
    def last(self) -> str:
        """The last line on stderr."""
        return self.err.strip().splitlines()[-1]


@frozen
class Out:
    """Where an export writes, and what it wrote."""

    path: Path

    @property
    def errors(self) -> Path:
        """The file beside it."""
        return self.path.with_name(f"{self.path.name}.errors")

    @property
    def notes(self) -> list[dict]:
        """The notes."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    @property
    def failures(self) -> list[dict]:
        """What failed; nothing where there is no such file."""
        text = self.errors.read_text() if self.errors.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


@define
class Program:
    """A command as a process of its own."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        """Read the next line of its output."""
        return (await asyncio.wait_for(self.process.stdout.readline(), 10)).decode()

    async def page(self) -> str:
        """Read its output up to the page that it wants to have opened."""
        while not (line := (await self.line())).startswith("  http"):
            assert line, "the program ended, and named no page"
        return line.strip()

    async def end(self, given: bytes | None = None) -> Outcome:
        """Wait for its end."""
        out, err = await asyncio.wait_for(self.process.communicate(given), 25)
        return Outcome(self.process.returncode, (out or b"").decode(), (err or b"").decode())


class Terminal:
    """The other side of a pseudo-terminal of 80 columns, and all that was written to it."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.file = os.fdopen(self.theirs, "w")
        self.text = ""
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def _read(self) -> None:
        """Take what was written before the terminal is full and blocks its writer."""
        self.text += os.read(self._ours, 65536).decode(errors="replace")

    def type(self, text: str) -> None:
        """Type, as a user does."""
        os.write(self._ours, text.encode())

    async def shows(self, text: str) -> None:
        """Wait until something is written."""
        async with asyncio.timeout(10):
            while text not in self.text:  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.01)

    def close(self) -> None:
        """Hang up."""
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        self.file.close()


Run = Callable[..., Awaitable[Outcome]]
Start = Callable[..., Awaitable[FakeHighLevel]]


@pytest.fixture
def run() -> Run:
    """Run a command in this process: in a thread, so that a fake of this loop can answer."""

    async def invoke(*args: object, stdin: bytes | None = None, **environment: str) -> Outcome:
        result = await asyncio.to_thread(
            CliRunner().invoke,
            app,
            [str(arg) for arg in args],
            input=stdin,
            env=WIDE | NOBODY | environment,
            prog_name="ghl-notes",
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def out(tmp_path: Path) -> Out:
    """Give a place for an export, with nothing there."""
    return Out(tmp_path / "notes.jsonl")


@pytest.fixture
def needed(out: Out) -> Callable[..., list[object]]:
    """Give the options without which there is no export, but for the token."""

    def give(fake: FakeHighLevel, to: object = None) -> list[object]:
        target = out.path if to is None else to
        return ["--location", fake.location_id, "--base-url", fake.url, "--out", target]

    return give


@pytest.fixture
def export(run: Run, needed: Callable[..., list[object]]) -> Run:
    """Run an export of a fake, with its token in the environment."""

    async def invoke(fake: FakeHighLevel, *more: object, to: object = None) -> Outcome:
        token = fake.private_token
        outcome = await run("export", *needed(fake, to), *more, GHL_NOTES_TOKEN=token)
        assert token not in outcome.out + outcome.err
        return outcome

    return invoke


@pytest_asyncio.fixture
async def program() -> AsyncIterator[Callable[..., Awaitable[Program]]]:
    """Start the installed program, and leave none behind."""
    started: list[asyncio.subprocess.Process] = []

    async def begin(*args: object, environment: dict[str, str] | None = None, **pipes) -> Program:
        env = {**os.environ, **WIDE, **NOBODY, **(environment or {})}
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *(str(arg) for arg in args),
            env={name: value for name, value in env.items() if value is not None},
            **{**dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE), **pipes},
        )
        started.append(process)
        return Program(process)

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest_asyncio.fixture
async def terminal() -> AsyncIterator[Terminal]:
    """Open a pseudo-terminal."""
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    """Start pretend HighLevels with any options, without a limit unless one is given."""
    fakes: list[FakeHighLevel] = []

    async def make(**options) -> FakeHighLevel:
        fake = FakeHighLevel(**{"limit": None, **options})
        await fake.start()
        fakes.append(fake)
        return fake

    yield make
    for fake in fakes:
        await fake.close()


@pytest_asyncio.fixture
async def fake(start: Start) -> FakeHighLevel:
    """Start a pretend HighLevel of ten contacts with five notes each."""
    return await start()


@pytest.fixture
def desk(run: Run, fake: FakeHighLevel) -> Run:
    """Run a command with the token of the fake's location, and see to it that it is not told."""

    async def invoke(*args: object, **more) -> Outcome:
        known = {"GHL_NOTES_TOKEN": fake.private_token, "GHL_NOTES_LOCATION": fake.location_id}
        outcome = await run(*args, "--base-url", fake.url, **{**known, **more})
        assert fake.private_token not in outcome.out + outcome.err
        return outcome

    return invoke


@pytest.fixture
def contact(fake: FakeHighLevel) -> str:
    """Choose a contact."""
    return fake.contact_ids()[0]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """Give a browser for ``BROWSER``."""
    script, file = tmp_path / "browser", tmp_path / "opened"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {file}.new && mv {file}.new {file}\n')
    script.chmod(0o700)
    return Recorder(script, file)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Name a store that is not there yet."""
    return tmp_path / "installs.db"


@pytest_asyncio.fixture
async def account(start: Start, store: Path) -> Account:
    """Give the app of a pretend HighLevel with four locations, installed nowhere yet."""
    return Account(await start(locations=4), store)


@pytest.fixture
def installs(run: Run, account: Account) -> Run:
    """Run a command of ``installs``, and see to it that it tells no secret."""

    async def invoke(command: str, *more: object, **environment: str) -> Outcome:
        secrets = await account.secrets() if account.store.exists() else set()
        server = ("--base-url", account.fake.url) if command in {"check", "tend"} else ()
        told = account.environment | environment
        outcome = await run("installs", command, *server, *more, **told)
        if account.store.exists():
            secrets |= await account.secrets()
        assert not [secret for secret in secrets if secret in outcome.out + outcome.err]
        return outcome

    return invoke


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """Open a browser that keeps the cookies of 127.0.0.1 too."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session)


@pytest.fixture
def port() -> int:
    """Find a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
