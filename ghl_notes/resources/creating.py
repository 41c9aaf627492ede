"""A note is written once, even if the reply to its create is lost.

HighLevel has no idempotency key, so after a try whose outcome is unknown the notes are listed
again, and the create is repeated only if the note is surely not there.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar
from unicodedata import normalize
from weakref import WeakValueDictionary

from ghl_notes.errors import AmbiguousWrite, HighLevelError, Unavailable
from ghl_notes.http import codec
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.operations import Operation
from ghl_notes.models import Json, Listing

# How far apart the clocks behind HighLevel's replies may be, and the second its Date is cut to.
_SKEW: Final = timedelta(seconds=2)
_REMEMBERED: Final = 10_000
# Letters at the beginning or the end by which a note may be taken for another.
_TELLING: Final = 10


class Written(Protocol):
    """What is known of every note that was written."""

    @property
    def id(self) -> str:
        """The note's own id."""
        ...

    @property
    def body(self) -> str:
        """What was written."""
        ...

    @property
    def text(self) -> str:
        """Its plain form."""
        ...

    @property
    def user_id(self) -> str | None:
        """In whose name it was written."""
        ...

    @property
    def date_added(self) -> datetime:
        """When it was written."""
        ...


N = TypeVar("N", bound=Written)


class Creating(Generic[N]):
    """Creates notes of one kind, each once.

    ``read`` reads the reply to ``operation``, and ``look`` lists the notes of one owner, with
    HighLevel's clock at that moment.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        operation: Operation,
        *,
        read: Callable[[Json, str], N],
        look: Callable[[str], Awaitable[tuple[Listing[N], datetime | None]]],
    ) -> None:
        self._dispatch = dispatch
        self._operation = operation
        self._read = read
        self._look = look
        self._created: OrderedDict[str, None] = OrderedDict()
        self._alike: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def once(self, owner_id: str, fields: Mapping[str, Json]) -> N:
        """Send a create, and after each try whose outcome is unknown look before the next."""
        alike = owner_id, _words(codec.plain(str(fields["body"])))
        turn = self._alike.setdefault(alike, asyncio.Lock())
        async with turn:  # of two notes of one text, nobody could tell whose reply was lost
            note = await self._create(alike, fields)
        self._created[note.id] = None
        if len(self._created) > _REMEMBERED:
            self._created.popitem(last=False)
        return note

    async def _create(self, alike: tuple[str, str], fields: Mapping[str, Json]) -> N:
        owner_id, _ = alike
        for last in _countdown(self._dispatch.policy.attempts):
            began = asyncio.get_running_loop().time()
            try:
                answer = await self._dispatch.call(self._operation, owner_id, json=fields)
                return answer.read_created(self._read, owner_id)
            except AmbiguousWrite as error:
                failure = error
            if (found := await self._find(alike, fields, began, failure)) is not None:
                return found
            if last or not _settled(failure):
                raise failure
        raise AssertionError

    async def _find(
        self,
        alike: tuple[str, str],
        fields: Mapping[str, Json],
        began: float,
        failure: AmbiguousWrite,
    ) -> N | None:
        """Look for the note of a lost reply, twice, since it may still be on its way."""
        owner_id, _ = alike
        clock = asyncio.get_running_loop().time
        settle = self._dispatch.policy.settle
        for pause in (settle / 4, settle * 3 / 4):
            await asyncio.sleep(pause)
            try:
                listed, server_time = await self._look(owner_id)
            except HighLevelError as error:
                raise failure from error
            oldest = (server_time or datetime.now(UTC)) - timedelta(seconds=clock() - began) - _SKEW
            fresh = [
                note
                for note in listed
                if note.date_added >= oldest and note.id not in self._created
            ]
            same = [note for note in fresh if _is(note, fields)]
            if len(same) > 1 or listed.unreadable:
                raise failure
            if same:
                return same[0]
            if any(_may_be(note, fields) and not self._is_other(alike, note) for note in fresh):
                raise failure
        return None

    def _is_other(self, alike: tuple[str, str], note: N) -> bool:
        """Tell whether a note is one of those that are being written beside this one."""
        its = alike[0], _words(note.text)
        return its != alike and its in self._alike


def _countdown(attempts: int) -> Iterable[bool]:
    """Say of each try whether it is the last."""
    return (n == attempts for n in range(1, attempts + 1))


def _settled(failure: AmbiguousWrite) -> bool:
    """Tell whether a write that was not found will not turn up any more."""
    cause = failure.__cause__
    return isinstance(cause, Unavailable) and cause.settled


def _is(note: Written, fields: Mapping[str, Json]) -> bool:
    """Tell whether a note is what was sent; HighLevel may have cleaned up its HTML."""
    body = fields["body"]
    same = note.body == body or note.text.strip() == codec.plain(str(body)).strip()
    told = {"userId": note.user_id, "title": _has(note, "title"), "color": _has(note, "color")}
    return same and all(
        (sent or None) == told[name]  # an empty text is no title
        or (name == "color" and str(sent).lower() == str(told[name]).lower())
        for name, sent in fields.items()
        if name in told
    )


def _may_be(note: Written, fields: Mapping[str, Json]) -> bool:
    """Tell whether a note may be what was sent, changed by HighLevel in a way we do not know."""
    sent, found = (_letters(text) for text in (codec.plain(str(fields["body"])), note.text))
    shorter = min(len(sent), len(found), _TELLING)
    return sent[:shorter] == found[:shorter] or sent[-shorter:] == found[-shorter:]


def _words(text: str) -> str:
    return " ".join(text.split())


def _letters(text: str) -> str:
    """Reduce a text to what survives any cleaning up."""
    return "".join(filter(str.isalnum, normalize("NFKC", text).casefold()))


def _has(note: Written, name: str) -> str | None:
    found: str | None = getattr(note, name, None)  # notes of appointments have neither
    return found
