"""What is tried again, after how long, and the only place that imports backoff."""

import random
import warnings
from collections.abc import Awaitable, Callable, Generator
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar

from attrs import Attribute, field, frozen

from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.events import Observer, Retried

with warnings.catch_warnings():
    # backoff 2.2.1 asks asyncio.iscoroutinefunction, which Python 3.14 deprecates.
    warnings.filterwarnings("ignore", ".*iscoroutinefunction.*", DeprecationWarning)
    import backoff

if TYPE_CHECKING:
    from backoff.types import Details

P = ParamSpec("P")
R = TypeVar("R")

_RETRIED: Final = (RateLimited, Unavailable, UnexpectedResponse)
# The first send primes a wait generator; backoff ignores what it yields then.
_PRIMER: Final = 0.0


def _count(_: object, attribute: "Attribute[int]", value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"RetryPolicy: {attribute.name} must be a whole number from 1, got {value!r}"
        raise ConfigurationError(msg)


def _seconds(_: object, attribute: "Attribute[float]", value: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and isfinite(value) and value >= 0):
        msg = f"RetryPolicy: {attribute.name} must be seconds from 0, got {value!r}"
        raise ConfigurationError(msg)


def _flag(_: object, attribute: "Attribute[bool]", value: bool) -> None:  # noqa: FBT001 - attrs'
    if not isinstance(value, bool):
        msg = f"RetryPolicy: {attribute.name} must be True or False, got {value!r}"
        raise ConfigurationError(msg)


@frozen(kw_only=True)
class RetryPolicy:
    """How patient a client is.

    What is retried does not depend on it:

    - a 429, once its location may send again: the limiter does that waiting, not the retry;
    - a 5xx, a timeout, a broken connection, and a 2xx that is not JSON, if the call may be
      repeated: every read, update and delete, and never a create that may have been applied;
    - a create that was surely not sent or surely refused;
    - a 400, 403, 404, 405, 410 or 422 that is no JSON object, and so a gateway's: it refused the
      call, even a create, before the API saw it;
    - a 401 in words that name the token, with a renewed token, on top of the attempts; in unknown
      words once, if the token is older than a minute, and never a create;
    - a 400, 401 or 403 that means that a gateway gave up, as a 5xx.

    ``attempts`` counts all tries of a single call, ``bulk_attempts`` those of each call inside a
    stream, where nobody waits and a lost contact costs a second run. Between tries a random wait
    from 0 to ``base`` x 2^n seconds, ``cap`` at most (full jitter), or what ``Retry-After`` says.
    A server that asks for more than ``longest_wait`` seconds gets no retry: the error is raised
    at once with its ``retry_after``. One for which so long was waited already (``waited``) is tried
    again in a stream only.

    ``settle`` is for how many seconds a note whose create got no reply is looked for in the lists
    of HighLevel, which may lag behind its writes; five looks are spread over them. A note that is
    not found by then raises ``AmbiguousWrite``. With ``repeat_absent`` its create is sent again,
    unless HighLevel had confirmed it, or may still be at it (a timeout, a 502 or 504): a
    note that comes into the list later than ``settle`` is then written twice.

    ``rng`` makes the jitter; pass ``random.Random(0)`` for repeatable tests.
    """

    attempts: int = field(default=5, validator=_count)
    bulk_attempts: int = field(default=8, validator=_count)
    base: float = field(default=0.5, validator=_seconds)
    cap: float = field(default=30.0, validator=_seconds)
    longest_wait: float = field(default=60.0, validator=_seconds)
    settle: float = field(default=15.0, validator=_seconds)
    repeat_absent: bool = field(default=False, validator=_flag)
    rng: random.Random = field(factory=random.Random, repr=False, eq=False)

    def wait_for(self, error: HighLevelError, failed: int, *, bulk: bool = False) -> float | None:
        """Say how many seconds after the ``failed``-th failed try to try again; None for never."""
        # In bulk no caller waits, so the time used up does not count if ``retry_after`` is given.
        patient = bulk and error.retry_after is not None
        waited = isinstance(error, Unavailable) and error.waited and not patient
        if waited or failed >= (self.bulk_attempts if bulk else self.attempts):
            return None
        if isinstance(error, RateLimited):
            too_long = error.daily or (error.retry_after or 0.0) > self.longest_wait
            return None if too_long else 0.0
        if isinstance(error, UnexpectedResponse) and not error.garbled:
            return None
        if error.retry_after is None:
            return self.rng.uniform(0.0, min(self.cap, self.base * 2.0 ** min(failed - 1, 64)))
        if error.retry_after > self.longest_wait:
            return None
        jitter = self.rng.uniform(0.0, min(1.0, 0.1 * error.retry_after))
        return error.retry_after + jitter


class Waits(Protocol):
    """Decides about tries, as ``RetryPolicy`` does."""

    def wait_for(self, error: HighLevelError, failed: int, *, bulk: bool = False) -> float | None:
        """Say how many seconds after the ``failed``-th failed try to try again; None for never."""
        ...


def retrying(
    attempt: Callable[P, Awaitable[R]],
    policy: Waits,
    *,
    bulk: bool = False,
    observer: Observer | None = None,
) -> Callable[P, Awaitable[R]]:
    """Let backoff repeat ``attempt`` as ``policy`` says; what is not worth it is raised as it is.

    ``attempt`` decides by the class of its error what may be repeated: the three below, and
    nothing else.
    """

    def waits() -> Generator[float, Any, None]:
        error = yield _PRIMER
        failed = 1
        while (seconds := policy.wait_for(error, failed, bulk=bulk)) is not None:
            error = yield seconds
            failed += 1

    async def resumed(failure: list[HighLevelError], *args: P.args, **kwargs: P.kwargs) -> R:
        if failure:  # of the first try, which is over
            raise failure.pop()
        return await attempt(*args, **kwargs)

    again = backoff.on_exception(
        waits,
        _RETRIED,
        jitter=None,  # the generator's waits have theirs, which never shortens a Retry-After
        logger=None,
        on_backoff=_teller(observer),
    )(resumed)

    async def first(*args: P.args, **kwargs: P.kwargs) -> R:
        failure: list[HighLevelError] = []  # whose traceback holds this frame: let go of it in time
        try:  # backoff has its price, so it is called in with the first failure
            return await attempt(*args, **kwargs)
        except _RETRIED as error:
            failure.append(error)
        try:
            return await again(failure, *args, **kwargs)
        except _RETRIED as error:
            if isinstance(error.__context__, StopIteration):  # backoff's, which holds the error too
                error.__context__ = None
            raise

    return first


def _teller(observer: Observer | None) -> "Callable[[Details], None]":
    def tell(details: "Details") -> None:
        error = details.get("exception")
        if observer is not None and isinstance(error, HighLevelError):
            observer(
                Retried(
                    method=error.method or "",
                    path=error.path or "",
                    attempt=details["tries"],
                    seconds=details["wait"],
                    reason=type(error).__name__,
                )
            )

    return tell
