"""What a note of another system becomes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghl_notes.migrate.drafting import LEAST, Drafted, Style, drafted
from ghl_notes.migrate.markers import key_of, marker
from ghl_notes.migrate.models import Draft
from ghl_notes.models import Note
from ghl_notes.sources import SourceAttachment, SourceNote
from tests.migrate.sources import note

JANE = "Jane Doe"
HEAD = "Close, 2024-03-01 09:00 UTC, Jane Doe"
END = "[ghl_notes:close:acti_0]"
SCAN = SourceAttachment(name="scan.pdf", url="https://app.close.com/go/file/1")

anything = st.text(st.characters(), max_size=400)  # with what no UTF-8 can hold
long_texts = st.lists(st.text(st.characters(), max_size=900), max_size=8).map(" \n".join)


def written(
    given_note: SourceNote, author: str | None = JANE, source: str = "Close", **style: object
) -> Drafted:
    chosen = Style(source=source, **style)  # type: ignore[arg-type]
    return drafted(given_note, chosen, author=author, user_id="user_1")


def body_of(given_note: SourceNote, author: str | None = JANE, **more: object) -> str:
    ((key, draft),) = written(given_note, author, **more).drafts  # type: ignore[arg-type]
    assert key == given_note.key
    return draft.body


def simple(text: str) -> str:
    """Leave what can be written down out of what any JSON may hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def without_gaps(text: str) -> str:
    return "".join(text.split())


def test_a_note_begins_with_where_when_and_who_and_ends_in_its_marker() -> None:
    """Time and author, which HighLevel does not take, come first, and the marker comes last."""
    assert body_of(note(0, "l", "Called.\nAgain.")) == f"{HEAD}\nCalled.\nAgain.\n\n{END}"


def test_times_are_in_utc() -> None:
    """The date is that of UTC, whatever zone the source tells it in."""
    late = datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert body_of(note(0, "l", at=late)).startswith("Close, 2024-03-01 04:30 UTC, Jane Doe\n")


def test_what_is_known_of_an_edit_alone_is_called_so() -> None:
    """Of CINNOX's notes the time and the author are those of the last edit, and say so."""
    one = note(0, "l", "x", at_is="updated")

    assert body_of(one, source="CINNOX").startswith(
        "CINNOX, updated 2024-03-01 09:00 UTC, last edited by Jane Doe\nx"
    )


@pytest.mark.parametrize(
    ("at", "author", "head"),
    [
        (None, None, "Close"),
        (None, JANE, "Close, Jane Doe"),
        (datetime(2024, 3, 1, 9, tzinfo=UTC), None, "Close, 2024-03-01 09:00 UTC"),
        (None, " Jane\n Doe\t", "Close, Jane Doe"),
        (None, "x" * 5_000, f"Close, {'x' * 200}"),
    ],
)
@pytest.mark.parametrize("at_is", ["created", "updated"])
def test_the_first_line_tells_only_what_is_known(
    at: datetime | None, author: str | None, head: str, at_is: str
) -> None:
    """A missing time or author leaves no gap, and no name breaks or floods the line."""
    first = body_of(note(0, "l", "x", at=at, at_is=at_is), author).split("\n")[0]

    assert first.replace("updated ", "").replace("last edited by ", "") == head


def test_attachments_are_named_before_the_marker() -> None:
    """Files stay where they are, so each is named with where that is."""
    one = note(0, "l", "x", attachments=(SCAN, SourceAttachment(name="b\nc")))
    lines = body_of(one).split("\n")

    assert lines[1:] == [
        "x",
        "Attachment, still in Close: scan.pdf https://app.close.com/go/file/1",
        "Attachment, still in Close: b c",
        "",
        END,
    ]
    assert written(one).remarks == ("2 attachments named, not moved",)


@pytest.mark.parametrize(
    ("body", "html"),
    [("", None), (" \n", None), ("", "<body></body>"), ("", "<body><p> </p></body>")],
)
@pytest.mark.parametrize("rich", [False, True])
def test_a_note_without_anything_is_left_out(body: str, html: str | None, *, rich: bool) -> None:
    """HighLevel takes no empty note, and there is nothing to say in one."""
    found = written(note(0, "l", body, html=html, left_behind=("2 comments",)), rich=rich)

    assert (found.drafts, found.reason) == ((), "it is empty")
    assert found.remarks == ("2 comments left behind",)


@pytest.mark.parametrize("more", [{"title": "Offer"}, {"attachments": (SCAN,)}])
def test_a_note_of_a_title_or_files_alone_says_that_it_has_no_text(
    more: dict[str, object],
) -> None:
    """What has no text but something else is moved, with words in the text's place."""
    assert body_of(note(0, "l", "", **more)).split("\n")[1] == "(a note without text)"


@pytest.mark.parametrize("rich", [False, True])
def test_the_text_comes_from_the_html_where_there_is_no_other(*, rich: bool) -> None:
    """A note whose source has only its rich form keeps its words."""
    assert "two words" in body_of(note(0, "l", "", html="<body><p>two words</p></body>"), rich=rich)


def test_a_rich_note_keeps_its_html() -> None:
    """With rich the HTML stays as it is but for its wrapper, and all else is a paragraph."""
    one = note(0, "l", "x", html=' <body lang="en"><p><b>x</b></p></body>\n', attachments=(SCAN,))

    assert body_of(one, "A <b> & C", rich=True) == (
        "<p>Close, 2024-03-01 09:00 UTC, A &lt;b&gt; &amp; C</p><p><b>x</b></p>"
        "<p>Attachment, still in Close: scan.pdf https://app.close.com/go/file/1</p>"
        f"<p>{END}</p>"
    )


@pytest.mark.parametrize("html", [None, "", " "])
def test_a_note_without_html_is_plain_even_if_rich_is_asked_for(html: str | None) -> None:
    """A missing rich form never costs the text."""
    assert body_of(note(0, "l", "a < b", html=html), rich=True) == f"{HEAD}\na < b\n\n{END}"


def test_html_that_is_too_long_is_moved_as_text() -> None:
    """Tags cannot be cut like text, so a rich note that is too long becomes plain, and says so."""
    one = note(0, "l", "short", html=f"<body>{'<b></b>' * 1_000}short</body>")
    found = written(one, rich=True, longest=LEAST)

    assert found.drafts[0][1].body == f"{HEAD}\nshort\n\n{END}"
    assert found.remarks == ("too long for rich text, so it is moved as plain text",)


@pytest.mark.parametrize(
    ("html", "remarks"),
    [
        (None, ()),
        ("<body><p>x<br />y</p><div>z</div></body>", ()),
        ("<body>1 < 2</body>", ()),
        ("<body><b>x</b></body>", ("formatting dropped",)),
        ("<body><IMG src='x'></body>", ("formatting dropped",)),
    ],
)
def test_dropped_formatting_is_remarked(html: str | None, remarks: tuple[str, ...]) -> None:
    """Whoever moves plain text is told where more than lines is lost."""
    assert written(note(0, "l", "x", html=html)).remarks == remarks


def test_what_is_too_long_is_skipped_on_demand() -> None:
    """With skip nothing is cut, and the reason has the number."""
    found = written(note(0, "l", "x" * 1_000), too_long="skip", longest=LEAST)

    assert (found.drafts, found.reason) == ((), "it is longer than 1,000 characters")


def test_every_part_has_all_but_the_text() -> None:
    """Each part of a cut note stands for itself: title, pin, author, its number and its marker."""
    found = written(note(0, "l", "word " * 500, title="T", pinned=True), longest=LEAST)
    keys, drafts = zip(*found.drafts, strict=True)

    assert keys == tuple(f"close:acti_0:{n}/3" for n in (1, 2, 3))
    assert {(one.title, one.pinned, one.user_id) for one in drafts} == {("T", True, "user_1")}
    assert drafts[1].body.startswith(f"{HEAD} (2 of 3)\nword word")
    assert drafts[1].body.endswith("word\n\n[ghl_notes:close:acti_0:2/3]")
    assert found.remarks == ("too long for one note: 3 parts",)


@example("x" * 30_000, LEAST, JANE, None)
@example("a \ud83d\ude00 \udc00", LEAST, "\ud800", "\udfff")
@given(long_texts, st.integers(LEAST, 2_000), st.none() | anything, st.none() | anything)
@settings(max_examples=60)
def test_no_text_is_lost_in_cutting(
    text: str, longest: int, author: str | None, title: str | None
) -> None:
    """Whatever the text, no part is too long, and all together say all of it, in its order."""
    one = note(0, "l", text, title=title)
    drafts = written(one, author, longest=longest).drafts
    head = written(note(0, "l", "x"), author).drafts[0][1].body.split("\n")[0] if drafts else ""
    said = []
    for number, (key, draft) in enumerate(drafts, 1):
        draft.body.encode()
        assert len(draft.body) <= longest
        first, _, rest = draft.body.partition("\n")
        piece, _, last = rest.rpartition("\n\n")
        split = len(drafts) > 1
        assert key == (f"{one.key}:{number}/{len(drafts)}" if split else one.key)
        assert first == (f"{head} ({number} of {len(drafts)})" if split else head)
        assert last == marker(key)
        assert key_of(seen(draft)) == key
        said.append(piece)
    if text.strip():
        assert without_gaps("".join(said)) == without_gaps(simple(text))


def test_no_part_is_nearly_empty() -> None:
    """Where no line or word ends in the second half of a part, a word is cut."""
    drafts = written(note(0, "l", "a " + "x" * 1_500), longest=LEAST).drafts

    assert len(drafts) == 2
    assert len(drafts[0][1].body) > 900


def seen(draft: Draft) -> Note:
    return Note("note", draft.body, draft.body, datetime.now(UTC), "contact")


@pytest.mark.parametrize(
    "key", ["", "mine:two words", "mine:[1]", "mine:" + "x" * 290, "mine:\ud800"]
)
def test_a_note_that_no_marker_can_name_is_left_out(key: str) -> None:
    """What could not be found again would be written twice, so it is not written at all."""
    found = written(note(0, "l", key=key))

    assert (found.drafts, found.reason) == ((), "its key does not fit into a marker")


contents = st.tuples(
    st.text("ab\x00", max_size=3), st.none() | st.text("ab\x00", max_size=3), st.booleans()
)


@example(("a\x00b", "", False), ("a", "b\x00", False))
@given(contents, contents)
def test_digests_are_equal_just_when_what_is_said_is(
    one: tuple[str, str | None, bool], other: tuple[str, str | None, bool]
) -> None:
    """A digest stands for text, title and pin, in whosever name; no title is an empty one."""
    drafts = [
        Draft(body=body, title=title, pinned=pinned, user_id=who)
        for (body, title, pinned), who in ((one, "a"), (other, None))
    ]
    same = (one[0], one[1] or "", one[2]) == (other[0], other[1] or "", other[2])

    assert (drafts[0].digest == drafts[1].digest) is same
