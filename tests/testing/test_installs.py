# ruff: noqa: ANN001, ANN003, ANN201 - parameters are fixtures, whose types live in conftest
"""Where the app is installed, and what an agency's install is good for."""

import json
from urllib.parse import quote

import pytest

REFRESH = {"grant_type": "refresh_token"}


async def mint(call, token: str, *, path="/oauth/locationToken", version="2021-07-28", **form):
    """Ask for a location's token."""
    fake = call.fake
    sent = {"companyId": fake.company_id, "locationId": fake.location_ids[1], **form}
    return await call("POST", path, token=token, version=version, data=sent)


@pytest.mark.parametrize(
    ("path", "version", "refresh"),
    [
        ("/oauth/locationToken", "2021-07-28", "refresh_token"),
        ("/oauth/locationToken", "v3", "refreshToken"),
        ("/oauth/location-token", "v3", "refreshToken"),
    ],
)
async def test_an_agency_makes_location_tokens(start, path, version, refresh) -> None:
    """An agency's token mints a location's own tokens, which rotate for themselves."""
    call = await start(locations=2)
    agency = await call.exchange(company=True)
    answer = await mint(call, agency["access_token"], path=path, version=version)
    again = await call.token(**REFRESH, refresh_token=answer.json[refresh])

    assert answer.status == 201
    assert ("Location", call.fake.location_ids[1]) == (
        answer.json["userType"],
        answer.json["locationId"],
    )
    assert call.fake.location_ids[1] == again.json["locationId"]
    contact = f"/contacts/{call.fake.contact_ids(call.fake.location_ids[1])[0]}"
    assert (await call("GET", contact, token=again.json["access_token"])).status == 200
    assert call.fake.stats.mints == 1


async def test_minting_is_refused_to_others(start) -> None:
    """Minting takes an agency's OAuth token with oauth.write, and a location of that agency."""
    call = await start(locations=2)
    agency = (await call.exchange(company=True))["access_token"]
    narrow = (await call.exchange(company=True, scopes=["oauth.readonly"]))["access_token"]
    location = (await call.exchange())["access_token"]
    call.fake.deactivate(call.fake.location_ids[1])

    assert "authClass" in (await mint(call, call.fake.private_token)).json["message"]
    assert "user type" in (await mint(call, location)).json["message"]
    assert "scope" in (await mint(call, narrow)).json["message"]
    assert (await mint(call, agency, path="/oauth/location-token")).status == 404
    assert (await mint(call, agency, companyId="")).status == 422
    assert (await mint(call, agency, companyId="x")).status == 403
    assert (await mint(call, agency, locationId="x")).status == 400
    assert (await mint(call, agency)).json["message"] == "Location is not active"


async def installed(call, token: str, path="/oauth/installedLocations", **asked: str):
    """Ask where the app is installed."""
    version = "v3" if "-" in path else "2021-07-28"
    sent = {"companyId": call.fake.company_id, "appId": call.fake.app.app_id, **asked}
    text = "&".join(f"{name}={quote(value)}" for name, value in sent.items())
    return await call("GET", f"{path}?{text}", token=token, version=version)


async def test_installed_locations_by_skip_and_limit(start) -> None:
    """Under v2 the list is cut by skip and limit, as text, and narrowed by its filters."""
    call = await start(locations=25)
    token = (await call.exchange(company=True))["access_token"]
    first = (await installed(call, token)).json
    rest = (await installed(call, token, skip="20", limit="20")).json
    one = (await installed(call, token, locationId=call.fake.location_id)).json
    named = (await installed(call, token, query="location 25")).json

    assert (len(first["locations"]), len(rest["locations"]), first["count"]) == (20, 5, 25)
    ids = [each["_id"] for each in (*first["locations"], *rest["locations"])]
    assert list(call.fake.location_ids) == ids
    assert [call.fake.location_id] == [each["_id"] for each in one["locations"]]
    assert [call.fake.location_ids[24]] == [each["_id"] for each in named["locations"]]
    assert (await installed(call, token, isInstalled="false")).json["count"] == 0
    assert (await installed(call, token, skip="x")).status == 422
    assert (await installed(call, token, appId="")).status == 422
    assert (await installed(call, token, appId="x")).status == 403


async def test_installed_locations_by_page_tokens(start) -> None:
    """Under v3 the list has page tokens that lead through it both ways, and its own errors."""
    call = await start(locations=25)
    token = (await call.exchange(company=True))["access_token"]
    path = "/oauth/installed-locations"
    first = (await installed(call, token, path)).json
    after = first["pagination"]["nextPageToken"]
    rest = (await installed(call, token, path, pageToken=after)).json
    back = (await installed(call, token, path, pageToken=rest["pagination"]["prevPageToken"])).json

    assert (len(first["items"]), len(rest["items"])) == (20, 5)
    assert (first["pagination"]["hasPrevPage"], rest["pagination"]["hasPrevPage"]) == (False, True)
    assert (first["pagination"]["hasNextPage"], rest["pagination"]["hasNextPage"]) == (True, False)
    assert first["items"] == back["items"]
    for wrong in ({"pageToken": "x"}, {"pageSize": "0"}, {"pageSize": "x"}, {"companyId": ""}):
        answer = await installed(call, token, path, **wrong)
        assert (answer.status, answer.json["error"]["code"]) == (400, "INVALID_ARGUMENT")
    assert (await installed(call, token, path, appId="x")).status == 404


async def agency_of(call) -> str:
    """Install the app on the agency, and give the access token."""
    return (await call.exchange(company=True))["access_token"]


async def ids_installed(call, token: str, **asked: str) -> list[str]:
    """Name the locations that are listed."""
    return [one["_id"] for one in (await installed(call, token, **asked)).json["locations"]]


async def test_an_uninstalled_location_is_closed(start) -> None:
    """An uninstall kills the location's tokens and codes, and no other's."""
    call = await start(locations=2)
    mine, other = await call.exchange(), await call.exchange(location_id=call.fake.location_ids[1])
    code = call.fake.authorize_code()
    call.fake.uninstall()

    path = f"/contacts/{call.fake.contact_ids()[0]}"
    assert (await call("GET", path, token=mine["access_token"])).status == 401
    spent = await call.token(**REFRESH, refresh_token=mine["refresh_token"])
    assert spent.json["message"] == "Invalid grant: refresh token is invalid"
    assert (await call.token(grant_type="authorization_code", code=code)).status == 401
    assert (await call.token(**REFRESH, refresh_token=other["refresh_token"])).status == 200
    assert (await call("GET", path)).status == 200  # a private token is no install


async def test_an_uninstalled_location_cannot_be_minted(start) -> None:
    """Minting is refused with a 400 that is no dead grant, and the location is not listed."""
    call = await start(locations=3)
    token, gone = await agency_of(call), call.fake.location_ids[1]
    call.fake.uninstall(gone)
    refused = await mint(call, token)
    others = [one for one in call.fake.location_ids if one != gone]

    assert (refused.status, refused.json["statusCode"]) == (400, 400)
    assert refused.json["message"] == "The app is not installed on this location"
    assert (await mint(call, token, locationId=others[0])).status == 201
    assert await ids_installed(call, token) == others
    assert await ids_installed(call, token, isInstalled="false") == [gone]
    v3 = (await installed(call, token, "/oauth/installed-locations")).json
    assert [one["_id"] for one in v3["items"]] == others
    assert v3["pagination"]["totalRecords"] == 2
    assert call.fake.stats.mints == 1


async def test_an_uninstalled_location_is_listed_without_a_date(start, clock) -> None:
    """What is not installed has no version and no date; what is installed again has a new one."""
    call = await start(clock=clock)
    token = await agency_of(call)
    call.fake.uninstall()
    (absent,) = (await installed(call, token, isInstalled="false")).json["locations"]
    call.fake.install()
    (present,) = (await installed(call, token)).json["locations"]

    assert absent["isInstalled"] is False
    assert not absent.keys() & {"versionId", "installedAt"}
    assert present == {
        **absent,
        "isInstalled": True,
        "versionId": call.fake.app.app_id,
        "installedAt": "2027-01-15T08:00:00.000Z",
    }


@pytest.mark.parametrize("way", ["install", "code", "agency"])
async def test_the_app_comes_back(start, way: str) -> None:
    """By the agency's own install, by a code of the location, or by one of the agency."""
    call = await start(locations=2)
    gone = call.fake.location_ids[1]
    token = await agency_of(call)
    call.fake.uninstall(gone)
    assert (await mint(call, token)).status == 400
    if way == "install":
        call.fake.install(gone)
    elif way == "code":
        await call.exchange(location_id=gone)
    else:
        token = await agency_of(call)

    assert (await mint(call, token)).status == 201
    assert await ids_installed(call, token) == list(call.fake.location_ids)


async def test_a_code_that_is_not_exchanged_installs_nothing(start) -> None:
    """Choosing a location on the page is half the way."""
    call = await start(locations=2)
    token = await agency_of(call)
    call.fake.uninstall(call.fake.location_ids[1])
    call.fake.authorize_code(call.fake.location_ids[1])

    assert (await mint(call, token)).status == 400


async def test_an_uninstalled_agency_loses_all_its_locations(start) -> None:
    """An agency's uninstall kills its own tokens and those of every location."""
    call = await start(locations=2)
    agency, location = await call.exchange(company=True), await call.exchange()
    minted = (await mint(call, agency["access_token"])).json
    call.fake.uninstall(company=True)

    for dead in (agency, location, minted):
        answer = await call.token(**REFRESH, refresh_token=dead["refresh_token"])
        assert answer.json["message"] == "Invalid grant: refresh token is invalid"
    await call.exchange(location_id=call.fake.location_ids[1])
    call.fake.install(call.fake.location_id)
    assert (await mint(call, agency["access_token"])).status == 401
    call.fake.uninstall(company=True)
    token = await agency_of(call)
    assert await ids_installed(call, token) == list(call.fake.location_ids)


async def test_another_agency_has_what_is_granted_from_then_on(call) -> None:
    """Its tokens and events name it, and the tokens of the one before are still that one's."""
    former, before = call.fake.company_id, await call.exchange(company=True)
    call.fake.company_id = "GNb7aIv4rQFVb9iwNl5K"
    after, location = await call.exchange(company=True), await call.exchange()
    call.fake.webhook_url = "http://127.0.0.1:1/hook"
    call.fake.uninstall()
    call.fake.install()
    (_, event) = call.fake.outbox

    assert [before["companyId"], after["companyId"]] == [former, call.fake.company_id]
    assert location["companyId"] == call.fake.company_id
    assert json.loads(event.body)["companyId"] == call.fake.company_id
