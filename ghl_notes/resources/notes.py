"""The notes of contacts: list, get, create, update, delete, and of many contacts at once.

https://marketplace.gohighlevel.com/docs/ghl/contacts/notes; the scopes are ``contacts.readonly``
and ``contacts.write``.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterable, Mapping
from datetime import datetime
from typing import Final

from ghl_notes.bulk import outcomes
from ghl_notes.http import codec, operations
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.fields import Rule, changes, color, fields, filled_text, flag, nullable, text
from ghl_notes.http.reply import Answer
from ghl_notes.models import UNSET, ContactNotes, Note, NoteList, Unset
from ghl_notes.resources.creating import Creating

_FIELDS: Final[Mapping[str, Rule]] = {
    "body": filled_text,
    "user_id": nullable(text),
    "title": nullable(text),
    "color": nullable(color),
    "pinned": flag,
}


class Notes:
    """The notes of one location's contacts. Safe for any number of tasks.

    Reading needs the scope ``contacts.readonly``, writing ``contacts.write``.
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._creating = Creating(
            dispatch, operations.NOTES_CREATE, read=codec.note, look=self._look
        )

    async def list(self, contact_id: str) -> NoteList:
        """Return all notes of a contact, newest first, in one request: HighLevel has no pages.

        What cannot be read is in the result's ``unreadable``. Raises ``NotFound`` for a contact
        that is not there.
        """
        listed, _ = await self._look(contact_id)
        self._creating.saw(contact_id, listed)
        return listed

    async def get(self, contact_id: str, note_id: str) -> Note:
        """Return one note. Raises ``NotFound`` if the contact has no such note."""
        answer = await self._dispatch.call(operations.NOTES_GET, contact_id, note_id)
        return answer.read(codec.note, contact_id)

    async def create(  # noqa: PLR0913 - a note has this many fields
        self,
        contact_id: str,
        body: str,
        *,
        user_id: str | None = None,
        title: str | None = None,
        color: str | None = None,
        pinned: bool | None = None,
    ) -> Note:
        """Write a note, once, and return it.

        ``color`` is hex, such as ``"#FFAA00"``; ``user_id`` is who is named as the author.

        What surely had no effect is sent again: a 429, a refused connection. Otherwise, since
        HighLevel has no idempotency key, a create whose reply was lost (a reset, a timeout, a 5xx,
        a success whose body broke off) is looked up among the contact's notes for
        ``RetryPolicy.settle`` seconds. A note there is taken for it if its content is the same, no
        list that this client read before has it, and its date is no more than 30 s before the
        create: by HighLevel's ``Date`` header and by this machine's clock; by either of them, if an
        earlier look, or a list that was read less than 30 s before the create, did not have it.
        One more than 10 minutes before by both is an older one. What stays unknown raises
        ``AmbiguousWrite`` and is not sent again: nothing found, two equal ones, or one of uncertain
        age, which a list that lags may have left out.

        An equal note that another program writes in the same moment is taken for it. Creates of one
        text on one contact go one after the other. One that is cancelled may have happened.
        """
        given = {
            "body": body, "user_id": user_id, "title": title, "color": color, "pinned": pinned
        }  # fmt: skip
        return await self._creating.once(contact_id, fields(given, _FIELDS, required=("body",)))

    async def update(  # noqa: PLR0913 - a note has this many fields
        self,
        contact_id: str,
        note_id: str,
        *,
        body: str | Unset = UNSET,
        user_id: str | None | Unset = UNSET,
        title: str | None | Unset = UNSET,
        color: str | None | Unset = UNSET,
        pinned: bool | Unset = UNSET,
    ) -> Note:
        """Change a note; only what is passed is sent. Returns the note as it is now.

        None is sent as null; whether HighLevel clears the field then is not documented. Repeated
        after a failure, since it has the same effect twice; if it is still unknown whether it
        happened, raises ``AmbiguousWrite``.
        """
        given = {
            "body": body, "user_id": user_id, "title": title, "color": color, "pinned": pinned
        }  # fmt: skip
        sent = changes(given, _FIELDS)
        answer = await self._dispatch.call(operations.NOTES_UPDATE, contact_id, note_id, json=sent)
        return answer.read(codec.note, contact_id)

    async def delete(self, contact_id: str, note_id: str) -> None:
        """Delete a note. Raises ``NotFound`` if it was not there before this call."""
        await self._dispatch.call(operations.NOTES_DELETE, contact_id, note_id)

    def stream(
        self,
        contact_ids: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int | None = None,
    ) -> AsyncGenerator[ContactNotes, None]:
        """Read the notes of many contacts at the full speed that their location's limit allows.

        Yields one ``ContactNotes`` for each id given, as they are done, in no promised order. A
        contact that fails is yielded with its ``error``, and the others go on. At most
        ``concurrency`` contacts (50 by default) are under way and as many wait to be consumed, so
        any number can be streamed. To stop, leave the loop: the work under way is cancelled.
        An error raised by ``contact_ids`` itself comes after the results before it.
        """
        return outcomes(contact_ids, self._ask, _read, ContactNotes, concurrency=concurrency)

    def _ask(self, contact_id: str, *, bulk: bool = True) -> Awaitable[Answer]:
        return self._dispatch.call(operations.NOTES_LIST, contact_id, bulk=bulk)

    async def _look(self, contact_id: str) -> tuple[NoteList, datetime | None]:
        answer = await self._ask(contact_id, bulk=False)
        return _read(answer, contact_id), answer.server_time


def _read(answer: Answer, contact_id: str) -> NoteList:
    return answer.read(codec.notes, contact_id)
