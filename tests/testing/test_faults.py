# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Faults strike whom they are meant for, once, and do what their names say."""

import asyncio
import json
import zlib

import aiohttp
import pytest

from ghl_notes.testing import FakeHighLevel, Fault

BODY = {"json": {"body": "written"}}
BROKEN = (aiohttp.ClientError, ConnectionError)


def notes(call) -> str:
    """Give the path of the first contact's notes."""
    return f"/contacts/{call.fake.contact_ids()[0]}/notes"


def written(call) -> int:
    """Count what our writes left behind."""
    found = call.fake.notes(call.fake.contact_ids()[0])
    return sum(note["body"] == "written" for note in found)


@pytest.mark.parametrize(
    ("fault", "status", "kind", "counted"),
    [
        (Fault.RATE_LIMITED, 429, "json", 0),
        (Fault.TOKEN_EXPIRED, 401, "json", 0),
        (Fault.SERVER_ERROR, 500, "json", 1),
        (Fault.BAD_GATEWAY, 502, "html", 1),
        (Fault.HTML, 200, "html", 1),
        (Fault.FORBIDDEN_HTML, 403, "html", 1),
        (Fault.LOCATION_INACTIVE, 400, "json", 1),
    ],
)
async def test_a_replaced_reply_does_no_work(call, fault, status, kind, counted) -> None:
    """These come instead of the work; only what gets past the door counts against the limit."""
    call.fake.inject(fault)
    answer = await call("POST", notes(call), **BODY)

    assert status == answer.status
    assert kind in answer.headers["content-type"]
    assert (0, counted) == (written(call), call.fake.stats.accepted)
    assert ("x-ratelimit-max" in answer.headers) == (fault is not Fault.TOKEN_EXPIRED)
    assert (await call("POST", notes(call), **BODY)).status == 201


@pytest.mark.parametrize(
    ("fault", "body"),
    [(Fault.EMPTY_BODY, b""), (Fault.WRONG_TYPE, b'["unexpected"]'), (Fault.CUT_JSON, None)],
)
async def test_a_bent_reply_comes_after_the_work(call, fault, body) -> None:
    """These bend the reply to a write that took place."""
    call.fake.inject(fault)
    answer = await call("POST", notes(call), **BODY)

    assert (answer.status, written(call)) == (201, 1)
    if body is None:
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.body)
    else:
        assert body == answer.body


async def test_a_null_text_sits_among_good_notes(call) -> None:
    """One note has no body, the others are as they were; other replies stay whole."""
    call.fake.inject(Fault.NULL_TEXT, times=3)
    listed = (await call("GET", notes(call))).json["notes"]
    made = (await call("POST", notes(call), **BODY)).json["note"]
    contact = await call("GET", notes(call).removesuffix("/notes"))

    assert [note["body"] is None for note in listed] == [True, False, False, False, False]
    assert made["body"] is None
    assert "contact" in contact.json


@pytest.mark.parametrize(
    ("fault", "applied"), [(Fault.RESET_BEFORE, 0), (Fault.RESET_AFTER, 1), (Fault.CUT_BODY, 1)]
)
async def test_a_broken_connection(call, fault, applied) -> None:
    """The reply never arrives whole, whether the work was done or not, and it counts."""
    call.fake.inject(fault)
    with pytest.raises(BROKEN):
        await call("POST", notes(call), **BODY)

    assert (applied, 1) == (written(call), call.fake.stats.accepted)
    assert (fault is Fault.CUT_BODY) == (call.fake.requests[-1].status == 201)
    assert (await call("GET", notes(call))).status == 200


async def test_huge_bodies(call) -> None:
    """A huge body is streamed, and a gzip bomb is small on the wire."""
    call.fake.inject(Fault.GZIP_BOMB)
    bomb = await call("GET", notes(call))
    call.fake.inject(Fault.HUGE)
    huge = await call("GET", notes(call))

    assert len(bomb.body) < 100_000
    assert bomb.headers["content-encoding"] == "gzip"
    assert len(huge.body) > 64 * 1024 * 1024
    assert huge.body == zlib.decompress(bomb.body, wbits=31)


async def test_a_client_may_leave_a_huge_body(call) -> None:
    """A reader that gives up half way leaves the server in good health."""
    call.fake.inject(Fault.HUGE)
    headers = {"Authorization": f"Bearer {call.fake.private_token}", "Version": "v3"}
    async with call.session.get(call.fake.url + notes(call), headers=headers) as answer:
        await answer.content.read(1000)
        answer.close()

    assert (await call("GET", notes(call))).status == 200


async def test_a_slow_reply_is_applied_at_once_and_does_not_hold_up_closing(call) -> None:
    """A slow write is there before its reply, and closing does not wait for it."""
    call.fake.inject(Fault.SLOW)
    task = asyncio.create_task(call("POST", notes(call), **BODY))
    while not written(call):  # noqa: ASYNC110 - the fake has no event for it
        await asyncio.sleep(0)
    await asyncio.wait_for(call.fake.close(), 5)

    with pytest.raises(BROKEN):
        await task


async def test_latency_delays_every_reply(start) -> None:
    """With a latency each reply takes at least that long."""
    call = await start(latency=0.01)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await call("GET", notes(call))

    assert loop.time() - began >= 0.01


def flagged(call) -> list[tuple[str, str, dict]]:
    """List the calls whose replies have a flag of success."""
    fake = call.fake
    one, other = fake.contact_ids()[:2]
    note, task = fake.notes(other)[0]["id"], fake.tasks(other)[0]["id"]
    appointment = fake.appointments(other)[0]["id"]
    aside = fake.add_appointment_note(appointment)["id"]
    where = {"locationId": fake.location_id}
    return [
        ("PUT", f"/contacts/{one}", {"city": "X"}),
        ("DELETE", f"/contacts/{one}", {}),
        ("DELETE", f"/contacts/{other}/notes/{note}", {}),
        ("DELETE", f"/contacts/{other}/tasks/{task}", {}),
        ("DELETE", f"/calendars/appointments/{appointment}/notes/{aside}", {}),
        ("POST", f"/contacts/{one}/campaigns/c", {}),
        ("DELETE", f"/contacts/{one}/campaigns/c", {}),
        ("DELETE", f"/contacts/{one}/campaigns/removeAll", {}),
        ("POST", f"/contacts/{one}/workflow/w", {}),
        ("DELETE", f"/contacts/{one}/workflow/w", {}),
        ("POST", "/contacts/bulk/tags/update/add", {**where, "contacts": [one], "tags": ["x"]}),
        ("POST", "/contacts/bulk/business", {**where, "ids": [one], "businessId": "b"}),
    ]


@pytest.mark.parametrize("at", range(12))
async def test_a_success_can_say_that_it_is_none(call, at) -> None:
    """Every call with a flag can be answered with a 200 that denies it, and does nothing then."""
    method, path, sent = flagged(call)[at]
    one, other = call.fake.contact_ids()[:2]

    def state() -> list:
        fake = call.fake
        parts = [fake.contact(one), fake.campaigns(one), fake.workflows(one), fake.notes(other)]
        appointment_id = fake.appointments(other)[0]["id"]
        return [*parts, fake.tasks(other), fake.appointment_notes(appointment_id)]

    before = state()
    call.fake.inject(Fault.REFUSED_OK)
    answer = await call(method, path, version="v3", json=sent)

    assert answer.status == 200
    assert answer.json.pop("traceId")
    assert {**answer.json, "traceId": ""} == {
        "succeded": False,
        "succeeded": False,
        "success": False,
        "traceId": "",
    }
    assert state() == before
    assert (await call(method, path, version="v3", json=sent)).status in (200, 201)


async def test_a_denied_success_waits_for_a_flag(start) -> None:
    """Ordered or by chance, it leaves calls alone whose replies have no such flag."""
    call = await start(fault_rates={Fault.REFUSED_OK: 1.0})
    call.fake.inject(Fault.REFUSED_OK, path_contains="/contacts/")
    made = await call("POST", notes(call), **BODY)
    one = f"{notes(call)}/{made.json['note']['id']}"
    denied = [(await call("DELETE", one)).json["succeeded"] for _ in range(2)]

    assert made.status == 201
    assert (await call("GET", one)).status == 200
    assert denied == [False, False]


async def test_orders_meet_only_matching_requests(call) -> None:
    """An order waits for its method and path, is used up, and comes in turn."""
    call.fake.inject(Fault.SERVER_ERROR, times=2, method="post")
    call.fake.inject(Fault.BAD_GATEWAY, path_contains="/search")
    call.fake.inject(Fault.HTML, times=0)

    assert (await call("GET", notes(call))).status == 200
    assert [(await call.search()).status for _ in range(4)] == [500, 500, 502, 200]


async def test_oauth_meets_only_faults_that_name_its_path(call) -> None:
    """A plain order leaves the token endpoint alone; one that names it does not."""
    call.fake.inject(Fault.SERVER_ERROR)
    assert "access_token" in await call.exchange()
    code = call.fake.authorize_code()
    call.fake.inject(Fault.LOCATION_INACTIVE, path_contains="/oauth/token")
    form = {"grant_type": "authorization_code", "code": code}
    assert (await call.token(**form)).json["message"] == "Location is not active"
    call.fake.inject(Fault.RESET_AFTER, path_contains="token")
    with pytest.raises(BROKEN):
        await call.token(**form)
    assert call.fake.stats.exchanges == 2


async def test_an_agencys_calls_of_oauth_are_left_alone(start) -> None:
    """A plain order waits for a call of the API, also beside those of OAuth that show a token."""
    call = await start()
    agency = (await call.exchange(company=True))["access_token"]
    call.fake.inject(Fault.SERVER_ERROR)
    form = {"companyId": call.fake.company_id, "locationId": call.fake.location_id}
    minted = await call("POST", "/oauth/locationToken", token=agency, data=form)

    assert minted.status == 201
    assert (await call("GET", notes(call))).status == 500


async def test_a_fault_waits_for_a_request_that_gets_in(start) -> None:
    """A request refused for the limit uses no fault up."""
    call = await start(limit=1)
    call.fake.inject(Fault.SERVER_ERROR, times=2)

    assert [(await call("GET", notes(call))).status for _ in range(2)] == [500, 429]


async def test_orders_can_be_dropped(start) -> None:
    """Injected faults that struck nobody are gone when they are cleared; those by chance stay."""
    call = await start(fault_rates={Fault.SERVER_ERROR: 1.0})
    call.fake.inject(Fault.BAD_GATEWAY, 3)
    struck = await call("GET", notes(call))
    call.fake.clear_faults()

    assert struck.status == 502
    assert (await call("GET", notes(call))).status == 500


async def test_rates_strike_by_chance_and_alike_for_a_seed(start) -> None:
    """Rates give about their share of faults, the same ones in every run, and spare OAuth."""
    rates = {Fault.SERVER_ERROR: 0.2, Fault.BAD_GATEWAY: 0.1}
    runs = []
    for _ in range(2):
        call = await start(fault_rates=rates, limit=None, seed=7)
        runs.append([(await call("GET", notes(call))).status for _ in range(200)])

    assert runs[0] == runs[1]
    assert 20 <= runs[0].count(500) <= 60
    assert 8 <= runs[0].count(502) <= 32
    for _ in range(20):
        assert "access_token" in await call.exchange()


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_rates_are_shares(rate: float) -> None:
    """Rates are between 0 and 1."""
    with pytest.raises(ValueError, match="fault_rates"):
        FakeHighLevel(fault_rates={Fault.HTML: rate})


@pytest.mark.parametrize(
    ("fault", "bent"),
    [
        (Fault.HALF_LETTER, rb"\ud83d"),
        (Fault.BROKEN_LETTER, b"\xff"),
        (Fault.LONG_NUMBER, b"9" * 5000),
    ],
)
async def test_one_entry_of_a_reply_is_odd(call, fault, bent) -> None:
    """One note has what no reader expects, the others are as they were."""
    call.fake.inject(fault)
    odd = await call("GET", notes(call))
    plain = await call("GET", notes(call))

    assert (odd.status, bent in odd.body, bent in plain.body) == (200, True, False)
    assert odd.body.count(b'"dateAdded"') == plain.body.count(b'"dateAdded"') == 5


@pytest.mark.parametrize(
    ("fault", "status", "listed"), [(Fault.PARTIAL, 206, 5), (Fault.EMPTY_PAGE, 200, 0)]
)
async def test_a_list_says_less_than_there_is(call, fault, status, listed) -> None:
    """Half of a page comes, or nothing, with the total of the whole, and the next one is right."""
    call.fake.inject(fault)
    short, whole = await call.search(), await call.search()

    assert (short.status, len(short.json["contacts"]), short.json["total"]) == (status, listed, 10)
    assert (whole.status, len(whole.json["contacts"])) == (200, 10)
