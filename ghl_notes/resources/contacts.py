"""The contacts of a location: found, read, written, and all of them as a stream.

https://marketplace.gohighlevel.com/docs/ghl/contacts; the scopes are ``contacts.readonly`` and
``contacts.write``.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Final, Unpack

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import codec, operations
from ghl_notes.http import query as spelling
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import (
    Rule,
    changes,
    count,
    custom_fields,
    day,
    dnd_settings,
    fields,
    filled_text,
    flag,
    inbound_dnd,
    nullable,
    text,
    texts,
)
from ghl_notes.http.protocol import Dialect, location
from ghl_notes.models import (
    Contact,
    ContactChanges,
    ContactFields,
    ContactPage,
    Duplicate,
    Json,
    Sort,
    Upserted,
)
from ghl_notes.models.search import AnyFilter, AnySort
from ghl_notes.resources import contact_pages

# By the date of creation, ascending, contacts that change during a sweep keep their place, and
# new ones come last; by dateUpdated they would be skipped or seen twice.
OLDEST_FIRST: Final = (Sort("dateAdded", "asc"),)
_LARGEST_PAGE: Final = 500
_LISTED: Final = 100

_TEXTS: Final = (
    "first_name", "last_name", "name", "email", "phone", "address1", "city", "state", "country",
    "postal_code", "website", "timezone", "source", "assigned_to",
)  # fmt: skip
_QUERY: Final[Mapping[str, Rule]] = {"query": text}
_IDENTITY: Final[Mapping[str, Rule]] = {"email": filled_text, "phone": filled_text}


class Contacts:
    """The contacts of one location. Safe for any number of tasks.

    Reading needs the scope ``contacts.readonly``, writing ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self._location_id = location_id
        self._changes = _rules(dispatch.dialect)
        self._fields = {**self._changes, "gender": text, "company_name": text}

    async def get(self, contact_id: str) -> Contact:
        """Return one contact. Raises ``NotFound`` if the location has no such contact."""
        answer = await self._dispatch.call(operations.CONTACTS_GET, contact_id)
        return answer.read(codec.contact)

    async def create(
        self, *, location_id: str | None = None, **given: Unpack[ContactFields]
    ) -> Contact:
        """Make a contact and return it.

        Raises ``RequestRejected`` if the location allows no duplicates and has this email or
        phone: its ``contact_id`` names the contact that has it. Never repeated when its reply was
        lost: then raises ``AmbiguousWrite``; look with ``duplicate``, or use ``upsert``, which may
        be repeated.
        """
        sent = {**self._location(location_id), **fields(given, self._fields)}
        answer = await self._dispatch.call(operations.CONTACTS_CREATE, json=sent)
        return answer.read_created(codec.contact)

    async def update(self, contact_id: str, **given: Unpack[ContactChanges]) -> Contact:
        """Change a contact; only what is passed is sent. Returns the contact as it is now.

        ``tags`` replaces all of them: ``client.tags`` adds and removes. None is sent as null;
        HighLevel does not document which fields it clears then.
        """
        sent = changes(given, self._changes)
        answer = await self._dispatch.call(operations.CONTACTS_UPDATE, contact_id, json=sent)
        return answer.read(codec.contact)

    async def upsert(
        self,
        *,
        location_id: str | None = None,
        create_new_if_duplicate_allowed: bool = False,
        **given: Unpack[ContactFields],
    ) -> Upserted:
        """Change the contact with this email or phone, or make it; ``new`` tells which.

        Which of the two HighLevel looks for first is a setting of the location. Repeated after a
        failure, as it does the same twice, unless ``create_new_if_duplicate_allowed`` or neither
        email nor phone is given: then what stays unknown raises ``AmbiguousWrite``. After a repeat
        ``new`` is about the last try: False, if an earlier one made the contact.

        Mind additional emails: an email that a contact has as one of ``additional_emails`` finds
        that contact, becomes its main one, and the main one of before is dropped; so with phones.
        https://github.com/GoHighLevel/highlevel-api-docs/issues/337
        """
        sent = {**self._location(location_id), **fields(given, self._fields)}
        if create_new_if_duplicate_allowed:
            sent["createNewIfDuplicateAllowed"] = True
        known = bool(sent.get("email") or sent.get("phone"))
        answer = await self._dispatch.call(
            operations.CONTACTS_UPSERT,
            json=sent,
            repeatable=known and not create_new_if_duplicate_allowed,
        )
        return answer.read_created(codec.upserted)

    async def delete(self, contact_id: str) -> None:
        """Delete a contact and all that belongs to it. Raises ``NotFound`` if it was not there."""
        await self._dispatch.call(operations.CONTACTS_DELETE, contact_id)

    async def duplicate(
        self, *, email: str | None = None, phone: str | None = None, location_id: str | None = None
    ) -> Duplicate | None:
        """Return the contact that has this email address or phone number, or None.

        Give either or both; the location's settings say which of them counts first.
        """
        if not fields({"email": email, "phone": phone}, _IDENTITY):
            msg = "give email or phone"
            raise ConfigurationError(msg)
        answer = await self._dispatch.call(
            operations.CONTACTS_DUPLICATE,
            params={**self._location(location_id), "email": email, "number": phone},
        )
        return answer.read(codec.duplicate)

    async def search(  # noqa: PLR0913 - what a search can be asked
        self,
        query: str | None = None,
        *,
        filters: Iterable[AnyFilter] | None = None,
        sort: Iterable[AnySort] | None = None,
        page_size: int = 100,
        after: Json = None,
        location_id: str | None = None,
    ) -> ContactPage:
        """Return one page of the contacts that fit, with the ``total`` of all pages.

        ``query`` is searched in names, emails and phones; ``filters`` must all hold. ``after``
        is the ``cursor`` of the page before, asked with the same filters and order. The index
        behind it lags writes by some seconds. ``stream`` goes through all pages.
        """
        asked = self._query(query, filters, sort, page_size, location_id)
        if after is not None:
            asked["searchAfter"] = after
        answer = await self._dispatch.call(
            operations.CONTACTS_SEARCH,
            json=asked,
            check=contact_pages.unless_more(0) if after is None else None,
        )
        return answer.read(codec.contacts)

    def stream(
        self,
        location_id: str | None = None,
        *,
        query: str | None = None,
        filters: Iterable[AnyFilter] | None = None,
        sort: Iterable[AnySort] | None = None,
        page_size: int = 100,
    ) -> AsyncGenerator[Contact, None]:
        """Iterate over all contacts that fit, oldest first unless ``sort`` says otherwise.

        ``location_id`` may be left out where the client knows it. ``page_size`` contacts, 500 at
        most, come with each request; memory holds one page. ``query``, ``filters`` and ``sort``
        are as in ``search``. An error ends the iteration; an empty page is one while HighLevel
        counts more, after it was asked for a few times.
        """
        asked = self._query(
            query, filters, OLDEST_FIRST if sort is None else sort, page_size, location_id
        )
        return contact_pages.stream(self._dispatch, asked, page_size)

    async def list(
        self,
        *,
        query: str | None = None,
        page_size: int = 20,
        after: Json = None,
        location_id: str | None = None,
    ) -> ContactPage:
        """Return one page of HighLevel's older list, newest first, 100 contacts at most.

        HighLevel deprecates it and version 3 has it no more, where this raises
        ``ConfigurationError``: prefer ``search``. ``after`` is the ``cursor`` of the page before.
        """
        fields({"query": query}, _QUERY)
        moment, contact_id = contact_pages.listed_after(after)
        answer = await self._dispatch.call(
            operations.CONTACTS_LIST,
            params={
                **self._location(location_id),
                "query": query,
                "limit": count("page_size", page_size, most=_LISTED),
                "startAfter": moment,
                # Both, or none: startAfter alone gives the first page again.
                "startAfterId": contact_id,
            },
            check=contact_pages.unless_more_listed() if after is None else None,
        )
        return answer.read(codec.listed_contacts)

    def _location(self, location_id: str | None) -> dict[str, str]:
        return {"locationId": location(location_id, self._location_id)}

    def _query(
        self,
        query: str | None,
        filters: Iterable[AnyFilter] | None,
        sort: Iterable[AnySort] | None,
        page_size: int,
        location_id: str | None,
    ) -> dict[str, Json]:
        asked: dict[str, Json] = {
            **self._location(location_id),
            "pageLimit": count("page_size", page_size, most=_LARGEST_PAGE),
            **fields({"query": query}, _QUERY),
        }
        if spelled := spelling.order(sort or ()):
            asked["sort"] = spelled
        if spelled := spelling.filters(filters or ()):
            asked["filters"] = spelled
        return asked


def _rules(dialect: Dialect) -> Mapping[str, Rule]:
    return {
        **dict.fromkeys(_TEXTS, nullable(text)),
        "date_of_birth": nullable(day),
        "tags": texts,
        "dnd": flag,
        "dnd_settings": dnd_settings(dialect),
        "inbound_dnd": inbound_dnd,
        "custom_fields": custom_fields(dialect),
    }
