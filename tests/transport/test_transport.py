"""The one door to the network, against servers that behave and servers that do not."""

import asyncio
import contextlib
import gzip
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from attrs import define, field

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.reply import Reply
from ghl_notes.http.transport import MAX_BODY, Transport

SECRET = "pit-s3cr3t"
HEADERS = {"Authorization": f"Bearer {SECRET}", "Version": "2021-07-28"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Answering = Callable[["Line"], Awaitable[None]]


@define
class Line:
    """One connection as the server has it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    over: asyncio.Event = field(factory=asyncio.Event)

    async def heard(self) -> bytes:
        """Read the next request, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = [one for one in head.split(b"\r\n") if one.lower().startswith(b"content-length")]
        return head + await self.reader.readexactly(int(length[0].split(b":")[1]) if length else 0)

    async def say(self, *parts: bytes) -> None:
        """Send bytes as they are."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    def reset(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()


@define
class Served:
    """A server's address, and how many connections it has seen."""

    url: str
    lines: list[Line] = field(factory=list)
    arrived: asyncio.Event = field(factory=asyncio.Event)


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[Served]:
    """Serve every connection by ``answer``, and then close it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.lines.append(line := Line(reader, writer))
        served.arrived.set()
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(line)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        line.over.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    served = Served(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server:
        yield served
        for line in served.lines:  # the client has gone, so they end
            await line.over.wait()


@asynccontextmanager
async def own(
    *, seconds: float = 5.0, session: aiohttp.ClientSession | None = None
) -> AsyncIterator[Transport]:
    """Give a transport with a session of its own, unless it gets one."""
    transport = Transport(session, timeout=seconds)
    try:
        yield transport
    finally:
        await transport.close()


async def get(transport: Transport, url: str, **options: object) -> Reply:
    return await transport.send("GET", f"{url}/contacts/c/notes", HEADERS, None, **options)


async def failure(answer: Answering, *, seconds: float = 5.0) -> HighLevelError:
    async with serving(answer) as served, own(seconds=seconds) as transport:
        with pytest.raises(HighLevelError) as raised:
            await get(transport, served.url)
    return raised.value


# --- replies --------------------------------------------------------------------------------


async def test_a_request_and_its_reply() -> None:
    """What is given is what is sent, and what comes back is read to its end."""
    heard: list[bytes] = []

    async def answer(line: Line) -> None:
        heard.append(await line.heard())
        await line.say(
            b"HTTP/1.1 201 Created\r\nX-RateLimit-Max: 100\r\n", b"Content-Length: 11\r\n"
        )
        await line.say(b"\r\n", b'{"note":', b" {}")

    async with serving(answer) as served, own() as transport:
        url = f"{served.url}/contacts/a%2Bb/notes?x=1"
        reply = await transport.send("POST", url, HEADERS, b'{"body":"Hi"}')
    lines = heard[0].split(b"\r\n")

    assert (reply.status, reply.body) == (201, b'{"note": {}')
    assert reply.headers["x-ratelimit-max"] == "100"
    assert lines[0] == b"POST /contacts/a%2Bb/notes?x=1 HTTP/1.1"
    assert f"Authorization: Bearer {SECRET}".encode() in lines
    assert heard[0].endswith(b'\r\n\r\n{"body":"Hi"}')


async def test_one_connection_serves_many_requests_and_keeps_no_cookies() -> None:
    """The connection is kept, and Cloudflare's cookies, which would tie calls together, are not."""
    heard: list[bytes] = []

    async def answer(line: Line) -> None:
        while True:
            heard.append(await line.heard())
            await line.say(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: __cf_bm=x; path=/\r\n\r\n"))

    async with serving(answer) as served, own() as transport:
        replies = [await get(transport, served.url) for _ in range(3)]

    assert [reply.body for reply in replies] == [b"{}"] * 3
    assert len(served.lines) == 1
    assert not [one for one in heard if b"cookie" in one.lower()]


async def test_a_packed_reply_is_unpacked() -> None:
    """A gzip body is what it was before it was packed."""
    packed = gzip.compress(b'{"notes": []}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    async def answer(line: Line) -> None:
        await line.heard()
        await line.say(head, packed)

    async with serving(answer) as served, own() as transport:
        assert (await get(transport, served.url)).body == b'{"notes": []}'


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """A redirect is a reply like any other, or the token would go wherever it points."""

    async def elsewhere(line: Line) -> None:
        await line.say(OK)

    async with serving(elsewhere) as other:

        async def answer(line: Line) -> None:
            await line.heard()
            await line.say(b"HTTP/1.1 %d Moved\r\nContent-Length: 0\r\n" % status)
            await line.say(f"Location: {other.url}/\r\n\r\n".encode())

        async with serving(answer) as served, own() as transport:
            reply = await get(transport, served.url)

    assert reply.status == status
    assert other.lines == []


@pytest.mark.parametrize("status", [400, 401, 429, 503])
async def test_a_bad_status_is_a_reply(status: int) -> None:
    """Errors of HighLevel have bodies worth reading, even if a borrowed session would raise."""

    async def answer(line: Line) -> None:
        await line.heard()
        await line.say(b"HTTP/1.1 %d Bad\r\nContent-Length: 2\r\n\r\n[]" % status)

    async with (
        serving(answer) as served,
        aiohttp.ClientSession(raise_for_status=True) as session,
    ):
        reply = await get(Transport(session, timeout=5), served.url)

    assert (reply.status, reply.body) == (status, b"[]")


# --- failures -------------------------------------------------------------------------------


async def says_nothing(line: Line) -> None:
    await line.heard()


async def resets(line: Line) -> None:
    await line.heard()
    line.reset()


async def resets_unheard(line: Line) -> None:
    line.reset()


async def cuts_the_head(line: Line) -> None:
    await line.heard()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Le")


async def cuts_the_body(line: Line) -> None:
    await line.heard()
    await line.say(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"notes": [')


async def resets_in_the_body(line: Line) -> None:
    await cuts_the_body(line)
    line.reset()


async def cuts_the_chunks(line: Line) -> None:
    await line.heard()
    await line.say(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"not\r\n')


async def talks_nonsense(line: Line) -> None:
    await line.heard()
    await line.say(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n")


async def packs_nonsense(line: Line) -> None:
    await line.heard()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd")


async def waits(line: Line) -> None:
    await line.heard()
    await line.reader.read()


async def dribbles(line: Line) -> None:
    await cuts_the_body(line)
    await line.reader.read()


BROKEN = [
    says_nothing,
    resets,
    resets_unheard,
    cuts_the_head,
    cuts_the_body,
    resets_in_the_body,
    cuts_the_chunks,
    talks_nonsense,
    packs_nonsense,
]


@pytest.mark.parametrize("answer", BROKEN)
async def test_a_broken_reply_leaves_it_open_what_happened(answer: Answering) -> None:
    """Once a request may have gone out, a failure says that it may have been applied."""
    error = await failure(answer)

    assert isinstance(error, Unavailable)
    assert error.maybe_applied
    assert error.settled
    assert "connection to HighLevel broke" in str(error)


HEAD = b"HTTP/1.1 %d Status\r\n"
CUT = {
    "by its length": b"Content-Length: 100\r\n\r\n{",
    "empty": b"Content-Length: 100\r\n\r\n",
    "in a chunk": b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "before its first chunk": b"Transfer-Encoding: chunked\r\n\r\n",
    "packed": b"Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08",
    "in its head": b"Content-Length: 1",
    "stalled": b"Content-Length: 100\r\n\r\n{",
}


@pytest.mark.parametrize("how", CUT)
async def test_the_status_outlives_a_broken_body(how: str) -> None:
    """A status that came is known, whatever became of the body: it tells what was done."""

    async def answer(line: Line) -> None:
        await line.heard()
        await line.say(HEAD % status, CUT[how])
        if how == "stalled":
            await line.reader.read()

    statuses = [200, 201, 202, 302, 400, 401, 404, 408, 422]
    for status in statuses:
        error = await failure(answer, seconds=0.1)
        assert isinstance(error, Unavailable), status
        assert error.status == status
        assert error.maybe_applied is (status not in (400, 404, 422)), status


@pytest.mark.parametrize("how", CUT)
async def test_a_status_that_says_it_all_needs_no_body(how: str) -> None:
    """A 429 holds back and a 503 says when to come back, even if their bodies are broken."""

    async def answer(line: Line) -> None:
        await line.heard()
        await line.say(HEAD % status, b"Retry-After: 7\r\n", CUT[how])
        if how == "stalled":
            await line.reader.read()

    async with serving(answer) as served, own(seconds=0.1) as transport:
        for status in (429, 500, 503) if how != "in its head" else ():
            reply = await get(transport, served.url)
            assert (reply.status, reply.body, reply.headers["Retry-After"]) == (status, b"", "7")


@pytest.mark.parametrize("answer", [waits, dribbles])
async def test_a_slow_reply_ends_in_time(answer: Answering) -> None:
    """After the time of one attempt the reply is not waited for, and may still take effect."""
    error = await failure(answer, seconds=0.05)

    assert isinstance(error, Unavailable)
    assert error.maybe_applied
    assert not error.settled


async def test_one_call_may_have_less_time() -> None:
    """A renewal must fit into HighLevel's grace, so a call can bring a limit of its own."""
    async with serving(waits) as served, own(seconds=60) as transport:
        with pytest.raises(Unavailable, match="took too long"):
            await get(transport, served.url, seconds=0.05)


async def test_the_way_to_a_connection_may_have_less_time() -> None:
    """However long the answer may take: what found no connection was not sent."""
    connector = aiohttp.TCPConnector(limit=1)
    async with serving(waits) as served, aiohttp.ClientSession(connector=connector) as session:
        transport = Transport(session, timeout=60)
        first = asyncio.create_task(get(transport, served.url))
        while not connector._acquired:  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="no connection") as raised:
            await get(transport, served.url, seconds=60, connecting=0.05)
        first.cancel()

    assert not raised.value.maybe_applied


async def test_a_refused_connection_had_no_effect() -> None:
    """Where nobody listens nothing was sent: any call, a create too, may be repeated."""
    async with serving(waits) as served:
        pass
    async with own() as transport:
        with pytest.raises(Unavailable, match="no connection") as raised:
            await get(transport, served.url)

    assert not raised.value.maybe_applied
    assert raised.value.settled


async def test_a_server_without_tls_had_no_effect() -> None:
    """When no secure connection comes about, nothing was sent."""

    async def greets(line: Line) -> None:
        await line.reader.read(1)
        await line.say(b"220 smtp.example.com ESMTP\r\n")

    async with serving(greets) as served, own() as transport:
        with pytest.raises(Unavailable, match="no connection") as raised:
            await get(transport, served.url.replace("http:", "https:"))

    assert not raised.value.maybe_applied


async def test_a_tunnel_that_is_refused_had_no_effect() -> None:
    """A proxy that opens no way let nothing through, and no error holds what was sent to it."""
    for status, cls in ((403, Unavailable), (407, ConfigurationError), (502, Unavailable)):

        async def answer(line: Line, status: int = status) -> None:
            await line.heard()
            await line.say(b"HTTP/1.1 %d s3cr3t\r\nContent-Length: 0\r\n\r\n" % status)

        async with serving(answer) as served:
            proxy = served.url.replace("//", "//jane:s3cr3t@")
            async with aiohttp.ClientSession(proxy=proxy) as session:
                with pytest.raises(cls, match=f"proxy.*{status}") as raised:
                    await get(Transport(session, timeout=5), "https://services.example")
        error = raised.value

        assert not getattr(error, "maybe_applied", False), status
        assert "s3cr3t" not in repr((error, vars(error), error.__cause__, error.__context__))
        assert len(served.lines) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "http://", "ftp://x"])
async def test_a_url_that_is_none_is_the_callers(url: str) -> None:
    """A base URL that cannot work is named as such, and not as an outage."""
    async with own() as transport:
        with pytest.raises(ConfigurationError, match="base_url"):
            await get(transport, url)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_nothing_is_sent_twice_behind_our_back(method: str) -> None:
    """When a kept connection turns out dead the call fails here, so that we decide and count."""
    heard: list[bytes] = []

    async def answer(line: Line) -> None:
        heard.append(await line.heard())
        await line.say(OK)
        heard.append(await line.heard())

    async with serving(answer) as served, own() as transport:
        await get(transport, served.url)
        with pytest.raises(Unavailable):
            await transport.send(method, served.url, HEADERS, None)

    assert [one.split(b" ")[0] for one in heard] == [b"GET", method.encode()]


async def test_a_borrowed_session_sends_no_create_twice() -> None:
    """A borrowed session repeats some calls on a dead connection by itself, and never a POST."""
    heard: list[bytes] = []

    async def answer(line: Line) -> None:
        heard.append(await line.heard())
        await line.say(OK)
        heard.append(await line.heard())

    async with serving(answer) as served, aiohttp.ClientSession() as session:
        transport = Transport(session, timeout=5)
        await get(transport, served.url)
        with pytest.raises(Unavailable) as raised:
            await transport.send("POST", served.url, HEADERS, b"{}")

    assert [one.split(b" ")[0] for one in heard] == [b"GET", b"POST"]
    assert raised.value.maybe_applied


async def test_a_cancelled_call_breaks_its_connection() -> None:
    """A caller that gives up leaves no connection behind on which a late reply could arrive."""
    async with serving(waits) as served, own() as transport:
        task = asyncio.create_task(get(transport, served.url))
        await served.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await served.lines[0].over.wait()

        # A reset: what still lay in a buffer was not sent after all.
        assert isinstance(served.lines[0].reader.exception(), ConnectionResetError)


async def huge_by_its_head(line: Line) -> None:
    await line.heard()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n{" % (MAX_BODY + 1))
    await line.reader.read()


async def huge_by_its_chunks(line: Line) -> None:
    await line.heard()
    await line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await line.say(b"100000\r\n", b" " * 0x100000, b"\r\n")


async def bomb(line: Line) -> None:
    packed = gzip.compress(bytes(MAX_BODY + 1), 1)
    await line.heard()
    await line.say(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n", packed
    )


HUGE = [huge_by_its_head, huge_by_its_chunks, bomb]


@pytest.mark.parametrize("answer", HUGE)
async def test_a_body_has_an_end(answer: Answering) -> None:
    """A reply beyond all measure is not read on, however it is packed."""
    error = await failure(answer)

    assert type(error) is UnexpectedResponse
    assert error.status == 200
    assert "larger than 33554432 bytes" in str(error)


async def test_a_large_body_is_read() -> None:
    """A reply of exactly the largest size is a reply."""

    async def answer(line: Line) -> None:
        await line.heard()
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MAX_BODY, bytes(MAX_BODY))

    async with serving(answer) as served, own() as transport:
        assert len((await get(transport, served.url)).body) == MAX_BODY


@pytest.mark.parametrize("answer", [*BROKEN, waits, *HUGE])
async def test_no_failure_holds_the_token(answer: Answering) -> None:
    """Neither an error nor anything it is made from shows what was in the request's headers."""
    error = await failure(answer, seconds=1.0 if answer is not waits else 0.05)
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain += [repr(link), repr(vars(link))]
        link = link.__cause__ or link.__context__

    assert SECRET not in "".join(traceback.format_exception(error))
    assert SECRET.encode() not in pickle.dumps(error)
    assert SECRET not in "".join(chain)


# --- sessions -------------------------------------------------------------------------------


async def always_ok(line: Line) -> None:
    while True:
        await line.heard()
        await line.say(OK)


async def test_a_borrowed_session_is_never_closed() -> None:
    """A session that was passed in belongs to whoever passed it in."""
    async with serving(always_ok) as served, aiohttp.ClientSession() as session:
        transport = Transport(session, timeout=5)
        await get(transport, served.url)
        await transport.close()

        assert not session.closed


async def test_an_own_session_is_closed_and_not_opened_again() -> None:
    """After close the connections are gone, and a call says what is wrong."""
    async with serving(always_ok) as served:
        transport = Transport(None, timeout=5)
        await get(transport, served.url)
        await transport.close()
        await transport.close()
        with pytest.raises(ConfigurationError, match="is closed: make a new one"):
            await get(transport, served.url)

        assert await served.lines[0].reader.read() == b""


async def test_closing_before_the_first_call() -> None:
    """A client that was never used can be closed, and stays closed."""
    transport = Transport(None, timeout=5)
    await transport.close()
    with pytest.raises(ConfigurationError, match="is closed"):
        await get(transport, "http://127.0.0.1:1")


async def test_a_borrowed_session_that_was_closed() -> None:
    """Somebody else's closed session is named, not taken for an outage."""
    async with aiohttp.ClientSession() as session:
        pass
    with pytest.raises(ConfigurationError, match="session given to it, is closed"):
        await get(Transport(session, timeout=5), "http://127.0.0.1:1")


async def test_a_fault_of_another_kind_is_not_hidden() -> None:
    """A RuntimeError that is not about a closed session, such as a call outside of any task."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException] = loop.create_future()

    def outside_of_any_task() -> None:
        try:
            get(transport, "http://127.0.0.1:1").send(None)
        except RuntimeError as error:
            ended.set_result(error)

    async with own() as transport:
        loop.call_soon(outside_of_any_task)

        assert "inside a task" in str(await ended)
