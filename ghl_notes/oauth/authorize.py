"""The way through the browser: the URL that asks for an install, and the callback it ends in."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import parse_authorization_code_response

from ghl_notes.errors import ConfigurationError, ReauthorizationRequired
from ghl_notes.models import App, AuthorizationRequest

CHOOSE_LOCATION: Final = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"
WHITE_LABEL: Final = "https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation"


def authorization_request(
    app: App, *, state: str | None = None, url: str | None = None
) -> AuthorizationRequest:
    """Build the URL on which a user chooses the location to install the app on.

    ``state`` is made at random unless it is given. ``version_id`` is what the portal's own links
    carry and private apps do not install without; it is the app's id. An agency that shows
    HighLevel under its own name needs the white-label host.
    """
    page = url or (WHITE_LABEL if app.white_label else CHOOSE_LOCATION)
    return page_request(app, page, state=state, version_id=app.app_id)


def page_request(app: App, page: str, *, state: str | None, **more: str) -> AuthorizationRequest:
    """Build the URL of a page that asks for the app's scopes, with ``more`` in its query."""
    client = OAuth2Client(None, client_id=app.client_id, redirect_uri=app.redirect_uri)
    where, state = client.create_authorization_url(
        page, state=state, scope=" ".join(app.scopes), **more
    )
    return AuthorizationRequest(url=where, state=state)


def given_code(code: str | None, *, callback_url: str | None, state: str | None) -> str:
    """Return the code that was given, or that of the callback, whose state is checked.

    Raises ``ConfigurationError`` for both or neither, and for a state without a callback.
    """
    if (code is None) == (callback_url is None):
        msg = "give either code, or callback_url with its state"
        raise ConfigurationError(msg)
    if callback_url is not None:
        code = read_callback(callback_url, state=state or "")
    elif state is not None:
        msg = "state can be checked only against callback_url, not against a code"
        raise ConfigurationError(msg)
    if not isinstance(code, str) or not code.strip():
        msg = "code must be the text that the callback carried"
        raise ConfigurationError(msg)
    return code


def read_callback(callback_url: str, *, state: str) -> str:
    """Return the authorization code of a callback, after checking that the state is ours.

    Raises ``ReauthorizationRequired`` when the user said no, the state is another one, or there
    is no code: in each case the remedy is to start again at ``authorize()``.
    """
    if not isinstance(state, str) or not state:
        msg = "state must be the one that authorize() returned; without it anyone can call back"
        raise ConfigurationError(msg)
    try:
        query = urlsplit(callback_url).query if isinstance(callback_url, str) else None
    except ValueError:
        query = None
    if query is None:
        msg = "callback_url must be the URL that HighLevel sent the browser back to"
        raise ConfigurationError(msg)
    if refused := parse_qs(query).get("error"):
        msg = f"the install was not granted ({refused[0][:80]}); start again at authorize()"
        raise ReauthorizationRequired(msg)
    try:
        code = parse_authorization_code_response(callback_url, state=state)["code"]
    except OAuth2Error as error:
        msg = f"the callback is not the answer to this state ({error.error}); start again"
        raise ReauthorizationRequired(msg) from error
    return str(code)
