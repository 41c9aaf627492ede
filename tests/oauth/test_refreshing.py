"""One refresh token, spent in virtual time: how long it is tried, and what ends it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import Event, Retried
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    NotFound,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.models import Install, StoredInstall, Token
from ghl_notes.oauth.installs import TOKEN_RETRIES
from ghl_notes.oauth.refreshing import GRACE, Grace, Refresh
from ghl_notes.oauth.session import ATTEMPT_SECONDS
from ghl_notes.oauth.token_reply import OtherInstall

pytestmark = pytest.mark.looptime

WALL = 1_784_284_000.0
OLD, NEW = (
    StoredInstall.of(
        Install(user_type="Location", location_id="loc", company_id="com"),
        Token(access_token=name, refresh_token=f"r {name}", issued_at=0.0, expires_at=100.0),
    )
    for name in ("old", "new")
)
LOST = Unavailable("the connection broke")
FAILURES = {
    "reset": LOST,
    "500": Unavailable("failed", status=500),
    "502": Unavailable("a page", status=502, settled=False),
    "429": Unavailable("wait", status=429, maybe_applied=False),
    "503, Retry-After: 3": Unavailable("failed", status=503, retry_after=3.0),
    "429, Retry-After: 3600": Unavailable(
        "wait", status=429, retry_after=3600, maybe_applied=False
    ),
    "refused connection": Unavailable("no connection", maybe_applied=False),
    "403 of a proxy": AccessDenied("a page", status=403),
    "400 of a proxy": RequestRejected("a page", status=400),
    "404 of a proxy": NotFound("a page", status=404),
    "200 of a proxy": UnexpectedResponse("a page", status=200, garbled=True),
    "no object": UnexpectedResponse("not an object"),
    "closed session": ConfigurationError("the session is closed"),
    "407 of a proxy": ConfigurationError("the proxy wants credentials", status=407),
}


@define
class Endpoint:
    """Takes a refresh and loses its reply; then fails for a while, and answers."""

    failure: HighLevelError
    seconds: float
    takes: float = 0.0
    first: HighLevelError = field(factory=lambda: LOST)
    tried: list[float] = field(factory=list)

    async def __call__(self, stored: StoredInstall) -> StoredInstall:
        """Answer one request."""
        now = asyncio.get_running_loop().time()
        self.tried.append(now)
        await asyncio.sleep(self.takes)
        if len(self.tried) == 1:
            raise self.first
        if now < self.tried[0] + self.seconds:
            raise self.failure
        return NEW


def refresh(
    endpoint: Callable[[StoredInstall], object], events: list[Event] | None = None
) -> Refresh:
    """Prepare a refresh whose random numbers are the same in every run."""
    observer = None if events is None else events.append
    rng = random.Random(0)
    return Refresh(endpoint, endpoint, OLD, TOKEN_RETRIES, lambda: WALL, observer, rng=rng)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("seconds", [2, 5, 8, 12, 20, 27])
async def test_in_doubt_it_is_tried_as_long_as_the_grace(name: str, seconds: float) -> None:
    """Whatever fails after a lost reply, and for how long: the new token is got within 28 s."""
    endpoint = Endpoint(FAILURES[name], seconds)
    spending = refresh(endpoint)
    renewed = await spending.spend()

    assert renewed is NEW
    assert endpoint.tried[-1] - endpoint.tried[0] < 28
    assert len(endpoint.tried) < 25  # and nobody is hammered
    assert (spending.in_doubt_since, spending.is_settled) == (None, True)


@pytest.mark.parametrize("name", FAILURES)
async def test_the_last_try_is_near_the_end_of_the_grace(name: str) -> None:
    """Where nothing helps it ends as unavailable, in doubt, and nobody waits once more."""
    endpoint = Endpoint(FAILURES[name], 1000)
    spending = refresh(endpoint)
    with pytest.raises(Unavailable, match="did not answer the refresh") as raised:
        await spending.spend()

    assert 27 < endpoint.tried[-1] < 28
    assert raised.value.waited
    assert raised.value.maybe_applied
    assert raised.value.status == FAILURES[name].status
    assert spending.in_doubt_since == datetime.fromtimestamp(WALL, UTC)
    assert not spending.is_settled


async def test_a_server_that_hangs_is_left_in_time() -> None:
    """Each try has its end, and the last one ends about when the grace does."""

    async def hang(_: StoredInstall) -> StoredInstall:
        await asyncio.sleep(ATTEMPT_SECONDS)
        raise LOST

    with pytest.raises(Unavailable):
        await refresh(hang).spend()

    assert 28 <= asyncio.get_running_loop().time() <= 30.5


@define
class Slow:
    """Answers each request after its own time: a token, or an error; None for never."""

    answers: list[tuple[float | None, HighLevelError | None]]
    arrived: list[float] = field(factory=list)
    under_way: int = 0
    most: int = 0

    async def __call__(self, stored: StoredInstall) -> StoredInstall:
        """Answer one request; the last row is for all that follow."""
        row = self.answers[min(len(self.arrived), len(self.answers) - 1)]
        self.arrived.append(asyncio.get_running_loop().time())
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await (asyncio.Event().wait() if row[0] is None else asyncio.sleep(row[0]))
        finally:
            self.under_way -= 1
        if row[1] is not None:
            raise row[1]
        return NEW


DEAD = ReauthorizationRequired("dead", status=400)


@pytest.mark.parametrize("seconds", [6.9, 8.5, 15.0, 20.0, 25.0, 29.0])
async def test_a_slow_answer_is_taken_when_it_comes(seconds: float) -> None:
    """Each request is answered correctly, and late: the first goes on beside the others."""
    endpoint = Slow([(seconds, None)])
    spending = refresh(endpoint)

    assert await spending.spend() is NEW
    assert seconds <= asyncio.get_running_loop().time() < seconds + 3
    assert (spending.in_doubt_since, spending.is_settled) == (None, True)
    assert endpoint.most <= 2
    assert endpoint.under_way == 0


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_a_request_that_hangs_keeps_no_other_from_its_answer(lost: int) -> None:
    """As of old, the next one is sent after 7 s."""
    endpoint = Slow([*[(None, None)] * lost, (0.1, None)])

    assert await refresh(endpoint).spend() is NEW
    assert asyncio.get_running_loop().time() < 10.2 * lost
    assert endpoint.under_way == 0


async def test_quick_failures_beside_a_slow_request_are_repeated() -> None:
    """What is reset is tried often, and the answer that was slow is taken."""
    endpoint = Slow([(20, None), (0.1, LOST)])

    assert await refresh(endpoint).spend() is NEW
    assert 20 <= asyncio.get_running_loop().time() < 23
    assert len(endpoint.arrived) > 4


@pytest.mark.parametrize(
    ("first", "end"), [((12.0, None), 12.0), ((12.0, LOST), 12.0), ((None, None), 28.0)]
)
async def test_a_token_is_not_dead_while_its_first_answer_is_awaited(
    first: tuple[float | None, HighLevelError | None], end: float
) -> None:
    """The slow request may have been what the token was spent for."""
    endpoint = Slow([first, (0.1, DEAD)])
    spending = refresh(endpoint)
    if first == (12.0, None):
        assert await spending.spend() is NEW
    else:
        with pytest.raises(ReauthorizationRequired):
            await spending.spend()

    assert asyncio.get_running_loop().time() == pytest.approx(end)
    assert spending.is_settled
    assert endpoint.under_way == 0


async def test_the_end_of_a_refresh_ends_its_requests() -> None:
    """None goes on when nobody waits for it: after failures, and after its own cancellation."""
    endpoint = Slow([(None, None)])
    with pytest.raises(Unavailable):
        await refresh(endpoint).spend()
    assert endpoint.under_way == 0
    job = asyncio.create_task(refresh(endpoint).spend())
    await asyncio.sleep(10)
    assert endpoint.under_way == 2
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    assert endpoint.under_way == 0


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (LOST, True),
        (Unavailable("cut", status=200), True),
        (Unavailable("a gateway gave up", status=504), True),
        (FAILURES["200 of a proxy"], True),
        (FAILURES["500"], False),
        (FAILURES["502"], False),
        (FAILURES["429"], None),
        (FAILURES["refused connection"], None),
        (OtherInstall("of another location"), False),
    ],
)
async def test_the_last_request_that_may_have_been_taken_is_known(
    error: HighLevelError,
    is_lost: bool | None,  # noqa: FBT001 - a row
) -> None:
    """And apart from it the last one that got no reply."""
    endpoint = Endpoint(error, 1000)
    spending = refresh(endpoint)
    with pytest.raises(HighLevelError):
        await spending.spend()

    first, last = endpoint.tried[0], endpoint.tried[-1]
    assert spending.began == first
    assert spending.sent_at == (first if is_lost is None else last)
    assert spending.lost_at == (last if is_lost else first)


async def test_a_dead_token_ends_it() -> None:
    """HighLevel has said what became of the token."""
    endpoint = Endpoint(ReauthorizationRequired("dead", status=400), 1000)
    spending = refresh(endpoint)
    with pytest.raises(ReauthorizationRequired) as raised:
        await spending.spend()

    assert raised.value is endpoint.failure
    assert len(endpoint.tried) == 2
    assert (spending.in_doubt_since, spending.is_settled) == (None, True)


ODD = [
    LocationInactive("paused", status=400),
    ConfigurationError("wrong client", status=401),
    OtherInstall("of another location"),
]


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
async def test_one_odd_answer_ends_no_doubt(error: HighLevelError) -> None:
    """It may be the answer to that request alone: the token of the lost reply still comes."""
    endpoint = Endpoint(error, 5)
    spending = refresh(endpoint)
    await spending.spend()

    assert len(endpoint.tried) > 2
    assert (spending.in_doubt_since, spending.is_settled) == (None, True)


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
async def test_an_odd_answer_to_the_end_leaves_the_doubt(error: HighLevelError) -> None:
    """The last word is raised, and the install stays in doubt: it says nothing of the token."""
    endpoint = Endpoint(error, 1000)
    spending = refresh(endpoint)
    with pytest.raises(HighLevelError, match=str(error)) as raised:
        await spending.spend()

    expected = Unavailable if isinstance(error, OtherInstall) else type(error)
    assert type(raised.value) is expected
    assert endpoint.tried[-1] > 26
    assert spending.in_doubt_since is not None


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (Unavailable("wait", status=429, maybe_applied=False), 3),
        (Unavailable("wait", status=429, maybe_applied=False, retry_after=3600), 1),
        (Unavailable("no connection", maybe_applied=False), 3),
        (ReauthorizationRequired("dead", status=400), 1),
        *((error, 1) for error in ODD[:2]),
        (FAILURES["407 of a proxy"], 1),
    ],
)
async def test_what_was_not_taken_is_given_up_soon(error: HighLevelError, tries: int) -> None:
    """Where the old token is surely good, nobody needs to wait for half a minute."""
    endpoint = Endpoint(error, 1000, first=error)
    spending = refresh(endpoint)
    with pytest.raises(type(error)) as raised:
        await spending.spend()

    assert raised.value is error
    assert len(endpoint.tried) == tries
    assert asyncio.get_running_loop().time() < 3
    assert spending.in_doubt_since is None


@pytest.mark.parametrize(
    "error",
    [
        AccessDenied("a page", status=403),
        UnexpectedResponse("a redirect", status=302),
        NotFound("Cannot POST /oauth/token", status=404),
        RequestRejected("odd", status=400),
    ],
)
async def test_odd_answers_pass(error: HighLevelError) -> None:
    """They are not about the call that needs the token, so they are not raised as they are."""
    endpoint = Endpoint(error, 1000, first=error)
    spending = refresh(endpoint)
    with pytest.raises(Unavailable, match="no token") as raised:
        await spending.spend()

    assert (raised.value.status, raised.value.maybe_applied) == (error.status, False)
    assert len(endpoint.tried) == 3
    assert spending.in_doubt_since is None


async def test_the_grace_begins_with_what_may_have_been_taken() -> None:
    """Connections that were refused before count for nothing."""
    tried = []

    async def answer(_: StoredInstall) -> StoredInstall:
        tried.append(asyncio.get_running_loop().time())
        if len(tried) < 3:
            raise FAILURES["refused connection"]
        raise LOST

    with pytest.raises(Unavailable):
        await refresh(answer).spend()

    assert tried[2] > 0
    assert 27 < tried[-1] - tried[2] < 28


async def test_the_grace_begins_when_the_request_is_sent() -> None:
    """The wait for a connection comes before it, however long: nothing has left till then."""
    endpoint, wall, places = Endpoint(LOST, 1000), [WALL], []

    @asynccontextmanager
    async def place() -> AsyncIterator[None]:
        places.append(asyncio.get_running_loop().time())
        if len(places) == 1:
            assert not spending.has_left
            await asyncio.sleep(20)
            wall[0] += 20
        yield

    send = endpoint.__call__
    spending = Refresh(
        *(send, send, OLD, TOKEN_RETRIES, lambda: wall[0], None),
        place=place,
        rng=random.Random(0),
    )
    with pytest.raises(Unavailable, match="did not answer the refresh"):
        await spending.spend()

    assert endpoint.tried[0] == 20
    assert 27 < endpoint.tried[-1] - endpoint.tried[0] < 28
    assert spending.in_doubt_since == datetime.fromtimestamp(WALL + 20, UTC)
    assert len(places) == len(endpoint.tried)


async def test_what_was_cut_off_before_it_was_sent_is_in_no_doubt() -> None:
    """A request that still waited for its connection was not taken."""
    places = []

    @asynccontextmanager
    async def place() -> AsyncIterator[None]:
        places.append(asyncio.get_running_loop().time())
        if len(places) == 1:
            raise asyncio.CancelledError
        yield

    async def answer(_: StoredInstall) -> StoredInstall:
        assert spending.in_doubt_since is None
        return NEW

    spending = Refresh(
        *(answer, answer, OLD, TOKEN_RETRIES, lambda: WALL, None),
        place=place,
        rng=random.Random(0),
    )

    assert await spending.spend() is NEW
    assert len(places) == 2


async def test_only_a_closed_session_is_done_without() -> None:
    """In doubt a closed session is replaced; a proxy that refuses is asked again, not avoided."""
    for name, sole in (("closed session", True), ("407 of a proxy", False)):
        usual, alone = Endpoint(FAILURES[name], 1000), Endpoint(LOST, 5)
        parts = usual, alone, OLD, TOKEN_RETRIES, lambda: WALL, None
        with suppress(Unavailable):
            await Refresh(*parts, rng=random.Random(0)).spend()

        assert (len(usual.tried) == 2) is sole, name
        assert bool(alone.tried) is sole, name


async def test_the_observer_hears_of_every_try() -> None:
    """As of the retries of any call."""
    events: list[Event] = []
    endpoint = Endpoint(LOST, 5)
    await refresh(endpoint, events).spend()

    assert {type(event) for event in events} == {Retried}
    assert len(events) == len(endpoint.tried) - 1


async def test_a_request_that_the_end_of_the_program_cuts_off_is_repeated() -> None:
    """Not this task was cancelled, but one that works for it: the grace gives the token again."""
    tried = []

    async def answer(_: StoredInstall) -> StoredInstall:
        tried.append(asyncio.get_running_loop().time())
        if len(tried) == 1:
            helper = asyncio.create_task(asyncio.sleep(10))
            asyncio.get_running_loop().call_later(0.1, helper.cancel)
            await helper
        return NEW

    assert await refresh(answer).spend() is NEW


async def test_its_own_cancellation_ends_it() -> None:
    """Cancelling the refresh itself ends it."""
    job = asyncio.create_task(refresh(Endpoint(LOST, 1000)).spend())
    await asyncio.sleep(1)
    job.cancel()

    with pytest.raises(asyncio.CancelledError):
        await job


@given(
    failed=st.integers(1, 100),
    retry_after=st.one_of(st.none(), st.floats(0, 1e9)),
    left=st.floats(-100, 28),
)
@pytest.mark.looptime(False)  # noqa: FBT003 - arithmetic needs no loop
def test_a_wait_never_passes_the_last_try(
    failed: int, retry_after: float | None, left: float
) -> None:
    """Each wait is some time, and never longer than there is."""
    wait = GRACE.wait(failed, retry_after, left)

    assert wait is None if left < 0.05 else 0 < wait <= left  # type: ignore[operator]


def test_the_grace_is_highlevels() -> None:
    """30 s, with room for the way of the last request."""
    assert Grace() == GRACE
    assert GRACE.last_try <= GRACE.seconds - 2
