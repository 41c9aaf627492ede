"""Which pages of Close's notes to ask for, so that each note is met once, without any I/O.

Close skips, up to a ceiling that no document tells (``max_skip``), so the time is cut into
windows: https://developer.close.com/api/overview/pagination.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define, field, frozen
from attrs.converters import optional

from ghl_notes.errors import RequestRejected, Unavailable
from ghl_notes.sources.overlap import Overlap
from ghl_notes.sources.spans import earliest

PAGE_SIZE: Final = 100
END: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Later than any note is dated, and early enough for any way to store a time."""

_FIRST: Final = timedelta(days=30)
_LEAST: Final = timedelta(seconds=1)  # Close compares whole seconds
_DEEPEST: Final = 10_000  # a skip beyond is slow, and may be refused at any moment
_STRIDE: Final = 8  # how much wider a window may be than an empty one before it
_FEW: Final = 1_000  # notes in a window after which the next may be wider
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)
_RESTARTS: Final = 5


@frozen
class Ask:
    """One page to ask for: notes created in this time, both ends included; None is no end."""

    since: datetime | None
    until: datetime
    skip: int


def _floor(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)


def _ceiling(when: datetime) -> datetime:
    return _floor(when) + _LEAST if when.microsecond else _floor(when)


@define
class Walk:
    """The way through all notes of a span of time, the newest window first.

    Ask for ``next()``, tell ``page()`` or ``overflowed()``, until there is no next. The span is
    widened to whole seconds. Windows share the second between them. The first window is all that
    lies ``ahead`` of a time, if one is given: notes are dated there seldom, but not never.
    """

    since: datetime | None = field(converter=optional(_floor))
    until: datetime = field(converter=_ceiling)
    ahead: datetime | None = field(default=None, kw_only=True, converter=optional(_floor))
    _width: timedelta = field(init=False)
    _few: int = field(default=_FEW, init=False)
    _list: Overlap = field(factory=Overlap, init=False)
    _oldest: datetime | None = field(default=None, init=False)
    _restarts: int = field(default=0, init=False)
    _seen: set[str] = field(factory=set, init=False)
    _done: bool = field(default=False, init=False)

    @_width.default
    def _first_width(self) -> timedelta:
        return _FIRST if self.ahead is None else max(_LEAST, self.until - self.ahead)

    def next(self) -> Ask | None:
        """Tell what to ask for; None at the end."""
        return None if self._done else Ask(self._start(), self.until, self._list.skip)

    def page(
        self, ids: Collection[str], *, received: int, more: bool, oldest: datetime | None = None
    ) -> set[str]:
        """Take a page in, ``received`` entries with these ids; return which notes are new.

        ``oldest`` is when the oldest of them was created, which tells how full the time is.
        """
        if self._list.returns(ids, received):
            return set()
        if not self._list.joins(ids, received):
            self._restart()  # so many were deleted meanwhile that some may have moved past us
            return set()
        fresh = set(ids) - self._seen
        self._seen |= fresh
        self._oldest = earliest(self._oldest, oldest)
        if not more or not received:
            self._leave(self._list.skip + received)
        elif self._list.skip < _DEEPEST or not self._narrowed():
            self._list.go_on(ids, received)
            if self._list.stuck and received >= PAGE_SIZE:
                self.overflowed()  # it does not skip at all, so what else is there is older
            elif self._list.stuck:
                self._leave(received)
        return fresh

    def overflowed(self) -> None:
        """Take in that Close does not skip as far as it was asked to."""
        self._few = min(self._few, self._list.skip // 2)
        if not self._narrowed():
            msg = (
                f"Close holds more notes of one second ({self.until:%Y-%m-%d %H:%M:%S} UTC) than it"
                " lists: read them from an export, with CloseExport"
            )
            raise RequestRejected(msg, status=400)

    def _start(self) -> datetime | None:
        reach = self.until - (self.since or _OLDEST)
        return self.since if reach <= self._width else self.until - self._width

    def _leave(self, count: int) -> None:
        """Go on to the window before this one, which had so many notes."""
        start = self._start()
        if start is None or start == self.since:
            self._done = True
            return
        if self.ahead is not None:
            self.ahead, self._width = None, _FIRST
        elif count < self._few:
            self._width *= 2 if count else _STRIDE
        self.until = start
        self._anew()

    def _narrowed(self) -> bool:
        """Halve the window, or what was read of it, if it is not the smallest already."""
        width = self.until - (self._start() or _OLDEST)
        if width <= _LEAST:
            return False
        full = width if self._oldest is None else min(width, self.until - self._oldest)
        self._width = max(1, full // (2 * _LEAST)) * _LEAST
        self._anew()
        return True

    def _restart(self) -> None:
        """Begin the window anew; a smaller one if that does not help, down to a single page."""
        self._restarts += 1
        if self._restarts > 1 and self._narrowed():
            return
        if self._restarts > _RESTARTS:
            msg = "Close's notes change faster than they can be read: try again later"
            raise Unavailable(msg, maybe_applied=False)
        self._list = Overlap()

    def _anew(self) -> None:
        self._list, self._restarts, self._oldest = Overlap(), 0, None
