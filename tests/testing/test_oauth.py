# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Installing the app, and keeping it installed."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp.payload import BytesPayload

from ghl_notes.testing import FakeHighLevel

REFRESH = {"grant_type": "refresh_token"}
TOKEN_FIELDS = {"access_token", "token_type", "expires_in", "refresh_token"}
CAMEL_FIELDS = {"accessToken", "tokenType", "expiresIn", "refreshToken"}


def query(call, **more: str) -> dict[str, str]:
    """Write what an authorization URL carries."""
    app = call.fake.app
    return {
        "response_type": "code",
        "client_id": app.client_id,
        "version_id": app.client_id.split("-")[0],
        "redirect_uri": app.redirect_uri,
        "scope": "contacts.readonly contacts.write",
        **more,
    }


@pytest.mark.parametrize("path", ["/oauth/chooselocation", "/v2/oauth/chooselocation"])
async def test_the_page_leads_back_with_a_code_that_works(start, path: str) -> None:
    """Each link of the page goes back to the app with a code for that place, and the state."""
    call = await start(locations=2)
    sent = query(call, state="<&s>")
    page = (await call("GET", path, token=None, version=None, params=sent)).body.decode()
    links = [unescape(link) for link in re.findall(r'href="([^"]*)"', page)]
    back = urlsplit((await call("GET", links[1], token=None, version=None)).headers["location"])
    answer = parse_qs(back.query)
    token = await call.token(grant_type="authorization_code", code=answer["code"][0])

    assert len(links) == 4
    assert call.fake.app.redirect_uri == f"{back.scheme}://{back.netloc}{back.path}"
    assert answer["state"] == ["<&s>"]
    assert call.fake.location_id == token.json["locationId"]
    assert token.json["scope"] == "contacts.readonly contacts.write"


async def test_the_page_can_be_passed_without_a_browser(call) -> None:
    """With ``choose`` the page redirects at once, here for the agency and without a state."""
    sent = query(call, choose=call.fake.company_id, scope="")
    answer = await call("GET", "/oauth/chooselocation", token=None, version=None, params=sent)
    (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    token = (await call.token(grant_type="authorization_code", code=code)).json

    assert answer.status == 302
    assert "state" not in answer.headers["location"]
    assert (token["userType"], token["isBulkInstallation"]) == ("Company", True)
    assert "locationId" not in token
    assert " ".join(call.fake.app.scopes) == token["scope"]


async def test_the_page_takes_no_for_an_answer(call) -> None:
    """The last link goes back to the app with the refusal of OAuth and the state, and no code."""
    sent = query(call, state="<&s>")
    page = (await call("GET", "/v2/oauth/chooselocation", token=None, params=sent)).body.decode()
    link, text = re.findall(r'<a class="cancel" href="([^"]*)">([^<]*)</a>', page)[0]
    back = await call("GET", unescape(link), token=None, version=None)
    home, _, answer = back.headers["location"].partition("?")

    assert (back.status, text) == (302, "Cancel")
    assert (home, parse_qs(answer)) == (
        call.fake.app.redirect_uri,
        {"error": ["access_denied"], "state": ["<&s>"]},
    )


async def test_the_redirect_uri_is_the_one_of_now(start) -> None:
    """The app's URI can be chosen, and assigned when the app's port is known; it is compared."""
    call = await start(redirect_uri="http://127.0.0.1:1/first?x=1")
    first = query(call, choose=call.fake.location_id)
    back = await call("GET", "/oauth/chooselocation", token=None, params=first)
    call.fake.redirect_uri = "http://127.0.0.1:2/second"
    late = await call("GET", "/oauth/chooselocation", token=None, params=first)
    second = query(call, choose=call.fake.location_id)
    again = await call("GET", "/oauth/chooselocation", token=None, params=second)

    assert back.headers["location"].startswith("http://127.0.0.1:1/first?x=1&code=")
    assert (late.status, b"redirect_uri" in late.body) == (400, True)
    assert again.headers["location"].startswith("http://127.0.0.1:2/second?code=")
    assert call.fake.app.redirect_uri == "http://127.0.0.1:2/second"


@pytest.mark.parametrize("name", ["redirect_uri", "webhook_url"])
def test_an_address_is_a_url(name: str) -> None:
    """What is no HTTP URL is refused when it is given, and when it is assigned."""
    fake = FakeHighLevel()

    with pytest.raises(ValueError, match=name):
        FakeHighLevel(**{name: "app.example.com"})
    with pytest.raises(ValueError, match=name):
        setattr(fake, name, "")


async def test_a_large_agency_has_a_short_page(start) -> None:
    """The page shows a hundred places and says how many more there are."""
    call = await start(locations=150)
    answer = await call("GET", "/oauth/chooselocation", token=None, params=query(call))

    assert answer.body.count(b"<li>") == 100
    assert b"and 51 more" in answer.body


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version_id": ""}, b"error.noversionid"),
        ({"client_id": "x"}, b"No integration found"),
        ({"redirect_uri": "https://evil.example"}, b"redirect_uri"),
        ({"response_type": "token"}, b"response_type"),
        ({"choose": "nowhere"}, b"no such location"),
    ],
)
async def test_a_wrong_authorization_url_goes_nowhere(call, change, said) -> None:
    """A URL that is not exactly the app's gets a page that says why, and no redirect."""
    sent = query(call, **change)
    answer = await call("GET", "/oauth/chooselocation", token=None, params=sent)

    assert answer.status == 400
    assert said in answer.body


async def test_values_on_the_page_are_escaped(call) -> None:
    """What a URL carries cannot become HTML."""
    sent = query(call, scope="<script>")
    page = await call("GET", "/oauth/chooselocation", token=None, params=sent)

    assert b"<script>" not in page.body


async def test_a_code_works_once(call) -> None:
    """A code is good for one exchange; after it, as with any unknown code, 401."""
    form = {"grant_type": "authorization_code", "code": call.fake.authorize_code()}
    first = await call.token(**form)
    second = await call.token(**form)

    assert first.json.keys() > TOKEN_FIELDS
    assert call.fake.stats.exchanges == 1
    assert (second.status, second.json["error"]) == (401, "UnAuthorized!")
    assert second.json["error_description"] == "Authorization code not found"


async def test_a_code_is_looked_at_before_the_client(call) -> None:
    """A bad code hides bad credentials, and a good code shows them."""
    bad = {"grant_type": "authorization_code", "client_secret": "x"}

    assert (await call.token(**bad, code="x")).status == 401
    answer = await call.token(**bad, code=call.fake.authorize_code())
    assert (answer.status, answer.json["message"]) == (400, "Invalid client: client is invalid")


async def test_codes_end(start, clock) -> None:
    """A code is good for ten minutes, and dies with its install."""
    call = await start(clock=clock)
    old, dead = call.fake.authorize_code(), call.fake.authorize_code()
    call.fake.revoke()
    assert (await call.token(grant_type="authorization_code", code=dead)).status == 401
    clock.now += 600
    assert (await call.token(grant_type="authorization_code", code=old)).status == 401


async def test_another_redirect_uri_is_refused_at_the_exchange(call) -> None:
    """A redirect URI that is sent along must be the app's."""
    form = {"grant_type": "authorization_code", "code": call.fake.authorize_code()}

    assert (await call.token(**form, redirect_uri="https://x.example")).status == 400
    assert (await call.token(**form, redirect_uri=call.fake.app.redirect_uri)).status == 200


@pytest.mark.parametrize("sending", ["data", "json"])
async def test_v3_speaks_camel_case(call, sending: str) -> None:
    """Under v3 names are camelCase both ways, in a form or in JSON."""
    app = call.fake.app
    sent = {
        "clientId": app.client_id,
        "clientSecret": app.client_secret,
        "grantType": "authorization_code",
        "code": call.fake.authorize_code(),
    }
    path, how = "/oauth/token", {"token": None, "version": "v3"}
    answer = await call("POST", path, **how, **{sending: sent})
    missing = await call("POST", path, **how, **{sending: {"clientId": "x"}})
    snake = {"client_id": app.client_id, "client_secret": app.client_secret, **REFRESH}
    refused = await call("POST", path, **how, **{sending: snake})

    assert answer.json.keys() > CAMEL_FIELDS
    assert not any("_" in name for name in answer.json)
    for unread in (missing, refused):
        assert (unread.status, unread.json["message"]) == (400, "Missing parameter: grantType")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Missing parameter: grant_type"),
        ({"grant_type": "client_credentials"}, "Invalid parameter: grant_type"),
        ({"grant_type": "authorization_code"}, "Missing parameter: code"),
        ({**REFRESH, "client_id": ""}, "Missing parameter: client_id"),
        ({**REFRESH, "client_secret": "x"}, "Invalid client: client is invalid"),
        (REFRESH, "Missing parameter: refresh_token"),
        ({**REFRESH, "refresh_token": "x"}, "Invalid grant: refresh token is invalid"),
        ({**REFRESH, "user_type": "Robot"}, "Invalid parameter: user_type"),
    ],
)
async def test_the_token_endpoint_says_what_is_wrong(call, form, said) -> None:
    """Bad token requests answer 400 in the words of the documents."""
    answer = await call.token(**form)

    assert (400, said) == (answer.status, answer.json["message"])


class Broken(BytesPayload):
    """A body that claims to be JSON."""

    def __init__(self) -> None:
        super().__init__(b"{", content_type="application/json")


async def test_json_is_for_v3_only(call) -> None:
    """A JSON body has no fields under the old versions; broken or odd JSON has none at all."""
    path = "/oauth/token"
    v3 = {"token": None, "version": "v3"}
    old = await call("POST", path, token=None, json={"grant_type": "refresh_token"})
    odd = await call("POST", path, **v3, json=["x"])
    empty = await call("POST", path, **v3, data=b"grantType=")
    broken = await call("POST", path, **v3, data=Broken())

    assert old.json["message"] == "Missing parameter: grant_type"
    assert "Missing parameter: grantType" == odd.json["message"] == empty.json["message"]
    assert (broken.status, broken.json["error"]) == (400, "Bad Request")


async def test_a_refresh_token_works_once(start, clock) -> None:
    """A refresh token rotates; spent and out of its grace it is an invalid grant."""
    call = await start(clock=clock)
    first = await call.exchange()
    second = (await call.token(**REFRESH, refresh_token=first["refresh_token"])).json
    clock.now += 30
    spent = await call.token(**REFRESH, refresh_token=first["refresh_token"])
    third = await call.token(**REFRESH, refresh_token=second["refresh_token"])

    assert first["refresh_token"] != second["refresh_token"]
    assert (spent.status, spent.json["message"]) == (400, "Invalid grant: refresh token is invalid")
    assert third.status == 200
    assert (call.fake.stats.refreshes, call.fake.stats.invalid_grants) == (2, 1)


async def test_grace_repeats_the_new_refresh_token(start, clock) -> None:
    """Within 30 s a spent token gives the same new refresh token, and another access token."""
    call = await start(clock=clock)
    old = (await call.exchange())["refresh_token"]
    one = (await call.token(**REFRESH, refresh_token=old)).json
    clock.now += 29.9
    other = (await call.token(**REFRESH, refresh_token=old)).json

    assert one["refresh_token"] == other["refresh_token"]
    assert one["refreshTokenId"] == other["refreshTokenId"]
    assert one["access_token"] != other["access_token"]


async def test_refresh_tokens_last_a_year(start, clock) -> None:
    """A refresh token that nobody used for a year is dead."""
    call = await start(clock=clock)
    old = (await call.exchange())["refresh_token"]
    clock.now += 365 * 86_400

    assert (await call.token(**REFRESH, refresh_token=old)).status == 400


async def test_access_tokens_end(start, clock) -> None:
    """An access token is good for its lifetime, or until all are ended."""
    call = await start(clock=clock, access_token_lifetime=0.5)
    token = await call.exchange()
    path = f"/contacts/{call.fake.contact_ids()[0]}"

    assert token["expires_in"] == 0.5
    assert (await call("GET", path, token=token["access_token"])).status == 200
    clock.now += 0.5
    assert (await call("GET", path, token=token["access_token"])).status == 401
    token = await call.exchange()
    call.fake.expire_access_tokens()
    assert (await call("GET", path, token=token["access_token"])).status == 401
    assert (await call.token(**REFRESH, refresh_token=token["refresh_token"])).status == 200


async def test_whole_lifetimes_are_integers(call) -> None:
    """HighLevel writes whole seconds, and tokens long enough to be found in a log."""
    token = await call.exchange()

    assert str(token["expires_in"]) == "86399"
    assert len(token["access_token"]) > 300
    assert token["access_token"] not in repr(call.fake)


async def test_a_revoked_install_is_dead(start) -> None:
    """Revoking kills both kinds of token of one owner, and of no other."""
    call = await start(locations=2)
    mine, other = await call.exchange(), await call.exchange(location_id=call.fake.location_ids[1])
    company = await call.exchange(company=True)
    call.fake.revoke()

    path = f"/contacts/{call.fake.contact_ids()[0]}"
    assert (await call("GET", path, token=mine["access_token"])).status == 401
    assert (await call.token(**REFRESH, refresh_token=mine["refresh_token"])).status == 400
    assert (await call.token(**REFRESH, refresh_token=other["refresh_token"])).status == 200
    call.fake.revoke(company=True)
    assert (await call.token(**REFRESH, refresh_token=company["refresh_token"])).status == 400


async def test_each_app_has_tokens_of_its_own(start) -> None:
    """On one location two apps hold codes and tokens, and neither can use the other's."""
    call = await start(locations=2)
    other = call.fake.add_app(scopes=("contacts.readonly", "oauth.write", "oauth.readonly"))
    own = {"client_id": other.client_id, "client_secret": other.client_secret}
    mine = await call.exchange()
    code = call.fake.authorize_code(app=other)
    stolen = await call.token(grant_type="authorization_code", code=code)
    theirs = await call.token(grant_type="authorization_code", code=code, **own)
    spent = [
        await call.token(**REFRESH, refresh_token=theirs.json["refresh_token"]),
        await call.token(**REFRESH, refresh_token=mine["refresh_token"], **own),
    ]

    assert (stolen.status, theirs.status) == (401, 200)
    assert theirs.json["scope"] == "contacts.readonly oauth.write oauth.readonly"
    assert [one.status for one in spent] == [400, 400]
    call.fake.revoke(app=call.fake.app)
    alive = await call.token(**REFRESH, refresh_token=theirs.json["refresh_token"], **own)
    assert alive.status == 200
    assert (await call.token(**REFRESH, refresh_token=mine["refresh_token"])).status == 400


async def test_another_app_mints_its_own(start) -> None:
    """What an agency's token of another app mints is that app's, and names it."""
    call = await start(locations=2)
    other = call.fake.add_app()
    own = {"client_id": other.client_id, "client_secret": other.client_secret}
    code = call.fake.authorize_code(company=True, app=other)
    agency = (await call.token(grant_type="authorization_code", code=code, **own)).json
    form = {"companyId": call.fake.company_id, "locationId": call.fake.location_id}
    minted = await call("POST", "/oauth/locationToken", token=agency["access_token"], data=form)
    renewed = await call.token(**REFRESH, refresh_token=minted.json["refresh_token"], **own)

    assert (minted.status, minted.json["appId"]) == (201, other.app_id)
    assert renewed.status == 200
    refused = await call.token(**REFRESH, refresh_token=renewed.json["refresh_token"])
    assert refused.status == 400


async def test_an_inactive_location_keeps_its_tokens(call) -> None:
    """While a location is paused nothing is issued, and afterwards the same tokens work."""
    token = await call.exchange()
    code = call.fake.authorize_code()
    call.fake.deactivate()
    answer = await call.token(**REFRESH, refresh_token=token["refresh_token"])

    assert (answer.status, answer.json["message"]) == (400, "Location is not active")
    assert (await call.token(grant_type="authorization_code", code=code)).status == 400
    call.fake.activate()
    assert (await call.token(grant_type="authorization_code", code=code)).status == 200
    assert (await call.token(**REFRESH, refresh_token=token["refresh_token"])).status == 200
    assert call.fake.stats.invalid_grants == 0
