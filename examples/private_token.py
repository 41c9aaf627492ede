"""List, create, pin and delete notes of one contact, with a private integration token.

In HighLevel, make a token under Settings > Private Integrations with the scopes View Contacts
and Edit Contacts. Then:

    export GHL_NOTES_TOKEN=pit-...
    export GHL_NOTES_CONTACT=...        # the last part of the contact's URL in HighLevel
    python private_token.py
"""

import asyncio
import os
import sys

from ghl_notes import (
    AccessDenied,
    AmbiguousWrite,
    Client,
    HighLevelError,
    NotFound,
    RateLimited,
    Unavailable,
)

TOKEN = os.environ["GHL_NOTES_TOKEN"]
CONTACT = os.environ["GHL_NOTES_CONTACT"]
BASE_URL = os.environ.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")


async def tour(client: Client) -> None:
    for note in await client.notes.list(CONTACT):
        print(f"{note.date_added:%Y-%m-%d %H:%M}  {note.text}")

    note = await client.notes.create(CONTACT, "Spoke with Jane", title="Call", color="#FFAA00")
    print(f"created {note.id}")

    note = await client.notes.update(CONTACT, note.id, pinned=True)
    print(f"pinned {note.id}: {note.pinned}")

    await client.notes.delete(CONTACT, note.id)
    print(f"deleted {note.id}")


async def main() -> str | None:
    """Return what to do about a failure, or None."""
    async with Client(TOKEN, base_url=BASE_URL) as client:
        try:
            await tour(client)
        except NotFound as error:
            return f"{error}\nIs GHL_NOTES_CONTACT a contact of the token's own location?"
        except AccessDenied as error:
            return f"{error}\nCheck GHL_NOTES_TOKEN, and the scopes that the token has."
        except (RateLimited, Unavailable) as error:
            return f"{error}\nTry again later."
        except AmbiguousWrite as error:
            return f"{error}\nLook at the contact's notes before you run this again."
        except HighLevelError as error:
            return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
