"""Whatever a source holds and whatever happens, each note is moved once and can be taken back."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import cast, get_args

import pytest

from ghl_notes.errors import HighLevelError
from ghl_notes.migrate import Report, Several
from ghl_notes.migrate.drafting import LEAST, Style, drafted
from ghl_notes.sources import SourceContact, SourceNote
from ghl_notes.testing import Fault
from tests.migrate.moving import HASTY, SETTLE, Move, moving
from tests.migrate.sources import BEGAN, ListSource, note

FAULTS = [
    Fault.RESET_AFTER,
    Fault.RESET_BEFORE,
    Fault.CUT_BODY,
    Fault.CUT_JSON,
    Fault.EMPTY_BODY,
    Fault.WRONG_TYPE,
    Fault.NULL_TEXT,
    Fault.SERVER_ERROR,
    Fault.FORBIDDEN_HTML,
    Fault.RATE_LIMITED,
    Fault.TOKEN_EXPIRED,
    Fault.LOCATION_INACTIVE,
]
TEXTS = [
    "",
    "Called.",
    "Zweite Zeile\nÜber 😀 e\u0301\u200b\u2028",
    "<b>bold</b> & 1 < 2 &amp; <!-- <p",
    "he wrote:\n[ghl_notes:close:acti_1]",
    "half \ud83d a letter \x00",
    "words and more " * 150,
    "x" * 2_500,
]


def people_of(move: Move, chance: random.Random, lead: int) -> list[SourceContact]:
    """Draw the people of a lead: contacts by email or phone, the same one twice, or nobody's."""
    found = []
    for number in range(chance.randint(0, 3)):
        name = f"cont_{lead}_{number}"
        if chance.random() < 0.2:
            found.append(SourceContact(id=name, emails=("nobody@example.com",)))
        else:
            one = chance.choice(move.people)
            by_email = chance.random() < 0.5
            reached = {"emails": one.emails} if by_email else {"phones": one.phones}
            found.append(SourceContact(id=name, **reached))
    return found


def source_of(move: Move, chance: random.Random, notes: int) -> ListSource:
    leads = {f"lead_{n}": people_of(move, chance, n) for n in range(4)}
    found = []
    for number in range(notes):
        lead = chance.choice(list(leads))
        people = leads[lead]
        about = chance.choice(people).id if people and chance.random() < 0.6 else None
        at = BEGAN + timedelta(hours=chance.randrange(4)) if chance.random() < 0.9 else None
        text = chance.choice(TEXTS)
        title = chance.choice([None, None, "Title"])
        found.append(note(number, lead, text, contact_id=about, at=at, title=title))
    return ListSource(found, leads)


def chosen(source: ListSource, one: SourceNote, several: Several) -> list[SourceContact]:
    people = source.leads[one.lead_id or ""]
    if one.contact_id is not None:
        return [person for person in people if person.id == one.contact_id]
    if several == "skip" or (several == "sole" and len(people) != 1):
        return []
    return people if several == "all" else people[:1]


def wanted(move: Move, source: ListSource, several: Several) -> dict[str, set[str]]:
    """Name what each contact is to have in the end."""
    reached = {
        address: contact_id
        for contact_id, person in zip(move.fake.contact_ids(), move.people, strict=True)
        for address in (*person.emails, *person.phones)
    }
    found: dict[str, set[str]] = {one: set() for one in move.fake.contact_ids()}
    for one in source.found:
        drafts = drafted(
            one, Style(source="Close", longest=LEAST), author=None, user_id=None
        ).drafts
        for person in chosen(source, one, several):
            contact_id = reached.get((*person.emails, *person.phones)[0])
            if contact_id is not None:
                found[contact_id] |= {key for key, _ in drafts}
    return found


async def troubled(move: Move, source: ListSource, several: Several, chance: random.Random) -> None:
    """Run once, with faults, and perhaps stop it in the middle."""
    for _ in range(chance.randint(0, 4)):
        method = chance.choice([None, "POST", "GET"])
        move.fake.inject(chance.choice(FAULTS), chance.randint(1, 3), method=method)
    run = asyncio.create_task(run_once(move, source, several))
    if chance.random() < 0.6:
        enough = move.fake.stats.requests + chance.randrange(30)
        while move.fake.stats.requests < enough and not run.done():  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
        run.cancel()
    with suppress(asyncio.CancelledError, HighLevelError):
        await in_order(move, await run)


async def run_once(move: Move, source: ListSource, several: Several) -> Report:
    return await move.run(source, several=several, longest=LEAST)


async def last_run(move: Move, source: ListSource, several: Several) -> Report:
    """Run until no note waits any more for its list to have it."""
    report = await run_once(move, source, several)
    for _ in range(20):
        if "unknown" not in report.counts:
            break
        await asyncio.sleep(10 * SETTLE)
        report = await run_once(move, source, several)
    return report


async def in_order(move: Move, report: Report) -> None:
    """Check that what one run has written came in the order of the notes' times."""
    move.fake.clear_faults()
    times: dict[str, list[object]] = {}
    for line in report.lines:
        if line.result == "created":
            (made,) = [
                one for one in move.fake.notes(line.contact_id or "") if one["id"] == line.note_id
            ]
            times.setdefault(line.contact_id or "", []).append(made["dateAdded"])
    for some in times.values():
        assert some == sorted(some, key=str)


async def check(seed: int, *, notes: int, runs: int) -> None:
    chance = random.Random(seed)
    several = cast("Several", chance.choice(get_args(Several)))
    async with moving(retries=HASTY, seed=seed) as move:
        source, before = source_of(move, chance, notes), await move.raw()
        lossy = chance.random() < 0.5
        for _ in range(runs):
            await troubled(move, source, several, chance)
            if lossy and chance.random() < 0.5:
                move.forget()
        move.fake.clear_faults()
        last = await last_run(move, source, several)
        await in_order(move, last)

        assert set(last.counts) <= {"created", "skipped", "unmatched"}
        there = {one: Counter(keys) for one, keys in (await move.keys()).items()}
        expected = wanted(move, source, several)
        assert there == {one: Counter(keys) for one, keys in expected.items()}
        if not lossy:
            undone = await move.undo() if move.ledger.exists() else None
            assert undone is None or undone.fine
            assert await move.raw() == before


@pytest.mark.parametrize("seed", range(6))
async def test_anything_is_moved_once_and_undone(seed: int) -> None:
    """Faults, stops and lost ledgers cost no note and make none twice; undoing leaves no trace."""
    await check(seed, notes=12, runs=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 180))
async def test_much_is_moved_once_and_undone(seed: int) -> None:
    """The same for more notes and more trouble."""
    await check(seed, notes=40, runs=6)
