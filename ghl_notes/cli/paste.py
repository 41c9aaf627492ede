"""``ghl-notes login --paste``: the user carries the callback over from the browser."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

import typer

from ghl_notes import AuthorizationRequest, Install, ReauthorizationRequired
from ghl_notes.cli.asking import Asker
from ghl_notes.cli.exchanges import Exchanges
from ghl_notes.cli.statuses import Refused, say

__all__ = ["fault_of", "pasted"]

# The first try, and three more.
_TRIES: Final = 4
_MOST_SHOWN: Final = 80


async def pasted(
    exchanges: Exchanges, request: AuthorizationRequest, redirect_uri: str
) -> Install | None:
    """Ask for the callback's URL until it is one, and install; None after too many tries.

    Raises ``Refused`` when stdin ends first.
    """
    typer.echo(f"HighLevel then sends the browser to {redirect_uri}?code=...&state=...")
    typer.echo("Whatever the browser shows there, copy the whole URL from its address bar.\n")
    asker = Asker()
    for _ in range(_TRIES):
        callback_url = await asker.ask("URL:")
        if callback_url is None:
            raise Refused("no URL came: paste the one that the browser was sent to")
        fault = fault_of(callback_url, request.state)
        if fault is None:
            try:
                return await exchanges.install(callback_url=callback_url, state=request.state)
            except ReauthorizationRequired:
                fault = "its code is used or too old: open the page above once more"
        say(fault)
    say("that was the last try; nothing was installed")
    return None


def fault_of(callback_url: str, state: str) -> str | None:
    """Say why a URL is not the callback that was waited for, None if it is."""
    try:
        query = parse_qs(urlsplit(callback_url).query)
    except ValueError:
        query = {}
    if not query.keys() & {"code", "error"}:
        return "that is not the URL of a callback: there is a code=... in it"
    if "error" in query:
        said = query["error"][0][:_MOST_SHOWN]
        return f"the install was not granted ({said!r}): open the page above to try again"
    if query.get("state") != [state]:
        return "that URL belongs to another login, by its state: open the page above once more"
    return None
