"""The way through the browser and back."""

from urllib.parse import parse_qsl, quote, urlsplit

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import App
from ghl_notes.errors import ConfigurationError, HighLevelError, ReauthorizationRequired
from ghl_notes.oauth.authorize import authorization_request, read_callback

SECRET = "s3cr3t"
APP = App(
    client_id="6a59fd0e1c2b3a4d5e6f7a8b-mrp0z2x1",
    client_secret=SECRET,
    redirect_uri="https://app.example.com/callback?tenant=1",
    scopes=("contacts.readonly", "contacts.write"),
)
CALLBACK = "https://app.example.com/callback"

text = st.text(st.characters(codec="utf-8"), min_size=1)


def query(url: str) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    assert len(pairs) == len(dict(pairs)), "a parameter is there twice"
    return dict(pairs)


def test_what_the_url_asks_for() -> None:
    """The page learns the app, its version, the scopes and the way back, and no secret."""
    request = authorization_request(APP, state="mine")

    assert request.url.startswith("https://marketplace.gohighlevel.com/v2/oauth/chooselocation?")
    assert query(request.url) == {
        "response_type": "code",
        "client_id": APP.client_id,
        "version_id": "6a59fd0e1c2b3a4d5e6f7a8b",
        "redirect_uri": APP.redirect_uri,
        "scope": "contacts.readonly contacts.write",
        "state": "mine",
    }
    assert SECRET not in request.url
    assert request.state == "mine"


def test_an_agency_may_show_its_own_name() -> None:
    """White-label users are sent to the host that bears no name."""
    request = authorization_request(attrs.evolve(APP, white_label=True))

    assert urlsplit(request.url).netloc == "marketplace.leadconnectorhq.com"
    assert urlsplit(request.url).path == "/v2/oauth/chooselocation"


def test_the_page_may_be_another_one() -> None:
    """In tests, or behind a proxy, the page is where one says, its own parameters kept."""
    request = authorization_request(APP, url="http://127.0.0.1:8000/choose?theme=dark")

    assert request.url.startswith("http://127.0.0.1:8000/choose?")
    assert query(request.url)["theme"] == "dark"


def test_no_scopes_ask_for_none() -> None:
    """An app without scopes leaves the choice to its settings in the portal."""
    assert "scope" not in query(authorization_request(attrs.evolve(APP, scopes=())).url)


def test_a_state_cannot_be_guessed() -> None:
    """Without a state of one's own each request has a new one, long enough."""
    states = {authorization_request(APP).state for _ in range(100)}

    assert len(states) == 100
    assert all(len(state) >= 24 for state in states)
    assert query(authorization_request(APP).url)["state"] not in states


@given(code=text, state=text)
def test_the_code_comes_back(code: str, state: str) -> None:
    """With the state that was sent, the callback gives its code, whatever characters it has."""
    url = f"{CALLBACK}?code={quote(code, safe='')}&state={quote(state, safe='')}"

    assert read_callback(url, state=state) == code


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"{CALLBACK}?code=abc&state=other", "mismatching_state"),
        (f"{CALLBACK}?code=abc&state=", "mismatching_state"),
        (f"{CALLBACK}?code=abc", "mismatching_state"),
        (f"{CALLBACK}?code=abc&state=MINE", "mismatching_state"),
        (f"{CALLBACK}?state=mine", "missing_code"),
        (f"{CALLBACK}?code=&state=mine", "missing_code"),
        (f"{CALLBACK}#code=abc&state=mine", "missing_code"),
        (CALLBACK, "missing_code"),
        ("", "missing_code"),
        (f"{CALLBACK}?error=access_denied&state=mine", "not granted .access_denied"),
        (f"{CALLBACK}?error=access_denied&code=abc&state=mine", "not granted .access_denied"),
    ],
)
def test_a_callback_that_is_no_answer(url: str, why: str) -> None:
    """Another state, a refusal and a missing code all lead back to the beginning."""
    with pytest.raises(ReauthorizationRequired, match=why) as raised:
        read_callback(url, state="mine")

    assert "start again" in str(raised.value)


def test_a_refusal_is_one_line() -> None:
    """What stands in a URL that anybody can call does not write lines into a log."""
    with pytest.raises(ReauthorizationRequired) as raised:
        read_callback(f"{CALLBACK}?error=x%0AERROR%20all%20is%20lost&state=mine", state="mine")

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("state", ["", None, 5])
def test_without_a_state_nothing_is_read(state: object) -> None:
    """A callback without a state to compare is refused, since anyone can make one."""
    with pytest.raises(ConfigurationError, match="state must be"):
        read_callback(f"{CALLBACK}?code=abc&state=", state=state)


@pytest.mark.parametrize("url", [None, 5, b"https://x/?code=a&state=mine", "http://[x?code=a"])
def test_what_is_no_url(url: object) -> None:
    """A callback that is no URL is the caller's to fix."""
    with pytest.raises(ConfigurationError, match="callback_url must be"):
        read_callback(url, state="mine")


@given(st.text(st.characters()), text)
def test_no_callback_breaks_the_reading(url: str, state: str) -> None:
    """Whatever is called back with, the answer is a code or one of our errors."""
    for callback in (url, f"{CALLBACK}?{url}", f"{CALLBACK}?code={url}"):
        try:
            code = read_callback(callback, state=state)
        except HighLevelError as error:
            code = type(error).__name__
        assert code
