"""``CloseNotes``: the notes of a Close organization, over its API.

https://developer.close.com/api/resources/activities/notes
"""

import base64
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NoReturn, TypedDict, Unpack, cast
from urllib.parse import quote

import aiohttp
from attrs import frozen

from ghl_notes.errors import AccessDenied, ConfigurationError, NotFound, RequestRejected
from ghl_notes.events import Observer
from ghl_notes.http.carrier import Carrier
from ghl_notes.http.limits import Limits
from ghl_notes.http.reply import Answer
from ghl_notes.http.request import Param, Request, target
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.models import Json
from ghl_notes.oauth.auth import Auth, StaticToken
from ghl_notes.sources import fields
from ghl_notes.sources.close import reading
from ghl_notes.sources.close.service import CloseService
from ghl_notes.sources.close.windows import PAGE, Ask, Walk
from ghl_notes.sources.models import SourceChange, SourceContact, SourceNote, SourceUser
from ghl_notes.wiring import TIMEOUT, Closing, Wiring

BASE_URL: Final = "https://api.close.com/api/v1"
# Until the first reply of an endpoint group tells its limit. Close documents no numbers.
_LIMITS: Final = Limits(burst=20, interval=1.0, daily=1_000_000_000)
_EVENTS: Final = 50  # the most that a page of the log has
_LONGEST_URL: Final = 1_900  # characters; Close names about 2,000 as the longest
_SKIPPED_TOO_FAR: Final = "max_skip"
_LOG: Final = timedelta(days=30)
_MERGING: Final = timedelta(minutes=5)
_ENDS: Final = ("gt", "gte", "lt", "lte")
_TIMES: Final = tuple(f"{what}__{end}" for what in ("date_created", "activity_at") for end in _ENDS)


class NoteFilters(TypedDict, total=False):
    """The filters of Close's list of notes, under Close's own names; ``_type`` is ``types``.

    Close may take ``contact_id``, ``user_id`` and the times of the activity only together with one
    ``lead_id``: its documents do not agree, and a refusal is raised as it comes.
    """

    id__in: Sequence[str]
    lead_id: str | Sequence[str]
    contact_id: str | Sequence[str]
    user_id: str | Sequence[str]
    organization_id: str
    types: str | Sequence[str]
    date_created__gt: datetime
    date_created__gte: datetime
    date_created__lt: datetime
    date_created__lte: datetime
    activity_at__gt: datetime
    activity_at__gte: datetime
    activity_at__lt: datetime
    activity_at__lte: datetime


class _ApiKey(StaticToken):
    """An API key, as Basic authentication wants it: the key is the user, without a password."""

    def __init__(self, api_key: str) -> None:
        super().__init__(base64.b64encode(f"{api_key.strip()}:".encode()).decode())

    async def renew(self, stale: str) -> NoReturn:  # noqa: ARG002 - the protocol's argument
        """Raise ``AccessDenied``."""
        msg = "Close refused the API key: make another one in its settings"
        raise AccessDenied(msg, status=401)


class CloseNotes(Closing):
    """The notes of one Close organization. Safe for any number of tasks.

    Give ``api_key``, or ``auth``, such as ``CloseOAuth.auth(...)``. Use it as ``async with``, or
    call ``close()``. Every group of endpoints has its own limit at Close, which is followed by its
    ``RateLimit`` header. Errors are those of ``ghl_notes.errors``.
    """

    name: Final = "close"

    def __init__(  # noqa: PLR0913 - every one of them has a default
        self,
        api_key: str | None = None,
        *,
        auth: Auth | None = None,
        base_url: str = BASE_URL,
        session: aiohttp.ClientSession | None = None,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen but for its random numbers
        timeout: float = TIMEOUT,
        observer: Observer | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if (api_key is None) == (auth is None):
            msg = "give either api_key or auth, not both or neither"
            raise ConfigurationError(msg)
        if api_key is not None and (not isinstance(api_key, str) or not api_key.strip()):
            msg = "api_key must be a non-empty string, such as api_..."
            raise ConfigurationError(msg)
        self._auth: Auth = _ApiKey(api_key or "") if auth is None else auth
        self._scheme: Literal["Basic", "Bearer"] = "Basic" if auth is None else "Bearer"
        self._wiring = Wiring(base_url, session, _LIMITS, retries, timeout, observer, "Close")
        self._clock = clock
        self._groups: dict[str, Carrier] = {}
        self._leads: dict[str, tuple[SourceContact, ...]] = {}
        self._contacts: dict[str, SourceContact | None] = {}

    async def account(self) -> str:
        """Name the organization that the credentials belong to."""
        me = (await self._get("me", "/me/")).payload
        told = me if isinstance(me, dict) else {}
        listed = fields.objects(told.get("organizations"))
        found = fields.text(told, "organization_id") or next(
            (one for one in (fields.text(org, "id") for org in listed) if one), None
        )
        if found is None:
            raise fields.unreadable("Close", "expected an organization @ $.organizations")
        return found

    async def notes(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        **filters: Unpack[NoteFilters],
    ) -> AsyncGenerator[SourceNote, None]:
        """Yield every note that was created in that time, to the second, each once.

        The upper end is now, unless it is given, and is fixed as the reading begins: what is added
        meanwhile is not part of it. ``filters`` narrow it down. What cannot be read raises
        ``UnexpectedResponse`` after all that can be.
        """
        span = _span(filters, _aware("since", since), _aware("until", until), self._clock())
        walk, asked, failure = Walk(*span), _asked(filters), None
        while (ask := walk.next()) is not None:
            page = await self._page(ask, asked)
            if page is None:
                walk.overflowed()
                continue
            found = {note.id: note for note in map(reading.note, page.items) if note is not None}
            if len(found) < len(page.items):
                failure = fields.unreadable("Close", "expected a note with an id @ $.data")
            fresh = walk.page(found, received=len(page.items), more=page.more)
            for note_id in found.keys() & fresh:
                yield found[note_id]
        if failure is not None:
            raise failure

    async def get(self, note_id: str) -> SourceNote:
        """Return one note. Raises ``NotFound`` if there is none."""
        answer = await self._get("note", f"/activity/note/{_segment(note_id)}/")
        note = reading.note(answer.payload)
        if note is None:
            raise fields.unreadable("Close", "expected a note with an id @ $")
        return note

    async def changes(self, since: datetime) -> list[SourceChange]:
        """Return the last thing that happened to each note since then, by Close's log of 30 days.

        Edits and deletes are in no other place. Close joins edits that follow each other closely
        and moves their time, so the last five minutes before ``since`` are read as well. Raises
        ``ConfigurationError`` if the log does not reach back that far.
        """
        began = cast("datetime", _aware("since", since)) - _MERGING
        if began < self._clock() - _LOG:
            msg = "Close's log reaches back 30 days: read the notes themselves instead"
            raise ConfigurationError(msg)
        latest: dict[str, SourceChange] = {}
        for action in ("created", "updated", "deleted"):
            async for change in self._log(action, began):
                known = latest.get(change.note_id)
                if known is None or (change.at or began) >= (known.at or began):
                    latest[change.note_id] = change
        return list(latest.values())

    async def contacts_of(self, note: SourceNote) -> tuple[SourceContact, ...]:
        """Return the contact that a note names, or all those of its lead; none if both are gone.

        Leads and contacts are remembered for the life of this object.
        """
        listed = () if note.lead_id is None else await self._lead(note.lead_id)
        if note.contact_id is None:
            return listed
        named = tuple(one for one in listed if one.id == note.contact_id)
        if named:
            return named
        contact = await self._contact(note.contact_id)  # it may have moved to another lead
        return () if contact is None else (contact,)

    async def users(self) -> dict[str, SourceUser]:
        """Return the users of the organization by their id. Those who left may be missing."""
        found: dict[str, SourceUser] = {}
        skip, more = 0, True
        while more:
            query: dict[str, Param] = {"_limit": PAGE, "_skip": skip}
            page = _Page.of(await self._get("users", "/user/", query))
            users = [reading.user(item) for item in fields.objects(page.items)]
            found |= {user.id: user for user in users if user is not None}
            skip += len(page.items)
            more = page.more and bool(page.items)
        return found

    async def close(self) -> None:
        """Close its own connections."""
        await self._wiring.transport.close()

    async def _page(self, ask: Ask, asked: Mapping[str, Param]) -> "_Page | None":
        """Ask for a page of notes; None if Close does not skip that far."""
        query: dict[str, Param] = {**asked, "date_created__lte": ask.until.isoformat()}
        if ask.since is not None:
            query["date_created__gte"] = ask.since.isoformat()
        query |= {"_limit": PAGE, "_skip": ask.skip}
        try:
            return _Page.of(await self._get("notes", "/activity/note/", query))
        except RequestRejected as error:
            if ask.skip and any(_SKIPPED_TOO_FAR in message for message in error.messages):
                return None
            raise

    async def _log(self, action: str, since: datetime) -> AsyncGenerator[SourceChange, None]:
        query: dict[str, Param] = {"object_type": "activity.note", "action": action}
        query["_limit"] = _EVENTS
        first: dict[str, Param] = {"date_updated__gte": since.isoformat()}
        cursor: Json = None
        while True:
            more = first if cursor is None else {"_cursor": str(cursor)}
            answer = await self._get("events", "/event/", {**query, **more})
            events = fields.objects(fields.entries(answer.payload, "data", "Close"))
            for change in map(reading.change, events):
                if change is None:
                    continue
                if change.at is not None and change.at < since:  # a cursor forgets the time
                    return
                yield change
            told = answer.payload if isinstance(answer.payload, dict) else {}
            before, cursor = cursor, told.get("cursor_next")
            if not events or not cursor or cursor == before:
                return

    async def _lead(self, lead_id: str) -> tuple[SourceContact, ...]:
        if lead_id not in self._leads:
            path, query = f"/lead/{_segment(lead_id)}/", {"_fields": "id,name,contacts"}
            try:
                found = reading.contacts((await self._get("lead", path, query)).payload)
            except NotFound:
                found = ()
            self._leads[lead_id] = found
        return self._leads[lead_id]

    async def _contact(self, contact_id: str) -> SourceContact | None:
        if contact_id not in self._contacts:
            try:
                answer = await self._get("contact", f"/contact/{_segment(contact_id)}/")
                told = answer.payload if isinstance(answer.payload, dict) else {}
                self._contacts[contact_id] = reading.contact(told)
            except NotFound:
                self._contacts[contact_id] = None
        return self._contacts[contact_id]

    async def _get(self, group: str, path: str, query: Mapping[str, Param] | None = None) -> Answer:
        """Make a call of one endpoint group; a query too long for a URL goes into the body."""
        request = Request("GET", path, query)
        if len(target(request)) > _LONGEST_URL:
            params: dict[str, Json] = dict(query or {})
            request = Request("POST", path, json={"_params": params})
        if group not in self._groups:
            service = CloseService(self._scheme)
            self._groups[group] = self._wiring.carrier(service, self._auth, self._wiring.gate())
        return await self._groups[group].carry(request)


@frozen
class _Page:
    items: list[Json]
    more: bool

    @classmethod
    def of(cls, answer: Answer) -> "_Page":
        told = answer.payload if isinstance(answer.payload, dict) else {}
        items = fields.entries(answer.payload, "data", "Close")
        return cls(items, told.get("has_more") is True)


def _aware(name: str, when: datetime | None) -> datetime | None:
    if when is not None and (not isinstance(when, datetime) or when.tzinfo is None):
        msg = f"{name} must be an aware datetime, such as datetime(2026, 1, 1, tzinfo=UTC)"
        raise ConfigurationError(msg)
    return when


def _span(
    filters: NoteFilters, since: datetime | None, until: datetime | None, now: datetime
) -> tuple[datetime | None, datetime]:
    """Give the ends of all that is asked for; the upper one is fixed here."""
    times = {name: _aware(name, _time_in(filters, name)) for name in _TIMES}
    lower = (since, times["date_created__gt"], times["date_created__gte"])
    upper = (now, until, times["date_created__lt"], times["date_created__lte"])
    return (
        max((one for one in lower if one is not None), default=None),
        min(one for one in upper if one is not None),
    )


def _asked(filters: NoteFilters) -> dict[str, Param]:
    """Spell the filters as Close does; the walk sends the inclusive ends of the creation."""
    asked: dict[str, Param] = {}
    for name, value in filters.items():
        if name not in NoteFilters.__annotations__:
            known = ", ".join(NoteFilters.__annotations__)
            msg = f"Close has no filter {name}; it has {known}"
            raise ConfigurationError(msg)
        if name in ("date_created__gte", "date_created__lte") or value is None:
            continue
        asked["_type" if name == "types" else name] = _spelled(value)
    return asked


def _spelled(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else ",".join(cast("Sequence[str]", value))


def _time_in(filters: NoteFilters, name: str) -> datetime | None:
    return cast("datetime | None", filters.get(name))


def _segment(value: str) -> str:
    if not isinstance(value, str) or not value.strip():
        msg = "an id of Close must be a text, not empty"
        raise ConfigurationError(msg)
    return quote(value, safe="")
