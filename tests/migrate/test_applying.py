"""What a plan says is written: each note once, in order, and nothing else."""

import asyncio
import time
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from attrs import evolve

from ghl_notes import Client
from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate import Line, apply, load, save
from ghl_notes.migrate.ledger import Ledger
from ghl_notes.sources import SourceContact
from ghl_notes.testing import Fault
from tests.migrate.moving import SETTLE, Move, moving
from tests.migrate.sources import ListSource, note


def expected(move: Move, source: ListSource) -> dict[str, list[str]]:
    """Name the notes that each contact is to have, the oldest first."""
    of_lead = dict(zip(source.leads, move.fake.contact_ids(), strict=False))
    found: dict[str, list[str]] = {one: [] for one in move.fake.contact_ids()}
    for one in sorted(source.found, key=lambda one: (one.at, one.id)):
        found[of_lead[one.lead_id or ""]].append(one.key)
    return found


async def test_everything_is_written_oldest_first() -> None:
    """A contact's notes come into HighLevel in the order of their times, whatever the source's."""
    ticks = count(1_784_284_000)
    async with moving(clock=lambda: float(next(ticks))) as move:
        source = move.source(title="T", pinned=True)
        source.found.reverse()
        report = await move.run(source)

        assert report.counts == {"created": 12}
        assert report.kind == "apply"
        assert report.fine
        assert await move.keys() == expected(move, source)
        written = {one.id: one for contact in move.fake.contact_ids()
                   for one in await move.moved(contact)}  # fmt: skip
        assert {line.note_id for line in report.lines} == set(written)
        assert {(one.title, one.pinned) for one in written.values()} == {("T", True)}


async def test_what_is_there_costs_one_look_at_each_contact(move: Move) -> None:
    """Before a contact is written to, its notes are read once more, and that is all."""
    plan = await move.plan(move.source())
    move.seen.sent.clear()
    await move.apply(plan)

    assert Counter(method for method, _ in move.seen.sent) == {"GET": 3, "POST": 12}


async def test_a_second_run_does_nothing(move: Move) -> None:
    """The ledger knows what is done, so nothing is written, and no contact is read."""
    source, before = move.source(), await move.raw()
    await move.run(source)
    after = await move.raw()
    move.seen.sent.clear()
    report = await move.run(source)

    assert move.seen.sent == [("GET", "/users/")]
    assert report.counts == {"skipped": 12}
    assert {line.reason for line in report.lines} == {"moved before"}
    assert report.fine
    assert await move.raw() == after != before


async def test_without_the_ledger_nothing_is_written_twice(move: Move) -> None:
    """Should the ledger be lost, the markers in HighLevel tell the same."""
    source = move.source()
    await move.run(source)
    after = await move.raw()
    move.forget()
    move.seen.sent.clear()
    report = await move.run(source)

    assert move.seen.writes == []
    assert max(move.seen.reads.values()) <= 2
    assert report.counts == {"skipped": 12}
    assert {line.reason for line in report.lines} == {"it is there"}
    assert await move.raw() == after


@pytest.mark.parametrize("lost", [False, True])
async def test_the_same_plan_may_be_applied_again(move: Move, *, lost: bool) -> None:
    """An old plan is no order to write again: what is there is seen before anything is sent."""
    plan = await move.plan(move.source())
    await move.apply(plan)
    after = await move.raw()
    if lost:
        move.forget()
    report = await move.apply(plan)

    assert report.counts == {"skipped": 12}
    assert await move.raw() == after


async def test_later_notes_follow(move: Move) -> None:
    """What is new at the source is added by the next run, and only that."""
    source = move.source(each=2)
    await move.run(source)
    source.found.append(note(99, next(iter(source.leads))))
    move.seen.sent.clear()
    report = await move.run(source)

    assert report.counts == {"skipped": 6, "created": 1}
    assert len(move.seen.writes) == 1
    assert await move.keys() == expected(move, source)


async def test_a_person_found_later_gets_the_notes_of_all(move: Move) -> None:
    """With all, a lead's notes go to each of its people, also to one who came to be there later."""
    late = SourceContact(id="cont_late", emails=("late@example.com",))
    source = ListSource([note(0, "l"), note(1, "l")], {"l": [move.people[0], late]})
    first = await move.run(source, several="all")
    late_id = move.fake.add_contact(email="late@example.com")
    second = await move.run(source, several="all")

    assert first.counts == {"unmatched": 2, "created": 2}
    assert second.counts == {"skipped": 2, "created": 2}
    assert (await move.keys())[late_id] == ["close:acti_0", "close:acti_1"]
    assert (await move.run(source, several="all")).counts == {"skipped": 4}


async def test_odd_letters_hold_nothing_up(move: Move) -> None:
    """What no request can carry is replaced, so that the notes behind it are moved as well."""
    report = await move.run(move.lone("a \ud800 b", "\x00 & <i>", "c", title="\udfff"))

    assert report.counts == {"created": 3}
    assert "a \ufffd b" in (await move.moved())[0].body
    assert (await move.run(move.lone("a \ud800 b", "\x00 & <i>", "c", title="\udfff"))).counts == {
        "skipped": 3
    }


async def test_lines_stay_in_the_plans_order(move: Move) -> None:
    """A report can be read beside its plan: line for line the same notes."""
    source = move.source()
    source.found += [note(50, "nobody"), note(51, next(iter(source.leads)), "")]
    plan = await move.plan(source)
    told: list[Line] = []
    report = await move.apply(plan, on_line=told.append, concurrency=2)

    assert [line.key for line in report.lines] == [step.line.key for step in plan.steps]
    assert sorted(told, key=repr) == sorted(report.lines, key=repr)
    assert report.counts == {"created": 12, "skipped": 1, "unmatched": 1}


async def test_a_plan_from_a_file_is_applied(move: Move, tmp_path: Path) -> None:
    """A plan that was saved does what it would have done, with a client that is passed."""
    plan = await move.plan(move.source())
    save(plan, tmp_path / "plan.json")
    with pytest.raises(ConfigurationError, match="client="):
        await move.apply(load(tmp_path / "plan.json"))
    report = await move.apply(load(tmp_path / "plan.json"), client=move.client)

    assert report.counts == {"created": 12}
    assert (await move.apply(load(tmp_path / "plan.json", client=move.client))).counts == {
        "skipped": 12
    }


async def test_another_location_is_refused(move: Move) -> None:
    """A plan is for one location, and no client of another one may carry it out."""
    plan = await move.plan(move.source())
    stranger = evolve(plan, location_id="elsewhere")
    move.seen.sent.clear()
    with pytest.raises(ConfigurationError, match="the plan is for elsewhere"):
        await move.apply(stranger)
    async with Client(move.fake.private_token, base_url=move.fake.url) as client:
        assert (await move.apply(plan, client=client)).counts == {"created": 12}
    assert move.seen.sent == []


@pytest.mark.parametrize("concurrency", [0, -1, True, "3"])
async def test_a_wrong_concurrency_is_refused(move: Move, concurrency: object) -> None:
    """Nobody at work would look like nothing to do."""
    plan = await move.plan(move.source())
    move.seen.sent.clear()
    with pytest.raises(ConfigurationError, match="concurrency"):
        await move.apply(plan, concurrency=concurrency)
    assert move.seen.sent == []


async def test_nobody_runs_beside_another(move: Move) -> None:
    """A second run with the ledger would write, or take back, what the first is about to."""
    await move.run(move.lone("x"))
    plan = await move.plan(move.source())
    move.seen.sent.clear()
    async with Ledger(move.ledger).alone():
        calls = move.apply(plan), move.undo()
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(one) for one in found} == {ConfigurationError}
    assert all("another migration is using" in str(one) for one in found)
    assert move.seen.sent == []
    assert (await move.apply(plan)).counts["created"] == 11


async def test_who_is_told_may_end_the_run(move: Move) -> None:
    """An error of the caller's own comes through, and what was written is known."""
    plan = await move.plan(move.lone("x", "y"))

    def refuse(line: Line) -> None:
        raise KeyError(line.key)

    with pytest.raises(KeyError, match="acti_0"):
        await move.apply(plan, on_line=refuse)
    assert (await move.apply(plan)).counts == {"skipped": 1, "created": 1}


@pytest.mark.parametrize("done", [0, 5])
@pytest.mark.parametrize("lost", [False, True])
async def test_a_run_may_be_stopped_anywhere(move: Move, done: int, *, lost: bool) -> None:
    """Whatever was under way when it was cancelled, the next run completes it, each note once."""
    source = move.source()
    plan = await move.plan(source)
    told: list[Line] = []

    def stop(line: Line) -> None:
        told.append(line)
        if len(told) >= done:
            run.cancel()

    run = asyncio.create_task(move.apply(plan, on_line=stop))
    if not done:
        while not move.fake.stats.notes_created:  # noqa: ASYNC110 - a request sets no event
            await asyncio.sleep(0)
        run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    if lost:
        move.forget()
    report = await move.run(source)

    assert report.fine
    assert await move.keys() == expected(move, source)


@pytest.mark.parametrize("lost", [False, True])
async def test_a_run_after_a_killed_one_waits_for_lists_that_lag(*, lost: bool) -> None:
    """A note that was sent and is in no list yet is not written again, with or without a ledger."""
    async with moving(note_lag=0.3, slow=10.0, clock=time.time) as move:
        source = move.lone("x")
        plan = await move.plan(source)
        move.fake.inject(Fault.SLOW, method="POST")
        run = asyncio.create_task(move.apply(plan))
        while not move.fake.stats.notes_created:  # noqa: ASYNC110 - a request sets no event
            await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        if lost:
            move.forget()
        report = await move.apply(await move.plan(source), settle=0.6)

        assert report.counts == {"skipped": 1}
        assert len(move.fake.notes(move.fake.contact_ids()[0])) == 2


async def test_waiting_is_for_what_a_killed_run_has_sent() -> None:
    """Nothing waits where nothing is open, or all is known to be settled."""
    async with moving() as move:
        source = move.lone("x")
        await move.run(source)
        async with asyncio.timeout(5):  # of a minute that is not waited
            plan = await move.plan(source)
            assert (await move.apply(plan, settle=60.0)).counts == {"skipped": 1}
            source.found.append(note(1, "lead_1"))
            plan = await move.plan(source)
            assert (await move.apply(plan, settle=60.0)).counts == {"skipped": 1, "created": 1}
        assert (await apply(plan, ledger=move.ledger, settle=SETTLE)).counts == {"skipped": 2}
