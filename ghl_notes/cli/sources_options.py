"""The options that name another system's account, and which of its notes."""

from typing import Annotated, Final

import typer

__all__ = [
    "AppId",
    "AppToken",
    "CinnoxUrl",
    "CloseKey",
    "CloseUrl",
    "Since",
    "Until",
]

_CLOSE: Final = "Close"
_CINNOX: Final = "CINNOX"
_NOTES: Final = "Which notes"

CloseKey = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_CLOSE_KEY",
        metavar="KEY",
        show_default=False,
        rich_help_panel=_CLOSE,
        help="An API key of the organization. Better in the environment than here, where other"
        " users of the machine can see it.",
    ),
]

CloseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="GHL_NOTES_CLOSE_URL",
        metavar="URL",
        rich_help_panel=_CLOSE,
        help="Another server than Close's own.",
    ),
]

CinnoxUrl = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_CINNOX_URL",
        metavar="URL",
        show_default=False,
        rich_help_panel=_CINNOX,
        help="The app's base URL. It is shown where the app was made, as are its id and token:"
        " Administration > Service Integration > API.",
    ),
]

AppId = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_CINNOX_APP_ID",
        metavar="ID",
        show_default=False,
        rich_help_panel=_CINNOX,
        help="The app.",
    ),
]

AppToken = Annotated[
    str,
    typer.Option(
        envvar="GHL_NOTES_CINNOX_APP_TOKEN",
        metavar="TOKEN",
        show_default=False,
        rich_help_panel=_CINNOX,
        help="Its token. Better in the environment than here, where other users of the machine"
        " can see it.",
    ),
]

Since = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        rich_help_panel=_NOTES,
        help="Only notes from then on: a date or a time in ISO 8601, in local time unless it has a"
        " zone.",
    ),
]

Until = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        rich_help_panel=_NOTES,
        help="Only notes until then; a date alone is its beginning.",
    ),
]
