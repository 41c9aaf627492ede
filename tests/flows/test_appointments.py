# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The appointments of one contact, which are only read."""

from datetime import UTC, datetime

import pytest


async def test_a_list_holds_every_appointment(fake, client, contact_id) -> None:
    """All appointments come, in HighLevel's order, with the fields that they have."""
    fake.add_appointment(contact_id, title="The last")
    appointments = await client.appointments.list(contact_id)
    held = fake.appointments(contact_id)

    assert [one.id for one in appointments] == [one["id"] for one in held]
    assert {one.title for one in appointments} >= {"The last"}
    assert appointments.unreadable == ()
    for one, kept in zip(appointments, held, strict=True):
        assert (one.calendar_id, one.contact_id) == (kept["calendarId"], contact_id)
        assert (one.location_id, one.group_id) == (fake.location_id, kept["groupId"])
        assert (one.status, one.appointment_status) == ("booked", "confirmed")
        assert (one.assigned_user_id, one.users) == (kept["assignedUserId"], tuple(kept["users"]))
        assert (one.address, one.extra) == (kept["address"], {})


async def test_a_contact_without_appointments_has_an_empty_list(start, connect) -> None:
    """None at all is an answer."""
    fake = await start(appointments_per_contact=0)

    assert await connect(fake).appointments.list(fake.contact_ids()[0]) == []


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("2026-12-24 18:30:00", datetime(2026, 12, 24, 18, 30)),  # noqa: DTZ001
        ("2026-12-24T18:30:00", datetime(2026, 12, 24, 18, 30)),  # noqa: DTZ001
        ("2026-12-24T18:30:00Z", datetime(2026, 12, 24, 18, 30, tzinfo=UTC)),
        ("2026-12-24T19:30:00+01:00", datetime(2026, 12, 24, 18, 30, tzinfo=UTC)),
        (1_798_137_000_000, datetime.fromtimestamp(1_798_137_000, UTC)),
        (None, None),
    ],
)
async def test_a_time_has_a_zone_if_highlevel_named_one(
    fake, client, contact_id, wire, expected
) -> None:
    """A time without a zone is not guessed to be in one, since nothing says which is meant."""
    made = fake.add_appointment(contact_id, startTime=wire)
    found = {one.id: one.start_time for one in await client.appointments.list(contact_id)}

    assert found[made["id"]] == expected
    assert (found[made["id"]] is None) or (
        (found[made["id"]].tzinfo is None) is (expected.tzinfo is None)
    )


async def test_what_is_new_is_kept(fake, client, contact_id) -> None:
    """Unknown states pass as they are, and unknown fields stand in ``extra``."""
    made = fake.add_appointment(
        contact_id, appointmentStatus="teleported", users=None, isRecurring=True
    )
    found = {one.id: one for one in await client.appointments.list(contact_id)}[made["id"]]

    assert (found.appointment_status, found.users) == ("teleported", ())
    assert found.extra == {"isRecurring": True}


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("startTime", "soon", "expected a time, got text"),
        ("users", "somebody", "expected a list, got text"),
        ("title", 5, "expected text, got int"),
    ],
)
async def test_an_appointment_that_cannot_be_read_is_told(
    fake, client, contact_id, field, value, problem
) -> None:
    """One broken appointment costs none of its neighbours, alone or in a stream."""
    made = fake.add_appointment(contact_id, **{field: value})
    place = [one["id"] for one in fake.appointments(contact_id)].index(made["id"])
    appointments = await client.appointments.list(contact_id)
    (streamed,) = [one async for one in client.appointments.stream([contact_id])]

    for found in (appointments, streamed.appointments):
        assert len(found) == 1
        (error,) = found.unreadable
        assert error.problems == (f"{problem} @ $.events[{place}].{field}",)
