"""Every call this library makes: its method, its path, the scope it needs, who makes it.

https://marketplace.gohighlevel.com/docs/ghl/contacts,
https://marketplace.gohighlevel.com/docs/ghl/calendars and
https://marketplace.gohighlevel.com/docs/ghl/oauth. Paths are those of the dated versions; where
version 3 has others, the table in ``http/protocol`` says so.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from ghl_notes.errors import ConfigurationError

Family: TypeAlias = Literal["contacts", "calendars", "notes", "oauth"]
"""Calls that name the same version in their header."""

READ: Final = "contacts.readonly"
WRITE: Final = "contacts.write"
EVENTS_READ: Final = "calendars/events.readonly"
EVENTS_WRITE: Final = "calendars/events.write"
NOTES_READ: Final = "notes.readonly"
NOTES_WRITE: Final = "notes.write"


@frozen(eq=False)
class Operation:
    """One call of HighLevel's API. ``served_by`` names the methods of a client that make it.

    ``repeatable`` says that doing it twice does no harm, and ``gone_is_done`` that a repeated
    delete which finds nothing has succeeded.
    """

    method: str
    template: str
    scope: str
    served_by: tuple[str, ...]
    family: Family = field(default="contacts", kw_only=True)
    repeatable: bool = field(default=True, kw_only=True)
    gone_is_done: bool = field(default=False, kw_only=True)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of methods that make it, such as ``notes``."""
        return frozenset(name.partition(".")[0] for name in self.served_by)


_CONTACT: Final = "/contacts/{contact_id}"
_NOTES: Final = f"{_CONTACT}/notes"
_TASKS: Final = f"{_CONTACT}/tasks"
_OF_APPOINTMENT: Final = "/calendars/appointments/{appointment_id}/notes"
_NOTE: Final = "/notes/{note_id}"

# contacts

CONTACTS_SEARCH: Final = Operation(
    "POST", "/contacts/search", READ, ("contacts.search", "contacts.stream")
)
CONTACTS_LIST: Final = Operation("GET", "/contacts/", READ, ("contacts.list",))
CONTACTS_DUPLICATE: Final = Operation(
    "GET", "/contacts/search/duplicate", READ, ("contacts.duplicate",)
)
CONTACTS_GET: Final = Operation("GET", _CONTACT, READ, ("contacts.get",))
CONTACTS_CREATE: Final = Operation(
    "POST", "/contacts/", WRITE, ("contacts.create",), repeatable=False
)
CONTACTS_UPSERT: Final = Operation("POST", "/contacts/upsert", WRITE, ("contacts.upsert",))
CONTACTS_UPDATE: Final = Operation("PUT", _CONTACT, WRITE, ("contacts.update",))
CONTACTS_DELETE: Final = Operation(
    "DELETE", _CONTACT, WRITE, ("contacts.delete",), gone_is_done=True
)

# notes of contacts; a create whose reply was lost is looked up, which is a read

NOTES_LIST: Final = Operation("GET", _NOTES, READ, ("notes.list", "notes.stream", "notes.create"))
NOTES_GET: Final = Operation("GET", f"{_NOTES}/{{note_id}}", READ, ("notes.get",))
NOTES_CREATE: Final = Operation("POST", _NOTES, WRITE, ("notes.create",), repeatable=False)
NOTES_UPDATE: Final = Operation("PUT", f"{_NOTES}/{{note_id}}", WRITE, ("notes.update",))
NOTES_DELETE: Final = Operation(
    "DELETE", f"{_NOTES}/{{note_id}}", WRITE, ("notes.delete",), gone_is_done=True
)

# tasks

TASKS_LIST: Final = Operation("GET", _TASKS, READ, ("tasks.list", "tasks.stream"))
TASKS_GET: Final = Operation("GET", f"{_TASKS}/{{task_id}}", READ, ("tasks.get",))
TASKS_CREATE: Final = Operation("POST", _TASKS, WRITE, ("tasks.create",), repeatable=False)
TASKS_UPDATE: Final = Operation("PUT", f"{_TASKS}/{{task_id}}", WRITE, ("tasks.update",))
TASKS_COMPLETE: Final = Operation(
    "PUT", f"{_TASKS}/{{task_id}}/completed", WRITE, ("tasks.complete",)
)
TASKS_DELETE: Final = Operation(
    "DELETE", f"{_TASKS}/{{task_id}}", WRITE, ("tasks.delete",), gone_is_done=True
)

# appointments, tags, followers

APPOINTMENTS_LIST: Final = Operation(
    "GET", f"{_CONTACT}/appointments", READ, ("appointments.list", "appointments.stream")
)
TAGS_ADD: Final = Operation("POST", f"{_CONTACT}/tags", WRITE, ("tags.add",))
TAGS_REMOVE: Final = Operation("DELETE", f"{_CONTACT}/tags", WRITE, ("tags.remove",))
TAGS_UPDATE: Final = Operation(
    "POST",
    "/contacts/bulk/tags/update/{type}",
    WRITE,
    ("tags.bulk_add", "tags.bulk_remove", "tags.bulk_clear"),
)
FOLLOWERS_ADD: Final = Operation("POST", f"{_CONTACT}/followers", WRITE, ("followers.add",))
FOLLOWERS_REMOVE: Final = Operation("DELETE", f"{_CONTACT}/followers", WRITE, ("followers.remove",))

# campaigns and workflows; whether entering twice begins them anew is not documented

CAMPAIGNS_ADD: Final = Operation(
    "POST", f"{_CONTACT}/campaigns/{{campaign_id}}", WRITE, ("campaigns.add",), repeatable=False
)
CAMPAIGNS_REMOVE: Final = Operation(
    "DELETE", f"{_CONTACT}/campaigns/{{campaign_id}}", WRITE, ("campaigns.remove",)
)
CAMPAIGNS_REMOVE_ALL: Final = Operation(
    "DELETE", f"{_CONTACT}/campaigns/removeAll", WRITE, ("campaigns.remove_all",)
)
WORKFLOWS_ADD: Final = Operation(
    "POST", f"{_CONTACT}/workflow/{{workflow_id}}", WRITE, ("workflows.add",), repeatable=False
)
WORKFLOWS_REMOVE: Final = Operation(
    "DELETE", f"{_CONTACT}/workflow/{{workflow_id}}", WRITE, ("workflows.remove",)
)

# businesses

BUSINESSES_CONTACTS: Final = Operation(
    "GET", "/contacts/business/{business_id}", READ, ("businesses.contacts",)
)
BUSINESSES_ASSIGN: Final = Operation(
    "POST", "/contacts/bulk/business", WRITE, ("businesses.assign", "businesses.unassign")
)

# notes of appointments

APPOINTMENT_NOTES_LIST: Final = Operation(
    "GET",
    _OF_APPOINTMENT,
    EVENTS_READ,
    ("appointment_notes.list", "appointment_notes.stream", "appointment_notes.create"),
    family="calendars",
)
APPOINTMENT_NOTES_CREATE: Final = Operation(
    "POST",
    _OF_APPOINTMENT,
    EVENTS_WRITE,
    ("appointment_notes.create",),
    family="calendars",
    repeatable=False,
)
APPOINTMENT_NOTES_UPDATE: Final = Operation(
    "PUT",
    f"{_OF_APPOINTMENT}/{{note_id}}",
    EVENTS_WRITE,
    ("appointment_notes.update",),
    family="calendars",
)
APPOINTMENT_NOTES_DELETE: Final = Operation(
    "DELETE",
    f"{_OF_APPOINTMENT}/{{note_id}}",
    EVENTS_WRITE,
    ("appointment_notes.delete",),
    family="calendars",
    gone_is_done=True,
)

# the notes API of version 3

LOCATION_NOTES_SEARCH: Final = Operation(
    "POST",
    "/notes/search",
    NOTES_READ,
    ("location_notes.search", "location_notes.stream"),
    family="notes",
)
LOCATION_NOTES_CREATE: Final = Operation(
    "POST", "/notes/", NOTES_WRITE, ("location_notes.create",), family="notes", repeatable=False
)
LOCATION_NOTES_GET: Final = Operation(
    "GET", _NOTE, NOTES_READ, ("location_notes.get",), family="notes"
)
LOCATION_NOTES_UPDATE: Final = Operation(
    "PUT", _NOTE, NOTES_WRITE, ("location_notes.update",), family="notes"
)
LOCATION_NOTES_DELETE: Final = Operation(
    "DELETE", _NOTE, NOTES_WRITE, ("location_notes.delete",), family="notes", gone_is_done=True
)
LOCATION_NOTES_RESTORE: Final = Operation(
    "POST", f"{_NOTE}/restore", NOTES_WRITE, ("location_notes.restore",), family="notes"
)
LOCATION_NOTES_RELATIONS: Final = Operation(
    "PUT",
    f"{_NOTE}/relations",
    NOTES_WRITE,
    ("location_notes.add_relations", "location_notes.remove_relations"),
    family="notes",
)
LOCATION_NOTES_ATTACHMENTS: Final = Operation(
    "PATCH",
    f"{_NOTE}/attachments",
    NOTES_WRITE,
    ("location_notes.add_attachments", "location_notes.remove_attachments"),
    family="notes",
)

# an agency's installs

INSTALLED_LOCATIONS: Final = Operation(
    "GET", "/oauth/installedLocations", "oauth.readonly", ("highlevel.locations",), family="oauth"
)
LOCATION_TOKEN: Final = Operation(
    "POST", "/oauth/locationToken", "oauth.write", ("highlevel.mint",), family="oauth"
)

OPERATIONS: Final = tuple(one for one in list(globals().values()) if isinstance(one, Operation))

_USES: Final = {
    name: {one.scope for one in OPERATIONS if name in (*one.served_by, *one.kinds)}
    for each in OPERATIONS
    for name in (*each.served_by, *each.kinds)
}


def scopes_for(uses: Iterable[str]) -> tuple[str, ...]:
    """Tell the scopes that these methods, or kinds of methods, need."""
    wanted: set[str] = set()
    for use in uses:
        if use not in _USES:
            near = get_close_matches(str(use), _USES, n=3) or sorted(
                x for x in _USES if "." not in x
            )
            msg = f"no method of a client is called {use!r:.60}; did you mean {', '.join(near)}?"
            raise ConfigurationError(msg)
        wanted |= _USES[use]
    if not wanted:
        msg = "name at least one method, such as notes.list, or kind, such as tasks"
        raise ConfigurationError(msg)
    return tuple(sorted(wanted))
