# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The receiver as an aiohttp route, and what it takes to import it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from ghl_notes.errors import ConfigurationError
from ghl_notes.webhooks import (
    MAX_BODY,
    ContactCreated,
    ContactDeleted,
    NoteCreated,
    TaskCreated,
)
from tests.webhooks.conftest import UNKNOWN, serving


@pytest_asyncio.fixture
async def url(fake, webhooks) -> AsyncIterator[str]:
    """Give the address of the served route."""
    async with serving(fake, webhooks) as url:
        yield url


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client."""
    async with aiohttp.ClientSession() as http:
        yield http


async def test_what_highlevel_delivers_is_taken_in(fake, url, handler) -> None:
    """A webhook sent over HTTP is handed on, and answered as the receipt says."""
    fake.add_note(fake.contact_ids()[0], "Grüße, \u2028 and <b>all</b>")
    (delivery,) = await fake.deliver()

    assert delivery.statuses == (200,)
    assert [event.body for event in handler.got] == ["Grüße, \u2028 and <b>all</b>"]


@pytest.mark.parametrize("omitted", ["body", "appId", "companyId", "contactId", "dateAdded", None])
async def test_contacts_tasks_and_notes_arrive_whatever_is_left_out(
    fake, url, handler, omitted
) -> None:
    """What happens in HighLevel arrives, typed, whichever field it forgets to send."""
    fake.webhook_omits = () if omitted is None else (omitted,)
    contact_id = fake.add_contact(email="jane@example.com")
    fake.add_task(contact_id, "Call Jane")
    fake.add_note(contact_id, "x" * 300_000)
    fake.delete_contact(contact_id)
    results = await fake.deliver(duplicates=0.5, disorder=True, delayed=0.5)
    results += await fake.deliver(concurrency=4)

    assert all(one.delivered for one in results)
    assert {type(event) for event in handler.got} == {
        *(ContactCreated, TaskCreated, NoteCreated, ContactDeleted)
    }
    assert len(handler.got) == 4
    assert {getattr(one, "body", None) for one in handler.got} == {None}


async def test_a_delivery_in_any_order_and_twice(fake, url, handler) -> None:
    """A hundred notes arrive once each, whatever the network does."""
    for number in range(100):
        fake.add_note(fake.contact_ids()[0], str(number))
    results = await fake.deliver(duplicates=0.5, disorder=True, concurrency=8)

    assert all(one.delivered for one in results)
    assert sorted(event.body for event in handler.got) == sorted(map(str, range(100)))


async def test_answers_are_short_plain_text(fake, url, http, send) -> None:
    """A refusal says that it is one, and nothing of use to an attacker."""
    async with http.post(url, data=send.event()) as reply:
        assert (reply.status, await reply.text()) == (401, "not accepted")
        assert reply.content_type == "text/plain"
    async with http.get(url) as reply:
        assert reply.status == 405


@pytest.mark.parametrize("expected", ["100-continue", "100-Continue", "nonsense"])
async def test_a_sender_that_asks_first(fake, url, http, send, expected) -> None:
    """It may go on and is answered as any other; what else it expects is nobody's business."""
    body = send.event()
    headers = {**fake.sign(body), "Expect": expected}
    waits = {"expect100": True} if expected == "100-continue" else {"headers": headers}
    statuses = []
    for more in ({}, {"Content-Encoding": "gzip"}):
        options = {**waits, "headers": {**headers, **more}}
        async with http.post(url, data=body, compress=None, **options) as reply:
            statuses.append(reply.status)

    assert statuses == [200, 415]


async def test_a_huge_body_is_refused_while_it_comes(url, http, handler) -> None:
    """An endless upload is answered long before its end, and its connection is closed."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)

    statuses = []
    for headers in ({}, UNKNOWN):
        async with asyncio.timeout(5), http.post(url, data=endless(), headers=headers) as reply:
            statuses.append(reply.status)
            assert reply.headers["Connection"] == "close"

    assert statuses == [401, 413]
    assert sent < 64 * 1024 * 1024
    assert handler.got == []


async def test_the_applications_own_limit_is_not_relied_on(fake, webhooks, handler, send) -> None:
    """Our limit counts, whatever ``client_max_size`` is."""
    app = web.Application(client_max_size=10)
    app.add_routes([webhooks.route("/hook")])
    async with TestServer(app, shutdown_timeout=0.05) as server:
        fake.webhook_url = str(server.make_url("/hook"))
        fake.add_note(fake.contact_ids()[0], "x" * 250_000)
        (delivery,) = await fake.deliver()

    assert delivery.statuses == (200,)
    assert len(handler.got[0].body) == 250_000


READS = {
    "nobody": (lambda _: asyncio.sleep(0), 200, 413),
    "read": (web.Request.read, 200, 413),
    "text": (web.Request.text, 200, 413),
    "json": (web.Request.json, 200, 413),
    "post": (web.Request.post, 200, 413),
    "its stream": (lambda request: request.content.read(), 401, 401),  # nobody has kept it
}


async def test_a_middleware_that_reads_the_body_costs_no_webhook(send, webhooks, handler) -> None:
    """What aiohttp keeps of a body that somebody has read is verified, within the same bounds."""
    reads, tried = [], {}

    @web.middleware
    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        await reads[-1](request)
        return await handler(request)

    app = web.Application(middlewares=[look], client_max_size=4 * MAX_BODY)
    app.add_routes([webhooks.route("/hook")])
    async with TestServer(app, shutdown_timeout=0.05) as server, aiohttp.ClientSession() as http:

        async def huge() -> AsyncIterator[bytes]:
            for piece in (b'"', *[b" " * 65_536] * (MAX_BODY // 65_536), b'"'):
                yield piece

        async def post(body: object, headers: dict[str, str]) -> int:
            async with http.post(server.make_url("/hook"), data=body, headers=headers) as reply:
                return reply.status

        for name, (read, *_) in READS.items():
            reads.append(read)
            body = send.event(webhookId=name)
            tried[name] = [await post(body, send.fake.sign(body)), await post(huge(), UNKNOWN)]
        reads.append(web.Request.read)
        empty = await post(b"", UNKNOWN)

    for name, (_, *statuses) in READS.items():
        assert tried[name] == statuses, name
    assert empty == 401
    assert len(handler.got) == 5


async def test_a_sender_that_goes_away_within_the_body(webhooks, handler, caplog, until) -> None:
    """Half a webhook is a refusal, and the receiver lives on."""
    begun = asyncio.Event()

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun.set()
        return await handler(request)

    app = web.Application(middlewares=[tell])
    app.add_routes([webhooks.route("/hook")])
    runner = web.AppRunner(app)  # TestServer's cancels a handler whose client is gone
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    signature = b"X-GHL-Signature: " + UNKNOWN["X-GHL-Signature"].encode()
    _, writer = await asyncio.open_connection(host, port)
    writer.write(
        b"POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n" + signature + b"\r\n\r\n{"
    )
    async with asyncio.timeout(10):
        await begun.wait()
    writer.close()
    await writer.wait_closed()
    await until(lambda: "broke off" in caplog.text)
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://{host}:{port}/hook", data=b"{}") as reply,
    ):
        status = reply.status
    await runner.cleanup()

    assert status == 401
    assert handler.got == []


@pytest.mark.parametrize("path", ["webhooks", "", None, 5])
async def test_a_path_that_is_none(webhooks, path) -> None:
    """A route needs a path from the root on."""
    with pytest.raises(ConfigurationError, match="path"):
        webhooks.route(path)


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_without_its_extra_the_import_says_what_to_install() -> None:
    """Where cryptography is missing, the error names the extra that brings it."""
    code = "import sys; sys.modules['cryptography'] = None; import ghl_notes.webhooks"
    ended = run(code)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: ghl_notes.webhooks needs its extra: pip install 'ghl-notes[webhooks]'"
    )


def test_another_framework_loads_no_server_of_aiohttp() -> None:
    """Only ``route`` needs aiohttp's server."""
    ended = run("import ghl_notes.webhooks, sys; print('aiohttp.web' in sys.modules)")

    assert (ended.stdout, ended.stderr) == ("False\n", "")
