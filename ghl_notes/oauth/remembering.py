"""The failure of the last try, raised to callers that come too soon after it."""

from copy import copy
from math import inf
from typing import Final

from attrs import define, field

from ghl_notes.errors import HighLevelError

__all__ = ["Remembered"]

# Without a ``Retry-After`` no request is sent for this long.
PAUSE_SECONDS: Final = 5.0
# A longer Retry-After is believed until one request has looked whether it still holds.
_LONGEST: Final = 300.0


@define
class Remembered:
    """Why there is no token, until it is worth asking again. Times are of a monotonic clock."""

    _error: HighLevelError | None = field(default=None, init=False)
    _about: object = field(default=None, init=False)
    _until: float = field(default=0.0, init=False)
    _until_looked: float = field(default=0.0, init=False)
    _urgent: tuple[float, float] = field(default=(0.0, 0.0), init=False)

    def keep(
        self,
        error: HighLevelError,
        about: object,
        *,
        now: float,
        for_good: bool = False,
        urgent: float = 0.0,
    ) -> float:
        """Remember a failure of ``about``, what the store had then: while that stays, it holds.

        Returns in how many seconds it may be asked again. ``for_good`` is for a refusal that only
        a change in the store ends. For ``urgent`` seconds a ``Retry-After`` is not believed: what
        can be got by then is lost for good afterwards.
        """
        asked = error.retry_after
        pause = PAUSE_SECONDS if asked is None else min(max(asked, 1.0), _LONGEST)
        self._error, self._about = copy(error), about  # without what its traceback holds
        self._until = inf if for_good else now + pause
        self._urgent = now + PAUSE_SECONDS, now + urgent
        # A health check waits only for a ``Retry-After`` of HighLevel's.
        self._until_looked = now + pause if asked is not None or for_good else now
        return min(pause, PAUSE_SECONDS) if urgent > PAUSE_SECONDS else pause

    def replace(self, error: HighLevelError) -> None:
        """Remember the same failure under another name."""
        if self._error is not None:
            error.retry_after = self._error.retry_after
            self._error = copy(error)

    def forget(self) -> None:
        """Forget it: the next caller may send a request."""
        self._error = self._about = None

    def check(self, about: object, *, now: float, looking: bool) -> None:
        """Raise what is remembered of ``about``, with what remains of its ``retry_after``."""
        until = self._until_looked if looking else self._until
        if self._error is None or self._about != about or now >= until:
            return
        soonest, latest = self._urgent
        if soonest <= now < latest:
            return
        again = copy(self._error)
        if now < soonest < latest:
            until = min(until, soonest)
        again.retry_after = None if until == inf else until - now
        raise again
