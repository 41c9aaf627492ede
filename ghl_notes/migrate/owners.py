"""Whom a note is about, as its source tells it; and what is done where it tells of many."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final, Literal, TypeAlias

from attrs import frozen

from ghl_notes.bulk import each
from ghl_notes.errors import RequestRejected, UnexpectedResponse
from ghl_notes.sources.models import SourceContact, SourceNote
from ghl_notes.sources.protocol import Source

Several: TypeAlias = Literal["skip", "sole", "first", "all"]
"""What is done with a note that names nobody: see ``plan``."""

_AT_ONCE: Final = 20


@frozen
class Owned:
    """A note and a person that it is about; without a person, ``reason`` says why."""

    note: SourceNote
    person: SourceContact | None = None
    reason: str = ""


async def owned(source: Source, notes: Sequence[SourceNote], several: Several) -> list[Owned]:
    """Pair every note with whom it is about, or with the reason why there is nobody."""
    groups: dict[tuple[str | None, str | None], list[SourceNote]] = {}
    for note in notes:
        groups.setdefault((note.lead_id, note.contact_id), []).append(note)

    async def people_of(group: list[SourceNote]) -> list[Owned]:
        try:
            people = await source.contacts_of(group[0])
        except (RequestRejected, UnexpectedResponse) as error:
            return [Owned(note, reason=f"its contact cannot be read: {error}") for note in group]
        return [one for note in group for one in _chosen(note, people, several)]

    found: list[Owned] = []
    async with aclosing(each(groups.values(), people_of, concurrency=_AT_ONCE)) as results:
        async for some in results:
            found += some
    return found


def _chosen(note: SourceNote, people: Sequence[SourceContact], several: Several) -> list[Owned]:
    if not people:
        gone = "its contact is not at the source any more"
        return [Owned(note, reason="its lead has no contact" if note.contact_id is None else gone)]
    if note.contact_id is None:
        count = len(people)
        if several == "skip" or (several == "sole" and count > 1):
            has = f"has {count} contacts" if count > 1 else "is all that it hangs on"
            return [Owned(note, reason=f"it names nobody, and its lead {has}")]
        people = people if several == "all" else people[:1]
    return [Owned(note, person) for person in people]
