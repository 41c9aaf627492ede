"""The token endpoint: what is asked of it, and what its replies mean."""

import asyncio
import pickle
import traceback
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlencode

import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from attrs import define, field
from authlib.oauth2 import client as authlib_client
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import App
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    NotFound,
    ReauthorizationRequired,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.protocol import dialect
from ghl_notes.http.transport import Transport
from ghl_notes.models import Install, Owner, StoredInstall, Token
from ghl_notes.oauth.session import ATTEMPT_SECONDS, OAuthSession
from ghl_notes.oauth.token_reply import stored_install
from ghl_notes.stores.rows import to_row, to_stored

NOW = 1_784_284_038.0
SECRETS = {"client_secret": "s3cr3t & +=\xe9", "code": "c0de+/=", "refresh_token": "r3fr3sh"}
APP = App(
    client_id="6a59-mrp0",
    client_secret=SECRETS["client_secret"],
    redirect_uri="https://app.example.com/callback",
    scopes=("contacts.readonly",),
)
OWNER = Owner("highlevel", APP.client_id)
STORED = StoredInstall.of(
    Install(
        client_id=APP.client_id,
        user_type="Location",
        location_id="loc",
        company_id="com",
        scopes=("a",),
        user_id="u",
    ),
    Token(access_token="old", refresh_token="r3fr3sh", issued_at=0.0, expires_at=100.0),
)
V2 = {
    "access_token": "new",
    "token_type": "Bearer",
    "expires_in": 86_399,
    "refresh_token": "next",
    "scope": "contacts.readonly contacts.write",
    "userType": "Location",
    "companyId": "com",
    "locationId": "loc",
    "userId": "u2",
    "traceId": "t",
}
V3 = {
    **{k: v for k, v in V2.items() if "_" not in k},
    "accessToken": "new",
    "tokenType": "Bearer",
    "expiresIn": 86_399,
    "refreshToken": "next",
}


@define
class Endpoint:
    """A token endpoint that says what it is told to say, and remembers what it was asked."""

    session: OAuthSession = field(init=False)
    status: int = 200
    reply: object = field(factory=lambda: dict(V2))
    headers: dict[str, str] = field(factory=dict)
    forms: list[dict[str, str]] = field(factory=list)
    heads: list[dict[str, str]] = field(factory=list)

    def says(self, status: int, reply: object, **headers: str) -> "Endpoint":
        """Set the next replies."""
        self.status, self.reply = status, reply
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        form = await request.post()
        self.forms.append({name: str(value) for name, value in form.items()})
        self.heads.append({name.lower(): value for name, value in request.headers.items()})
        if isinstance(self.reply, bytes):
            kind = {"Content-Type": "text/html", **self.headers}
            return web.Response(status=self.status, body=self.reply, headers=kind)
        return web.json_response(self.reply, status=self.status, headers=self.headers)


def assert_tells_none_of(error: BaseException | None, *secrets: str) -> None:
    """Look for secrets in an error and in all that led to it."""
    while error is not None:
        for said in (str(error), repr(error), repr(error.args), repr(vars(error))):
            assert not any(secret in said or ascii(secret)[1:-1] in said for secret in secrets)
        error = error.__cause__ or error.__context__


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """Serve a token endpoint, and give it with a session on it."""
    app, transport, endpoint = web.Application(), Transport(None, timeout=5), Endpoint()
    app.router.add_post("/oauth/token", endpoint.answer)
    async with TestServer(app) as server:
        endpoint.session = OAuthSession(
            APP,
            base_url=str(server.make_url("")).rstrip("/"),
            dialect=dialect("2021-07-28"),
            transport=transport,
            clock=lambda: NOW,
        )
        yield endpoint
        await transport.close()


async def test_a_request_has_its_time_however_short_timeout_is(endpoint: Endpoint) -> None:
    """As long as ``timeout`` where that is long: a token that is cut off may be lost."""
    its: dict[float, float] = {5: endpoint.session.timeout}
    for seconds in (0.1, 60):
        endpoint.session.session = Transport(None, timeout=seconds)
        its[seconds] = endpoint.session.timeout

    assert its == {5: ATTEMPT_SECONDS, 0.1: ATTEMPT_SECONDS, 60: 60}


# --- what is asked --------------------------------------------------------------------------


@pytest.mark.parametrize("user_type", [None, "Location", "Company"])
async def test_a_code_is_exchanged(endpoint: Endpoint, user_type: str | None) -> None:
    """The form has the code, the app and its secret to the letter, and the pinned version."""
    await endpoint.session.exchange(SECRETS["code"], user_type=user_type)
    (form,), (head,) = endpoint.forms, endpoint.heads

    assert form == {
        "grant_type": "authorization_code",
        "code": SECRETS["code"],
        "client_id": "6a59-mrp0",
        "client_secret": SECRETS["client_secret"],
        "redirect_uri": "https://app.example.com/callback",
        **({} if user_type is None else {"user_type": user_type}),
    }
    assert head["version"] == "2021-07-28"
    assert head["content-type"].startswith("application/x-www-form-urlencoded")
    assert "authorization" not in head


async def test_a_token_is_refreshed(endpoint: Endpoint) -> None:
    """The refresh token is spent for the kind of token that it renews, and for no scope."""
    await endpoint.session.refresh(STORED)

    assert endpoint.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "r3fr3sh",
            "client_id": "6a59-mrp0",
            "client_secret": SECRETS["client_secret"],
            "user_type": "Location",
        }
    ]


async def test_no_secret_goes_into_what_others_share(endpoint: Endpoint) -> None:
    """Authlib's headers for all of its clients hold nothing of ours afterwards."""
    before = dict(authlib_client.DEFAULT_HEADERS)
    await endpoint.session.exchange("code")
    await endpoint.session.refresh(STORED)

    assert before == authlib_client.DEFAULT_HEADERS
    assert set(before) == {"Accept", "Content-Type"}


async def test_installs_do_not_mix(endpoint: Endpoint) -> None:
    """One session renews many installs at once, and each gets what its own token brought."""
    endpoint.says(200, {"access_token": "new", "expires_in": 60})

    def stored(name: str) -> StoredInstall:
        install = attrs.evolve(STORED.install, location_id=name)
        return StoredInstall.of(install, attrs.evolve(STORED.token, refresh_token=f"r {name}"))

    names = [f"loc{n}" for n in range(20)]
    renewed = await asyncio.gather(*(endpoint.session.refresh(stored(name)) for name in names))

    assert sorted(form["refresh_token"] for form in endpoint.forms) == sorted(
        f"r {name}" for name in names
    )
    assert [(one.install.location_id, one.token.refresh_token) for one in renewed] == [
        (name, f"r {name}") for name in names
    ]


# --- what is answered -----------------------------------------------------------------------


@pytest.mark.parametrize("reply", [V2, V3], ids=["v2", "v3"])
@pytest.mark.parametrize("status", [200, 201])
async def test_both_spellings_are_read(
    endpoint: Endpoint, reply: dict[str, object], status: int
) -> None:
    """A token reply of either version makes the same install."""
    stored = await endpoint.says(status, reply).session.exchange("code")
    install, token = stored.install, stored.token

    assert (install.user_type, install.location_id, install.company_id) == (
        *("Location", "loc", "com"),
    )
    assert (install.user_id, install.scopes) == ("u2", ("contacts.readonly", "contacts.write"))
    assert (token.access_token, token.refresh_token) == ("new", "next")
    assert (token.issued_at, token.expires_at) == (NOW, NOW + 86_399)
    assert install.expires_at is not None
    assert install.expires_at.timestamp() == NOW + 86_399


@pytest.mark.parametrize("name", ["refresh_token", "refreshToken"])
@pytest.mark.parametrize("value", [None, "", 5, "absent"])
async def test_no_reply_erases_the_refresh_token(
    endpoint: Endpoint, name: str, value: object
) -> None:
    """A refresh reply without a refresh token never erases the old one."""
    reply = {k: v for k, v in V2.items() if k != "refresh_token"}
    endpoint.says(200, reply if value == "absent" else {**reply, name: value})

    assert (await endpoint.session.refresh(STORED)).token.refresh_token == "r3fr3sh"


async def test_what_a_reply_leaves_out_stays(endpoint: Endpoint) -> None:
    """A refresh reply that only brings a token keeps every fact of the install."""
    endpoint.says(200, {"access_token": "new", "expires_in": "60"})
    renewed = await endpoint.session.refresh(STORED)

    untimed = {"renewed_at": None, "expires_at": None}
    assert attrs.evolve(renewed.install, **untimed) == attrs.evolve(STORED.install, **untimed)
    assert (renewed.token.access_token, renewed.token.expires_at) == ("new", NOW + 60)


@pytest.mark.parametrize(
    ("fields", "given", "expected"),
    [
        ({"userType": "Company", "companyId": "com"}, {}, ("Company", None, "com")),
        ({"userType": "Company", "companyId": "c", "locationId": "l"}, {}, ("Company", None, "c")),
        ({"companyId": "com"}, {}, ("Company", None, "com")),
        ({"locationId": "loc"}, {}, ("Location", "loc", None)),
        ({"userType": "Odd", "locationId": "loc"}, {}, ("Location", "loc", None)),
        ({"userType": "Location"}, {"location_id": "asked"}, ("Location", "asked", None)),
        ({}, {"location_id": "l", "company_id": "c"}, ("Location", "l", "c")),
    ],
)
def test_whom_a_token_speaks_for(
    fields: dict[str, str], given: dict[str, str], expected: tuple[object, ...]
) -> None:
    """The reply's word counts, then what was asked for; an agency's token is no location's."""
    stored = stored_install(
        {"access_token": "a", "expires_in": 60, **fields}, now=NOW, owner=OWNER, **given
    )
    install = stored.install

    assert (install.user_type, install.location_id, install.company_id) == expected


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"locationId": "another"}, "locationId is another, and not loc"),
        ({"companyId": "another"}, "companyId is another, and not com"),
        ({"userType": "Company"}, "userType is Company, and not Location"),
    ],
)
async def test_a_refresh_reply_of_another_install_is_not_used(
    endpoint: Endpoint, told: dict[str, str], problem: str
) -> None:
    """A token of somebody else is refused, and nothing tells it."""
    endpoint.says(200, {**V2, **told})
    with pytest.raises(UnexpectedResponse, match=problem) as raised:
        await endpoint.session.refresh(STORED)

    assert_tells_none_of(raised.value, "new", "next", "r3fr3sh", SECRETS["client_secret"])


@pytest.mark.parametrize("told", [{"locationId": "another"}, {"companyId": "another"}])
def test_a_minted_token_of_another_location_is_not_used(told: dict[str, str]) -> None:
    """What was asked for one location of one agency is of no other."""
    with pytest.raises(UnexpectedResponse, match="is another, and not"):
        stored_install({**V2, **told}, now=NOW, owner=OWNER, location_id="loc", company_id="com")


def test_what_was_not_known_is_learnt() -> None:
    """A reply may tell an install's agency where nobody knew it."""
    before = attrs.evolve(STORED, install=attrs.evolve(STORED.install, company_id=None))

    assert stored_install(V2, now=NOW, owner=OWNER, before=before).install.company_id == "com"


# Whatever JSON can say: controls, halves of surrogate pairs, all of Unicode.
anything = st.text(st.characters(), max_size=20) | st.text(
    st.sampled_from("a\x00\r\n\ud800\x7f\xa0é")
)


@given(access=anything, refresh=anything)
def test_a_token_that_no_request_can_hold_is_refused(access: str, refresh: str) -> None:
    """Of any two strings, what is taken can be sent and stored, and what is refused is not told."""
    payload = {**V2, "access_token": f"@@{access}", "refresh_token": f"@@{refresh}"}
    try:
        token = stored_install(payload, now=NOW, owner=OWNER).token
    except UnexpectedResponse as error:
        assert_tells_none_of(error, "@@")
    else:
        assert not set(token.access_token) & set("\r\n\0")
        token.access_token.encode("ascii")
        urlencode({"refresh_token": token.refresh_token}).encode("ascii")
        assert token.refresh_token == payload["refresh_token"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner) | st.dictionaries(anything, inner),
    max_leaves=5,
)


@given(
    told=st.dictionaries(st.sampled_from([*V2, *V3]), json_values),
    before=st.sampled_from([None, STORED]),
)
def test_any_reply_is_an_install_or_unreadable(
    told: dict[str, object], before: StoredInstall | None
) -> None:
    """Whatever JSON the token endpoint sends, nothing else is raised, and what is read is kept."""
    with suppress(UnexpectedResponse):
        stored = stored_install({**V2, **told}, now=NOW, owner=OWNER, before=before)
        row = to_row(stored)

        assert to_stored(row) == stored
        assert "".join(map(str, row)).encode().decode() == "".join(map(str, row))


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "locationId", "companyId"])
@pytest.mark.parametrize("odd", ["a\0b", "a\r\nX: y", "a\ud83d", "\udc00", "a\x7f", "a\u2028b"])
async def test_a_reply_with_control_characters_is_refused(
    endpoint: Endpoint, name: str, odd: str
) -> None:
    """From the wire to the error nothing breaks on such a string, and nothing tells it."""
    endpoint.says(200, {**V2, name: odd})
    for asking in (endpoint.session.exchange("code"), endpoint.session.refresh(STORED)):
        with pytest.raises(UnexpectedResponse, match=f"control characters in {name}") as raised:
            await asking

        assert_tells_none_of(raised.value, odd, "r3fr3sh", SECRETS["client_secret"])


async def test_a_token_that_looks_encrypted_is_refused(endpoint: Endpoint) -> None:
    """A store would take it for one that is sealed, and never give it back."""
    endpoint.says(200, {**V2, "access_token": "sealed:abc"})
    with pytest.raises(UnexpectedResponse, match="access_token"):
        await endpoint.session.exchange("code")


async def test_what_is_only_kept_is_taken_as_far_as_it_can_be(endpoint: Endpoint) -> None:
    """An odd user's id or scope costs no install."""
    endpoint.says(200, {**V2, "userId": "u\ud800", "scope": "a.read \0 b.write"})
    install = (await endpoint.session.exchange("code")).install

    assert (install.user_id, install.scopes) == (None, ("a.read", "b.write"))


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (None, "not an object"),
        ([V2], "not an object"),
        ("token", "not an object"),
        ({"locationId": "loc"}, "no access token"),
        ({**V2, "access_token": ""}, "no access token"),
        ({**V2, "access_token": None}, "no access token"),
        ({**V2, "access_token": {"secret": 1}}, "no access token"),
        ({"access_token": "new"}, "no company id"),
        ({"access_token": "new", "userType": "Location"}, "no location id"),
        ({"access_token": "new", "userType": "Company", "locationId": "l"}, "no company id"),
        ({"statusCode": 429, "message": "slow"}, "no company id"),
    ],
)
def test_what_is_no_token_is_not_taken_for_one(payload: object, problem: str) -> None:
    """A success that brings no token, or nobody to use it for, is an answer we cannot read."""
    with pytest.raises(UnexpectedResponse, match=problem) as raised:
        stored_install(payload, now=NOW, owner=OWNER)

    assert raised.value.problems == (f"{problem} @ $",)
    assert not raised.value.garbled


lifetimes = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), "", "soon", "86399", " 60 ", "1e9", "nan", "inf", "-5"]),
    st.floats(),
    st.lists(st.integers()),
    st.text(),
)


@given(told=lifetimes, now=st.floats(0, 4e9))
def test_every_token_has_an_end(told: object, now: float) -> None:
    """Whatever ``expires_in`` is, the token ends: when it says, or soon if that is nonsense."""
    token = stored_install({**V2, "expires_in": told}, now=now, owner=OWNER).token
    lifetime = token.expires_at - token.issued_at

    assert token.issued_at == now
    assert 0 <= lifetime <= 10 * 365 * 86_400
    assert now <= token.renew_at <= token.expires_at


@given(st.integers(1, 10 * 365 * 86_400 - 1))
def test_a_sensible_lifetime_is_believed(seconds: int) -> None:
    """Seconds are taken as numbers and as digits."""
    for told in (seconds, float(seconds), str(seconds)):
        token = stored_install({**V2, "expires_in": told}, now=NOW, owner=OWNER).token

        assert token.expires_at == NOW + seconds


@pytest.mark.parametrize("told", [None, 0, -1, "soon", "nan", [], 10**400, 10**12])
def test_without_a_sensible_lifetime_it_is_an_hour(told: object) -> None:
    """A token of unknown life is renewed within the hour."""
    token = stored_install({**V2, "expires_in": told}, now=NOW, owner=OWNER).token

    assert token.expires_at == NOW + 3600


# --- what is refused ------------------------------------------------------------------------

HTML = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"
DEAD = [
    (400, {"statusCode": 400, "message": "Invalid grant: refresh token is invalid"}),
    (400, {"message": "INVALID GRANT: authorization code is invalid"}),
    (400, {"message": ["Invalid grant: refresh token is invalid"]}),
    (401, {"error": "invalid_grant", "error_description": "Token is not active"}),
    (400, {"error": "invalid_grant"}),
    (401, {"error": "UnAuthorized!", "error_description": "Authorization code not found"}),
]
ALIVE = [
    (400, {"statusCode": 400, "message": "Location is not active"}, LocationInactive),
    (400, {"message": "Invalid grant: Location is not active"}, LocationInactive),
    (
        400,
        {"error": "invalid_grant", "error_description": "Location is not active"},
        LocationInactive,
    ),
    (400, {"message": "Missing parameter: `refresh_token`"}, RequestRejected),
    (400, {"message": "Invalid parameter: grantType"}, RequestRejected),
    (400, {"message": "Invalid client: client is invalid"}, ConfigurationError),
    (401, {"error": "UnAuthorized!", "error_description": "Invalid client"}, ConfigurationError),
    (401, {"statusCode": 401, "message": "Invalid JWT"}, AccessDenied),
    (403, {"error": "invalid_grant"}, AccessDenied),
    (403, HTML, Unavailable),
    (404, HTML, Unavailable),
    (404, {"message": "Not Found"}, NotFound),
    (429, {"message": "Too Many Requests"}, Unavailable),
    (429, {"message": "Invalid grant: slow down"}, Unavailable),
    (500, {"error": "invalid_grant"}, Unavailable),
    (502, HTML, Unavailable),
    (200, HTML, UnexpectedResponse),
    (200, [], UnexpectedResponse),
    (200, {"message": "Invalid grant: refresh token is invalid"}, UnexpectedResponse),
    (302, b"", UnexpectedResponse),
    (400, HTML, Unavailable),
]


async def refused(endpoint: Endpoint) -> HighLevelError:
    with pytest.raises(HighLevelError) as raised:
        await endpoint.session.refresh(STORED)
    return raised.value


@pytest.mark.parametrize(("status", "body"), DEAD)
async def test_only_a_dead_grant_is_dead(endpoint: Endpoint, status: int, body: object) -> None:
    """A grant that HighLevel calls invalid is spent: its user must authorize again."""
    error = await refused(endpoint.says(status, body))

    assert type(error) is ReauthorizationRequired
    assert error.status == status
    assert (error.method, error.path) == ("POST", "/oauth/token")


@pytest.mark.parametrize(("status", "body", "cls"), ALIVE)
async def test_everything_else_keeps_the_grant(
    endpoint: Endpoint, status: int, body: object, cls: type[HighLevelError]
) -> None:
    """A pause, an outage, a proxy's page or a mistake of ours is no proof that a token is dead."""
    assert type(await refused(endpoint.says(status, body))) is cls


async def test_too_many_requests_mean_later(endpoint: Endpoint) -> None:
    """A 429 here had no effect, and says when to come back."""
    error = await refused(endpoint.says(429, {}, Retry_After="7"))

    assert isinstance(error, Unavailable)
    assert (error.status, error.retry_after, error.maybe_applied) == (429, 7.0, False)


@pytest.mark.parametrize("answer", [*DEAD, *[(status, body) for status, body, _ in ALIVE]])
async def test_no_error_holds_a_secret(endpoint: Endpoint, answer: tuple[int, object]) -> None:
    """However an exchange or a refresh ends, its error shows no secret that went into it."""
    endpoint.says(*answer)
    for call in (endpoint.session.exchange(SECRETS["code"]), endpoint.session.refresh(STORED)):
        with pytest.raises(HighLevelError) as raised:
            await call
        told = "".join(traceback.format_exception(raised.value)) + repr(vars(raised.value))

        assert not [secret for secret in SECRETS.values() if secret in told]
        assert not [s for s in SECRETS.values() if s.encode() in pickle.dumps(raised.value)]


async def test_a_code_works_once(endpoint: Endpoint) -> None:
    """A callback that is opened again brings a code that is used, and the way to begin anew."""
    await endpoint.session.exchange("code")
    endpoint.says(*DEAD[-1])
    with pytest.raises(ReauthorizationRequired, match=r"authorize\(\) again"):
        await endpoint.session.exchange("code")
