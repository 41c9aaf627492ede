"""What was moved before in another way is not moved again, and somebody is told."""

import pytest

from ghl_notes import Client
from ghl_notes.sources import SourceContact
from tests.migrate.moving import Move
from tests.migrate.sources import note


async def test_what_was_moved_to_another_contact_is_a_conflict(move: Move) -> None:
    """Somebody who is now found as another contact does not get the old notes once more."""
    source, ids = move.lone("x", "y"), move.fake.contact_ids()
    await move.run(source)
    source.found.append(note(9, "lead_1"))

    async def other(person: SourceContact, client: Client) -> str:
        return ids[1]

    report = await move.run(source, match=other)

    assert report.counts == {"conflict": 2, "created": 1}
    assert report.lines[0].reason == f"it was moved before, to the contact {ids[0]}"
    assert await move.keys() == {
        ids[0]: ["close:acti_0", "close:acti_1"], ids[1]: ["close:acti_9"], ids[2]: []
    }  # fmt: skip


@pytest.mark.parametrize("first", [5_000, 1_000])
@pytest.mark.parametrize("lost", [False, True])
async def test_what_is_now_cut_otherwise_is_a_conflict(
    move: Move, first: int, *, lost: bool
) -> None:
    """A note that is there whole is not written in parts as well, nor the other way round."""
    source = move.lone("word " * 500)
    await move.run(source, longest=first)
    before = await move.raw()
    if lost:
        move.forget()
    plan = await move.plan(source, longest=6_000 - first)
    report = await move.apply(plan)

    assert set(plan.report.counts) == set(report.counts) == {"conflict"}
    assert "another number of parts" in report.lines[0].reason
    assert await move.raw() == before


async def test_a_note_that_turned_up_cut_otherwise_meanwhile_is_a_conflict(move: Move) -> None:
    """What was moved between a plan and its application counts as well."""
    source = move.lone("word " * 500)
    late = await move.plan(source, longest=1_000)
    await move.run(source)
    report = await move.apply(late)

    assert report.counts == {"conflict": 3}
    assert len(await move.moved()) == 1
