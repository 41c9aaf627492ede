"""Processes that make calls, seen from the torture: asked, stopped, killed and replaced."""

import asyncio
import itertools
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from attrs import define, field, frozen

ROOT = Path(__file__).parents[2]
KILLED = "killed"
_END_SECONDS = 60.0  # a renewal in doubt may go on for half a minute
_POLL_SECONDS = 0.02


@frozen
class Answer:
    """What came of a call: how long it took, and the error, whose kind is empty if there is none.

    The kind is ``killed`` where the process died before it answered.
    """

    seconds: float = 0.0
    kind: str = ""
    error: str = ""


@define(eq=False)
class Worker:
    """One process, and what it was asked and has not answered yet."""

    pid: int
    lines: asyncio.StreamReader
    writer: asyncio.StreamWriter
    on_saving: Callable[["Worker", str], None]
    gone: asyncio.Event = field(factory=asyncio.Event)
    said_bye: bool = False
    _ids: Iterator[int] = field(factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[Answer]] = field(factory=dict)

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return not self.gone.is_set()

    async def ask(self, **command: object) -> Answer:
        """Ask for one thing, and wait for the answer."""
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        if self.gone.is_set():
            return Answer(kind=KILLED)
        self.writer.write(json.dumps({"id": number, **command}).encode() + b"\n")
        return await future

    def signal(self, number: signal.Signals) -> bool:
        """Send it a signal, and tell whether it was there to get it."""
        if self.gone.is_set():
            return False
        os.kill(self.pid, number)
        return True

    async def end(self) -> None:
        """Let it finish what it was asked, and close; kill it if it does not."""
        if self.alive:
            self.writer.write_eof()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self.gone.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.gone.wait()

    async def listen(self) -> None:
        """Take what it says, until it is gone."""
        try:
            while (line := await self.lines.readline()).endswith(b"\n"):
                self._take(json.loads(line))
        except ConnectionError:
            pass
        self.gone.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_result(Answer(kind=KILLED))
        self._waiting.clear()
        self.writer.close()

    def _take(self, facts: dict[str, Any]) -> None:
        if "saving" in facts:
            self.on_saving(self, facts["saving"])
        elif "bye" in facts:
            self.said_bye = True
        else:
            future = self._waiting.pop(facts.pop("id"))
            if not future.done():
                future.set_result(Answer(**facts))


@define(eq=False)
class Pool:
    """So many processes; who is killed is replaced. ``lost`` counts those that died unasked."""

    orders: dict[str, Any]
    size: int
    on_saving: Callable[[Worker, str], None]
    workers: list[Worker] = field(factory=list)
    lost: int = 0
    _cradle: asyncio.subprocess.Process = field(init=False)
    _open: AsyncExitStack = field(factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Start all of them."""
        async with self._open as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory())
            path = str(Path(folder) / "pool")
            server = await asyncio.start_unix_server(self._meet, path)
            opened.callback(server.close)
            self._cradle = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.torture.caller"),
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
            )
            opened.push_async_callback(self._end_cradle)
            self._say(json.dumps({**self.orders, "socket": path}))
            for _ in range(self.size):
                self._say("another")
            await self.ready(self.size)
            self._open = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let all of them end."""
        async with self._open:
            await self.ready(self.size)  # the last one may be on its way
            await asyncio.gather(*(one.end() for one in self.workers))
            self.lost += sum(not one.said_bye for one in self.workers)

    async def ready(self, least: int) -> list[Worker]:
        """Wait until so many can be asked, and give all that can."""
        async with asyncio.timeout(_END_SECONDS):
            while len(found := [one for one in self.workers if one.alive]) < least:  # noqa: ASYNC110 - they come from elsewhere
                await asyncio.sleep(_POLL_SECONDS)
        return found

    def kill(self, worker: Worker) -> bool:
        """Kill -9 one process, begin another in its place, and tell whether it was alive."""
        if worker not in self.workers or not worker.signal(signal.SIGKILL):
            return False
        self.workers.remove(worker)
        self._say("another")
        return True

    def connected(self, port: int, to: int) -> Worker | None:
        """Find the process that is connected from this port of its own to that of a server."""
        inode = _inode(port, to)
        return next((one for one in self.workers if one.alive and _holds(one.pid, inode)), None)

    async def _meet(self, lines: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pid = json.loads(await lines.readline())["pid"]
        worker = Worker(pid, lines, writer, self.on_saving)
        self.workers.append(worker)
        await worker.listen()

    def _say(self, line: str) -> None:
        if self._cradle.stdin is not None:
            self._cradle.stdin.write(line.encode() + b"\n")

    async def _end_cradle(self) -> None:
        if self._cradle.stdin is not None:
            self._cradle.stdin.close()
        await self._cradle.wait()


def _inode(port: int, to: int) -> str:
    """Find the socket that connects two ports of 127.0.0.1, at its first end."""
    ends = [f"0100007F:{one:04X}" for one in (port, to)]
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines())
    return next((fields[9] for fields in lines if fields[1:3] == ends), "")


def _holds(pid: int, inode: str) -> bool:
    """Tell whether a process has a socket open."""
    wanted = f"socket:[{inode}]"
    try:
        return any(_leads_to(link) == wanted for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _leads_to(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # it was closed meanwhile
        return ""
