"""A note is written once, even if the reply to its create is lost.

HighLevel has no idempotency key, so after a try whose outcome is unknown the notes are listed
again, for a while, since a list may lag behind the writes. Found, the note is returned as if the
reply had come. That it is absent proves nothing: then the create is not repeated, unless the
policy allows it and no success was seen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, Generic, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from ghl_notes.errors import AmbiguousWrite, HighLevelError, Unavailable
from ghl_notes.http import note_texts
from ghl_notes.http.dispatch import Dispatch
from ghl_notes.http.operations import Operation
from ghl_notes.models import Json, Listing
from ghl_notes.resources.likeness import Written, words
from ghl_notes.resources.lookup import History, Lookup

# When to look, as shares of the policy's time: 0.5, 1.5, 3.5, 7 and 15 s of 15 s.
_LOOKS: Final = (1 / 30, 1 / 10, 7 / 30, 7 / 15, 1.0)

N = TypeVar("N", bound=Written)
_Alike: TypeAlias = tuple[asyncio.AbstractEventLoop, str, str]


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
        self._history = History()
        # By loop, since a lock that was held in a closed loop is never released.
        self._alike: WeakValueDictionary[_Alike, asyncio.Lock] = WeakValueDictionary()

    def saw(self, owner_id: str, listed: Listing[N]) -> None:
        """Take note of a list that was read: what is in it, a later create has not written."""
        self._history.saw(owner_id, listed, asyncio.get_running_loop().time())

    async def once(self, owner_id: str, fields: Mapping[str, Json]) -> N:
        """Send a create, and after a try whose outcome is unknown look for what it wrote."""
        self._dispatch.enter()  # before a lock that another thread may hold
        alike = _alike(owner_id, note_texts.plain(str(fields["body"])))
        turn = self._alike.setdefault(alike, asyncio.Lock())
        async with turn:  # of two notes of one text, nobody could tell whose reply was lost
            note = await self._create(owner_id, alike, fields)
        self._history.give(note.id)
        return note

    async def _create(self, owner_id: str, alike: _Alike, fields: Mapping[str, Json]) -> N:
        policy, began = self._dispatch.policy, asyncio.get_running_loop().time()
        before, all_known = self._history.before(owner_id, began)
        is_other = partial(self._is_other, owner_id, alike)
        lookup = Lookup[N](fields, before, all_known, self._history.returned, is_other)
        for last in _countdown(policy.attempts):
            try:
                answer = await self._dispatch.call(self._operation, owner_id, json=fields)
                return answer.read_created(self._read, owner_id)
            except AmbiguousWrite as error:
                failure = error
            if (found := await self._find(owner_id, lookup, began, failure)) is not None:
                return found
            if last or not policy.repeat_absent or not _surely_over(failure) or lookup.perhaps:
                raise failure
        raise AssertionError

    async def _find(
        self, owner_id: str, lookup: Lookup[N], began: float, failure: AmbiguousWrite
    ) -> N | None:
        """Look for the note of a lost reply, again and again, since it may still be on its way."""
        settle, clock = self._dispatch.policy.settle, asyncio.get_running_loop().time
        failed, unseen = clock(), None
        for due in sorted({settle * share for share in _LOOKS}):
            await asyncio.sleep(max(0.0, failed + due - clock()))
            try:
                listed, server_time = await self._look(owner_id)
            except HighLevelError as error:
                unseen = error
                continue
            unseen = next(iter(listed.unreadable), None)
            ago = timedelta(seconds=clock() - began)
            now = datetime.now(UTC)
            found = lookup.find(listed, [now - ago, (server_time or now) - ago])
            if found is None or len(found) > 1:
                raise failure
            if found:
                return found[0]
        if unseen is not None:
            failure.add_note(f"Looking for the note failed too: {unseen}")
            raise failure
        return None

    def _is_other(self, owner_id: str, alike: _Alike, note: N) -> bool:
        """Tell whether a note is one of those that are being written beside this one."""
        its = _alike(owner_id, note.text)
        return its != alike and its in self._alike


def _alike(owner_id: str, text: str) -> _Alike:
    """Return the key of notes that a lookup could not distinguish: same loop, owner and words."""
    return asyncio.get_running_loop(), owner_id, words(text)


def _countdown(attempts: int) -> Iterable[bool]:
    """Say of each try whether it is the last."""
    return (n == attempts for n in range(1, attempts + 1))


def _surely_over(failure: AmbiguousWrite) -> bool:
    """Tell whether a write is surely no longer at work, and no success was reported."""
    cause = failure.__cause__
    said_done = failure.status is not None and failure.status < 300  # noqa: PLR2004
    return isinstance(cause, Unavailable) and cause.settled and not said_done
