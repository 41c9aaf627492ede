"""``ghl-notes fake``: the pretend HighLevel as a server, for other programs to talk to."""

import asyncio
import signal
from contextlib import suppress

import typer

from ghl_notes import App, HighLevel
from ghl_notes.cli.statuses import Refused, Status
from ghl_notes.testing import FakeHighLevel

__all__ = ["serve"]


async def serve(fake: FakeHighLevel) -> Status:
    """Serve until SIGINT or SIGTERM, after telling how to reach it.

    Raises ``Refused`` for a port that cannot be had.
    """
    try:
        await fake.start()
    except OSError as error:
        msg = f"port {fake.port} cannot be had: choose another --port, or 0 for any free one"
        raise Refused(msg) from error
    try:
        stopped = _stop_signal()
        typer.echo(await _card(fake))
        await stopped.wait()
    finally:
        await fake.close()
    return Status.DONE


def _stop_signal() -> asyncio.Event:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    with suppress(NotImplementedError):  # Windows, where Ctrl-C arrives as KeyboardInterrupt
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
    return stopped


async def _card(fake: FakeHighLevel) -> str:
    where, token = fake.location_id, fake.private_token
    contact_id = next(iter(fake.contact_ids()), "CONTACT_ID")
    options = f"--base-url {fake.url} --location {where} --token {token} --out notes.jsonl"
    headers = f"-H 'Version: 2021-07-28' -H 'Authorization: Bearer {token}'"
    lines = (
        f"A pretend HighLevel on this machine, until Ctrl-C: {fake.contacts:,} contacts with",
        f"{fake.notes_per_contact:,} notes each, {fake.limit} requests in {fake.interval:g} s.",
        "",
        f"URL            {fake.url}",
        f"location id    {where}",
        f"private token  {token}",
        f"client id      {fake.app.client_id}",
        f"client secret  {fake.app.client_secret}",
        f"redirect URI   {fake.app.redirect_uri}",
        f"authorize URL  {await _authorize_url(fake)}",
        "",
        f"export GHL_NOTES_BASE_URL={fake.url} GHL_NOTES_LOCATION={where} GHL_NOTES_TOKEN={token}",
        "ghl-notes contact find --limit 5",
        f"ghl-notes note list {contact_id}",
        _login(fake),
        f"ghl-notes export {options}",
        f"curl {headers} {fake.url}/contacts/{contact_id}/notes",
    )
    return "\n".join(lines)


def _login(fake: FakeHighLevel) -> str:
    app = f"--client-id {fake.app.client_id} --redirect-uri {fake.app.redirect_uri}"
    page = f"--base-url {fake.url} --authorize-url {fake.url}/v2/oauth/chooselocation"
    line = f"ghl-notes login --store installs.db {app} {page}"
    if not fake.app.redirect_uri.startswith("http://127.0.0.1:"):
        line += " --paste"
    return f"GHL_NOTES_CLIENT_SECRET={fake.app.client_secret} {line}"


async def _authorize_url(fake: FakeHighLevel) -> str:
    app = App(
        client_id=fake.app.client_id,
        client_secret=fake.app.client_secret,
        redirect_uri=fake.app.redirect_uri,
        scopes=fake.app.scopes,
    )
    async with HighLevel(app) as highlevel:
        return highlevel.authorize(url=f"{fake.url}/v2/oauth/chooselocation").url
