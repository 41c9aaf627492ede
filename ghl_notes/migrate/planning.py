"""``plan``: read the source, find the contacts, look at what is there, and write nothing."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from os import PathLike
from typing import Literal

from ghl_notes.client import Client
from ghl_notes.errors import (
    ConfigurationError,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.migrate.authors import Authors, find_authors
from ghl_notes.migrate.drafting import LEAST, LONGEST, Drafted, Style, drafted
from ghl_notes.migrate.finding import Finding, Wish
from ghl_notes.migrate.ledger import LEDGER, Ledger
from ghl_notes.migrate.matching import Matcher, by_email_then_phone, location_of
from ghl_notes.migrate.models import Plan
from ghl_notes.migrate.obstacles import Moved
from ghl_notes.migrate.owners import Owned, Several, owned
from ghl_notes.sources.models import SourceNote
from ghl_notes.sources.protocol import Source


async def plan(  # noqa: PLR0913 - every one of them has a default
    source: Source,
    client: Client,
    *,
    match: Matcher = by_email_then_phone,
    ledger: str | PathLike[str] = LEDGER,
    since: datetime | None = None,
    until: datetime | None = None,
    several: Several = "sole",
    users: Mapping[str, str] | None = None,
    rich: bool = False,
    longest: int = LONGEST,
    too_long: Literal["split", "skip"] = "split",
) -> Plan:
    """Say what moving the notes of ``source`` to the client's location would do. Writes nothing.

    Each note goes to the contact that ``match`` finds for the person it is about: by email, then
    by phone, verified on the hit; two different hits are a conflict, and nobody is made. A note
    that names no person, on a lead with several, is decided by ``several``: ``"skip"`` leaves out
    all that name nobody, ``"sole"`` takes the lead's only contact, ``"first"`` its first, ``"all"``
    writes it to each. ``users`` has the ids of HighLevel's users by email, to name authors;
    without it they are asked for (scope ``users.readonly``).

    Notes are written as plain text, or with ``rich`` as the HTML that they have. One that has more
    than ``longest`` characters becomes several notes, or is left out. What was moved already, by
    the ``ledger`` or by its marker in HighLevel, is skipped, or an ``update`` where it reads
    otherwise. All notes are held in memory.

    Reads a request per person (two where email and phone lead apart) and one per contact; none for
    those whose notes the ledger knows to be moved, though with ``"all"`` each person is searched
    for. Raises what stands in the way of the whole, such as wrong credentials; what concerns one
    note or person is a line of the plan.
    """
    location = location_of(client)
    if several not in ("skip", "sole", "first", "all"):
        msg = f"several must be skip, sole, first or all, got {several!r}"
        raise ConfigurationError(msg)
    if too_long not in ("split", "skip"):
        msg = f"too_long must be split or skip, got {too_long!r}"
        raise ConfigurationError(msg)
    if isinstance(longest, bool) or not isinstance(longest, int) or longest < LEAST:
        msg = f"longest must be a number of characters, {LEAST:,} at least, got {longest!r}"
        raise ConfigurationError(msg)
    if not callable(match):
        msg = "match must be an async function of a person and the client"
        raise ConfigurationError(msg)
    if users is not None and not isinstance(users, Mapping):
        msg = "users must have the ids of HighLevel's users by email, or be left out"
        raise ConfigurationError(msg)
    account = await source.account()
    authors, remarks = await find_authors(source, client, location, users)
    notes, problems = await _read(source, since, until)
    title = getattr(source, "title", None) or source.name.capitalize()
    style = Style(source=title, rich=rich, longest=longest, too_long=too_long)
    # In a thread, since HTML becomes text in it.
    wishes = await asyncio.to_thread(_wishes, await owned(source, notes, several), style, authors)
    book = Ledger(ledger)
    try:
        entries = await book.entries(location, source.name)
    finally:
        await book.close()
    finding = Finding(client, match, Moved(entries), spread=several == "all")
    return Plan(
        source=source.name,
        account=account,
        location_id=location,
        made_at=datetime.now(UTC),
        steps=tuple(await finding.steps(wishes)),
        problems=problems,
        remarks=remarks,
        client=client,
    )


async def _read(
    source: Source, since: datetime | None, until: datetime | None
) -> tuple[list[SourceNote], tuple[str, ...]]:
    notes: list[SourceNote] = []
    try:
        async with aclosing(source.notes(since=since, until=until)) as found:
            async for note in found:
                notes.append(note)  # noqa: PERF401 - what came before an error is kept
    except (UnexpectedResponse, RequestRejected, Unavailable) as error:
        if not notes:
            raise
        return notes, (f"not every note could be read: {error}",)
    return notes, ()


def _wishes(notes: Iterable[Owned], style: Style, authors: Authors) -> list[Wish]:
    return [
        Wish(one, _drafted(one.note, style, authors), authors.name_of(one.note)) for one in notes
    ]


def _drafted(note: SourceNote, style: Style, authors: Authors) -> Drafted:
    name, user_id = authors.name_of(note), authors.user_of(note)
    return drafted(note, style, author=name, user_id=user_id)
