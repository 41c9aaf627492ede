"""Read the newest contacts' notes in all locations of an agency, with one install for all.

Install the app on the agency itself first: run oauth_web_app.py in this folder with

    export GHL_NOTES_SCOPES="contacts.readonly oauth.readonly oauth.write"

and choose the agency. It tells the agency's id, and leaves the file installs.db. Then:

    export GHL_NOTES_CLIENT_ID=... GHL_NOTES_CLIENT_SECRET=... GHL_NOTES_REDIRECT_URI=...
    export GHL_NOTES_COMPANY=...
    python agency.py
"""

import asyncio
import os
import sys
from contextlib import aclosing

from ghl_notes import App, Client, HighLevel, HighLevelError, ReauthorizationRequired
from ghl_notes.stores import SQLiteStore

ENV = os.environ
COMPANY = ENV["GHL_NOTES_COMPANY"]
BASE_URL = ENV.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")
APP = App(
    client_id=ENV["GHL_NOTES_CLIENT_ID"],
    client_secret=ENV["GHL_NOTES_CLIENT_SECRET"],
    redirect_uri=ENV["GHL_NOTES_REDIRECT_URI"],
)
CONTACTS = 5
NEWEST_FIRST = ({"field": "dateAdded", "direction": "desc"},)


async def newest(client: Client) -> list[str]:
    ids: list[str] = []
    async with aclosing(client.contacts.stream(page_size=CONTACTS, sort=NEWEST_FIRST)) as contacts:
        async for contact in contacts:
            ids.append(contact.id)
            if len(ids) == CONTACTS:
                break
    return ids


async def report(client: Client, name: str) -> None:
    """Print one location. What fails here leaves the other locations alone."""
    try:
        async for result in client.notes.stream(await newest(client)):
            print(f"{name}: contact {result.contact_id}: {result.error or len(result.notes)}")
    except HighLevelError as error:
        print(f"{name}: {error}", file=sys.stderr)


async def main() -> str | None:
    """Return what to do about a failure, or None."""
    store = SQLiteStore(ENV.get("GHL_NOTES_STORE", "installs.db"))
    async with HighLevel(APP, store=store, base_url=BASE_URL) as highlevel:
        try:
            locations = [location async for location in highlevel.locations(COMPANY)]
        except ReauthorizationRequired as error:
            return f"{error}\nInstall the app on the agency: oauth_web_app.py does that."
        except HighLevelError as error:
            return f"{type(error).__name__}: {error}"
        # Each location has a limit of its own, so all of them can be read at the same time.
        async with asyncio.TaskGroup() as reports:
            for one in locations:
                client = highlevel.location(one.id, company_id=COMPANY)
                reports.create_task(report(client, one.name or one.id))
    return None


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
