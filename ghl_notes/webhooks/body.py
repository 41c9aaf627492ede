"""The body of a request: its announcement in the headers, and its reading within bounds."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Final, TypeAlias

from ghl_notes.errors import ConfigurationError, WebhookRejected
from ghl_notes.webhooks.headers import Found

__all__ = ["HEADERS", "MAX_BODY", "Body", "check_announced", "check_raw", "read_bounded"]

MAX_BODY: Final = 1024 * 1024
"""The largest body that is read, in bytes. HighLevel documents 256 KB."""

Body: TypeAlias = bytes | AsyncIterable[bytes]
"""The raw body of a request, whole or as it comes."""

_ENCODING: Final = "content-encoding"
_LENGTH: Final = "content-length"
HEADERS: Final = frozenset((_ENCODING, _LENGTH))
"""The headers that ``check_announced`` looks at."""


def check_announced(found: Found) -> None:
    """Raise ``WebhookRejected`` for a body that need not be read, by its headers.

    HighLevel compresses nothing, and a compressed body may be a thousand times as large as it
    looks. A length may be missing, as some proxies take it away.
    """
    if any(one.strip().lower() not in ("", "identity") for one in found.get(_ENCODING, ())):
        raise WebhookRejected("its body is encoded", status=415)
    for length in found.get(_LENGTH, ()):
        if not (length.isascii() and length.isdigit()):
            raise WebhookRejected("its Content-Length is not a number", status=400)
        if len(length.lstrip("0")) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
            raise _too_large()


def check_raw(body: Body) -> None:
    """Raise ``ConfigurationError`` for what is no raw body."""
    if not isinstance(body, bytes | AsyncIterable):
        raise _not_raw()


async def read_bounded(body: Body, *, seconds: float) -> bytes:
    """Read a body of at most ``MAX_BODY`` bytes within ``seconds``, or raise ``WebhookRejected``.

    Raises ``ConfigurationError`` for pieces that are no bytes.
    """
    if not isinstance(body, bytes):
        return await _read_in_time(body, seconds)
    if len(body) > MAX_BODY:
        raise _too_large()
    return body


async def _read_in_time(body: AsyncIterable[bytes], seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await _collected(body)
    except (ConfigurationError, WebhookRejected):
        raise
    except Exception as error:  # noqa: BLE001 - each framework has its own for a lost sender
        if limit.expired():
            raise WebhookRejected("its body did not come in time", status=408) from None
        why = f"its body broke off ({type(error).__name__})"
        raise WebhookRejected(why, status=400) from None


async def _collected(body: AsyncIterable[bytes]) -> bytes:
    collected, pieces = bytearray(), 0
    try:
        async for chunk in body:
            if not isinstance(chunk, bytes | bytearray | memoryview):
                raise _not_raw()
            pieces += 1
            if pieces > 1:  # a server may have many ready, and would not yield to other tasks
                await asyncio.sleep(0)
            collected += chunk
            if len(collected) > MAX_BODY:
                raise _too_large()
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
    return bytes(collected)


def _too_large() -> WebhookRejected:
    return WebhookRejected("its body is too large", status=413)


def _not_raw() -> ConfigurationError:
    return ConfigurationError(
        "body must be the raw bytes of the request, or an async iterable of them"
    )
