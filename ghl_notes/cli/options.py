"""The options that name an app and a store."""

from typing import Annotated, Final

import typer

from ghl_notes.cli.account import SEAL_KEYS, SECRET

__all__ = ["SECRETS", "BaseUrl", "ClientId", "Json", "RedirectUri", "Store"]

SECRETS: Final = f"""
The environment alone tells what is secret: `{SECRET}`, the secret of the app, which is asked for
on a terminal if it is missing, and `{SEAL_KEYS}`, the keys of a sealed store, the newest first,
with commas between them.
"""
"""What stands below the help of commands that need an app's secret."""

Store = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_STORE",
        metavar="FILE|URL",
        show_default=False,
        help="Where installs are kept: a SQLite file, a postgresql:// URL or a redis:// URL."
        " A URL with a password is better in the environment than here.",
    ),
]

ClientId = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_CLIENT_ID",
        metavar="ID",
        show_default=False,
        help="The client id of the marketplace app.",
    ),
]

RedirectUri = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_REDIRECT_URI",
        metavar="URL",
        show_default=False,
        help="Where HighLevel sends the browser back to: one of the app's redirect URIs, to the"
        " letter.",
    ),
]

BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Another server than HighLevel's own.")
]

Json = Annotated[bool, typer.Option("--json", help="Write JSON lines, with times in UTC.")]
