"""A pooler in transaction mode, as small as one can be: each transaction has another session.

It speaks enough of PostgreSQL's protocol to see where a transaction ends
(https://www.postgresql.org/docs/current/protocol-message-formats.html), without encryption or
passwords. Each client has two sessions on the server, in turns.
"""

import asyncio
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, field

from tests.stores.servers import extra
from tests.torture.stores import POSTGRES

CANCEL = 80877102
READY, KEY_DATA = b"Z", b"K"


@define
class Session:
    """One connection to the server, past its greeting."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    key: bytes = b""

    @classmethod
    async def begin(cls, startup: bytes) -> tuple["Session", bytes]:
        """Connect, and return the greeting as well."""
        session, greeting = cls(*await dial()), b""
        session.writer.write(startup)
        kind = b""
        while kind != READY:
            kind, message = await read(session.reader)
            session.key = message[5:] if kind == KEY_DATA else session.key
            greeting += message
        return session, greeting


@define
class Client:
    """One client, whose transactions go to its sessions in turns."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sessions: list[Session] = field(factory=list)
    turn: int = 0

    @property
    def session(self) -> Session:
        return self.sessions[self.turn]

    async def forward(self) -> None:
        """Carry each request to the session whose turn it is."""
        while True:
            _, message = await read(self.reader)
            self.session.writer.write(message)

    async def answer(self) -> None:
        """Carry replies back; the end of a transaction is the end of a session's turn."""
        while True:
            kind, message = await read(self.session.reader)
            self.turn = (self.turn + 1) % 2 if (kind, message[5:]) == (READY, b"I") else self.turn
            self.writer.write(message)


@define
class Pooler:
    clients: dict[bytes, Client] = field(factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = await reader.readexactly(4)
        startup = length + await reader.readexactly(struct.unpack("!i", length)[0] - 4)
        client = Client(reader, writer)
        try:
            if struct.unpack("!i", startup[4:8])[0] == CANCEL:
                await self.cancel(startup[:8], startup[8:])
            else:
                await self.greet(client, startup)
                async with asyncio.TaskGroup() as both:
                    both.create_task(client.forward())
                    both.create_task(client.answer())
        except* (asyncio.IncompleteReadError, ConnectionError):
            pass  # one of the two has gone
        finally:
            for session in client.sessions:
                session.writer.close()
            writer.close()

    async def greet(self, client: Client, startup: bytes) -> None:
        first, greeting = await Session.begin(startup)
        client.sessions += [first, (await Session.begin(startup))[0]]
        key = secrets.token_bytes(len(first.key))
        self.clients[key] = client
        client.writer.write(greeting.replace(first.key, key))

    async def cancel(self, head: bytes, key: bytes) -> None:
        reader, writer = await dial()
        writer.write(head + self.clients[key].session.key)
        await reader.read()
        writer.close()


async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    known = extra("psycopg").conninfo.conninfo_to_dict(POSTGRES)
    return await asyncio.open_connection(known.get("host"), int(known.get("port", 5432)))


async def read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one message: its kind, and all of it."""
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


@asynccontextmanager
async def pooler() -> AsyncIterator[dict[str, str | int]]:
    """Run a pooler, and give what a conninfo says of it."""
    server = await asyncio.start_server(Pooler().serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server:
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        yield {"host": host, "port": port, **plain}
