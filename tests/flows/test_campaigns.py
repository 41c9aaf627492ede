# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Contacts enter and leave campaigns and workflows."""

from datetime import datetime, timedelta, timezone

import pytest

from ghl_notes.errors import ConfigurationError, NotFound
from ghl_notes.testing import Failure, Fault

BEGIN = datetime(2026, 12, 24, 18, 30, tzinfo=timezone(timedelta(hours=1)))


async def test_a_contact_enters_and_leaves_campaigns(fake, client, contact_id) -> None:
    """Each campaign is entered and left on its own, and what the contact is not in is no error."""
    for campaign in ("one", "two", "three"):
        await client.campaigns.add(contact_id, campaign)
    await client.campaigns.remove(contact_id, "two")
    await client.campaigns.remove(contact_id, "four")

    assert fake.campaigns(contact_id) == ["one", "three"]
    assert fake.campaigns(fake.contact_ids()[1]) == []


async def test_a_contact_leaves_all_campaigns(fake, client, contact_id, api_version) -> None:
    """One call leaves them all, on the path that the version has for it."""
    for campaign in ("one", "two"):
        await client.campaigns.add(contact_id, campaign)
    await client.workflows.add(contact_id, "one")
    await client.campaigns.remove_all(contact_id)
    last = "remove-all" if api_version == "v3" else "removeAll"

    assert fake.campaigns(contact_id) == []
    assert fake.workflows(contact_id) == {"one": None}
    assert fake.requests[-1].path == f"/contacts/{contact_id}/campaigns/{last}"
    assert fake.requests[-1].version == api_version


async def test_a_contact_enters_and_leaves_workflows(fake, client, contact_id) -> None:
    """Each workflow is entered and left on its own, with the time of its event in UTC."""
    await client.workflows.add(contact_id, "one")
    await client.workflows.add(contact_id, "two", event_start_time=BEGIN)
    await client.workflows.add(contact_id, "three")
    await client.workflows.remove(contact_id, "three", event_start_time=BEGIN)
    await client.workflows.remove(contact_id, "four")

    held = fake.workflows(contact_id)
    assert held.keys() == {"one", "two"}
    assert held["one"] is None
    assert datetime.fromisoformat(held["two"]) == BEGIN


@pytest.mark.parametrize("time", ["2026-12-24T18:30:00Z", BEGIN.replace(tzinfo=None), 5], ids=str)
async def test_an_event_needs_a_time_with_a_zone(fake, client, contact_id, time) -> None:
    """What could be any time is refused, by both calls, before anything is sent."""
    for call in (client.workflows.add, client.workflows.remove):
        with pytest.raises(ConfigurationError, match="event_start_time"):
            await call(contact_id, "one", event_start_time=time)

    assert fake.stats.requests == 0


@pytest.mark.parametrize("fault", [Fault.EMPTY_BODY, Fault.WRONG_TYPE])
async def test_a_good_status_is_enough(fake, client, contact_id, fault) -> None:
    """Nothing is read from these replies, so that an odd body of a success is none of a failure."""
    fake.inject(fault, 2)
    await client.campaigns.add(contact_id, "one")
    await client.workflows.add(contact_id, "two")

    assert fake.campaigns(contact_id) == ["one"]
    assert fake.workflows(contact_id) == {"two": None}
    assert fake.stats.requests == 2


GONE = Failure(status=400, message="Contact not found in this campaign")


@pytest.mark.parametrize("lost", [Fault.RESET_AFTER, Fault.CUT_HEAD])
async def test_what_was_left_by_a_lost_try_is_left(fake, client, contact_id, lost) -> None:
    """If the first try did it and its reply was lost, the second finds nothing, and all is well."""
    for leave in (client.campaigns.remove, client.workflows.remove):
        fake.inject(lost)
        fake.inject(GONE)
        await leave(contact_id, "one")
    fake.inject(GONE)
    with pytest.raises(NotFound):
        await client.campaigns.remove(contact_id, "one")


@pytest.mark.parametrize("reserved", ["removeAll", "remove-all"])
async def test_all_campaigns_are_left_by_name_alone(fake, client, contact_id, reserved) -> None:
    """An id that HighLevel takes for all campaigns is refused, wherever it came from."""
    for call in (client.campaigns.add, client.campaigns.remove):
        with pytest.raises(ConfigurationError, match="remove_all"):
            await call(contact_id, reserved)

    assert fake.stats.requests == 0
