"""A call is built so that nothing in its arguments can lead it elsewhere."""

import json
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from yarl import URL

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.protocol import any_request, segment
from ghl_notes.http.request import Request, content, target

HOST = "https://services.leadconnectorhq.com"

texts = st.text(st.characters())
values = st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(codec="utf-8")))


@pytest.mark.parametrize(
    "value",
    [
        *["", ".", "..", "../x", "a/b", "/", "a?b", "a#b", "%2e", "%2E%2e", "a%2fb", "a\\b"],
        *[" ", "a b", "a\nb", "a\n", "\ta", "a\x00", "a\x7f", "\u2028", "\ud800"],
        *[None, 5, b"abc", ["a"], True],
    ],
)
def test_what_is_no_id_is_refused(value: object) -> None:
    """An id that would leave its place in the path, or is no text, is refused by name."""
    with pytest.raises(ConfigurationError, match="contact_id must be a HighLevel id"):
        segment("contact_id", value)


@pytest.mark.parametrize("value", ["0ijK2mZQm3Jk", "a-b_c", "...", "a.b", "~x", "-"])
def test_an_id_of_highlevel_is_taken_as_it_is(value: str) -> None:
    """Letters, digits, dashes, dots and tildes need no quoting."""
    assert segment("contact_id", value) == value


@given(texts)
@example("é")
@example("a;b=c&d+e:@!")
@example("\u202e\ufeff")
def test_an_id_stays_one_segment(value: str) -> None:
    """Whatever is let through arrives, on the other side of the URL, as the same one segment."""
    try:
        quoted = segment("contact_id", value)
    except ConfigurationError:
        assume(False)  # noqa: FBT003 - Hypothesis' own form
    url = URL(f"{HOST}/contacts/{quoted}/notes")

    assert url.parts == ("/", "contacts", value, "notes")
    assert (url.host, url.query_string, url.fragment) == ("services.leadconnectorhq.com", "", "")


@pytest.mark.parametrize(
    "path",
    [
        *["contacts/x", "", "//evil.example/x", "https://evil.example/x", "/a//b", "/"],
        *["/a?x=1", "/a#x", "/a b", "/a\n", "/a/../b", "/..", "/a/.", "/%2e%2e/b", "/a/%2E./b"],
        *["/a%2fb", "/a%5cb", "/a\\b", "/é", "/a%", "/a%4", "/a%zz", None, 5, b"/a"],
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: object) -> None:
    """A path names a place on this host: quoted, no query, no way up and no other host."""
    with pytest.raises(ConfigurationError, match="path must begin with /"):
        any_request("GET", path, params=None, json=None, repeatable=None)


@given(st.from_regex(r"(/[\x21-\x7e]{1,5}){1,4}/?", fullmatch=True))
def test_a_path_that_is_taken_stays_on_its_host(path: str) -> None:
    """Whatever path is let through is requested as it stands, on this host."""
    try:
        request = any_request("GET", path, params=None, json=None, repeatable=None)
    except ConfigurationError:
        assume(False)  # noqa: FBT003 - Hypothesis' own form
    url = URL(HOST + target(request))

    assert url.host == "services.leadconnectorhq.com"
    assert url.path == URL(path).path
    assert url.parent != url
    assert not url.query_string


@pytest.mark.parametrize(
    ("method", "said", "repeatable"),
    [
        *[(m, None, True) for m in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "get", "Put")],
        *[(m, None, False) for m in ("POST", "PATCH", "post")],
        ("POST", True, True),
        ("PUT", False, False),
    ],
)
def test_what_may_be_repeated(method: str, *, said: bool | None, repeatable: bool) -> None:
    """A POST or PATCH is not repeated unless its caller says so; case does not matter."""
    request = any_request(method, "/x", params=None, json=None, repeatable=said)

    assert request.repeatable is repeatable
    assert request.method == method.upper()


@pytest.mark.parametrize("method", ["", "TRACE", "CONNECT", "GET /x", None, 5])
def test_other_methods_are_refused(method: object) -> None:
    """A method that HighLevel does not have is refused before it is sent."""
    with pytest.raises(ConfigurationError, match="method must be one of"):
        any_request(method, "/x", params=None, json=None, repeatable=None)


def test_a_path_of_highlevel_is_taken() -> None:
    """An endpoint with a slash at its end and quoted parts is reached as it is written."""
    request = any_request("GET", "/users/a%20b/", params=None, json=None, repeatable=None)

    assert target(request) == "/users/a%20b/"


@pytest.mark.parametrize("params", [None, {}])
def test_no_parameters_make_no_question_mark(params: None) -> None:
    """A call without parameters is its path."""
    assert target(Request("GET", "/x", params)) == "/x"


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), values, max_size=4))
def test_parameters_arrive_as_they_were_given(params: dict[str, object]) -> None:
    """Numbers and texts survive the query, truth is lower case, and None is left out."""
    url = URL(HOST + target(Request("GET", "/x", params)))
    words = {True: "true", False: "false"}
    expected = {
        k: words[v] if isinstance(v, bool) else str(v) for k, v in params.items() if v is not None
    }

    assert dict(url.query) == expected


# --- the body -------------------------------------------------------------------------------

everything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=10,
)


@given(json_body=everything.filter(lambda x: x is not None))
def test_a_body_says_what_it_was_given(replies: list, json_body: object) -> None:
    """With or without orjson, the JSON that is sent reads back the same."""
    for one in replies:
        assert json.loads(one.encode(json_body)) == json_body
    assert content(Request("POST", "/x", json={}))[1] == "application/json"


@pytest.mark.parametrize(
    "value", ["\ud800", {1}, object(), {"a": {b"b"}}, [1j], datetime.now(UTC), date(1990, 9, 25)]
)
def test_what_is_no_json_is_refused_without_quoting_it(replies: list, value: object) -> None:
    """A body that cannot be encoded is the caller's to fix, and its content is not repeated."""
    for one in replies:
        with pytest.raises(ConfigurationError, match="cannot be sent as JSON") as caught:
            one.encode({"body": "secret note", "title": value})

        assert "secret note" not in repr(caught.value)
        assert caught.value.__context__ is None


def test_a_form_is_a_form() -> None:
    """Token calls send forms, with everything in them quoted."""
    body, media_type = content(Request("POST", "/x", form={"a": "x&y=z", "b": "é +"}))

    assert media_type == "application/x-www-form-urlencoded"
    assert parse_qsl((body or b"").decode()) == [("a", "x&y=z"), ("b", "é +")]


def test_no_body_has_no_type() -> None:
    """A call without a body says nothing about one."""
    assert content(Request("GET", "/x")) == (None, None)
