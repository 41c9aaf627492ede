"""One refresh token, spent: tried until HighLevel has answered about it.

HighLevel answers a repeated refresh token with the same new one for 30 s after the first time. So
once a request may have been taken and brought no answer, it is repeated until that time is over.
A request that takes long is not given up for the next one: HighLevel may be slow, or may have lost
it, and nobody can tell which.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from typing import Final

from attrs import define, field, frozen

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    ReauthorizationRequired,
    Unavailable,
)
from ghl_notes.events import Observer
from ghl_notes.http.outcomes import maybe_applied
from ghl_notes.http.retries import RetryPolicy, retrying
from ghl_notes.models import StoredInstall
from ghl_notes.oauth.observing import guarded
from ghl_notes.oauth.token_reply import OtherInstall
from ghl_notes.stores.finishing import begun

__all__ = ["GRACE", "Grace", "Refresh"]


@frozen(kw_only=True)
class Grace:
    """How the tries are spread over the time in which HighLevel repeats its answer.

    ``seconds`` is that time, ``last_try`` when the last try begins, both counted from the first
    request that may have been taken. ``base`` is the first wait, ``cap`` the longest. After
    ``patience`` without an answer the next try begins.
    """

    seconds: float = 30.0
    last_try: float = 28.0
    base: float = 0.5
    cap: float = 3.0
    patience: float = 7.0
    shortest_attempt: float = 2.0

    def wait(self, failed: int, retry_after: float | None, left: float) -> float | None:
        """Say when to try again, with ``left`` seconds to the last try; None for no more.

        A ``Retry-After`` is honoured as far as that leaves several tries, and the last wait is cut
        so that there is a try near the end.
        """
        if left < 0.1 * self.base:
            return None
        wanted = min(self.cap, self.base * 2.0 ** min(failed - 1, 16))
        if retry_after is not None:
            wanted = max(wanted, min(retry_after, left / 2))
        return min(wanted, left)


GRACE: Final = Grace()

# With these a gateway says that it waited in vain for the reply.
_GAVE_UP: Final = (504, 524)


@define(eq=False)
class Refresh:
    """The spending of one refresh token, with its retries.

    ``in_doubt_since`` is set while it is not known whether HighLevel has taken the token;
    ``is_settled`` once HighLevel has answered about it. ``sent_at`` is when the last request left
    that may have been taken, ``lost_at`` the last one without any reply, ``began`` the first.
    ``policy`` is how often a request is repeated that was surely not taken, and ``send_alone``
    sends it although the caller's own session was closed meanwhile. ``place`` is had while a
    request is under way; the grace is counted from when it is had.
    """

    send: Callable[[StoredInstall], Awaitable[StoredInstall]]
    send_alone: Callable[[StoredInstall], Awaitable[StoredInstall]]
    stored: StoredInstall
    policy: RetryPolicy
    clock: Callable[[], float]
    observer: Observer | None = field(converter=guarded)
    place: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    server: str = "HighLevel"
    grace: Grace = field(factory=lambda: GRACE)
    rng: random.Random = field(factory=random.Random)
    in_doubt_since: datetime | None = field(default=None, init=False)
    is_settled: bool = field(default=False, init=False)
    sent_at: float | None = field(default=None, init=False)
    lost_at: float | None = field(default=None, init=False)
    _session_closed: bool = field(default=False, init=False)
    began: float = field(default=0.0, init=False)
    _left_at: tuple[float, datetime] | None = field(default=None, init=False)
    _slow: asyncio.Task[StoredInstall] | None = field(default=None, init=False)

    @property
    def has_left(self) -> bool:
        """Whether a request was sent, so that something may be lost."""
        return self._left_at is not None or self.in_doubt_since is not None

    async def spend(self) -> StoredInstall:
        """Return the install with its new token.

        Raises ``ReauthorizationRequired`` for a token that is dead, and ``Unavailable`` with
        ``in_doubt_since`` set if HighLevel has not answered within the grace.
        """
        try:
            renewed = await retrying(self._attempt, self, observer=self.observer)()
        except HighLevelError as error:
            if self._settles(error):
                self._settle()
            elif self.in_doubt_since is not None:
                cause = error.__cause__
                if isinstance(cause, HighLevelError) and _is_answer(cause):
                    raise cause from None  # the last word, and no proof that nothing was taken
                raise self._unanswered(error) from error
            raise
        finally:
            if self._slow is not None:
                await _dropped(self._slow)
        self._settle()
        return renewed

    def _settles(self, error: HighLevelError) -> bool:
        """Tell whether an error says what became of the token.

        Once it may have been taken, only a dead one does: that the location is not active, or the
        app not known, may be the answer to this request alone.
        """
        if self.in_doubt_since is not None:
            return isinstance(error, ReauthorizationRequired)
        return _is_answer(error)

    def _settle(self) -> None:
        self.in_doubt_since, self.is_settled = None, True

    def wait_for(self, error: HighLevelError, failed: int, *, bulk: bool = False) -> float | None:
        """Say how many seconds after a failed try to try again; None for never."""
        if self._settles(error):
            return None
        if self.in_doubt_since is None:
            return self.policy.wait_for(error, failed, bulk=bulk)
        left = self.began + self.grace.last_try - _now()
        wait = self.grace.wait(failed, error.retry_after, left)
        return None if wait is None else wait * self.rng.uniform(0.8, 1.0)

    async def _attempt(self) -> StoredInstall:
        self._left_at = None
        try:
            return self._late() or await self._sent()
        except HighLevelError as error:
            if self._left_at is not None and maybe_applied(error):
                self._doubt(error, *self._left_at)
            if self._settles(error) or isinstance(error, Unavailable | OtherInstall):
                raise
            if isinstance(error, ConfigurationError):  # about the session, closed or its proxy's
                if self.in_doubt_since is None:
                    raise
                self._session_closed |= error.status is None
            # A proxy's page, a wrong path, an unknown message: none of it is about the token, nor
            # about the contact or the note that a caller asked for.
            raise self._passing(error) from error

    def _doubt(self, error: HighLevelError, at: float, since: datetime) -> None:
        """Note that a request of that time may have been taken."""
        if self.in_doubt_since is None:
            self.began, self.in_doubt_since = at, since
        self.sent_at = at
        if not (_is_reply(error) or isinstance(error, OtherInstall)):
            self.lost_at = at

    async def _sent(self) -> StoredInstall:
        """Send it once, in what time there is."""
        try:
            async with asyncio.timeout(self._time_left()):
                if self._session_closed:
                    return await self._first_answer(self.send_alone)
                async with self.place():  # others may have it, and nothing is in doubt till then
                    return await self._first_answer(self.send)
        except TimeoutError as error:
            raise Unavailable(f"{self.server} took too long to answer", settled=False) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # The program is ending, which cancels what aiohttp began for this request.
            raise Unavailable("the request for a token was cut off") from error

    def _time_left(self) -> float | None:
        if self.in_doubt_since is None:
            return None
        left = self.began + self.grace.seconds - _now()
        return max(self.grace.shortest_attempt, left)

    async def _first_answer(
        self, send: Callable[[StoredInstall], Awaitable[StoredInstall]]
    ) -> StoredInstall:
        """Send it now, and take the first good answer to it or to a request that takes long.

        Raises ``TimeoutError`` when it is time for the next one. The first that takes long goes on
        beside the next ones, without its place, on which others wait.
        """
        self._left_at = _now(), datetime.fromtimestamp(self.clock(), UTC)
        ends = _now() + self.grace.patience
        request = begun(_asked(send, self.stored))
        try:
            while not request.done():
                running = {request} if self._slow is None else {request, self._slow}
                left = ends - _now()
                if left <= 0:
                    self._slow = self._slow or request
                    raise TimeoutError
                await asyncio.wait(running, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if (late := self._late()) is not None:
                    return late
            return await self._believed(request)
        finally:
            if request is not self._slow:
                await _dropped(request)

    async def _believed(self, request: asyncio.Task[StoredInstall]) -> StoredInstall:
        """Take an answer; that the token is dead only when the slow request brings no new one."""
        try:
            return request.result()
        except ReauthorizationRequired:
            if self._slow is not None:
                left = self.began + self.grace.last_try - _now()
                await asyncio.wait({self._slow}, timeout=max(0.0, left))
            if (late := self._late()) is not None:
                return late
            raise

    def _late(self) -> StoredInstall | None:
        """Take the answer to the request that takes long, if it is there and brings a token."""
        slow = self._slow
        if slow is None or not slow.done():
            return None
        self._slow = None  # what else it brings, the next try will tell
        return None if slow.cancelled() or slow.exception() else slow.result()

    def _passing(self, error: HighLevelError) -> Unavailable:
        words = "; ".join(error.messages) or error.args[0]
        msg = f"no token in {self.server}'s reply ({error.status or 'none'}): {words}"
        in_doubt = self.in_doubt_since is not None
        passing = Unavailable(
            msg, maybe_applied=in_doubt, status=error.status, messages=error.messages
        )
        return passing if error.path is None else passing.at(error.method or "", error.path)

    def _unanswered(self, error: HighLevelError) -> Unavailable:
        msg = str(error.args[0])
        if not isinstance(error, OtherInstall):
            seconds = self.grace.last_try
            about = f"{self.server} did not answer the refresh within {seconds:.0f} s"
            msg = f"{about}: {msg}"
        return Unavailable(
            msg,
            waited=True,
            status=error.status,
            messages=error.messages,
            retry_after=error.retry_after,
        )


def _is_answer(error: HighLevelError) -> bool:
    """Tell whether HighLevel has answered about the token, or about the app that sent it."""
    if isinstance(error, ConfigurationError):
        return error.status not in (None, 407)  # which the session's proxy says, or nobody
    return isinstance(error, ReauthorizationRequired | LocationInactive)


def _is_reply(error: HighLevelError) -> bool:
    """Tell whether anybody has answered the request itself, and not given up or broken off."""
    return error.status is not None and error.status >= 300 and error.status not in _GAVE_UP  # noqa: PLR2004


async def _asked(
    send: Callable[[StoredInstall], Awaitable[StoredInstall]], stored: StoredInstall
) -> StoredInstall:
    return await send(stored)


async def _dropped(request: asyncio.Task[StoredInstall]) -> None:
    """End a request whose answer is of no use any more."""
    request.cancel()
    await asyncio.wait({request})
    if not request.cancelled():
        request.exception()  # or asyncio would log it


def _now() -> float:
    return asyncio.get_running_loop().time()
