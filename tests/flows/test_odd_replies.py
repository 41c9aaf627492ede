# ruff: noqa: ANN001, ANN002, ANN003 - parameters are fixtures, whose types live in conftest
"""Replies that are not whole, or hold what JSON's readers stumble over, cost nothing else."""

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ghl_notes import UnexpectedResponse
from ghl_notes.testing import Fault
from tests.flows.calls import all_of

ODD = [Fault.HALF_LETTER, Fault.BROKEN_LETTER, Fault.LONG_NUMBER]


async def test_half_a_list_is_asked_for_again(fake, client, contact_id) -> None:
    """A 206 is not taken for all notes: the read goes again, alone and in a stream."""
    fake.inject(Fault.PARTIAL, 2)
    notes = await client.notes.list(contact_id)
    fake.inject(Fault.PARTIAL, 2)
    (result,) = await all_of(client.notes.stream([contact_id]))

    assert len(notes) == len(result.notes) == 5
    assert fake.stats.requests == 6


async def test_half_a_list_that_stays_is_an_error(fake, client, contact_id) -> None:
    """What never becomes whole is raised, and never returned."""
    fake.inject(Fault.PARTIAL, 100)
    with pytest.raises(UnexpectedResponse, match="206 is not a whole answer"):
        await client.notes.list(contact_id)
    with pytest.raises(UnexpectedResponse):
        await client.contacts.search()


async def test_a_write_that_is_answered_with_206_is_done(fake, client, contact_id) -> None:
    """Any success proves a write, which is not sent twice for its status."""
    fake.inject(Fault.PARTIAL, method="POST")
    note = await client.notes.create(contact_id, "once")

    assert [one["body"] for one in fake.notes(contact_id)].count("once") == 1
    assert note.body == "once"


@pytest.mark.parametrize("fault", ODD)
async def test_one_odd_note_costs_no_other(fake, client, contact_id, fault) -> None:
    """Half an emoji, a broken byte and an endless number are carried, not stumbled over."""
    fake.inject(fault)
    notes = await client.notes.list(contact_id)

    assert len(notes) == 5
    assert not notes.unreadable
    assert fake.stats.requests == 1


@pytest.mark.parametrize("fault", ODD)
async def test_one_odd_contact_costs_no_other(fake, client, fault) -> None:
    """The same in a search."""
    fake.inject(fault)
    assert len(await all_of(client.contacts.stream())) == 10
    assert fake.stats.requests == 1


async def test_half_an_emoji_is_kept(fake, client, contact_id) -> None:
    """What the pretend HighLevel was told comes back, though UTF-8 cannot say it."""
    fake.add_note(contact_id, "half \ud83d", title="\ude00")
    newest = (await client.notes.list(contact_id))[0]

    assert (newest.body, newest.title) == ("half \ud83d", "\ude00")


async def test_large_html_does_not_hold_the_loop_up(fake, client, contact_id) -> None:
    """Megabytes of markup become text in a thread, and the event loop goes on ticking."""
    appointment_id = fake.appointments(contact_id)[0]["id"]
    for _ in range(20):
        fake.add_appointment_note(appointment_id, PARAGRAPH * 147)
    longest, before = 0.0, time.monotonic()

    async def tick() -> None:
        nonlocal longest, before
        while True:
            await asyncio.sleep(0.001)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()

    ticking = asyncio.create_task(tick())
    thread = CountedThread()
    asyncio.get_running_loop().set_default_executor(thread)
    notes = await client.appointment_notes.list(appointment_id)
    ticking.cancel()

    assert {note.text for note in notes} == {"\n".join(["Hello Jane & Tom"] * 147)}
    assert thread.used == 1
    assert longest < 1


PARAGRAPH = "<p>Hello <b>Jane</b> &amp; Tom</p>"


class CountedThread(ThreadPoolExecutor):
    """Threads that count what they are given, but for look-ups of addresses."""

    used = 0

    def submit(self, *args, **kwargs) -> Future:
        self.used += "getaddrinfo" not in str(args)
        return super().submit(*args, **kwargs)
