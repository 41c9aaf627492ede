"""What goes wrong on the way costs no note, and makes no second one."""

import time

import pytest

from ghl_notes import Client, Limits
from ghl_notes.errors import HighLevelError
from ghl_notes.migrate import Line
from ghl_notes.migrate.ledger import Ledger
from ghl_notes.testing import Fault
from tests.migrate.doorman import REFUSED, doorman
from tests.migrate.moving import HASTY, QUICK, Move, moving
from tests.migrate.sources import ListSource

RUNS = 600  # many of them find a note still waiting for its list, and end at once
TELLING = [Fault.RESET_AFTER, Fault.CUT_BODY, Fault.SERVER_ERROR, Fault.RATE_LIMITED]
ALIKE = [
    Fault.RESET_BEFORE,
    Fault.CUT_JSON,
    Fault.EMPTY_BODY,
    Fault.WRONG_TYPE,
    Fault.NULL_TEXT,
    Fault.BAD_GATEWAY,
    Fault.HTML,
    Fault.FORBIDDEN_HTML,
    Fault.TOKEN_EXPIRED,
    Fault.LOCATION_INACTIVE,
]
FAULTS = [*TELLING, *(pytest.param(one, marks=pytest.mark.slow) for one in ALIKE)]


async def until_done(move: Move, source: ListSource) -> int:
    """Run again and again until nothing is left, and tell how often."""
    for runs in range(1, RUNS):
        try:
            report = await move.run(source)
        except HighLevelError:
            continue  # the plan itself could not be made
        if report.fine:
            return runs
    raise AssertionError


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_note_is_there_once_in_the_end(fault: Fault) -> None:
    """Whatever happens to a third of all requests, running again completes the move."""
    rates = {fault: 0.3}
    async with moving(retries=HASTY, fault_rates=rates, seed=3) as move:
        source = move.source(each=3)
        await until_done(move, source)
        move.fake.clear_faults()
        notes = {one: move.fake.notes(one) for one in move.fake.contact_ids()}

    for contact_id, some in notes.items():
        bodies = [str(one["body"]) for one in some]
        names = [
            one.key
            for one in source.found
            if source.leads[one.lead_id or ""][0].id.endswith(contact_id)
        ]
        assert len(names) == 3
        for name in names:
            assert sum(f"[ghl_notes:{name}]" in body for body in bodies) == 1
        assert len(bodies) == 4


async def test_a_note_whose_reply_was_lost_is_found_again(move: Move) -> None:
    """Where HighLevel shows the note, the run knows that it is done."""
    plan = await move.plan(move.lone("x", "y"))
    move.fake.inject(Fault.WRONG_TYPE, method="POST")
    report = await move.apply(plan)

    assert report.counts == {"created": 2}
    assert [one.id for one in await move.moved()] == [line.note_id for line in report.lines]


async def test_a_note_that_turns_up_later_is_known_by_its_marker(move: Move) -> None:
    """Where the lists fail for a while, a later look at them tells that the note was written."""
    plan = await move.plan(move.lone("x", "y"))

    def break_off(line: Line) -> None:
        move.fake.inject(Fault.WRONG_TYPE, method="POST")
        move.fake.inject(Fault.SERVER_ERROR, QUICK.attempts, method="GET")

    report = await move.apply(plan, on_line=break_off)
    move.fake.clear_faults()

    assert report.counts == {"created": 2}
    assert [one.id for one in await move.moved()] == [line.note_id for line in report.lines]


async def test_a_note_whose_reply_was_lost_is_not_sent_again_soon() -> None:
    """A list may lag for longer than a run looks, so its absence proves nothing for a while."""
    now, later = time.time(), [0.0]
    async with moving(note_lag=60.0, clock=lambda: now + later[0]) as move:
        source = move.lone("x")
        move.fake.inject(Fault.RESET_AFTER, method="POST")
        plan = await move.plan(source)
        report = await move.apply(plan, settle=0.5)
        assert [line.result for line in report.lines] == ["unknown"]
        between = await move.apply(plan, settle=0.5)
        assert [line.result for line in between.lines] == ["unknown"]
        later[0] = 61.0
        again = await move.apply(plan, settle=0.5)

        assert [line.result for line in again.lines] == ["skipped"]
        assert move.fake.stats.notes_created == 1


async def test_a_note_that_stays_unknown_is_settled_by_the_next_run() -> None:
    """While nobody can tell, the line says unknown, and nothing is written behind it."""
    now, later = time.time(), [0.0]
    async with moving(note_lag=60.0, clock=lambda: now + later[0]) as move:
        source = move.lone("x", "y")
        plan = await move.plan(source)
        move.fake.inject(Fault.WRONG_TYPE, method="POST")
        report = await move.apply(plan)
        assert [line.result for line in report.lines] == ["unknown", "failed"]
        assert report.lines[1].reason.startswith("not tried, since one before it failed: ")
        assert not report.fine
        (entry,) = await entries_of(move)
        assert (entry.state, entry.note_id) == ("taken", None)
        between = await move.run(source)  # HighLevel took the first: it is not sent again
        assert [line.result for line in between.lines] == ["unknown", "created"]
        later[0] = 61.0
        again = await move.run(source)

    assert [line.result for line in again.lines] == ["skipped", "skipped"]
    assert len(move.fake.notes(move.fake.contact_ids()[0])) == 3


async def entries_of(move: Move) -> list[object]:
    book = Ledger(move.ledger)
    try:
        return await book.entries(move.fake.location_id)  # type: ignore[return-value]
    finally:
        await book.close()


async def test_a_note_that_cannot_be_looked_for_is_unknown(move: Move) -> None:
    """A write that may have happened is not called failed because looking failed as well."""
    plan = await move.plan(move.lone("x", "y"))

    def break_off(line: Line) -> None:
        move.fake.inject(Fault.WRONG_TYPE, method="POST")
        move.fake.inject(Fault.SERVER_ERROR, 100, method="GET")

    report = await move.apply(plan, on_line=break_off)
    move.fake.clear_faults()

    assert [line.result for line in report.lines] == ["created", "unknown"]
    assert (await move.run(move.lone("x", "y"))).counts == {"skipped": 2}


async def test_a_note_that_is_refused_holds_no_other_up(move: Move) -> None:
    """A 422 is about one note: the contact's later ones are written, and it is tried again."""
    source = move.lone("x", f"a {REFUSED} word", "z")
    async with (
        doorman(move.fake.url) as url,
        Client(
            move.fake.private_token, base_url=url, location_id=move.fake.location_id,
            limits=Limits(burst=1_000),
        ) as client,
    ):  # fmt: skip
        report = await move.apply(await move.plan(source), client=client)
        assert [line.result for line in report.lines] == ["created", "failed", "created"]
        assert "no such word" in report.lines[1].reason
        assert len(await entries_of(move)) == 2

    assert [line.result for line in (await move.run(source)).lines] == [
        "skipped", "created", "skipped"
    ]  # fmt: skip


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN_HTML, Fault.SERVER_ERROR])
async def test_any_other_failure_ends_a_contacts_turn(move: Move, fault: Fault) -> None:
    """Later notes wait for the one that failed, so that the order stays; other contacts go on."""
    plan = await move.plan(move.source())
    first = move.fake.contact_ids()[0]
    move.fake.inject(fault, 100, method="POST", path_contains=first)
    report = await move.apply(plan)
    of_first = [line for line in report.lines if line.contact_id == first]

    assert report.counts["created"] == 8
    assert [line.reason.startswith("not tried, ") for line in of_first] == [False] + [True] * 3
    assert {line.result for line in of_first} <= {"failed", "unknown"}
    assert report.problems == ()
    assert not report.fine


async def test_a_contact_that_is_gone_fails_alone(move: Move) -> None:
    """Between a plan and its application a contact may be deleted; the others go on."""
    plan, first = await move.plan(move.source()), move.fake.contact_ids()[0]
    move.fake.delete_contact(first)
    move.seen.sent.clear()
    report = await move.apply(plan)

    assert report.counts == {"created": 8, "failed": 4}
    assert len([path for _, path in move.seen.sent if first in path]) == 1
    assert report.problems == ()


@pytest.mark.parametrize("fault", [Fault.TOKEN_EXPIRED, Fault.LOCATION_INACTIVE])
async def test_what_would_fail_for_all_ends_the_run(move: Move, fault: Fault) -> None:
    """A dead token or a paused location is asked once, and every line left says so."""
    plan = await move.plan(move.source())
    move.fake.inject(fault, 1_000, method="POST")
    move.seen.sent.clear()
    told: list[Line] = []
    report = await move.apply(plan, concurrency=1, on_line=told.append)

    assert len(move.seen.writes) == 1
    assert report.counts == {"failed": 12}
    assert len(told) == 12
    (problem,) = report.problems
    assert report.lines[0].reason == problem
    assert all(line.reason.startswith("not tried") for line in report.lines[1:])
    assert all(problem in line.reason for line in report.lines)


async def test_a_run_that_ended_for_all_reads_nothing_more(move: Move) -> None:
    """Where the first look shows that nothing works, no other contact is looked at."""
    plan = await move.plan(move.source())
    move.fake.inject(Fault.TOKEN_EXPIRED, 1_000)
    move.seen.sent.clear()
    report = await move.apply(plan, concurrency=1)

    assert len(move.seen.sent) == 1
    assert report.counts == {"failed": 12}


async def test_the_daily_limit_ends_the_run() -> None:
    """When the day is used up the rest waits for another one, and what was written counts."""
    async with moving(daily=18) as move:
        source = move.source()
        plan = await move.plan(source)  # of seven requests
        report = await move.apply(plan, concurrency=1)

    assert report.counts == {"created": 8, "failed": 4}
    assert len(report.problems) == 1
    assert move.fake.stats.notes_created == 8


async def test_a_list_with_unreadable_notes_is_not_written_to(move: Move) -> None:
    """What cannot be read may be a moved note, so nothing is written beside it."""
    plan = await move.plan(move.source())
    first = move.fake.contact_ids()[0]
    move.fake.inject(Fault.NULL_TEXT, method="GET", path_contains=first)
    report = await move.apply(plan)

    assert report.counts == {"created": 8, "failed": 4}
    assert await move.moved(first) == []
