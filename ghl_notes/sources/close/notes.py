"""``CloseNotes``: the notes of a Close organization, over its API.

https://developer.close.com/api/resources/activities/notes
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Unpack

import aiohttp

from ghl_notes.errors import ConfigurationError, RequestRejected
from ghl_notes.events import Observer
from ghl_notes.http.limits import Limits
from ghl_notes.http.request import Param
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.oauth.auth import Auth
from ghl_notes.sources import fields
from ghl_notes.sources.arguments import aware, segment
from ghl_notes.sources.close import log, reading
from ghl_notes.sources.close.calls import CloseCalls, Page
from ghl_notes.sources.close.filters import Asked, NoteFilters, asked
from ghl_notes.sources.close.people import ClosePeople
from ghl_notes.sources.close.windows import END, PAGE_SIZE, Ask, Walk
from ghl_notes.sources.models import SourceChange, SourceContact, SourceNote, SourceUser
from ghl_notes.sources.spans import earliest
from ghl_notes.wiring import TIMEOUT, Closing, Wiring

BASE_URL: Final = "https://api.close.com/api/v1"
# Until the first reply of an endpoint group tells its limit. Close documents no numbers.
_LIMITS: Final = Limits(burst=20, interval=1.0, daily=1_000_000_000)
_SKIPPED_TOO_FAR: Final = "max_skip"


class CloseNotes(Closing):
    """The notes of one Close organization. Safe for any number of tasks.

    Give ``api_key``, or ``auth``, such as ``CloseOAuth.auth(...)``. Use it as ``async with``, or
    call ``close()``. Every group of endpoints has its own limit at Close, which is followed by its
    ``RateLimit`` header; ``limits`` is what each begins with until it tells. Errors are those of
    ``ghl_notes.errors``.
    """

    name: str = "close"
    title: str = "Close"

    def __init__(  # noqa: PLR0913 - every one of them has a default
        self,
        api_key: str | None = None,
        *,
        auth: Auth | None = None,
        base_url: str = BASE_URL,
        session: aiohttp.ClientSession | None = None,
        limits: Limits = _LIMITS,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen but for its random numbers
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if (api_key is None) == (auth is None):
            msg = "give either api_key or auth, not both or neither"
            raise ConfigurationError(msg)
        self._wiring = Wiring(base_url, session, limits, retries, timeout, observer, "Close")
        self._calls = CloseCalls(self._wiring, api_key, auth)
        self._people = ClosePeople(self._calls)
        self._clock = clock

    async def account(self) -> str:
        """Name the organization that the credentials belong to."""
        me = (await self._calls.get("me", "/me/")).read(fields.single, "Close")
        listed = fields.objects(me.get("organizations"))
        told = (fields.text(me, "organization_id"), *(fields.text(one, "id") for one in listed))
        found = next((one for one in told if one is not None), None)
        if found is None:
            raise fields.unreadable("Close", "an account", "expected an id @ $.organizations")
        return found

    def notes(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        **filters: Unpack[NoteFilters],
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield every note that was created in that time, both ends included, each once.

        The upper end is open unless it is given, since imported notes may be dated ahead, and this
        machine's clock may be behind. What lies ahead of the clock is read first, so next to
        nothing that is added meanwhile is part of it; pass ``until`` to have none. ``filters``
        narrow it down. What cannot be read raises ``UnexpectedResponse`` after all that can be.
        """
        return self._notes(asked(filters, since, until))

    async def get(self, note_id: str) -> SourceNote:
        """Return one note. Raises ``NotFound`` if there is none."""
        answer = await self._calls.get("note", f"/activity/note/{segment('note_id', note_id)}/")
        note = reading.note(answer.payload)
        if note is None:
            raise fields.unreadable("Close", "a note", "expected an id @ $")
        return note

    async def changes(self, since: datetime) -> list[SourceChange]:
        """Return the last thing that happened to each note since then, by Close's log of 30 days.

        Edits and deletes are in no other place. Close joins edits that follow each other closely
        and moves their time, so the last five minutes before ``since`` are read as well. Raises
        ``ConfigurationError`` if the log does not reach back that far.
        """
        return await log.changes(self._calls, aware("since", since), self._clock())

    async def contacts_of(self, note: SourceNote) -> tuple[SourceContact, ...]:
        """Return the contact that a note names, or all those of its lead; none if both are gone.

        Leads and contacts are remembered for the life of this object.
        """
        return await self._people.contacts_of(note)

    async def users(self) -> dict[str, SourceUser]:
        """Return the users of the organization by their id. Those who left may be missing."""
        return await self._people.users()

    async def close(self) -> None:
        """Close its own connections."""
        await self._wiring.transport.close()

    async def _notes(self, wanted: Asked) -> AsyncGenerator[SourceNote, None]:
        span, failure = wanted.span, None
        walk = Walk(span.first, END, ahead=self._clock())
        if span.last is not None:
            walk = Walk(span.first, span.last)
        while (ask := walk.next()) is not None:
            page = await self._page(ask, wanted.params)
            if page is None:
                walk.overflowed()
                continue
            notes = [note for note in map(reading.note, page.items) if note is not None]
            if len(notes) < len(page.items):
                failure = fields.unreadable("Close", "a note", "expected an id @ $.data")
            fresh = walk.page(
                [note.id for note in notes],
                received=len(page.items),
                more=page.more,
                oldest=earliest(*(note.created_at for note in notes)),
            )
            for note in notes:
                if note.id in fresh and span.holds(note.created_at):
                    yield note
        if failure is not None:
            raise failure

    async def _page(self, ask: Ask, params: Mapping[str, Param]) -> Page | None:
        """Ask for a page of notes; None if Close does not skip that far."""
        query: dict[str, Param] = {**params, "date_created__lte": ask.until.isoformat()}
        if ask.since is not None:
            query["date_created__gte"] = ask.since.isoformat()
        query |= {"_limit": PAGE_SIZE, "_skip": ask.skip}
        try:
            return Page.of(await self._calls.get("notes", "/activity/note/", query, bulk=True))
        except RequestRejected as error:
            if any(_SKIPPED_TOO_FAR in message for message in error.messages):
                return None
            raise
