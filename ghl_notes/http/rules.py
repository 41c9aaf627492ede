"""Which limits are in force: those that replies told lately, each for its own interval.

An endpoint may have a limit of its own, and a header may be wrong once. So a reply that tells of a
shorter interval does not end the longer one: what was sent under that is remembered, and a request
must fit into both until the longer one was not told for as long as it lasts. A longer interval that
one reply alone has told ends with the next that tells of another; else one odd header could slow a
location down for minutes.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from operator import attrgetter

from attrs import define

from ghl_notes.http.rate import RateSnapshot


@define(eq=False)
class Rule:
    """At most ``limit`` requests in any ``interval``; when it was told, and how often in a row."""

    limit: int
    interval: float
    told_at: float = -inf
    times: int = 0

    @property
    def guard(self) -> float:
        """How much longer than the interval a place stays taken: clocks drift and round."""
        return max(0.01, 0.005 * self.interval)

    @property
    def age(self) -> float:
        """How long a place stays taken after a reply."""
        return self.interval + self.guard

    def tell(self, limit: int, now: float) -> None:
        """Note that a reply told of it."""
        self.limit, self.told_at = limit, now
        self.times += 1

    def outlasts(self, other: "Rule") -> bool:
        """Tell whether it stays in force for its interval after a reply that told of another."""
        return self.times > 1 or self.interval < other.interval

    def delay(self, now: float, in_flight: int, ends: Sequence[float]) -> float:
        """Tell how long one more request must wait, given when the others were answered."""
        left = self.told_at + self.age - now
        young = len(ends) - bisect_right(ends, now - self.age)
        over = in_flight + young - self.limit
        if over < 0 or left <= 0:
            return 0.0
        free = ends[len(ends) - young + over] + self.age - now if over < young else inf
        return min(free, left)


class Rules:
    """The rule of the longest interval, which is nearly always the only one, and the shorter ones.

    ``longest`` is the longest age of any that was ever there.
    """

    def __init__(self, limit: int, interval: float) -> None:
        self.main: Rule = Rule(limit, interval)
        self.shorter: list[Rule] = []
        self.longest: float = self.main.age
        self._once: list[Rule] = []  # told by one reply alone, which may have been wrong

    def follow(self, rate: RateSnapshot, now: float) -> None:
        """Follow a reply, if it tells of another interval than the main rule's."""
        every = [self.main, *self.shorter, *self._once]
        told = next((one for one in every if one.interval == rate.interval), None)
        told = told or Rule(rate.limit, rate.interval)
        told.tell(rate.limit, now)
        others = [one for one in every if one is not told and now < one.told_at + one.age]
        kept = [one for one in others if one.outlasts(told)]
        self._once = [one for one in others if not one.outlasts(told)]
        self.main, *self.shorter = sorted([told, *kept], key=attrgetter("interval"), reverse=True)
        self.longest = max(self.longest, self.main.age)

    def delay(self, now: float, in_flight: int, ends: Sequence[float]) -> float:
        """Tell how long one more request must wait for the shorter rules."""
        self.shorter = [one for one in self.shorter if now < one.told_at + one.age]
        return max((one.delay(now, in_flight, ends) for one in self.shorter), default=0.0)
