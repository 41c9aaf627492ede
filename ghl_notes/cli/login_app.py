"""The command ``ghl-notes login`` and its options."""

from typing import Annotated, Final

import typer

from ghl_notes.cli.account import Account, Place
from ghl_notes.cli.options import ApiVersion, BaseUrl, ClientId, RedirectUri, Store
from ghl_notes.cli.statuses import finish

__all__ = ["login"]

# What contacts, notes and tasks need; those of oauth let an agency's install serve its locations.
_SCOPES: Final = "contacts.readonly contacts.write oauth.readonly oauth.write"


_Scopes = Annotated[
    str,
    typer.Option(
        metavar="SCOPES",
        help="What to ask for, with spaces between: scopes that the app's settings in HighLevel"
        " have.",
    ),
]
_Listen = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65535,
        metavar="PORT",
        help="Where the tunnel of the redirect URI ends on this machine. Not needed for"
        " http://127.0.0.1:PORT/... itself.",
    ),
]
_Paste = Annotated[
    bool, typer.Option("--paste", help="Ask for the URL that the browser was sent to.")
]
_NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Print the page to open, and do not open it.")
]
_Timeout = Annotated[
    float,
    typer.Option(min=0.001, metavar="SECONDS", help="How long to wait for the browser to be back."),
]
_WhiteLabel = Annotated[
    bool,
    typer.Option("--white-label", help="Use the page without HighLevel's name, as some agencies."),
]
_AuthorizeUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Another page than HighLevel's own.")
]


def login(  # noqa: PLR0913 - one for each option
    store: Store = "",
    client_id: ClientId = "",
    redirect_uri: RedirectUri = "",
    scopes: _Scopes = _SCOPES,
    listen: _Listen = None,
    paste: _Paste = False,  # noqa: FBT002 - an option
    no_browser: _NoBrowser = False,  # noqa: FBT002 - an option
    timeout: _Timeout = 600.0,
    white_label: _WhiteLabel = False,  # noqa: FBT002 - an option
    authorize_url: _AuthorizeUrl = None,
    base_url: BaseUrl = None,
    api_version: ApiVersion = None,
) -> None:
    """Install the app on a location or an agency, in a browser, and store the install.

    HighLevel sends the browser back to the redirect URI. It accepts no http://localhost, so that is
    usually a public https address, and there are two ways from there to here:

    **A tunnel** (ngrok, cloudflared, ssh -R, ...) from that address to a port of this machine: give
    the port as --listen. The redirect URI must end in /callback. The install begins at /connect
    beside it, since the browser keeps its cookie for that address.

    **--paste**: whatever the browser shows at the end, paste the URL from its address bar here.

    Exit status: 0 installed, 2 wrong usage, 1 anything else, 130 stopped by Ctrl-C before anything
    was stored. Once HighLevel is asked for the tokens, the end of --timeout or Ctrl-C waits for its
    answer, and what it brings is stored and told; a second Ctrl-C does not wait to tell it.
    """
    # With a web server, which is to slow down no other command.
    from ghl_notes.cli.login import Order  # noqa: PLC0415
    from ghl_notes.cli.login import login as install  # noqa: PLC0415

    order = Order(
        account=Account(
            place=Place(store),
            client_id=client_id,
            redirect_uri=redirect_uri,
            base_url=base_url,
            api_version=api_version,
            scopes=tuple(scopes.split()),
            white_label=white_label,
        ),
        authorize_url=authorize_url,
        listen=listen,
        paste=paste,
        browser=not no_browser,
        timeout=timeout,
    )
    raise typer.Exit(finish(lambda: install(order.ready())))
