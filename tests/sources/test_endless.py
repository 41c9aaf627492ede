# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest and here
"""Servers whose lists have no end, or tell a wrong one: they are read once, and left."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ghl_notes.errors import AccessDenied, HighLevelError, RequestRejected, UnexpectedResponse
from ghl_notes.http.limits import Limits
from ghl_notes.sources.cinnox import CinnoxNotes
from ghl_notes.sources.close import CloseNotes
from tests.sources.reading import ids_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MAY = "2026-05-20T00:00:00+00:00"
FAST = Limits(burst=9_999, interval=1.0, daily=1_000_000_000)
KEY = "k3y-of-n0body"
Answer = Callable[[Mapping[str, str]], Mapping[str, object] | web.Response]
Serve = Callable[[Answer], Awaitable[tuple[str, list[Mapping[str, str]]]]]


@pytest.fixture
def serve(stack) -> Serve:
    """Start a server that answers everything with one function of the query, and lists the asked.

    It gives up after 400 requests, so that a reader who goes on for ever fails.
    """

    async def make(answer: Answer) -> tuple[str, list[Mapping[str, str]]]:
        asked: list[Mapping[str, str]] = []

        async def handle(request: web.Request) -> web.StreamResponse:
            asked.append(request.query)
            if len(asked) > 400:
                return web.json_response({"error": "enough"}, status=400)
            told = answer(request.query)
            return told if isinstance(told, web.Response) else web.json_response(told)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        server = TestServer(app)
        await stack.enter_async_context(server)
        return str(server.make_url("/api/v1")), asked

    return make


@pytest.fixture
def close(stack, serve) -> Callable:
    """Read a Close that answers so."""

    async def make(answer: Answer) -> tuple[CloseNotes, list]:
        url, asked = await serve(answer)
        source = CloseNotes(KEY, base_url=url, limits=FAST, clock=lambda: NOW)
        stack.push_async_callback(source.close)
        return source, asked

    return make


@pytest.fixture
def cinnox(stack, serve) -> Callable:
    """Read a CINNOX that answers so."""

    async def make(answer: Answer) -> tuple[CinnoxNotes, list]:
        url, asked = await serve(answer)
        source = CinnoxNotes(base_url=url, app_id="app", app_token=KEY, limits=FAST)
        stack.push_async_callback(source.close)
        return source, asked

    return make


def within(query: Mapping[str, str], when: str) -> bool:
    """Tell whether a note of then is asked for."""
    first = query.get("date_created__gte", "")
    return first <= when <= query["date_created__lte"]


MORE = [{}, {"has_more": True}]


@pytest.mark.parametrize("more", MORE)
async def test_users_of_a_server_that_does_not_skip_end(close, more) -> None:
    """Two pages with nobody new are the end."""
    source, asked = await close(lambda _: {"data": [{"id": "user_1"}, {"id": "user_2"}], **more})

    assert (await source.users()).keys() == {"user_1", "user_2"}
    assert len(asked) == 3


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("count", [1, 3, 6, 40])
async def test_notes_of_a_server_that_does_not_skip_end(close, more, count) -> None:
    """Each is read once, for few requests."""
    notes = [{"id": f"acti_{number}", "date_created": MAY} for number in range(count)]

    def answer(query: Mapping[str, str]) -> dict[str, object]:
        return {"data": notes, **more} if within(query, MAY) else {"data": []}

    source, asked = await close(answer)
    met = await ids_of(source.notes())

    assert met == dict.fromkeys((note["id"] for note in notes), 1)
    assert len(asked) < 30


async def test_full_pages_of_a_server_that_does_not_skip_are_read_by_their_times(close) -> None:
    """What no skip reaches is reached by narrower windows."""
    times = [datetime(2026, 5, day, hour, tzinfo=UTC) for day in range(1, 31) for hour in range(9)]
    stamps = sorted((when.isoformat() for when in times), reverse=True)

    def answer(query: Mapping[str, str]) -> dict[str, object]:
        found = [one for one in stamps if within(query, one)]
        data = [{"id": f"acti_{one}", "date_created": one} for one in found[:100]]
        return {"data": data, "has_more": len(found) > 100}

    source, _ = await close(answer)

    assert await ids_of(source.notes()) == {f"acti_{one}": 1 for one in stamps}


def event(number: int) -> dict[str, object]:
    """Give an event as the log has it."""
    return {"object_id": f"acti_{number}", "action": "created", "date_updated": MAY}


async def test_cursors_in_a_circle_end(close) -> None:
    """A cursor that was used already leads nowhere new."""
    after = {"": "A", "A": "B", "B": "C", "C": "B"}

    def answer(query: Mapping[str, str]) -> dict[str, object]:
        here = query.get("_cursor", "")
        return {"data": [event(ord(here or "-"))], "cursor_next": after[here]}

    source, asked = await close(answer)

    assert len(await source.changes(NOW.replace(day=10, month=5))) == 4
    assert len(asked) == 3 * 4


@pytest.mark.parametrize("data", [[], [event(1)]])
async def test_ever_new_cursors_end(close, data) -> None:
    """Pages without anything new are not followed for ever."""
    numbers = iter(range(10_000))
    source, asked = await close(lambda _: {"data": data, "cursor_next": f"c{next(numbers)}"})
    found = await source.changes(NOW.replace(day=10, month=5))

    assert len(found) == len(data)
    assert len(asked) < 50


async def test_an_empty_page_amid_the_log_is_not_its_end(close) -> None:
    """A cursor is followed past a page that happens to have nothing."""
    pages = {"": ([], "A"), "A": ([], "B"), "B": ([event(1)], None)}

    def answer(query: Mapping[str, str]) -> dict[str, object]:
        data, cursor = pages[query.get("_cursor", "")]
        return {"data": data, "cursor_next": cursor}

    source, _ = await close(answer)

    assert [one.note_id for one in await source.changes(NOW.replace(day=10, month=5))] == ["acti_1"]


def noted(count: int) -> list[dict[str, object]]:
    """Give notes as CINNOX has them."""
    return [{"noteId": f"n{number}", "updatedAt": MAY} for number in range(count)]


@pytest.mark.parametrize("count", [1, 3, 30])
async def test_a_cinnox_that_does_not_skip_ends(cinnox, count) -> None:
    """Without a total only what comes can tell."""
    source, asked = await cinnox(lambda _: {"code": 0, "result": noted(count)})

    assert len(await source.list("EXT-1")) == count
    assert len(asked) < 8


async def test_a_cinnox_that_never_lists_the_rest_is_told(cinnox) -> None:
    """A total that the same page again and again does not reach is no end."""
    source, _ = await cinnox(lambda _: {"code": 0, "total": 450, "result": noted(200)})
    with pytest.raises(UnexpectedResponse, match="a list") as raised:
        await source.list("EXT-1")

    assert raised.value.problems == ("200 different ones of 450",)


@pytest.mark.parametrize(
    ("told", "size"),
    [
        (lambda _: 0, 200),
        (lambda _: 0, 150),
        (len, 200),
        (lambda page: len(page) - 1, 150),
        (lambda _: True, 150),
    ],
)
async def test_a_total_that_the_pages_contradict_is_not_believed(cinnox, told, size) -> None:
    """Nor one that may be the count of a full page: reading goes on until nothing comes."""
    notes = noted(450)

    def answer(query: Mapping[str, str]) -> dict[str, object]:
        page = notes[int(query["offset"]) :][:size]
        return {"code": 0, "total": told(page), "result": page}

    source, asked = await cinnox(answer)

    assert len(await source.list("EXT-1")) == 450
    assert len(asked) < 15


async def test_staff_without_an_id_is_passed_over(cinnox) -> None:
    """One odd entry costs nobody else their name."""
    staff = [{"firstName": "Nobody"}, {"id": "s1", "email": "a@b.c"}]
    source, _ = await cinnox(lambda _: {"code": 0, "total": 2, "result": staff})

    assert (await source.users()).keys() == {"s1"}


def echoing(status: int) -> Answer:
    """Answer with a refusal that quotes what was sent, as gateways do."""

    def answer(_: Mapping[str, str]) -> web.Response:
        basic = "azN5LW9mLW4wYm9keTo="
        words = f"bad {KEY} in Basic {basic}"
        body = {"code": 1, "error": words, "message": words}
        return web.json_response(body, status=status)

    return answer


@pytest.mark.parametrize("status", [400, 401, 402, 403, 405])
@pytest.mark.parametrize("system", ["close", "cinnox"])
async def test_a_refusal_never_holds_the_credentials(close, cinnox, system, status) -> None:
    """Whatever a server quotes; with wrong credentials none of its words are taken."""
    source, _ = await (close if system == "close" else cinnox)(echoing(status))
    with pytest.raises(HighLevelError) as raised:
        await source.account()

    told = repr(raised.value) + str(raised.value) + repr(raised.value.messages)
    assert KEY not in told
    assert system == "cinnox" or "azN5" not in told
    if status in (401, 403):
        assert isinstance(raised.value, AccessDenied)
        assert raised.value.messages == ()
        assert "check" in told
    else:
        assert "bad ***" in told
        assert isinstance(raised.value, RequestRejected | AccessDenied)
