"""Test your own code against a pretend HighLevel on this machine, with nothing patched.

The fixtures ``fake_highlevel`` and ``highlevel_client`` come with the library:

    pip install pytest pytest-asyncio
    pytest -o asyncio_mode=auto test_with_the_fake.py
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ghl_notes import Client, RetryPolicy, Unavailable
from ghl_notes.testing import FakeHighLevel, Fault


async def log_call(client: Client, contact_id: str, summary: str) -> str:
    """Your code: write a note about a call, and say how it went."""
    try:
        note = await client.notes.create(contact_id, f"Call: {summary}", title="Call")
    except Unavailable:
        return "HighLevel is down, try later"
    return f"noted as {note.id}"


async def last_words(client: Client, contact_id: str) -> str | None:
    """Your code: the text of the newest note."""
    notes = await client.notes.list(contact_id)
    return notes[0].text if notes else None


@pytest_asyncio.fixture
async def hasty_client(fake_highlevel: FakeHighLevel) -> AsyncIterator[Client]:
    """Retries without their pauses, for tests that break something."""
    hasty = RetryPolicy(attempts=2, base=0.0, settle=0.0)
    token, url = fake_highlevel.private_token, fake_highlevel.url
    async with Client(token, base_url=url, retries=hasty) as client:
        yield client


async def test_a_call_is_noted(fake_highlevel: FakeHighLevel, highlevel_client: Client) -> None:
    contact_id = fake_highlevel.contact_ids()[0]
    said = await log_call(highlevel_client, contact_id, "wants a demo")
    written = {note["id"]: note["body"] for note in fake_highlevel.notes(contact_id)}
    assert written[said.removeprefix("noted as ")] == "Call: wants a demo"


async def test_the_last_words(fake_highlevel: FakeHighLevel, highlevel_client: Client) -> None:
    contact_id = fake_highlevel.add_contact(email="jane@example.com")
    assert await last_words(highlevel_client, contact_id) is None
    fake_highlevel.add_note(contact_id, "<b>See</b> you")
    assert await last_words(highlevel_client, contact_id) == "See you"


async def test_a_lost_reply(fake_highlevel: FakeHighLevel, hasty_client: Client) -> None:
    contact_id = fake_highlevel.contact_ids()[0]
    fake_highlevel.inject(Fault.RESET_AFTER, method="POST")
    assert (await log_call(hasty_client, contact_id, "x")).startswith("noted")
    assert fake_highlevel.stats.notes_created == 1


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.BAD_GATEWAY])
async def test_a_hiccup(fake_highlevel: FakeHighLevel, hasty_client: Client, fault: Fault) -> None:
    fake_highlevel.inject(fault, times=1)
    assert await last_words(hasty_client, fake_highlevel.contact_ids()[0]) is not None


async def test_an_outage() -> None:
    fake = FakeHighLevel(fault_rates={Fault.RESET_BEFORE: 1.0})
    once = RetryPolicy(attempts=1)
    async with fake, Client(fake.private_token, base_url=fake.url, retries=once) as client:
        with pytest.raises(Unavailable):
            await last_words(client, fake.contact_ids()[0])
