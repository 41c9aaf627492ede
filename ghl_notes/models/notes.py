"""Notes: of contacts, of appointments, and of a whole location."""

from datetime import datetime

from attrs import field, frozen

from ghl_notes.errors import HighLevelError
from ghl_notes.models.values import Extra, Listing


@frozen
class Relation:
    """A record that a note is attached to.

    ``object_key`` is its kind: ``contact``, ``opportunity``, or a custom object's key.
    """

    object_key: str
    record_id: str
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(weakref_slot=False)  # so that the codec can make it from a twin
class Note:
    """One note of one contact.

    ``body`` is what was written and may be HTML. ``text`` is its plain form: HighLevel's own where
    it gives one, else a line for each block and a tab between the cells of a table; of a body
    without HTML's tags it is the body. ``user_id`` is None for notes that an app wrote without a
    user. HighLevel keeps no time of the last change.
    """

    id: str
    body: str
    text: str
    date_added: datetime
    contact_id: str
    user_id: str | None = None
    title: str | None = None
    color: str | None = None
    pinned: bool = False
    relations: tuple[Relation, ...] = ()
    extra: Extra = field(factory=dict, eq=False, repr=False)


class NoteList(Listing[Note]):
    """The notes of one contact, newest first, and in ``unreadable`` what could not be read."""

    __slots__ = ()


@frozen(slots=False)  # as Note
class ContactNotes:
    """What became of one contact in a bulk read: its notes, or the error that stood in the way."""

    contact_id: str
    notes: NoteList = field(factory=NoteList)
    error: HighLevelError | None = None


@frozen
class Author:
    """Who wrote a note of an appointment."""

    id: str | None = None
    name: str | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class AppointmentNote:
    """One note of an appointment. ``text`` is the plain form of ``body``."""

    id: str
    body: str
    text: str
    date_added: datetime
    contact_id: str | None = None
    user_id: str | None = None
    created_by: Author | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class Attachment:
    """A file that is attached to a note, and the record it belongs to."""

    id: str
    object_key: str | None = None
    record_id: str | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class LocationNote:
    """A note as the notes API of version 3 gives it, whatever records it is related to.

    ``contact_id`` is None for notes that are not about a contact. Of this API only the requests
    are documented, so every field but ``id`` and ``body`` may be missing.
    """

    id: str
    body: str
    text: str
    date_added: datetime | None = None
    date_updated: datetime | None = None
    location_id: str | None = None
    contact_id: str | None = None
    user_id: str | None = None
    title: str | None = None
    color: str | None = None
    pinned: bool = False
    source: str | None = None
    relations: tuple[Relation, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class LocationNotePage:
    """One page of a search over a location's notes. ``total`` is None if HighLevel did not count.

    ``notes.unreadable`` holds what could not be read.
    """

    notes: Listing[LocationNote]
    total: int | None = None
