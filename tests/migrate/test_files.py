"""A plan as a file: whole, private, and refused if it is anything else."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.migrate import Draft, Line, Plan, Step, load, save
from tests.migrate.moving import Move

texts = st.text(st.characters(), max_size=20)
maybe = st.none() | texts
times = st.datetimes(timezones=st.just(UTC))
lines = st.builds(
    Line,
    result=st.sampled_from(["create", "skip", "unmatched", "conflict", "update", "failed"]),
    key=texts, reason=texts, source_contact=maybe, source_contact_id=maybe, contact_id=maybe,
    note_id=maybe, at=st.none() | times, author=maybe,
    remarks=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
drafts = st.builds(Draft, body=texts, title=maybe, pinned=st.booleans(), user_id=maybe)
plans = st.builds(
    Plan,
    source=texts, account=texts, location_id=texts, made_at=times,
    steps=st.lists(st.builds(Step, lines, st.none() | drafts), max_size=3).map(tuple),
    problems=st.lists(texts, max_size=2).map(tuple),
    remarks=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3)
    ),
    max_leaves=8,
)
EMPTY = Plan(source="s", account="a", location_id="l", made_at=datetime(2024, 3, 1, tzinfo=UTC))
SMALL = evolve(
    EMPTY, steps=(Step(Line(result="create", key="k", contact_id="c"), Draft(body="b")),)
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans") / "plan.json"


@given(plans)
@settings(max_examples=50)
@example(evolve(EMPTY, source="half a letter: \ud800", account="\udfff"))
def test_a_plan_comes_back_as_it_was(path: Path, plan: Plan) -> None:
    """Whatever a source's texts hold, a plan that is loaded is the one that was saved."""
    save(plan, path)

    assert load(path) == plan


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_plan_that_an_editor_has_saved_is_read(path: Path, encoding: str) -> None:
    """Windows puts a mark before a file, or writes it in UTF-16."""
    save(SMALL, path)
    path.write_text(path.read_text(), encoding)

    assert load(path) == SMALL


async def test_a_real_plan_comes_back_with_a_client(move: Move, tmp_path: Path) -> None:
    """The client is no part of the file, and may be given to what is loaded."""
    plan = await move.plan(move.source(title="Ü", author_name="😀"))
    save(plan, tmp_path / "plan.json")

    assert load(tmp_path / "plan.json") == plan
    assert load(tmp_path / "plan.json").client is None
    assert load(tmp_path / "plan.json", client=move.client).client is move.client
    assert move.fake.private_token not in (tmp_path / "plan.json").read_text()
    assert "Ü" in (tmp_path / "plan.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("before", [None, 0o644])
def test_a_plan_is_for_its_owner_alone(tmp_path: Path, before: int | None) -> None:
    """It holds the texts of notes, so nobody else may read it, not even in an old file."""
    path = tmp_path / "plan.json"
    if before is not None:
        path.write_text("something longer than a plan" * 100)
        path.chmod(before)
    save(SMALL, path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert load(path) == SMALL


def refused(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        load(path)
    except ConfigurationError as error:
        return str(path) in str(error)
    return False


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"7", b'"ghl_notes_plan"', b"{}", b"\xff\xfe", b"\x00",
        b'{"ghl_notes_plan": 1}', b'{"ghl_notes_plan": 2}', b'{"ghl_notes_plan": []}',
        b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000,
    ],
    ids=lambda content: content[:24],
)  # fmt: skip
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    """Any other file is named in a ConfigurationError, and never quoted."""
    assert refused(tmp_path / "plan.json", content)


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    """So is a file that is not there, or no file."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConfigurationError, match="is not a plan"):
            load(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    """A plan of another version is not read by half."""
    path = tmp_path / "plan.json"
    save(SMALL, path)
    content = json.loads(path.read_text())

    assert refused(path, json.dumps({**content, "ghl_notes_plan": 2}).encode())
    assert not refused(path, json.dumps(content).encode())


@settings(max_examples=50)
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_garbage_is_refused(path: Path, content: bytes) -> None:
    """Whatever is in a file, nothing but a ConfigurationError comes of it."""
    assert refused(path, content)


@given(st.data())
@settings(max_examples=50)
def test_a_plan_with_garbage_in_it_is_refused_or_a_plan(path: Path, data: st.DataObject) -> None:
    """One value that is not what it should be breaks nothing but the loading."""
    save(SMALL, path)
    content = json.loads(path.read_text())
    place = data.draw(st.sampled_from([content, content["steps"][0], content["steps"][0]["line"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(json_values)
    path.write_text(json.dumps(content))
    try:
        found = load(path)
    except ConfigurationError:
        return
    assert isinstance(found, Plan)
