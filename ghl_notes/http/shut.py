"""How long a location is closed on a server's word, before one request asks again.

A header may be wrong once: nothing left of a day, a ``Retry-After`` of a year. So a time beyond
five minutes is believed only for that long; then one single request, a probe, is sent. If it is
answered, the location is open; if it is refused, or the reply says the same, it stays shut, and the
next probe follows after the same time. On a day that is truly over this costs twelve refused
requests an hour, which no limit counts.
"""

from math import inf
from typing import Final

BELIEVED: Final = 300.0
"""Seconds for which a wait that a server asks for is believed without a probe."""


class Shut:
    """Until when nothing may be sent, and when a probe may be. Times are of one monotonic clock.

    ``daily`` is True when the day is over, and ``probing`` while a probe is under way.
    """

    def __init__(self) -> None:
        self.until: float = -inf
        self.daily: bool = False
        self.probing: bool = False
        self._probe_at = inf
        self._confirmed = False

    def close(
        self,
        now: float,
        until: float,
        *,
        daily: bool = False,
        certain: bool = False,
        again: bool = False,
    ) -> None:
        """Shut until then. ``again``: a probe has confirmed it.

        ``certain``: our own count agrees; it is probed all the same.
        """
        if now >= self.until:
            self.open()
        if until > self.until or again:
            self.until = until
        if now + BELIEVED < self._probe_at or again:
            self._probe_at = now + BELIEVED
        self.daily = self.daily or daily
        self._confirmed = self._confirmed or certain or again

    def open(self) -> None:
        """Open the location, and forget why it was shut."""
        self.until, self._probe_at, self.daily = -inf, inf, False
        self.probing = self._confirmed = False

    def wait(self, now: float) -> float:
        """Tell how long until something may be sent, if only a probe; ``inf`` for its reply."""
        if self.probing:
            return inf
        return max(0.0, min(self.until, self._probe_at) - now)

    def believed_for(self, now: float) -> float:
        """Return for how long it is shut, no longer than is believed without a probe."""
        return (self.until if self._confirmed else min(self.until, self._probe_at)) - now

    def probe(self, now: float) -> bool:
        """Note that a request goes out; tell whether it is a probe."""
        self.probing = now < self.until
        return self.probing

    def failed(self, now: float) -> None:
        """Note that the probe brought no answer: the next may go after the same time."""
        self.probing, self._probe_at = False, now + BELIEVED

    def unsent(self) -> None:
        """Note that the probe was not sent: another may go at once."""
        self.probing = False
