"""What is left of a day's requests: by our own count, and by the headers."""

from math import inf
from typing import Final

from ghl_notes.http.rate import RateSnapshot

DAY: Final = 86_400.0


class Day:
    """The daily limit of a location, from which the rate of other programs is learned too."""

    def __init__(self, daily: int) -> None:
        self.left: int = daily
        self.ends: float = inf  # until the first request begins the day
        self.is_from_headers: bool = False  # else it is the limit that the user gave
        self._daily = self._chosen = daily
        self._low = daily  # the lowest remainder in any header
        self.since: float = -inf  # replies to requests from before are the last day's
        self.is_steady: bool = True  # its counter fell by what can have been spent
        self._quiet: tuple[float, int, int] | None = None
        self._silent = 0  # requests since then whose reply had no daily headers

    def roll(self, now: float) -> None:
        """Begin a new day: this one is over."""
        self.left = self._low = self._daily
        self.ends, self.since, self._quiet = inf, now, None

    def begin(self, now: float) -> None:
        """Let the day begin with its first request, not at midnight."""
        self.ends = now + DAY

    def be_silent(self) -> None:
        """Count a request whose reply had no daily headers, or did not come."""
        self._silent += 1

    def renew(self) -> None:
        """Start the count again: the day was reported as over, and a probe found that it is not."""
        self.left = self._low = self._daily
        self._quiet, self.is_from_headers = None, self._daily != self._chosen

    def learn(self, rate: RateSnapshot, left: int, now: float, in_flight: int) -> None:
        """Follow the counter of a reply."""
        self.is_from_headers = True
        self._daily = rate.daily_limit or self._daily
        if rate.daily_reset is not None:
            self.ends = now + rate.daily_reset
        if left > self._low + 2 * rate.limit:  # a new day, not a reply out of order
            self._low, self._quiet = left, None
            self.left = left - in_flight
        elif left < self._low:
            self.is_steady = self._low - left <= 2 * rate.limit
            self._low = left
            self.left = min(self.left, left)
        if not in_flight:
            self.left = self._low

    def others(self, now: float, interval: float, taken: int) -> int:
        """Tell how many requests of others there were for each interval, at a quiet moment.

        Unlike the short window's counter this one never starts again in between, so what it lost
        between two moments at which none of our requests was under way, less our own, is theirs.
        """
        used = 0
        if self._quiet is not None:
            at, low, before = self._quiet
            if now - at < interval:
                return 0
            used = round(((low - self._low) - (taken - before)) * interval / (now - at))
        # A silent request may be missing in the counter yet; so it must not count as theirs later.
        self._quiet = (now, self._low, taken - self._silent)
        self._silent = 0
        return max(used, 0)
