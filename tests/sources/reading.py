"""What tests of sources read, counted."""

from collections import Counter
from collections.abc import AsyncIterator

from ghl_notes.sources import SourceNote
from ghl_notes.testing import FakeCinnox


async def ids_of(notes: AsyncIterator[SourceNote], met: Counter[str] | None = None) -> Counter[str]:
    """Read to the end, and count how often each note came; in ``met``, if it may end otherwise."""
    met = Counter() if met is None else met
    async for note in notes:
        met[note.id] += 1
    return met


def there(fake: FakeCinnox, *contact_ids: str) -> Counter[str]:
    """Count the notes that the contacts have."""
    ids = contact_ids or fake.contact_ids()
    return Counter(note["noteId"] for one in ids for note in fake.notes(one))
