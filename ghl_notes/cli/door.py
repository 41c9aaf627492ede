"""Where a browser that is sent to a redirect URI comes in on this machine. Pure."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from ghl_notes.cli.statuses import Refused

__all__ = ["HERE", "Door", "door_of"]

HERE: Final = "127.0.0.1"
"""Where ``login`` listens; a tunnel leads there from anywhere."""

_LOOPBACK: Final = (HERE, "localhost")
_CALLBACK: Final = "/callback"


@frozen
class Door:
    """The path and the port to listen on, and the page at which an install begins.

    That page is under the redirect URI's own origin, or the cookie with the state would not come
    back with the browser.
    """

    prefix: str
    port: int
    connect_url: str


def door_of(redirect_uri: str, listen: int | None) -> Door:
    """Find the door that a redirect URI leads to; ``listen`` is the port of its tunnel's end.

    Raises ``Refused``, with the remedy, for a redirect URI that does not lead here by itself.
    """
    url = _split(redirect_uri)
    if not url.path.endswith(_CALLBACK):
        raise Refused(f"login answers on a path that ends in {_CALLBACK}: use --paste")
    leads_here = url.scheme == "http" and url.hostname in _LOOPBACK
    if listen is None and not leads_here:
        raise Refused(
            f"{redirect_uri} does not lead to this machine by itself: open a tunnel from it to"
            f" http://{HERE}:PORT and give --listen PORT, or use --paste"
        )
    prefix = url.path.removesuffix(_CALLBACK)
    connect = url._replace(path=f"{prefix}/connect", query="", fragment="")
    return Door(prefix, listen or url.port or 80, connect.geturl())


def _split(redirect_uri: str) -> SplitResult:
    try:
        url = urlsplit(redirect_uri)
        if url.scheme in ("http", "https") and url.hostname and url.port != 0:
            return url
    except ValueError:  # of a port, or of brackets
        pass
    raise Refused(f"the redirect URI {redirect_uri!r} is not a URL that a browser can open")
