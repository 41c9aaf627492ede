"""What becomes of a reply on its way out: the faults that bend bytes."""

import zlib
from collections.abc import Iterator
from functools import cache
from typing import Literal

from ghl_notes.testing.bending import bent, written
from ghl_notes.testing.faults import Fault
from ghl_notes.testing.replies import Reply

__all__ = [
    "HUGE_SIZE",
    "Encoding",
    "body_of",
    "broken_gzip",
    "compressed",
    "gzip_bomb",
    "huge_chunks",
]

Encoding = Literal["gzip", "deflate"]
"""How replies are compressed."""

HUGE_SIZE = 65 * 1024 * 1024
_CHUNK = b" " * 65_536


def body_of(reply: Reply, fault: Fault | None) -> bytes:
    """Give the bytes of a reply, bent by a fault."""
    if isinstance(reply.payload, str):
        return reply.payload.encode()
    if fault is Fault.EMPTY_BODY:
        return b""
    if fault is Fault.WRONG_TYPE:
        return b'["unexpected"]'
    body = written(bent(reply.payload, fault))
    return body[: len(body) // 2] if fault is Fault.CUT_JSON else body


def huge_chunks() -> Iterator[bytes]:
    """Give a body of more than 64 MB that is never held whole."""
    yield b'{"notes":['
    for _ in range(HUGE_SIZE // len(_CHUNK)):
        yield _CHUNK
    yield b"]}"


def compressed(body: bytes, encoding: Encoding) -> bytes:
    """Compress a body in a ``Content-Encoding``."""
    packer = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    return packer.compress(body) + packer.flush()


def broken_gzip(body: bytes) -> bytes:
    """Compress a body, and turn the second half of what comes out into noise."""
    packed = compressed(body, "gzip")
    half = len(packed) // 2
    return packed[:half] + bytes(byte ^ 0xFF for byte in packed[half:])


@cache
def gzip_bomb() -> bytes:
    """Give the same body as a small gzip."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(map(packer.compress, huge_chunks())) + packer.flush()
