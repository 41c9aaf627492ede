"""The notes of HighLevel (GoHighLevel) contacts, from async Python.

``Client`` works with one location's token, ``HighLevel`` with a marketplace app and its installs.
Names are loaded when they are first used, so that importing the models alone costs little.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghl_notes.client import Client
    from ghl_notes.errors import (
        AccessDenied,
        AmbiguousWrite,
        ConfigurationError,
        HighLevelError,
        LocationInactive,
        NotFound,
        RateLimited,
        ReauthorizationRequired,
        RequestRejected,
        Unavailable,
        UnexpectedResponse,
        WebhookRejected,
    )
    from ghl_notes.events import Event, Observer, Renewed, Retried, Sent, Spent, Waited
    from ghl_notes.highlevel import HighLevel
    from ghl_notes.http.limits import Limits
    from ghl_notes.http.retries import RetryPolicy
    from ghl_notes.models import (
        UNSET,
        AllOf,
        AnyFilter,
        AnyOf,
        AnySort,
        App,
        Appointment,
        AppointmentNote,
        Attachment,
        Author,
        AuthorizationRequest,
        Between,
        Contact,
        ContactAppointments,
        ContactChanges,
        ContactFields,
        ContactNotes,
        ContactPage,
        ContactTasks,
        CustomField,
        DndSetting,
        Duplicate,
        Filter,
        Health,
        Install,
        InstalledLocation,
        InstallHealth,
        Json,
        Listing,
        LocationNote,
        LocationNotePage,
        Note,
        NoteList,
        Relation,
        Sort,
        TagOutcome,
        TagsUpdated,
        Task,
        Unset,
        Upserted,
        UserType,
    )
    from ghl_notes.oauth.auth import Auth, DatedAuth, StaticToken

    __version__: str

__all__ = [
    "UNSET",
    "AccessDenied",
    "AllOf",
    "AmbiguousWrite",
    "AnyFilter",
    "AnyOf",
    "AnySort",
    "App",
    "Appointment",
    "AppointmentNote",
    "Attachment",
    "Auth",
    "Author",
    "AuthorizationRequest",
    "Between",
    "Client",
    "ConfigurationError",
    "Contact",
    "ContactAppointments",
    "ContactChanges",
    "ContactFields",
    "ContactNotes",
    "ContactPage",
    "ContactTasks",
    "CustomField",
    "DatedAuth",
    "DndSetting",
    "Duplicate",
    "Event",
    "Filter",
    "Health",
    "HighLevel",
    "HighLevelError",
    "Install",
    "InstallHealth",
    "InstalledLocation",
    "Json",
    "Limits",
    "Listing",
    "LocationInactive",
    "LocationNote",
    "LocationNotePage",
    "NotFound",
    "Note",
    "NoteList",
    "Observer",
    "RateLimited",
    "ReauthorizationRequired",
    "Relation",
    "Renewed",
    "RequestRejected",
    "Retried",
    "RetryPolicy",
    "Sent",
    "Sort",
    "Spent",
    "StaticToken",
    "TagOutcome",
    "TagsUpdated",
    "Task",
    "Unavailable",
    "UnexpectedResponse",
    "Unset",
    "Upserted",
    "UserType",
    "Waited",
    "WebhookRejected",
    "__version__",
]

_ROOMS = {
    "client": ("Client",),
    "highlevel": ("HighLevel",),
    "events": ("Event", "Observer", "Renewed", "Retried", "Sent", "Spent", "Waited"),
    "http.limits": ("Limits",),
    "http.retries": ("RetryPolicy",),
    "oauth.auth": ("Auth", "DatedAuth", "StaticToken"),
    "models": (
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
        "InstalledLocation",
        "InstallHealth",
        "Json",
        "Listing",
        "LocationNote",
        "LocationNotePage",
        "Note",
        "NoteList",
        "Relation",
        "Sort",
        "TagOutcome",
        "TagsUpdated",
        "Task",
        "Unset",
        "Upserted",
        "UserType",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


if not TYPE_CHECKING:  # or type checkers would believe in every name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - costs more than the models

            return version("ghl-notes")
        if name not in __all__:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        room = import_module(f"{__name__}.{_ROOM_OF.get(name, 'errors')}")
        value = globals()[name] = getattr(room, name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
