"""The notes API of version 3: the notes of a whole location, whatever they are attached to.

https://marketplace.gohighlevel.com/docs/ghl/objects; the scopes are ``notes.readonly`` and
``notes.write``, which an app that has those of contacts must ask for anew. Its calls name version
3, whatever the client's version is. HighLevel does not document what its search replies, how deep
``skip`` may go, and whether older notes are found: compare before relying on it.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Final, Literal

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import (
    Rule,
    attachments,
    changes,
    color,
    fields,
    filled_text,
    flag,
    nullable,
    relations,
    text,
)
from ghl_notes.http.operations import Operation
from ghl_notes.http.protocol import location
from ghl_notes.models import (
    UNSET,
    Attachment,
    Json,
    LocationNote,
    LocationNotePage,
    Relation,
    Unset,
)
from ghl_notes.resources import location_note_pages

_CREATED: Final[Mapping[str, Rule]] = {
    "body": filled_text,
    "user_id": filled_text,
    "relations": relations,
}
_CHANGED: Final[Mapping[str, Rule]] = {
    "body": filled_text,
    "title": nullable(text),
    "color": nullable(color),
    "pinned": flag,
}
_ATTACHED: Final[Mapping[str, Rule]] = {
    "type": text,
    "relations": relations,
    "attachments": attachments,
}
_RESTORED: Final[Mapping[str, Rule]] = {
    "force_restore": flag,
    "model": filled_text,
    "record_id": filled_text,
}


class LocationNotes:
    """The notes of one location. Safe for any number of tasks.

    Reading needs the scope ``notes.readonly``, writing ``notes.write``.
    """

    def __init__(self, dispatch: Dispatch, location_id: str | None) -> None:
        self._dispatch = dispatch
        self._location_id = location_id

    async def search(  # noqa: PLR0913 - what a search can be asked
        self,
        query: str | None = None,
        *,
        sources: Iterable[str] | None = None,
        created_by_user_id: str | None = None,
        record_ids: Iterable[str] | None = None,
        sort_by: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        page_size: int = 20,
        skip: int = 0,
        location_id: str | None = None,
    ) -> LocationNotePage:
        """Return one page of the notes that fit.

        ``sources`` are HighLevel's, such as ``WEB_USER`` and ``WORKFLOW``; ``record_ids`` are
        those of records that the notes are attached to; ``sort_by`` is ``dateAdded`` or another
        of HighLevel's fields, without which its order is not documented. The largest
        ``page_size`` is not documented either; 100 at most are asked for.
        """
        given = {
            "query": query,
            "sources": sources,
            "created_by_user_id": created_by_user_id,
            "record_ids": record_ids,
            "sort_by": sort_by,
            "sort_order": sort_order,
        }
        asked = {**self._location(location_id), **location_note_pages.asked(given)}
        return await location_note_pages.page(self._dispatch, asked, page_size, skip)

    def stream(  # noqa: PLR0913 - what a search can be asked
        self,
        query: str | None = None,
        *,
        sources: Iterable[str] | None = None,
        created_by_user_id: str | None = None,
        record_ids: Iterable[str] | None = None,
        page_size: int = 100,
        location_id: str | None = None,
    ) -> AsyncGenerator[LocationNote, None]:
        """Iterate over all notes that fit, oldest first, each once.

        Notes that are deleted meanwhile may let others slip by, since HighLevel counts pages by
        how many were skipped. ``UnexpectedResponse`` ends it for a note that cannot be read, and
        for an empty page while HighLevel counts more, after it was asked for a few times.
        """
        given = {
            "query": query,
            "sources": sources,
            "created_by_user_id": created_by_user_id,
            "record_ids": record_ids,
            "sort_by": "dateAdded",
            "sort_order": "asc",
        }
        asked = {**self._location(location_id), **location_note_pages.asked(given)}
        return location_note_pages.stream(self._dispatch, asked, page_size)

    async def get(self, note_id: str, *, location_id: str | None = None) -> LocationNote:
        """Return one note. Raises ``NotFound`` if the location has no such note."""
        return await self._note(operations.LOCATION_NOTES_GET, note_id, location_id)

    async def create(
        self,
        body: str,
        *,
        user_id: str,
        relations: Iterable[Relation],
        location_id: str | None = None,
    ) -> LocationNote:
        """Write a note that is attached to at least one record, and return it.

        Never repeated when its reply was lost, as the index of the search lags: raises
        ``AmbiguousWrite`` then.
        """
        given = {"body": body, "user_id": user_id, "relations": relations}
        sent = fields(given, _CREATED, required=tuple(_CREATED))
        answer = await self._dispatch.call(
            operations.LOCATION_NOTES_CREATE, params=self._location(location_id), json=sent
        )
        return answer.read_created(codec.body_note, LocationNote)

    async def update(  # noqa: PLR0913 - a note has this many fields
        self,
        note_id: str,
        *,
        body: str | Unset = UNSET,
        title: str | None | Unset = UNSET,
        color: str | None | Unset = UNSET,
        pinned: bool | Unset = UNSET,
        location_id: str | None = None,
    ) -> LocationNote:
        """Change a note; only what is passed is sent. Returns the note as it is now."""
        sent = changes({"body": body, "title": title, "color": color, "pinned": pinned}, _CHANGED)
        return await self._note(operations.LOCATION_NOTES_UPDATE, note_id, location_id, sent)

    async def delete(self, note_id: str, *, location_id: str | None = None) -> None:
        """Delete a note; ``restore`` brings it back. Raises ``NotFound`` if it was not there."""
        await self._dispatch.call(
            operations.LOCATION_NOTES_DELETE, note_id, params=self._location(location_id)
        )

    async def restore(
        self,
        note_id: str,
        *,
        force: bool | None = None,
        relation: Relation | None = None,
        location_id: str | None = None,
    ) -> LocationNote:
        """Bring a deleted note back and return it.

        ``force`` does so in spite of conflicts; ``relation`` names the record to restore it to.
        Never repeated when its reply was lost, as a note that is back may be no deleted note any
        more: raises ``AmbiguousWrite`` then; look with ``get``.
        """
        given = {"force_restore": force, **_target(relation)}
        sent = fields(given, _RESTORED)
        return await self._note(operations.LOCATION_NOTES_RESTORE, note_id, location_id, sent)

    async def add_relations(
        self, note_id: str, relations: Iterable[Relation], *, location_id: str | None = None
    ) -> LocationNote:
        """Attach a note to more records, and return the note as it is now."""
        given = {"type": "add", "relations": relations}
        return await self._attach(operations.LOCATION_NOTES_RELATIONS, note_id, given, location_id)

    async def remove_relations(
        self, note_id: str, relations: Iterable[Relation], *, location_id: str | None = None
    ) -> LocationNote:
        """Take a note off records, and return the note as it is now."""
        given = {"type": "remove", "relations": relations}
        return await self._attach(operations.LOCATION_NOTES_RELATIONS, note_id, given, location_id)

    async def add_attachments(
        self, note_id: str, attachments: Iterable[Attachment], *, location_id: str | None = None
    ) -> LocationNote:
        """Attach files that HighLevel has already, and return the note as it is now.

        Never repeated when its reply was lost, as adding twice may double: raises
        ``AmbiguousWrite`` then; look with ``get``.
        """
        given = {"type": "add", "attachments": attachments}
        return await self._attach(
            operations.LOCATION_NOTES_ATTACHMENTS, note_id, given, location_id
        )

    async def remove_attachments(
        self, note_id: str, attachments: Iterable[Attachment], *, location_id: str | None = None
    ) -> LocationNote:
        """Take files off a note, and return the note as it is now; repeated as little."""
        given = {"type": "remove", "attachments": attachments}
        return await self._attach(
            operations.LOCATION_NOTES_ATTACHMENTS, note_id, given, location_id
        )

    async def _attach(
        self,
        operation: Operation,
        note_id: str,
        given: Mapping[str, object],
        location_id: str | None,
    ) -> LocationNote:
        sent = fields(given, _ATTACHED, required=tuple(given))
        return await self._note(operation, note_id, location_id, sent)

    def _location(self, location_id: str | None) -> dict[str, str]:
        return {"locationId": location(location_id, self._location_id)}

    async def _note(
        self,
        operation: Operation,
        note_id: str,
        location_id: str | None,
        sent: dict[str, Json] | None = None,
    ) -> LocationNote:
        answer = await self._dispatch.call(
            operation, note_id, params=self._location(location_id), json=sent
        )
        read = answer.read if operation.repeatable else answer.read_created
        return read(codec.body_note, LocationNote)


def _target(relation: Relation | None) -> dict[str, object]:
    if relation is None:
        return {}
    if not isinstance(relation, Relation):
        msg = "relation must be a Relation"
        raise ConfigurationError(msg)
    return {"model": relation.object_key, "record_id": relation.record_id}
