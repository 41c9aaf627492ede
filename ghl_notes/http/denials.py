"""What a 401 is about, by its message: a status is not a cause.

HighLevel answers 401 for a token that has ended, and also for a missing scope, the wrong kind of
token, a missing parameter or version, a route that its gateway does not know, and when that
gateway has waited too long. Renewing a token spends a refresh token, so it is done for messages
that name the token, and once for unknown messages; see ``refusals`` for how often.
"""

import re
from enum import Enum
from typing import Final

from attrs import frozen


class Blame(Enum):
    """What a 401 is about."""

    TOKEN = "the token, in words that are known"  # noqa: S105 - no password
    CALL = "the scope, the kind of token, the route or the parameters: another token would not help"
    GATEWAY = "nothing: the gateway gave up or is overloaded, and it passes"
    UNKNOWN = "not known: these words may mean anything"


@frozen
class Denial:
    """What a 401 is about, and its words, reduced to what is the same in every repetition."""

    blame: Blame
    words: str


def denial(reason: str) -> Denial:
    """Read the words of a 401."""
    return Denial(blame(reason), _reduced(reason))


def blame(reason: str) -> Blame:
    """Say what a 401 in these words is about."""
    if _CALL(reason):
        return Blame.CALL
    if _TOKEN(reason):
        return Blame.TOKEN
    return Blame.GATEWAY if is_passing(reason) else Blame.UNKNOWN


def has_given_up(status: int, reason: str) -> bool:
    """Tell whether a gateway, or a service behind HighLevel's, could not answer."""
    if status == 400:  # noqa: PLR2004 - for a call that is wrong, so its words must be unmistakable
        return bool(_TIMED_OUT(reason))
    return status in (401, 403) and blame(reason) is Blame.GATEWAY


def is_passing(reason: str) -> bool:
    """Tell by the message of a 401 or 403 whether it means that a gateway could not answer."""
    return bool(_PASSING(reason)) and not _SESSION(reason)


# Seen: "The token is not authorized for this scope.", "This authClass type is not allowed to
# access this scope", "Token's user type mismatch!", "version header was not found.", "E01 -
# Unauthorized request" (a missing parameter), "This route is not yet supported by the IAM Service".
_CALL: Final = re.compile(
    r"\bscope|auth\s?class|user\s?type|version header|access to this location|not active"
    r"|\bE\d\d\b|\bIAM\b|\broute\b|\b(?:missing|invalid) (?:required )?param|\bpermission",
    re.IGNORECASE,
).search
# Seen: "Invalid JWT", "Invalid token: access token is invalid", "Invalid Private Integration
# token", and Close's "The access token expired."
_TOKEN: Final = re.compile(
    r"\bjwt\b|\b(?:invalid|expired|revoked|malformed|bad)[ _](?:[\w-]+[ _]){0,3}token\b"
    r"|\btoken\b[^.;:]{0,30}\b(?:invalid|expired|revoked|malformed|not valid)\b",
    re.IGNORECASE,
).search
# Seen: "Command timed out". The others are what gateways of this kind (Envoy, nginx, Express) say.
_PASSING: Final = re.compile(
    r"\btimed?[ -]?out\b|\btimeout\b|\bunavailable\b|\btemporar|\bupstream\b|\bgateway\b"
    r"|\boverload|\btry again\b|\binternal (?:server )?error\b|\btoo many requests\b"
    r"|\bECONN|\bETIMEDOUT\b|\bsocket hang ?up\b|\bconnection (?:was )?(?:reset|refused|closed)\b",
    re.IGNORECASE,
).search
# All that a service says which gave up on another behind it: axios' words, and what a 401 said.
_TIMED_OUT: Final = re.compile(
    r"(?:AxiosError: )?timeout of \d+ ?ms exceeded"
    r"|(?:(?:command|connection|gateway|operation|query|request|upstream) ){1,2}timed[ -]?out\.?",
    re.IGNORECASE,
).fullmatch
# A session that timed out is no gateway that did: it may be the token after all.
_SESSION: Final = re.compile(r"\b(?:session|token|login)\b", re.IGNORECASE).search

_NUMBERED: Final = re.compile(r"\S*\d\S*")
_LONGEST: Final = 200


def _reduced(reason: str) -> str:
    """Drop what differs from one repetition to the next: ids, times, spaces."""
    return " ".join(_NUMBERED.sub("#", reason).split()).casefold()[:_LONGEST]
