"""A server that costs little, in a process of its own, so that a benchmark measures the client.

It answers every request with the same five notes.
"""

import asyncio
import json
import sys

NOTES = [
    {
        "id": f"hBBtLesMY4JCPJ7jI0G{n}",
        "body": "Spoke with Jane about the renewal; she wants a quote by Friday.",
        "bodyText": "Spoke with Jane about the renewal; she wants a quote by Friday.",
        "userId": None,
        "dateAdded": f"2026-07-17T09:45:0{n}.653Z",
        "contactId": "jKy701hlSIPdiw0x12WA",
        "pinned": False,
        "relations": [],
    }
    for n in range(5)
]
BODY = json.dumps({"notes": NOTES, "traceId": "ad7fac66-46e1-4009-83ac-87879786388d"}).encode()
REPLY = (
    b"HTTP/1.1 200 OK\r\n"
    b"Date: Fri, 17 Jul 2026 10:27:18 GMT\r\n"
    b"Content-Type: application/json; charset=utf-8\r\n"
    b"X-RateLimit-Limit-Daily: 900000000\r\n"
    b"X-RateLimit-Daily-Remaining: 899999999\r\n"
    b"X-RateLimit-Daily-Reset: 83469000\r\n"
    b"X-RateLimit-Interval-Milliseconds: 10000\r\n"
    b"X-RateLimit-Max: 900000000\r\n"
    b"X-RateLimit-Remaining: 899999999\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
)


class Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        *requests, self.pending = (self.pending + data).split(b"\r\n\r\n")
        self.transport.write(REPLY * len(requests))


async def serve() -> None:
    """Serve until standard input closes; print the port first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
