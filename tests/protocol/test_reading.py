"""A reply, whatever its shape, becomes an answer or the error that tells what to do."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    LocationInactive,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.denials import Blame
from ghl_notes.http.failures import denied, failure
from ghl_notes.http.protocol import read
from ghl_notes.http.rate import RateSnapshot
from ghl_notes.http.reply import Answer, Reply, decode
from ghl_notes.http.request import Request

GET = Request("GET", "/contacts/c/notes")
HTML = b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></html>"

# The shapes in which HighLevel was seen to put the text of an error.
SHAPES: dict[str, Callable[[int, str], bytes]] = {
    "message": lambda status, text: dump({"statusCode": status, "message": text}),
    "with error": lambda s, t: dump({"statusCode": s, "message": t, "error": "Unauthorized"}),
    "list": lambda status, text: dump({"statusCode": status, "message": [text]}),
    "oauth": lambda _, text: dump({"error": "UnAuthorized!", "error_description": text}),
    "error": lambda _, text: dump({"error": text}),
    "aip": lambda s, t: dump({"error": {"code": s, "message": t, "details": [], "resolution": ""}}),
    "json text": lambda _, text: dump(text),
    "plain text": lambda _, text: f"{text}\n".encode(),
}
TEXTS = ("json text", "plain text")
GATEWAYS_TOO = (400, 403, 404, 405, 410, 422)

# facts 1.3 and 1.4, and the documented statuses of notes and contacts
TABLE = [
    (400, "Contact with id abc not found", NotFound),
    (400, "Contact not found for id: abc", NotFound),
    (400, "No such note", NotFound),
    (400, "The location does not exist", NotFound),
    (404, "Not Found", NotFound),
    (404, "Cannot GET /oauth/location-token", RequestRejected),
    (404, "Cannot DELETE /contacts/c/notes/n", RequestRejected),
    (404, "no Route matched with those values", RequestRejected),
    (400, "body should not be empty", RequestRejected),
    (400, "property locationId should not exist", RequestRejected),
    (422, "property locationId should not exist", RequestRejected),
    (422, "body must be a string", RequestRejected),
    (400, "Invalid API version segment '9' at position 0", RequestRejected),
    (400, "API endpoint has been removed", RequestRejected),
    (409, "Conflict", RequestRejected),
    (400, "Location is not active", LocationInactive),
    (401, "Location is not active", LocationInactive),
    (403, "The location is not active", LocationInactive),
    (401, "version header was not found.", AccessDenied),
    (401, "Invalid JWT", AccessDenied),
    (401, "Invalid token: access token is invalid", AccessDenied),
    (401, "The token is not authorized for this scope.", AccessDenied),
    (401, "Token's user type mismatch!", AccessDenied),
    (401, "This authClass type is not allowed to access this scope", AccessDenied),
    (401, "Invalid Private Integration token", AccessDenied),
    (403, "The token does not have access to this location.", AccessDenied),
    (500, "Internal server error", Unavailable),
    (502, "Bad Gateway", Unavailable),
    (503, "Service Unavailable", Unavailable),
    (504, "Gateway Timeout", Unavailable),
    (408, "Request Timeout", Unavailable),
    (425, "Too Early", Unavailable),
    (429, "Too Many Requests", RateLimited),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "error"]), inner),
    max_leaves=6,
)
bodies = (
    st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(["message", "error", "error_description", "traceId", "statusCode"]),
        json_values,
    ).map(lambda value: json.dumps(value).encode())
)


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


def answer_or_error(reply: Reply) -> Answer | UnexpectedResponse:
    try:
        return read(GET, reply, None)
    except UnexpectedResponse as error:
        return error


def caught(status: int, body: bytes, headers: dict[str, str] | None = None) -> HighLevelError:
    with pytest.raises(HighLevelError) as raised:
        read(GET, Reply(status, headers or {}, body), None)
    return raised.value


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("status", "text", "cls"), TABLE)
def test_an_error_is_named_by_its_remedy(
    status: int, text: str, cls: type[HighLevelError], shape: str
) -> None:
    """Status and text decide the class of the error, in whichever shape the text comes."""
    error = caught(status, SHAPES[shape](status, text))
    if shape in TEXTS and status in GATEWAYS_TOO and issubclass(cls, RequestRejected):
        cls = Unavailable  # a bare text is HighLevel's where its words are, and else a gateway's

    assert type(error) is cls
    assert error.status == status
    assert error.messages == (text,)
    assert (error.method, error.path) == ("GET", "/contacts/c/notes")
    assert cls is RateLimited or text in str(error)


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        *[(400, RequestRejected), (401, AccessDenied), (403, AccessDenied), (404, NotFound)],
        *[(409, RequestRejected), (413, RequestRejected), (422, RequestRejected)],
        *[(429, RateLimited), (500, Unavailable), (502, Unavailable), (522, Unavailable)],
    ],
)
@pytest.mark.parametrize("body", [HTML, b"", b"{}", b"null", b"[]", b'{"message": "ha', b"\xff"])
def test_an_error_without_a_text_is_named_by_its_status(
    status: int, cls: type[HighLevelError], body: bytes
) -> None:
    """A page of a proxy, half a reply or nothing at all still has a status, and no page in it."""
    error = caught(status, body, {"Content-Type": "text/html; charset=UTF-8"})
    if status in GATEWAYS_TOO and body != b"{}":
        cls = Unavailable  # where the API says it with an object, nothing else is its word

    assert type(error) is cls
    assert "html>" not in str(error).lower()
    assert not [text for text in error.messages if "<" in text or "{" in text]


def test_a_page_of_a_proxy_is_called_one() -> None:
    """HTML where JSON belongs points at the proxy in between."""
    error = caught(403, HTML, {"Content-Type": "text/html"})

    assert "a page instead of an API reply" in str(error)


# Replies of gateways under statuses of the API, and what is shown of each.
FOREIGN = {
    "default backend - 404": "default backend - 404",
    "404 page not found\n": "404 page not found",
    "<html>\n<title>404\n Not Found</title><hr>nginx": "'404 Not Found'",
    "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>": "'Error 404",
    "  <p>no such page</p>": "a page instead of an API reply",
    "error code: 1010": "error code: 1010",
    "Contact not found": "Contact not found",
    "RBAC: access denied": "RBAC: access denied",
    "x" * 1_000: "x" * 100,
    "": "no reason",
    "null": "no reason",
    '["gone"]': "no reason",
    '{"statusCode": 404, "mess': "no reason",
}


@pytest.mark.parametrize("status", GATEWAYS_TOO)
def test_what_the_api_did_not_say_proves_nothing(status: int) -> None:
    """A refusal that is no JSON object is a gateway's: it passes, had no effect, and is shown."""
    for body, shown in FOREIGN.items():
        error = caught(status, body.encode(), {"Retry-After": "3", "Content-Type": "text/plain"})

        assert isinstance(error, Unavailable), body
        assert (error.status, error.retry_after) == (status, 3.0), body
        assert (error.maybe_applied, error.settled) == (False, True), body
        assert shown in str(error), body
        assert "check base_url" in str(error), body
        assert len(str(error)) < 400, body


@pytest.mark.parametrize("status", GATEWAYS_TOO)
def test_a_gateway_that_gave_up_has_refused_nothing(status: int) -> None:
    """Whatever its status, what stands behind one that gave up waiting may have done its work."""
    for body in ("upstream request timeout", "<title>504 Gateway Time-out</title>"):
        error = caught(status, body.encode(), {"Content-Type": "text/html"})

        assert isinstance(error, Unavailable), body
        assert (error.maybe_applied, error.settled) == (True, False), body


def test_a_route_that_is_not_there_is_nothing_that_is_gone() -> None:
    """An API without such a call tells nothing of an id, and what to check is the address."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        said = {"statusCode": 404, "message": f"Cannot {method} /contacts/c", "error": "Not Found"}
        error = caught(404, dump(said))

        assert type(error) is RequestRejected, method
        assert "check base_url" in str(error), method


@given(status=st.sampled_from(GATEWAYS_TOO), body=bodies)
def test_only_an_object_says_that_something_is_gone(status: int, body: bytes) -> None:
    """No bytes but a JSON object of the API's are believed to tell that an id is not there."""
    try:
        told = decode(Reply(status, {}, body))
    except UnexpectedResponse:
        told = None

    assert isinstance(told, dict) or not isinstance(caught(status, body), NotFound)


@given(status=st.integers(300, 599), body=bodies)
def test_no_body_breaks_the_reading_of_an_error(status: int, body: bytes) -> None:
    """Any bytes under any status make one of our errors, with short texts as its messages."""
    error = caught(status, body)

    assert error.status == status
    assert all(isinstance(text, str) and 0 < len(text) <= 500 for text in error.messages)
    assert str(error)


@given(status=st.integers(200, 299), body=bodies)
def test_a_success_is_its_json_or_unreadable(status: int, body: bytes) -> None:
    """A success brings its JSON, None for nothing, or is called garbled; it never breaks."""
    outcome = answer_or_error(Reply(status, {}, body))

    assert outcome.status == status
    if isinstance(outcome, Answer):
        assert (outcome.payload is None) is (body.strip() in (b"", b"null"))
    else:
        assert outcome.garbled


def test_a_garbled_reply_is_not_quoted() -> None:
    """Half a reply may hold the text of a note, which does not belong into an error."""
    body = b'{"notes": [{"body": "secret note'
    error = caught(200, body, {"Content-Type": "application/json"})

    assert "secret" not in str(error)
    assert f"{len(body)} bytes" in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304])
def test_a_redirect_is_not_expected(status: int) -> None:
    """A redirect is never followed: it could carry the token elsewhere."""
    error = caught(status, b"", {"Location": "https://evil.example/"})

    assert type(error) is UnexpectedResponse
    assert not error.garbled


def test_all_messages_are_kept_in_their_order() -> None:
    """A validation error names every field that is wrong, and the trace id."""
    told = {"message": ["body must be a string", "color must be hex"], "traceId": "t-9"}
    error = caught(422, dump(told))

    assert error.messages == ("body must be a string", "color must be hex")
    assert error.trace_id == "t-9"
    assert "body must be a string; color must be hex" in str(error)
    assert "t-9" in str(error)


@pytest.mark.parametrize("trace", [5, None, ["x"], {}])
def test_an_odd_trace_id_is_left_out(trace: object) -> None:
    """A trace id is a text or it is none."""
    assert caught(422, dump({"message": "no", "traceId": trace})).trace_id is None


# --- 401 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("text", "rejected"),
    [
        ("Invalid JWT", True),
        ("Invalid token: access token is invalid", True),
        ("Invalid Private Integration token", True),
        ("jwt expired", True),
        ("The token is not authorized for this scope.", False),
        ("This authClass type is not allowed to access this scope", False),
        ("Token's user type mismatch!", False),
        ("version header was not found.", False),
        ("The token does not have access to this location.", False),
        ("Location is not active", False),
    ],
)
def test_a_token_is_renewed_only_for_its_own_sake(shape: str, text: str, *, rejected: bool) -> None:
    """A 401 about scope, kind, version or location is no reason to spend a refresh token."""
    about = denied(Reply(401, {}, SHAPES[shape](401, text))).blame
    assert about is (Blame.TOKEN if rejected else Blame.CALL)


@pytest.mark.parametrize("body", [b"", HTML, b"{}", b"[1]", dump({"message": "Unauthorized"})])
def test_a_401_that_does_not_say_why_is_not_known(body: bytes) -> None:
    """A status is not a cause: nobody is blamed, and what was said is kept."""
    reply = Reply(401, {}, body)

    assert denied(reply).blame is Blame.UNKNOWN
    assert isinstance(failure(reply), AccessDenied)


# --- 5xx ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "settled"),
    [
        *[(500, True), (501, True), (503, True), (521, True), (408, True)],
        *[(502, False), (504, False), (520, False), (522, False), (524, False)],
    ],
)
def test_behind_a_gateway_a_write_may_still_be_at_work(status: int, *, settled: bool) -> None:
    """After a gateway's own error a write may yet happen; after HighLevel's it is settled."""
    error = failure(Reply(status, {}, b""))

    assert isinstance(error, Unavailable)
    assert error.settled is settled
    assert error.maybe_applied


def test_an_outage_says_how_long() -> None:
    """``Retry-After`` of a 503 is in the error."""
    assert failure(Reply(503, {"Retry-After": "7"}, b"")).retry_after == 7.0


# --- 429 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "daily_left", "daily_reset", "daily", "after"),
    [
        ({}, 500, 80_000.0, False, 10.0),
        ({}, 0, 83_680.0, True, 83_680.0),
        ({}, 0, None, True, None),
        ({}, None, None, False, 10.0),
        ({"Retry-After": "3"}, 500, 80_000.0, False, 3.0),
        ({"Retry-After": "3"}, 0, 80_000.0, True, 3.0),
    ],
)
def test_a_429_tells_which_limit_and_until_when(
    headers: dict[str, str],
    daily_left: int | None,
    daily_reset: float | None,
    after: float | None,
    *,
    daily: bool,
) -> None:
    """``Retry-After`` comes first, then the day's reset if the day is used up, then the window."""
    rate = RateSnapshot(100, 10.0, 0, 200_000, daily_left, daily_reset)
    before = datetime.now(UTC)
    error = failure(Reply(429, headers, b""), rate)

    assert isinstance(error, RateLimited)
    assert (error.daily, error.retry_after) == (daily, after)
    if after is None:
        assert error.resets_at is None
    else:
        assert error.resets_at is not None
        assert timedelta(0) <= error.resets_at - before - timedelta(seconds=after) < timedelta(1)


def test_a_429_without_any_header_names_no_time() -> None:
    """Where HighLevel says nothing, nothing is made up."""
    error = failure(Reply(429, {}, b""), None)

    assert isinstance(error, RateLimited)
    assert (error.daily, error.retry_after, error.resets_at) == (False, None, None)


# --- decoding -------------------------------------------------------------------------------


@pytest.mark.parametrize("character", [chr(n) for n in range(32)])
def test_raw_control_characters_are_let_pass(replies: list, character: str) -> None:
    """HighLevel is said to send control characters unescaped inside texts."""
    body = b'{"body": "a%sb"}' % character.encode()

    for one in replies:
        assert one.decode(Reply(200, {}, body)) == {"body": f"a{character}b"}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 50_000,
        HTML,
        b"OK",
        b"\xff\xfe\xff",
    ],
)
def test_what_cannot_be_decoded_is_garbled(replies: list, body: bytes) -> None:
    """Nesting without end, a page and broken text are one error, and no crash."""
    for one in replies:
        with pytest.raises(UnexpectedResponse, match=f"not JSON .*{len(body)} bytes") as raised:
            one.decode(Reply(200, {"Content-Type": "text/html"}, body))

        assert raised.value.garbled


@given(value=json_values)
def test_both_decoders_agree(replies: list, value: object) -> None:
    """The extra ``speedups`` changes the speed and nothing else."""
    body = json.dumps(value).encode()
    fast, plain = (one.decode(Reply(200, {}, body)) for one in replies)

    assert repr(fast) == repr(plain)


@pytest.mark.parametrize("body", [b"", b"\r\n", b"null"])
def test_nothing_is_none(body: bytes) -> None:
    """An empty reply, as a delete may bring, is None."""
    assert decode(Reply(204, {}, body)) is None


def test_what_cannot_be_decoded_keeps_no_copy() -> None:
    """Half a token reply is told without the reply, in whatever hangs on the error."""
    with pytest.raises(UnexpectedResponse) as caught:
        decode(Reply(200, {}, b'{"access_token": "s3cr3t", '))

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
