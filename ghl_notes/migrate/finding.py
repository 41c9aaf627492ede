"""Where each note of a plan belongs in HighLevel, and what is there already."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from attrs import define, evolve, field

from ghl_notes.bulk import each
from ghl_notes.client import Client
from ghl_notes.errors import HighLevelError, RequestRejected, UnexpectedResponse
from ghl_notes.migrate.comparing import is_current
from ghl_notes.migrate.drafting import Drafted
from ghl_notes.migrate.markers import base_of, by_key, chosen
from ghl_notes.migrate.matching import Match, Matcher
from ghl_notes.migrate.models import MOVED_BEFORE, OTHERWISE, THERE, Draft, Line, Result, Step
from ghl_notes.migrate.obstacles import Moved, obstacle_to
from ghl_notes.migrate.owners import Owned
from ghl_notes.models import ContactNotes, Note
from ghl_notes.sources.models import SourceContact

_AT_ONCE: Final = 20
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_SAME: Final[tuple[Result, str]] = ("skip", THERE)
_OTHERWISE: Final[tuple[Result, str]] = ("update", OTHERWISE)


@define(eq=False)
class Wish:
    """A note, whom it is about, what would be written, and the author's name."""

    owned: Owned
    drafted: Drafted
    author: str | None


@define(eq=False)
class Finding:
    """Decides about every note: created, skipped and why, unmatched, in conflict.

    ``moved`` is what the ledger has of this source and location. With ``spread`` a note may go to
    several contacts.
    """

    client: Client
    match: Matcher
    moved: Moved
    spread: bool = field(kw_only=True)
    _matches: dict[str, Match | HighLevelError] = field(factory=dict, init=False)
    _planned: dict[str, set[str]] = field(factory=dict, init=False)
    _there: dict[str, ContactNotes] = field(factory=dict, init=False)
    _marked: dict[str, Mapping[str, list[Note]]] = field(factory=dict, init=False)

    async def steps(self, wishes: Sequence[Wish]) -> list[Step]:
        """Decide about each, in the order in which they are to be written."""
        await self._match_all(wishes)
        await self._look(wishes)
        ordered = sorted(wishes, key=self._order)
        return _once_per_contact(step for wish in ordered for step in self._steps_of(wish))

    def _order(self, wish: Wish) -> tuple[str, datetime, str]:
        note = wish.owned.note
        return self._contact_of(wish) or "", note.at or _LONG_AGO, note.id

    def _contact_of(self, wish: Wish) -> str | None:
        person = wish.owned.person
        found = None if person is None else self._matches.get(person.id)
        return found.contact_id if isinstance(found, Match) else None

    async def _match_all(self, wishes: Sequence[Wish]) -> None:
        """Find the contact of every person; the ledger knows those whose notes are all moved."""
        people: dict[str, SourceContact] = {}
        drafts: dict[str, list[tuple[str, Draft]]] = {}
        for wish in wishes:
            person = wish.owned.person
            if person is not None and wish.drafted.drafts:
                people[person.id] = person
                drafts.setdefault(person.id, []).extend(wish.drafted.drafts)
        # That one of a lead's people has its notes says nothing of the others.
        known = {one: None if self.spread else self._known(drafts[one]) for one in people}
        self._matches |= {one: match for one, match in known.items() if match is not None}
        unknown = [person for one, person in people.items() if known[one] is None]
        async with aclosing(each(unknown, self._matched, concurrency=_AT_ONCE)) as results:
            async for person_id, found in results:
                self._matches[person_id] = found

    def _known(self, drafts: Iterable[tuple[str, Draft]]) -> Match | None:
        """Return the one contact that, by the ledger, has all of these as they are."""
        having = [
            {
                entry.contact_id
                for entry in self.moved.of_note(key)
                if self.moved.is_done(key, entry.contact_id, draft)
            }
            for key, draft in drafts
        ]
        contacts = set.intersection(*having)
        return Match(contact_id=contacts.pop(), reason="as before") if len(contacts) == 1 else None

    async def _matched(self, person: SourceContact) -> tuple[str, Match | HighLevelError]:
        try:
            found = await self.match(person, self.client)
        except (RequestRejected, UnexpectedResponse) as error:
            return person.id, error
        if isinstance(found, Match):
            return person.id, found
        return person.id, Match(
            contact_id=found or None, reason="" if found else "nobody was found"
        )

    async def _look(self, wishes: Iterable[Wish]) -> None:
        """Read the notes of each contact for which the ledger does not know everything."""
        contacts: dict[str, None] = {}
        for wish in wishes:
            contact_id = self._contact_of(wish)
            if contact_id is None:
                continue
            for key, draft in wish.drafted.drafts:
                self._planned.setdefault(base_of(key), set()).add(contact_id)
                if not self.moved.is_done(key, contact_id, draft):
                    contacts[contact_id] = None
        async with aclosing(self.client.notes.stream(contacts)) as results:
            async for result in results:
                self._there[result.contact_id] = result
                self._marked[result.contact_id] = by_key(result.notes)

    def _steps_of(self, wish: Wish) -> list[Step]:
        note, person = wish.owned.note, wish.owned.person
        result: Result
        line = Line(
            result="unmatched",
            key=note.key,
            reason=wish.owned.reason,
            source_contact=None if person is None else person.name,
            source_contact_id=note.contact_id if person is None else person.id,
            source_lead_id=note.lead_id,
            at=note.at,
            author=wish.author,
            remarks=wish.drafted.remarks,
        )
        if not wish.drafted.drafts:
            result = "skip" if wish.drafted.is_empty else "left"
            return [Step(evolve(line, result=result, reason=wish.drafted.reason))]
        if person is None:
            return [Step(line)]
        found = self._matches[person.id]
        if isinstance(found, HighLevelError):
            return [Step(evolve(line, result="failed", reason=f"searching failed: {found}"))]
        if found.contact_id is None:
            result = "conflict" if found.conflict else "unmatched"
            return [Step(evolve(line, result=result, reason=found.reason))]
        line = evolve(line, contact_id=found.contact_id)
        return [self._step(evolve(line, key=key), draft) for key, draft in wish.drafted.drafts]

    def _step(self, line: Line, draft: Draft) -> Step:
        """Decide about one note whose contact is known."""
        contact_id = line.contact_id or ""
        entry = self.moved.entry(line.key, contact_id)
        if entry is not None:
            line = evolve(line, note_id=entry.note_id)
        if self.moved.is_done(line.key, contact_id, draft):
            return Step(evolve(line, result="skip", reason=MOVED_BEFORE), draft)
        there = self._there[contact_id]
        for error in filter(None, (there.error, *there.notes.unreadable)):
            return Step(evolve(line, result="failed", reason=str(error)))
        note = chosen(self._marked[contact_id].get(line.key, ()), line.note_id)
        if note is not None:
            result, reason = _SAME if is_current(note, draft) else _OTHERWISE
            return Step(evolve(line, result=result, reason=reason, note_id=note.id), draft)
        if entry is not None and entry.state == "done":
            reason = "it was deleted in HighLevel after it was moved"
            return Step(evolve(line, result="skip", reason=reason))
        marked, planned = self._marked[contact_id], self._planned[base_of(line.key)]
        obstacle = obstacle_to(line.key, self.moved, there=marked, planned=planned)
        if obstacle is not None:
            return Step(evolve(line, result="conflict", reason=obstacle))
        return Step(evolve(line, result="create", reason=""), draft)


def _once_per_contact(steps: Iterable[Step]) -> list[Step]:
    """Keep a note that is for several people from going twice to one contact that they are."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for step in steps:
        place = step.line.key, step.line.contact_id or ""
        if step.draft is not None and place in seen:
            reason = "it goes to the same contact for another of its lead"
            kept.append(Step(evolve(step.line, result="skip", reason=reason)))
        else:
            kept.append(step)
        seen.add(place)
    return kept
