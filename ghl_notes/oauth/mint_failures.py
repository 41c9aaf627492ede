"""What it means that an agency was given no token for a location."""

import re
from typing import Final

from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.denials import is_passing

__all__ = ["TokenRefused", "refuses", "told"]

_DENIALS: Final = ("scope", "kind", "location")
_REFUSALS: Final = (400, 422)
# A 404 may as well be about the path, as in "Cannot POST /oauth/location-token".
_NAMES_LOCATION: Final = re.compile(r"(?<![/\w])location\b(?![-/])", re.IGNORECASE).search
# Nor is a 400 always about the location: "Invalid API version segment 'x' at position 0".
_NAMES_INSTALL: Final = re.compile(
    r"(?<![/\w])location(?:[ _]?id)?\b(?![-/])|\binstall|\bapp(?:lication)?\b", re.IGNORECASE
).search


class TokenRefused(AccessDenied):
    """HighLevel does not take the agency's access token; a newer one may do."""


def refuses(error: HighLevelError) -> bool:
    """Tell whether HighLevel itself refuses the agency a token for a location.

    A proxy's page proves nothing, nor does a 401 with an unknown message, a 404 that does not
    speak of the location, a 400 or 422 that speaks of neither the location nor the app, nor what
    passes.
    """
    if isinstance(error, AccessDenied):
        return error.reason in _DENIALS
    said = "; ".join(error.messages)
    if not isinstance(error, RequestRejected) or not said or is_passing(said):
        return False
    if error.status == 404:  # noqa: PLR2004
        return bool(_NAMES_LOCATION(said))
    return error.status in _REFUSALS and bool(_NAMES_INSTALL(said))


def told(error: HighLevelError) -> HighLevelError:
    """Name a failure of the agency's request for the call that needs the token.

    Nothing of a page, a wrong path or unknown words is about the contact or the note of that call.
    """
    if isinstance(error, _PLAIN) or refuses(error):
        return error
    odd = isinstance(error, UnexpectedResponse)
    words = "; ".join(error.messages) or (error.args[0] if odd else "without a reason")
    passing = Unavailable(
        f"no token in HighLevel's reply ({error.status or 'none'}): {words}",
        maybe_applied=False,
        status=error.status,
        messages=error.messages,
        trace_id=error.trace_id,
    )
    passing.__cause__ = error
    return passing if error.path is None else passing.at(error.method or "", error.path)


# These pass, or name the location, the agency or what the caller can mend.
_PLAIN: Final = (
    Unavailable,
    LocationInactive,
    TokenRefused,
    ReauthorizationRequired,
    ConfigurationError,
)
