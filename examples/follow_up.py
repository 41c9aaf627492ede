"""Follow a lead up: the contact, a tag, a note about the call, and a task that is due.

In HighLevel, make a token under Settings > Private Integrations with the scopes View Contacts
and Edit Contacts. Then:

    export GHL_NOTES_TOKEN=pit-...
    export GHL_NOTES_LOCATION=...       # Settings > Business Profile > Location ID
    python follow_up.py jane@example.com "Wants a quote by Friday"
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from ghl_notes import AmbiguousWrite, Client, HighLevelError

TOKEN = os.environ["GHL_NOTES_TOKEN"]
LOCATION = os.environ["GHL_NOTES_LOCATION"]
BASE_URL = os.environ.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")


async def follow_up(client: Client, email: str, said: str) -> None:
    upserted = await client.contacts.upsert(email=email)
    contact = upserted.contact
    print(f"{'new' if upserted.new else 'known'} contact {contact.id}")

    print("tags:", ", ".join(await client.tags.add(contact.id, ["follow-up"])))
    note = await client.notes.create(contact.id, said)
    print(f"note {note.id}")

    if any(not task.completed for task in await client.tasks.list(contact.id)):
        print("there is an open task already")
        return
    due = datetime.now(UTC) + timedelta(days=2)
    task = await client.tasks.create(contact.id, "Call back", due_date=due, body=said)
    print(f"task {task.id}, due {task.due_date:%Y-%m-%d}")


async def main(email: str, said: str) -> str | None:
    """Return what to do about a failure, or None."""
    async with Client(TOKEN, location_id=LOCATION, base_url=BASE_URL) as client:
        try:
            await follow_up(client, email, said)
        except AmbiguousWrite as error:
            return f"{error}\nLook at the contact before you run this again."
        except HighLevelError as error:
            return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
