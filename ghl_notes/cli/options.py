"""The options that commands have in common: how to reach HighLevel, and what to write."""

from typing import Annotated, Final

import typer

from ghl_notes.cli.account import SEAL_KEYS, SECRET

__all__ = [
    "SECRETS",
    "ApiVersion",
    "BaseUrl",
    "ClientId",
    "ContactId",
    "Json",
    "Location",
    "RedirectUri",
    "Store",
    "Token",
    "Yes",
]

SECRETS: Final = f"""
The environment alone tells what is secret: `{SECRET}`, the secret of the app, which is asked for
on a terminal if it is missing, and `{SEAL_KEYS}`, the keys of a sealed store, the newest first,
with commas between them.
"""
"""What stands below the help of commands that need an app's secret."""

_ACCOUNT: Final = "Account"

Token = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_TOKEN",
        metavar="TOKEN",
        show_default=False,
        rich_help_panel=_ACCOUNT,
        help="A private integration token of the location. Better in the environment than here,"
        " where other users of the machine can see it.",
    ),
]

Location = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_LOCATION",
        metavar="ID",
        show_default=False,
        rich_help_panel=_ACCOUNT,
        help="The location (sub-account).",
    ),
]

Store = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_STORE",
        metavar="FILE|URL",
        show_default=False,
        rich_help_panel=_ACCOUNT,
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
        rich_help_panel=_ACCOUNT,
        help="The client id of the marketplace app.",
    ),
]

RedirectUri = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_REDIRECT_URI",
        metavar="URL",
        show_default=False,
        rich_help_panel=_ACCOUNT,
        help="Where HighLevel sends the browser back to: one of the app's redirect URIs, to the"
        " letter.",
    ),
]

BaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="GHL_NOTES_BASE_URL",
        metavar="URL",
        rich_help_panel=_ACCOUNT,
        help="Another server than HighLevel's own.",
    ),
]

ApiVersion = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        rich_help_panel=_ACCOUNT,
        help="Another version of HighLevel's API than 2021-07-28, such as v3.",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Write JSON lines, with times in UTC.")]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

ContactId = Annotated[
    str, typer.Argument(metavar="CONTACT", help="The contact's id; ghl-notes contact find has it.")
]
