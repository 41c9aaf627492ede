"""The tasks and appointments that contacts have before anyone writes to them: computed."""

from datetime import UTC, datetime

from ghl_notes.testing.ids import Kind
from ghl_notes.testing.population import Population, iso
from ghl_notes.testing.replies import Payload

__all__ = ["appointment", "computed_appointment", "computed_task", "local_time"]

_TITLES = ("Call back", "Send the offer", "Prepare the demo", "Ask for a review", "Check the bill")
_DAY = 86_400_000
_HALF_HOUR = 1_800_000


def computed_task(people: Population, contact: int, number: int) -> Payload:
    """Give a task in wire form. Some are completed; some have no text or nobody to do them."""
    task: Payload = {
        "id": people.ids.encode(Kind.TASK, people.location, contact, number),
        "title": f"{_TITLES[(contact + number) % len(_TITLES)]} [{contact}-{number}]",
        "dueDate": iso(people.added(contact) + (number + 1) * _DAY),
        "completed": number % 3 == 1,
        "contactId": people.contact_id(contact),
    }
    if number % 2 == 0:
        task["body"] = f"Task {number} of contact {contact}."
    if contact % 3:
        task["assignedTo"] = people.users[number % len(people.users)]
    return task


def computed_appointment(people: Population, contact: int, number: int) -> Payload:
    """Give an appointment in wire form, half an hour long, later numbers later."""
    added = people.added(contact)
    appointment_id = people.ids.encode(Kind.APPOINTMENT, people.location, contact, number)
    return appointment(people, contact, appointment_id, added, added + (number + 1) * _DAY)


def appointment(
    people: Population, contact: int, appointment_id: str, added: int, start: int
) -> Payload:
    """Lay an appointment out; the times are in ms."""
    user = people.users[contact % len(people.users)]
    return {
        "id": appointment_id,
        "calendarId": people.ids.encode(Kind.CALENDAR, people.location),
        "status": "booked",
        "title": f"Appointment with contact {contact}",
        "assignedUserId": user,
        "notes": "",
        "startTime": local_time(start),
        "endTime": local_time(start + _HALF_HOUR),
        "address": "1 Main Street, Springfield, US",
        "locationId": people.location_id,
        "contactId": people.contact_id(contact),
        "groupId": people.ids.encode(Kind.CALENDAR, people.location, 1),
        "appointmentStatus": "confirmed",
        "users": [user],
        "dateAdded": local_time(added),
        "dateUpdated": local_time(added),
        "assignedResources": [],
    }


def local_time(ms: int) -> str:
    """Write a time as appointments have it: without a zone. Documented by an example only."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
