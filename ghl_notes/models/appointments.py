"""The appointments of contacts."""

from datetime import datetime

from attrs import field, frozen

from ghl_notes.errors import HighLevelError
from ghl_notes.models.values import Extra, Listing


@frozen(kw_only=True)
class Appointment:
    """One appointment of a contact.

    HighLevel's documents show its times without a zone, and do not say which is meant: such a
    time is a naive datetime here. One that came with a zone is aware.
    """

    id: str
    title: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    calendar_id: str | None = None
    contact_id: str | None = None
    location_id: str | None = None
    group_id: str | None = None
    assigned_user_id: str | None = None
    status: str | None = None
    appointment_status: str | None = None
    address: str | None = None
    notes: str | None = None
    users: tuple[str, ...] = ()
    assigned_resources: tuple[str, ...] = ()
    date_added: datetime | None = None
    date_updated: datetime | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen
class ContactAppointments:
    """What became of one contact in a bulk read: its appointments, or the error in the way."""

    contact_id: str
    appointments: Listing[Appointment] = field(factory=Listing[Appointment])
    error: HighLevelError | None = None
