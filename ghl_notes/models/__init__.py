"""What HighLevel's objects are once they are here: frozen values with Python's names.

No name from the wire, no request, no parsing stands in these rooms. Ids are strings as HighLevel
gives them, times are aware datetimes, and ``extra`` holds every field newer than this library.
"""

from ghl_notes.models.appointments import Appointment, ContactAppointments
from ghl_notes.models.contacts import (
    Contact,
    ContactChanges,
    ContactFields,
    ContactPage,
    CustomField,
    DndSetting,
    Duplicate,
    TagOutcome,
    TagsUpdated,
    Upserted,
)
from ghl_notes.models.installs import (
    App,
    AuthorizationRequest,
    Health,
    Install,
    InstalledLocation,
    InstallHealth,
    Owner,
    StoredInstall,
    Token,
    UserType,
    company_key,
    location_key,
)
from ghl_notes.models.notes import (
    AppointmentNote,
    Attachment,
    Author,
    ContactNotes,
    LocationNote,
    LocationNotePage,
    Note,
    NoteList,
    Relation,
)
from ghl_notes.models.search import AllOf, AnyFilter, AnyOf, AnySort, Between, Filter, Sort
from ghl_notes.models.tasks import ContactTasks, Task
from ghl_notes.models.values import UNSET, Json, Listing, Unset

__all__ = [
    "UNSET",
    "AllOf",
    "AnyFilter",
    "AnyOf",
    "AnySort",
    "App",
    "Appointment",
    "AppointmentNote",
    "Attachment",
    "Author",
    "AuthorizationRequest",
    "Between",
    "Contact",
    "ContactAppointments",
    "ContactChanges",
    "ContactFields",
    "ContactNotes",
    "ContactPage",
    "ContactTasks",
    "CustomField",
    "DndSetting",
    "Duplicate",
    "Filter",
    "Health",
    "Install",
    "InstallHealth",
    "InstalledLocation",
    "Json",
    "Listing",
    "LocationNote",
    "LocationNotePage",
    "Note",
    "NoteList",
    "Owner",
    "Relation",
    "Sort",
    "StoredInstall",
    "TagOutcome",
    "TagsUpdated",
    "Task",
    "Token",
    "Unset",
    "Upserted",
    "UserType",
    "company_key",
    "location_key",
]
