"""What every source of notes yields: notes, and the people that they are about and from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from attrs import field, frozen

from ghl_notes.models import Json


@frozen(kw_only=True)
class SourceAttachment:
    """A file that hangs on a note. It stays where it is: HighLevel's notes of contacts hold none.

    ``url`` may ask its reader to log in at the source.
    """

    name: str | None = None
    url: str | None = None


@frozen(kw_only=True)
class SourceNote:
    """A note as it stands at its source.

    ``key`` names it among the notes of all sources and accounts, such as ``close:acti_…``. To be
    moved it must begin with the source's name and a colon, have nothing in it but what can be
    printed, no blanks and no square brackets, be 285 characters long at most, and not end like
    ``:2/3``, as the parts of a long note do.

    ``contact_id`` is whom it is about, ``lead_id`` the company that it hangs on; a source has one
    of them or both. ``body`` is plain text, ``html`` its rich form where there is one.

    ``at`` is when it was written, or happened, as far as the source tells; with ``at_is`` as
    ``"updated"`` the source knows only when, and by whom, it was last edited. ``created_at`` is
    when it came to be there, by which Close is asked, ``edited_at`` the last change. All are aware
    datetimes. ``left_behind`` says in words what else belongs to it that no note of HighLevel can
    hold, and ``extra`` is what is newer than this library.
    """

    key: str
    id: str
    body: str
    html: str | None = None
    title: str | None = None
    pinned: bool = False
    contact_id: str | None = None
    lead_id: str | None = None
    author_id: str | None = None
    author_name: str | None = None
    at: datetime | None = None
    at_is: Literal["created", "updated"] = "created"
    created_at: datetime | None = None
    edited_at: datetime | None = None
    attachments: tuple[SourceAttachment, ...] = ()
    left_behind: tuple[str, ...] = ()
    extra: Mapping[str, Json] = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class SourceContact:
    """A person at the source, with all that may lead to the same one in HighLevel.

    ``emails`` and ``phones`` are as the source has them, the main ones first.
    """

    id: str
    name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@frozen(kw_only=True)
class SourceUser:
    """Somebody who writes notes at the source."""

    id: str
    name: str | None = None
    email: str | None = None


@frozen(kw_only=True)
class SourceChange:
    """Something that happened to a note: its last entry in the source's log."""

    note_id: str
    action: Literal["created", "updated", "deleted"]
    at: datetime | None = None
