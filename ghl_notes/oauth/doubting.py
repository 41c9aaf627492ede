"""Until when HighLevel may repeat the answer to a refresh whose reply did not come."""

import asyncio
from math import inf
from typing import Final

from attrs import define, field

from ghl_notes.oauth.refreshing import Refresh

__all__ = ["Doubt"]

# So many graces in all are waited through, since each of many requests may have been the one.
_GRACES: Final = 3


@define(eq=False)
class Doubt:
    """What is left to do about a refresh token that may have been taken. Times are the loop's.

    HighLevel repeats its answer for a grace from the request that it took, and that may have been
    any of those that may have been taken: the last one too. That ``ends`` for those who ask, and
    ``ends_unasked`` where nobody does.
    """

    pause: float = field(default=0.0, init=False)
    _began: float = field(default=-inf, init=False)
    ends: float = field(default=-inf, init=False)
    ends_unasked: float = field(default=-inf, init=False)

    @property
    def left(self) -> float:
        """For how many seconds HighLevel may still repeat an answer to whoever asks; 0 for none."""
        return max(0.0, self.ends - _now())

    @property
    def is_to_be_asked(self) -> bool:
        """Whether it is to be asked, after a pause, without anybody who comes: a reply was lost."""
        return _now() + self.pause < self.ends_unasked

    def learn(self, refresh: Refresh) -> None:
        """Learn of a refresh that failed."""
        if refresh.is_settled:
            self.end()
        if refresh.sent_at is None:
            return  # it was not taken now, but may have been the last time
        grace = refresh.grace
        if refresh.began >= self.ends:
            self._began = refresh.began
        before = _GRACES - 1  # the last refresh begins after those, and their pauses
        self.ends = min(refresh.sent_at, self._began + before * grace.seconds) + grace.seconds
        if refresh.lost_at is not None:
            latest = self._began + before * (grace.seconds + 2 * grace.cap)
            self.ends_unasked = min(refresh.lost_at + grace.last_try, latest)
        self.pause = grace.cap

    def end(self) -> None:
        """Forget it: HighLevel has answered, or the token is of no use any more."""
        self.ends = self.ends_unasked = -inf


def _now() -> float:
    return asyncio.get_running_loop().time()
