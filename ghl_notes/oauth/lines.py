"""The mints that stand in line, each in that of its agency, so that no agency is in another's way.

A mint waits for its turn, then until its agency's limit has room, then to be one of the eight at
most that are made at once over all agencies, then for the hold of its location. What has waited
longer than usual for a hold, of a process that is stopped perhaps, gives its turn to the next
meanwhile. Until its request goes out a mint may end at any moment.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from math import inf
from typing import Final

from attrs import define, field

from ghl_notes.errors import ConfigurationError, RateLimited, Unavailable

__all__ = ["Lines", "closed", "no_room"]

# Some of the holds that a store can give at once are not for mints, nor is one agency to have all
# of those that are.
_AT_ONCE: Final = 8
_EACH: Final = 4
_USUAL_HOLD: Final = 1.0
# A line that does not move for so long is waited in no longer; when to come back.
_STANDSTILL: Final = 60.0
_COME_BACK: Final = 5.0


@define(eq=False)
class Turn:
    """One mint until its request goes out. It ends early by ``end``."""

    _wait: asyncio.Timeout
    _late: asyncio.TimerHandle | None = field(default=None, init=False)
    _has_begun: bool = field(default=False, init=False)

    def lend(self, taken: ExitStack) -> None:
        """Give back what is taken, unless it begins soon."""
        self._late = asyncio.get_running_loop().call_later(_USUAL_HOLD, taken.close)

    def begin(self) -> None:
        """Let it go on to its end: its hold is had, and its request goes out."""
        self._has_begun = True
        if self._late is not None:
            self._late.cancel()
        if not self._wait.expired():
            self._wait.reschedule(None)

    def end(self) -> None:
        """End it, unless it has begun."""
        if not self._has_begun and not self._wait.expired():
            self._wait.reschedule(asyncio.get_running_loop().time())


class Lines:
    """The lines of all agencies. ``room`` waits until the limit of one has room for a request."""

    def __init__(self, room: Callable[[str], Awaitable[None]]) -> None:
        self._room = room
        self._closed = False
        self.renew()

    def renew(self) -> None:
        """Begin anew in another event loop."""
        self._lines: dict[str, _Line] = {}
        self._turns: set[Turn] = set()
        self._holds = _Line("of any agency", _AT_ONCE)

    def close(self) -> None:
        """End what has not begun, and let nothing begin."""
        self._closed = True
        for turn in list(self._turns):
            turn.end()

    @asynccontextmanager
    async def turn(self, company_id: str) -> AsyncIterator[Turn]:
        """Wait for a turn, and have it.

        Raises ``Unavailable`` where the line stands still or HighLevel holds the agency back, and
        ``ConfigurationError`` once all is closed.
        """
        if self._closed:
            raise closed()
        try:
            async with asyncio.timeout(None) as wait:
                with ExitStack() as stack:
                    turn = Turn(wait)
                    self._turns.add(turn)
                    stack.callback(self._turns.discard, turn)
                    taken = stack.enter_context(ExitStack())
                    line = await self._taken(company_id, taken)
                    turn.lend(taken)
                    stack.callback(turn.begin)  # nothing is given back later
                    yield turn
                    line.move()
                    self._holds.move()
        except TimeoutError as error:
            if wait.expired():
                raise closed() from error
            raise

    async def _taken(self, company_id: str, taken: ExitStack) -> "_Line":
        line = self._lines.setdefault(company_id, _Line(f"of the agency {company_id}", _EACH))
        await line.take()
        taken.callback(line.leave)
        try:
            await self._room(company_id)
        except RateLimited as error:
            if error.daily:
                raise
            raise no_room(company_id, error) from error
        await self._holds.take()
        taken.callback(self._holds.leave)
        return line


@define(eq=False)
class _Line:
    """The line of one agency, or that of all. ``free`` turns can be had at once."""

    _whose: str
    _free: int
    _waiting: deque[asyncio.Future[None]] = field(factory=deque, init=False)
    _moved_at: float = field(default=-inf, init=False)

    async def take(self) -> None:
        """Wait for a turn, for as long as the line moves. Return it by ``leave``, once."""
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        began = loop.time()
        try:
            while not waiter.done():
                await asyncio.wait({waiter}, timeout=self._patience(began))
        except BaseException:
            if waiter.done():
                self.leave()
            else:
                waiter.cancel()
            raise

    def leave(self) -> None:
        """Give the turn to the next in line."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # else it has gone
                waiter.set_result(None)
                return
        self._free += 1

    def move(self) -> None:
        """Note that a mint has come to its end."""
        self._moved_at = asyncio.get_running_loop().time()

    def _patience(self, began: float) -> float:
        """Say how much longer one waits who came then, if the line does not move."""
        left = max(began, self._moved_at) + _STANDSTILL - asyncio.get_running_loop().time()
        if left > 0:
            return left
        msg = f"no location {self._whose} got a token within {_STANDSTILL:g} s,"
        msg += " and more stand in line than HighLevel answers"
        raise Unavailable(msg, maybe_applied=False, waited=True, retry_after=_COME_BACK)


def no_room(company_id: str, error: RateLimited) -> Unavailable:
    """Say that the limit is the agency's, and not that of the location which needs a token."""
    msg = f"the agency {company_id} has no room in its limit for the tokens of its locations"
    return Unavailable(msg, maybe_applied=False, retry_after=error.retry_after)


def closed() -> ConfigurationError:
    """Make the error of whatever would begin after the end."""
    return ConfigurationError("this HighLevel is closed; make a new one")
