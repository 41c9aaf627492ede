# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""An export of Close as a source: the same notes and people, without a request."""

import asyncio
import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ghl_notes.errors import ConfigurationError, UnexpectedResponse
from ghl_notes.sources import SourceUser
from ghl_notes.sources.close import CloseExport
from tests.sources.exports import leads_of, write
from tests.sources.reading import ids_of

WHEN = datetime(2025, 5, 1, tzinfo=UTC)
LEAD = {"id": "lead_1", "organization_id": "orga_1", "contacts": [{"id": "cont_1"}]}


def note(number: int, **more: object) -> dict[str, object]:
    """Give a note as an export has it."""
    when = (WHEN + timedelta(days=number)).isoformat()
    return {"id": f"acti_{number}", "_type": "Note", "note": "x", "date_created": when, **more}


@pytest.mark.parametrize("packed", [True, False])
async def test_it_tells_what_the_api_tells(start, connect, tmp_path, packed) -> None:
    """Notes, people and the organization are the same, however the file is packed."""
    fake = await start(leads=3, contacts_per_lead=2)
    source = connect(fake)
    export = CloseExport(write(tmp_path / "x.json", leads_of(fake), packed=packed))
    notes = {note.id: note async for note in source.notes()}
    exported = {note.id: note async for note in export.notes()}

    assert exported == notes
    assert await export.account() == await source.account()
    for one in notes.values():
        assert await export.contacts_of(one) == await source.contacts_of(one)


async def test_the_ends_of_the_time_are_included(tmp_path) -> None:
    """As they are over the API."""
    lead = {**LEAD, "activities": [*map(note, range(5)), note(9, date_created=None)]}
    export = CloseExport(write(tmp_path / "x", [lead], packed=False))
    span = {"since": WHEN + timedelta(days=1), "until": WHEN + timedelta(days=3)}

    assert [one.id async for one in export.notes(**span)] == [
        "acti_1",
        "acti_2",
        "acti_3",
        "acti_9",
    ]


async def test_a_note_is_of_the_lead_it_stands_in(tmp_path) -> None:
    """Its contact is the one it names, or all of the lead; and it is told once."""
    named = note(2, contact_id="cont_1", lead_id="lead_1")
    lead = {
        **LEAD,
        "activities": [note(1, lead_id=None), note(1), named, note(3, contact_id="gone")],
    }
    export = CloseExport(write(tmp_path / "x", [lead], packed=True))
    notes = [one async for one in export.notes()]
    people = [await export.contacts_of(one) for one in notes]

    assert [one.lead_id for one in notes] == ["lead_1"] * 3
    assert [[one.id for one in found] for found in people] == [["cont_1"], ["cont_1"], []]


async def test_leads_without_an_id_are_not_taken_for_each_other(tmp_path) -> None:
    """A note leads to the contacts of the lead that it stands in, whatever that lacks."""
    odd = [{}, {"id": None}, {"id": ""}, {"id": " "}, {"id": 5}]
    leads = [
        {**lead, "contacts": [{"id": f"cont_{at}"}], "activities": [note(at, lead_id=none)]}
        for at, (lead, none) in enumerate(zip(odd, [None, "", 5, None, None], strict=True))
    ]
    export = CloseExport(write(tmp_path / "x", leads, packed=False))
    notes = [one async for one in export.notes()]
    people = [await export.contacts_of(one) for one in notes]

    assert [[one.id for one in found] for found in people] == [[f"cont_{at}"] for at in range(5)]
    assert len({one.lead_id for one in notes}) == 5  # by which their readers group them


async def test_a_note_without_an_id_is_told_after_the_others(tmp_path) -> None:
    """Nothing that can be read is lost to what cannot."""
    lead = {**LEAD, "activities": [note(1, id=None), note(2), None, "x"]}
    export, met = CloseExport(write(tmp_path / "x", [lead], packed=True)), Counter()
    with pytest.raises(UnexpectedResponse, match="export"):
        await ids_of(export.notes(), met)

    assert met == {"acti_2": 1}


async def test_users_are_those_that_were_passed(tmp_path) -> None:
    """The file names authors, and leads to no email."""
    user = SourceUser(id="user_1", email="a@b.c")
    export = CloseExport(write(tmp_path / "x", [], packed=False), users=[user])

    assert await export.users() == {"user_1": user}
    assert await export.account() == "unknown"
    assert [one async for one in export.notes()] == []


async def test_it_is_read_once(tmp_path) -> None:
    """However many ask, and what happens to the file afterwards is no matter."""
    path = write(tmp_path / "x", [{**LEAD, "activities": [note(1)]}], packed=True)
    export = CloseExport(path)
    await asyncio.gather(*(export.account() for _ in range(20)))
    path.unlink()

    assert [one.id async for one in export.notes()] == ["acti_1"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no JSON"),
        (b"secret garbage", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"{}", "list of leads"),
        (b'[{"id": "lead_1"}, "secret"]', "list of leads"),
        (b"null", "list of leads"),
        (b"[" * 100_000, "no JSON"),
        (gzip.compress(b"[]" * 500)[:-9], "no JSON"),
        (b"\x1f\x8b secret", "not whole"),
        (gzip.compress(b"secret"), "no JSON"),
        (b'[{"id": "lead_1"}]', "include_activities"),
    ],
)
async def test_what_is_no_export_is_told(tmp_path, content, problem) -> None:
    """The file and what is wrong with it are named, and nothing of its content."""
    path = tmp_path / "export.json"
    path.write_bytes(content)
    export = CloseExport(path)
    for call in (export.account(), anext(export.notes())):
        with pytest.raises(ConfigurationError, match=problem) as raised:
            await call
        assert "export.json" in str(raised.value)
        assert "secret" not in str(raised.value) + repr(raised.value.__cause__)


async def test_a_file_that_is_not_there_is_told(tmp_path) -> None:
    """As one that cannot be read, with the reason."""
    with pytest.raises(ConfigurationError, match="FileNotFoundError"):
        await CloseExport(tmp_path / "missing").account()


@pytest.mark.parametrize("path", [None, 5, b"x"])
def test_what_is_no_path_is_refused(path) -> None:
    """When the source is made."""
    with pytest.raises(ConfigurationError, match="path"):
        CloseExport(path)


async def test_a_wrong_span_is_told_at_the_call() -> None:
    """Before the file is opened."""
    with pytest.raises(ConfigurationError, match="since"):
        CloseExport(Path("missing")).notes(since=datetime(2025, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "odd", [b'"\\ud83d"', b'"\xff"', b"9" * 5_000, b"1e999", b"NaN", b'"a\tb"'], ids=range(6)
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_one_odd_value_costs_no_export(tmp_path, odd, mark) -> None:
    """What another tool wrote into the file is read as patiently as a reply."""
    file = tmp_path / "x.json"
    activities = b'{"id": "acti_1", "_type": "Note", "note": "x", "odd": %b}' % odd
    file.write_bytes(mark + b'[{"id": "lead_1", "activities": [%b]}]' % activities)

    assert await ids_of(CloseExport(file).notes()) == Counter({"acti_1": 1})
