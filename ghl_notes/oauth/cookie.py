"""The cookie that ties an install's state to the browser that began it. Pure: time is passed in.

The state itself comes back in the callback's URL; the cookie proves that this browser asked for
it, and when. Cookie and state are no good without each other, and for ten minutes only.
"""

import hashlib
import hmac
from typing import Final

__all__ = ["LIFETIME", "is_ours", "name_of", "sign"]

LIFETIME: Final = 600
"""For how many seconds an install may be under way; a code of HighLevel's is no good for longer."""

_PURPOSE: Final = b"ghl_notes: the state of an install, version 1"


def name_of(state: str) -> str:
    """Name the cookie of a state: each state has its own, so two tabs do not disturb each other."""
    return f"ghl_install_{hashlib.sha256(_bytes(state)).hexdigest()[:16]}"


def sign(state: str, *, secret: str, now: float) -> str:
    """Make the cookie's value: when the state was made, and the signature of both."""
    issued = str(int(now))
    return f"{issued}.{_mac(state, issued, secret)}"


def is_ours(state: str, value: str, *, secret: str, now: float) -> bool:
    """Tell whether ``sign`` made this value for this state, less than ``LIFETIME`` ago.

    The end is part of what is signed, so a browser that keeps a cookie for longer gains nothing.
    """
    issued, _, mac = value.partition(".")
    expected = _mac(state, issued, secret)
    return hmac.compare_digest(_bytes(mac), _bytes(expected)) and now < int(issued) + LIFETIME


def _mac(state: str, issued: str, secret: str) -> str:
    # The time has no dot in it, so no other time and state read the same.
    key = hmac.digest(_bytes(secret), _PURPOSE, "sha256")
    return hmac.digest(key, _bytes(f"{issued}.{state}"), "sha256").hex()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # aiohttp hands out odd header bytes as surrogates
