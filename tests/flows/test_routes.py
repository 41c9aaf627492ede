# ruff: noqa: ANN001, ANN003 - parameters are fixtures, whose types live in conftest
"""The install in a browser, by the two routes that do it: every way in, and every way it ends."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from http.cookies import Morsel, SimpleCookie
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from attrs import define, frozen

from ghl_notes import ConfigurationError, HighLevel, Install, Unavailable, UnexpectedResponse
from ghl_notes.models import App
from ghl_notes.oauth import cookie
from ghl_notes.oauth.routes import install_routes
from ghl_notes.stores import MemoryStore, SQLiteStore
from ghl_notes.testing import Fault
from tests.keys import company_on, location_on

INSTALLED = "The app is installed"
NOT_INSTALLED = "The app was not installed"
NOT_BEGUN_HERE = "There is no such install under way"
USED = "This install was used already"
NO_GOOD = "missing, too old, or used already"
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@frozen
class Answer:
    """What a browser got, before it follows anything."""

    status: int
    text: str
    headers: aiohttp.typedefs.LooseHeaders
    cookies: SimpleCookie

    @property
    def title(self) -> str:
        return re.search(r"<h1>(.*)</h1>", self.text)[1]

    @property
    def cookie(self) -> Morsel:
        (morsel,) = self.cookies.values()
        return morsel


@define
class Browser:
    """A browser with its own cookies; loopback stands for the app's https address."""

    session: aiohttp.ClientSession
    site: str
    prefix: str = "/oauth"

    async def get(self, url: str, *, method: str = "GET", **options) -> Answer:
        address = urljoin(self.site, url)
        call = self.session.request(method, address, allow_redirects=False, **options)
        async with call as reply:
            return Answer(reply.status, await reply.text(), reply.headers, reply.cookies)

    async def connect(self) -> str:
        """Open the connect page, and give HighLevel's page that it leads to."""
        answer = await self.get(f"{self.prefix}/connect")
        assert answer.status == 302
        return answer.headers["Location"]

    async def choose(self, page: str, owner_id: str) -> str:
        """Choose on HighLevel's page, and give the callback as the site's own."""
        answer = await self.get(f"{page}&choose={owner_id}")
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    async def sent_back(self, owner_id: str) -> str:
        """Go all the way to the callback, without opening it."""
        return await self.choose(await self.connect(), owner_id)

    @property
    def cookies(self) -> dict[str, str]:
        return {morsel.key: morsel.value for morsel in self.session.cookie_jar}


Serve = Callable[..., Awaitable[str]]
Open = Callable[[str], Browser]


@pytest_asyncio.fixture
async def serve(fake) -> AsyncIterator[Serve]:
    """Put routes on a web server, and give its address."""
    async with AsyncExitStack() as stack:

        async def start(routes: list[web.RouteDef] | HighLevel, **options) -> str:
            if isinstance(routes, HighLevel):
                page = f"{fake.url}/v2/oauth/chooselocation"
                routes = routes.routes(url=page, **options)
            app = web.Application()
            app.add_routes(routes)
            server = TestServer(app)
            # aiohttp's log of accesses holds whole URLs; an app decides about it, not these routes.
            await server.start_server(access_log=None)
            stack.push_async_callback(server.close)
            return str(server.make_url("/"))

        yield start


@pytest_asyncio.fixture
async def open_browser() -> AsyncIterator[Open]:
    """Open browsers that share nothing, and close them at the end."""
    async with AsyncExitStack() as stack:

        def make(site: str) -> Browser:
            jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=site.rstrip("/"))
            session = aiohttp.ClientSession(cookie_jar=jar)
            stack.push_async_callback(session.close)
            return Browser(session, site)

        yield make


@pytest.fixture
def highlevel(fake, build, store) -> HighLevel:
    """Give the app, with a store that the test can look into."""
    return build(fake, store=store)


@pytest_asyncio.fixture
async def browser(highlevel, serve, open_browser) -> Browser:
    """Give a browser on a site with the routes as they are by default."""
    return open_browser(await serve(highlevel))


@pytest.fixture
def stored(store) -> Callable[[], Awaitable[list[str]]]:
    """List the keys of what is stored."""

    async def keys() -> list[str]:
        return [one.install.key async for one in store.list()]

    return keys


# the way in


async def test_an_install_on_a_location(fake, browser, highlevel, contact_id) -> None:
    """From the first click to a client that works; the page names the location."""
    answer = await browser.get(await browser.sent_back(fake.location_id))

    assert (answer.status, answer.title) == (200, INSTALLED)
    assert f"location {fake.location_id}" in answer.text
    assert len(await highlevel.location(fake.location_id).notes.list(contact_id)) == 5
    assert fake.stats.exchanges == 1


async def test_an_install_on_an_agency(fake, browser, stored) -> None:
    """The whole agency is named as such."""
    answer = await browser.get(await browser.sent_back(fake.company_id))

    assert f"agency {fake.company_id}" in answer.text
    assert await stored() == [company_on(fake)]


async def test_the_cookie_stays_on_the_way_and_goes_at_the_end(fake, browser) -> None:
    """Script cannot read it, plain HTTP and other sites' requests do not carry it; it is short."""
    answer = await browser.get("/oauth/connect")
    (state,) = parse_qs(urlsplit(answer.headers["Location"]).query)["state"]
    morsel = answer.cookie
    callback = await browser.choose(answer.headers["Location"], fake.location_id)

    done = await browser.get(callback)

    assert morsel.key == cookie.name_of(state)
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, True, "Lax")
    assert (morsel["path"], morsel["max-age"], morsel["domain"]) == ("/oauth", "600", "")
    assert state not in morsel.OutputString()
    assert (done.cookie.key, done.cookie["path"], done.cookie["max-age"]) == (
        (morsel.key, "/oauth", "0")
    )
    assert browser.cookies == {}


@pytest.mark.parametrize(
    ("redirect_uri", "prefix", "path", "secure"),
    [
        ("http://localhost:8080/oauth/callback", "/oauth", "/oauth", ""),
        ("https://app.example.com/callback", "", "/", True),
        ("https://app.example.com/crm/oauth/callback?a=1", "/oauth", "/crm/oauth", True),
        ("https://app.example.com/a-b/v1.0/callback", "/a-b/v1.0", "/a-b/v1.0", True),
    ],
)
async def test_the_cookie_follows_the_redirect_uri(
    start, build, serve, open_browser, redirect_uri, prefix, path, secure
) -> None:
    """It goes where HighLevel sends the browser, as a proxy may show us at another path."""
    highlevel = build(await start(redirect_uri=redirect_uri))
    browser = open_browser(await serve(highlevel, prefix=prefix))

    morsel = (await browser.get(f"{prefix}/connect")).cookie

    assert (morsel["path"], morsel["secure"]) == (path, secure)


async def test_each_click_has_a_state_of_its_own(browser) -> None:
    """A state that was used before, or can be guessed, would protect nobody."""
    states = {parse_qs(urlsplit(await browser.connect()).query)["state"][0] for _ in range(20)}

    assert len(states) == 20
    assert all(len(state) >= 40 for state in states)


async def test_two_tabs_do_not_disturb_each_other(start, build, serve, open_browser) -> None:
    """Each has its own cookie, whichever comes back first."""
    fake = await start(locations=2)
    site = await serve(build(fake).routes(url=f"{fake.url}/v2/oauth/chooselocation"))
    browser = open_browser(site)
    first, second = [await browser.sent_back(one) for one in fake.location_ids]

    late, early = await browser.get(second), await browser.get(first)

    assert (late.status, early.status) == (200, 200)
    assert fake.location_ids[1] in late.text
    assert fake.location_ids[0] in early.text


async def test_an_app_below_another_path(start, build, serve, open_browser) -> None:
    """Behind a proxy that strips a path, or as a part of another app, all ways still lead home."""
    fake = await start(redirect_uri="https://app.example.com/crm/oauth/callback")
    part = web.Application()
    part.add_routes(build(fake).routes(url=f"{fake.url}/v2/oauth/chooselocation"))
    whole = web.Application()
    whole.add_subapp("/crm", part)
    async with TestServer(whole) as server:
        browser = open_browser(str(server.make_url("/")))
        browser.prefix = "/crm/oauth"
        answer = await browser.get(await browser.sent_back(fake.location_id))
        restart = await browser.get("/crm/oauth/callback?code=abc")

    assert answer.status == 200
    assert urljoin("/crm/oauth/callback", restart.headers["Location"]) == "/crm/oauth/connect"


@pytest.mark.parametrize("path", ["connect", "callback"])
async def test_a_preview_of_a_link_does_nothing(fake, browser, stored, path) -> None:
    """A HEAD request begins no install and ends none."""
    callback = await browser.sent_back(fake.location_id)
    url = callback if path == "callback" else "/oauth/connect"
    previewed = await browser.get(url, method="HEAD")

    assert previewed.status == 405
    assert await stored() == []
    assert (await browser.get(callback)).status == 200


# callbacks that are not ours


async def assert_refused(answer: Answer, title: str, stored, token_calls) -> None:
    assert (answer.status, answer.title) == (400, title)
    assert '<a href="connect">' in answer.text
    assert await stored() == []
    assert token_calls() == 0


async def test_another_browser_is_refused(fake, browser, open_browser, stored, token_calls) -> None:
    """A callback that an attacker sends to a victim installs nothing for the victim."""
    callback = await browser.sent_back(fake.location_id)
    victim = open_browser(browser.site)
    await victim.connect()

    answer = await victim.get(callback)

    await assert_refused(answer, NOT_BEGUN_HERE, stored, token_calls)
    assert answer.cookies == {}
    assert len(victim.cookies) == 1  # what the victim has under way goes on


@pytest.mark.parametrize("change", ["forged", "expired", "another's", "empty"])
async def test_a_cookie_that_is_no_good(fake, browser, stored, token_calls, change) -> None:
    """Only a cookie that we signed for this very state, less than ten minutes ago, counts."""
    callback = await browser.sent_back(fake.location_id)
    ((name, value),) = browser.cookies.items()
    (state,) = parse_qs(urlsplit(callback).query)["state"]
    secret, now = fake.app.client_secret, time.time()
    values = {
        "forged": cookie.sign(state, secret="another secret", now=now),
        "expired": cookie.sign(state, secret=secret, now=now - cookie.LIFETIME),
        "another's": cookie.sign("another state", secret=secret, now=now),
        "empty": "",
    }
    browser.session.cookie_jar.clear()

    answer = await browser.get(callback, headers={"Cookie": f"{name}={values[change]}"})

    await assert_refused(answer, NOT_BEGUN_HERE, stored, token_calls)
    assert value.partition(".")[2] not in answer.text


async def test_the_clock_of_the_site_ends_a_cookie(
    fake, highlevel, store, serve, open_browser
) -> None:
    """After ten minutes an install has to be begun again, and until then it has not."""
    now = [1_790_000_000.0]
    routes = install_routes(
        prefix="/oauth",
        app=highlevel.app,
        authorize=lambda state: highlevel.authorize(
            state=state, url=f"{fake.url}/v2/oauth/chooselocation"
        ),
        install=highlevel.install,
        claims=store,
        clock=lambda: now[0],
    )
    browser = open_browser(await serve(routes))
    late = await browser.sent_back(fake.location_id)
    intime = await browser.sent_back(fake.location_id)

    now[0] += cookie.LIFETIME - 1
    accepted = await browser.get(intime)
    now[0] += 1
    refused = await browser.get(late)

    assert (accepted.title, refused.title) == (INSTALLED, NOT_BEGUN_HERE)


@pytest.mark.parametrize("changed", ["state", "both"])
async def test_another_state_is_refused(fake, browser, stored, token_calls, changed) -> None:
    """A state nobody made is refused, and so is ours with a second one beside it."""
    callback = await browser.sent_back(fake.location_id)
    if changed == "state":
        answer = await browser.get(f"{callback}x")
        await assert_refused(answer, NOT_BEGUN_HERE, stored, token_calls)
    else:
        answer = await browser.get(f"{callback}&state=another")
        await assert_refused(answer, NOT_INSTALLED, stored, token_calls)


async def test_a_callback_is_used_once(fake, browser, token_calls) -> None:
    """Whoever repeats the same callback with the same cookie installs nothing more."""
    callback = await browser.sent_back(fake.location_id)
    cookies = browser.cookies
    await browser.get(callback)

    reloaded = await browser.get(callback)
    replayed = await browser.get(callback, cookies=cookies)

    assert (reloaded.status, reloaded.title) == (400, NOT_BEGUN_HERE)
    assert (replayed.status, replayed.title) == (400, USED)
    assert token_calls() == 1


async def test_of_two_servers_one_takes_the_callback(
    fake, build, serve, open_browser, tmp_path, token_calls
) -> None:
    """Any process of the app can end what another began, and only one of them does."""
    stores = [SQLiteStore(tmp_path / "installs.db") for _ in range(2)]
    sites = [await serve(build(fake, store=store)) for store in stores]
    browser = open_browser(sites[0])
    callback = await browser.sent_back(fake.location_id)
    cookies = browser.cookies
    calls = [browser.get(urljoin(site, callback), cookies=cookies) for site in sites * 4]

    answers = await asyncio.gather(*calls)

    titles = sorted(answer.title for answer in answers)
    assert titles == [INSTALLED, *[USED] * 7]
    assert token_calls() == 1


# callbacks that bring no code


async def test_a_user_who_says_no(fake, browser, stored, token_calls) -> None:
    """The page says that nothing was changed, and how to begin again."""
    callback = await browser.sent_back("cancel")
    answer = await browser.get(callback)

    await assert_refused(answer, NOT_INSTALLED, stored, token_calls)
    assert "access_denied" in answer.text
    assert browser.cookies == {}


async def test_a_refusal_without_a_state_is_the_same_page(browser, stored, token_calls) -> None:
    """What stands in the URL is shown as text, and not all of it."""
    query = urlencode({"error": f"<script>alert(1)</script>{'x' * 200}", "code": "abc"})
    answer = await browser.get(f"/oauth/callback?{query}")

    await assert_refused(answer, NOT_INSTALLED, stored, token_calls)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;xxx" in answer.text
    assert "<script" not in answer.text
    assert "x" * 80 not in answer.text


async def test_a_refusal_with_another_state(fake, browser, stored, token_calls) -> None:
    """An attacker cannot make a page of ours say that an install was refused by its state."""
    await browser.connect()
    answer = await browser.get("/oauth/callback?error=access_denied&state=another")

    await assert_refused(answer, NOT_BEGUN_HERE, stored, token_calls)
    assert "access_denied" not in answer.text
    assert len(browser.cookies) == 1


@pytest.mark.parametrize(
    "code", ["code=", "code=%20", "code=a%00b", "code=a%0D%0Ab", "other=abc", ""]
)
async def test_a_callback_without_a_code(fake, browser, stored, token_calls, code) -> None:
    """Our own state alone installs nothing."""
    callback = await browser.sent_back(fake.location_id)
    answer = await browser.get(re.sub(r"code=[^&]*", code, callback))

    await assert_refused(answer, NOT_INSTALLED, stored, token_calls)


# installs that begin in the marketplace


async def test_an_install_without_a_state_begins_again(fake, browser, stored, token_calls) -> None:
    """Anyone could have sent the browser here, so the user confirms it, with a state of ours."""
    answer = await browser.get(f"/oauth/callback?code={fake.authorize_code()}")
    again = urljoin("/oauth/callback", answer.headers["Location"])

    assert (answer.status, again) == (303, "/oauth/connect")
    assert "code" not in answer.headers["Location"]
    assert await stored() == []
    assert token_calls() == 0
    assert (await browser.get(await browser.sent_back(fake.location_id))).title == INSTALLED


async def test_an_install_without_a_state_can_be_accepted(
    fake, highlevel, serve, open_browser, stored
) -> None:
    """An app that ties nothing to the browser's session takes the code as it comes."""
    browser = open_browser(await serve(highlevel, without_state="accept"))
    answer = await browser.get(f"/oauth/callback?code={fake.authorize_code()}")

    assert (answer.status, answer.title) == (200, INSTALLED)
    assert await stored() == [location_on(fake)]


@pytest.mark.parametrize("query", ["", "?code=", "?code=%20", "?code=a%00b", "?state=&code="])
async def test_nothing_is_nothing_to_accept(
    fake, highlevel, serve, open_browser, stored, token_calls, query
) -> None:
    """A visit without a code is told so, and no error is logged about it."""
    browser = open_browser(await serve(highlevel, without_state="accept"))
    answer = await browser.get(f"/oauth/callback{query}")

    await assert_refused(answer, NOT_INSTALLED, stored, token_calls)


async def test_who_accepts_still_refuses_a_wrong_state(
    fake, highlevel, serve, open_browser, stored, token_calls
) -> None:
    """A state that is there has to be right, whatever happens to those that have none."""
    browser = open_browser(await serve(highlevel, without_state="accept"))
    answer = await browser.get(f"/oauth/callback?code={fake.authorize_code()}&state=another")

    await assert_refused(answer, NOT_BEGUN_HERE, stored, token_calls)


# what HighLevel says


@pytest.mark.parametrize("kind", ["used", "unknown"])
async def test_a_code_that_is_no_good(fake, browser, highlevel, stored, kind, caplog) -> None:
    """The user can begin again, and it is nothing to wake the app's owner for."""
    callback = await browser.sent_back(fake.location_id)
    if kind == "used":
        await highlevel.install(parse_qs(urlsplit(callback).query)["code"][0])
    else:
        callback = callback.replace("code=", "code=x")
    before = await stored()
    answer = await browser.get(callback)

    assert (answer.status, answer.title) == (400, NOT_INSTALLED)
    assert NO_GOOD in answer.text
    assert await stored() == before
    assert caplog.records == []


@pytest.mark.parametrize(
    ("fault", "status", "said", "level"),
    [
        (Fault.SERVER_ERROR, 503, "Try again in a moment", logging.WARNING),
        (Fault.RESET_BEFORE, 503, "Try again in a moment", logging.WARNING),
        (Fault.RATE_LIMITED, 503, "Try again in a moment", logging.WARNING),
        (Fault.FORBIDDEN_HTML, 503, "Try again in a moment", logging.WARNING),
        (Fault.WRONG_TYPE, 500, "in the app's log", logging.ERROR),
        (Fault.LOCATION_INACTIVE, 400, "not active", None),
    ],
)
async def test_a_trouble_of_highlevel(
    fake, browser, stored, caplog, fault, status, said, level
) -> None:
    """Each gives its page, its status, and its line in the log if somebody should look."""
    callback = await browser.sent_back(fake.location_id)
    fake.inject(fault, 100, path_contains="/oauth/token")
    answer = await browser.get(callback)

    assert (answer.status, answer.title) == (status, NOT_INSTALLED)
    assert said in answer.text
    assert await stored() == []
    assert browser.cookies == {}
    ours = [(record.name, record.levelno) for record in caplog.records]
    assert ours == ([("ghl_notes.oauth", level)] if level else [])


async def test_after_a_trouble_the_user_begins_again(fake, browser) -> None:
    """What the page offers works as soon as HighLevel does."""
    fake.inject(Fault.SERVER_ERROR, 3, path_contains="/oauth/token")
    failed = await browser.get(await browser.sent_back(fake.location_id))

    answer = await browser.get(await browser.sent_back(fake.location_id))

    assert (failed.status, answer.title) == (503, INSTALLED)


async def test_a_wrong_secret_is_for_the_owner(fake, build, serve, open_browser, caplog) -> None:
    """The user learns whom to tell, and the log what to mend."""
    wrong = "31f6a2d5-90a8-4d2c-8a6c-7f3f5f1f0c11"
    browser = open_browser(await serve(build(fake, client_secret=wrong)))
    answer = await browser.get(await browser.sent_back(fake.location_id))

    assert (answer.status, answer.title) == (500, NOT_INSTALLED)
    assert "client_secret" not in answer.text
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("ghl_notes.oauth", logging.ERROR)
    assert "ConfigurationError: HighLevel does not know this client_id" in record.getMessage()
    assert wrong not in record.getMessage()


def lone_routes(install, claims: object, **options) -> list[web.RouteDef]:
    """Make routes round a function that stands for ``HighLevel.install``."""
    app = App(client_id="a-b", client_secret="s", redirect_uri="https://app.example.com/callback")
    return install_routes(
        prefix="", app=app, authorize=None, install=install, claims=claims, **options
    )


async def test_a_store_out_of_reach(fake, highlevel, serve, open_browser, stored) -> None:
    """Without the store nothing is known to be the first, so nothing is installed."""

    class Away(MemoryStore):
        async def claim(self, name: str, *, seconds: float) -> bool:
            msg = "the store cannot be reached"
            raise Unavailable(msg)

    browser = open_browser(await serve(highlevel))
    callback = await browser.sent_back(fake.location_id)
    # The same app on another server, whose store is away.
    routes = install_routes(
        prefix="/oauth", app=highlevel.app, authorize=None, install=None, claims=Away()
    )
    answer = await browser.get(urljoin(await serve(routes), callback), cookies=browser.cookies)

    assert (answer.status, answer.title) == (503, NOT_INSTALLED)
    assert await stored() == []


async def test_what_highlevel_quotes_is_not_logged(serve, open_browser, caplog) -> None:
    """HighLevel's own words go to the log, but for the code, should they hold it."""

    async def install(*, code: str, **_: object) -> Install:
        msg = f"no such thing as {code} here"
        raise UnexpectedResponse(msg)

    browser = open_browser(await serve(lone_routes(install, MemoryStore(), without_state="accept")))
    answer = await browser.get("/callback?code=s3cr3t-code")

    (record,) = caplog.records
    assert record.getMessage().endswith("UnexpectedResponse: no such thing as [code] here")
    assert answer.status == 500


# what the app does with an install


async def test_the_app_may_answer_itself(fake, highlevel, serve, open_browser, stored) -> None:
    """It is called with the install, once it is stored, and its answer goes to the browser."""
    seen = []

    async def welcome(install: Install, request: web.Request) -> web.Response:
        seen.append((install.location_id, request.path, await stored()))
        return web.Response(text="Welcome", headers={"Cache-Control": "private"})

    browser = open_browser(await serve(highlevel, on_install=welcome))
    answer = await browser.get(await browser.sent_back(fake.location_id))

    assert seen == [(fake.location_id, "/oauth/callback", [location_on(fake)])]
    assert (answer.status, answer.text) == (200, "Welcome")
    assert answer.headers["Cache-Control"] == "private"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert browser.cookies == {}


async def test_the_app_may_leave_the_answer_to_us(fake, highlevel, serve, open_browser) -> None:
    """None means our own page."""
    seen = []

    async def note(install: Install, _: web.Request) -> None:
        seen.append(install.key)

    browser = open_browser(await serve(highlevel, on_install=note))
    answer = await browser.get(await browser.sent_back(fake.location_id))

    assert seen == [location_on(fake)]
    assert answer.title == INSTALLED


async def test_the_app_may_raise_its_answer(fake, highlevel, serve, open_browser) -> None:
    """A redirect that is raised, as aiohttp's are, is a redirect."""

    async def go_home(*_: object) -> None:
        raise web.HTTPSeeOther("/home")

    browser = open_browser(await serve(highlevel, on_install=go_home))
    answer = await browser.get(await browser.sent_back(fake.location_id))

    assert (answer.status, answer.headers["Location"]) == (303, "/home")
    assert PRIVATE.items() <= dict(answer.headers).items()
    assert browser.cookies == {}


@pytest.mark.parametrize("kind", [LookupError, Unavailable])
async def test_an_error_of_the_app_is_the_apps(
    fake, highlevel, serve, open_browser, stored, caplog, kind
) -> None:
    """It is logged and answered as any handler's, with 500; the install is there all the same."""

    async def fails(*_: object) -> None:
        msg = "no such customer"
        raise kind(msg)

    browser = open_browser(await serve(highlevel, on_install=fails))
    answer = await browser.get(await browser.sent_back(fake.location_id))

    (record,) = caplog.records
    assert answer.status == 500
    assert (record.name, record.exc_info[0]) == ("aiohttp.server", kind)
    assert await stored() == [location_on(fake)]


async def test_without_an_install_the_app_is_not_called(
    fake, highlevel, serve, open_browser
) -> None:
    """Nothing is welcomed that was refused."""
    called = []

    async def welcome(*arguments: object) -> None:
        called.append(arguments)

    browser = open_browser(await serve(highlevel, on_install=welcome))
    await browser.get(await browser.sent_back("cancel"))
    await browser.get(f"{await browser.sent_back(fake.location_id)}x")
    await browser.get("/oauth/callback?code=abc")

    assert called == []


# secrets


async def every_end(fake, browser, highlevel) -> dict[str, Answer]:
    """Come to each of the pages, and give them."""
    fresh = await browser.sent_back(fake.location_id)
    cookies = browser.cookies
    ends = {"installed": await browser.get(fresh)}
    ends["used"] = await browser.get(fresh, cookies=cookies)
    ends["not begun here"] = await browser.get(fresh)
    ends["not granted"] = await browser.get(await browser.sent_back("cancel"))
    spent = await browser.sent_back(fake.location_id)
    await highlevel.install(parse_qs(urlsplit(spent).query)["code"][0])
    ends["no good"] = await browser.get(spent)
    for fault in (Fault.SERVER_ERROR, Fault.LOCATION_INACTIVE, Fault.WRONG_TYPE):
        callback = await browser.sent_back(fake.location_id)
        fake.inject(fault, 3, path_contains="/oauth/token")
        ends[fault.name] = await browser.get(callback)
        fake.clear_faults()
    return ends


async def test_every_page_keeps_its_url_to_itself(fake, browser, highlevel) -> None:
    """No cache keeps it, no other site learns of it, nothing runs in it or frames it."""
    ends = await every_end(fake, browser, highlevel)
    restart = await browser.get("/oauth/callback?code=abc")

    for answer in ends.values():
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert {"base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"} <= set(
            policy.split("; ")
        )
    for answer in (*ends.values(), restart, await browser.get("/oauth/connect")):
        assert PRIVATE.items() <= dict(answer.headers).items()


async def test_no_page_and_no_log_holds_a_secret(
    fake, browser, highlevel, store, caplog, monkeypatch
) -> None:
    """No code, no state, no token and no client secret, with everybody logging everything."""
    caplog.set_level(logging.DEBUG)
    visited: list[str] = []
    choose = Browser.choose

    async def noting(self: Browser, page: str, owner_id: str) -> str:
        visited.append(await choose(self, page, owner_id))
        return visited[-1]

    monkeypatch.setattr(Browser, "choose", noting)
    ends = await every_end(fake, browser, highlevel)

    queries = [parse_qs(urlsplit(url).query) for url in visited]
    secrets = {query[name][0] for query in queries for name in ("code", "state") if name in query}
    secrets |= {fake.app.client_secret}
    async for one in store.list():
        secrets |= {one.token.access_token, one.token.refresh_token}
    told = "\n".join([*(answer.text for answer in ends.values()), caplog.text])
    assert len({answer.text for answer in ends.values()}) == 8
    assert len(secrets) >= 12
    assert [record for record in caplog.records if record.name == "ghl_notes.oauth"]
    assert [secret for secret in secrets if secret in told] == []


# arguments that cannot work


@pytest.mark.parametrize(
    ("redirect_uri", "prefix"),
    [
        ("https://app.example.com/oauth/callback", "/hl"),
        ("https://app.example.com/oauth/callback", "/crm/oauth"),
        ("https://app.example.com/oauth/callback/", "/oauth"),
        ("https://app.example.com/oauth/done", "/oauth"),
        ("https://app.example.com/?next=/oauth/callback", "/oauth"),
        ("https://app.example.com", ""),
    ],
)
async def test_a_prefix_has_to_lead_to_the_redirect_uri(start, build, redirect_uri, prefix) -> None:
    """Or HighLevel would send every browser to a page that is not there."""
    highlevel = build(await start(redirect_uri=redirect_uri))
    with pytest.raises(ConfigurationError) as raised:
        highlevel.routes(prefix)

    assert redirect_uri in str(raised.value)
    assert f"{prefix}/callback" in str(raised.value)


@pytest.mark.parametrize("prefix", ["/", "/oauth/", "oauth", "/a//b", "/{x}", "/a?b", "/a\n", None])
async def test_a_prefix_is_a_plain_path(highlevel, prefix) -> None:
    """A slash too many would make a route that nobody finds."""
    with pytest.raises(ConfigurationError, match="prefix must be"):
        highlevel.routes(prefix)


@pytest.mark.parametrize("policy", ["ignore", None, ""])
async def test_there_are_two_policies(highlevel, policy) -> None:
    """A policy that is misspelt is not taken for one of them."""
    with pytest.raises(ConfigurationError, match="without_state must be 'restart' or 'accept'"):
        highlevel.routes(without_state=policy)


def test_the_routes_show_no_secret(highlevel) -> None:
    """A list of an application's routes is safe to print."""
    assert highlevel.app.client_secret not in repr(highlevel.routes())
