"""Every call this library makes: its method, its path, the scope it needs, who makes it.

Paths are those of the dated versions; where version 3 has others, the table in ``http/protocol``
says so.
"""

from typing import Final

from attrs import field, frozen

READ: Final = "contacts.readonly"
WRITE: Final = "contacts.write"
EVENTS_READ: Final = "calendars/events.readonly"
EVENTS_WRITE: Final = "calendars/events.write"
NOTES_READ: Final = "notes.readonly"
NOTES_WRITE: Final = "notes.write"


def _split(names: str) -> tuple[str, ...]:
    return tuple(names.split())


@frozen(eq=False)
class Operation:
    """One call of HighLevel's API. ``served_by`` names the methods of a client that make it.

    ``docs`` is what documents it, below https://marketplace.gohighlevel.com/docs/ghl/. Calls of
    one ``family`` name the same version in their header. ``repeatable`` says that doing it twice
    does no harm, and ``gone_is_done`` that a repeated delete which finds nothing has succeeded.
    """

    docs: str
    method: str
    template: str
    scope: str
    served_by: tuple[str, ...] = field(converter=_split)
    repeatable: bool = field(default=True, kw_only=True)
    gone_is_done: bool = field(default=False, kw_only=True)
    family: str = field(init=False)

    @family.default
    def _name_family(self) -> str:
        return self.docs.partition("/")[0]

    @property
    def changes(self) -> bool:
        """Tell whether it makes or changes something of a location's."""
        return self.method != "DELETE" and self.scope in (WRITE, EVENTS_WRITE, NOTES_WRITE)

    @property
    def reads(self) -> bool:
        """Tell whether it only asks, though it may be by POST."""
        return self.method == "GET" or self.scope in (READ, EVENTS_READ, NOTES_READ)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of methods that make it, such as ``notes``."""
        return frozenset(name.partition(".")[0] for name in self.served_by)


_CONTACT: Final = "/contacts/{contact_id}"
_NOTES: Final = f"{_CONTACT}/notes"
_NOTE: Final = f"{_NOTES}/{{note_id}}"
_TASKS: Final = f"{_CONTACT}/tasks"
_TASK: Final = f"{_TASKS}/{{task_id}}"
_OF_APPOINTMENT: Final = "/calendars/appointments/{appointment_id}/notes"
_LOCATION_NOTE: Final = "/notes/{note_id}"

# contacts

CONTACTS_SEARCH: Final = Operation(
    "contacts/search-contacts-advanced",
    "POST",
    "/contacts/search",
    READ,
    "contacts.search contacts.stream",
)
CONTACTS_LIST: Final = Operation(
    "contacts/get-contacts", "GET", "/contacts/", READ, "contacts.list"
)
CONTACTS_DUPLICATE: Final = Operation(
    "contacts/get-duplicate-contact",
    "GET",
    "/contacts/search/duplicate",
    READ,
    "contacts.duplicate",
)
CONTACTS_GET: Final = Operation("contacts/get-contact", "GET", _CONTACT, READ, "contacts.get")
CONTACTS_CREATE: Final = Operation(
    "contacts/create-contact", "POST", "/contacts/", WRITE, "contacts.create", repeatable=False
)
CONTACTS_UPSERT: Final = Operation(
    "contacts/upsert-contact", "POST", "/contacts/upsert", WRITE, "contacts.upsert"
)
CONTACTS_UPDATE: Final = Operation(
    "contacts/update-contact", "PUT", _CONTACT, WRITE, "contacts.update"
)
CONTACTS_DELETE: Final = Operation(
    "contacts/delete-contact", "DELETE", _CONTACT, WRITE, "contacts.delete", gone_is_done=True
)

# notes of contacts; a create whose reply was lost is looked up, which is a read

NOTES_LIST: Final = Operation(
    "contacts/get-all-notes", "GET", _NOTES, READ, "notes.list notes.stream notes.create"
)
NOTES_GET: Final = Operation("contacts/get-note", "GET", _NOTE, READ, "notes.get")
NOTES_CREATE: Final = Operation(
    "contacts/create-note", "POST", _NOTES, WRITE, "notes.create", repeatable=False
)
NOTES_UPDATE: Final = Operation("contacts/update-note", "PUT", _NOTE, WRITE, "notes.update")
NOTES_DELETE: Final = Operation(
    "contacts/delete-note", "DELETE", _NOTE, WRITE, "notes.delete", gone_is_done=True
)

# tasks

TASKS_LIST: Final = Operation(
    "contacts/get-all-tasks", "GET", _TASKS, READ, "tasks.list tasks.stream"
)
TASKS_GET: Final = Operation("contacts/get-task", "GET", _TASK, READ, "tasks.get")
TASKS_CREATE: Final = Operation(
    "contacts/create-task", "POST", _TASKS, WRITE, "tasks.create", repeatable=False
)
TASKS_UPDATE: Final = Operation("contacts/update-task", "PUT", _TASK, WRITE, "tasks.update")
TASKS_COMPLETE: Final = Operation(
    "contacts/update-task-completed",
    "PUT",
    f"{_TASKS}/{{task_id}}/completed",
    WRITE,
    "tasks.complete",
)
TASKS_DELETE: Final = Operation(
    "contacts/delete-task", "DELETE", _TASK, WRITE, "tasks.delete", gone_is_done=True
)

# appointments, tags, followers

APPOINTMENTS_LIST: Final = Operation(
    "contacts/get-appointments-for-contact",
    "GET",
    f"{_CONTACT}/appointments",
    READ,
    "appointments.list appointments.stream",
)
TAGS_ADD: Final = Operation("contacts/add-tags", "POST", f"{_CONTACT}/tags", WRITE, "tags.add")
TAGS_REMOVE: Final = Operation(
    "contacts/remove-tags", "DELETE", f"{_CONTACT}/tags", WRITE, "tags.remove"
)
TAGS_UPDATE: Final = Operation(
    "contacts/create-association",
    "POST",
    "/contacts/bulk/tags/update/{type}",
    WRITE,
    "tags.bulk_add tags.bulk_remove tags.bulk_clear",
)
FOLLOWERS_ADD: Final = Operation(
    "contacts/add-followers-contact", "POST", f"{_CONTACT}/followers", WRITE, "followers.add"
)
FOLLOWERS_REMOVE: Final = Operation(
    "contacts/remove-followers-contact",
    "DELETE",
    f"{_CONTACT}/followers",
    WRITE,
    "followers.remove",
)

# campaigns and workflows; whether entering twice begins them anew is not documented

CAMPAIGNS_ADD: Final = Operation(
    "contacts/add-contact-to-campaign",
    "POST",
    f"{_CONTACT}/campaigns/{{campaign_id}}",
    WRITE,
    "campaigns.add",
    repeatable=False,
)
CAMPAIGNS_REMOVE: Final = Operation(
    "contacts/remove-contact-from-campaign",
    "DELETE",
    f"{_CONTACT}/campaigns/{{campaign_id}}",
    WRITE,
    "campaigns.remove",
    gone_is_done=True,
)
CAMPAIGNS_REMOVE_ALL: Final = Operation(
    "contacts/remove-contact-from-every-campaign",
    "DELETE",
    f"{_CONTACT}/campaigns/removeAll",
    WRITE,
    "campaigns.remove_all",
    gone_is_done=True,
)
WORKFLOWS_ADD: Final = Operation(
    "contacts/add-contact-to-workflow",
    "POST",
    f"{_CONTACT}/workflow/{{workflow_id}}",
    WRITE,
    "workflows.add",
    repeatable=False,
)
WORKFLOWS_REMOVE: Final = Operation(
    "contacts/delete-contact-from-workflow",
    "DELETE",
    f"{_CONTACT}/workflow/{{workflow_id}}",
    WRITE,
    "workflows.remove",
    gone_is_done=True,
)

# businesses

BUSINESSES_CONTACTS: Final = Operation(
    "contacts/get-contacts-by-businessId",
    "GET",
    "/contacts/business/{business_id}",
    READ,
    "businesses.contacts",
)
BUSINESSES_ASSIGN: Final = Operation(
    "contacts/add-remove-contact-from-business",
    "POST",
    "/contacts/bulk/business",
    WRITE,
    "businesses.assign businesses.unassign",
)

# notes of appointments

APPOINTMENT_NOTES_LIST: Final = Operation(
    "calendars/get-appointment-notes",
    "GET",
    _OF_APPOINTMENT,
    EVENTS_READ,
    "appointment_notes.list appointment_notes.stream appointment_notes.create",
)
APPOINTMENT_NOTES_CREATE: Final = Operation(
    "calendars/create-appointment-note",
    "POST",
    _OF_APPOINTMENT,
    EVENTS_WRITE,
    "appointment_notes.create",
    repeatable=False,
)
APPOINTMENT_NOTES_UPDATE: Final = Operation(
    "calendars/update-appointment-note",
    "PUT",
    f"{_OF_APPOINTMENT}/{{note_id}}",
    EVENTS_WRITE,
    "appointment_notes.update",
)
APPOINTMENT_NOTES_DELETE: Final = Operation(
    "calendars/delete-appointment-note",
    "DELETE",
    f"{_OF_APPOINTMENT}/{{note_id}}",
    EVENTS_WRITE,
    "appointment_notes.delete",
    gone_is_done=True,
)

# the notes API of version 3

LOCATION_NOTES_SEARCH: Final = Operation(
    "objects/search-notes",
    "POST",
    "/notes/search",
    NOTES_READ,
    "location_notes.search location_notes.stream",
)
LOCATION_NOTES_CREATE: Final = Operation(
    "objects/create-note", "POST", "/notes/", NOTES_WRITE, "location_notes.create", repeatable=False
)
LOCATION_NOTES_GET: Final = Operation(
    "objects/get-note", "GET", _LOCATION_NOTE, NOTES_READ, "location_notes.get"
)
LOCATION_NOTES_UPDATE: Final = Operation(
    "objects/update-note", "PUT", _LOCATION_NOTE, NOTES_WRITE, "location_notes.update"
)
LOCATION_NOTES_DELETE: Final = Operation(
    "objects/delete-note",
    "DELETE",
    _LOCATION_NOTE,
    NOTES_WRITE,
    "location_notes.delete",
    gone_is_done=True,
)
LOCATION_NOTES_RESTORE: Final = Operation(
    "objects/restore-note",
    "POST",
    f"{_LOCATION_NOTE}/restore",
    NOTES_WRITE,
    "location_notes.restore",
    repeatable=False,
)
LOCATION_NOTES_RELATIONS: Final = Operation(
    "objects/update-note-relations",
    "PUT",
    f"{_LOCATION_NOTE}/relations",
    NOTES_WRITE,
    "location_notes.add_relations location_notes.remove_relations",
)
LOCATION_NOTES_ATTACHMENTS: Final = Operation(
    "objects/update-note-attachments",
    "PATCH",
    f"{_LOCATION_NOTE}/attachments",
    NOTES_WRITE,
    "location_notes.add_attachments location_notes.remove_attachments",
    repeatable=False,
)

# an agency's installs

INSTALLED_LOCATIONS: Final = Operation(
    "oauth/get-installed-location",
    "GET",
    "/oauth/installedLocations",
    "oauth.readonly",
    "highlevel.locations",
)
LOCATION_TOKEN: Final = Operation(
    "oauth/get-location-access-token",
    "POST",
    "/oauth/locationToken",
    "oauth.write",
    "highlevel.mint",
)

# All of the above, so that none is forgotten.
OPERATIONS: Final = tuple(one for one in list(globals().values()) if isinstance(one, Operation))
