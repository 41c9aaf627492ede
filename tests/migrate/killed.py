"""One run of a migration in a process of its own, which may be killed at any moment.

Its arguments are a URL, a token, a location, a ledger, and how many notes there are.
"""

import asyncio
import sys

from ghl_notes import Client, Contact, Limits, RetryPolicy, migrate
from ghl_notes.sources import SourceContact
from tests.migrate.sources import ListSource, note

SETTLE = 0.1


def source_of(contacts: list[Contact], notes: int) -> ListSource:
    """Spread so many notes over the contacts, each on a lead of its own."""
    people = [
        SourceContact(id=one.id, emails=(one.email or "",), phones=(one.phone or "",))
        for one in contacts
    ]
    leads = {f"lead_{person.id}": [person] for person in people}
    ids = list(leads)
    return ListSource(found=[note(n, ids[n % len(ids)]) for n in range(notes)], leads=leads)


async def main(url: str, token: str, location_id: str, ledger: str, notes: int) -> None:
    client = Client(
        token,
        base_url=url,
        location_id=location_id,
        limits=Limits(burst=1_000_000),
        retries=RetryPolicy(base=0.0, settle=SETTLE),
    )
    async with client:
        contacts = [contact async for contact in client.contacts.stream()]
        plan = await migrate.plan(source_of(contacts, notes), client, ledger=ledger)
        await migrate.apply(plan, ledger=ledger, settle=SETTLE)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5], int(sys.argv[5])))
