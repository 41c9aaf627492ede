# ruff: noqa: ANN001, ANN003, ANN204 - parameters are fixtures, whose types live in conftest
"""Moving notes from the command line: plan, apply, verify, undo, and what is told of it."""

import asyncio
import gzip
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from attrs import frozen

from ghl_notes.cli import migrate_options
from ghl_notes.migrate import LEDGER, drafting
from ghl_notes.testing import Failure, FakeCinnox, FakeClose, FakeHighLevel
from tests.cli.accounts import use_ledger

Run = Callable[..., Awaitable[object]]
SOURCES = ("close", "cinnox")


@frozen
class Desk:
    """A command of ``migrate`` with all it needs, and what it is about."""

    run: Run
    fake: FakeHighLevel
    source: FakeClose | FakeCinnox
    environment: dict[str, str]

    async def __call__(self, *args: object, **more):
        name = "close" if isinstance(self.source, FakeClose) else "cinnox"
        outcome = await self.run("migrate", name, *args, **{**self.environment, **more})
        secrets = [self.environment[one] for one in self.environment if one.endswith(_SECRETS)]
        assert not [secret for secret in secrets if secret in outcome.out + outcome.err]
        return outcome

    @property
    def marked(self) -> Counter[str]:
        """Count the moved notes that are in HighLevel, by contact."""
        ids = self.fake.contact_ids()
        notes = [note for one in ids for note in self.fake.notes(one)]
        return Counter(n["contactId"] for n in notes if "[ghl_notes:" in n["body"])

    @property
    def first(self) -> str:
        """The first contact."""
        return self.fake.contact_ids()[0]


_SECRETS = ("_KEY", "_TOKEN")


@pytest_asyncio.fixture
async def sources() -> AsyncIterator[dict[str, FakeClose | FakeCinnox]]:
    """Start both: three people with two notes each."""
    close = FakeClose(leads=3, notes_per_lead=2, limit=None)
    cinnox = FakeCinnox(contacts=3, notes_per_contact=2, limit=None)
    async with close, cinnox:
        yield {"close": close, "cinnox": cinnox}


@pytest_asyncio.fixture
async def desks(run, start, sources, tmp_path, monkeypatch) -> dict[str, Desk]:
    """Give a desk for each source, and a folder of their own with a ledger that was used before."""
    monkeypatch.chdir(tmp_path)
    await use_ledger()
    fake = await start(contacts=3, notes_per_contact=1)
    account = {
        "GHL_NOTES_TOKEN": fake.private_token,
        "GHL_NOTES_LOCATION": fake.location_id,
        "GHL_NOTES_BASE_URL": fake.url,
        "GHL_NOTES_CLOSE_KEY": sources["close"].api_key,
        "GHL_NOTES_CLOSE_URL": sources["close"].url,
        "GHL_NOTES_CINNOX_URL": sources["cinnox"].url,
        "GHL_NOTES_CINNOX_APP_ID": sources["cinnox"].app_id,
        "GHL_NOTES_CINNOX_APP_TOKEN": sources["cinnox"].app_token,
    }
    return {name: Desk(run, fake, source, account) for name, source in sources.items()}


@pytest.fixture
def desk(desks) -> Desk:
    """Choose that of Close."""
    return desks["close"]


def counts(outcome) -> dict[str, int]:
    """Read the counts of a report."""
    words = (line.split() for line in outcome.out.split("\n\n")[1].splitlines())
    return {result: int(count) for count, result, *_ in words}


# the whole way


@pytest.mark.parametrize("name", SOURCES)
async def test_notes_are_planned_written_verified_and_taken_back(desks, name) -> None:
    """Each step tells what it did; a second apply writes nothing, and undo leaves no trace."""
    desk = desks[name]
    steps = [
        ((), {"create": 6}, 0),
        (("--apply", "--yes"), {"created": 6}, 6),
        (("--apply", "--yes"), {"skipped": 6}, 6),
        (("--plan",), {"skip": 6}, 6),
        (("--verify",), {"present": 6}, 6),
        (("--undo", "--yes"), {"deleted": 6}, 0),
        (("--plan",), {"create": 6}, 0),
    ]
    for args, told, there in steps:
        outcome = await desk(*args)
        assert (outcome.status, counts(outcome)) == (0, told)
        assert sum(desk.marked.values()) == there
    assert [len(desk.fake.notes(one)) for one in desk.fake.contact_ids()] == [1, 1, 1]


async def test_a_plan_says_that_it_wrote_nothing(desk) -> None:
    """On stderr, with the way to go on and a word about workflows."""
    outcome = await desk()

    assert outcome.last.startswith("ghl-notes: nothing was written; --apply writes 6 notes.")
    assert "workflows" in outcome.last


async def test_what_cannot_be_placed_asks_to_be_looked_at(desk) -> None:
    """Status 3, and a line that says who and why, here and after the apply."""
    lead = desk.source.add_lead(contacts=[{"name": "Ada [red]X\x1b[31m", "emails": ["a@b.c"]}])
    note = desk.source.add_note(lead, attachments=[{"url": "https://app.close.com/go/file/1"}])
    for args in ((), ("--apply", "--yes"), ("--verify",)):
        outcome = await desk(*args)
        assert outcome.status == 3
        assert counts(outcome)["unmatched"] == 1
        (line,) = [one for one in outcome.out.splitlines() if f"close:{note}" in one]
        assert "no contact has a@b.c" in line
        assert "Ada [red]X\N{REPLACEMENT CHARACTER}[31m" in line
        assert "1 note: 1 attachment named, not moved" in outcome.out
    assert sum(desk.marked.values()) == 6


async def test_of_many_that_ask_to_be_looked_at_some_are_shown(desk) -> None:
    """Twenty, how many more there are, and where to find them."""
    lead = desk.source.add_lead(contacts=[{"name": "Ada", "emails": ["a@b.c"]}])
    for _ in range(23):
        desk.source.add_note(lead)
    outcome = await desk("--json", "report.json")

    assert sum(line.startswith("unmatched") for line in outcome.out.splitlines()) == 20
    assert "and 3 more: --json or --html has all" in outcome.out


async def test_an_edited_note_is_written_anew_if_asked_for(desk) -> None:
    """Without ``--update`` it stays as it was moved."""
    await desk("--apply", "--yes")
    note = desk.source.notes()[0]["id"]
    desk.source.edit_note(note, note="Quite another text")
    kept = await desk("--apply", "--yes")
    updated = await desk("--apply", "--yes", "--update")

    assert (kept.status, counts(kept)) == (0, {"skipped": 6})
    assert kept.last == ("ghl-notes: 1 note reads otherwise at the source; --update writes it anew")
    assert "--update" not in updated.err
    assert (updated.status, counts(updated)) == (0, {"skipped": 5, "updated": 1})


async def test_a_moved_note_that_somebody_changed_is_kept(desk) -> None:
    """Undo says which, with status 3."""
    await desk("--apply", "--yes")
    moved = next(n for n in desk.fake.notes(desk.first) if "[ghl_notes:" in n["body"])
    path = ("note", "edit", desk.first, moved["id"], "--body", "Mine now")
    await desk.run(*path, **desk.environment)
    outcome = await desk("--undo", "--yes")

    assert (outcome.status, counts(outcome)) == (3, {"deleted": 5, "kept": 1})


async def test_what_is_left_out_is_told(desk) -> None:
    """An empty note is no trouble, yet is not there; one that was moved before needs no word."""
    first = await desk("--apply", "--yes")
    desk.source.add_note(desk.source.lead_ids()[0], note="")
    second = await desk("--apply", "--yes")

    assert "Remarks" not in first.out
    assert "7 notes from close" in second.out
    assert second.out.split("Remarks:\n")[1].strip() == "1 note: it is empty"


@pytest.mark.parametrize(("name", "option"), [("close", "--close-url"), ("cinnox", "--cinnox-url")])
async def test_an_url_that_leads_nowhere_is_named_as_its_option(desks, name, option) -> None:
    """Each server has its own, and the remedy is told once."""
    gone = f"GHL_NOTES_{name.upper()}_URL"
    source = await desks[name](**{gone: f"{desks[name].source.url}/nowhere"})
    highlevel = await desks[name](GHL_NOTES_BASE_URL="http://")

    assert (source.status, highlevel.status) == (2, 2)
    assert f"check {option}" in source.last
    assert "--base-url must be" in highlevel.last
    assert "base_url" not in source.err + highlevel.err


async def test_an_outage_is_waited_out_by_every_call(desk) -> None:
    """A server that fails for longer than a single call is patient elsewhere ends no migration."""
    down = Failure(status=503, headers={"retry-after": "0"})
    rows = [
        ("/search/duplicate", (), {"create": 6}),
        ("/notes", ("--apply", "--yes"), {"created": 6}),
        ("/notes", ("--verify",), {"present": 6}),
        ("/notes", ("--undo", "--yes"), {"deleted": 6}),
    ]
    for path, args, told in rows:
        method = "DELETE" if "--undo" in args else "GET"
        desk.fake.inject(down, 15, method=method, path_contains=path)
        outcome = await desk(*args)
        assert (outcome.status, counts(outcome)) == (0, told), args


async def test_undo_is_about_one_source(desks) -> None:
    """What came from elsewhere stays, though it stands in the same ledger."""
    for one in desks.values():
        await one("--apply", "--yes")
    outcome = await desks["close"]("--undo", "--yes")

    assert counts(outcome) == {"deleted": 6}
    assert counts(await desks["cinnox"]("--verify")) == {"present": 6}


async def test_an_export_needs_no_key(desk, tmp_path) -> None:
    """The file alone tells the notes and the people."""
    note = {"_type": "Note", "id": "acti_1", "lead_id": "lead_1", "note": "From a file"}
    person = {"id": "cont_1", "emails": [{"email": desk.fake.contact(desk.first)["email"]}]}
    lead = {"id": "lead_1", "contacts": [person], "activities": [note]}
    (tmp_path / "leads.json.gz").write_bytes(gzip.compress(json.dumps([lead]).encode()))
    outcome = await desk("--apply", "--yes", "--export", "leads.json.gz", GHL_NOTES_CLOSE_KEY=None)

    assert (outcome.status, counts(outcome)) == (0, {"created": 1})
    assert desk.marked == {desk.first: 1}


async def test_only_notes_of_a_time_are_moved(desk) -> None:
    """Both ends, by the source's time."""
    outcome = await desk("--since", "2025-03-01T00:00Z", "--until", "2025-06-01T00:00Z")
    times = [note["date_created"] for note in desk.source.notes()]

    assert 0 < counts(outcome)["create"] < 6
    assert counts(outcome)["create"] == sum("2025-03" <= time < "2025-06" for time in times)


@pytest.mark.parametrize(("several", "count"), [("skip", 0), ("sole", 6), ("all", 6)])
async def test_what_names_nobody_is_decided(desk, several, count) -> None:
    """The option goes to the plan."""
    outcome = await desk("--several", several)

    assert counts(outcome).get("create", 0) == count


async def test_the_form_of_notes_is_chosen(desk) -> None:
    """Rich, how long, and what is done with longer ones."""
    lead = desk.source.lead_ids()[0]
    desk.source.add_note(lead, note="long " * 500, note_html=f"<p>{'<b>long</b> ' * 500}</p>")
    split = await desk("--longest", 1000)
    skipped = await desk("--longest", 1000, "--too-long", "skip")
    await desk("--apply", "--yes", "--rich", "--longest", 20000)
    bodies = [note["body"] for note in desk.fake.notes(desk.first)]

    assert counts(split)["create"] > 7
    assert counts(skipped) == {"create": 6, "left": 1}
    assert any("<b>long</b>" in body for body in bodies)


# files


@pytest.mark.parametrize("deed", ["--plan", "--apply"])
async def test_a_report_is_written_for_programs_and_browsers(desk, tmp_path, deed) -> None:
    """All lines, whatever the screen shows."""
    await desk(deed, "--yes", "--json", "r.json", "--html", "r.html")
    told = json.loads((tmp_path / "r.json").read_text())

    assert (told["kind"], told["source"], len(told["lines"])) == (deed[2:], "close", 6)
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("r.json", "r.html")} == {0o600}


async def test_each_place_gets_the_report_whatever_becomes_of_the_others(desk, tmp_path) -> None:
    """A file that is on a full disk costs neither the other file nor the screen what was done."""
    page = tmp_path / "report.html"
    outcome = await desk("--apply", "--yes", "--json", "/dev/full", "--html", page)

    assert (outcome.status, counts(outcome)) == (1, {"created": 6})
    assert "No space left on device" in outcome.last
    assert "<html" in page.read_text()


async def test_stdout_may_take_the_json(desk) -> None:
    """Then it has nothing else, and stderr has the table."""
    outcome = await desk("--json", "-")

    assert json.loads(outcome.out)["counts"] == {"create": 6}
    assert "to be written" in outcome.err


async def test_a_plan_is_kept_and_applied_later(desk, tmp_path) -> None:
    """The source is not asked again, so what is new there is not moved."""
    await desk("--plan-file", "plan.json")
    desk.source.add_note(desk.source.lead_ids()[0])
    gone = {"GHL_NOTES_CLOSE_KEY": None, "GHL_NOTES_LOCATION": None}
    applied = await desk("--apply", "--yes", "--plan-file", "plan.json", **gone)
    verified = await desk("--verify", "--plan-file", "plan.json", **gone)

    assert (applied.status, counts(applied)) == (0, {"created": 6})
    assert (verified.status, counts(verified)) == (0, {"present": 6})


async def test_a_plan_is_for_one_source_and_location(desks) -> None:
    """It is refused before anything is sent."""
    await desks["close"]("--plan-file", "plan.json")
    before = desks["close"].fake.stats.requests
    args = ("--apply", "--yes", "--plan-file", "plan.json")
    other = await desks["cinnox"](*args)
    elsewhere = await desks["close"](*args, GHL_NOTES_LOCATION="elsewhere")

    assert (other.status, elsewhere.status) == (2, 2)
    assert "a plan for close" in other.last
    assert "a plan for location" in elsewhere.last
    assert desks["close"].fake.stats.requests == before


# what cannot work


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--apply", "--verify", "--yes"), "give one of --plan"),
        (("--apply",), "--yes"),
        (("--undo",), "--yes"),
        (("--update",), "--update goes with --apply"),
        (("--undo", "--yes", "--plan-file", "p"), "leave out --plan-file"),
        (("--undo", "--yes", "--rich"), "the ledger says which notes"),
        (("--apply", "--yes", "--plan-file", "p"), "there is no plan p"),
        (("--verify", "--plan-file", "p", "--since", "2025-01-01"), "the plan in p says"),
        (("--since", "yesterday"), "--since must be a date"),
        (("--since", "2025-02-01", "--until", "2025-01-01"), "--since must not be later"),
        (("--json", "no/such/folder"), "another --json"),
        (("--html", "."), "another --html"),
        (("--plan-file", "no/such/folder"), "another --plan-file"),
        (("--apply", "--yes", "--ledger", "no/such/ledger"), "another --ledger"),
        (("--longest", "10"), "--longest"),
        (("--several", "some"), "--several"),
        (("--export", "nothing.json"), "nothing.json is not an export"),
        (("--location", ""), "--location"),
        (("--token", ""), "GHL_NOTES_TOKEN"),
        (("--close-key", " "), "GHL_NOTES_CLOSE_KEY"),
        (("--close-key", "two words"), "one word"),
        (("--ledger", "none.db", "--undo", "--yes"), "no ledger"),
        (("--json", "r", "--html", "./r"), "--html and --json name the same file"),
        (("--html", "ghl-notes-migrate.db"), "--ledger and --html name the same file"),
    ],
)
async def test_wrong_usage_is_refused_before_anything_is_sent(desk, args, said) -> None:
    """Status 2, and a sentence that names what to change."""
    outcome = await desk(*args, stdin=b"y\n")

    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err
    assert desk.fake.stats.requests == desk.source.stats.requests == 0


@pytest.mark.parametrize("missing", ["URL", "APP_ID", "APP_TOKEN"])
async def test_an_app_of_cinnox_is_three_things(desks, missing) -> None:
    """What is missing is named, with its variable."""
    outcome = await desks["cinnox"](**{f"GHL_NOTES_CINNOX_{missing}": None})

    assert outcome.status == 2
    assert f"GHL_NOTES_CINNOX_{missing}" in outcome.last


@pytest.mark.parametrize("name", SOURCES)
async def test_refused_credentials_are_a_sentence(desks, name) -> None:
    """Status 1, and never the key."""
    wrong = {"GHL_NOTES_CLOSE_KEY": "api_wrong", "GHL_NOTES_CINNOX_APP_TOKEN": "wrong_token"}
    outcome = await desks[name](**wrong)

    assert (outcome.status, outcome.out) == (1, "")
    assert "wrong" not in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_the_defaults_are_those_of_the_library() -> None:
    """They are spelled twice, since a completion does not load the library."""
    assert migrate_options.LEDGER == LEDGER
    assert (migrate_options.LONGEST, migrate_options.LEAST) == (drafting.LONGEST, drafting.LEAST)


# people


@pytest.mark.parametrize(
    ("answer", "status", "there"),
    [
        pytest.param("y\n", 0, 6, id="yes"),
        pytest.param("\n", 1, 0, id="no", marks=pytest.mark.slow),
    ],
)
async def test_a_user_is_asked_before_notes_are_written(
    desk, program, terminal, answer, status, there
) -> None:
    """The counts and the location stand in the question, and only a yes is a yes."""
    pipes = {"stdin": terminal.theirs, "stderr": terminal.theirs}
    args = ("migrate", "close", "--apply", "--json", "-")
    asking = await program(*args, environment=desk.environment, **pipes)
    await terminal.shows("[y/N] ")
    terminal.type(answer)
    ended = await asking.end()

    assert ended.status == status
    assert "Write 6 notes of 3 contacts of location " in terminal.text
    assert "workflows" in terminal.text
    assert bool(ended.out) is bool(there)
    assert sum(desk.marked.values()) == there


@pytest.mark.slow
async def test_a_user_is_asked_before_notes_are_deleted(desk, program, terminal) -> None:
    """With how many; a no deletes nothing."""
    await desk("--apply", "--yes")
    pipes = {"stdin": terminal.theirs, "stderr": terminal.theirs}
    for answer, status, left in (("n\n", 1, 6), ("y\n", 0, 0)):
        terminal.text = ""
        args = ("migrate", "close", "--undo")
        asking = await program(*args, environment=desk.environment, **pipes)
        await terminal.shows("Delete 6 notes of 3 contacts of location ")
        terminal.type(answer)
        assert (await asking.end()).status == status
        assert sum(desk.marked.values()) == left


@pytest.mark.slow
async def test_nobody_is_asked_about_nothing(desk, program, terminal) -> None:
    """Where all is there, or reads otherwise and is not to be updated, there is nothing to ask."""
    await desk("--apply", "--yes")
    desk.source.edit_note(desk.source.notes()[0]["id"], note="Quite another text")
    pipes = {"stdin": terminal.theirs, "stderr": terminal.theirs}
    args = ("migrate", "close", "--apply")
    ended = await (await program(*args, environment=desk.environment, **pipes)).end()
    assert (ended.status, counts(ended)) == (0, {"skipped": 6})

    asking = await program(*args, "--update", environment=desk.environment, **pipes)
    await terminal.shows("Write 1 note of 1 contact of location ")
    terminal.type("y\n")
    assert counts(await asking.end()) == {"skipped": 5, "updated": 1}


@pytest.mark.slow
async def test_ctrl_c_says_how_to_go_on(desk, program, start) -> None:
    """Status 130 and what was done; the next run writes the rest, and nothing twice."""
    fake = await start(contacts=3, notes_per_contact=0, latency=0.05)
    for number in range(45):
        desk.source.add_note(desk.source.lead_ids()[number % 3], note=f"Note {number}")
    known = {"GHL_NOTES_TOKEN": fake.private_token, "GHL_NOTES_LOCATION": fake.location_id}
    account = {**desk.environment, **known, "GHL_NOTES_BASE_URL": fake.url}
    running = await program("migrate", "close", "--apply", "--yes", environment=account)
    async with asyncio.timeout(20):
        while fake.stats.notes_created < 6:  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.01)
    running.process.send_signal(signal.SIGINT)
    stopped = await running.end()
    again = await desk("--apply", "--yes", **known, GHL_NOTES_BASE_URL=fake.url)

    assert stopped.status == 130
    assert " created; run it again to go on where it stopped" in stopped.err
    assert stopped.last == "ghl-notes: stopped"
    assert again.status == 0
    assert 6 <= fake.stats.notes_created - counts(again)["created"] < 51
    assert sum(len(fake.notes(one)) for one in fake.contact_ids()) == fake.stats.notes_created == 51


async def test_an_install_opens_the_location_as_well(desk, account, run) -> None:
    """With a store and a client id in the place of a token."""
    await account.install(account.fake.location_id)
    server = {"GHL_NOTES_BASE_URL": account.fake.url, "GHL_NOTES_TOKEN": None}
    known = {**account.environment, **server, "GHL_NOTES_LOCATION": account.fake.location_id}
    outcome = await desk(**known)

    assert (outcome.status, counts(outcome)) == (0, {"create": 6})
