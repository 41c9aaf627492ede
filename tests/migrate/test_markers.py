"""The line by which a moved note is known again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.migrate.markers import by_key, is_cut_otherwise, key_of, marker
from ghl_notes.models import Note

keys = st.from_regex(r"[A-Za-z0-9_.:@/+-]{1,300}", fullmatch=True)


def seen(body: str, text: str | None = None, note_id: str = "n") -> Note:
    return Note(note_id, body, body if text is None else text, datetime.now(UTC), "c")


@given(st.text(st.characters()), keys)
def test_a_marker_gives_its_key_back(before: str, key: str) -> None:
    """Whatever stands before it, the last line names the note."""
    assert key_of(seen(f"{before}\n\n{marker(key)}")) == key


@given(st.text())
def test_other_notes_have_no_key(text: str) -> None:
    """A note that nobody moved is nobody's."""
    assert key_of(seen(text)) is None


def test_the_last_marker_counts() -> None:
    """A marker in what a note quotes is not its own."""
    quoting = f"As I wrote:\n> {marker('close:acti_1')}\n\n{marker('close:acti_2')}"

    assert key_of(seen(quoting)) == "close:acti_2"


def test_a_marker_is_found_in_the_text_if_the_markup_hides_it() -> None:
    """HighLevel may write letters as HTML does; its plain form has them."""
    body = "<p>&#91;ghl_notes:close:acti_1&#93;</p>"

    assert key_of(seen(body, marker("close:acti_1"))) == "close:acti_1"
    assert key_of(seen(f"<p>{marker('close:acti_1')}</p>", "")) == "close:acti_1"


@pytest.mark.parametrize(
    "text",
    [
        "[ghl_notes:]",
        "[ghl_notes:a b]",
        "[ghl_notes:a&b]",
        "[ghl_notes:<a>]",
        "ghl_notes:a",
        "[ghl:a]",
    ],
)
def test_what_looks_like_a_marker_is_none(text: str) -> None:
    """Only the whole form is a marker."""
    assert key_of(seen(text)) is None


def test_notes_are_sorted_by_key() -> None:
    """Every note with a key is there under it, also those that share one."""
    notes = [seen(marker(key), note_id=key + n) for n, key in [("1", "a"), ("2", "b"), ("3", "a")]]
    found = by_key([*notes, seen("mine")])

    assert {key: [one.id for one in some] for key, some in found.items()} == {
        "a": ["a1", "a3"],
        "b": ["b2"],
    }


@pytest.mark.parametrize(
    ("key", "others", "otherwise"),
    [
        ("close:a", [], False),
        ("close:a", ["close:a"], False),
        ("close:a", ["close:ab", "close:b:1/2"], False),
        ("close:a", ["close:a:1/2"], True),
        ("close:a:1/2", ["close:a:2/2"], False),
        ("close:a:1/2", ["close:a:1/3"], True),
        ("close:a:1/2", ["close:a"], True),
        ("close:a:1/2", ["close:a:2/2", "close:a"], True),
        ("close:a:b/2", ["close:a"], False),
    ],
)
def test_a_note_in_other_parts_is_the_same_note(
    key: str, others: list[str], *, otherwise: bool
) -> None:
    """Whole or in parts, and in how many: who has one of them must not get another."""
    assert is_cut_otherwise(key, others) is otherwise


@given(keys, st.integers(2, 50), st.integers(2, 50))
def test_only_the_number_of_parts_decides(key: str, count: int, other: int) -> None:
    """All parts of one cut go together, and none with those of another."""
    parts = [f"{key}:{n}/{other}" for n in range(1, other + 1)]

    assert is_cut_otherwise(f"{key}:1/{count}", parts) is (count != other)
