"""The arithmetic of a rate limit: when the next request may go, from times that are passed in.

What is known of HighLevel: 100 requests in 10 s and 200,000 in 24 h for each location, told by the
headers of every reply, counted over all apps' processes, in a window whose alignment is not
promised. So nothing here relies on it: no interval of that length, wherever it begins, sees more
requests than the limit. A request is counted by the server somewhere between its sending and its
reply; its place is therefore given out again one interval after the *reply*, plus a guard band.
"""

from collections import deque
from math import inf, isfinite
from typing import Final

from attrs import Attribute, define, field, frozen

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.rate import RateSnapshot

DAY: Final = 86_400.0
# Others' use of the limit, once seen, is allowed for over this many intervals.
_MEMORY: Final = 3


def _count(_: object, attribute: "Attribute[int]", value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"Limits: {attribute.name} must be a whole number from 1, got {value!r}"
        raise ConfigurationError(msg)


def _seconds(_: object, attribute: "Attribute[float]", value: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and isfinite(value) and value > 0):
        msg = f"Limits: {attribute.name} must be a positive number of seconds, got {value!r}"
        raise ConfigurationError(msg)


def _share(_: object, attribute: "Attribute[float]", value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        msg = f"Limits: {attribute.name} must be a share from 0 to below 1, got {value!r}"
        raise ConfigurationError(msg)


@frozen(kw_only=True)
class Limits:
    """Where a location's limiter starts; what HighLevel's headers say wins over it.

    At most ``burst`` requests in any ``interval`` seconds, and ``daily`` in 24 hours.
    ``reserve`` is the share of ``burst`` that bulk work (the streams) leaves to single calls.
    """

    burst: int = field(default=100, validator=_count)
    interval: float = field(default=10.0, validator=_seconds)
    daily: int = field(default=200_000, validator=_count)
    reserve: float = field(default=0.0, validator=_share)


@define(eq=False)
class Slot:
    """The right to send one request: when it was given, and how many slots had lapsed by then.

    ``era`` is that of the window: slots of an era that is over are counted already.
    """

    taken_at: float
    lapsed: int
    era: int = 0


@define(eq=False)
class _Peak:
    """The largest number seen in the last one to two periods."""

    seen: int = 0
    before: int = 0
    since: float = -inf

    def __bool__(self) -> bool:
        return self.seen > 0 or self.before > 0

    def see(self, count: int, now: float, period: float) -> None:
        self.at(now, period)
        self.seen = max(self.seen, count)

    def at(self, now: float, period: float) -> int:
        age = now - self.since
        if age >= 2 * period:
            self.seen, self.before, self.since = 0, 0, now
        elif age >= period:
            self.seen, self.before, self.since = 0, self.seen, self.since + period
        return max(self.seen, self.before)


class Window:
    """The state of one location's limit. All times are seconds on one monotonic clock."""

    def __init__(self, limits: Limits) -> None:
        self.limit: int = limits.burst
        self.interval: float = limits.interval
        self._age = limits.interval + self.guard  # how long a place stays taken after a reply
        self._reserve = limits.reserve
        self.era = 0
        self.latest = -inf  # the last moment that a slot was taken or returned
        self._opened = False
        self._in_flight = 0
        self._spent: deque[float] = deque()  # when each counted request was answered, ascending
        self._taken = 0
        self._lapsed = 0
        self._hold_from = -inf
        self._hold_until = -inf
        self._began = inf  # when the first request went out
        self._others_now = 0  # others' requests that are in the window until...
        self._others_until = -inf
        self._others = _Peak()
        self._room = 0  # how much of the limit is left to others
        self._daily = limits.daily
        self._daily_left = limits.daily
        self._daily_ends = inf  # until the first request begins the day
        self._day_low = limits.daily  # the least that a header said is left of the day
        self._day_from = -inf  # replies to requests from before are the last day's
        self._quiet: tuple[float, int, int] | None = None
        self._silent = 0  # requests since then whose reply did not tell of the day

    @property
    def guard(self) -> float:
        """How much longer than the interval a place stays taken: clocks drift and round."""
        return max(0.01, 0.005 * self.interval)

    def refusal(self, now: float, longest: float) -> tuple[bool, float] | None:
        """Say whether waiting is pointless: (is it the daily limit, seconds until it ends)."""
        if now >= self._daily_ends:
            self._daily_left = self._day_low = self._daily
            self._daily_ends, self._day_from, self._quiet = inf, now, None
        if self._daily_left <= 0:
            return True, self._daily_ends - now
        if now < self._hold_until and self._hold_until - now > longest:
            return False, self._hold_until - now
        return None

    def delay(self, now: float, *, bulk: bool = False) -> float:
        """Tell how long until a slot may be free: 0 for now, ``inf`` for "after a reply"."""
        if now < self._hold_until:
            return self._hold_until - now
        if not self._opened and self._in_flight:
            return inf  # a sandbox has 25 where others have 100: let one reply tell
        spent = self._spent
        while spent and spent[0] + self._age <= now:
            spent.popleft()
            self._lapsed += 1
        over = self._in_flight + len(spent) - self._allowed(now, bulk=bulk)
        if over < 0:
            return 0.0
        return max(0.0, spent[over] + self._age - now) if over < len(spent) else inf

    def take(self, now: float) -> Slot:
        """Give out a slot. Ask ``refusal`` and ``delay`` first."""
        self.latest = now
        self._in_flight += 1
        self._taken += 1
        self._daily_left -= 1
        if self._daily_ends == inf:  # the day begins with the first request, not at midnight
            self._daily_ends = now + DAY
            self._began = min(self._began, now)
        return Slot(now, self._lapsed, self.era)

    def cancel(self) -> None:
        """Take back a slot whose request was surely never sent."""
        self._in_flight -= 1
        self._taken -= 1
        self._daily_left += 1

    def lost(self, now: float) -> None:
        """Count a request that may have reached the server and brought no reply."""
        self.latest = now
        self._in_flight -= 1
        self._silent += 1
        self._spent.append(now)

    def abandon(self, now: float) -> None:
        """Take all requests under way for lost; whoever returns their slots later is late."""
        for _ in range(self._in_flight):
            self.lost(now)
        self.era += 1

    def answered(self, slot: Slot, now: float, rate: RateSnapshot | None, *, ok: bool) -> None:
        """Count a request that was answered, and learn from the headers of its reply."""
        self.latest = now
        self._in_flight -= 1
        self._spent.append(now)
        if rate is None:
            self._silent += 1
            self._opened = self._opened or ok
        elif not self._learn(slot, now, rate):
            self._silent += 1

    def rejected(self, slot: Slot, now: float, rate: RateSnapshot | None, wait: float) -> None:
        """Note a refusal (429), which the server does not count, and hold the location back once.

        Refusals of requests that were sent before the hold began do not lengthen it.
        """
        self.cancel()
        self._opened = True
        if rate is not None:
            self._learn(slot, now, rate)
        remaining = rate.remaining if rate else 0
        unseen = self.limit - remaining - (self._taken - slot.lapsed)
        if unseen > 0:
            self._see_now(unseen, now)
            if now - self._began > self._age:  # before, it may have been ourselves, restarted
                self._others.see(unseen, now, _MEMORY * self.interval)
        if slot.taken_at >= self._hold_from:
            self._hold_from = now
            self._hold_until = max(self._hold_until, now + wait + self.guard)

    def _allowed(self, now: float, *, bulk: bool) -> int:
        """How many of our requests may be in the window: the limit less what others use."""
        share = self.limit
        if now < self._others_until or self._others:
            present = self._others_now if now < self._others_until else 0
            others = max(present, self._others.at(now, _MEMORY * self.interval))
            self._room = others + 1 + others // 10 if others else 0  # they are not a clockwork
            share = max(self.limit // 10, share - self._room)
        if bulk and self._reserve:
            share -= round(self.limit * self._reserve)
        return share if share > 0 else 1

    def _see_now(self, unseen: int, now: float) -> None:
        if unseen >= self._others_now or now >= self._others_until:
            self._others_now, self._others_until = unseen, now + self._age

    def _learn(self, slot: Slot, now: float, rate: RateSnapshot) -> bool:
        """Follow the headers of a reply; say whether they told of the day that it is."""
        self._opened = True
        self.limit = rate.limit
        if self.interval != rate.interval:
            self.interval = rate.interval
            self._age = self.interval + self.guard
        # At most these requests of ours can have been in the server's window; the rest is others'.
        ours = self._taken - slot.lapsed
        unseen = rate.limit - rate.remaining - ours
        if unseen > 0:
            self._see_now(unseen, now)
        if rate.daily_remaining is None or slot.taken_at < self._day_from:
            return False
        self._learn_day(rate, rate.daily_remaining, now)
        return True

    def _learn_day(self, rate: RateSnapshot, left: int, now: float) -> None:
        """Follow the daily counter, which also tells how fast others spend the limit.

        Unlike the short window's counter it never starts anew in between, so what it lost between
        two moments at which none of our requests was under way, less our own, is theirs.
        """
        self._daily = rate.daily_limit or self._daily
        if rate.daily_reset is not None:
            self._daily_ends = now + rate.daily_reset
        if left > self._day_low + 2 * self.limit:  # a new day, not a reply out of order
            self._day_low, self._quiet = left, None
            self._daily_left = left - self._in_flight
        elif left < self._day_low:
            self._day_low = left
            self._daily_left = min(self._daily_left, left)
        if not self._in_flight:
            self._daily_left = self._day_low
            self._compare_quiet_moments(now)

    def _compare_quiet_moments(self, now: float) -> None:
        if self._quiet is not None:
            at, low, taken = self._quiet
            if now - at < self.interval:
                return
            unseen = (low - self._day_low) - (self._taken - taken)
            if unseen > 0:
                self._make_room(round(unseen * self.interval / (now - at)), now)
        # A silent request may be missing in the counter yet; so it must not count as theirs later.
        self._quiet = (now, self._day_low, self._taken - self._silent)
        self._silent = 0

    def _make_room(self, used: int, now: float) -> None:
        """Hold back what others use; more, up to half, if they used all that was held back.

        A window that we fill leaves the others nothing to be seen by, so they may want more.
        """
        if used + 1 >= self._room:
            used = max(used, min(self.limit // 2, used + used // 2 + 1))
        self._others.see(used, now, _MEMORY * self.interval)
