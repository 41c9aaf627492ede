"""Where a redirect URI leads: arithmetic of URLs."""

import pytest

from ghl_notes.cli.door import Door, door_of
from ghl_notes.cli.statuses import Refused

TUNNEL = "https://tunnel.example.com/oauth/callback"


@pytest.mark.parametrize(
    ("redirect_uri", "listen", "door"),
    [
        (
            "http://127.0.0.1:8000/oauth/callback",
            None,
            Door("/oauth", 8000, "http://127.0.0.1:8000/oauth/connect"),
        ),
        ("http://localhost/callback", None, Door("", 80, "http://localhost/connect")),
        (TUNNEL, 8000, Door("/oauth", 8000, "https://tunnel.example.com/oauth/connect")),
        (
            "https://tunnel.example.com:8443/a/b/callback?from=app",
            9000,
            Door("/a/b", 9000, "https://tunnel.example.com:8443/a/b/connect"),
        ),
        (
            "http://127.0.0.1:8000/oauth/callback",
            9000,
            Door("/oauth", 9000, "http://127.0.0.1:8000/oauth/connect"),
        ),
    ],
)
def test_an_install_begins_beside_the_redirect_uri(
    redirect_uri: str, listen: int | None, door: Door
) -> None:
    """Its cookie comes back only to the origin that gave it; the port is ours to choose."""
    assert door_of(redirect_uri, listen) == door


@pytest.mark.parametrize("redirect_uri", [TUNNEL, "http://app.example.com/oauth/callback"])
def test_a_redirect_uri_elsewhere_needs_a_tunnel(redirect_uri: str) -> None:
    """The user is told of both ways."""
    with pytest.raises(Refused, match=r"tunnel .*127\.0\.0\.1.* --listen PORT, or use --paste"):
        door_of(redirect_uri, None)


@pytest.mark.parametrize("path", ["", "/", "/oauth/done", "/callback/"])
def test_another_path_can_only_be_pasted(path: str) -> None:
    """The two pages of an install are /connect and /callback."""
    with pytest.raises(Refused, match=r"/callback: use --paste"):
        door_of(f"https://tunnel.example.com{path}", 8000)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "callback",
        "/oauth/callback",
        "ftp://a/callback",
        "https:///callback",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:70000/callback",
        "http://127.0.0.1:0/callback",
        "http://[::1/callback",
    ],
)
def test_what_is_no_url_is_refused(redirect_uri: str) -> None:
    """It is quoted, so that the mistake can be seen."""
    with pytest.raises(Refused, match="is not a URL"):
        door_of(redirect_uri, 8000)
