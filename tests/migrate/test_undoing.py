"""What was moved can be taken back, and nothing else is."""

import asyncio
import time

import pytest
from attrs import evolve

from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate import Line
from ghl_notes.migrate.ledger import Ledger
from ghl_notes.testing import Failure, Fault
from tests.migrate.moving import Move, moving

FORBIDDEN = Failure(status=403, message="Forbidden")


async def test_an_undone_move_leaves_nothing(move: Move) -> None:
    """All contacts' notes are byte for byte what they were before."""
    before = await move.raw()
    source = move.source(title="T", pinned=True)
    await move.run(source)
    assert await move.raw() != before
    move.seen.sent.clear()
    told: list[Line] = []
    report = await move.undo(on_line=told.append)

    assert await move.raw() == before
    assert report.counts == {"deleted": 12}
    assert (report.kind, report.source, report.account) == ("undo", "close", "orga_1")
    assert report.fine
    assert sorted(told, key=repr) == sorted(report.lines, key=repr)
    first = [line.key for line in told if line.contact_id == move.fake.contact_ids()[0]]
    assert first == [f"close:acti_{n}" for n in (9, 6, 3, 0)]  # the newest goes first
    assert len([one for one in move.seen.writes if one[0] == "DELETE"]) == 12


async def test_it_may_be_undone_twice_and_moved_again(move: Move) -> None:
    """Once undone nothing is left to undo, and the move may begin anew."""
    source, before = move.source(), await move.raw()
    await move.run(source)
    await move.undo()
    move.seen.sent.clear()
    again = await move.undo()
    assert (again.lines, move.seen.sent) == ((), [])
    assert (await move.run(source)).counts == {"created": 12}
    await move.undo()

    assert await move.raw() == before


@pytest.mark.parametrize(
    "edit", [{"body": "mine"}, {"color": "#FFAA00"}, {"title": "T"}, {"pinned": True}]
)
@pytest.mark.parametrize("again", [False, True])
async def test_what_somebody_changed_is_kept(
    move: Move, edit: dict[str, object], *, again: bool
) -> None:
    """A note that was changed in HighLevel in any field is somebody's, whatever ran meanwhile."""
    plan = await move.plan(move.lone("x", "y"))
    await move.apply(plan)
    (first, second) = await move.moved()
    await move.client.notes.update(first.contact_id, first.id, **edit)  # type: ignore[arg-type]
    if again:
        await move.apply(plan)
    report = await move.undo()
    left = [one.id for one in await move.client.notes.list(first.contact_id)]

    assert sorted((line.result, line.note_id) for line in report.lines) == [
        ("deleted", second.id), ("kept", first.id)
    ]  # fmt: skip
    assert first.id in left
    assert second.id not in left
    assert not report.fine


async def test_what_was_updated_is_undone_as_well(move: Move) -> None:
    """A note that was written anew by an update is still ours."""
    before = await move.raw()
    source = move.lone("x", "y")
    await move.run(source)
    source.found[0] = evolve(source.found[0], body="new", pinned=True)
    assert (await move.run(source, update=True)).counts["updated"] == 1

    assert (await move.undo()).counts == {"deleted": 2}
    assert await move.raw() == before


@pytest.mark.parametrize("done", [0, 1, 5])
async def test_what_a_stopped_run_has_written_is_undone(move: Move, done: int) -> None:
    """Notes whose reply a stopped run never saw are found by their marker."""
    before = await move.raw()
    plan = await move.plan(move.source())
    run = asyncio.create_task(move.apply(plan))
    while move.fake.stats.notes_created <= done:  # noqa: ASYNC110 - a request sets no event
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await asyncio.sleep(0.01)  # what was sent arrives
    report = await move.undo()

    assert await move.raw() == before
    assert report.fine


async def test_what_is_gone_is_forgotten(move: Move) -> None:
    """A deleted note is no trouble; a contact that is gone may live on in another."""
    source = move.source(each=2)
    await move.run(source)
    first, second, _ = move.fake.contact_ids()
    move.fake.delete_contact(first)
    gone = (await move.moved(second))[0]
    await move.client.notes.delete(second, gone.id)
    report = await move.undo()

    assert report.counts == {"deleted": 3, "kept": 2, "skipped": 1}
    assert {line.reason for line in report.lines if line.result != "deleted"} == {
        "it is not there any more",
        "its contact is gone; if it was merged, look there",
    }
    assert (await move.undo()).counts == {"kept": 2}


async def test_only_what_was_asked_for_is_undone(move: Move) -> None:
    """By source and by account; what else the ledger has stays."""
    close, other = move.lone("x"), move.lone("y")
    other.name = "cinnox"
    other.found = [evolve(one, key="cinnox:app:1") for one in other.found]
    await move.run(close)
    await move.run(other)

    assert (await move.undo(source="hubspot")).lines == ()
    assert (await move.undo(source="close", account="orga_2")).lines == ()
    report = await move.undo(source="close", account="orga_1")
    assert [line.key for line in report.lines] == ["close:acti_0"]
    assert [one.body.split(",")[0] for one in await move.moved()] == ["Cinnox"]
    report = await move.undo()
    assert [line.key for line in report.lines] == ["cinnox:app:1"]


async def test_another_location_is_left_alone(move: Move) -> None:
    """A ledger may have several locations; the client's is undone."""
    await move.run(move.lone("x"))
    book = Ledger(move.ledger)
    (entry,) = await book.entries(move.fake.location_id)
    await book.put(evolve(entry, location_id="elsewhere"))

    assert (await move.undo()).counts == {"deleted": 1}
    assert len(await book.entries("elsewhere")) == 1
    await book.close()


async def test_a_note_that_was_never_learned_is_kept_if_it_reads_otherwise(move: Move) -> None:
    """Of a note whose reply was lost only its words are known; another form may be somebody's."""
    plan = await move.plan(move.lone("x"))
    await move.apply(plan)
    (first,) = await move.moved()
    book = Ledger(move.ledger)
    (entry,) = await book.entries(move.fake.location_id)
    await book.put(evolve(entry, state="pending", note_id=None, written=None))
    await book.close()
    body = f"<p>{first.body}</p>"
    await move.client.notes.update(first.contact_id, first.id, body=body)

    assert (await move.apply(plan)).lines[0].reason == "it is there"
    assert (await move.plan(move.lone("x"))).steps[0].line.reason == "moved before"
    assert (await move.undo()).counts == {"kept": 1}


async def test_a_note_that_goes_meanwhile_is_gone(move: Move) -> None:
    """Somebody who deletes a note while it is being undone does the same."""
    await move.run(move.lone("x", "y"))
    first = move.fake.contact_ids()[0]

    def vanish(line: Line) -> None:
        if line.key == "close:acti_1":
            move.fake.delete_contact(first)

    report = await move.undo(on_line=vanish)

    assert report.counts == {"deleted": 2}
    assert (await move.undo()).lines == ()


async def test_without_a_ledger_there_is_nothing_to_undo_by(move: Move) -> None:
    """A wrong path must not look like nothing to do, and makes no file."""
    with pytest.raises(ConfigurationError, match="there is no ledger at"):
        await move.undo()
    assert not move.ledger.exists()
    assert move.seen.sent == []


@pytest.mark.parametrize("concurrency", [0, "3"])
async def test_a_wrong_concurrency_is_refused(move: Move, concurrency: object) -> None:
    """Nobody at work would look like nothing to do."""
    await move.run(move.lone("x"))
    with pytest.raises(ConfigurationError, match="concurrency"):
        await move.undo(concurrency=concurrency)


@pytest.mark.parametrize(
    ("fault", "method"),
    [(Fault.WRONG_TYPE, "GET"), (Fault.NULL_TEXT, "GET"), (FORBIDDEN, "DELETE")],
)
async def test_what_fails_is_tried_again(move: Move, fault: Fault | Failure, method: str) -> None:
    """A failure is told of its notes, and the next run takes them."""
    before = await move.raw()
    await move.run(move.source())
    move.fake.inject(fault, method=method, path_contains="/notes")
    report = await move.undo(concurrency=1)

    failed = 4 if method == "GET" else 1
    assert report.counts == {"deleted": 12 - failed, "failed": failed}
    assert not report.fine
    assert (await move.undo()).fine
    assert await move.raw() == before


@pytest.mark.parametrize("kind", ["passing", "lasting", "no such route"])
async def test_a_404_of_a_gateway_deletes_nothing(move: Move, kind: str) -> None:
    """What HighLevel has not said to be gone is still there, stays in the ledger, and is undone."""
    before = await move.raw()
    await move.run(move.source())
    said = Failure(status=404, page="default backend - 404", headers={"retry-after": "0.001"})
    if kind == "no such route":
        said = Failure(status=404, message="Cannot DELETE /contacts/c/notes/n")
    move.fake.inject(said, 2 if kind == "passing" else 1_000, method="DELETE")
    report = await move.undo()
    left = sum(len(notes) for notes in (await move.raw()).values()) - 3
    move.fake.clear_faults()

    assert report.counts == ({"deleted": 12} if kind == "passing" else {"failed": 12})
    assert left == report.counts.get("failed", 0)
    assert all("check base_url" in line.reason for line in report.lines if line.result == "failed")
    assert (await move.undo()).counts == ({} if kind == "passing" else {"deleted": 12})
    assert await move.raw() == before


@pytest.mark.parametrize("page", ["default backend - 404", "<title>404</title>", ""])
async def test_a_gateway_makes_no_contact_and_no_note_gone(page: str) -> None:
    """Neither a list nor a note that a gateway did not find is taken for one that went away."""
    said = Failure(status=404, page=page, headers={"retry-after": "0.001"})
    async with moving(note_lag=3600.0, clock=time.time) as move:
        await move.run(move.lone("x", "y"))
        for path in ("/notes/", "/notes"):  # the single notes, and with them the lists
            move.fake.inject(said, 1_000, method="GET", path_contains=path)
            assert (await move.undo()).counts == {"failed": 2}, path
            move.fake.clear_faults()

        assert (await move.undo()).counts == {"deleted": 2}


async def test_a_delete_whose_reply_was_lost_is_a_delete(move: Move) -> None:
    """What is not there at the second try is gone, which is what was wanted."""
    before = await move.raw()
    await move.run(move.lone("x"))
    move.fake.inject(Fault.RESET_AFTER, method="DELETE")
    report = await move.undo()

    assert report.counts == {"deleted": 1}
    assert await move.raw() == before


async def test_a_note_that_is_in_no_list_yet_is_undone() -> None:
    """Right after a run lists may lag: a note that they do not show is asked for by its id."""
    async with moving(note_lag=3600.0, clock=time.time) as move:
        await move.run(move.lone("x", "y"))
        report = await move.undo()

        assert report.counts == {"deleted": 2}
        assert len(move.fake.notes(move.fake.contact_ids()[0])) == 1


async def test_what_highlevel_took_is_not_forgotten_before_it_was_seen() -> None:
    """Undone at once, a note whose reply was lost stays in the ledger until a list shows it."""
    async with moving(note_lag=3600.0, clock=time.time) as move:
        source = move.lone("x")
        move.fake.inject(Fault.CUT_HEAD, method="POST")
        await move.run(source)
        unseen = await move.undo(settle=0.0)
        move.fake.note_lag = 0.0
        seen = await move.undo(settle=0.0)

        assert [unseen.counts, seen.counts] == [{"unknown": 1}, {"deleted": 1}]
        assert len(move.fake.notes(move.fake.contact_ids()[0])) == 1


async def test_what_a_killed_run_has_sent_is_waited_for() -> None:
    """A note that may have been sent is given time to turn up before it is forgotten."""
    async with moving(note_lag=0.3, slow=10.0, clock=time.time) as move:
        plan = await move.plan(move.lone("x"))
        move.fake.inject(Fault.SLOW, method="POST")
        run = asyncio.create_task(move.apply(plan))
        while not move.fake.stats.notes_created:  # noqa: ASYNC110 - a request sets no event
            await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        report = await move.undo(settle=0.6)

        assert report.counts == {"deleted": 1}
