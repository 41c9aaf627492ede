"""Write every note of every contact of a location as JSON lines, as fast as the limit allows.

Memory holds what is under way, however many contacts there are. Notes go to stdout, contacts
that failed to stderr; the exit status is 1 if there were any.

    export GHL_NOTES_TOKEN=pit-...      # with the scope View Contacts
    export GHL_NOTES_LOCATION=...
    python bulk_export.py > notes.jsonl 2> failed.jsonl
"""

import asyncio
import json
import os
import sys
from contextlib import aclosing

from ghl_notes import Client, ContactNotes, HighLevelError, Note

TOKEN = os.environ["GHL_NOTES_TOKEN"]
LOCATION = os.environ["GHL_NOTES_LOCATION"]
BASE_URL = os.environ.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")


def as_json(note: Note) -> str:
    fields = {
        "contact": note.contact_id,
        "id": note.id,
        "added": note.date_added.isoformat(),
        "user": note.user_id,
        "title": note.title,
        "text": note.text,
    }
    return json.dumps(fields)


def failures(result: ContactNotes) -> list[HighLevelError]:
    """Give what is missing from a result: the contact as a whole, or single notes of it."""
    return [*([result.error] if result.error else []), *result.notes.unreadable]


async def main() -> int:
    failed = 0
    async with Client(TOKEN, location_id=LOCATION, base_url=BASE_URL) as client:
        contact_ids = (contact.id async for contact in client.contacts.stream())
        async with aclosing(client.notes.stream(contact_ids)) as results:
            async for result in results:
                for note in result.notes:
                    print(as_json(note))
                for error in failures(result):
                    failed += 1
                    print(json.dumps([result.contact_id, str(error)]), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except HighLevelError as error:  # the list of contacts broke off: the export has a gap
        sys.exit(f"incomplete, run it again: {type(error).__name__}: {error}")
