# ruff: noqa: ANN001 - parameters are those of a table
"""Close's rules of HTTP: what is sent, and what each reply means. Bytes in, no network."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.reply import Reply
from ghl_notes.http.request import Request
from ghl_notes.sources.close.service import CloseService

GET = Request("GET", "/activity/note/", {"_limit": 100})
ONE = Request("GET", "/activity/note/acti_1/")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "field-errors", "message", "rate_reset", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def reply(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """Make a reply of Close."""
    packed = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers or {}, packed, "Close")


def error_of(*told: object, request: Request = ONE) -> HighLevelError:
    """Read a reply that is none of success."""
    with pytest.raises(HighLevelError) as raised:
        CloseService("Basic").read(request, reply(*told), None)
    return raised.value


# --- what is sent -----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_credentials_and_the_zone_are_sent(scheme) -> None:
    """A time without a zone could only be read as UTC, and a GET is no override."""
    assert CloseService(scheme).headers(GET, "secret") == {
        "Authorization": f"{scheme} secret",
        "x-tz-offset": "0",
    }


def test_a_long_query_is_a_get_in_a_post() -> None:
    """What is too long for a URL says that it only reads."""
    headers = CloseService("Basic").headers(Request("POST", "/activity/note/"), "secret")

    assert headers["x-http-method-override"] == "GET"


# --- the limit --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "limit", "remaining", "reset"),
    [
        ("limit=100, remaining=50, reset=5", 100, 50, 5.0),
        ("limit=100, remaining=50, reset=5.25", 100, 50, 5.25),
        ("limit=100,remaining=0,reset=0.5", 100, 0, 0.5),
        ("  limit=100 , remaining=50 , reset=5 ", 100, 50, 5.0),
        ("reset=5, limit=100, remaining=50", 100, 50, 5.0),
        ("limit=100;w=10, remaining=50, reset=5;x=y", 100, 50, 5.0),
        ("limit=100, remaining=500, reset=5", 100, 100, 5.0),
        ("limit=100, remaining=50, reset=0", 100, 50, 0.1),
    ],
)
def test_the_rate_header_is_read(header, limit, remaining, reset) -> None:
    """Whole and decimal seconds, any order, spaces and parameters."""
    rate = CloseService("Basic").rate(reply(200, {}, {"RateLimit": header}))

    assert (rate.limit, rate.remaining, rate.interval) == (limit, remaining, reset)
    assert rate.daily_remaining is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "limit=100, remaining=50",
        "limit=100, remaining=50, reset=-1",
        "limit=100, remaining=50, reset=soon",
        "limit=100, remaining=50, reset=1e9",
        "limit=100, remaining=50, reset=999999",
        "limit=0, remaining=0, reset=5",
        "limit=9999999999999, remaining=50, reset=5",
        "xlimit=100, remaining=50, reset=5",
        "100, 50, 5",
    ],
)
def test_a_header_that_makes_no_sense_is_ignored(header) -> None:
    """No limit is learned from what is missing, malformed or absurd."""
    headers = {} if header is None else {"RateLimit": header}

    assert CloseService("Basic").rate(reply(200, {}, headers)) is None


@given(st.text(max_size=60))
def test_no_header_breaks_it(header: str) -> None:
    """Whatever a header says, it is read or ignored."""
    found = CloseService("Basic").rate(reply(200, {}, {"RateLimit": header}))

    assert found is None or 0 <= found.remaining <= found.limit


def rate_of(service: CloseService, reset: float) -> float:
    """Tell a service a reset, and return the interval that it takes for the window."""
    header = {"RateLimit": f"limit=3, remaining=1, reset={reset}"}
    return service.rate(reply(200, {}, header)).interval


def test_the_longest_reset_stands_for_the_window() -> None:
    """A reply in the middle of a window does not make the window look short."""
    service = CloseService("Basic")

    assert [rate_of(service, reset) for reset in (2.0, 5.0, 0.5, 1.0)] == [2.0, 5.0, 5.0, 5.0]


def test_a_long_reset_is_forgotten_with_its_requests() -> None:
    """One long wait does not slow down all that comes after it."""
    service = CloseService("Basic")

    assert [rate_of(service, reset) for reset in (240, 1, 2, 1)] == [240, 240, 240, 2]


# --- 429 --------------------------------------------------------------------------------------

HEADER = {"RateLimit": "limit=100, remaining=0, reset=1.5"}
AFTER = {"Retry-After": "7"}
BODY = {"error": {"rate_reset": 3.5, "message": "slow down"}}


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({**HEADER, **AFTER}, BODY, 1.5),
        ({"RateLimit": "malformed", **AFTER}, BODY, 7.0),
        (AFTER, BODY, 7.0),
        ({}, BODY, 3.5),
        ({}, {"rate_reset": 4}, 4.0),
        ({"Retry-After": "soon"}, {"rate_reset": 4}, 4.0),
        ({}, {"rate_reset": "4"}, 2.0),
        ({}, {"rate_reset": True}, 2.0),
        ({}, {"rate_reset": -1}, 2.0),
        ({}, {"error": "slow down"}, 2.0),
        ({}, b"<html>429</html>", 2.0),
        ({}, b"", 2.0),
    ],
)
def test_how_long_to_wait_is_taken_from_the_best_place(headers, body, seconds) -> None:
    """The header, then Retry-After, then either shape of the body, then a guess."""
    error = error_of(429, body, headers)

    assert isinstance(error, RateLimited)
    assert (error.retry_after, error.status, error.daily) == (seconds, 429, False)
    assert 0 < (error.resets_at - datetime.now(UTC)).total_seconds() <= seconds


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"error": "bad"}, ("bad",)),
        ({"error": "bad", "errors": [], "field-errors": {}}, ("bad",)),
        ({"errors": ["one", "two"]}, ("one", "two")),
        ({"field-errors": {"_limit": "too big"}}, ("_limit: too big",)),
        ({"field-errors": {"a": {"errors": ["x"], "field-errors": {"b": "y"}}}}, ("a: x", "b: y")),
        ({"error": {"message": "deep"}}, ("deep",)),
        (["listed"], ("listed",)),
        ("plain JSON", ("plain JSON",)),
        (b"plain text", ("plain text",)),
        (b"<html><title>400</title></html>", ()),
        ({"error": ""}, ()),
        (b"", ()),
        ({"error": "x" * 10_000}, ("x" * 500,)),
        ({"errors": [str(number) for number in range(50)]}, tuple("0123456789")),
    ],
)
def test_the_texts_of_an_error_are_found(body, messages) -> None:
    """In every shape that is documented or was seen; a page says nothing."""
    assert error_of(400, body).messages == messages


@pytest.mark.parametrize(
    ("status", "error", "remedy"),
    [
        (400, RequestRejected, "fix the call"),
        (401, AccessDenied, "check the API key or the token"),
        (402, AccessDenied, "the plan does not include this"),
        (403, AccessDenied, "check the API key or the token"),
        (404, NotFound, "check the id"),
        (405, RequestRejected, "fix the call"),
        (415, RequestRejected, "fix the call"),
        (408, Unavailable, "no luck"),
        (500, Unavailable, "no luck"),
        (503, Unavailable, "no luck"),
        (301, ConfigurationError, "check base_url"),
        (302, ConfigurationError, "check base_url"),
        (199, UnexpectedResponse, "no call expects"),
    ],
)
def test_a_status_has_its_error_with_a_remedy(status, error, remedy) -> None:
    """What to do about it is told by the class and in the text, which names Close."""
    raised = error_of(status, {"error": "no luck"})

    assert type(raised) is error
    assert remedy in str(raised)
    assert "Close" in str(raised)
    assert raised.status == status


@pytest.mark.parametrize("body", [b"404: Not Found", b"<html>404</html>", b"", [], None])
def test_a_404_that_is_not_of_the_api_is_a_wrong_address(body) -> None:
    """The API answers in JSON, so anybody else was asked by a wrong base URL."""
    error = error_of(404, body)

    assert isinstance(error, ConfigurationError)
    assert "base_url" in str(error)


@pytest.mark.parametrize("path", ["/me/", "/activity/note/", "/user/", "/event/"])
def test_a_404_of_a_list_is_a_wrong_address(path) -> None:
    """What has no id in its path is there, unless the base URL lacks something."""
    error = error_of(404, {"error": "Not Found"}, request=Request("GET", path))

    assert isinstance(error, ConfigurationError)
    assert "base_url" in str(error)


def test_a_503_says_when_to_come_back() -> None:
    """Retry-After is kept for the retry."""
    assert error_of(503, b"", AFTER).retry_after == 7.0


@pytest.mark.parametrize(
    ("body", "hint"), [(b"<html>Hello</html>", True), (b"  <!doctype html>", True), (b"{", False)]
)
def test_a_success_that_is_no_json_is_garbled(body, hint) -> None:
    """It may be mended by another try; a page may also mean that the address is wrong."""
    error = error_of(200, body)

    assert isinstance(error, UnexpectedResponse)
    assert error.garbled
    assert ("base_url" in str(error)) is hint


def test_a_success_is_decoded() -> None:
    """The answer has the payload, and the call that it belongs to."""
    answer = CloseService("Basic").read(GET, reply(200, {"data": []}), None)

    assert (answer.payload, answer.method, answer.path) == ({"data": []}, "GET", GET.path)


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()),
    headers=st.dictionaries(
        st.sampled_from(["RateLimit", "Retry-After", "Content-Type", "Date"]), st.text(max_size=20)
    ),
)
def test_no_reply_breaks_it(status, body, headers) -> None:
    """Whatever comes back is an answer or one of the library's errors."""
    try:
        CloseService("Basic").read(GET, Reply(status, headers, body, "Close"), None)
    except HighLevelError as error:
        assert str(error)  # noqa: PT017 - none is fine too
        assert (error.retry_after or 0) >= 0  # noqa: PT017 - as above


@pytest.mark.parametrize("depth", [50, 990, 5_000])
@pytest.mark.parametrize("status", [200, 400, 429])
def test_a_deep_body_does_not_break_it(status, depth) -> None:
    """No nesting is deep enough to end in a RecursionError."""
    body = b'{"error":' * depth + b'"x"' + b"}" * depth
    with suppress(HighLevelError):
        CloseService("Basic").read(GET, reply(status, body), None)
