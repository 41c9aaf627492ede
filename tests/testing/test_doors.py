# ruff: noqa: ANN001, ANN201, ANN204 - parameters are fixtures, whose types live in conftest
"""Who gets in: versions, tokens, scopes and the limit."""

import json

import aiohttp
import pytest

from ghl_notes.testing import FakeHighLevel


def notes(call) -> str:
    """Give a path that works."""
    return f"/contacts/{call.fake.contact_ids()[0]}/notes"


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ({"version": None}, 401, "version header was not found."),
        ({"version": "v9"}, 400, "Invalid API version segment 'v9' at position 0"),
        ({"token": None}, 401, "Invalid JWT"),
        ({"token": "rubbish"}, 401, "Invalid JWT"),
        ({"token": "a.b.c"}, 401, "Invalid token: access token is invalid"),
        ({"token": "pit-x"}, 401, "Invalid Private Integration token"),
    ],
)
async def test_each_closed_door_says_why(call, how, status, said) -> None:
    """A 401 has many reasons, only one of which is an expired token; none tells of the limit."""
    answer = await call("GET", notes(call), **how)

    assert (status, said) == (answer.status, answer.json["message"])
    assert len(answer.json["traceId"]) == 36
    assert "x-ratelimit-max" not in answer.headers
    assert call.fake.stats.accepted == 0


@pytest.mark.parametrize("version", ["2021-07-28", "2021-04-15", "2023-02-21", "v3"])
async def test_all_versions_have_notes(call, version: str) -> None:
    """Notes have one form under all versions."""
    assert (await call("GET", notes(call), version=version)).status == 200


async def test_a_basic_login_is_no_bearer(call) -> None:
    """Only bearer tokens are looked at."""
    headers = {"Authorization": f"Basic {call.fake.private_token}", "Version": "v3"}
    async with call.session.get(call.fake.url + notes(call), headers=headers) as answer:
        assert answer.status == 401


async def test_a_token_reaches_as_far_as_it_should(start) -> None:
    """Scopes, the kind of token, and the location each close a door of their own."""
    call = await start(locations=2)
    other = call.fake.private_token_for(call.fake.location_ids[1])
    reader = (await call.exchange(scopes=["contacts.readonly"]))["access_token"]
    agency = (await call.exchange(company=True))["access_token"]
    refused = await call("POST", notes(call), token=reader, json={"body": "x"})
    search = {"locationId": call.fake.location_id, "pageLimit": 1}

    assert (
        refused.status,
        refused.json["message"],
    ) == (401, "The token is not authorized for this scope.")
    assert (await call("GET", notes(call), token=reader)).status == 200
    assert "mismatch" in (await call("GET", notes(call), token=agency)).json["message"]
    for answer in (
        await call("GET", notes(call), token=other),
        await call("POST", "/contacts/search", token=other, json=search),
    ):
        assert (
            answer.status,
            answer.json["message"],
        ) == (403, "The token does not have access to this location.")


EVERYTHING = {
    "contacts.readonly": ("GET", "/contacts/x"),
    "contacts.write": ("DELETE", "/contacts/x"),
    "calendars/events.readonly": ("GET", "/calendars/appointments/x/notes"),
    "calendars/events.write": ("POST", "/calendars/appointments/x/notes"),
    "notes.readonly": ("GET", "/notes/x"),
    "notes.write": ("POST", "/notes/x/restore"),
    "users.readonly": ("GET", "/users/"),
}


@pytest.mark.parametrize("withheld", EVERYTHING)
async def test_a_scope_can_be_withheld(start, withheld) -> None:
    """Private tokens and the app have the scopes of the option, by default all."""
    call, whole = await start(scopes=tuple({*EVERYTHING} - {withheld})), await start()
    installed = (await call.exchange())["access_token"]

    for scope, (method, path) in EVERYTHING.items():
        for token in ("", installed):
            answer = await call(method, path, token=token, version="v3")
            assert (answer.status == 401) is (scope == withheld)
            if scope == withheld:
                assert answer.json["message"] == "The token is not authorized for this scope."
        assert (await whole(method, path, version="v3")).status != 401


@pytest.mark.parametrize("scopes", [("contacts.read",), "contacts.readonly", ["notes.write"]])
def test_scopes_are_known_ones(scopes) -> None:
    """A misspelled scope would close a door for no visible reason."""
    with pytest.raises((ValueError, TypeError)):
        FakeHighLevel(scopes=scopes)


async def test_unknown_routes_are_404(call) -> None:
    """What is not there answers in JSON."""
    for method, path in [("GET", "/oauth/token"), ("PATCH", "/contacts/x"), ("GET", "/")]:
        answer = await call(method, path)
        assert (404, f"Cannot {method} {path}") == (answer.status, answer.json["message"])


async def test_quoted_ids_stay_in_their_place(call) -> None:
    """An id with a slash in it is one id, and unknown."""
    answer = await call("GET", aiohttp_path(call, "/contacts/a%2Fb/notes"))

    assert (answer.status, answer.json["message"]) == (400, "Contact with id a/b not found")


def aiohttp_path(call, path: str):
    """Write a path that aiohttp leaves as it is."""

    class Raw(str):
        __slots__ = ()

        def __radd__(self, url: str):
            return aiohttp.client.URL(url + str(self), encoded=True)

    return Raw(path)


async def test_the_limit_is_one_for_all_endpoints_of_a_location(start) -> None:
    """Calls on any endpoint draw from one counter; another location has its own."""
    call = await start(limit=3, locations=2)
    left = [
        (await call("GET", notes(call))).headers["x-ratelimit-remaining"],
        (await call.search()).headers["x-ratelimit-remaining"],
        (await call("GET", "/contacts/unknown")).headers["x-ratelimit-remaining"],
    ]
    refused = await call("GET", notes(call))
    other = call.fake.private_token_for(call.fake.location_ids[1])

    assert left == ["2", "1", "0"]
    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (429, "0")
    assert "retry-after" not in refused.headers
    assert (await call("GET", notes(call), token=other)).status == 403
    stats = call.fake.stats
    assert (stats.accepted, stats.rejected_429, stats.max_in_window) == (4, 1, 4)
    maxima = [stats.max_in_window_of(one) for one in (*call.fake.location_ids, "nobody")]
    assert maxima == [4, 1, 0]


async def test_oauth_tokens_of_a_location_share_its_limit(start) -> None:
    """The limit is the location's, whatever token is used; agency calls count for the agency."""
    call = await start(limit=2)
    location = (await call.exchange())["access_token"]
    agency = (await call.exchange(company=True))["access_token"]
    await call("GET", notes(call))
    await call("GET", notes(call), token=location)

    assert (await call("GET", notes(call))).status == 429
    asked = {"companyId": call.fake.company_id, "appId": call.fake.app.app_id}
    answer = await call("GET", "/oauth/installedLocations", token=agency, params=asked)
    assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (200, "1")


@pytest.mark.parametrize("window", ["fixed", "sliding"])
async def test_others_spend_the_same_limit(start, window: str) -> None:
    """Requests of an unseen client leave less for ours, and count in no statistic."""
    call = await start(limit=5, window=window, retry_after=7)

    assert call.fake.spend(6) == 5
    refused = await call("GET", notes(call))
    assert (refused.status, refused.headers["retry-after"]) == (429, "7")
    assert (call.fake.stats.accepted, call.fake.stats.max_in_window) == (0, 1)


async def test_a_spent_day_is_told_by_its_header(start, clock) -> None:
    """When the day is spent a 429 says so with a daily remainder of 0, until a day has passed."""
    call = await start(daily=1, clock=clock)
    await call("GET", notes(call))
    clock.now += 3600
    refused = await call("GET", notes(call))

    assert (
        refused.status,
        refused.headers["x-ratelimit-daily-remaining"],
        refused.headers["x-ratelimit-daily-reset"],
    ) == (429, "0", "82800000")
    assert refused.headers["x-ratelimit-remaining"] == "99"
    clock.now += 82_800
    assert (await call("GET", notes(call))).status == 200


async def test_no_limit_still_has_headers(start) -> None:
    """Without a limit the headers are there and tell of plenty."""
    call = await start(limit=None)

    answer = await call("GET", notes(call))
    assert answer.headers["x-ratelimit-remaining"] == "999999"


async def test_requests_are_remembered_without_secrets(call) -> None:
    """The last requests can be looked at, and hold no token."""
    await call("GET", notes(call) + "?x=1")
    await call.exchange()
    first, second = call.fake.requests

    assert ("GET", notes(call), "x=1", 200) == (first.method, first.path, first.query, first.status)
    assert (second.method, second.path, second.version) == ("POST", "/oauth/token", None)
    assert call.fake.private_token not in repr((call.fake.requests, call.fake, call.fake.stats))


@pytest.mark.parametrize(
    "wrong",
    [{"contacts": -1}, {"window": "round"}, {"not_found_status": 410}, {"interval": 0}],
)
def test_options_are_checked(wrong) -> None:
    """An option that cannot work is refused at once."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FakeHighLevel(**wrong)


async def test_trace_ids_differ(call) -> None:
    """Every reply has a trace id of its own."""
    traces = {json.loads((await call("GET", notes(call))).body)["traceId"] for _ in range(3)}

    assert len(traces) == 3
