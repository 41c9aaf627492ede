"""Which pages of Close's notes to ask for, so that each note is met once, without any I/O.

Close skips, up to a ceiling that no document tells (``max_skip``), so the time is cut into
windows: https://developer.close.com/api/overview/pagination. Offsets move when notes are deleted,
so pages overlap, and a page that joins nowhere begins its window anew.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define, field, frozen
from attrs.converters import optional

from ghl_notes.errors import RequestRejected, Unavailable

PAGE: Final = 100
_OVERLAP: Final = 5
_FIRST: Final = timedelta(days=30)
_LEAST: Final = timedelta(seconds=1)  # Close compares whole seconds
_DEEPEST: Final = 10_000  # a skip beyond is slow, and may be refused at any moment
_FEW: Final = 1_000  # notes in a window after which the next may be wider
_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)  # what is older is asked for in one piece
_RESTARTS: Final = 5


@frozen
class Ask:
    """One page to ask for: notes created in this time, both ends included; None is no end."""

    since: datetime | None
    until: datetime
    skip: int


def _whole(when: datetime) -> datetime:
    """Cut a time to the second, by which Close compares."""
    return when.astimezone(UTC).replace(microsecond=0)


@define
class Walk:
    """The way through all notes of a span of time, the newest window first.

    Ask for ``next()``, tell ``page()`` or ``overflowed()``, until there is no next.
    """

    since: datetime | None = field(converter=optional(_whole))
    until: datetime = field(converter=_whole)
    _skip: int = field(default=0, init=False)
    _width: timedelta = field(default=_FIRST, init=False)
    _count: int = field(default=0, init=False)
    _restarts: int = field(default=0, init=False)
    _before: frozenset[str] = field(default=frozenset(), init=False)
    _seen: set[str] = field(factory=set, init=False)
    _done: bool = field(default=False, init=False)

    def next(self) -> Ask | None:
        """Tell what to ask for; None at the end."""
        return None if self._done else Ask(self._start(), self.until, self._skip)

    def page(self, ids: Collection[str], *, received: int, more: bool) -> set[str]:
        """Take a page in, ``received`` entries with these ids; return which notes are new."""
        if self._before and self._before.isdisjoint(ids):
            self._restart()  # so many were deleted meanwhile that some may have moved past us
            return set()
        fresh = {one for one in ids if one not in self._seen}
        self._seen |= fresh
        self._count += len(fresh)
        if not more or not received:
            self._leave()
        elif self._skip < _DEEPEST or not self._narrowed():
            step = max(1, received - _OVERLAP)
            self._skip += step
            self._before = frozenset(ids if step < received else ())
        return fresh

    def overflowed(self) -> None:
        """Take in that Close does not skip as far as it was asked to."""
        if not self._narrowed():
            msg = (
                f"Close holds more notes of one second ({self.until:%Y-%m-%d %H:%M:%S} UTC) than it"
                " lists; read them from an export instead"
            )
            raise RequestRejected(msg, status=400)

    def _start(self) -> datetime | None:
        start = _whole(self.until - self._width)
        if self.since is not None:
            return max(start, self.since)
        return start if start > _OLDEST else None

    def _leave(self) -> None:
        """Go on to the window before this one."""
        start = self._start()
        self._done = start is None or start == self.since
        self._width *= 2 if self._count < _FEW else 1
        self._anew()
        self.until = start or self.until

    def _narrowed(self) -> bool:
        """Halve the window, if it is not the smallest already."""
        start = self._start()
        width = self._width if start is None else self.until - start
        if width <= _LEAST:
            return False
        self._width = max(_LEAST, width / 2)
        self._anew()
        return True

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            msg = "Close's notes change faster than they can be read; try again later"
            raise Unavailable(msg, maybe_applied=False)
        self._skip, self._before = 0, frozenset()

    def _anew(self) -> None:
        self._skip, self._count, self._restarts, self._before = 0, 0, 0, frozenset()
