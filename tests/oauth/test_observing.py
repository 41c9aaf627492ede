"""Observers that fail while an install is renewed, and retries that hold no frames."""

import asyncio
import gc
import logging
import weakref
from contextlib import suppress

import pytest

from ghl_notes import Event, RetryPolicy
from ghl_notes.errors import HighLevelError, Unavailable
from ghl_notes.http.retries import retrying
from ghl_notes.models import Install, StoredInstall, Token
from ghl_notes.oauth.installs import TOKEN_RETRIES
from ghl_notes.oauth.refreshing import Refresh

STORED = StoredInstall.of(
    Install(user_type="Location", location_id="loc", company_id="com"),
    Token(access_token="old", refresh_token="r old", issued_at=0.0, expires_at=100.0),
)


@pytest.mark.looptime
async def test_an_observer_that_fails_ends_no_refresh(caplog: pytest.LogCaptureFixture) -> None:
    """A refresh in doubt goes on, and what the observer raised is logged."""
    tried = []

    async def answer(stored: StoredInstall) -> StoredInstall:
        tried.append(asyncio.get_running_loop().time())
        if len(tried) < 4:
            raise Unavailable("the connection broke")
        return stored

    def fail(event: Event) -> None:
        raise RuntimeError(type(event).__name__)

    with caplog.at_level(logging.ERROR, logger="ghl_notes"):
        refresh = Refresh(answer, answer, STORED, TOKEN_RETRIES, lambda: 0.0, fail)
        assert await refresh.spend() is STORED

    assert len(tried) == 4
    assert caplog.text.count("RuntimeError: Retried") == 3


@pytest.mark.parametrize("attempts", [1, 2, 3])
async def test_an_error_that_was_raised_is_freed_at_once(attempts: int) -> None:
    """The retries keep no failure in a frame that its own traceback holds."""
    raised: list[weakref.ref[HighLevelError]] = []

    async def fail() -> None:
        error = Unavailable("broke")
        raised.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    async def call() -> None:
        with suppress(Unavailable):
            await retrying(fail, RetryPolicy(attempts=attempts, base=0))()

    gc.collect()
    gc.disable()
    try:
        await call()
        left = [one() for one in raised if one() is not None]
    finally:
        gc.enable()

    assert len(raised) == attempts
    assert not left
