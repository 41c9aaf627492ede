"""How much of a limit other programs use, whose requests we do not see, and what is left for us.

The day may count what is in no window of ours: private integrations of one location have a window
each, and one day. So room that the day alone asks for is given up when it told often of many
who would have been seen, and the window's counter told each time that all in it was ours; until
that tells of others.
"""

from math import inf
from typing import Final

from attrs import define

# Others' use of the limit, once seen, is allowed for over this many intervals.
_MEMORY: Final = 3
# How often the window may tell that we are alone while the day tells of others.
_DOUBTS: Final = 3
# Less than this part of the limit may well be in a window and never be seen there.
_FEW: Final = 3


@define(eq=False)
class _Peak:
    """The largest number seen in the last one to two periods."""

    seen: int = 0
    before: int = 0
    since: float = -inf

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


class Others:
    """The requests of others in one window: those that are there now, and those to expect."""

    def __init__(self) -> None:
        self.any: bool = False  # whether they were seen lately
        self._now = 0  # those that are in the window until...
        self._until = -inf
        self._peak = _Peak()
        self._of_day = _Peak()
        self.alone: bool = False  # whether the window told of our requests and of no others
        self.filled: bool = False  # and whether these filled it, so that nobody else was let in
        self._doubts = 0  # how often it did when the day told of others
        self._room = 0  # how much of the limit is left to them

    def room(self, now: float, interval: float) -> int:
        """Tell how much of the limit to leave to them."""
        present = self._now if now < self._until else 0
        period = _MEMORY * interval
        others = max(present, self._peak.at(now, period), self._of_day.at(now, period))
        self.any = others > 0
        self._room = others + 1 + others // 10 if others else 0  # they are not a clockwork
        return self._room

    def see_now(self, unseen: int, now: float, age: float) -> None:
        """Note how many are in the window at this moment."""
        if unseen >= self._now or now >= self._until:
            self._now, self._until = unseen, now + age
            self.any = True
        self._doubts, self.alone = 0, False

    def see(self, used: int, now: float, interval: float) -> None:
        """Expect as many in each interval for a while."""
        self._peak.see(used, now, _MEMORY * interval)
        self.any = True

    def use(self, used: int, now: float, interval: float, limit: int) -> None:
        """Hold back what the day says they use; more, up to half, if that was all held back.

        A window that we fill leaves the others nothing to be seen by, so they may want more.
        """
        doubtful, filled = self.alone and used * _FEW >= limit, self.filled
        self.alone = self.filled = False
        self._doubts += doubtful
        if doubtful and filled:
            return
        if self._doubts >= _DOUBTS:
            self._of_day = _Peak()
            return
        if used + 1 >= self._room:
            used = max(used, min(limit // 2, used + used // 2 + 1))
        self._of_day.see(used, now, _MEMORY * interval)
        self.any = True
