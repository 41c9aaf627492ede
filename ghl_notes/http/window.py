"""The arithmetic of a rate limit: when the next request may go, from times that are passed in.

What is known of HighLevel: 100 requests in 10 s and 200,000 in 24 h for each location, given in the
headers of every reply, counted over all apps' processes, in a window whose alignment is not
promised. So nothing here relies on it: no interval of that length, wherever it begins, sees more
requests than the limit. A request is counted by the server somewhere between its sending and its
reply; its place is therefore given out again one interval after the *reply*, plus a guard band. A
request that was given up may still lie in a buffer on its way; so its place is taken for as long
as it may arrive, and an interval and the guard band after that.
"""

from bisect import insort
from collections import deque
from math import inf

from attrs import define

from ghl_notes.http.day import Day
from ghl_notes.http.limits import Limits
from ghl_notes.http.others import Others
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.rules import Rules
from ghl_notes.http.shut import BELIEVED, Shut


@define(eq=False)
class Slot:
    """The right to send one request: when it was given, and how many slots had lapsed by then.

    ``era`` is that of the window: slots of an era that is over are counted already. ``probe`` is
    True if the location is shut, and this request asks whether it still is.
    """

    taken_at: float
    lapsed: int
    era: int = 0
    probe: bool = False


class Window:
    """The state of one location's limit. All times are seconds on one monotonic clock."""

    def __init__(self, limits: Limits) -> None:
        self.limit: int = limits.burst
        self.interval: float = limits.interval
        self.era: int = 0
        self._rules = Rules(limits.burst, limits.interval)
        self._rule = self._rules.main
        self._age = self._rule.age  # how long a place stays taken after a reply
        self._reserve = limits.reserve
        self._opened = False
        self._in_flight = 0
        self._spent: deque[float] = deque()  # when each counted request was answered, ascending
        self._past: deque[float] = deque()  # the same of those that a longer interval would count
        self._keeps_past = False
        self._recalled_at = -inf  # when it last did
        self._late: list[float] = []  # until when each that was given up may arrive, ascending
        self._taken = 0
        self._lapsed = 0
        self._held_from = -inf
        self._taken_at = -inf  # the last slot
        self._began = inf  # when the first request went out
        self._shut = Shut()
        self._others = Others()
        self._day = Day(limits.daily)

    @property
    def guard(self) -> float:
        """How much longer than the interval a place stays taken: clocks drift and round."""
        return self._rule.guard

    @property
    def latest(self) -> float:
        """The last moment that is known of."""
        spent = self._spent[-1] if self._spent else -inf
        return max(spent, self._held_from, self._taken_at)

    def refusal(self, now: float, longest: float) -> tuple[bool, float] | None:
        """Say whether waiting is pointless: (is it the daily limit, seconds until it ends)."""
        day, shut = self._day, self._shut
        if now >= day.ends:
            day.roll(now)
        if day.left <= 0 and not (shut.probing or (shut.daily and now < shut.until)):
            if not day.is_from_headers:  # a limit set by the user, which no probe could lift
                return True, day.ends - now
            self._end_day(now)
        if now < shut.until:
            wait = shut.wait(now)
            if 0 < wait < inf and (shut.daily or wait > longest):
                return shut.daily, shut.believed_for(now)
        return None

    def delay(self, now: float, *, bulk: bool = False) -> float:
        """Tell how long until a slot may be free: 0 for now, ``inf`` for "after a reply"."""
        if now < self._shut.until and (wait := self._shut.wait(now)) > 0:
            return wait
        if not self._opened and self._in_flight:
            return inf  # a sandbox has 25 where others have 100: wait for one reply's headers
        spent = self._spent
        while spent and spent[0] + self._age <= now:
            self._lapse(spent.popleft(), now)
        over = self._in_flight + len(spent) - self._allowed(now, bulk=bulk)
        if self._late or self._rules.shorter:
            return self._delay_by_all(over, now)
        if over < 0:
            return 0.0
        return max(0.0, spent[over] + self._age - now) if over < len(spent) else inf

    def take(self, now: float) -> Slot:
        """Give out a slot. Ask ``refusal`` and ``delay`` first."""
        self._taken_at = now
        self._in_flight += 1
        self._taken += 1
        day = self._day
        day.left -= 1
        if day.ends == inf:
            day.begin(now)
            self._began = min(self._began, now)
        probe = now < self._shut.until and self._shut.probe(now)
        return Slot(now, self._lapsed, self.era, probe)

    def cancel(self, slot: Slot) -> None:
        """Take back a slot whose request was surely never sent."""
        if slot.probe:
            self._shut.unsent()
        self._take_back()

    def lost(self, slot: Slot, now: float, arrives: float = 0.0) -> None:
        """Count a request that may have reached the server and brought no reply.

        ``arrives`` is for how many seconds from now on it may still do so.
        """
        self._in_flight -= 1
        self._day.be_silent()
        if slot.probe:
            self._shut.failed(now)
        if arrives <= 0:
            self._spent.append(now)
        else:
            insort(self._late, min(now + arrives, self._latest_arrival(now)))

    def abandon(self, now: float, arrives: float = 0.0) -> None:
        """Count all requests under way as lost; slots that are returned later are ignored."""
        for _ in range(self._in_flight):
            self.lost(Slot(now, self._lapsed), now, arrives)
        if self._shut.probing:
            self._shut.failed(now)
        self.era += 1

    def answered(self, slot: Slot, now: float, rate: RateSnapshot | None, *, ok: bool) -> None:
        """Count a request that was answered, and learn from the headers of its reply."""
        self._in_flight -= 1
        self._spent.append(now)
        if slot.probe:
            self._believe_probe(rate, now)
        if rate is None:
            self._day.be_silent()
            self._opened = self._opened or ok
        elif not self._learn(slot, now, rate):
            self._day.be_silent()

    def rejected(self, slot: Slot, now: float, rate: RateSnapshot | None, wait: float) -> None:
        """Note a refusal (429), which the server does not count, and hold the location back once.

        Refusals of requests that were sent before the hold began do not lengthen it.
        """
        self._take_back()
        self._opened = True
        if slot.probe:
            self._shut.probing = False
        if rate is not None:
            self._learn(slot, now, rate)
        remaining = rate.remaining if rate else 0
        limit = rate.limit if rate else self.limit
        unseen = limit - remaining - (self._taken - slot.lapsed)
        if unseen > 0 and slot.taken_at > self._recalled_at:
            self._others.see_now(unseen, now, self._age)
            if now - self._began > self._age:  # before, it may have been ourselves, restarted
                self._others.see(unseen, now, self.interval)
        if slot.probe or slot.taken_at >= self._held_from:
            self._held_from = now
            self._shut.close(now, now + wait + self.guard, again=slot.probe)
            if slot.probe and self._day.left <= 0:
                self._shut.close(now, self._day.ends, daily=True, again=True)

    def _take_back(self) -> None:
        self._in_flight -= 1
        self._taken -= 1
        self._day.left += 1

    def _believe_probe(self, rate: RateSnapshot | None, now: float) -> None:
        """Open the location after a probe's reply, unless its headers say that nothing is left."""
        was_daily = self._shut.daily
        self._shut.open()
        if rate is not None and rate.daily_remaining == 0:
            ends = self._day.ends if rate.daily_reset is None else now + rate.daily_reset
            self._shut.close(now, ends, daily=True, again=True)
        elif was_daily:
            self._day.renew()

    def _lapse(self, ended: float, now: float) -> None:
        """Give a place out again, and remember it while a longer interval may come back."""
        self._lapsed += 1
        if self._keeps_past:
            insort(self._past, ended)
            while self._past and self._past[0] + self._rules.longest <= now:
                self._past.popleft()

    def _delay_by_all(self, over: int, now: float) -> float:
        """Tell the same as ``delay``, by the shorter rules and with what may still arrive."""
        late, rules = self._late, self._rules
        while late and late[0] + self._age <= now:
            self._lapse(late.pop(0), now)
        over += len(late)
        if over < 0 and not rules.shorter:
            return 0.0
        ends = sorted([*self._spent, *late])
        wait = rules.delay(now, self._in_flight, ends)
        if over < 0:
            return wait
        return max(wait, ends[over] + self._age - now if over < len(ends) else inf)

    def _allowed(self, now: float, *, bulk: bool) -> int:
        """How many of our requests may be in the window: the limit less what others use."""
        share = self.limit
        if self._others.any:
            share = max(self.limit // 10, share - self._others.room(now, self.interval))
        if bulk and self._reserve:
            share -= round(self.limit * self._reserve)
        return share if share > 0 else 1

    def _learn(self, slot: Slot, now: float, rate: RateSnapshot) -> bool:
        """Follow the headers of a reply; return whether they were about the present day."""
        self._opened = True
        if rate.interval == self.interval:
            rule = self._rule
            self.limit = rule.limit = rate.limit
            rule.told_at = now
            rule.times += 1
        else:
            self._follow(rate, now)
        # At most these requests of ours can have been in the server's window; the rest is others'.
        ours = self._taken - slot.lapsed
        unseen = rate.limit - rate.remaining - ours
        if unseen > 0 and slot.taken_at > self._recalled_at:
            self._others.see_now(unseen, now, self._age)
        elif unseen == 0:
            self._others.alone = True
            self._others.filled |= rate.remaining == 0
        left, day = rate.daily_remaining, self._day
        if left is None or slot.taken_at < day.since:
            return False
        day.learn(rate, left, now, self._in_flight)
        if not self._in_flight and (used := day.others(now, self.interval, self._taken)):
            self._others.use(used, now, self.interval, self.limit)
        if day.left <= 0:
            self._end_day(now)
        return True

    def _follow(self, rate: RateSnapshot, now: float) -> None:
        """Follow headers that tell of another interval, and count what is in that again."""
        self._rules.follow(rate, now)
        self._rule = main = self._rules.main
        self.limit, self.interval, self._age = main.limit, main.interval, main.age
        self._late = [min(late, self._latest_arrival(now)) for late in self._late]
        while self._past and self._past[-1] + self._age > now:
            self._spent.appendleft(self._past.pop())
            self._lapsed -= 1
            self._recalled_at = now
        self._keeps_past = self._age < self._rules.longest

    def _latest_arrival(self, now: float) -> float:
        """Bound the time for which a lost request takes a place: no location is shut for longer."""
        return now + max(0.0, BELIEVED - self._age)

    def _end_day(self, now: float) -> None:
        """Shut for the rest of a day of which the headers say that nothing is left."""
        self._shut.close(now, self._day.ends, daily=True, certain=self._day.is_steady)
