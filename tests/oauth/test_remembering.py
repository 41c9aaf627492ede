"""How long the failure of the last try stands for the next one, on a clock of its own."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import LocationInactive, ReauthorizationRequired, Unavailable
from ghl_notes.oauth.remembering import Remembered

ABOUT = "token 1"


def kept(*, retry_after: float | None = None, for_good: bool = False) -> Remembered:
    """Remember a failure of the time 100."""
    failure = Remembered()
    error = Unavailable("down", retry_after=retry_after)
    failure.keep(error, ABOUT, now=100.0, for_good=for_good)
    return failure


def is_asked(
    failure: Remembered, now: float, *, about: object = ABOUT, looking: bool = False
) -> bool:
    """Tell whether somebody who comes at that time may ask."""
    try:
        failure.check(about, now=now, looking=looking)
    except Unavailable:
        return False
    return True


@pytest.mark.parametrize(
    ("retry_after", "seconds", "for_a_look"),
    [
        (None, 5, 0),
        (0.0, 1, 1),
        (0.2, 1, 1),
        (30.0, 30, 30),
        (3600.0, 300, 300),
        (31_536_000.0, 300, 300),
        (math.inf, 300, 300),
    ],
)
def test_a_failure_stands_for_its_time(
    retry_after: float | None, seconds: float, for_a_look: float
) -> None:
    """As long as HighLevel says, but not beyond reason; who looks on purpose may ask sooner."""
    failure = kept(retry_after=retry_after)

    assert not is_asked(failure, 99.9 + seconds)
    assert is_asked(failure, 100 + seconds)
    assert is_asked(failure, 100 + for_a_look, looking=True)
    assert for_a_look == 0 or not is_asked(failure, 99.9 + for_a_look, looking=True)


@pytest.mark.parametrize("looking", [False, True])
@pytest.mark.parametrize("retry_after", [120.0, 3600.0])
def test_what_cannot_wait_is_asked_for_soon(
    retry_after: float,
    looking: bool,  # noqa: FBT001 - a row
) -> None:
    """While HighLevel may repeat a lost answer it is asked all 5 s, and then left in peace."""
    failure = Remembered()
    error = Unavailable("down", retry_after=retry_after)
    failure.keep(error, ABOUT, now=100.0, urgent=28.0)

    asked = [is_asked(failure, now, looking=looking) for now in (104.9, 105, 127.9, 128, 219)]
    assert asked == [False, True, True, False, False]


def test_what_cannot_wait_says_when_it_may_be_asked() -> None:
    """``retry_after`` is the time of the next request, also where ``Retry-After`` is not yet."""
    for retry_after, urgent, at_first, later, at_last in (
        (None, 28.0, 5, 1, None),
        (3600.0, 28.0, 5, 1, 272),
        (2.0, 28.0, 2, None, None),
        (3600.0, 5.0, 300, 296, 272),  # it is over before anybody may ask
        (3600.0, 0.0, 300, 296, 272),
    ):
        failure, told = Remembered(), []
        error = Unavailable("down", retry_after=retry_after)
        pause = failure.keep(error, ABOUT, now=100.0, urgent=urgent)
        for now in (104.0, 128.0):
            try:
                failure.check(ABOUT, now=now, looking=False)
                told.append(None)
            except Unavailable as again:
                told.append(again.retry_after)
        assert [pause, *told] == [at_first, later, at_last], (retry_after, urgent)


def test_a_change_in_the_store_ends_it() -> None:
    """What is told of one token is not told of the next."""
    assert is_asked(kept(), 100, about="token 2")
    assert not is_asked(kept(for_good=True), 1e9)
    assert is_asked(kept(for_good=True), 1e9, about="token 2")


def test_who_looks_asks_a_refusal_again_after_a_while() -> None:
    """A refusal that stands for calls is looked at by those who look, and not hammered."""
    assert not is_asked(kept(for_good=True), 104, looking=True)
    assert is_asked(kept(for_good=True), 105, looking=True)


def test_it_says_how_long_it_still_is() -> None:
    """A copy for each, so that no caller names his own call in another's."""
    failure = kept(retry_after=30)
    found = []
    for now in (110, 125):
        with pytest.raises(Unavailable) as raised:
            failure.check(ABOUT, now=now, looking=False)
        found.append(raised.value)

    assert [error.retry_after for error in found] == [20, 5]
    assert found[0] is not found[1]


def test_another_name_keeps_the_time() -> None:
    """A refusal that is told in other words stands as long."""
    failure = kept(retry_after=30)
    failure.replace(ReauthorizationRequired("install the app there"))
    with pytest.raises(ReauthorizationRequired) as raised:
        failure.check(ABOUT, now=110, looking=False)

    assert raised.value.retry_after == 20


def test_nothing_is_remembered_at_first_and_after_forgetting() -> None:
    """There is nothing that could stand in the way."""
    failure = kept()
    failure.forget()

    assert is_asked(failure, 100)
    assert is_asked(Remembered(), 0, about=None)


@given(st.one_of(st.none(), st.floats(0, allow_nan=False)))
def test_nothing_is_believed_for_ever(retry_after: float | None) -> None:
    """Whatever a server says, one request looks after five minutes whether it still holds."""
    failure = Remembered()
    failure.keep(LocationInactive("paused", retry_after=retry_after), ABOUT, now=0.0)

    failure.check(ABOUT, now=300.0, looking=False)
