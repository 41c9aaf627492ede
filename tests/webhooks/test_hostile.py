# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What strangers send to the route costs next to nothing: neither time, nor memory, nor places.

The service runs in a process of its own, whose event loop beats; the senders are here.
"""

import asyncio
import base64
import itertools
import json
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import brotli
import pytest
from attrs import define

from ghl_notes.webhooks import MAX_BODY

ROOT = Path(__file__).parents[2]
MEGABYTE = bytes(1 << 20)
# No stop of the loop may be longer; the senders run on the same machine as the service.
LONGEST = 0.1
WRONG = base64.b64encode(bytes(64)).decode()
UNSIGNED = {
    "none": "",
    "N/A": "X-GHL-Signature: N/A\r\n",
    "short": "X-GHL-Signature: AAAA\r\n",
    "wrong": f"X-GHL-Signature: {WRONG}\r\n",
    "twice": f"X-GHL-Signature: {WRONG}\r\n" * 2,
    "legacy": f"X-WH-Signature: {WRONG}\r\n",
}


@define
class Service:
    """The service under attack, and its pulse."""

    process: asyncio.subprocess.Process
    port: int
    memory: float = 0.0
    handled: int = 0

    async def pulse(self) -> float:
        """Tell for how long the loop stood still, at most, since the last call."""
        self.process.stdin.write(b"\n")
        longest, self.memory, self.handled = json.loads(await self.process.stdout.readline())
        return longest

    async def post(
        self, headers: str, body: bytes = b"", *, length: int | None = None, stay: bool = True
    ) -> int | None:
        """Send a POST, read the answer, and stay until the service ends the connection, or leave.

        Returns the status, or None if the connection did not end in time.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        framing = f"Content-Length: {len(body) if length is None else length}\r\n"
        if "Transfer-Encoding" in headers:
            framing = ""
        head = f"POST /hook HTTP/1.1\r\nHost: a\r\n{headers}{framing}\r\n"
        try:
            async with asyncio.timeout(8):
                with suppress(ConnectionError):
                    writer.write(head.encode() + body)
                    await writer.drain()
                answer = await (reader.read() if stay else reader.readuntil(b"not accepted"))
        except TimeoutError:
            return None
        finally:
            writer.transport.abort()
        answer = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert b"connection: close" in answer.lower()
        return int(answer.split(b" ", 2)[1])


@asynccontextmanager
async def attacked(
    fake, *, auto_decompress: bool = True, **options: float
) -> AsyncIterator[Service]:
    """Run the service for a while."""
    names = ("client_id", "client_secret", "redirect_uri")
    app = {name: getattr(fake.app, name) for name in names}
    orders = json.dumps(
        {
            "app": app,
            "key": fake.webhook_key,
            "options": options,
            "handler_args": {"auto_decompress": auto_decompress},
        }
    )
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.webhooks.heartbeat"),
        cwd=ROOT,
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,  # where the refusals are logged
    )
    try:
        process.stdin.write(orders.encode() + b"\n")
        service = Service(process, json.loads(await process.stdout.readline()))
        await service.pulse()
        yield service
    finally:
        process.kill()
        await process.wait()


def gzip(megabytes: int, wbits: int = 31) -> bytes:
    """Compress zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join(packer.compress(MEGABYTE) for _ in range(megabytes)) + packer.flush()


def br(megabytes: int) -> bytes:
    """Compress zeros even further: half a gigabyte becomes less than a kilobyte."""
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(MEGABYTE) for _ in range(megabytes)) + packer.finish()


def zstd(megabytes: int) -> bytes:
    """Compress zeros as the newest kind does."""
    packer = pytest.importorskip("backports.zstd").ZstdCompressor()
    pieces = [packer.compress(MEGABYTE) for _ in range(megabytes)]
    return b"".join(pieces) + packer.flush()


def chunked(body: bytes, size: int) -> bytes:
    """Write a body in chunks."""
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n"


async def calm(service: Service, attack: Callable[[], object]) -> tuple[float, object]:
    """Attack up to three times, and tell the shortest stop, and what came of the last attack.

    What really stops the loop does so every time; the garbage of a test before it does not.
    """
    stops = []
    for _ in range(3):
        outcome = await attack()
        stops.append(await service.pulse())
        if stops[-1] <= LONGEST:
            break
    return min(stops), outcome


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_compressed_post_does_not_stop_the_loop(fake, encoding) -> None:
    """What unfolds to 128 MB is refused by its headers alone, and the sender is sent away."""
    data = gzip(128) if encoding == "gzip" else br(128)
    async with attacked(fake) as service:
        for headers, status in ((UNSIGNED["none"], 401), (UNSIGNED["wrong"], 415)):

            async def attack(headers: str = headers) -> int | None:
                coding = f"Content-Encoding: {encoding}\r\n"
                return await service.post(f"{headers}{coding}", data, stay=False)

            stop, outcome = await calm(service, attack)
            assert outcome == status
            assert stop <= LONGEST


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_no_compressed_post_stops_the_loop(fake) -> None:
    """Of a hundred and more ways to send a bomb none stops the loop, and none is left waiting."""
    bombs = {"gzip": gzip(256), "deflate": gzip(256, 15), "br": br(512), "zstd": zstd(512)}
    framings = [("", lambda data: data)] + [
        ("Transfer-Encoding: chunked\r\n", lambda data, size=size: chunked(data, size))
        for size in (1 << 30, 100)
    ]
    expectations = ["", "Expect: 100-continue\r\n", "Expect: nonsense\r\n"]
    hits, worst = 0, 0.0
    async with attacked(fake) as service:
        for (encoding, data), (framing, frame) in itertools.product(bombs.items(), framings):
            body = frame(data)
            ways = [
                f"{signature}{framing}{expect}Content-Encoding: {encoding}\r\n"
                for signature, expect in itertools.product(UNSIGNED.values(), expectations)
            ]

            async def attack(ways: list[str] = ways, body: bytes = body) -> list[int | None]:
                side_by_side = asyncio.Semaphore(4)

                async def post(headers: str) -> int | None:
                    async with side_by_side:
                        return await service.post(headers, body, stay="Expect" not in headers)

                return await asyncio.gather(*map(post, ways))

            stop, outcomes = await calm(service, attack)
            hits += len(outcomes)
            worst = max(worst, stop)
            assert set(outcomes) <= {401, 415}, (encoding, framing, outcomes)
            assert stop <= LONGEST, (encoding, framing, stop)

    assert hits >= 200
    print(f"{hits} compressed POSTs; the longest stop was {worst * 1000:.0f} ms")  # noqa: T201


@pytest.mark.slow
async def test_an_application_that_decompresses_nothing_is_spared_a_flood(fake) -> None:
    """Aiohttp unfolds the first half megabyte of each bomb ahead of any route, unless told not to.

    Told so, a hundred at once are no more than a hundred requests.
    """
    data = br(512)
    headers = [
        f"{UNSIGNED[name]}Content-Encoding: br\r\n" for name in ("none", "wrong") for _ in range(50)
    ]
    async with attacked(fake, auto_decompress=False) as service:
        before = service.memory

        async def attack() -> list[int | None]:
            return await asyncio.gather(*(service.post(one, data) for one in headers))

        stop, outcomes = await calm(service, attack)

    assert outcomes == [401] * 50 + [415] * 50
    assert stop <= LONGEST
    assert service.memory - before < 20
    print(f"100 bombs at once: {stop * 1000:.0f} ms, {service.memory - before:.0f} MB")  # noqa: T201


@pytest.mark.slow
async def test_no_other_body_stops_the_loop(fake) -> None:
    """Bodies in a million pieces, endless ones, and JSON made to be slow: none stops the loop."""
    wrong = UNSIGNED["wrong"]
    bytewise = chunked(bytes(MAX_BODY), 1)
    posts = {
        "a million chunks": (f"{wrong}Transfer-Encoding: chunked\r\n", bytewise, 401),
        "chunks without a signature": ("Transfer-Encoding: chunked\r\n", bytewise, 401),
        "a large body": (wrong, bytes(MAX_BODY), 401),
        "too large a body": (wrong, bytes(64 * MAX_BODY), 413),
        "endless chunks": (
            f"{wrong}Transfer-Encoding: chunked\r\n",
            chunked(bytes(64 * MAX_BODY), 65_536),
            413,
        ),
    }
    filling = {
        "nested": b"[" * 500_000,
        "nested objects": b'{"a":' * 200_000,
        "digits": b"9" * 1_000_000,
        "objects": b"[" + b",".join([b"{}"] * 300_000) + b"]",
        "floats": b"[" + b",".join([b"1e308"] * 150_000) + b"]",
    }
    for name, value in filling.items():
        body = b'{"type":"Other","x":' + value + b"}"
        signed = "".join(f"{one}: {value}\r\n" for one, value in fake.sign(body).items())
        posts[name] = (signed, body, 400 if name.startswith("nested") else 403)
    async with attacked(fake) as service:
        for name, (headers, body, status) in posts.items():

            async def attack(headers: str = headers, body: bytes = body) -> int | None:
                return await service.post(headers, body)

            stop, outcome = await calm(service, attack)
            assert outcome == status, (name, outcome)
            assert stop <= LONGEST, (name, stop)


async def trickle(service: Service, headers: str, until: float) -> int | None:
    """Announce a body and send a byte of it now and then, until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(f"POST /hook HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
    answer = asyncio.create_task(reader.read())
    with suppress(ConnectionError):
        while not answer.done() and time.monotonic() < until:
            writer.write(b"1\r\nx\r\n" if "chunked" in headers else b"x")
            await asyncio.wait({answer}, timeout=0.2)
    answer.cancel()
    writer.transport.abort()
    with suppress(asyncio.CancelledError, ConnectionError):
        return int((await answer).split(b" ", 2)[1])
    return None


@pytest.mark.slow
async def test_two_hundred_connections_that_withhold_their_bodies(fake) -> None:
    """They are ended when their time is up, cost little memory, and others are served meanwhile."""
    framings = ["Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"]
    async with attacked(fake, body_timeout=3.0) as service:
        before, until = service.memory, time.monotonic() + 15
        tasks = []
        for number in range(100):
            headers = f"{UNSIGNED['wrong']}{framings[number % 2]}"
            tasks += [
                asyncio.create_task(trickle(service, headers, until)),
                asyncio.create_task(service.post(UNSIGNED["wrong"], length=1000)),
            ]
            await asyncio.sleep(0.005)  # to accept a connection is aiohttp's own work
        stop = await service.pulse()
        meanwhile = await service.post(UNSIGNED["none"])
        grown = service.memory - before
        answers = await asyncio.gather(*tasks)
        stop = max(stop, await service.pulse())
        worst = f"{grown:.0f} MB, and the longest stop was {stop * 1000:.0f} ms"

    assert meanwhile == 401
    assert answers == [408] * 200
    assert time.monotonic() < until
    assert grown < 20
    assert stop <= LONGEST
    print(f"200 connections withheld their bodies: {worst}")  # noqa: T201


async def test_connections_without_a_signature_are_ended_at_once(fake) -> None:
    """A body that is not worth reading is not waited for."""
    async with attacked(fake, body_timeout=60.0) as service:
        posts = [
            service.post(headers, b"{", length=99)
            for name, headers in UNSIGNED.items()
            for _ in "ab"
            if name != "wrong"
        ]
        statuses = await asyncio.gather(*posts)

    assert set(statuses) == {401}
