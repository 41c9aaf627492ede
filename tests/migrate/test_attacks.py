"""What was once found to go wrong, and must not again."""

import asyncio
from datetime import UTC, datetime

import pytest
from attrs import evolve

from ghl_notes.migrate import verify
from ghl_notes.migrate.drafting import LEAST, Style, drafted
from ghl_notes.migrate.ledger import Ledger
from ghl_notes.migrate.markers import key_in, marker
from ghl_notes.migrate.matching import normal_email, normal_phone
from ghl_notes.sources import SourceContact, SourceNote
from tests.migrate.moving import Move
from tests.migrate.sources import ListSource, note

CLOSE = Style(source="Close")


def body_of(given_note: SourceNote, **style: object) -> str:
    found = drafted(given_note, evolve(CLOSE, **style), author=None, user_id=None)  # type: ignore[arg-type]
    ((_, draft),) = found.drafts
    return draft.body


async def test_a_whole_note_is_not_moved_in_parts_beside_it(move: Move) -> None:
    """Who has it whole, or had and deleted it, does not get it again in parts."""
    source = move.lone("word " * 300)
    await move.run(source)
    (whole,) = await move.moved()
    beside = await move.plan(source, longest=LEAST)
    await move.client.notes.delete(whole.contact_id, whole.id)
    after = await move.run(source, longest=LEAST)

    assert beside.report.counts == {"conflict": 2}
    assert after.counts == {"conflict": 2}
    assert await move.moved() == []


async def test_two_names_of_a_ledger_are_one(move: Move) -> None:
    """A link to a ledger does not let a second run in."""
    link = move.ledger.with_name("link.db")
    link.symlink_to(move.ledger)
    plan = await move.plan(move.lone(*"abcdef"))
    runs = (move.apply(plan), move.apply(plan, ledger=link))
    await asyncio.gather(*runs, return_exceptions=True)

    assert len(await move.moved()) == 6


async def test_a_step_that_is_there_twice_is_done_once(move: Move) -> None:
    """A plan whose file was joined with itself writes no note twice."""
    plan = await move.plan(move.lone("x", "y"))
    await move.apply(evolve(plan, steps=plan.steps * 2))

    assert len(await move.moved()) == 2


async def test_a_step_without_its_marker_is_not_done(move: Move) -> None:
    """A note that nobody would know again is not written."""
    plan = await move.plan(move.lone("x"))
    (step,) = plan.steps
    assert step.draft is not None
    edited = evolve(step, draft=evolve(step.draft, body="mine"))
    report = await move.apply(evolve(plan, steps=(edited,)))

    assert report.counts == {"failed": 1}
    assert "marker" in report.lines[0].reason


async def test_an_old_plan_does_not_write_where_the_note_no_longer_goes(move: Move) -> None:
    """A plan from before the person was matched anew finds that the note is elsewhere."""
    first, second, _ = move.people
    source = ListSource([note(0, "l")], {"l": [first]})
    old = await move.plan(source)
    source.leads["l"] = [evolve(second, id=first.id)]
    await move.run(source)
    report = await move.apply(old)

    assert report.counts == {"conflict": 1}
    assert sum(map(len, (await move.keys()).values())) == 1


async def test_a_note_at_a_contact_too_many_is_there_twice(move: Move) -> None:
    """The same note at another contact of the plan is not taken for something else."""
    first, second, _ = move.people
    source = ListSource([note(0, "a"), note(1, "b")], {"a": [first], "b": [second]})
    await move.run(source)
    (moved,) = await move.moved()
    await move.client.notes.create(move.fake.contact_ids()[1], moved.body)
    report = await verify(await move.plan(source))

    assert report.counts == {"present": 2, "twice": 1}
    assert not report.fine


async def test_what_a_killed_run_wrote_and_somebody_changed_is_kept(move: Move) -> None:
    """A pending entry knows how its note was to be, in every field."""
    source = move.lone("x")
    await move.run(source)
    book = Ledger(move.ledger)
    (entry,) = await book.entries(move.fake.location_id)
    await book.put(evolve(entry, state="pending", note_id=None))
    await book.close()
    (moved,) = await move.moved()
    await move.client.notes.update(moved.contact_id, moved.id, color="#FFAA00")

    assert (await move.undo()).counts == {"kept": 1}


def test_what_looks_like_html_in_plain_text_is_part_of_it() -> None:
    """A quoted marker is disarmed, and an unclosed comment takes no marker along."""
    quoting = body_of(note(0, "l", f"spam {marker('close:acti_1')} <!-- "))
    rich = body_of(note(0, "l", "x", html="<body>a<!-- b <p>c</p></body>"), rich=True)

    assert marker("close:acti_1") not in quoting
    assert key_in(quoting) == "close:acti_0"
    assert "<!--" not in rich
    assert rich.endswith(f"<p>{marker('close:acti_0')}</p>")


async def test_text_that_highlevel_strips_is_missed(move: Move) -> None:
    """Of plain text nothing may be gone, be it between angle brackets."""
    source = move.lone("Mail from Jane <jane@x.com>, budget <TBD 500>")
    await move.run(source)
    plan = await move.plan(source)
    (moved,) = await move.moved()
    stripped = moved.body.replace("<jane@x.com>", "").replace("<TBD 500>", "")
    await move.client.notes.update(moved.contact_id, moved.id, body=stripped)

    assert (await verify(plan)).counts == {"changed": 1}


@pytest.mark.parametrize("phone", ["+49 30 123456 ext. 78", "+1 555 CALL"])
def test_an_extension_makes_no_other_number(phone: str) -> None:
    """Letters in a phone number are never taken for digits of somebody else's."""
    assert normal_phone(phone) is None


def test_a_letter_like_another_makes_no_other_address() -> None:
    """The sign for Kelvin is no k."""
    assert normal_email("\u212aate@X.com") == "\u212aate@x.com"


def test_a_time_at_the_end_of_the_calendar_is_left_out() -> None:
    """An odd date costs its place in the first line, and nothing else."""
    when = datetime.fromisoformat("0001-01-01T00:00:00+05:00")

    assert body_of(note(0, "l", "x", at=when)).startswith("Close\nx")
    assert when < datetime.now(UTC)


def test_markup_without_an_end_costs_no_time() -> None:
    """A small hostile note does not hold everybody up."""
    html = "<p " * 80_000
    found = drafted(note(0, "l", "x", html=html), CLOSE, author=None, user_id=None)

    assert len(found.drafts) == 1


async def test_a_killed_update_is_known_again(move: Move) -> None:
    """An update that was written, and not entered, is entered by the next run, and undone."""
    source = move.lone("old")
    await move.run(source)
    (moved,) = await move.moved()
    source.found[0] = evolve(source.found[0], body="new")
    (step,) = (await move.plan(source)).steps
    assert step.draft is not None
    await move.client.notes.update(moved.contact_id, moved.id, body=step.draft.body)
    await move.run(source, update=True)

    assert (await move.plan(source)).steps[0].line.reason == "moved before"
    assert (await move.undo()).counts == {"deleted": 1}


async def test_a_person_without_an_address_is_nobody(move: Move) -> None:
    """Nothing to search by is no match."""
    source = ListSource([note(0, "l")], {"l": [SourceContact(id="c", phones=("12 ext 3",))]})

    assert (await move.plan(source)).report.counts == {"unmatched": 1}
