"""Servers of one's own, which may be restarted: a PostgreSQL cluster, a Redis that keeps all."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from attrs import frozen

_BINARIES = Path("/usr/lib/postgresql")
_START_SECONDS = 30.0


@frozen
class Cluster:
    """A server: where it is, and how it is restarted.

    ``restart`` takes whether it goes as by a loss of power, and how many seconds it stays away.
    """

    url: str
    restart: Callable[[bool, float], Awaitable[None]]


def usable_clusters() -> list[str]:
    """Name the stores whose servers can be had here: all of them where they are required."""
    required = os.environ.get("GHL_NOTES_TEST_SERVERS") == "required"
    found = {
        "sqlite": True,
        "postgres": _postgres_binaries(),
        "redis": shutil.which("redis-server"),
    }
    return [kind for kind, here in found.items() if here or required]


@asynccontextmanager
async def postgres_cluster() -> AsyncIterator[Cluster]:
    """Make a cluster in a folder of its own, run it on a free port, and clear it away."""
    binaries, port = _postgres_binaries(), _free_port()
    with tempfile.TemporaryDirectory(prefix="ghl_notes_pg_", ignore_cleanup_errors=True) as folder:
        owner = _give_away(Path(folder))
        data = f"{folder}/data"
        await _run([f"{binaries}/initdb", "-A", "trust", "-U", "postgres", "-D", data], owner)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        control = [f"{binaries}/pg_ctl", "-D", data, "-w", "-o", options, "-l", f"{folder}/log"]

        async def restart(crash: bool, seconds: float) -> None:
            await _run([*control, "-m", "immediate" if crash else "fast", "stop"], owner)
            await asyncio.sleep(seconds)
            await _run([*control, "start"], owner)

        await _run([*control, "start"], owner)
        try:
            yield Cluster(f"postgresql://postgres@127.0.0.1:{port}/postgres", restart)
        finally:
            await _run([*control, "-m", "immediate", "stop"], owner)


@asynccontextmanager
async def redis_cluster() -> AsyncIterator[Cluster]:
    """Run a Redis with an append-only file, synced at each write, on a free port."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="ghl_notes_redis_") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always"]
        running = await _start_redis(options, port)

        async def restart(crash: bool, seconds: float) -> None:
            nonlocal running
            running.send_signal(signal.SIGKILL if crash else signal.SIGTERM)
            await running.wait()
            await asyncio.sleep(seconds)
            running = await _start_redis(options, port)

        try:
            yield Cluster(f"redis://127.0.0.1:{port}/0", restart)
        finally:
            running.kill()
            await running.wait()


@asynccontextmanager
async def no_cluster() -> AsyncIterator[Cluster]:
    """Give what an embedded store has: no server, and nothing to restart."""

    async def restart(crash: bool, seconds: float) -> None: ...

    yield Cluster("", restart)


def cluster_for(kind: str) -> AbstractAsyncContextManager[Cluster]:
    """Give the server that a kind of store needs."""
    makers = {"postgres": postgres_cluster, "redis": redis_cluster}
    return makers.get(kind, no_cluster)()


async def _start_redis(options: list[str], port: int) -> asyncio.subprocess.Process:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec("redis-server", *options, stdout=quiet)
    async with asyncio.timeout(_START_SECONDS):
        while not await _answers(port):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
    return process


async def _answers(port: int) -> bool:
    """Tell whether a Redis has loaded what it kept."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"PING\r\n")
    answer = await reader.readline()
    writer.close()
    return answer == b"+PONG\r\n"


async def _run(command: list[str], user: int | None) -> None:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdout=quiet, stderr=quiet, stdin=quiet, user=user, cwd="/"
    )
    if status := await process.wait():
        msg = f"{command[0]} ended with status {status}"
        raise RuntimeError(msg)


def _postgres_binaries() -> Path | None:
    """Find the newest version's programs."""
    found = sorted(_BINARIES.glob("*/bin/initdb"), key=lambda one: float(one.parts[-3]))
    return found[-1].parent if found else None


def _give_away(folder: Path) -> int | None:
    """Give a folder to the user who may run PostgreSQL, which root may not."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("postgres").pw_uid
    os.chown(folder, user, -1)
    return user


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
