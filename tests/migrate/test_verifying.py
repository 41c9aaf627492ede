"""What is in HighLevel, compared with what a plan read at the source."""

import pytest
from attrs import evolve

from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate import Line, Report, verify
from ghl_notes.migrate.markers import marker
from ghl_notes.testing import Failure, Fault
from tests.migrate.moving import Move
from tests.migrate.sources import note


async def checked(move: Move, *texts: str) -> Report:
    return await verify(await move.plan(move.lone(*texts)))


async def test_what_was_moved_is_present(move: Move) -> None:
    """After a whole move every note is there, once and whole, and nothing else is said."""
    source = move.source()
    await move.run(source)
    plan, before = await move.plan(source), await move.raw()
    move.seen.sent.clear()
    report = await verify(plan)

    assert report.counts == {"present": 12}
    assert report.kind == "verify"
    assert report.fine
    assert all(line.note_id for line in report.lines)
    assert move.seen.writes == []
    assert (len(move.seen.sent), set(move.seen.reads.values())) == (3, {1})
    assert await move.raw() == before


async def test_what_was_not_moved_is_missing(move: Move) -> None:
    """A note that is not there, or not any more, asks somebody to look."""
    await move.run(move.lone("x"))
    (gone,) = await move.moved()
    await move.client.notes.delete(gone.contact_id, gone.id)
    report = await checked(move, "x", "y")

    assert report.counts == {"missing": 2}
    assert {line.note_id for line in report.lines} == {None}
    assert not report.fine


async def test_a_note_that_is_pinned_on_one_side_is_changed(move: Move) -> None:
    """A pin is part of a note."""
    await move.run(move.lone("x", "y"))
    first = (await move.moved())[0]
    await move.client.notes.update(first.contact_id, first.id, pinned=True)
    report = await checked(move, "x", "y")

    assert report.counts == {"changed": 1, "present": 1}
    assert "it is pinned here alone" in {line.reason for line in report.lines}


async def test_notes_of_a_contact_that_is_gone_are_missing(move: Move) -> None:
    """A contact that was deleted took its notes along."""
    await move.run(move.lone("x", "y"))
    plan = await move.plan(move.lone("x", "y"))
    await move.client.contacts.delete(move.fake.contact_ids()[0])
    report = await verify(plan)

    assert report.counts == {"missing": 2}


@pytest.mark.parametrize("side", ["source", "highlevel", "title"])
async def test_what_reads_otherwise_is_changed(move: Move, side: str) -> None:
    """Whichever side changed it, a note that reads otherwise is told as such."""
    await move.run(move.lone("x", "y"))
    (first, _) = await move.moved()
    if side == "highlevel":
        await move.client.notes.update(first.contact_id, first.id, body=f"mine\n{first.body}")
    elif side == "title":
        await move.client.notes.update(first.contact_id, first.id, title="Mine")
    report = await checked(move, "z" if side == "source" else "x", "y")

    assert [(line.result, line.key) for line in report.lines] == [
        ("changed", "close:acti_0"), ("present", "close:acti_1")
    ]  # fmt: skip
    assert report.lines[0].note_id == first.id


async def test_what_is_there_twice_is_told(move: Move) -> None:
    """Two notes with one marker are one too many, and only a person can say which."""
    await move.run(move.lone("x"))
    (first,) = await move.moved()
    move.fake.add_note(first.contact_id, first.body)
    report = await checked(move, "x")

    assert report.counts == {"twice": 1}
    assert report.lines[0].reason == "2 notes have its marker"
    assert not report.fine


async def test_what_the_plan_does_not_have_is_extra(move: Move) -> None:
    """Notes moved before and not in this plan are named; those of other sources are not."""
    await move.run(move.lone("x", "y"))
    contact_id = move.fake.contact_ids()[0]
    move.fake.add_note(contact_id, f"other\n{marker('cinnox:app:1')}")
    report = await checked(move, "x")

    assert report.counts == {"present": 1, "extra": 1}
    extra = report.lines[1]
    assert (extra.key, extra.contact_id) == ("close:acti_1", contact_id)
    assert extra.note_id in [one.id for one in await move.moved()]
    assert report.fine


@pytest.mark.parametrize("fault", [Fault.WRONG_TYPE, Fault.NULL_TEXT])
async def test_a_contact_that_cannot_be_read_fails(move: Move, fault: Fault) -> None:
    """Nothing is said of notes that could not be seen, and the other contacts are."""
    source = move.source()
    await move.run(source)
    plan = await move.plan(source)
    move.fake.inject(fault, path_contains=move.fake.contact_ids()[0])
    report = await verify(plan)

    assert report.counts == {"present": 8, "failed": 4}
    assert all(line.reason for line in report.lines if line.result == "failed")


async def test_a_gateway_makes_no_note_missing(move: Move) -> None:
    """Nothing is said of a contact that a gateway did not find; a short spell is not noticed."""
    await move.run(move.source())
    plan = await move.plan(move.source())
    said = Failure(status=404, page="default backend - 404", headers={"retry-after": "0.001"})
    for times, counts in ((2, {"present": 12}), (1_000, {"present": 8, "failed": 4})):
        move.fake.inject(said, times, path_contains=move.fake.contact_ids()[0])
        assert (await verify(plan)).counts == counts


async def test_what_has_no_place_stays_as_it_is(move: Move) -> None:
    """Notes without a contact, or with nothing to write, are told as the plan did."""
    source = move.lone("x", "")
    source.found.append(note(5, "nobody"))
    await move.run(source)
    told: list[Line] = []
    plan = await move.plan(source)
    report = await verify(plan, on_line=told.append)

    assert report.counts == {"skipped": 1, "unmatched": 1, "present": 1}
    assert sorted(told, key=repr) == sorted(report.lines, key=repr)


async def test_another_location_is_refused(move: Move) -> None:
    """A plan is compared with its own location, by a client for it."""
    plan = await move.plan(move.lone("x"))
    with pytest.raises(ConfigurationError, match="client="):
        await verify(evolve(plan, client=None))
    with pytest.raises(ConfigurationError, match="the plan is for elsewhere"):
        await verify(evolve(plan, location_id="elsewhere"))
    assert (await verify(evolve(plan, client=None), client=move.client)).counts == {"missing": 1}
