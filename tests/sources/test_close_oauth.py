# ruff: noqa: ANN001, ANN003, ANN201 - fixtures, whose types live in conftest
"""An OAuth app at Close: its installs live as those at HighLevel do."""

import asyncio

import attrs
import pytest

from ghl_notes import App
from ghl_notes.errors import (
    ConfigurationError,
    HighLevelError,
    ReauthorizationRequired,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.oauth import installs, refreshing, remembering
from ghl_notes.oauth.refreshing import Grace
from ghl_notes.sources.close import CloseNotes, CloseOAuth
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import Fault

TOKEN = "POST /oauth2/token/"


@pytest.fixture(autouse=True)
def quick_renewals(monkeypatch) -> None:
    """Let the token endpoint be tried as often as ever, but without the waits."""
    quick = attrs.evolve(installs.TOKEN_RETRIES, base=0)
    monkeypatch.setattr(installs, "TOKEN_RETRIES", quick)
    grace = Grace(seconds=0.3, last_try=0.25, base=0.02, cap=0.1)
    monkeypatch.setattr(refreshing, "GRACE", grace)
    monkeypatch.setattr(remembering, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def build(stack):
    """Make the OAuth of a pretend Close's app."""

    def make(fake, store=None, **options) -> CloseOAuth:
        app = App(
            client_id=fake.app.client_id,
            client_secret=options.pop("client_secret", fake.app.client_secret),
            redirect_uri=fake.app.redirect_uri,
            scopes=options.pop("scopes", ("all.full_access", "offline_access")),
        )
        oauth = CloseOAuth(app, store=store or MemoryStore(), base_url=fake.host, **options)
        stack.push_async_callback(oauth.close)
        return oauth

    return make


@pytest.fixture
async def fake(start):
    """Give a Close."""
    return await start()


@pytest.fixture
async def oauth(fake, build):
    """Give an app that is installed."""
    oauth = build(fake)
    await oauth.install(fake.authorize_code())
    return oauth


@pytest.fixture
def source(fake, oauth, connect) -> CloseNotes:
    """Give the source that reads with the install's tokens."""
    return connect(fake, auth=oauth.auth(fake.organization_id))


async def test_the_way_through_the_browser(fake, build) -> None:
    """A URL with the scopes and a state, and an install of the organization at its end."""
    oauth = build(fake)
    request = oauth.authorize()
    install = await oauth.install_from(fake.callback_url(request.state), state=request.state)

    assert request.url.startswith("https://app.close.com/oauth2/authorize/?")
    assert "scope=all.full_access+offline_access" in request.url
    assert install.company_id == fake.organization_id
    assert install.user_id == fake.user_ids[0]
    assert install.scopes == ("all.full_access", "offline_access")
    assert [one async for one in oauth.installs()] == [install]


async def test_a_refusal_and_a_strange_state_are_told(fake, build) -> None:
    """Either way it starts again at authorize()."""
    oauth = build(fake)
    with pytest.raises(ReauthorizationRequired):
        await oauth.install_from("https://x.com/?error=access_denied&state=s", state="s")
    with pytest.raises(ReauthorizationRequired):
        await oauth.install_from(fake.callback_url("other"), state="s")

    assert fake.stats.requests == 0


async def test_an_app_without_offline_access_is_told(fake, build) -> None:
    """Without that scope there is no refresh token, and the install would end within the hour."""
    with pytest.raises(ConfigurationError, match="offline_access"):
        build(fake, scopes=("all.full_access",)).authorize()


async def test_notes_are_read_with_its_tokens(fake, source) -> None:
    """As with an API key."""
    assert len([note async for note in source.notes()]) == 50
    assert await source.account() == fake.organization_id


async def test_many_tasks_renew_once(fake, source) -> None:
    """A refresh token works once, so whoever meets the end of a token waits for one renewal."""
    await source.account()
    fake.expire_access_tokens()
    notes = fake.notes()
    found = await asyncio.gather(*(source.get(note["id"]) for note in notes))

    assert [note.id for note in found] == [note["id"] for note in notes]
    assert fake.stats.refreshes == 1


async def test_each_renewal_spends_the_last(fake, source, oauth) -> None:
    """Refresh tokens rotate, and the newest is always the one that is kept."""
    for renewals in range(1, 5):
        fake.expire_access_tokens()
        await source.account()
        assert fake.stats.refreshes == renewals

    assert fake.stats.invalid_grants == 0


async def test_a_new_process_goes_on(fake, build, connect) -> None:
    """What is stored is enough to go on with."""
    store = MemoryStore()
    await build(fake, store).install(fake.authorize_code())
    fake.expire_access_tokens()
    auth = build(fake, store).auth(fake.organization_id)

    assert await connect(fake, auth=auth).account() == fake.organization_id


async def test_a_spent_install_asks_for_its_user(fake, source) -> None:
    """Once the tokens are dead, the error says so, and asking again costs nothing."""
    fake.revoke()
    with pytest.raises(ReauthorizationRequired, match="authorize"):
        await source.account()
    requests = fake.stats.requests
    with pytest.raises(ReauthorizationRequired):
        await source.account()

    assert fake.stats.requests == requests


async def test_an_install_without_a_refresh_token_ends(fake, build, connect) -> None:
    """Close gives none without the scope, so nothing can renew it."""
    oauth = build(fake)
    await oauth.install(fake.authorize_code(offline=False))
    source = connect(fake, auth=oauth.auth(fake.organization_id))
    await source.account()
    fake.expire_access_tokens()
    with pytest.raises(ReauthorizationRequired):
        await source.account()


async def test_a_code_works_once(fake, oauth, build) -> None:
    """A code that was used, or never given, needs another."""
    code = fake.authorize_code()
    await oauth.install(code)
    for used in (code, "made-up"):
        with pytest.raises(ReauthorizationRequired):
            await oauth.install(used)


async def test_a_wrong_secret_names_close(fake, build) -> None:
    """Who does not know the app is told, and the secret is not."""
    oauth = build(fake, client_secret="wr0ng")
    with pytest.raises(ConfigurationError, match="Close does not know") as raised:
        await oauth.install(fake.authorize_code())

    assert "wr0ng" not in str(raised.value) + repr(raised.value) + repr(oauth.app)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SERVER_ERROR, Unavailable),
        (Fault.BAD_GATEWAY, Unavailable),
        (Fault.RESET_BEFORE, Unavailable),
        # Close tells no wait here, so its own client's two seconds are waited, twice.
        pytest.param(Fault.RATE_LIMITED, Unavailable, marks=pytest.mark.slow),
        (Fault.HTML, UnexpectedResponse),
        (Fault.FORBIDDEN_HTML, HighLevelError),
        (Fault.WRONG_TYPE, UnexpectedResponse),
    ],
)
async def test_a_token_endpoint_that_fails_names_close(fake, build, fault, error) -> None:
    """And nobody else, whatever went wrong; the code is still good afterwards if it can be."""
    oauth = build(fake)
    fake.inject(fault, 5, path_contains="/oauth2/token/")
    with pytest.raises(error) as raised:
        await oauth.install(fake.authorize_code())

    assert "Close" in str(raised.value)
    assert "HighLevel" not in str(raised.value)
    fake.clear_faults()
    assert (await oauth.install(fake.authorize_code())).company_id == fake.organization_id


async def test_a_passing_failure_of_a_renewal_is_not_noticed(fake, source) -> None:
    """What was surely not spent is tried again."""
    fake.expire_access_tokens()
    fake.inject(Fault.SERVER_ERROR, 2, path_contains="/oauth2/token/")

    assert await source.account() == fake.organization_id
    assert fake.stats.by_route[TOKEN] == 4


async def test_key_and_auth_are_not_given_together(oauth) -> None:
    """One of them says who reads."""
    with pytest.raises(ConfigurationError, match="either api_key or auth"):
        CloseNotes("api_key", auth=oauth.auth("orga_1"))
