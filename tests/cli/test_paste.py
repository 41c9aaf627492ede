# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202 - fixtures, whose types live in conftest
"""A login by pasting the URL that the browser was sent to."""

import signal
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.cli.paste import fault_of
from tests.keys import location_on

pytestmark = pytest.mark.slow


@pytest.fixture
def login(program):
    """Start a login with its stdin a pipe, which opens no browser."""

    async def begin(account, *more: object, environment=None, **pipes):
        arguments = ("login", "--paste", *account.page, *more)
        told = environment or account.environment
        return await program(*arguments, environment=told, **pipes)

    return begin


@pytest.fixture
async def chosen(account):
    """Do what the browser and its user do, and give the URL that the browser ends at."""

    async def go(page: str, choice: str | None = None) -> str:
        url = f"{page}&choose={choice or account.fake.location_id}"
        async with (
            aiohttp.ClientSession() as browser,
            browser.get(url, allow_redirects=False) as sent,
        ):
            return sent.headers["Location"]

    return go


async def test_a_pasted_url_installs(account, login, chosen) -> None:
    """The redirect URI need not lead anywhere; a pipe is as good as a keyboard."""
    running = await login(account)
    page = await running.page()
    callback_url = await chosen(page)
    ended = await running.end(f"{callback_url}\n".encode())
    told = ended.out + ended.err

    assert (ended.status, ended.err) == (0, "URL: ")
    assert f"Installed on location {account.fake.location_id}" in ended.out
    assert set(await account.stored()) == {location_on(account.fake)}
    assert not [secret for secret in await account.secrets() if secret in told]
    assert parse_qs(urlsplit(callback_url).query)["code"][0] not in told


async def test_the_page_asks_for_what_it_should(account, login, chosen) -> None:
    """HighLevel's page gets the app, its redirect URI, the scopes and a state."""
    running = await login(account, "--scopes", "contacts.readonly")
    asked = parse_qs(urlsplit(await running.page()).query)
    running.process.kill()

    assert asked["client_id"] == [account.fake.app.client_id]
    assert asked["redirect_uri"] == [account.fake.app.redirect_uri]
    assert asked["scope"] == ["contacts.readonly"]
    assert len(asked["state"][0]) > 20


@pytest.mark.parametrize(
    ("more", "host"),
    [((), "marketplace.gohighlevel.com"), (("--white-label",), "marketplace.leadconnectorhq.com")],
)
async def test_highlevels_own_page_is_the_default(account, program, more, host) -> None:
    """On the host that the user's agency shows."""
    running = await program("login", "--paste", *more, environment=account.environment)
    page = await running.page()
    ended = await running.end(b"")

    assert urlsplit(page).hostname == host
    assert ended.status == 2


async def test_what_is_no_callback_is_asked_for_again(account, login, chosen) -> None:
    """Three times, each time with what was wrong; then the right one still installs."""
    running = await login(account)
    page = await running.page()
    denied, right = await chosen(page, "cancel"), await chosen(page)
    state = parse_qs(urlsplit(right).query)["state"][0]
    wrong_state = right.replace(state, "another")
    pasted = f"{wrong_state}\n{denied}\nwhat is this?\n{right}\n"
    ended = await running.end(pasted.encode())
    first, second, third, *_ = ended.err.split("URL: ")[1:]

    assert ended.status == 0
    assert "another login" in first
    assert "access_denied" in second
    assert "not the URL of a callback" in third
    assert len(await account.stored()) == 1


async def test_four_wrong_ones_are_the_end(account, login) -> None:
    """Status 1, and nothing stored."""
    running = await login(account)
    await running.page()
    ended = await running.end(b"no\n" * 9)

    assert ended.status == 1
    assert ended.err.count("URL: ") == 4
    assert "nothing was installed" in ended.last
    assert await account.stored() == {}


async def test_a_code_that_is_used_is_asked_for_again(account, login, chosen) -> None:
    """The page that was opened is good for another code."""
    running = await login(account)
    page = await running.page()
    used = await chosen(page)
    code = parse_qs(urlsplit(used).query)["code"][0]
    fresh = await chosen(page)
    stale = used.replace(code, "0" * len(code))
    ended = await running.end(f"{stale}\n{fresh}\n".encode())

    assert ended.status == 0
    assert "used or too old" in ended.err


async def test_the_end_of_the_input_is_an_end(account, login) -> None:
    """A script that gives nothing is told what was missing; an unfinished last line counts."""
    running = await login(account)
    await running.page()
    ended = await running.end(b"nonsense")

    assert ended.status == 2
    assert "not the URL of a callback" in ended.err
    assert "no URL came" in ended.last


async def test_ctrl_c_stores_nothing(account, login) -> None:
    """Status 130, from a question that nobody answers."""
    running = await login(account)
    await running.page()
    while "copy the whole URL" not in await running.line():
        pass
    running.process.send_signal(signal.SIGINT)
    ended = await running.end()

    assert ended.status == 130
    assert ended.last.endswith("ghl-notes: stopped")
    assert await account.stored() == {}


async def paste_on_a_terminal(account, login, chosen, terminal, recorder, *more) -> int:
    """Log in as somebody who sits at a terminal, and give the status."""
    environment = account.environment | {"BROWSER": str(recorder.script)}
    ends = {"stdin": terminal.theirs, "stderr": terminal.theirs}
    running = await login(account, *more, environment=environment, **ends)
    callback_url = await chosen(await running.page())
    await terminal.shows("URL: ")
    terminal.type(f"{callback_url}\n")
    return (await running.end()).status


async def test_on_a_terminal_the_page_is_opened_too(
    account, login, chosen, terminal, recorder
) -> None:
    """Somebody sits there, so there is a browser."""
    status = await paste_on_a_terminal(account, login, chosen, terminal, recorder)
    opened = await recorder.opened()

    assert status == 0
    assert opened.startswith(f"{account.fake.url}/v2/oauth/chooselocation?")


async def test_the_page_may_be_left_to_the_user(account, login, chosen, terminal, recorder) -> None:
    """Who opens it elsewhere needs no browser here."""
    more = ("--no-browser",)
    status = await paste_on_a_terminal(account, login, chosen, terminal, recorder, *more)

    assert status == 0
    assert not recorder.file.exists()


# what is pasted


@given(text=st.text())
def test_any_text_may_be_pasted(text: str) -> None:
    """Whatever it is, it is told from a callback."""
    assert fault_of(text, "state") is not None


@pytest.mark.parametrize(
    ("pasted", "fault"),
    [
        ("https://a.example/callback?code=c&state=s", None),
        ("/callback?state=s&code=c&more=x#part", None),
        ("https://a.example/callback?code=c&state=x", "another login"),
        ("https://a.example/callback?code=c&state=s&state=x", "another login"),
        ("https://a.example/callback?code=c", "another login"),
        ("https://a.example/callback?state=s", "not the URL of a callback"),
        ("https://a.example/callback?code=&state=s", "not the URL of a callback"),
        ("https://[a.example/callback?code=c&state=s", "not the URL of a callback"),
        ("https://a.example/callback?error=access_denied&state=s", "'access_denied'"),
        ("https://a.example/callback?error=%1b%5B2J", r"'\x1b[2J'"),
    ],
)
def test_a_callback_has_a_code_and_our_state(pasted: str, fault: str | None) -> None:
    """Everything else has a fault that can be told, and nothing of it reaches the terminal raw."""
    found = fault_of(pasted, "s")

    assert (found is None) is (fault is None)
    assert fault is None or fault in found
