"""What the errors of version 3 say, and which scope a refusal is about."""

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import (
    AccessDenied,
    HighLevelError,
    NotFound,
    RequestRejected,
    Unavailable,
)
from ghl_notes.http.denials import Blame, blame, denial
from ghl_notes.http.failures import denied as denial_of
from ghl_notes.http.failures import failure
from ghl_notes.http.operations import NOTES_CREATE, READ, WRITE
from ghl_notes.http.protocol import read
from ghl_notes.http.reply import Reply
from ghl_notes.http.request import Request, content, target

MARKER = "s3cr3t"
# The example of the published specification.
AIP = {
    "code": "RESOURCE_NOT_FOUND",
    "message": "The requested App 'abc' was not found.",
    "details": {"resource": "App", "identifier": "abc"},
    "resolution": "Verify the App exists and you have permission to access it.",
}


def reply(status: int, body: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def denied(status: int, text: str, scope: str | None = WRITE) -> AccessDenied:
    error = failure(reply(status, {"statusCode": status, "message": text}), None, scope)
    assert isinstance(error, AccessDenied)
    return error


# --- scopes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "text", ["The token is not authorized for this scope.", "Insufficient scopes", "SCOPE missing"]
)
def test_a_missing_scope_is_named(status: int, text: str) -> None:
    """Where HighLevel speaks of scopes, the error names the one that the call needs."""
    error = denied(status, text)

    assert error.scope == WRITE
    assert "grant contacts.write" in str(error)
    assert error.messages == (text,)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "text",
    [
        "This authClass type is not allowed to access this scope",
        "this auth class is not allowed to access this scope",
        "Token's user type mismatch!",
        "The userType of this token does not reach this scope",
        "The token does not have access to this location.",
        "The token does not have access to this location in any scope",
        "Invalid JWT",
        "version header was not found.",
        "a microscope is needed",
    ],
)
def test_another_reason_names_no_scope(status: int, text: str) -> None:
    """The wrong kind of token, or another location's, is not mended by granting a scope."""
    assert denied(status, text).scope is None


def test_a_call_that_needs_no_scope_names_none() -> None:
    """Of a raw call it is not known which scope it needs."""
    assert denied(401, "The token is not authorized for this scope.", None).scope is None


@pytest.mark.parametrize(
    ("operation", "scope"), [(NOTES_CREATE, "contacts.write"), (None, None)]
)  # fmt: skip
def test_the_scope_is_the_operation_s(operation: object, scope: str | None) -> None:
    """A refusal knows the call, and so what to grant for it; it survives being pickled."""
    request = Request("POST", "/contacts/c/notes", operation=operation)
    with pytest.raises(AccessDenied) as caught:
        read(request, reply(401, {"message": "The token is not authorized for this scope."}), None)

    assert pickle.loads(pickle.dumps(caught.value)).scope == scope


@pytest.mark.parametrize("status", [400, 404, 422])
def test_another_status_is_about_no_scope(status: int) -> None:
    """Only a 401 or a 403 is about what a token may do."""
    error = failure(reply(status, {"message": "the scope is odd"}), None, READ)

    assert isinstance(error, RequestRejected)


WORDS = {
    Blame.TOKEN: [
        "Invalid JWT", "jwt expired", "Invalid token: access token is invalid", "invalid_token",
        "The access token expired.", "The access token has been revoked", "Token is not valid",
        "Invalid Private Integration token", "Invalid access token", "Token expired, try again",
    ],
    Blame.CALL: [
        "E01 - Unauthorized request", "The token is not authorized for this scope.",
        "This route is not yet supported by the IAM Service. Please update your IAM config.",
        "version header was not found.", "Token's user type mismatch!", "Location is not active",
        "This authClass type is not allowed to access this scope", "missing parameter: locationId",
        "The token does not have access to this location.", "You do not have permission",
    ],
    Blame.GATEWAY: [
        "Command timed out", "upstream request timeout", "Service unavailable", "timeout",
        "Service Temporarily Unavailable", "Request timed-out", "socket hang up", "Bad Gateway",
        "connect ECONNREFUSED 10.0.0.1:80", "Internal server error", "Too many requests",
    ],
    Blame.UNKNOWN: [
        "Unauthorized", "", "UnAuthorized!", "Not allowed", "session timed out", "no token",
        "Authentication failed", "a token of gratitude",
    ],
}  # fmt: skip


def test_what_a_401_is_about_is_known_by_its_words() -> None:
    """Only words that name the token blame it; what nobody knows decides nothing."""
    for about, texts in WORDS.items():
        for text in texts:
            assert blame(text) is about, text
            assert blame(text.upper()) is about, text


@given(st.text(max_size=300))
def test_any_words_are_read(text: str) -> None:
    """Words are compared in a form that is short, and the same for any spacing."""
    found = denial(text)

    assert len(found.words) <= 200
    assert denial(f"  {text} ").words == found.words


def test_numbers_in_words_make_no_other_words() -> None:
    """An id or a time in what is said does not make each repetition a thing of its own."""
    assert denial("Refused ab12 at 10:01:02").words == denial("Refused zz9  at 11:59:00").words


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_gateway_that_gave_up_is_unavailable(status: int) -> None:
    """Whatever status it takes for it, it passes, and what stands behind may have done its work."""
    told = {"statusCode": 500, "message": ["Command timed out"], "traceId": "t-1"}
    error = failure(reply(status, told))

    assert isinstance(error, Unavailable)
    assert (error.maybe_applied, error.settled) == (True, False)
    assert (error.status, error.messages, error.trace_id) == (status, ("Command timed out",), "t-1")
    assert "Command timed out" in str(error)


def test_a_400_passes_if_all_it_says_is_that_somebody_gave_up() -> None:
    """It is for a call that is wrong, so words that may be about the call leave it at that."""
    for words, cls in {
        "timeout of 10000ms exceeded": Unavailable,
        "AxiosError: timeout of 5000 ms exceeded": Unavailable,
        "Request timed out": Unavailable,
        "Upstream request timed-out.": Unavailable,
        "the note 'Call timed out' is too long": RequestRejected,
        "timeout must be a number": RequestRejected,
        "Session timed out": RequestRejected,
        "Please try again": RequestRejected,
        "Calendar is temporarily unavailable for this contact": RequestRejected,
        "Request timed out: contact not found": NotFound,
    }.items():
        assert type(failure(reply(400, {"message": words}))) is cls, words
        assert type(failure(reply(422, {"message": words}))) is RequestRejected, words


def test_the_reason_of_a_denial_is_told() -> None:
    """What was wrong is data where it is known, and None where the words are not."""
    for text, reason in {
        "Invalid JWT": "token",
        "Insufficient scopes": "scope",
        "This authClass type is not allowed to access this scope": "kind",
        "The token does not have access to this location.": "location",
        "Unauthorized": None,
        "E01 - Unauthorized request": None,
    }.items():
        error = denied(401, text)
        assert error.reason == reason, text
        assert text in str(error)
        assert pickle.loads(pickle.dumps(error)).reason == reason


# --- version 3 ------------------------------------------------------------------------------


def test_an_error_of_version_3_says_what_to_do() -> None:
    """Its message and its advice are told, in this order, and its trace id is kept."""
    error = failure(reply(404, {"error": AIP, "traceId": "t-1"}))

    assert isinstance(error, NotFound)
    assert error.messages == (AIP["message"], AIP["resolution"])
    assert str(AIP["resolution"]) in str(error)
    assert error.trace_id == "t-1"


@pytest.mark.parametrize(
    ("aip", "messages"),
    [
        ({"resolution": ""}, ("m",)),
        ({"resolution": None}, ("m",)),
        ({"resolution": {"x": 1}}, ("m",)),
        ({"resolution": "x" * 1000}, ("m", "x" * 500)),
        ({"resolution": "r", "message": None}, ("r",)),
        ({"resolution": "r", "message": ["a", "b", 5]}, ("a", "b", "r")),
    ],
)
def test_odd_advice_is_bounded_or_left_out(aip: object, messages: tuple[str, ...]) -> None:
    """Advice is a text of 500 characters at most, or it is none."""
    assert failure(reply(422, {"error": {**AIP, "message": "m", **aip}})).messages == messages


@pytest.mark.parametrize(
    "advice",
    [
        "Ask for a token with the right scope",
        "Check the authClass and the user type",
        "Verify the version header and the access to this location",
        "Check that the location is not active",
    ],
)
def test_advice_decides_nothing(advice: str) -> None:
    """What an error is comes from its message: advice names many reasons that do not hold."""
    expired = reply(401, {"error": {"message": "Invalid token", "resolution": advice}})
    error = failure(expired, None, READ)

    assert denial_of(expired).blame is Blame.TOKEN
    assert type(error) is AccessDenied
    assert error.scope is None


def test_advice_does_not_make_a_refusal_a_not_found() -> None:
    """A 400 whose advice speaks of what does not exist is still the call's fault."""
    aip = {"message": "page size is odd", "resolution": "Verify the page does not exist"}

    assert type(failure(reply(400, {"error": aip}))) is RequestRejected


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"message": {"odd": 1}, "error": "Bad Request"}, ("Bad Request",)),
        ({"message": [], "error": {"message": "inner"}}, ("inner",)),
        ({"message": [5, None], "error_description": "told"}, ("told",)),
        ({"message": ["a", "", "b"], "error": "Unprocessable Entity"}, ("a", "b")),
    ],
)
def test_the_first_place_that_says_something_is_told(
    body: object, messages: tuple[str, ...]
) -> None:
    """A place that holds no text hides no other, and lists keep their order."""
    assert failure(reply(422, body)).messages == messages


# --- nothing secret -------------------------------------------------------------------------


def told(error: HighLevelError) -> str:
    return f"{error} {error!r} {error.__dict__} {error.__cause__} {error.__context__}"


@settings(max_examples=50)
@given(
    status=st.integers(300, 599),
    place=st.sampled_from(["details", "code", "metadata", "token", "request"]),
)
def test_nothing_but_the_texts_of_an_error_is_told(status: int, place: str) -> None:
    """Details may repeat what was sent, and so they are never part of an error."""
    body = {"error": {**AIP, place: {"field": MARKER}}, place: MARKER}
    error = failure(Reply(status, {"X-Echo": MARKER}, json.dumps(body).encode()))

    assert MARKER not in told(error)


def test_the_call_is_told_without_its_query_and_body() -> None:
    """An error names the path of its call; what was asked and sent may be private."""
    request = Request("GET", "/contacts/", params={"query": MARKER}, json={"body": MARKER})
    with pytest.raises(RequestRejected) as caught:
        read(request, reply(422, {"message": ["no"]}), None)

    assert (caught.value.method, caught.value.path) == ("GET", "/contacts/")
    assert MARKER not in told(caught.value)
    assert MARKER in target(request)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/x", params={"query": f"{MARKER}\ud800"}),
        Request("POST", "/x", form={"code": f"{MARKER}\ud800"}),
        Request("POST", "/x", json={"body": f"{MARKER}\ud800"}),
    ],
)
def test_broken_unicode_is_refused_without_being_quoted(request_: Request) -> None:
    """Half a character cannot be sent, in a query, a form or a body, and is the caller's to fix."""
    with pytest.raises(HighLevelError, match="Unicode") as caught:
        content(request_), target(request_)

    assert MARKER not in told(caught.value)
