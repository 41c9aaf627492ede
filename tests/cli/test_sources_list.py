# ruff: noqa: ANN001, ANN003, ANN201, ANN202 - parameters are fixtures, whose types live in conftest
"""The notes of other systems as JSON lines."""

import json

import pytest
import pytest_asyncio

from ghl_notes.testing import FakeCinnox, FakeClose, Fault


@pytest_asyncio.fixture
async def close():
    """Start a pretend Close of three leads with two notes each."""
    async with FakeClose(leads=3, notes_per_lead=2, limit=None) as fake:
        yield fake


@pytest_asyncio.fixture
async def cinnox():
    """Start a pretend CINNOX of three contacts with two notes each."""
    async with FakeCinnox(contacts=3, notes_per_contact=2, limit=None) as fake:
        yield fake


@pytest.fixture
def list_close(run, close):
    """List notes of Close, and see to it that the key is not told."""

    async def listed(*args: object, **more):
        known = {"GHL_NOTES_CLOSE_KEY": close.api_key, "GHL_NOTES_CLOSE_URL": close.url}
        outcome = await run("sources", "close", "list", *args, **{**known, **more})
        assert close.api_key not in outcome.out + outcome.err
        return outcome

    return listed


@pytest.fixture
def list_cinnox(run, cinnox):
    """List notes of CINNOX, and see to it that the token is not told."""

    async def listed(*args: object, **more):
        known = {
            "GHL_NOTES_CINNOX_URL": cinnox.url,
            "GHL_NOTES_CINNOX_APP_ID": cinnox.app_id,
            "GHL_NOTES_CINNOX_APP_TOKEN": cinnox.app_token,
        }
        outcome = await run("sources", "cinnox", "list", *args, **{**known, **more})
        assert cinnox.app_token not in outcome.out + outcome.err
        return outcome

    return listed


def ids(outcome) -> set[str]:
    return {note["id"] for note in outcome.records}


async def test_every_note_of_close_is_a_line(list_close, close) -> None:
    """With Python's names and times in UTC, and a sentence on stderr about how many."""
    outcome = await list_close()

    assert outcome.status == 0
    assert ids(outcome) == {note["id"] for note in close.notes()}
    assert all(note["key"] == f"close:{note['id']}" for note in outcome.records)
    assert all(note["at"].endswith("Z") for note in outcome.records)
    assert "extra" not in outcome.records[0]
    assert outcome.last.startswith("ghl-notes: 6 notes written, ")


async def test_every_note_of_cinnox_is_a_line(list_cinnox, cinnox) -> None:
    """Of all contacts."""
    outcome = await list_cinnox()
    notes = {one["noteId"] for contact in cinnox.contact_ids() for one in cinnox.notes(contact)}

    assert (outcome.status, ids(outcome)) == (0, notes)


async def test_notes_of_close_are_narrowed_down(list_close, close) -> None:
    """By leads, by who wrote them, by whom they are about, and by when."""
    first, second, _ = close.lead_ids()
    person, user = close.contact_ids(first)[0], close.user_ids[0]
    about = close.add_note(first, contact_id=person)
    notes = close.notes()

    async def of(*args: object) -> set[str]:
        return ids(await list_close(*args))

    leads = ("--lead", first, "--lead", second)
    assert await of(*leads) == {n["id"] for n in notes if n["lead_id"] in (first, second)}
    assert await of("--contact", person) == {about}
    assert await of("--user", user) == {n["id"] for n in notes if n["user_id"] == user}
    assert await of("--since", "2025-07-02") == {about}
    assert await of("--until", "2025-07-02") == {n["id"] for n in notes} - {about}


async def test_notes_of_cinnox_are_narrowed_down(list_cinnox, cinnox) -> None:
    """By contact, and by when they were last edited, both together or not."""
    first = cinnox.contact_ids()[0]
    old = {note["noteId"] for note in cinnox.notes(first)}
    new = cinnox.add_note(first)
    at = next(n["updatedAt"] for n in cinnox.notes(first) if n["noteId"] == new)

    assert ids(await list_cinnox("--contact", first)) == old | {new}
    assert ids(await list_cinnox("--since", at)) == {new}
    assert ids(await list_cinnox("--contact", first, "--since", at)) == {new}
    assert new not in ids(await list_cinnox("--contact", first, "--until", "2000-01-01"))


async def test_a_file_is_replaced_by_force_only(list_close, tmp_path) -> None:
    """Hours of work are not overwritten by a command out of the history."""
    path = tmp_path / "notes.jsonl"
    path.write_text("precious\n")
    refused = await list_close("--out", path)
    kept = path.read_text()
    forced = await list_close("--out", path, "--force")

    assert (refused.status, kept) == (2, "precious\n")
    assert "--force" in refused.last
    assert (forced.status, forced.out) == (0, "")
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 6


async def test_a_wrong_key_replaces_nothing(list_close, tmp_path) -> None:
    """With ``--force``, what an earlier run wrote is still there."""
    path = tmp_path / "notes.jsonl"
    path.write_text("precious\n")
    outcome = await list_close("--out", path, "--force", GHL_NOTES_CLOSE_KEY="api_wrong")

    assert outcome.status == 1
    assert path.read_text() == "precious\n"


async def test_nothing_to_list_makes_an_empty_file(list_close, tmp_path) -> None:
    """A list of nothing is a list, and the old one goes."""
    path = tmp_path / "notes.jsonl"
    path.write_text("old\n")
    outcome = await list_close("--out", path, "--force", "--since", "2999-01-01")

    assert (outcome.status, path.read_text()) == (0, "")


async def test_what_cannot_be_read_is_told_after_the_rest(list_cinnox, cinnox) -> None:
    """Status 3, as an export's, and the notes of the other contacts."""
    cinnox.inject(Fault.WRONG_TYPE, path_contains="extcontact-note-list")
    outcome = await list_cinnox()

    assert outcome.status == 3
    assert len(outcome.records) == 4
    assert "cannot be read" in outcome.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--since", "soon"), "--since must be"),
        (("--out", "no/such/folder"), "another --out"),
        (("--close-key", ""), "GHL_NOTES_CLOSE_KEY"),
        (("--close-url", "nonsense"), "--close-url"),
        (("--lead", " "), "lead_id"),
    ],
)
async def test_wrong_usage_is_refused_before_anything_is_sent(
    list_close, close, args, said
) -> None:
    """Status 2, and a sentence that names what to change."""
    outcome = await list_close(*args)

    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err
    assert close.stats.requests == 0


@pytest.mark.parametrize("words", [(), ("close",), ("cinnox",)])
async def test_a_group_alone_shows_its_help(run, words) -> None:
    """A user finds the command by going on."""
    outcome = await run("sources", *words)

    assert outcome.status == 0
    assert ("list" if words else "cinnox") in outcome.out
