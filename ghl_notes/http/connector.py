"""Connections whose requests, once they are given up, do not arrive later."""

import socket
import struct
from contextlib import suppress
from typing import Any, Final

import aiohttp

_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Connector(aiohttp.TCPConnector):
    """Resets the connection of a request that was cancelled, timed out or broke off.

    aiohttp closes it, and a close first sends what still lies in the buffers: on an uplink that
    stalls, a request that no caller waits for would still arrive, be counted and perhaps be done.
    There is no public way to it, so should aiohttp's own change, it is closed as ever.
    """

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        if should_close and not self.closed:
            _reset(protocol.transport)
        super()._release(key, protocol, should_close=should_close)


def _reset(transport: Any) -> None:
    if transport is None:
        return
    # Without lingering a close becomes an RST, and drops what was not sent. Not every event loop
    # lets its sockets be set.
    with suppress(OSError, TypeError, AttributeError):
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
