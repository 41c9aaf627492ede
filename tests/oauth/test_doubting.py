"""Until when a refresh token that may have been taken is asked about."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.models import Install, StoredInstall, Token
from ghl_notes.oauth.doubting import Doubt
from ghl_notes.oauth.installs import TOKEN_RETRIES
from ghl_notes.oauth.refreshing import GRACE, Refresh

STORED = StoredInstall.of(
    Install(user_type="Location", location_id="loc", company_id="com"),
    Token(access_token="old", refresh_token="r old", issued_at=0.0, expires_at=100.0),
)

pytestmark = pytest.mark.looptime


async def never(_: StoredInstall) -> StoredInstall:
    raise NotImplementedError


def failed(began: float, sent: float | None, lost: float | None = None) -> Refresh:
    """Give a refresh that ended in doubt."""
    spent = Refresh(never, never, STORED, TOKEN_RETRIES, lambda: 0.0, None, rng=random.Random(0))
    spent.began, spent.sent_at, spent.lost_at = began, sent, lost
    return spent


@pytest.mark.parametrize(
    ("refresh", "left", "is_asked"),
    [
        (failed(0, None), 0, False),  # nothing was taken
        (failed(0, 0, 0), 2, False),  # the first alone: that time is over
        (failed(0, 25), 27, False),  # HighLevel has answered, if with an error
        (failed(0, 27, 0), 29, False),
        (failed(0, 25, 25), 27, True),
        (failed(0, 25, 4), 27, True),
        (failed(0, 25, 3), 27, False),  # over before anybody asks
    ],
)
async def test_the_grace_is_counted_from_the_last_that_may_have_been_taken(
    refresh: Refresh,
    left: float,
    is_asked: bool,  # noqa: FBT001 - a row
) -> None:
    """Callers may ask that long; about what was lost on its way is asked without any."""
    doubt = Doubt()
    await asyncio.sleep(28)
    doubt.learn(refresh)

    assert (doubt.left, doubt.is_to_be_asked) == (left, is_asked)
    doubt.end()
    assert (doubt.left, doubt.is_to_be_asked) == (0, False)


async def test_an_answer_ends_it() -> None:
    """HighLevel has said what became of the token."""
    doubt, refresh = Doubt(), failed(0, 0, 0)
    doubt.learn(refresh)
    await asyncio.sleep(24.9)
    assert doubt.is_to_be_asked
    refresh.is_settled, refresh.sent_at = True, None
    doubt.learn(refresh)

    assert (doubt.left, doubt.is_to_be_asked) == (0, False)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 28), st.booleans()), max_size=8))
@pytest.mark.looptime(False)  # noqa: FBT003 - arithmetic, with a clock of its own
def test_it_is_over_after_three_graces(rounds: list[tuple[int, int, bool]]) -> None:
    """However many are lost, one after the other: nobody is asked about for ever."""
    doubt, now, began = Doubt(), 0.0, 0.0
    for pause, seconds, is_lost in rounds:
        now += pause
        if now >= doubt.ends:
            began = now
        sent = now + seconds
        doubt.learn(failed(now, sent, sent if is_lost else None))
        now = sent
        assert doubt.ends <= began + 3 * GRACE.seconds
        assert doubt.ends <= sent + GRACE.seconds
        assert doubt.ends_unasked <= doubt.ends
