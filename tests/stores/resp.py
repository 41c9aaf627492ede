"""A Redis that says what a test wants (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from attrs import define, field

SILENCE = b"silence"


@define
class FakeRedis:
    """Answers each command with what is given for it, and OK otherwise.

    Where a gate stands before a command, its answer waits for the gate.
    """

    replies: Mapping[str, bytes]
    url: str = ""
    asked: list[str] = field(factory=list)
    gates: dict[str, asyncio.Event] = field(factory=dict)

    async def until_asked(self, command: str) -> None:
        """Wait for a command to come in."""
        async with asyncio.timeout(5):
            while command not in self.asked:  # noqa: ASYNC110 - a socket brings it
                await asyncio.sleep(0.001)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            words = []
            for _ in range(int(head[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2].decode())
            command = words[0].upper()
            self.asked.append(command)
            if command in self.gates:
                await self.gates[command].wait()
            reply = self.replies.get(command, b"+OK\r\n")
            writer.write(b"" if reply == SILENCE else reply)
        writer.close()


def bulk(text: str) -> bytes:
    """Write a text as Redis replies with one."""
    return f"${len(text)}\r\n{text}\r\n".encode()


@asynccontextmanager
async def fake_redis(**replies: bytes) -> AsyncIterator[FakeRedis]:
    """Run one on loopback."""
    fake = FakeRedis(replies)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    fake.url = f"redis://{host}:{port}"
    async with server:
        yield fake
