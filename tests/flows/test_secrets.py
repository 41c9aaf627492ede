# ruff: noqa: ANN001, ANN201 - fixtures and generators, whose types live in conftest
"""No token and no secret ever leaves: not in a log, a repr, an event, or a traceback."""

import asyncio
import copy
import logging
import pickle
import traceback

import pytest

from ghl_notes import RetryPolicy
from ghl_notes.errors import ConfigurationError, HighLevelError
from ghl_notes.testing import Fault

LEAKY = [
    Fault.FORBIDDEN_HTML,
    Fault.HUGE,
    Fault.WRONG_TYPE,
    Fault.EMPTY_BODY,
    Fault.LOCATION_INACTIVE,
]
LASTING = [Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.HTML, Fault.RESET_BEFORE, Fault.CUT_JSON]


@pytest.fixture
def noisy(caplog, event_loop_debug) -> None:
    """Let everybody log everything."""
    caplog.set_level(logging.DEBUG)


@pytest.fixture
async def event_loop_debug():
    """Let asyncio tell of everything that takes longer than nothing."""
    loop = asyncio.get_running_loop()
    slow = loop.slow_callback_duration
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    yield
    loop.set_debug(False)
    loop.slow_callback_duration = slow


async def failures(client, contact_id: str) -> list[str]:
    """Make every kind of call and give the tracebacks of what they raise, and other shapes."""
    notes, told = client.notes, []
    for call in (
        notes.list(contact_id),
        notes.create(contact_id, "Text"),
        notes.update(contact_id, "note", body="Text"),
        notes.delete(contact_id, "note"),
        client.request("POST", f"/contacts/{contact_id}/notes", json={"body": "Text"}),
    ):
        try:
            await call
        except HighLevelError as error:
            told += [*traceback.format_exception(error), repr(error), repr(vars(error))]
            told += [repr(copy.copy(error)), repr(pickle.loads(pickle.dumps(error)))]
            told.append(repr(error.__reduce__()))
    return told


async def every_trouble(fake, client, contact_id: str, *, path: str | None = None) -> list[str]:
    """Meet every fault, and give what was told."""
    told = []
    for fault in [*LEAKY, *LASTING]:
        fake.inject(fault, 100, path_contains=path)
        told += await failures(client, contact_id)
        fake.clear_faults()
    return told


def assert_safe(told: list[str], secrets: set[str]) -> None:
    """Look for each secret in everything that was told."""
    assert told
    assert all(len(secret) > 20 for secret in secrets)
    text = "\n".join(told)
    assert [secret for secret in secrets if secret in text] == []


async def test_a_private_token_is_never_told(fake, connect, contact_id, caplog, noisy) -> None:
    """A private token appears nowhere but in the header of the request."""
    events = []
    client = connect(fake, observer=events.append)
    told = await every_trouble(fake, client, contact_id)
    for endless in (connect(fake, base_url="http://127.0.0.1:9"), connect(fake, timeout=1e-6)):
        told += await failures(endless, contact_id)
    told += [repr(client), repr(vars(client)), repr(client.notes), repr(client._dispatch._auth)]
    told += [*map(repr, events), caplog.text, *(repr(r.__dict__) for r in caplog.records)]

    assert len(events) > 100
    assert "asyncio" in caplog.text
    assert_safe(told, {fake.private_token})


@pytest.mark.slow
@pytest.mark.parametrize("path", [None, "/oauth/token"])
async def test_an_installs_secrets_are_never_told(
    fake, build, store, contact_id, caplog, noisy, path
) -> None:
    """Neither calls nor renewals tell a token, the app's secret, or a code."""
    events, secrets = [], {fake.app.client_secret}
    once = RetryPolicy(attempts=1, base=0, settle=0.01)
    highlevel = build(fake, store=store, observer=events.append, retries=once)
    code = fake.authorize_code()
    install = await highlevel.install(code)
    client = highlevel.location(fake.location_id)

    async def remember() -> None:
        token = (await store.load(install.key)).token
        secrets.update({token.access_token, token.refresh_token})

    await remember()
    fake.expire_access_tokens()
    told = await every_trouble(fake, client, contact_id, path=path)
    await remember()
    fake.expire_access_tokens()
    await client.notes.list(contact_id)
    await remember()
    fake.revoke()
    told += await failures(client, contact_id)
    try:
        await highlevel.install(code)
    except HighLevelError as error:
        told += traceback.format_exception(error)
    auth, stored = client._dispatch._auth, await store.load(install.key)
    told += [repr(x) for x in (highlevel, highlevel.app, install, stored, stored.token, auth)]
    told += [repr(x) for x in (client, store, vars(client), vars(highlevel))]
    told += [*map(repr, events), caplog.text, *(repr(r.__dict__) for r in caplog.records)]

    assert len(secrets) >= 5
    assert_safe(told, {*secrets, code})


async def test_values_that_hold_secrets_are_not_pickled(fake, store, build) -> None:
    """A cache or a queue cannot carry a secret away by accident."""
    highlevel = build(fake, store=store)
    install = await highlevel.install(fake.authorize_code())
    stored = await store.load(install.key)
    for secret in (stored, stored.token, highlevel.app):
        with pytest.raises(TypeError, match="secret"):
            pickle.dumps(secret)
        with pytest.raises(TypeError, match="secret"):
            copy.deepcopy(secret)

    assert pickle.loads(pickle.dumps(install)) == install


async def test_a_note_is_never_told(fake, connect, contact_id, caplog, noisy) -> None:
    """What people write about their customers stays out of logs, events and errors."""
    events, text = [], "private: a text that nobody else should read"
    client = connect(fake, observer=events.append)
    told = []
    for fault in [*LEAKY, *LASTING, Fault.RESET_AFTER, Fault.NULL_TEXT]:
        fake.inject(fault, 100)
        try:
            await client.notes.create(contact_id, text, title=text)
        except HighLevelError as error:
            told += [*traceback.format_exception(error), repr(vars(error))]
        fake.clear_faults()

    assert_safe([*told, *map(repr, events), caplog.text], {text})


class Handing:
    """Somebody's own ``Auth``, which hands out what it is given."""

    def __init__(self, first: object, next_one: object) -> None:
        self.first, self.next_one = first, next_one

    async def token(self) -> object:
        return self.first

    async def renew(self, stale: str) -> object:
        return self.next_one


@pytest.mark.parametrize("renewed", [False, True])
@pytest.mark.parametrize(
    "odd", ["hu5h\n", "hu5\r\nh5: x", "hu5h\0", "hu5h\ud800", "hu5h\x85", "\xa0", b"hu5h", 5]
)
async def test_a_token_that_no_header_can_hold_is_not_sent(
    fake, connect, contact_id, odd, renewed
) -> None:
    """What somebody's own ``Auth`` hands out is refused by name of the fault, and never told."""
    auth = Handing("refused", odd) if renewed else Handing(odd, odd)
    client = connect(fake, token=None, auth=auth)
    before = fake.stats.requests
    with pytest.raises(ConfigurationError, match="auth must return tokens as ASCII") as raised:
        await client.notes.list(contact_id)

    assert fake.stats.requests == before + renewed
    assert "hu5" not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__cause__ is None
