"""Exports of leads, as a pretend Close would write them."""

import gzip
import json
from pathlib import Path

from ghl_notes.testing import FakeClose


def leads_of(fake: FakeClose) -> list[dict[str, object]]:
    """Give the leads of a pretend Close with their contacts and notes, and a call beside them."""
    leads = [dict(lead) for lead in fake._parts.world.leads.values()]
    for lead in leads:
        notes = [note for note in fake.notes() if note["lead_id"] == lead["id"]]
        lead["activities"] = [{"_type": "Call", "id": "acti_call"}, *notes]
    return leads


def write(path: Path, leads: object, *, packed: bool) -> Path:
    """Write an export."""
    body = json.dumps(leads).encode()
    path.write_bytes(gzip.compress(body) if packed else body)
    return path
