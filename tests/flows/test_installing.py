# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""From the page on which a user chooses a location to the first call in its name."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from ghl_notes.errors import ConfigurationError, ReauthorizationRequired, Unavailable
from ghl_notes.oauth import session
from ghl_notes.testing import Fault
from tests.keys import company_on


async def choose(fake, request, chosen: str) -> str:
    """Choose a location on the page, as a browser does, and give the callback URL."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{request.url}&choose={chosen}", allow_redirects=False) as reply,
    ):
        assert reply.status == 302
        return reply.headers["Location"]


@pytest.fixture
def page(fake) -> str:
    """Give the pretend HighLevel's page."""
    return f"{fake.url}/v2/oauth/chooselocation"


async def test_an_install_through_the_browser(fake, highlevel, page, contact_id) -> None:
    """The callback of our own state becomes an install whose client works at once."""
    request = highlevel.authorize(url=page)
    callback = await choose(fake, request, fake.location_id)
    install = await highlevel.install(callback_url=callback, state=request.state)

    assert (install.location_id, install.company_id) == (fake.location_id, fake.company_id)
    assert (install.user_type, install.user_id) == ("Location", fake.user_id)
    assert install.scopes == ("contacts.readonly", "contacts.write")
    assert 86_300 < (install.expires_at - datetime.now(UTC)).total_seconds() < 86_400
    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5
    assert fake.stats.by_route["POST /oauth/token"] == 1


async def test_a_slow_exchange_is_waited_for(fake, build, monkeypatch) -> None:
    """A code works once, so its request has all of ``timeout``, and is not cut for another."""
    monkeypatch.setattr(session, "ATTEMPT_SECONDS", 0.05)

    async def delay(request) -> None:
        if request.phase == "answered":
            await asyncio.sleep(0.2)

    fake.on_token = delay
    highlevel = build(fake, timeout=10)

    assert (await highlevel.install(fake.authorize_code())).location_id == fake.location_id
    assert fake.stats.by_route["POST /oauth/token"] == 1


async def test_an_agency_through_the_browser(fake, highlevel, page, contact_id) -> None:
    """Choosing the agency installs the app on all of its locations."""
    request = highlevel.authorize(url=page, state="mine")
    callback = await choose(fake, request, fake.company_id)
    install = await highlevel.install(callback_url=callback, state="mine")

    assert (install.location_id, install.company_id) == (None, fake.company_id)
    assert install.key == company_on(fake)


async def test_an_install_by_its_code(fake, highlevel, store, contact_id, build) -> None:
    """An install that began in the marketplace carries a code and no state."""
    highlevel = build(fake, store=store)
    install = await highlevel.install(fake.authorize_code())
    stored = await store.load(install.key)

    assert stored.install == install
    assert [s.install async for s in store.list()] == [install]


async def test_each_state_is_another(highlevel) -> None:
    """A state that could be guessed would protect nobody."""
    assert len({highlevel.authorize().state for _ in range(50)}) == 50


@pytest.mark.parametrize("change", ["state", "error", "code"])
async def test_a_callback_that_is_not_ours_is_refused(fake, highlevel, page, change) -> None:
    """Another's state, a refusal, or a missing code exchange nothing: the user starts again."""
    request = highlevel.authorize(url=page)
    callback = await choose(fake, request, fake.location_id)
    if change == "error":
        callback += "&error=access_denied"
    if change == "code":
        callback = callback.replace("code=", "other=")
    state = "another" if change == "state" else request.state
    with pytest.raises(ReauthorizationRequired, match="again") as raised:
        await highlevel.install(callback_url=callback, state=state)

    assert parse_qs(urlsplit(callback).query).get("code", ["-"])[0] not in str(raised.value)
    assert fake.stats.by_route["POST /oauth/token"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"code": "c", "callback_url": "https://app.example.com/?code=c", "state": "s"},
        {"code": "c", "state": "s"},
        {"callback_url": "https://app.example.com/?code=c"},
        {"callback_url": "https://app.example.com/?code=c", "state": ""},
        {"callback_url": 5, "state": "s"},
        {"code": " "},
        {"code": 5},
    ],
)
async def test_arguments_that_cannot_work(fake, highlevel, arguments) -> None:
    """A callback without a state, and every other muddle, is refused before anything is sent."""
    with pytest.raises(ConfigurationError):
        await highlevel.install(**arguments)

    assert fake.stats.requests == 0


@pytest.mark.parametrize("kind", ["used", "unknown"])
async def test_a_code_that_is_no_good(fake, highlevel, store, kind) -> None:
    """A code works once; then the user has to start again, and the install stays as it was."""
    code = fake.authorize_code() if kind == "used" else "unknown"
    if kind == "used":
        await highlevel.install(code)
    with pytest.raises(ReauthorizationRequired) as raised:
        await highlevel.install(code)

    assert raised.value.status == 401
    assert code not in str(raised.value)


async def test_a_wrong_secret_is_named(fake, build) -> None:
    """The app's own credentials are the caller's to fix, not the user's."""
    with pytest.raises(ConfigurationError, match="client_secret") as raised:
        await build(fake, client_secret="wrong-secret").install(fake.authorize_code())

    assert "wrong-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.HTML, Fault.RESET_BEFORE]
)
async def test_an_exchange_is_repeated(fake, highlevel, contact_id, fault) -> None:
    """A code is good for ten minutes, so a failure that did nothing is tried again."""
    fake.inject(fault, 2, path_contains="/oauth/token")
    await highlevel.install(fake.authorize_code())

    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5


async def test_an_exchange_ends(fake, highlevel, token_calls) -> None:
    """A token endpoint that stays away is an error that names it, after three tries."""
    fake.inject(Fault.SERVER_ERROR, 100, path_contains="/oauth/token")
    with pytest.raises(Unavailable) as raised:
        await highlevel.install(fake.authorize_code())

    assert (raised.value.path, raised.value.status) == ("/oauth/token", 500)
    assert token_calls() == 3


async def test_a_code_whose_reply_was_lost_is_told_as_such(fake, highlevel) -> None:
    """It was our own first try that used it: nobody pasted an old one."""
    fake.inject(Fault.RESET_AFTER, path_contains="/oauth/token")
    with pytest.raises(ReauthorizationRequired, match=r"reply .* was lost.*authorize\(\) again"):
        await highlevel.install(fake.authorize_code())

    assert fake.stats.exchanges == 1
