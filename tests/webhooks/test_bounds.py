# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What is looked at before a body is read, and how much of it is, and for how long."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.webhooks import MAX_BODY, Receipt
from tests.webhooks.conftest import UNKNOWN

RSA = {"X-WH-Signature": b64encode(bytes(512)).decode()}


class Unread:
    """A body that fails the test when anyone begins to read it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        pytest.fail("the body was read")


UNSIGNED = {
    "nothing": {},
    "N/A": {"X-GHL-Signature": "N/A"},
    "no base64": {"X-GHL-Signature": "?" * 88},
    "63 bytes": {"X-GHL-Signature": b64encode(bytes(63)).decode()},
    "65 bytes": {"X-GHL-Signature": b64encode(bytes(65)).decode()},
    "two": [*UNKNOWN.items(), *UNKNOWN.items()],
    "the legacy one, which nobody asked for": RSA,
}
NOT_WORTH_IT = {
    "gzip": ({"Content-Encoding": "gzip"}, 415),
    "br": ({"content-encoding": "br"}, 415),
    "two encodings": ({"Content-Encoding": "identity, gzip"}, 415),
    "another header": ([("Content-Encoding", "identity"), ("Content-Encoding", "gzip")], 415),
    "too long": ({"Content-Length": str(MAX_BODY + 1)}, 413),
    "far too long": ({"Content-Length": "9" * 5_000}, 413),
    "no length": ({"Content-Length": "ten"}, 400),
    "below zero": ({"Content-Length": "-1"}, 400),
    "other digits": ({"Content-Length": "١٢"}, 400),
    "nothing at all": ({"Content-Length": ""}, 400),
}


@pytest.mark.parametrize("name", UNSIGNED)
async def test_without_a_signature_nothing_is_read(webhooks, store, name) -> None:
    """What cannot be HighLevel's by its headers costs neither body nor store."""
    assert await webhooks.receive(UNSIGNED[name], Unread()) == Receipt(401, "not accepted")


@pytest.mark.slow  # makes an RSA key of 4096 bits
async def test_a_legacy_signature_must_have_the_length_of_its_key(
    listen, highlevel, fake, send
) -> None:
    """With a legacy key its signatures are looked at in the same way."""
    webhooks = listen(highlevel, legacy_key=fake.legacy_webhook_key)
    short = {"X-WH-Signature": b64encode(bytes(256)).decode()}
    body = send.event()

    assert (await webhooks.receive(short, Unread())).status == 401
    assert (await webhooks.receive(RSA, body)).status == 401
    assert (await webhooks.receive(fake.sign(body, legacy=True), body)).status == 200


@pytest.mark.parametrize("name", NOT_WORTH_IT)
async def test_a_body_that_cannot_be_right_is_not_read(webhooks, name) -> None:
    """With a signature that could be one, the other headers are looked at next."""
    headers, status = NOT_WORTH_IT[name]
    pairs = headers if isinstance(headers, list) else list(headers.items())
    receipt = await webhooks.receive([*UNKNOWN.items(), *pairs], Unread())

    assert (receipt.status, receipt.event) == (status, None)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Content-Encoding": "identity"},
        {"Content-Encoding": " Identity "},
        {"Content-Encoding": ""},
        {"Content-Length": f"00{MAX_BODY}"},
        {"Transfer-Encoding": "chunked"},
    ],
)
async def test_what_is_usual_is_read(send, webhooks, fake, more) -> None:
    """An encoding that changes nothing, and a length that is missing, are no reason to refuse."""
    body = send.event()

    assert (await webhooks.receive({**fake.sign(body), **more}, body)).status == 200


async def hanging() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.Event().wait()


async def dripping() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.001)


async def empty() -> AsyncIterator[bytes]:
    while True:  # which waits for nothing, and would let nobody else run
        yield b""


async def stubborn() -> AsyncIterator[bytes]:
    try:
        await asyncio.Event().wait()
    finally:
        raise OSError
    yield b""


@pytest.mark.parametrize("body", [hanging, dripping, empty, stubborn])
async def test_a_body_must_come_in_time(listen, highlevel, body, handler) -> None:
    """A sender of nothing, or of little at a time, gets an answer when the time is up."""
    webhooks = listen(highlevel, body_timeout=0.05)

    async with asyncio.timeout(5):
        receipt = await webhooks.receive(UNKNOWN, body())
    assert receipt == Receipt(408, "too slow")
    assert handler.got == []


async def test_a_timeout_of_the_framework_is_no_timeout_of_ours(webhooks) -> None:
    """What a framework raises for a lost sender is a body that broke off."""

    async def lost() -> AsyncIterator[bytes]:
        raise TimeoutError
        yield b""

    assert (await webhooks.receive(UNKNOWN, lost())).status == 400


async def test_a_cancelled_request_is_cancelled_while_its_body_comes(webhooks) -> None:
    """A cancellation is no refusal."""
    request = asyncio.create_task(webhooks.receive(UNKNOWN, hanging()))
    await asyncio.sleep(0.01)
    request.cancel()

    with pytest.raises(asyncio.CancelledError):
        await request


@pytest.mark.parametrize("piece", ["{}", None, 5, [123]])
async def test_pieces_that_are_no_bytes_are_the_callers_to_fix(webhooks, piece) -> None:
    """A stream of anything but bytes is a mistake of the program."""

    async def odd() -> AsyncIterator[object]:
        yield piece

    with pytest.raises(ConfigurationError, match="raw bytes"):
        await webhooks.receive(UNKNOWN, odd())


@pytest.mark.parametrize("kind", [bytearray, memoryview])
async def test_pieces_may_be_any_bytes(send, webhooks, fake, kind) -> None:
    """Frameworks give buffers as well."""
    body = send.event()

    async def pieces() -> AsyncIterator[object]:
        yield kind(body[:9])
        yield kind(body[9:])

    assert (await webhooks.receive(fake.sign(body), pieces())).status == 200


@pytest.mark.parametrize("odd", [None, 5, "X-GHL-Signature", ["ab"], {"X-GHL-Signature": 5}])
async def test_what_cannot_be_headers_is_the_callers_to_fix(webhooks, odd) -> None:
    """``receive`` takes the headers that ``verify`` takes, and no others."""
    with pytest.raises(ConfigurationError, match="headers"):
        await webhooks.receive(odd, b"{}")


async def test_headers_as_asgi_has_them(send, webhooks, fake) -> None:
    """``scope["headers"]`` can be passed on as it is."""
    body = send.event()
    scope = [(n.lower().encode(), v.encode()) for n, v in fake.sign(body).items()]

    assert (await webhooks.receive(scope, body)).status == 200


async def test_two_apps_on_one_store_do_not_take_each_others_deliveries(
    build, listen, fake, store, send, handler
) -> None:
    """The same delivery id means another event to another app."""
    app = fake.app
    other = build(
        store=store, client_id=f"{app.app_id}-other", client_secret="x", redirect_uri="https://x/y"
    )
    first, second = await send(), await send()
    send.webhooks = listen(other)
    elsewhere = await send(locationId=None, type="Another")
    again = await send(locationId=None, type="Another")

    assert [first.text, second.text] == ["handled", "seen before"]
    assert [elsewhere.text, again.text] == ["handled", "seen before"]
    assert len(handler.got) == 2
