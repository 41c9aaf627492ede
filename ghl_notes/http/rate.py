"""What HighLevel's headers say of a location's limit.

https://marketplace.gohighlevel.com/docs/other/rate-limits
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import define

Headers: TypeAlias = Mapping[str, str]

_DAY: Final = 86_400
# Numbers outside reason are no limits. HighLevel's interval is 10 s; no wait of a server's is
# believed for longer than these seconds without a probe (see ``shut``). Above the other number
# there is no limit to speak of.
MOST_SECONDS: Final = 300.0
_MOST_REQUESTS: Final = 1_000_000_000


@define(eq=False)
class RateSnapshot:
    """What the rate headers of one reply say; None where they say nothing.

    ``remaining`` counts the present call. ``daily_reset`` is in seconds from the reply.
    """

    limit: int
    interval: float
    remaining: int
    daily_limit: int | None
    daily_remaining: int | None
    daily_reset: float | None


def rate(headers: Headers) -> RateSnapshot | None:
    """Read the rate headers; None if the three of the short window are not all sensible.

    https://marketplace.gohighlevel.com/docs/other/rate-limits; the daily reset is undocumented
    and counts the milliseconds that are left.
    """
    get = headers.get
    limit = _number(get("X-RateLimit-Max"))
    interval = _number(get("X-RateLimit-Interval-Milliseconds"))
    remaining = _number(get("X-RateLimit-Remaining"))
    if not limit or not interval or remaining is None:
        return None
    if interval > 1000 * MOST_SECONDS or limit > _MOST_REQUESTS:
        return None
    daily = _number(get("X-RateLimit-Limit-Daily"))
    left = _number(get("X-RateLimit-Daily-Remaining"))
    if left is not None and daily is not None and left > daily:
        left = None
    reset = _number(get("X-RateLimit-Daily-Reset"))
    return RateSnapshot(
        limit,
        interval / 1000,
        remaining,
        daily,
        left,
        None if reset is None or reset > 1000 * _DAY else reset / 1000,
    )


@lru_cache(1024)  # of six numbers in every reply, five are the same as in the last
def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 16 else None  # noqa: PLR2004
