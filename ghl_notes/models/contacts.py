"""Contacts, and what is said about them in searches and bulk changes."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypedDict

from attrs import field, frozen

from ghl_notes.models.values import Extra, Json


@frozen
class CustomField:
    """The value of a custom field of a contact: text, a number, a list or an object.

    HighLevel names the field by its ``id``; in writing, ``key`` may name it as well.
    """

    id: str | None
    value: Json = field(default=None, hash=False)
    key: str | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen
class DndSetting:
    """Whether a contact may be written to on one channel: ``active`` means do not disturb."""

    status: str
    message: str | None = None
    code: str | None = None
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class Contact:
    """One contact of a location.

    Names are as they were written, wherever HighLevel gives that beside small letters or in parts;
    a ``name`` that it knows in small letters alone stays so. ``additional_emails`` and
    ``additional_phones`` are those beside ``email`` and ``phone``; HighLevel's API cannot write
    them, see ``contacts.upsert``. ``dnd_settings`` are by channel: ``call``, ``email``, ``sms``,
    ``whatsapp``, ``gmb``, ``fb``.
    """

    id: str
    location_id: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company_name: str | None = None
    type: str | None = None
    source: str | None = None
    assigned_to: str | None = None
    tags: tuple[str, ...] = ()
    date_added: datetime | None = None
    date_updated: datetime | None = None
    address1: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    postal_code: str | None = None
    website: str | None = None
    timezone: str | None = None
    date_of_birth: date | None = None
    business_id: str | None = None
    followers: tuple[str, ...] = ()
    additional_emails: tuple[str, ...] = ()
    additional_phones: tuple[str, ...] = ()
    dnd: bool | None = None
    dnd_settings: Mapping[str, DndSetting] = field(factory=dict, hash=False)
    custom_fields: tuple[CustomField, ...] = field(default=(), hash=False)
    extra: Extra = field(factory=dict, eq=False, repr=False)


class ContactChanges(TypedDict, total=False):
    """What ``contacts.update`` can change; only what is passed is sent, None as null.

    ``tags`` replaces all tags. ``dnd_settings`` are by channel as in ``Contact``.
    ``date_of_birth`` is a date, or text such as ``1990-09-25``.
    """

    first_name: str | None
    last_name: str | None
    name: str | None
    email: str | None
    phone: str | None
    address1: str | None
    city: str | None
    state: str | None
    country: str | None
    postal_code: str | None
    website: str | None
    timezone: str | None
    source: str | None
    assigned_to: str | None
    date_of_birth: date | str | None
    tags: Iterable[str]
    dnd: bool
    dnd_settings: Mapping[str, DndSetting]
    inbound_dnd: DndSetting
    custom_fields: Iterable[CustomField]


class ContactFields(ContactChanges, total=False):
    """What ``contacts.create`` and ``upsert`` take; None is left out."""

    gender: str | None
    company_name: str | None


@frozen(kw_only=True)
class ContactPage:
    """One page of contacts, and how many there are in all.

    ``cursor`` goes back in as ``after`` for the next page. It is None after the end: a short page
    may be the last one and still have a cursor, which leads to an empty page.
    """

    contacts: tuple[Contact, ...]
    total: int | None = None
    cursor: Json = field(default=None, hash=False)


@frozen(kw_only=True)
class Duplicate:
    """A contact that has an email address or a phone number already, and by what it was found."""

    contact: Contact
    matching_field: str | None = None


@frozen(kw_only=True)
class Upserted:
    """The contact that was made (``new``) or changed."""

    contact: Contact
    new: bool


@frozen(kw_only=True)
class TagOutcome:
    """What became of one contact in a bulk change of tags; ``type`` is ``success`` or ``error``."""

    contact_id: str | None = None
    type: str | None = None
    message: str | None = None
    old_tags: tuple[str, ...] = ()
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    extra: Extra = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class TagsUpdated:
    """A bulk change of tags, contact by contact. Look at ``error_count``: some may have failed."""

    error_count: int
    responses: tuple[TagOutcome, ...] = ()
