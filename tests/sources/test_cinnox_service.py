# ruff: noqa: ANN001 - parameters are those of a table
"""CINNOX's rules of HTTP: the code in the body counts, whatever the status. Bytes in."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.denials import Blame
from ghl_notes.http.reply import Reply
from ghl_notes.http.request import Request
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.sources.cinnox.service import CinnoxService
from tests.sources.test_close_service import json_values

GET = Request("GET", "/v1/notes", {"contactID": "EXT-1", "offset": 0, "limit": 200})


def reply(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """Make a reply of CINNOX."""
    packed = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers or {}, packed, "CINNOX")


def error_of(*told: object) -> HighLevelError:
    """Read a reply that is none of success."""
    with pytest.raises(HighLevelError) as raised:
        CinnoxService().read(GET, reply(*told), None)
    return raised.value


def test_the_token_is_sent_and_never_another() -> None:
    """It is a bearer token that does not change, and no header tells of the limit."""
    service = CinnoxService()

    assert service.headers(GET, "secret") == {"Authorization": "Bearer secret"}
    assert service.denial(reply(401)).blame is Blame.CALL
    assert service.rate(reply(200, {}, {"RateLimit": "limit=1, remaining=1, reset=1"})) is None


@pytest.mark.parametrize("code", [{}, {"code": 0}, {"code": "0"}, {"code": 200}, {"code": None}])
def test_a_success_says_so_in_its_body(code) -> None:
    """Zero is documented, 200 is in the table of codes, and none is no complaint."""
    answer = CinnoxService().read(GET, reply(200, {**code, "result": []}), None)

    assert answer.payload == {**code, "result": []}


@pytest.mark.parametrize("status", [200, 400, 429, 503])
def test_the_limit_is_told_by_its_code(status) -> None:
    """Whatever status comes with it, the call is held back and goes again."""
    error = error_of(status, {"code": 6451010, "message": "too many requests"})

    assert isinstance(error, RateLimited)
    assert (error.status, error.retry_after) == (status, 15.0)
    assert RetryPolicy().wait_for(error, 1) == 0.0


@pytest.mark.parametrize("body", [{"code": 1}, b"", b"<html>", {"code": 6451000}])
def test_a_429_is_the_limit_whatever_it_says(body) -> None:
    """The status alone is enough, and Retry-After says how long."""
    error = error_of(429, body, {"Retry-After": "3"})

    assert isinstance(error, RateLimited)
    assert error.retry_after == 3.0


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_failure_inside_is_tried_again(status) -> None:
    """Bad response from an internal service: the same call may pass in a moment."""
    error = error_of(status, {"code": 6451001, "message": "bad response"})

    assert isinstance(error, Unavailable)
    assert RetryPolicy().wait_for(error, 1) is not None


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", [7910000, 6451000, "7910000"])
@pytest.mark.parametrize(
    ("message", "argument"),
    [
        ("contactID is required", "contactID"),
        ("contactid is required", "contactID"),
        ("invalid offset", "offset"),
        ("exceed maximum limit 200", "limit"),
        ("bad query", "one of contactID, offset, limit"),
    ],
)
def test_a_wrong_argument_is_named(status, code, message, argument) -> None:
    """One code stands for all of them, so the message tells which it was."""
    error = error_of(status, {"code": code, "message": message})

    assert type(error) is RequestRejected
    assert f"refuses {argument}: {message}" in str(error)
    assert error.messages == (message,)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 6450001, "message": "method/url not found"}),
        (400, {"code": 6450001}),
        (200, {"code": 6450001}),
        (404, b"404 page not found"),
        (404, b"<html>404</html>"),
        (404, b""),
        (301, b""),
    ],
)
def test_a_wrong_address_says_what_to_check(status, body) -> None:
    """The base URL is the app's own, so it may be mistyped, and the app's id is part of it."""
    error = error_of(status, body)

    assert isinstance(error, ConfigurationError)
    assert "base_url" in str(error)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [{"code": 401, "message": "Unauthorized"}, b"<html>", b""])
def test_wrong_credentials_say_what_to_check(status, body) -> None:
    """The shape of this refusal is in no document, so the status decides."""
    error = error_of(status, body)

    assert isinstance(error, AccessDenied)
    assert all(word in str(error) for word in ("app_token", "app_id", "base_url"))


@pytest.mark.parametrize("code", [3000203, "x", [], True, 1.5, "9" * 40])
def test_a_success_with_another_code_is_a_refusal(code) -> None:
    """What is not known to be fine is not taken for it."""
    error = error_of(200, {"code": code, "message": "tag not found", "result": []})

    assert type(error) is RequestRejected
    assert error.messages == ("tag not found",)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"message": "no"}, RequestRejected),
        (409, b"<html>", RequestRejected),
        (500, b"<html>", Unavailable),
        (502, b"<html>", Unavailable),
    ],
)
def test_other_statuses_are_as_everywhere(status, body, error) -> None:
    """Without a code that says more, the status tells what can be done."""
    assert type(error_of(status, body)) is error


@pytest.mark.parametrize("status", [400, 405, 410, 422])
def test_what_the_api_did_not_say_passes(status) -> None:
    """It answers in JSON, so that a page, a text or nothing is a gateway's, and refuses nothing."""
    for body in (b"<html>Bad Request</html>", b"Bad Request", b"", b'{"code": 7'):
        error = error_of(status, body, {"Retry-After": "7"})

        assert isinstance(error, Unavailable), body
        assert (error.status, error.retry_after) == (status, 7.0), body
        assert "check base_url" in str(error), body


def test_a_page_of_success_may_be_a_wrong_address() -> None:
    """A web site answers with success, and with no JSON."""
    error = error_of(200, b"<html>Welcome</html>")

    assert isinstance(error, UnexpectedResponse)
    assert "base_url" in str(error)


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=40)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.builds(lambda code, message: json.dumps({"code": code, "message": message}).encode(),
        json_values | st.sampled_from([0, 6451010, 6451001, 7910000, 6450001]), json_values),
    headers=st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text(max_size=20)),
)  # fmt: skip
def test_no_reply_breaks_it(status, body, headers) -> None:
    """Whatever comes back is an answer or one of the library's errors."""
    try:
        CinnoxService().read(GET, Reply(status, headers, body, "CINNOX"), None)
    except HighLevelError as error:
        assert str(error)  # noqa: PT017 - none is fine too
