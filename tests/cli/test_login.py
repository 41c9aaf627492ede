# ruff: noqa: ANN001, ANN201, ANN202 - fixtures, whose types live in conftest
"""A login by the browser: from the page that it opens to the install in the store."""

import asyncio
import os
import signal
import socket
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from attrs import define, field

from ghl_notes import App, HighLevel
from ghl_notes.cli.account import Account, Place
from ghl_notes.cli.door import door_of
from ghl_notes.cli.exchanges import Exchanges
from ghl_notes.cli.login import Order, _hint, _listening, _Visit
from ghl_notes.cli.login import login as log_in
from ghl_notes.testing import TokenRequest
from tests.cli.accounts import Account as FakeAccount
from tests.keys import location_on

pytestmark = pytest.mark.slow

TUNNEL = "https://tunnel.example.com/oauth/callback"


@pytest.fixture
def here(account, port):
    """Give an account whose redirect URI leads to this machine."""
    account.fake.redirect_uri = f"http://127.0.0.1:{port}/oauth/callback"
    return account


@pytest.fixture
def login(program):
    """Start a login as a program that opens no browser."""

    async def begin(account, *more: object, **environment: str | None):
        told = account.environment | environment
        return await program("login", *account.page, "--no-browser", *more, environment=told)

    return begin


@pytest.fixture
def install(here, run, browser, port):
    """Log in within this process, with a browser whose user chooses."""

    async def go(choice: str, *more: object):
        options = ("--no-browser", *more)
        ending = asyncio.create_task(run("login", *here.page, *options, **here.environment))
        page = f"http://127.0.0.1:{port}/oauth/connect"
        await browser.finds(page)
        status, _ = await browser.choose(page, choice)
        ended = await ending
        assert (status, ended.status) == (200, 0)
        return ended

    return go


async def until_it_waits(running) -> str:
    """Read up to the last line before it waits, and give the page to open."""
    page = await running.page()
    while not (await running.line()).startswith("Waiting on "):
        pass
    return page


async def test_an_install_on_a_location(here, login, browser, port) -> None:
    """The browser sees that it is done, the user what was installed, and the store has it."""
    running = await login(here)
    page = await until_it_waits(running)
    status, text = await browser.choose(page, here.fake.location_id)
    ended = await running.end()
    stored = await here.stored()

    assert page == f"http://127.0.0.1:{port}/oauth/connect"
    assert (status, "The app is installed" in text) == (200, True)
    assert (ended.status, ended.err) == (0, "")
    assert f"Installed on location {here.fake.location_id}" in ended.out
    assert f"kept in  {here.store}" in ended.out
    assert f'highlevel.location("{here.fake.location_id}")' in ended.out
    assert set(stored) == {location_on(here.fake)}
    assert not [secret for secret in await here.secrets() if secret in ended.out]


async def test_an_install_on_an_agency(here, install) -> None:
    """With what comes next for an agency; by default the scopes that serve its locations."""
    ended = await install(here.fake.company_id)
    (stored,) = (await here.stored()).values()

    assert f'highlevel.locations("{here.fake.company_id}")' in ended.out
    assert {"oauth.readonly", "oauth.write"} <= set(stored.install.scopes)


async def test_the_scopes_are_the_users_choice(here, install) -> None:
    """As many as are asked for and no more."""
    await install(here.fake.location_id, "--scopes", "contacts.readonly")
    (stored,) = (await here.stored()).values()

    assert stored.install.scopes == ("contacts.readonly",)


async def test_an_install_that_is_there_is_renewed(here, install) -> None:
    """Whoever logs in again gets new tokens in the same place."""
    await here.install(here.fake.location_id)
    before = await here.secrets()
    ended = await install(here.fake.location_id)

    assert "Installed again on location" in ended.out
    assert len(await here.stored()) == 1
    assert await here.secrets() != before


async def test_a_user_may_cancel_and_try_again(here, login, browser) -> None:
    """The program waits on, since the page offers to start again."""
    running = await login(here)
    page = await until_it_waits(running)
    status, text = await browser.choose(page, "cancel")
    again, _ = await browser.choose(page, here.fake.location_id)
    ended = await running.end()

    assert (status, "Start again" in text) == (400, True)
    assert (again, ended.status) == (200, 0)


async def test_a_callback_of_another_browser_installs_nothing(here, login, browser) -> None:
    """Whoever has no cookie of this login cannot put his own install in its place."""
    running = await login(here)
    page = await until_it_waits(running)
    code = here.fake.authorize_code()
    url = f"{page.removesuffix('connect')}callback?code={code}&state=guessed"
    async with browser.session.get(url) as answer:
        refused = answer.status
    stored = await here.stored()
    await browser.choose(page, here.fake.location_ids[1])
    await running.end()

    assert (refused, stored) == (400, {})
    assert set(await here.stored()) == {location_on(here.fake, here.fake.location_ids[1])}


async def test_a_tunnel_leads_to_the_port_it_is_told(account, login, browser, port) -> None:
    """The browser is sent to the tunnel's own address, and only the tunnel comes here."""
    account.fake.redirect_uri = TUNNEL
    running = await login(account, "--listen", port)
    page = await until_it_waits(running)
    behind = f"http://127.0.0.1:{port}"
    async with browser.session.get(behind + urlsplit(page).path, allow_redirects=False) as first:
        cookies = {name: morsel.value for name, morsel in first.cookies.items()}
        secure = all(morsel["secure"] for morsel in first.cookies.values())
        chooser = f"{first.headers['Location']}&choose={account.fake.location_id}"
    async with browser.session.get(chooser, allow_redirects=False) as second:
        callback = urlsplit(second.headers["Location"])
    url = f"{behind}{callback.path}?{callback.query}"
    async with browser.session.get(url, cookies=cookies) as third:
        status = third.status
    ended = await running.end()

    assert page == "https://tunnel.example.com/oauth/connect"
    assert callback.netloc == "tunnel.example.com"
    assert (secure, status, ended.status) == (True, 200, 0)


async def test_the_browser_is_opened_at_that_page(here, program, browser, recorder) -> None:
    """The user has nothing to copy; BROWSER says which browser."""
    environment = here.environment | {"BROWSER": str(recorder.script)}
    running = await program("login", *here.page, environment=environment)
    page = await until_it_waits(running)
    opened = await recorder.opened()
    status, _ = await browser.choose(opened, here.fake.location_id)
    ended = await running.end()

    assert opened == page
    assert (status, ended.status) == (200, 0)


async def test_nobody_waits_for_a_browser_that_stays_open(here, program, browser, recorder) -> None:
    """A browser that runs in the foreground does not keep the program from its end."""
    with recorder.script.open("a") as script:
        script.write("exec sleep 60 >&- 2>&-\n")
    environment = here.environment | {"BROWSER": str(recorder.script)}
    running = await program("login", *here.page, environment=environment, start_new_session=True)
    await browser.choose(await recorder.opened(), here.fake.location_id)
    ended = await running.end()
    os.killpg(running.process.pid, signal.SIGTERM)  # the browser is still there

    assert ended.status == 0


# what goes wrong


async def test_it_does_not_wait_for_ever(here, run, port) -> None:
    """After its time it ends, and says where nobody came to."""
    options = ("--no-browser", "--timeout", 0.05)
    outcome = await run("login", *here.page, *options, **here.environment)

    assert outcome.status == 1
    assert "nothing was installed within 0.05 s" in outcome.err
    assert f"no browser came to 127.0.0.1:{port}" in outcome.err
    assert await here.stored() == {}


async def test_a_browser_that_came_may_have_been_sent_elsewhere(here, browser, port) -> None:
    """Then it is the redirect URI that is to be looked at."""
    uri = here.fake.redirect_uri
    order = Order(account=Account(place=Place("a"), client_id="a", redirect_uri=uri))
    visit, door = _Visit(), door_of(uri, None)
    before = _hint(visit, order, door)
    async with _listening(web.Application(middlewares=[visit.notice]), port):
        await browser.finds(door.connect_url)

    assert "no browser came" in before
    assert f"redirect URI {uri} is among those" in _hint(visit, order, door)


async def test_ctrl_c_stores_nothing(here, login) -> None:
    """Status 130 and one word, from a server that waits."""
    running = await login(here)
    await until_it_waits(running)
    running.process.send_signal(signal.SIGINT)
    ended = await running.end()

    assert (ended.status, ended.err) == (130, "ghl-notes: stopped\n")
    assert await here.stored() == {}


async def test_ctrl_c_is_not_told_of_an_install_that_was_there_before(here, login) -> None:
    """What another login stored, this one has not."""
    await here.install(here.fake.location_id)
    running = await login(here)
    await until_it_waits(running)
    running.process.send_signal(signal.SIGINT)
    ended = await running.end()

    assert (ended.status, ended.err) == (130, "ghl-notes: stopped\n")


@define
class Exchange:
    """The exchange of a code, held at HighLevel's door until it may go on."""

    asked: asyncio.Event = field(factory=asyncio.Event)
    may_go_on: asyncio.Event = field(factory=asyncio.Event)

    async def __call__(self, request: TokenRequest) -> None:
        """Hold it."""
        if request.phase == "arrived":
            self.asked.set()
            await asyncio.wait_for(self.may_go_on.wait(), 20)


@pytest_asyncio.fixture
async def slow(start, store, port) -> tuple[Account, Exchange]:
    """Give an account whose codes are exchanged when the test says so."""
    exchange = Exchange()
    uri = f"http://127.0.0.1:{port}/oauth/callback"
    return FakeAccount(await start(on_token=exchange, redirect_uri=uri), store), exchange


async def test_ctrl_c_in_the_middle_of_an_exchange_tells_what_it_brought(
    slow, login, browser, port
) -> None:
    """A code works once, so its install is stored all the same, and the user learns of it."""
    account, exchange = slow
    running = await login(account)
    page = await until_it_waits(running)
    choosing = asyncio.create_task(browser.choose(page, account.fake.location_id))
    await asyncio.wait_for(exchange.asked.wait(), 10)
    running.process.send_signal(signal.SIGINT)
    await until_nobody_listens(port)
    exchange.may_go_on.set()
    ended = await running.end()
    await asyncio.gather(choosing, return_exceptions=True)

    assert (ended.status, ended.err) == (0, "")
    assert f"Installed on location {account.fake.location_id}" in ended.out
    assert set(await account.stored()) == {location_on(account.fake)}


@pytest.fixture
def times(monkeypatch) -> dict[float, asyncio.Timeout]:
    """Give every time that is set from now on, by its seconds, so that a test may end it."""
    made: dict[float, asyncio.Timeout] = {}
    timeout = asyncio.timeout

    def watched(seconds: float | None) -> asyncio.Timeout:
        one = timeout(seconds)
        if seconds is not None:
            made[seconds] = one
        return one

    monkeypatch.setattr(asyncio, "timeout", watched)
    return made


async def test_the_end_of_its_time_in_the_middle_of_an_exchange_tells_what_it_brought(
    slow, browser, port, times, monkeypatch, capsys
) -> None:
    """Also where the browser's page was given up: the exchange is waited for, and told."""
    account, exchange = slow
    monkeypatch.setattr("ghl_notes.cli.login._LAST_PAGE_SECONDS", 0.01)
    ending = asyncio.create_task(log_in(in_this_process(account, seconds=543.25)))
    await browser.finds(f"http://127.0.0.1:{port}/oauth/connect")
    page = f"http://127.0.0.1:{port}/oauth/connect"
    choosing = asyncio.create_task(browser.choose(page, account.fake.location_id))
    await asyncio.wait_for(exchange.asked.wait(), 10)
    times[543.25].reschedule(0.0)
    with pytest.raises(aiohttp.ClientError):
        await choosing
    exchange.may_go_on.set()
    status = await ending

    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    assert f"Installed on location {account.fake.location_id}" in told.out
    assert set(await account.stored()) == {location_on(account.fake)}


async def test_the_end_of_its_time_tells_of_no_install_of_others(
    here, browser, port, times, capsys
) -> None:
    """A service on the same store that gets a token for a location meanwhile changes nothing."""
    await here.install(company=True)
    ending = asyncio.create_task(log_in(in_this_process(here, seconds=543.25)))
    await browser.finds(f"http://127.0.0.1:{port}/oauth/connect")
    async with HighLevel(app_of(here), store=here.open(), base_url=here.fake.url) as service:
        minted = await service.mint(here.fake.location_id)
    times[543.25].reschedule(0.0)
    status = await ending

    told = capsys.readouterr()
    assert status == 1
    assert "nothing was installed within 543.25 s: a browser came" in told.err
    assert "Installed" not in told.out
    assert minted.key in await here.stored()


async def test_ctrl_c_is_not_told_of_an_install_that_came_from_elsewhere_meanwhile(
    here, login
) -> None:
    """What another login stores while this one waits is not this one's either."""
    running = await login(here)
    await until_it_waits(running)
    await here.install(here.fake.location_id)
    running.process.send_signal(signal.SIGINT)
    ended = await running.end()

    assert (ended.status, ended.err) == (130, "ghl-notes: stopped\n")
    assert "Installed" not in ended.out
    assert set(await here.stored()) == {location_on(here.fake)}


async def test_an_exchange_that_nobody_waits_for_is_remembered(slow) -> None:
    """However the code was brought here: a failure is nothing, and what came is told."""
    account, exchange = slow
    codes = ["0" * 40, account.fake.authorize_code()]
    async with HighLevel(app_of(account), base_url=account.fake.url) as highlevel:
        exchanges = Exchanges(highlevel)
        nothing = await exchanges.brought()
        waiting = [asyncio.create_task(exchanges.install(code=code)) for code in codes]
        await asyncio.wait_for(exchange.asked.wait(), 10)
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        exchange.may_go_on.set()
        brought = await exchanges.brought()

    assert [one.cancelled() for one in waiting] == [True, True]
    assert nothing is None
    assert brought is not None
    assert brought.location_id == account.fake.location_id


def app_of(account: FakeAccount) -> App:
    """Give the app as a service of the user's has it."""
    app = account.fake.app
    return App(
        client_id=app.client_id, client_secret=app.client_secret, redirect_uri=app.redirect_uri
    )


def in_this_process(account: FakeAccount, *, seconds: float) -> Order:
    """Order a login without a browser."""
    return Order(
        account=Account(
            place=Place(str(account.store)),
            client_id=account.fake.app.client_id,
            client_secret=account.fake.app.client_secret,
            redirect_uri=account.fake.redirect_uri,
            base_url=account.fake.url,
        ),
        authorize_url=f"{account.fake.url}/v2/oauth/chooselocation",
        browser=False,
        timeout=seconds,
    )


async def until_nobody_listens(port: int) -> None:
    """Wait until a program has closed its door."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.01)


async def test_a_port_that_is_taken_is_refused(account, run) -> None:
    """The user is told which port it was, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        account.fake.redirect_uri = f"http://127.0.0.1:{port}/oauth/callback"
        outcome = await run("login", *account.page, "--no-browser", **account.environment)

    assert outcome.status == 2
    assert f"port {port}" in outcome.err
    assert "--listen" in outcome.err


@pytest.mark.parametrize(
    ("missing", "option"),
    [
        ("GHL_NOTES_STORE", "--store"),
        ("GHL_NOTES_CLIENT_ID", "--client-id"),
        ("GHL_NOTES_CLIENT_SECRET", "GHL_NOTES_CLIENT_SECRET"),
        ("GHL_NOTES_REDIRECT_URI", "--redirect-uri"),
    ],
)
async def test_what_is_missing_is_named(here, run, missing, option) -> None:
    """By its variable, and its option if it has one."""
    environment = here.environment | {missing: ""}
    outcome = await run("login", *here.page, "--no-browser", **environment)

    assert outcome.status == 2
    assert missing in outcome.err
    assert option in outcome.err
    assert not here.store.exists()


async def test_a_redirect_uri_elsewhere_needs_one_of_two_ways(account, run) -> None:
    """Before anything is asked, opened or made, both are told."""
    environment = account.environment | {"GHL_NOTES_CLIENT_SECRET": ""}
    outcome = await run("login", *account.page, "--no-browser", **environment)

    assert outcome.status == 2
    assert "--listen PORT, or use --paste" in outcome.err
    assert not account.store.exists()


async def test_pasting_needs_no_port(account, run) -> None:
    """One way at a time."""
    outcome = await run("login", "--paste", "--listen", 8000, **account.environment)

    assert outcome.status == 2
    assert "either --paste or --listen" in outcome.err


async def test_a_store_that_cannot_be_used_is_found_out_first(here, run) -> None:
    """Or the user would click through an install that nobody can keep."""
    here.store.write_text("not a database, but long enough to be read as one: " * 40)
    outcome = await run("login", *here.page, "--no-browser", **here.environment)

    assert outcome.status == 2
    assert str(here.store) in outcome.err
    assert "connect" not in outcome.out
