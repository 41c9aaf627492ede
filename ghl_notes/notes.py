"""The notes of contacts: list, get, create, update, delete, and of many contacts at once.

https://marketplace.gohighlevel.com/docs/ghl/contacts/notes; the scopes are ``contacts.readonly``
and ``contacts.write``.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final
from weakref import WeakValueDictionary

from ghl_notes import bulk
from ghl_notes.errors import (
    AmbiguousWrite,
    ConfigurationError,
    HighLevelError,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http import codec
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.protocol import Answer, Request, segment
from ghl_notes.models import ContactNotes, Json, Note, NoteList

_HEX_COLOR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}").fullmatch
# How far apart the clocks behind HighLevel's replies may be, and the second its Date is cut to.
_SKEW: Final = timedelta(seconds=2)
_REMEMBERED: Final = 10_000


class Unset(Enum):
    """The default of arguments that are left as they are, since None would be sent."""

    UNSET = "leave as it is"


UNSET: Final = Unset.UNSET


class Notes:
    """The notes of one location's contacts. Safe for any number of tasks."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._created: OrderedDict[str, None] = OrderedDict()
        self._alike: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def list(self, contact_id: str) -> NoteList:
        """Return all notes of a contact, newest first, in one request: HighLevel has no pages.

        What cannot be read is in the result's ``unreadable``. Raises ``NotFound`` for a contact
        that is not there.
        """
        request = Request("GET", _path(contact_id))
        return codec.notes((await self._dispatch.call(request)).payload, contact_id)

    async def get(self, contact_id: str, note_id: str) -> Note:
        """Return one note. Raises ``NotFound`` if the contact has no such note."""
        answer = await self._dispatch.call(Request("GET", _note_path(contact_id, note_id)))
        return codec.note(answer.payload, contact_id)

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
        HighLevel has no idempotency key, so a create whose reply was lost is looked up among the
        contact's notes and repeated only if it is surely not there; what stays unknown raises
        ``AmbiguousWrite``. Creates of one text on one contact go one after the other.
        """
        given = {"userId": user_id, "title": title, "color": color, "pinned": pinned}
        fields = _fields({"body": body, **{k: v for k, v in given.items() if v is not None}})
        request = Request("POST", _path(contact_id), json=fields, repeatable=False)
        alike = contact_id, " ".join(codec.plain(body).split())
        turn = self._alike.setdefault(alike, asyncio.Lock())
        async with turn:  # of two notes of one text, nobody could tell whose reply was lost
            note = await self._create(request, contact_id, fields)
        self._created[note.id] = None
        if len(self._created) > _REMEMBERED:
            self._created.popitem(last=False)
        return note

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
            "body": body, "userId": user_id, "title": title, "color": color, "pinned": pinned
        }  # fmt: skip
        fields = _fields({k: v for k, v in given.items() if not isinstance(v, Unset)})
        if not fields:
            msg = "update needs something to change: body, user_id, title, color or pinned"
            raise ConfigurationError(msg)
        request = Request("PUT", _note_path(contact_id, note_id), json=fields)
        return codec.note((await self._dispatch.call(request)).payload, contact_id)

    async def delete(self, contact_id: str, note_id: str) -> None:
        """Delete a note. Raises ``NotFound`` if it was not there before this call."""
        path = _note_path(contact_id, note_id)
        answer = await self._dispatch.call(Request("DELETE", path, gone_is_done=True))
        if _says_no(answer.payload):
            msg = "HighLevel answered the delete with success, and says in it that it failed"
            raise UnexpectedResponse(msg, status=answer.status, method="DELETE", path=path)

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
        workers = bulk.checked(contact_ids, concurrency, "contact_ids")
        return bulk.each(contact_ids, self._outcome, concurrency=workers)

    async def _outcome(self, contact_id: str) -> ContactNotes:
        try:
            answer = await self._dispatch.call(Request("GET", _path(contact_id), bulk=True))
            return ContactNotes(contact_id, codec.notes(answer.payload, contact_id))
        except HighLevelError as error:
            return ContactNotes(str(contact_id), error=error)

    async def _create(self, request: Request, contact_id: str, fields: Mapping[str, Json]) -> Note:
        """Create, and after each try whose outcome is unknown look before trying again."""
        for last in _countdown(self._dispatch.policy.attempts):
            began = asyncio.get_running_loop().time()
            try:
                answer = await self._dispatch.call(request)
                return codec.note(answer.payload, contact_id)
            except AmbiguousWrite as error:
                failure = error
            except UnexpectedResponse as error:
                if error.status is not None:  # not a success, so nothing was written
                    raise
                failure = _unread(request, error)
            if (found := await self._find(contact_id, fields, began, failure)) is not None:
                return found
            if last or not _settled(failure):
                raise failure
        raise AssertionError

    async def _find(
        self, contact_id: str, fields: Mapping[str, Json], began: float, failure: AmbiguousWrite
    ) -> Note | None:
        """Look for the note of a lost reply, twice, since it may still be on its way."""
        clock = asyncio.get_running_loop().time
        settle = self._dispatch.policy.settle
        for pause in (settle / 4, settle * 3 / 4):
            await asyncio.sleep(pause)
            try:
                answer = await self._dispatch.call(Request("GET", _path(contact_id)))
                listed = codec.notes(answer.payload, contact_id)
            except HighLevelError as error:
                raise failure from error
            oldest = _now(answer) - timedelta(seconds=clock() - began) - _SKEW
            fresh = [
                note
                for note in listed
                if note.date_added >= oldest and note.id not in self._created and _is(note, fields)
            ]
            if len(fresh) > 1 or listed.unreadable:
                raise failure
            if fresh:
                return fresh[0]
        return None


def _path(contact_id: str) -> str:
    return f"/contacts/{segment('contact_id', contact_id)}/notes"


def _note_path(contact_id: str, note_id: str) -> str:
    return f"{_path(contact_id)}/{segment('note_id', note_id)}"


def _fields(given: Mapping[str, Json]) -> dict[str, Json]:
    """Check what a note is to say, before anything is sent."""
    fields = dict(given)
    body = fields.get("body", "a body that is not sent")
    if not isinstance(body, str) or not body.strip():
        msg = "body must be a text that is not empty"
        raise ConfigurationError(msg)
    color = fields.get("color")
    if color is not None and not (isinstance(color, str) and _HEX_COLOR(color)):
        msg = "color must be hex, such as #FFAA00"
        raise ConfigurationError(msg)
    if not isinstance(fields.get("pinned", False), bool):
        msg = "pinned must be True or False"
        raise ConfigurationError(msg)
    for name, argument in (("userId", "user_id"), ("title", "title")):
        if not isinstance(fields.get(name), str | None):
            msg = f"{argument} must be a text"
            raise ConfigurationError(msg)
    return fields


def _countdown(attempts: int) -> Iterable[bool]:
    """Say of each try whether it is the last."""
    return (n == attempts for n in range(1, attempts + 1))


def _unread(request: Request, error: UnexpectedResponse) -> AmbiguousWrite:
    msg = "HighLevel took the note, and its reply cannot be read; look before repeating it"
    failure = AmbiguousWrite(msg, method=request.method, path=request.path)
    failure.__cause__ = error
    return failure


def _settled(failure: AmbiguousWrite) -> bool:
    """Tell whether a write that was not found will not turn up any more."""
    cause = failure.__cause__
    return isinstance(cause, Unavailable) and cause.settled


def _now(answer: Answer) -> datetime:
    return answer.server_time or datetime.now(UTC)


def _is(note: Note, fields: Mapping[str, Json]) -> bool:
    """Tell whether a note is what was sent; HighLevel may have cleaned up its HTML."""
    body = fields["body"]
    same = note.body == body or note.text.strip() == codec.plain(str(body)).strip()
    color = str(fields.get("color", note.color)).casefold() == str(note.color).casefold()
    return (
        same
        and color
        and fields.get("title", note.title) == note.title
        and fields.get("userId", note.user_id) == note.user_id
    )


def _says_no(payload: Json) -> bool:
    told = payload if isinstance(payload, dict) else {}
    return any(told.get(name) is False for name in ("succeded", "succeeded", "success"))
