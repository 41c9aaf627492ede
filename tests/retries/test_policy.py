"""What a policy says about one failure: try again after so long, or not at all."""

import random
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import RetryPolicy
from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

DOWN = Unavailable("down")


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (DOWN, 0.0, 0.5),
        (Unavailable("later", retry_after=0.0), 0.0, 0.0),
        (Unavailable("later", retry_after=7.0), 7.0, 7.7),
        (Unavailable("later", retry_after=60.0), 60.0, 61.0),
        (Unavailable("much later", retry_after=60.1), None, None),
        (UnexpectedResponse("half a reply", garbled=True), 0.0, 0.5),
        (UnexpectedResponse("odd"), None, None),
        (RateLimited("wait"), 0.0, 0.0),
        (RateLimited("wait", retry_after=60.0), 0.0, 0.0),
        (RateLimited("long", retry_after=60.1), None, None),
        (RateLimited("tomorrow", daily=True), None, None),
        (RateLimited("tomorrow", daily=True, retry_after=1.0), None, None),
    ],
)
def test_how_long_after_the_first_failure(
    error: HighLevelError, least: float | None, most: float | None
) -> None:
    """A 429 is waited for by the limiter, not here; days and long waits are not waited for."""
    waits = [RetryPolicy(rng=random.Random(n)).wait_for(error, 1) for n in range(20)]

    if least is None or most is None:
        assert waits == [None] * 20
    else:
        assert all(wait is not None and least <= wait <= most for wait in waits)


@pytest.mark.parametrize(("retry_after", "least"), [(None, None), (5.0, 5.0), (61.0, None)])
def test_what_was_waited_for_is_waited_for_again_in_bulk(
    retry_after: float | None, least: float | None
) -> None:
    """A caller has waited long enough; a stream comes back if it is told when."""
    error = Unavailable("for a token", waited=True, retry_after=retry_after)
    wait = RetryPolicy().wait_for(error, 1, bulk=True)

    assert RetryPolicy().wait_for(error, 1) is None
    assert wait is None if least is None else wait is not None and wait >= least


@given(
    policy=st.builds(
        RetryPolicy,
        attempts=st.integers(1, 5_000),
        base=st.floats(0, 1e6),
        cap=st.floats(0, 1e6),
        longest_wait=st.floats(0, 1e6),
    ),
    failed=st.integers(1, 5_000),
    after=st.none() | st.floats(0, 1e6),
)
def test_no_wait_is_longer_than_allowed_or_shorter_than_asked(
    policy: RetryPolicy, failed: int, after: float | None
) -> None:
    """However many tries have failed, a wait is within what the policy and the server say."""
    wait = policy.wait_for(Unavailable("down", retry_after=after), failed)

    if failed >= policy.attempts or (after or 0.0) > policy.longest_wait:
        assert wait is None
    elif after is None:
        assert wait is not None
        assert 0 <= wait <= min(policy.cap, policy.base * 2.0 ** min(failed - 1, 900))
    else:
        assert wait is not None
        assert after <= wait <= after + min(1.0, 0.1 * after)


@pytest.mark.parametrize(("bulk", "tries"), [(False, 3), (True, 6)])
@pytest.mark.parametrize("error", [DOWN, RateLimited("wait"), UnexpectedResponse("", garbled=True)])
def test_tries_are_counted(error: HighLevelError, tries: int, *, bulk: bool) -> None:
    """Calls of a stream have a count of their own, and 429s count like other failures."""
    policy = RetryPolicy(attempts=3, bulk_attempts=6)
    waits = [policy.wait_for(error, failed, bulk=bulk) for failed in range(1, 10)]

    assert [wait is None for wait in waits] == [n >= tries for n in range(1, 10)]


def test_waits_grow_up_to_the_cap() -> None:
    """The room for chance doubles with each failure, until it is as wide as the cap."""
    policy = RetryPolicy(attempts=100, base=0.5, cap=10.0, rng=random.Random(0))
    widest = [
        max(policy.wait_for(DOWN, failed) or 0.0 for _ in range(500)) for failed in range(1, 9)
    ]

    assert widest == pytest.approx([0.5, 1, 2, 4, 8, 10, 10, 10], rel=0.05)


def test_the_same_chance_gives_the_same_waits() -> None:
    """A seeded generator makes a run repeatable."""
    first, second = (RetryPolicy(rng=random.Random(5)) for _ in range(2))

    assert [first.wait_for(DOWN, n) for n in range(1, 5)] == [
        second.wait_for(DOWN, n) for n in range(1, 5)
    ]


def test_policies_are_values() -> None:
    """Two policies of the same numbers are equal, whatever their chance is."""
    assert RetryPolicy(attempts=3) == RetryPolicy(attempts=3, rng=random.Random(1))
    assert "Random" not in repr(RetryPolicy())


@pytest.mark.parametrize("name", ["attempts", "bulk_attempts"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, None, "5"])
def test_tries_are_a_whole_number(name: str, value: object) -> None:
    """At least one try, and a whole one."""
    with pytest.raises(ConfigurationError, match=f"RetryPolicy: {name}"):
        RetryPolicy(**{name: value})


@pytest.mark.parametrize("name", ["base", "cap", "longest_wait", "settle"])
@pytest.mark.parametrize("value", [-0.1, inf, nan, True, None, "5"])
def test_times_are_seconds(name: str, value: object) -> None:
    """A time is a finite number of seconds, from none at all."""
    with pytest.raises(ConfigurationError, match=f"RetryPolicy: {name}"):
        RetryPolicy(**{name: value})
