"""A plan says what would be done, and does nothing."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes import Client
from ghl_notes.errors import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.migrate import plan
from ghl_notes.migrate.ledger import Ledger
from ghl_notes.sources import SourceContact
from ghl_notes.testing import Fault
from tests.migrate.failing import failing
from tests.migrate.moving import Move, keys_of, moving
from tests.migrate.sources import BEGAN, ListSource, note


async def test_a_plan_writes_nothing(move: Move) -> None:
    """Only reads are sent, one search and one look for each contact, and no ledger is made."""
    before, total = await move.raw(), move.fake.stats.requests
    move.seen.sent.clear()
    found = await move.plan(move.source())

    assert found.report.counts == {"create": 12}
    assert move.seen.writes == []
    assert sorted(path.split("/")[-1] for _, path in move.seen.sent) == sorted(
        ["", *["duplicate"] * 3, *["notes"] * 3]
    )
    assert set(move.seen.reads.values()) == {1}
    assert not move.ledger.exists()
    assert list(move.ledger.parent.iterdir()) == []
    assert move.fake.stats.requests == total + 7
    assert await move.raw() == before


async def test_a_note_is_known_under_another_name_of_its_account(move: Move) -> None:
    """An export may not name the organization: the key of a note is enough."""
    await move.run(move.lone("x"))
    book = Ledger(move.ledger)
    (entry,) = await book.entries(move.fake.location_id)
    await book.drop(entry)
    await book.put(evolve(entry, account="unknown"))
    await book.close()
    (step,) = (await move.plan(move.lone("x"))).steps

    assert (step.line.result, step.line.reason) == ("skip", "moved before")


async def test_a_plan_says_what_it_is_of(move: Move) -> None:
    """It names the source, its account, and the location, and its lines name whom and what."""
    found = await move.plan(move.lone("Hello.", author_name="Jane"))
    ((line,), person) = (found.report.lines, move.people[0])

    assert (found.source, found.account, found.location_id) == (
        "close", "orga_1", move.fake.location_id
    )  # fmt: skip
    assert (line.result, line.key, line.author, line.at) == (
        "create",
        "close:acti_0",
        "Jane",
        BEGAN,
    )
    assert (line.source_contact, line.source_contact_id) == (person.name, person.id)
    assert (line.contact_id, line.note_id) == (move.fake.contact_ids()[0], None)
    assert found.client is move.client
    assert "Hello" not in repr(found) + repr(found.steps) + repr(found.report)
    assert found.report.fine


@pytest.mark.parametrize(
    ("several", "count", "lines"),
    [
        ("skip", 1, [("unmatched", None, "it names nobody, and its lead is all that it hangs on")]),
        ("skip", 2, [("unmatched", None, "it names nobody, and its lead has 2 contacts")]),
        ("sole", 1, [("create", 0, "")]),
        ("sole", 3, [("unmatched", None, "it names nobody, and its lead has 3 contacts")]),
        ("first", 3, [("create", 0, "")]),
        ("all", 1, [("create", 0, "")]),
        ("all", 3, [("create", 0, ""), ("create", 1, ""), ("create", 2, "")]),
        ("all", 0, [("unmatched", None, "its lead has no contact")]),
    ],
)
async def test_a_note_that_names_nobody_is_decided_by_the_policy(
    move: Move, several: str, count: int, lines: list[tuple[str, int | None, str]]
) -> None:
    """Skip, sole, first and all do what they say with a lead of none, one or many."""
    source = ListSource([note(0, "lead_1")], {"lead_1": move.people[:count]})
    found = (await move.plan(source, several=several)).report.lines
    ids = move.fake.contact_ids()

    assert sorted((one.result, one.contact_id or "", one.reason) for one in found) == sorted(
        (result, "" if at is None else ids[at], reason) for result, at, reason in lines
    )


@pytest.mark.parametrize("several", ["skip", "sole", "first", "all"])
async def test_a_note_that_names_somebody_goes_there(move: Move, several: str) -> None:
    """Whom a note names, no policy changes."""
    about = note(0, "lead_1", contact_id=move.people[1].id)
    gone = note(1, "lead_1", contact_id="cont_gone")
    found = await move.plan(ListSource([about, gone], {"lead_1": move.people}), several=several)

    by_key = {step.line.key: step.line for step in found.steps}
    assert by_key[about.key].contact_id == move.fake.contact_ids()[1]
    assert by_key[gone.key].result == "unmatched"
    assert by_key[gone.key].source_contact_id == "cont_gone"


async def test_one_contact_that_is_two_people_gets_a_note_once(move: Move) -> None:
    """With all, two people of a lead who are one contact are one place to write to."""
    one = move.people[0]
    twin = SourceContact(id="cont_twin", phones=one.phones)
    found = await move.plan(ListSource([note(0, "l")], {"l": [one, twin]}), several="all")

    assert found.report.counts == {"create": 1, "skip": 1}
    assert found.steps[1].draft is None
    assert found.steps[1].line.reason == "it goes to the same contact for another of its lead"


async def test_what_stands_in_the_way_is_told_of_each_note(move: Move) -> None:
    """Nobody, two, and nothing to say: each note has its own line with the reason."""
    one, other = move.people[:2]
    leads = {
        "nobody": [SourceContact(id="a", name="A", emails=("a@example.com",))],
        "two": [SourceContact(id="b", name="B", emails=one.emails, phones=other.phones)],
        "empty": [one],
    }
    notes = [note(0, "nobody"), note(1, "two"), note(2, "empty", "", left_behind=("a comment",))]
    lines = {line.key: line for line in (await move.plan(ListSource(notes, leads))).report.lines}

    assert [lines[one.key].result for one in notes] == ["unmatched", "conflict", "skip"]
    assert lines["close:acti_0"].reason == "no contact has a@example.com"
    assert lines["close:acti_1"].reason.startswith("more than one contact: ")
    assert lines["close:acti_2"].reason == "it is empty"
    assert lines["close:acti_2"].remarks == ("a comment left behind",)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.booleans()), max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=15)
async def test_notes_are_in_order_whatever_that_of_the_source(
    drawn: list[tuple[int, int, bool]],
    rng: st.DataObject,
) -> None:
    """Each contact's notes are planned oldest first, those without a time before all."""
    async with moving() as move:
        leads = {str(n): [person] for n, person in enumerate(move.people)}
        notes = [
            note(n, str(lead), at=BEGAN + timedelta(days=day) if timed else None)
            for n, (lead, day, timed) in enumerate(drawn)
        ]
        rng.shuffle(notes)  # type: ignore[attr-defined]
        lines = (await move.plan(ListSource(notes, leads), users={})).report.lines
    for contact_id in {line.contact_id for line in lines}:
        times = [line.at for line in lines if line.contact_id == contact_id]
        assert times == sorted(times, key=lambda at: at or BEGAN - timedelta(days=1))
    assert sorted(line.key for line in lines) == sorted(keys_of(notes))


@pytest.mark.parametrize(
    "error", [UnexpectedResponse("one is odd"), RequestRejected("no"), Unavailable("down")]
)
async def test_a_list_that_breaks_off_is_a_problem(move: Move, error: HighLevelError) -> None:
    """What was read before is planned, and somebody is told to look at the rest."""
    found = await move.plan(failing(move.lone("x"), at_end=error))

    assert found.problems == (f"not every note could be read: {error}",)
    assert found.report.counts == {"create": 1}
    assert not found.report.fine


@pytest.mark.parametrize("texts", [(), ("x",)])
async def test_what_stands_in_the_way_of_all_is_raised(move: Move, texts: tuple[str, ...]) -> None:
    """Where nothing can be read, or the source is to be asked later, there is no plan."""
    error = RateLimited("later") if texts else UnexpectedResponse("odd")
    with pytest.raises(type(error)):
        await move.plan(failing(move.lone(*texts), at_end=error))


async def test_no_note_is_dropped_because_something_is_down(move: Move) -> None:
    """A source or a search that fails as a whole is raised, and never a shorter plan."""
    source = failing(move.lone("x"), of_people=Unavailable("the source is down"))
    source.found.append(note(7, "lead_bad"))
    with pytest.raises(Unavailable, match="the source is down"):
        await move.plan(source)

    move.fake.inject(Fault.TOKEN_EXPIRED, 100, path_contains="/duplicate")
    with pytest.raises(AccessDenied):
        await move.plan(move.lone("x"))


@pytest.mark.parametrize("error", [NotFound("no such lead"), UnexpectedResponse("odd")])
async def test_a_person_who_cannot_be_read_is_about_their_notes(
    move: Move, error: HighLevelError
) -> None:
    """A lead that the source does not give is a reason for its notes alone."""
    source = failing(move.lone("x"), of_people=error)
    source.found += [note(7, "lead_bad"), note(8, "lead_bad")]
    found = await move.plan(source)

    assert found.report.counts == {"unmatched": 2, "create": 1}
    assert found.steps[0].line.reason == f"its contact cannot be read: {error}"


async def test_a_search_that_cannot_be_read_fails_its_person(move: Move) -> None:
    """An odd reply about one person leaves the others alone."""
    move.fake.inject(Fault.WRONG_TYPE, path_contains="/contacts/search/duplicate")
    found = await move.plan(move.source(each=1))

    assert found.report.counts == {"create": 2, "failed": 1}


async def test_a_note_that_is_left_asks_somebody_to_look(move: Move) -> None:
    """What would be lost for its length or form is no note that there is nothing to do about."""
    source = move.lone("", "x" * 2_000)
    found = await move.plan(source, longest=1_000, too_long="skip")

    assert found.report.counts == {"skip": 1, "left": 1}
    assert not found.report.fine


async def test_an_unmatched_note_names_its_lead(move: Move) -> None:
    """Whoever looks into it finds the lead at the source."""
    source = move.lone("x")
    source.leads.clear()
    (step,) = (await move.plan(source)).steps

    assert (step.line.result, step.line.source_lead_id) == ("unmatched", source.found[0].lead_id)


async def test_notes_that_cannot_be_read_fail_their_contact(move: Move) -> None:
    """Without knowing what is there nothing is planned to be written."""
    move.fake.inject(Fault.WRONG_TYPE, path_contains=f"{move.fake.contact_ids()[0]}/notes")
    move.fake.inject(Fault.NULL_TEXT, path_contains=f"{move.fake.contact_ids()[1]}/notes")
    found = await move.plan(move.source(each=2))

    assert found.report.counts == {"failed": 4, "create": 2}
    assert all(step.draft is None for step in found.steps if step.line.result == "failed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"several": "any"},
        {"too_long": "cut"},
        {"longest": 999},
        {"longest": "x"},
        {"match": None},
        {"users": [1]},
    ],
)
async def test_wrong_arguments_are_refused_at_once(move: Move, wrong: dict[str, object]) -> None:
    """Nothing is asked of anybody before the arguments are right."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        await move.plan(move.lone("x"), **wrong)
    assert move.seen.sent == []


async def test_a_client_for_no_location_is_refused(move: Move) -> None:
    """A plan is for one location, which the client has to name."""
    async with Client("token", base_url=move.fake.url) as client:
        with pytest.raises(ConfigurationError, match="location_id="):
            await plan(move.lone("x"), client, ledger=move.ledger)
