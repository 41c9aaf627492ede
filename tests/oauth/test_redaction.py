# ruff: noqa: ANN001 - fixtures, whose types are at them
"""A token endpoint that quotes what was sent to it: nothing of that is told to anybody."""

import html
import json
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import App, HighLevel, RetryPolicy
from ghl_notes.errors import HighLevelError, LocationInactive, Unavailable
from ghl_notes.http.redaction import redact, redacted
from ghl_notes.http.reply import Reply
from ghl_notes.oauth import installs
from ghl_notes.stores import MemoryStore

CODE = "c0de+/=of an agency&more"
REFRESH = "r3fr3sh.t0ken-of/an+agency=="
ACCESS = "eyJhbGciOi.acc3ss-of/an+agency=="
CLIENT_SECRET = "s3cr3t & <'of'> \"the\" äpp+="
SECRETS = (CODE, REFRESH, ACCESS, CLIENT_SECRET)
APP = App(
    client_id="6a59-mrp0",
    client_secret=CLIENT_SECRET,
    redirect_uri="https://app.example.com/callback",
    scopes=("contacts.readonly",),
)
TOKEN = {
    "access_token": ACCESS,
    "refresh_token": REFRESH,
    "expires_in": 86_399,
    "userType": "Company",
    "companyId": "com",
}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "form": quote_plus,
    "percent": lambda text: quote(text, safe=""),
    "lower percent": lambda text: quote(text, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "twice": lambda text: quote(quote(text, safe=""), safe=""),
    "html": html.escape,
    "json": lambda text: json.dumps(text)[1:-1],
    "php": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "deep in a text": lambda text: "x" * 490 + " " + text,
}
SHAPES: dict[str, Callable[[str], tuple[str, str]]] = {
    "message": lambda said: ("application/json", json.dumps({"message": said})),
    "list": lambda said: ("application/json", json.dumps({"message": ["no", said]})),
    "error": lambda said: (
        *("application/json", json.dumps({"error": "invalid_request", "error_description": said})),
    ),
    "v3": lambda said: (
        "application/json",
        json.dumps({"error": {"code": said, "message": said, "resolution": said}}),
    ),
    "meta": lambda said: (
        "application/json",
        json.dumps({"message": "no", "meta": {"contactId": said, said: [said]}, "traceId": said}),
    ),
    "html": lambda said: ("text/html", f"<html><body>{said}</body></html>"),
    "text": lambda said: ("text/plain", f"cannot take {said} now"),
    "half a reply": lambda said: ("application/json", f'{{"message": "{said}'),
}


@define
class Quoting:
    """Quotes, once ``shape`` is set, each secret of what was sent, as ``spelling`` writes it."""

    status: int = 400
    shape: Callable[[str], tuple[str, str]] | None = None
    spelling: Callable[[str], str] = str
    quoted: int = 0
    names: set[str] = field(factory=set)

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self.shape is None:
            return web.json_response(TOKEN)
        named = {n: str(v) for n, v in form.items() if str(v) in SECRETS}
        self.names |= set(named)
        return self.quote(named)

    async def mint(self, request: web.Request) -> web.Response:
        self.names.add("Authorization")
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return self.quote({"access_token": token})

    def quote(self, named: dict[str, str]) -> web.Response:
        assert self.shape is not None
        assert named
        self.quoted += 1
        told = " and ".join(f"{name} {self.spelling(value)}" for name, value in named.items())
        kind, body = self.shape(told)
        return web.Response(status=self.status, text=body, content_type=kind)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a failure be tried again as often as ever, but without the waits."""
    monkeypatch.setattr(installs, "TOKEN_RETRIES", RetryPolicy(attempts=3, base=0))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[Quoting, str]]:
    """Serve the token endpoint and the mint."""
    app, quoting = web.Application(), Quoting()
    app.router.add_post("/oauth/token", quoting.token)
    app.router.add_post("/oauth/locationToken", quoting.mint)
    async with TestServer(app) as server:
        yield quoting, str(server.make_url("")).rstrip("/")


def everything(error: BaseException | None) -> Iterator[str]:
    """Give all that an error says, and what led to it."""
    yield from traceback.format_exception(error)
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), *map(str, error.args))
        yield from getattr(error, "messages", ())
        if isinstance(error, HighLevelError):
            yield repr(pickle.loads(pickle.dumps(error)).__dict__)
        error = error.__cause__ or error.__context__


async def failures(quoting: Quoting, url: str) -> list[HighLevelError]:
    """Fail in an exchange, in a refresh and in a mint, and give their errors."""
    shape, quoting.shape = quoting.shape, None
    raised = []
    once = RetryPolicy(attempts=1, base=0)
    now = [1_784_284_038.0]
    async with HighLevel(
        APP, store=MemoryStore(), base_url=url, retries=once, clock=lambda: now[0]
    ) as highlevel:
        await highlevel.install(CODE)
        quoting.shape = shape
        for call in (
            lambda: highlevel.mint("loc", company_id="com"),
            lambda: highlevel.install(CODE),
            lambda: highlevel._installs.agency("com").renew(ACCESS),
        ):
            with pytest.raises(HighLevelError) as caught:
                await call()
            raised.append(caught.value)
    return raised


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_credential_that_is_quoted_is_told(server, caplog, spelling) -> None:
    """Exchange, refresh and mint fail without a secret, in whatever shape it is quoted."""
    caplog.set_level(logging.DEBUG)
    quoting, url = server
    write = quoting.spelling = SPELLINGS[spelling]
    for name, shape in SHAPES.items():
        quoting.shape = shape
        for error in await failures(quoting, url):
            told = "\n".join([*everything(error), caplog.text])
            for secret in SECRETS:
                for spelled in (secret, write(secret), secret[:12], ascii(secret)[1:-1]):
                    assert spelled not in told, (name, secret, type(error).__name__)

    assert quoting.names == {"code", "refresh_token", "client_secret", "Authorization"}
    assert quoting.quoted >= 3 * len(SHAPES)


async def test_what_is_not_secret_is_still_told(server) -> None:
    """The words around a credential stay, and decide as before."""
    quoting, url = server
    quoting.shape, quoting.status = SHAPES["message"], 422
    _, _, refused = await failures(quoting, url)

    assert isinstance(refused, Unavailable)
    assert refused.messages == ("refresh_token *** and client_secret ***",)
    quoting.shape = lambda _: SHAPES["message"](f"{REFRESH}: location is not active")
    _, _, paused = await failures(quoting, url)

    assert isinstance(paused, LocationInactive)
    assert paused.messages == ("***: location is not active",)


@given(odd=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4))
def test_any_secret_is_found_however_it_is_written(odd: str) -> None:
    """Each spelling of any text is taken out of a reply, and of an error."""
    secret, around = f"s3{odd}s3", " and "
    for write in (str, quote_plus, html.escape, SPELLINGS["percent"], SPELLINGS["json"]):
        said = around + write(secret) + around
        reply = redacted(Reply(400, {}, said.encode()), [secret])
        error = HighLevelError(said, messages=[said])
        redact(error, [secret])

        assert reply.body.decode() == around + "***" + around
        assert error.messages == (around + "***" + around,)


def test_what_others_raised_is_let_go_of_if_it_quotes() -> None:
    """A cause that is not ours cannot be cleaned, so it goes; any other stays."""
    for cause, stays in ((OSError(f"a line {REFRESH}"), False), (OSError("reset"), True)):
        error = Unavailable("broke")
        error.__cause__ = cause
        redact(error, [REFRESH])

        assert (error.__cause__ is cause) == stays
