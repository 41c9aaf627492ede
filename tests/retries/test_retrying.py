"""Real runs of backoff under looptime: what is repeated, when, and who is told."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from attrs import define, field

from ghl_notes import Event, Retried, RetryPolicy
from ghl_notes.errors import (
    AccessDenied,
    AmbiguousWrite,
    ConfigurationError,
    HighLevelError,
    NotFound,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.retries import retrying

pytestmark = pytest.mark.looptime

POLICY = RetryPolicy(attempts=4, bulk_attempts=7, base=0.5, cap=2.0, rng=random.Random(0))


@define
class Attempt:
    """Fails with each of these errors in turn, then succeeds; notes when it was tried."""

    failures: Sequence[BaseException] = ()
    takes: float = 0.0
    tried: list[float] = field(factory=list)

    async def __call__(self, *args: object, **options: object) -> tuple[object, ...]:
        """Try."""
        self.tried.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes)
        if len(self.tried) <= len(self.failures):
            raise self.failures[len(self.tried) - 1]
        return (*args, options)


def down(**facts: object) -> Unavailable:
    return Unavailable("down", **facts)


async def test_a_success_is_tried_once() -> None:
    """What works is passed through: arguments in, result out, nothing told."""
    attempt, events = Attempt(), []
    call = retrying(attempt, POLICY, observer=events.append)

    assert await call("a", b=1) == ("a", {"b": 1})
    assert len(attempt.tried) == 1
    assert events == []


async def test_a_failure_is_tried_again() -> None:
    """Three failures in a row and a success: four tries, with the arguments of the first."""
    attempt = Attempt([down(), UnexpectedResponse("half", garbled=True), RateLimited("wait")])

    assert await retrying(attempt, POLICY)("a", b=1) == ("a", {"b": 1})
    assert len(attempt.tried) == 4


@pytest.mark.parametrize(("bulk", "tries"), [(False, 4), (True, 7)])
async def test_tries_end(tries: int, *, bulk: bool) -> None:
    """After the last try its own error is raised, and it is the policy that counts."""
    failures = [down(status=500 + n) for n in range(20)]
    attempt = Attempt(failures)
    with pytest.raises(Unavailable) as raised:
        await retrying(attempt, POLICY, bulk=bulk)()

    assert len(attempt.tried) == tries
    assert raised.value is failures[tries - 1]


@pytest.mark.parametrize(
    "error",
    [
        RateLimited("tomorrow", daily=True, retry_after=80_000.0),
        RateLimited("long", retry_after=61.0),
        down(retry_after=61.0),
        UnexpectedResponse("odd"),
        AmbiguousWrite("perhaps"),
        NotFound("no"),
        AccessDenied("no"),
        ConfigurationError("no"),
        KeyError("a bug"),
    ],
)
async def test_some_failures_are_final(error: Exception) -> None:
    """What another try would not mend is raised at once, as it is."""
    attempt, events = Attempt([error]), []
    with pytest.raises(type(error)) as raised:
        await retrying(attempt, POLICY, observer=events.append)()

    assert raised.value is error
    assert len(attempt.tried) == 1
    assert events == []


async def test_a_failure_may_become_final() -> None:
    """A later try that meets the end of the day ends the tries."""
    attempt = Attempt([down(), RateLimited("tomorrow", daily=True)])
    with pytest.raises(RateLimited):
        await retrying(attempt, POLICY)()

    assert len(attempt.tried) == 2


@pytest.mark.parametrize("bulk", [False, True])
async def test_retry_after_is_never_shortened(*, bulk: bool) -> None:
    """A server that says when is not asked before, whatever cap and chance say."""
    told = [3.0, 17.0, 60.0]
    attempt = Attempt([down(retry_after=after) for after in told])
    await retrying(attempt, POLICY, bulk=bulk)()
    waits = [b - a for a, b in zip(attempt.tried, attempt.tried[1:], strict=False)]

    assert all(after <= wait <= after + 1 for after, wait in zip(told, waits, strict=True))


async def test_waits_without_retry_after_are_short() -> None:
    """Otherwise chance decides, up to the cap."""
    attempt = Attempt([down()] * 6, takes=5.0)
    await retrying(attempt, POLICY, bulk=True)()
    waits = [b - a - 5.0 for a, b in zip(attempt.tried, attempt.tried[1:], strict=False)]

    assert all(-1e-6 <= wait <= 2.0 for wait in waits)
    assert any(wait > 0 for wait in waits)


async def test_a_429_is_tried_at_once() -> None:
    """The waiting for a limit is done in the limiter's queue, so here it takes no time."""
    attempt = Attempt([RateLimited("wait", retry_after=30.0)] * 3)
    await retrying(attempt, POLICY)()

    assert attempt.tried == [attempt.tried[0]] * 4


async def test_the_observer_is_told_of_each_retry() -> None:
    """Each failure that is tried again is one record, with the wait that follows."""
    events: list[Event] = []
    failures: list[HighLevelError] = [
        down(retry_after=0.0).at("GET", "/contacts/c/notes"),
        RateLimited("wait"),
    ]
    await retrying(Attempt(failures), POLICY, observer=events.append)()

    assert events == [
        Retried(
            method="GET", path="/contacts/c/notes", attempt=1, seconds=0.0, reason="Unavailable"
        ),
        Retried(method="", path="", attempt=2, seconds=0, reason="RateLimited"),
    ]


async def test_what_an_observer_raises_reaches_the_caller() -> None:
    """An observer that fails ends the call, and no further try is made."""

    def fail(_: Event) -> None:
        raise LookupError

    attempt = Attempt([down()] * 2)
    with pytest.raises(LookupError):
        await retrying(attempt, POLICY, observer=fail)()

    assert len(attempt.tried) == 1


async def test_a_wait_can_be_cancelled() -> None:
    """Whoever gives up during a wait is let go at once, and nothing is tried any more."""
    attempt = Attempt([down(retry_after=50.0)])
    loop = asyncio.get_running_loop()
    start = loop.time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10):
            await retrying(attempt, POLICY)()
    ended = loop.time()
    await asyncio.sleep(100)

    assert ended - start == pytest.approx(10)
    assert len(attempt.tried) == 1


async def test_a_try_can_be_cancelled() -> None:
    """A try that is cancelled is not a failure to repeat."""
    attempt = Attempt([asyncio.CancelledError()])
    with pytest.raises(asyncio.CancelledError):
        await retrying(attempt, POLICY)()

    assert len(attempt.tried) == 1


async def test_calls_do_not_share_their_tries() -> None:
    """One function carries many calls at once, and each has all its tries."""
    tries: dict[str, int] = {}

    async def attempt(name: str) -> str:
        tries[name] = tries.get(name, 0) + 1
        if tries[name] < POLICY.attempts:
            raise down()
        return name

    call = retrying(attempt, POLICY)
    names = [f"call {n}" for n in range(50)]

    assert await asyncio.gather(*map(call, names)) == names
    assert tries == dict.fromkeys(names, 4)
