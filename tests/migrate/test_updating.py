"""Notes that changed at the source, in HighLevel, or on both sides."""

import pytest
from attrs import evolve

from ghl_notes.testing import Fault
from tests.migrate.moving import Move
from tests.migrate.sources import ListSource


def changed(source: ListSource, text: str = "New words.", **more: object) -> ListSource:
    source.found[0] = evolve(source.found[0], body=text, **more)
    return source


async def test_a_change_at_the_source_waits_to_be_asked_for(move: Move) -> None:
    """Without update the note stays as it was moved, and its line says how to have it."""
    source = move.lone("Old words.", "x")
    await move.run(source)
    before = await move.raw()
    plan = await move.plan(changed(source))
    report = await move.apply(plan)

    assert plan.report.counts == {"update": 1, "skip": 1}
    assert plan.report.lines[0].reason == "it reads otherwise there"
    assert report.counts == {"skipped": 2}
    assert report.lines[0].reason == ("it reads otherwise there; ask for updates to write it anew")
    assert await move.raw() == before


async def test_a_change_at_the_source_is_written_with_update(move: Move) -> None:
    """The same note of HighLevel has the new words, and the next run finds nothing to do."""
    source = move.lone("Old words.", "x", title="Old")
    await move.run(source)
    old = (await move.moved())[0]
    report = await move.run(changed(source, title="New", pinned=True), update=True)
    new = next(one for one in await move.moved() if one.id == old.id)

    assert report.counts == {"updated": 1, "skipped": 1}
    assert ("New words." in new.body, new.title, new.pinned) == (True, "New", True)
    assert report.lines[0].note_id == old.id
    assert len(await move.moved()) == 2
    move.seen.sent.clear()
    assert (await move.run(source, update=True)).counts == {"skipped": 2}
    assert move.seen.sent == [("GET", "/users/")]


async def test_a_title_that_is_gone_at_the_source_goes(move: Move) -> None:
    """An update takes away what the source has taken away."""
    source = move.lone("Old words.", title="Old", pinned=True)
    await move.run(source)
    report = await move.run(changed(source, title=None, pinned=False), update=True)
    (new,) = await move.moved()

    assert report.counts == {"updated": 1}
    assert (new.title or None, new.pinned) == (None, False)
    assert (await move.undo()).counts == {"deleted": 1}


@pytest.mark.parametrize(
    "edit", [{"body": "Mine.\n\n[ghl_notes:close:acti_0]"}, {"color": "#FFAA00"}, {"pinned": True}]
)
async def test_a_note_edited_in_highlevel_is_left_alone(
    move: Move, edit: dict[str, object]
) -> None:
    """Where both sides changed nobody's words are lost: it is a conflict."""
    source = move.lone("Old words.")
    await move.run(source)
    (old,) = await move.moved()
    await move.client.notes.update(old.contact_id, old.id, **edit)  # type: ignore[arg-type]
    before = await move.raw()
    report = await move.run(changed(source), update=True)

    assert report.counts == {"conflict": 1}
    assert (
        report.lines[0].reason
        == "it was changed in HighLevel, or the ledger does not know: left as it is"
    )
    assert await move.raw() == before


async def test_without_the_ledger_no_change_is_overwritten(move: Move) -> None:
    """Nobody knows then which side changed, so nothing is written over."""
    source = move.lone("Old words.")
    await move.run(source)
    before = await move.raw()
    move.forget()
    changed(source)
    reports = [await move.run(source, update=update) for update in (False, True, True)]

    assert [list(report.counts) for report in reports] == [["skipped"], ["conflict"], ["conflict"]]
    assert await move.raw() == before


@pytest.mark.parametrize("edited", [False, True])
async def test_a_deleted_note_is_not_written_again(move: Move, *, edited: bool) -> None:
    """Who deletes a moved note in HighLevel is rid of it, even if the source changes."""
    source = move.lone("Old words.", "x")
    await move.run(source)
    (gone, _) = await move.moved()
    await move.client.notes.delete(gone.contact_id, gone.id)
    if edited:
        changed(source)
    report = await move.run(source, update=True)

    assert report.counts == {"skipped": 2}
    assert report.lines[0].reason == (
        "it was deleted in HighLevel after it was moved" if edited else "moved before"
    )
    assert len(await move.moved()) == 1


@pytest.mark.parametrize("update", [False, True])
async def test_a_note_deleted_after_the_plan_is_not_written(move: Move, *, update: bool) -> None:
    """A plan to update or create does not bring back what was deleted since."""
    source = move.lone("Old words.")
    first = await move.plan(source)
    await move.apply(first)
    plan = await move.plan(changed(source))
    (gone,) = await move.moved()
    await move.client.notes.delete(gone.contact_id, gone.id)
    reports = [await move.apply(one, update=update) for one in (plan, first)]

    assert {line.reason for report in reports for line in report.lines} == {
        "it was deleted in HighLevel meanwhile"
    }
    assert await move.moved() == []


async def test_an_update_without_a_ledger_brings_nothing_back(move: Move) -> None:
    """What the plan saw by its marker alone, and was deleted then, is not written either."""
    source = move.lone("Old words.")
    await move.run(source)
    move.forget()
    plan = await move.plan(changed(source))
    (gone,) = await move.moved()
    await move.client.notes.delete(gone.contact_id, gone.id)

    assert plan.report.counts == {"update": 1}
    assert (await move.apply(plan, update=True)).counts == {"skipped": 1}
    assert await move.moved() == []


async def test_an_update_whose_reply_was_lost_is_known_later(move: Move) -> None:
    """A change that may have been written is unknown, and settled by the next run."""
    source = move.lone("Old words.")
    await move.run(source)
    plan = await move.plan(changed(source))
    move.fake.inject(Fault.RESET_AFTER, 100, method="PUT")
    report = await move.apply(plan, update=True)
    move.fake.clear_faults()

    assert report.counts == {"unknown": 1}
    again = await move.run(source, update=True)
    assert again.counts == {"skipped": 1}
    assert again.lines[0].reason == "it is there"
    assert (await move.undo()).counts == {"deleted": 1}  # it is just as it was to be written


async def test_form_is_no_change(move: Move) -> None:
    """HighLevel may write spaces and breaks in its own way; the words are what counts."""
    source = move.lone("Some words.\nMore.")
    await move.run(source)
    (old,) = await move.moved()
    body = "<p>" + old.body.replace("\n", "</p>\n<p>") + "</p>"
    await move.client.notes.update(old.contact_id, old.id, body=body)
    move.forget()
    report = await move.run(source, update=True)

    assert report.counts == {"skipped": 1}
    assert report.lines[0].reason == "it is there"
