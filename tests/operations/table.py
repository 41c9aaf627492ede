"""Every operation of HighLevel that this library serves, written down independently of it."""

from tests.operations.rows import Row

READ, WRITE = "contacts.readonly", "contacts.write"
EVENTS_READ, EVENTS_WRITE = "calendars/events.readonly", "calendars/events.write"
NOTES_READ, NOTES_WRITE = "notes.readonly", "notes.write"

CALENDARS = ("2021-04-15", "v3")
V3 = ("v3", "v3")

CONTACT = "/contacts/{contact_id}"
NOTE = f"{CONTACT}/notes/{{note_id}}"
TASK = f"{CONTACT}/tasks/{{task_id}}"
CAMPAIGN = f"{CONTACT}/campaigns/{{campaign_id}}"
WORKFLOW = f"{CONTACT}/workflow/{{workflow_id}}"
APPOINTMENT = "/calendars/appointments/{appointment_id}/notes"
APPOINTMENT_NOTE = f"{APPOINTMENT}/{{appointment_note_id}}"
ANY_NOTE = "/notes/{note_id}"

CONTACTS = (
    Row("POST", "/contacts/search", READ, ("contacts.search", "contacts.stream")),
    Row("GET", "/contacts/", READ, ("contacts.list",), v3=None),
    Row("GET", "/contacts/search/duplicate", READ, ("contacts.duplicate",)),
    Row("GET", CONTACT, READ, ("contacts.get",)),
    Row("POST", "/contacts/", WRITE, ("contacts.create",)),
    Row("POST", "/contacts/upsert", WRITE, ("contacts.upsert",)),
    Row("PUT", CONTACT, WRITE, ("contacts.update",)),
    Row("DELETE", CONTACT, WRITE, ("contacts.delete",)),
    Row(
        "GET",
        f"{CONTACT}/notes",
        READ,
        ("notes.list", "notes.stream"),
        looks=("notes.create",),
    ),
    Row("POST", f"{CONTACT}/notes", WRITE, ("notes.create",)),
    Row("GET", NOTE, READ, ("notes.get",)),
    Row("PUT", NOTE, WRITE, ("notes.update",)),
    Row("DELETE", NOTE, WRITE, ("notes.delete",)),
    Row("GET", f"{CONTACT}/tasks", READ, ("tasks.list", "tasks.stream")),
    Row("POST", f"{CONTACT}/tasks", WRITE, ("tasks.create",)),
    Row("GET", TASK, READ, ("tasks.get",)),
    Row("PUT", TASK, WRITE, ("tasks.update",)),
    Row("PUT", f"{TASK}/completed", WRITE, ("tasks.complete",)),
    Row("DELETE", TASK, WRITE, ("tasks.delete",)),
    Row("GET", f"{CONTACT}/appointments", READ, ("appointments.list", "appointments.stream")),
    Row("POST", f"{CONTACT}/tags", WRITE, ("tags.add",)),
    Row("DELETE", f"{CONTACT}/tags", WRITE, ("tags.remove",)),
    Row(
        "POST",
        "/contacts/bulk/tags/update/{type}",
        WRITE,
        ("tags.bulk_add", "tags.bulk_remove", "tags.bulk_clear"),
    ),
    Row("POST", f"{CONTACT}/followers", WRITE, ("followers.add",)),
    Row("DELETE", f"{CONTACT}/followers", WRITE, ("followers.remove",)),
    Row("POST", CAMPAIGN, WRITE, ("campaigns.add",)),
    Row("DELETE", CAMPAIGN, WRITE, ("campaigns.remove",)),
    Row(
        "DELETE",
        f"{CONTACT}/campaigns/removeAll",
        WRITE,
        ("campaigns.remove_all",),
        v3=f"{CONTACT}/campaigns/remove-all",
    ),
    Row("POST", WORKFLOW, WRITE, ("workflows.add",)),
    Row("DELETE", WORKFLOW, WRITE, ("workflows.remove",)),
    Row("GET", "/contacts/business/{business_id}", READ, ("businesses.contacts",)),
    Row("POST", "/contacts/bulk/business", WRITE, ("businesses.assign", "businesses.unassign")),
)

APPOINTMENT_NOTES = (
    Row(
        "GET",
        APPOINTMENT,
        EVENTS_READ,
        ("appointment_notes.list", "appointment_notes.stream"),
        versions=CALENDARS,
        looks=("appointment_notes.create",),
    ),
    Row("POST", APPOINTMENT, EVENTS_WRITE, ("appointment_notes.create",), versions=CALENDARS),
    Row("PUT", APPOINTMENT_NOTE, EVENTS_WRITE, ("appointment_notes.update",), versions=CALENDARS),
    Row(
        "DELETE", APPOINTMENT_NOTE, EVENTS_WRITE, ("appointment_notes.delete",), versions=CALENDARS
    ),
)

LOCATION_NOTES = (
    Row(
        "POST",
        "/notes/search",
        NOTES_READ,
        ("location_notes.search", "location_notes.stream"),
        versions=V3,
    ),
    Row("POST", "/notes/", NOTES_WRITE, ("location_notes.create",), versions=V3),
    Row("GET", ANY_NOTE, NOTES_READ, ("location_notes.get",), versions=V3),
    Row("PUT", ANY_NOTE, NOTES_WRITE, ("location_notes.update",), versions=V3),
    Row("DELETE", ANY_NOTE, NOTES_WRITE, ("location_notes.delete",), versions=V3),
    Row(
        "POST",
        "/notes/{deleted_note_id}/restore",
        NOTES_WRITE,
        ("location_notes.restore",),
        versions=V3,
    ),
    Row(
        "PUT",
        f"{ANY_NOTE}/relations",
        NOTES_WRITE,
        ("location_notes.add_relations", "location_notes.remove_relations"),
        versions=V3,
    ),
    Row(
        "PATCH",
        f"{ANY_NOTE}/attachments",
        NOTES_WRITE,
        ("location_notes.add_attachments", "location_notes.remove_attachments"),
        versions=V3,
    ),
)

INSTALLS = (
    Row(
        "GET",
        "/oauth/installedLocations",
        "oauth.readonly",
        ("highlevel.locations",),
        v3="/oauth/installed-locations",
    ),
    Row(
        "POST",
        "/oauth/locationToken",
        "oauth.write",
        ("highlevel.mint",),
        v3="/oauth/location-token",
    ),
)

TABLE = (*CONTACTS, *APPOINTMENT_NOTES, *LOCATION_NOTES, *INSTALLS)
