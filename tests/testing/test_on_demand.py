# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""What a test may order beyond faults: words, headers, silence, packing, time, and the grace."""

import asyncio
import gzip
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from ghl_notes.testing import Failure, Fault, OddHeaders

BODY = {"json": {"body": "written"}}
TOKEN = "/oauth/token"


def notes(call) -> str:
    """Give the path of the first contact's notes."""
    return f"/contacts/{call.fake.contact_ids()[0]}/notes"


async def refresh(call, payload) -> dict:
    """Spend a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": payload["refresh_token"]}
    return (await call.token(**form)).json


@pytest.mark.parametrize(
    ("failure", "body", "counted"),
    [
        (Failure(status=401, message="Command timed out"), "Command timed out", 0),
        (Failure(status=401, payload={"error": "odd"}), None, 0),
        (Failure(status=429, message="later", headers={"Retry-After": "3600"}), "later", 0),
        (Failure(status=418, message="tea", error="Teapot"), "tea", 1),
    ],
)
async def test_a_failure_has_the_words_it_was_given(call, failure, body, counted) -> None:
    """It comes instead of the work, whole, for as many requests as were named, and then it ends."""
    call.fake.inject(failure, 2, path_contains="/notes")
    answers = [await call("POST", notes(call), **BODY) for _ in range(3)]
    told = answers[0].json

    assert [one.status for one in answers] == [failure.status, failure.status, 201]
    assert (told.get("message"), told.get("error")) == (body, failure.body().get("error"))
    assert answers[0].headers.get("retry-after") == failure.headers.get("Retry-After")
    assert call.fake.stats.accepted == 2 * counted + 1
    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 6


async def test_a_failure_can_meet_the_token_endpoint(call) -> None:
    """A request for a token that is refused in odd words spends nothing."""
    first = await call.exchange()
    failure = Failure(status=503, message="no room", headers={"retry-after": "3"})
    call.fake.inject(failure, path_contains=TOKEN)

    assert (await refresh(call, first))["message"] == "no room"
    assert "access_token" in await refresh(call, first)


@pytest.mark.parametrize("page", ["default backend - 404", "<title>404</title>", ""])
async def test_a_gateway_can_stand_in_between(call, page) -> None:
    """What it says is no JSON, may be nothing, and comes instead of the work."""
    call.fake.inject(Failure(status=404, page=page), method="POST")
    answer = await call("POST", notes(call), **BODY)

    assert (answer.status, answer.body) == (404, page.encode())
    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 5


@pytest.mark.parametrize("status", [401, 429, 500, 502, 504])
async def test_a_failure_can_come_after_the_work(call, status) -> None:
    """A gateway that gave up tells of a failure, and the write was done and counts."""
    call.fake.inject(Failure(status=status, message="gave up", applied=True), method="POST")
    answer = await call("POST", notes(call), **BODY)

    assert (answer.status, answer.json["message"]) == (status, "gave up")
    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 6
    assert call.fake.stats.accepted == 1


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [
        (Fault.CUT_CHUNK, 201, 1),
        (Fault.CUT_HEAD, 201, 1),
        (Failure(status=429, message="later", cut=True), 429, 0),
        (Failure(status=504, message="gave up", applied=True, cut=True), 504, 1),
    ],
)
async def test_a_body_can_break_off_after_its_status(call, fault, status, applied) -> None:
    """The status comes, and the body never to its end."""
    call.fake.inject(fault)
    headers = {"Authorization": f"Bearer {call.fake.private_token}", "Version": "v3"}
    async with call.session.post(call.fake.url + notes(call), headers=headers, **BODY) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()

    assert answer.status == status
    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 5 + applied


async def test_the_date_header_can_be_wrong(call) -> None:
    """It follows the clock that dates the notes, and goes ahead of it or behind as it is set."""
    call.fake.advance(-3600)
    for skew in (0.0, 3.0, -90.0):
        call.fake.date_skew = skew
        answer = await call("POST", notes(call), **BODY)
        dated = datetime.fromisoformat(answer.json["note"]["dateAdded"])
        shown = parsedate_to_datetime(answer.headers["date"])

        assert (shown - dated).total_seconds() == pytest.approx(skew, abs=1.1)
        assert datetime.now(UTC) - dated > timedelta(minutes=59)


async def test_lists_lag_as_long_as_they_are_told_to(call) -> None:
    """A new note stays out of the lists of its contact or appointment until the lag has passed."""
    contact_id = call.fake.contact_ids()[0]
    appointment_id = call.fake.appointments(contact_id)[0]["id"]
    lists = (notes(call), f"/calendars/appointments/{appointment_id}/notes?limit=20&offset=0")
    call.fake.add_note(contact_id, "new")
    call.fake.add_appointment_note(appointment_id, "new")
    for lag, seconds, found in (
        (10.0, 0, 0),
        (10.0, 9, 0),
        (5.0, 0, 1),
        (10.0, 0, 0),
        (10.0, 2, 1),
    ):
        call.fake.note_lag = lag
        call.fake.advance(seconds)
        bodies = [
            [note["body"] for note in (await call("GET", one)).json["notes"]] for one in lists
        ]
        assert [some.count("new") for some in bodies] == [found, found]


@pytest.mark.parametrize("status", [100, 199, 600])
def test_a_failure_has_a_final_status(status: int) -> None:
    """What is no final status of HTTP is refused at once."""
    with pytest.raises(ValueError, match="status"):
        Failure(status=status)


async def test_odd_headers_replace_those_of_a_good_reply(call) -> None:
    """One reply tells another limit than there is, or none; the work is done, and counted."""
    odd = OddHeaders({"X-RateLimit-Daily-Remaining": "0", "x-ratelimit-max": None, "Via": "odd"})
    call.fake.inject(odd, method="POST")
    answers = [await call("POST", notes(call), **BODY) for _ in range(2)]
    shown = [
        [one.headers.get(f"{name}") for name in ("x-ratelimit-daily-remaining", "via")]
        for one in answers
    ]

    assert [one.status for one in answers] == [201, 201]
    assert shown == [["0", "odd"], ["199998", None]]
    assert ["x-ratelimit-max" in one.headers for one in answers] == [False, True]


@pytest.mark.parametrize(("fault", "applied"), [(Fault.STALL, 1), (Fault.STALL_BEFORE, 0)])
async def test_a_stalled_connection_says_nothing_more(call, fault, applied) -> None:
    """Half a reply comes, or nothing, until the client gives up; others are answered meanwhile."""
    call.fake.inject(fault)
    timeout = aiohttp.ClientTimeout(total=0.3)
    with pytest.raises(TimeoutError):
        await call("POST", notes(call), timeout=timeout, **BODY)

    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 5 + applied
    assert call.fake.requests[-1].status == (201 if applied else None)
    assert (await call("GET", notes(call))).status == 200


@pytest.mark.parametrize(
    ("encoding", "unpack"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)]
)
async def test_replies_are_compressed_for_who_takes_it(start, encoding, unpack) -> None:
    """Every reply is packed for a caller that accepts it, and plain for any other."""
    call = await start(encoding=encoding)
    packed = await call("GET", notes(call))
    call.session.headers["Accept-Encoding"] = "identity"
    plain = await call("GET", notes(call))
    call.fake.encoding = None
    call.session.headers["Accept-Encoding"] = encoding
    later = await call("GET", notes(call))

    assert packed.headers["content-encoding"] == encoding
    assert b'"notes"' in unpack(packed.body)
    assert "content-encoding" not in {**plain.headers, **later.headers}
    assert len(plain.json["notes"]) == len(later.json["notes"]) == 5


async def test_a_broken_gzip_cannot_be_unpacked(call) -> None:
    """The write is done, the reply is whole on the wire and noise inside."""
    call.fake.inject(Fault.BROKEN_GZIP)
    answer = await call("POST", notes(call), **BODY)

    assert (answer.status, answer.headers["content-encoding"]) == (201, "gzip")
    with pytest.raises(zlib.error):
        zlib.decompress(answer.body, wbits=31)
    assert len(call.fake.notes(call.fake.contact_ids()[0])) == 6


async def test_its_time_can_be_moved(start, clock) -> None:
    """Tokens, the grace and the dates of new notes follow, ahead and back; the clock stays."""
    call = await start(clock=clock, access_token_lifetime=60)
    first = await call.exchange()
    statuses = []
    for seconds in (0, 59, 2, -2):
        call.fake.advance(seconds)
        statuses.append((await call("GET", notes(call), token=first["access_token"])).status)
    second = await refresh(call, first)
    call.fake.advance(29)
    again = await refresh(call, first)
    call.fake.advance(2)
    late = await refresh(call, first)

    assert statuses == [200, 200, 401, 200]
    assert second["refresh_token"] == again["refresh_token"]
    assert late["message"] == "Invalid grant: refresh token is invalid"
    assert clock() == call.fake.clock()
    assert call.fake.now() == clock() + 90


async def test_the_grace_can_be_dropped_and_given_back(call) -> None:
    """Without a grace a refresh token works once; with one again it is repeated."""
    first = await call.exchange()
    call.fake.grace = 0
    second = await refresh(call, first)
    dead = await refresh(call, first)
    call.fake.grace = 30
    again = await refresh(call, first)

    assert dead["message"] == "Invalid grant: refresh token is invalid"
    assert again["refresh_token"] == second["refresh_token"]


async def test_a_test_looks_on_at_each_point_of_a_tokens_way(call) -> None:
    """Codes, refreshes and mints are shown on arrival, when answered and when sent."""
    seen = []

    async def look(request) -> None:
        seen.append((request.kind, request.phase, request.owner_id, request.status))
        assert request.peer[0] == "127.0.0.1"
        assert request.peer[1] > 0

    call.fake.on_token = look
    company = await call.exchange(company=True)
    await refresh(call, await call.exchange())
    where = {"companyId": call.fake.company_id, "locationId": call.fake.location_id}
    await call("POST", "/oauth/locationToken", token=company["access_token"], data=where)
    await call.token(grant_type="refresh_token", refresh_token="unknown")
    await call("GET", notes(call))

    def way(kind, owner_id, status) -> list[tuple]:
        phases = (("arrived", None), ("answered", status), ("sent", status))
        return [(kind, phase, owner_id, met) for phase, met in phases]

    location_id = call.fake.location_id
    assert seen == [
        *way("code", call.fake.company_id, 200),
        *way("code", location_id, 200),
        *way("refresh", location_id, 200),
        *way("mint", location_id, 201),
        *way("refresh", None, 400),
    ]


@pytest.mark.parametrize(
    ("trouble", "spent", "status"),
    [
        (Fault.RESET_AFTER, True, None),
        (Fault.RESET_BEFORE, False, None),
        (Failure(status=502, message="odd"), False, 502),
        (None, True, 200),
    ],
)
async def test_a_token_meets_what_its_watcher_says(call, trouble, spent, status) -> None:
    """What is returned on arrival happens to that request alone; a lost reply is never sent."""
    first, phases = await call.exchange(), []

    async def look(request) -> object:
        phases.append(request.phase)
        return trouble

    call.fake.on_token = look
    met = None
    try:
        form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        met = (await call.token(**form)).status
    except aiohttp.ClientError:
        pass
    call.fake.on_token = None

    assert (met, call.fake.stats.refreshes) == (status, int(spent))
    assert phases == ["arrived", "answered", "sent"][: 2 if status is None else 3]
    assert "access_token" in await refresh(call, first)


async def test_a_held_token_is_not_made_for_who_has_left(call) -> None:
    """A request is held as long as its watcher waits, and nothing is spent once its client left."""
    first, arrived = await call.exchange(), asyncio.Event()

    async def hold(_) -> None:
        arrived.set()
        await asyncio.Event().wait()

    call.fake.on_token = hold
    asking = asyncio.create_task(refresh(call, first))
    await arrived.wait()
    asking.cancel()
    call.fake.on_token = None

    assert "access_token" in await refresh(call, first)
    assert call.fake.stats.refreshes == 1
