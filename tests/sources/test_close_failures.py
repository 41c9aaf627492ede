# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Close's limits, refusals and failures, from end to end."""

import asyncio
from datetime import UTC, datetime

import pytest

from ghl_notes import Limits
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    RateLimited,
    Unavailable,
)
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.sources.close import CloseNotes
from ghl_notes.testing import Fault
from tests.sources.reading import ids_of


async def test_each_group_stays_inside_its_own_limit(start, connect) -> None:
    """The header of each group is followed, so that no request is refused."""
    fake = await start(leads=15, notes_per_lead=40, limit=6, interval=0.1)
    source = connect(fake)
    seen = {}
    async for note in source.notes():
        seen[note.lead_id] = note
    await asyncio.gather(*map(source.contacts_of, seen.values()), source.users())

    assert len(seen) == 15
    assert fake.stats.rejected_429 == 0
    assert fake.stats.requests > 20


async def test_the_first_limits_hold_until_another_is_told(start, connect) -> None:
    """A Close without the header is read no faster than the source was told to."""
    fake = await start(leads=6, notes_per_lead=1, limit=None, interval=0.05)
    source = connect(fake, limits=Limits(burst=4, interval=0.05))
    notes = [note async for note in source.notes()]
    await asyncio.gather(*map(source.contacts_of, notes))

    assert len(notes) == 6
    assert fake.stats.max_in_window == 4


async def test_what_no_path_could_hold_is_refused(start, connect) -> None:
    """As an id of Close, without a word about another system, and before anything is sent."""
    fake = await start()
    with pytest.raises(ConfigurationError, match=r"^note_id must be an id: ") as raised:
        await connect(fake).get("acti_1/../me")

    assert "HighLevel" not in str(raised.value)
    assert fake.stats.requests == 0


PASSING = [
    Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.HTML, Fault.RESET_BEFORE,
    Fault.RESET_AFTER, Fault.CUT_BODY, Fault.CUT_JSON,
]  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_fault_is_not_noticed(start, connect, fault) -> None:
    """A call is made again until its whole reply is there."""
    fake = await start(limit=50, interval=0.02, notes_per_lead=30)
    fake.inject(fault, 2)
    met = await ids_of(connect(fake).notes())

    assert (len(met), set(met.values())) == (300, {1})


async def test_a_limit_that_stays_is_told(start, connect) -> None:
    """Once the tries are used up, the error says when to come again."""
    fake = await start(limit=50, interval=0.02)
    fake.inject(Fault.RATE_LIMITED, 50)
    with pytest.raises(RateLimited, match="Close's rate limit") as raised:
        await connect(fake, retries=RetryPolicy(attempts=3, base=0)).account()

    assert raised.value.retry_after > 0
    assert fake.stats.requests == 3


async def test_a_wrong_key_is_told_at_once(start, connect) -> None:
    """One request, and an error that says what to check, without the key in it."""
    fake = await start()
    source = connect(fake, api_key="api_wr0ng")
    for call in (source.account(), ids_of(source.notes())):
        with pytest.raises(AccessDenied, match="check the API key") as raised:
            await call
        assert "wr0ng" not in repr(raised.value) + str(raised.value)

    assert fake.stats.requests == 2
    assert "wr0ng" not in repr(vars(source)) + repr(vars(source._calls))


@pytest.mark.parametrize("path", ["", "/api", "/api/v1/leads"])
async def test_a_wrong_base_url_is_told(start, connect, path) -> None:
    """An address at which there is no API says to check it."""
    fake = await start()
    source = connect(fake, base_url=fake.host + path)
    for call in (source.account(), ids_of(source.notes()), source.users()):
        with pytest.raises(ConfigurationError, match="base_url"):
            await call


async def test_nobody_at_the_base_url_is_told(start, connect) -> None:
    """A host that does not answer is not available."""
    fake = await start()
    source = connect(fake)
    await fake.close()
    with pytest.raises(Unavailable, match="Close"):
        await source.account()


@pytest.mark.parametrize("url", ["", "api.close.com", "ftp://api.close.com", None, "https://x?y"])
def test_what_is_no_base_url_is_refused(url) -> None:
    """When the source is made, and not with its first call."""
    with pytest.raises(ConfigurationError, match="base_url"):
        CloseNotes("api_key", base_url=url)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"api_key": ""},
        {"api_key": " "},
        {"api_key": 5},
        {"api_key": "a b"},
        {"api_key": "\xe9"},
    ],
)
def test_what_is_no_key_is_refused(arguments) -> None:
    """The message names the argument, and never shows it."""
    with pytest.raises(ConfigurationError, match="api_key") as raised:
        CloseNotes(**arguments)

    assert "a b" not in str(raised.value)


@pytest.mark.parametrize("status", [Fault.WRONG_TYPE, Fault.EMPTY_BODY])
async def test_a_reply_of_another_form_is_told(start, connect, status) -> None:
    """What is no list of notes is not taken for an empty one."""
    fake = await start()
    source = connect(fake)
    calls = (
        lambda: ids_of(source.notes()),
        source.account,
        source.users,
        lambda: source.get("acti_1" if status is Fault.EMPTY_BODY else fake.notes()[0]["id"]),
        lambda: source.changes(datetime.now(UTC)),
    )
    for call in calls:
        fake.inject(status)
        with pytest.raises(HighLevelError):
            await call()
        fake.clear_faults()
