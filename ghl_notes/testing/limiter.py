"""HighLevel's request limit as seen from its side: pure counting, the times are passed in."""

from collections import deque

from attrs import define, field, frozen

__all__ = ["NO_LIMIT", "Limiter", "Reading", "Trail"]

DAY = 86_400.0
NO_LIMIT = 1_000_000
_NO_DAY = 10**12


@frozen
class Reading:
    """The answer to one request: let in or not, and what is left."""

    accepted: bool
    remaining: int
    daily_remaining: int
    daily_reset_ms: int


@define
class Limiter:
    """One location's counter over all its endpoints.

    ``now`` is monotonic and moves the short window, ``wall`` is Unix time and moves the day. A
    refused request counts in neither.
    """

    limit: int
    interval: float
    daily: int
    sliding: bool = False
    _window: deque[float] = field(factory=deque, init=False, repr=False)
    _started: float | None = field(default=None, init=False)
    _used: int = field(default=0, init=False)
    _day_started: float | None = field(default=None, init=False)
    _day_used: int = field(default=0, init=False)

    @classmethod
    def plain(cls, limit: int | None, interval: float) -> "Limiter":
        """Make one that knows no days; None is no limit."""
        return cls(NO_LIMIT if limit is None else limit, interval, _NO_DAY)

    def full(self, now: float, wall: float) -> bool:
        """Tell whether a request at this moment would be refused."""
        self._roll(now, wall)
        return self._used >= self.limit or self._day_used >= self.daily

    def take(self, now: float, wall: float) -> Reading:
        """Count a request in, or refuse it."""
        accepted = not self.full(now, wall)
        if accepted:
            self._count(now, wall)
        return self.reading(wall, accepted=accepted)

    def reading(self, wall: float, *, accepted: bool) -> Reading:
        """Tell what is left, the present request counted."""
        elapsed = 0.0 if self._day_started is None else wall - self._day_started
        return Reading(
            accepted=accepted,
            remaining=self.limit - self._used,
            daily_remaining=self.daily - self._day_used,
            daily_reset_ms=round((DAY - elapsed) * 1000),
        )

    def resets_in(self, now: float) -> float:
        """Tell how many seconds the window still lasts: its whole length before a first request."""
        began = self._window[0] if self.sliding and self._window else self._started
        return self.interval if began is None else max(0.0, began + self.interval - now)

    def headers(self, reading: Reading) -> dict[str, str]:
        """Write a reading the way HighLevel does, daily-reset being in no document of its."""
        return {
            "x-ratelimit-limit-daily": str(self.daily),
            "x-ratelimit-daily-remaining": str(reading.daily_remaining),
            "x-ratelimit-daily-reset": str(reading.daily_reset_ms),
            "x-ratelimit-interval-milliseconds": str(round(self.interval * 1000)),
            "x-ratelimit-max": str(self.limit),
            "x-ratelimit-remaining": str(reading.remaining),
        }

    def _roll(self, now: float, wall: float) -> None:
        # Recorded: the day ends 24 h after its first request, not at midnight.
        if self._day_started is not None and wall - self._day_started >= DAY:
            self._day_started, self._day_used = None, 0
        if self.sliding:
            while self._window and now - self._window[0] >= self.interval:
                self._window.popleft()
            self._used = len(self._window)
        # Recorded: a window starts with the first request after the last one ended.
        elif self._started is not None and now - self._started >= self.interval:
            self._started, self._used = None, 0

    def _count(self, now: float, wall: float) -> None:
        self._used += 1
        self._day_used += 1
        if self.sliding:
            self._window.append(now)
        if self._started is None:
            self._started = now
        if self._day_started is None:
            self._day_started = wall


@define
class Trail:
    """The most requests ever seen in any trailing interval, whatever a limiter made of them."""

    interval: float
    most: int = 0
    _times: deque[float] = field(factory=deque, init=False, repr=False)

    def add(self, now: float) -> None:
        """See one request."""
        self._times.append(now)
        while now - self._times[0] >= self.interval:
            self._times.popleft()
        self.most = max(self.most, len(self._times))
