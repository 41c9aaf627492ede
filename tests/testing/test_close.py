# ruff: noqa: ANN001, ANN003 - fixtures, whose types stand in this file, and forms
"""The pretend Close beside its notes: people, the log, limits, faults and OAuth."""

import math
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from attrs import define

from ghl_notes.models import App
from ghl_notes.sources.close import CloseNotes, CloseOAuth
from ghl_notes.stores import MemoryStore
from ghl_notes.testing import FakeClose, FakeHighLevel, Fault
from tests.testing.asking import Asker, Told, asking_close

NOTES, EVENTS = "/activity/note/", "/event/"
CREATED = {"object_type": "activity.note", "action": "created"}
UPDATED = {**CREATED, "action": "updated"}
DELETED = {**CREATED, "action": "deleted"}
DAY = 86_400


@define
class Hands:
    """A clock that moves when it is told to."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Hands:
    """Give a clock."""
    return Hands()


@pytest_asyncio.fixture
async def ask(clock) -> AsyncIterator[Asker[FakeClose]]:
    """Give a caller of a pretend Close of three leads without notes."""
    async with asking_close(leads=3, notes_per_lead=0, limit=None, clock=clock) as asker:
        yield asker


# people


async def test_it_says_who_asks(ask) -> None:
    """The key acts as the first user, of one organization."""
    me = (await ask("/me/")).json

    assert me["id"] == ask.fake.user_ids[0]
    assert [one["id"] for one in me["organizations"]] == [ask.fake.organization_id]


async def test_a_lead_has_its_contacts_nested(ask) -> None:
    """A lead tells its contacts, which can be had alone, and listed by lead."""
    people = [
        {"name": "Ada", "emails": ["ada@x.example"], "phones": ["+15550001"]},
        {"name": "Bob"},
    ]
    lead_id = ask.fake.add_lead(name="Acme", contacts=people)
    lead = (await ask(f"/lead/{lead_id}/", _fields="id,name,contacts")).json
    contact = lead["contacts"][0]

    assert lead.keys() == {"id", "name", "contacts"}
    assert [one["id"] for one in lead["contacts"]] == list(ask.fake.contact_ids(lead_id))
    assert contact["emails"] == [
        {"type": "office", "email": "ada@x.example", "is_unsubscribed": False}
    ]
    assert contact["phones"][0]["phone"] == "+15550001"
    assert lead["contacts"][1]["emails"] == lead["contacts"][1]["phones"] == []
    assert (await ask(f"/contact/{contact['id']}/")).json == contact
    assert (await ask("/contact/", lead_id=lead_id)).json == {
        "data": lead["contacts"],
        "has_more": False,
    }
    assert len((await ask("/contact/")).json["data"]) == 5
    with pytest.raises(KeyError):
        ask.fake.contact_ids("lead_x")


async def test_users_come_in_pages(ask) -> None:
    """Users are listed with their email, the added ones too."""
    added = ask.fake.add_user(email="new@x.example", first_name="New", last_name="One")
    first = (await ask("/user/", _limit=3)).json
    rest = (await ask("/user/", _limit=3, _skip=3)).json

    assert first["has_more"]
    assert [one["id"] for one in first["data"] + rest["data"]] == list(ask.fake.user_ids)
    assert rest == {"data": [rest["data"][0]], "has_more": False}
    assert (rest["data"][0]["id"], rest["data"][0]["email"]) == (added, "new@x.example")


async def test_its_people_are_those_of_the_pretend_highlevel(ask) -> None:
    """Contacts and users match by email, so that notes can be moved from one to the other."""
    highlevel = FakeHighLevel(contacts=3)
    theirs = [highlevel.contact(one) for one in highlevel.contact_ids()]
    ours = (await ask("/contact/")).json["data"]

    assert [one["emails"][0]["email"] for one in ours] == [one["email"] for one in theirs]
    assert [one["phones"][0]["phone"] for one in ours] == [one["phone"] for one in theirs]
    users = (await ask("/user/")).json["data"]
    assert [one["email"] for one in users] == list(highlevel.users.values())


# the log


async def test_the_log_tells_what_happened_latest_first(ask, clock) -> None:
    """Each kind of event is had alone, with the note as it became and what it was."""
    note_id = ask.fake.add_note(ask.fake.lead_ids()[0], note="a")
    clock.now += 60
    ask.fake.edit_note(note_id, note="b")
    clock.now += 60
    ask.fake.delete_note(note_id)
    created, updated, deleted = [
        (await ask(EVENTS, **kind)).json["data"] for kind in (CREATED, UPDATED, DELETED)
    ]
    every = (await ask(EVENTS)).json["data"]

    assert every == deleted + updated + created
    assert {one["object_id"] for one in every} == {note_id}
    assert (created[0]["data"]["note"], updated[0]["data"]["note"]) == ("a", "b")
    assert "note" in updated[0]["changed_fields"]
    assert updated[0]["previous_data"]["note"] == "a"
    assert (deleted[0]["data"], deleted[0]["previous_data"]["note"]) == (None, "b")


async def test_close_edits_are_one_event(ask, clock) -> None:
    """Edits within five minutes of each other are joined, and move the time of the event."""
    note_id = ask.fake.add_note(ask.fake.lead_ids()[0])
    for step in (0, 200, 300, 301):
        clock.now += step
        ask.fake.edit_note(note_id, note=f"at {clock.now}")
    late, early = (await ask(EVENTS, **UPDATED)).json["data"]

    assert late["data"]["note"] == "at 1800000801.0"
    assert early["data"]["note"] == "at 1800000500.0"
    assert early["date_created"] != early["date_updated"]


async def test_the_log_reaches_back_30_days(ask, clock) -> None:
    """What is older is not told."""
    ask.fake.add_note(ask.fake.lead_ids()[0])
    clock.now += 30 * DAY
    assert len((await ask(EVENTS)).json["data"]) == 1
    clock.now += 1
    assert (await ask(EVENTS)).json["data"] == []


async def test_the_log_goes_on_by_cursors(ask, clock) -> None:
    """A cursor leads to what is older, whatever comes meanwhile; the last page has none."""
    lead = ask.fake.lead_ids()[0]
    ids = [ask.fake.add_note(lead) for _ in range(5)]
    first = (await ask(EVENTS, **CREATED, _limit=3)).json
    clock.now += 1
    ask.fake.add_note(lead)
    last = (await ask(EVENTS, **CREATED, _limit=3, _cursor=first["cursor_next"])).json

    assert [one["object_id"] for one in first["data"] + last["data"]] == ids[::-1]
    assert last["cursor_next"] is None
    recent = await ask(EVENTS, date_updated__gte="2027-01-15T08:00:01Z")
    assert len(recent.json["data"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"action": "created"},
        {"object_type": "activity.note"},
        {"action": "created", "lead_id": "x"},
        {**CREATED, "action": "opened"},
        {"_limit": "51"},
        {"_limit": "0"},
        {"_skip": "1"},
        {"_cursor": "!"},
        {"_cursor": "YSBi"},
        {"_cursor": "x", "date_updated__gte": "2026-01-01"},
    ],
)
async def test_the_log_has_fixed_filters(ask, query) -> None:
    """Only the documented combinations are answered."""
    assert (await ask(EVENTS, **query)).status == 400


async def test_the_log_of_a_lead(ask) -> None:
    """A lead's events are had with or without their kind, and other kinds are empty."""
    leads = ask.fake.lead_ids()
    ask.fake.add_note(leads[0])
    for query, count in [
        ({"lead_id": leads[0]}, 1),
        ({"lead_id": leads[0], "object_type": "activity.note"}, 1),
        ({"lead_id": leads[0], "object_type": "activity.call"}, 0),
        ({"lead_id": leads[1]}, 0),
    ]:
        assert len((await ask(EVENTS, **query)).json["data"]) == count


# limits and faults


async def test_each_endpoint_has_a_limit_of_its_own() -> None:
    """A spent limit refuses that method and path, and no other; ids in a path do not matter."""
    async with asking_close(limit=2, interval=5.2) as ask:
        seen = [await ask(f"/lead/{one}/") for one in ask.fake.lead_ids()[:2]]
        refused, other = await ask("/lead/x/"), await ask("/me/")
        told = [re.fullmatch(_RATE, one.headers["ratelimit"]).groups() for one in (*seen, refused)]

        assert [one.status for one in (*seen, refused, other)] == [200, 200, 429, 200]
        assert [(limit, left) for limit, left, _ in told] == [("2", "1"), ("2", "0"), ("2", "0")]
        assert 5 < float(told[-1][2]) <= 5.2
        assert refused.headers["retry-after"] == str(math.ceil(float(told[-1][2])))
        assert ask.fake.stats.rejected_429 == 1
        assert ask.fake.stats.max_in_window_of("GET /api/v1/lead/{id}/") == 3


_RATE = r"limit=(\d+), remaining=(\d+), reset=(\d+(?:\.\d+)?)"


async def test_without_a_limit_no_header_tells_of_one(ask) -> None:
    """The option None takes the limit out of the way; an ordered 429 still tells when to come."""
    assert "ratelimit" not in (await ask("/me/")).headers
    ask.fake.inject(Fault.RATE_LIMITED)
    refused = await ask("/me/")
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert re.fullmatch(_RATE, refused.headers["ratelimit"])


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.SERVER_ERROR, 500),
        (Fault.BAD_GATEWAY, 502),
        (Fault.HTML, 200),
        (Fault.FORBIDDEN_HTML, 403),
        (Fault.TOKEN_EXPIRED, 401),
    ],
)
async def test_faults_come_instead_of_the_work(ask, fault, status) -> None:
    """What is ordered strikes once, where it was ordered to."""
    ask.fake.inject(fault, path_contains="/me/")

    assert (await ask("/user/")).status == 200
    assert (await ask("/me/")).status == status
    assert (await ask("/me/")).status == 200


async def test_a_connection_may_be_reset(ask) -> None:
    """A reset is no reply; what was ordered can be dropped before it strikes."""
    ask.fake.inject(Fault.RESET_BEFORE, 10)
    with pytest.raises(aiohttp.ClientConnectionError):
        await ask("/me/")
    ask.fake.clear_faults()
    assert (await ask("/me/")).status == 200
    assert [one.status for one in ask.fake.requests][-2:] == [None, 200]


@pytest.mark.parametrize("fault", [Fault.LOCATION_INACTIVE, Fault.REFUSED_OK])
async def test_a_fault_of_highlevel_alone_is_a_mistake(ask, fault) -> None:
    """Close has no locations and no flags of success."""
    with pytest.raises(ValueError, match="no "):
        ask.fake.inject(fault)


async def test_a_text_may_be_null(ask) -> None:
    """The fault that takes a text away knows Close's notes."""
    ask.fake.add_note(ask.fake.lead_ids()[0])
    ask.fake.inject(Fault.NULL_TEXT)
    assert (await ask(NOTES)).json["data"][0]["note"] is None


# OAuth


async def token(ask, **form) -> Told:
    app = ask.fake.app
    form = {"client_id": app.client_id, "client_secret": app.client_secret, **form}
    path = f"{ask.fake.host}/oauth2/token/"
    return await ask(path, method="POST", login=None, data=form)


async def test_a_code_works_once_and_its_token_opens(ask) -> None:
    """A code brings tokens in the documented shape; used again it is refused."""
    code = {"grant_type": "authorization_code", "code": ask.fake.authorize_code()}
    first, again = await token(ask, **code), await token(ask, **code)

    assert {**first.json, "access_token": "", "refresh_token": ""} == {
        "token_type": "Bearer",
        "access_token": "",
        "refresh_token": "",
        "expires_in": 3600,
        "scope": "all.full_access offline_access",
        "organization_id": ask.fake.organization_id,
        "user_id": ask.fake.user_ids[0],
    }
    assert (again.status, again.json) == (400, {"error": "invalid_grant"})
    assert (await ask("/me/", login=f"Bearer {first.json['access_token']}")).status == 200


async def test_refresh_tokens_rotate(ask, clock) -> None:
    """Each renewal brings another refresh token, and the old one is dead at once."""
    old = (await token(ask, grant_type="authorization_code", code=ask.fake.authorize_code())).json
    clock.now += 3600
    assert (await ask("/me/", login=f"Bearer {old['access_token']}")).status == 401
    renew = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    new, again = await token(ask, **renew), await token(ask, **renew)

    assert new.json["refresh_token"] != old["refresh_token"]
    assert (again.status, again.json) == (400, {"error": "invalid_grant"})
    assert (await ask("/me/", login=f"Bearer {new.json['access_token']}")).status == 200
    stats = ask.fake.stats
    assert (stats.exchanges, stats.refreshes, stats.invalid_grants) == (1, 1, 1)


async def test_without_the_scope_there_is_no_refresh_token(ask) -> None:
    """Only ``offline_access`` brings one."""
    code = ask.fake.authorize_code(offline=False)
    told = (await token(ask, grant_type="authorization_code", code=code)).json

    assert "refresh_token" not in told
    assert told["scope"] == "all.full_access"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
async def test_token_requests_are_checked(ask, form, status, error) -> None:
    """A wrong client and another kind of grant are refused by OAuth's codes."""
    told = await token(ask, **form)

    assert (told.status, told.json) == (status, {"error": error})


async def test_tokens_can_be_taken_back(ask) -> None:
    """A revoked refresh token takes its access token along, an access token goes alone."""
    app = ask.fake.app
    for which, works in [("refresh_token", 400), ("access_token", 200)]:
        code = ask.fake.authorize_code()
        told = (await token(ask, grant_type="authorization_code", code=code)).json
        form = {"client_id": app.client_id, "client_secret": app.client_secret}
        gone = {**form, "token": told[which]}
        path = f"{ask.fake.host}/oauth2/revoke/"
        assert (await ask(path, method="POST", login=None, data=gone)).status == 200
        assert (await ask("/me/", login=f"Bearer {told['access_token']}")).status == 401
        renew = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
        assert (await token(ask, **renew)).status == works


async def test_the_page_agrees_at_once(ask) -> None:
    """It leads back to the app with a code and the state; a wrong client gets no code."""
    path, app = f"{ask.fake.host}/oauth2/authorize/", ask.fake.app
    asked = {"client_id": app.client_id, "response_type": "code", "state": "s"}
    home = urlsplit((await ask(path, login=None, **asked)).headers["location"])
    answer = parse_qs(home.query)

    assert f"{home.scheme}://{home.netloc}{home.path}" == app.redirect_uri
    assert answer["state"] == ["s"]
    code = {"grant_type": "authorization_code", "code": answer["code"][0]}
    assert (await token(ask, **code)).status == 200
    online = {"client_id": app.client_id, "response_type": "code", "scope": "all.full_access"}
    home = (await ask(path, login=None, **online)).headers["location"]
    code = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(home).query)["code"][0]}
    assert "refresh_token" not in (await token(ask, **code)).json
    for wrong in ({"client_id": "x"}, {"redirect_uri": "https://x"}, {"response_type": "token"}):
        assert (await ask(path, login=None, **{**asked, **wrong})).status == 400


async def test_an_app_of_the_library_installs_and_renews(ask) -> None:
    """The library's own OAuth goes the whole way, and dies with its tokens."""
    fake = ask.fake
    app = App(
        client_id=fake.app.client_id,
        client_secret=fake.app.client_secret,
        redirect_uri=fake.redirect_uri,
        scopes=fake.app.scopes,
    )
    async with CloseOAuth(app, store=MemoryStore(), base_url=fake.host) as oauth:
        install = await oauth.install_from(fake.callback_url("state"), state="state")
        auth = oauth.auth(install.company_id)
        async with CloseNotes(auth=auth, base_url=fake.url) as close:
            fake.expire_access_tokens()
            assert await close.account() == fake.organization_id
            assert fake.stats.refreshes == 1
    fake.revoke()
    assert [one.status for one in fake.requests][-2:] == [200, 200]
