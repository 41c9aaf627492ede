"""Reports of migrations: as text, as JSON and as a page."""

import json
import unicodedata
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.migrate import Line, Report, Result, as_html, as_json, table
from ghl_notes.migrate.models import TROUBLE
from ghl_notes.migrate.reports import MEANINGS, MOST, heading, outdated, remarks, tone

AT = datetime(2026, 5, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
RESULTS = get_args(Result)
HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "</td></tr></table></html>",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnisrever",
    "one\r\n\ttwo\x85three\u2028four",
    "\ud83d half",
    "$title ${style} $$ %s {0} [red]",
    "&lt;&amp;",
    "W" * 5000,
)
# A page has these, and nothing that a text brings along.
TAGS = (
    "html head meta title style body h1 h2 p table thead tbody tr th td span i code bdi br ul li"
    " label input"
)
ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))

texts = st.text() | st.sampled_from(HOSTILE)
lines = st.builds(
    Line,
    result=st.sampled_from(RESULTS),
    key=texts,
    reason=texts,
    source_contact=st.none() | texts,
    source_contact_id=st.none() | texts,
    source_lead_id=st.none() | texts,
    contact_id=st.none() | texts,
    note_id=st.none() | texts,
    at=st.none() | st.datetimes(timezones=ZONES),
    author=st.none() | texts,
    remarks=st.lists(texts, max_size=2).map(tuple),
)
reports = st.builds(
    Report,
    kind=st.sampled_from(["plan", "apply", "verify", "undo"]),
    source=texts,
    account=texts,
    location_id=texts,
    lines=st.lists(lines, max_size=4).map(tuple),
    problems=st.lists(texts, max_size=2).map(tuple),
)


class Page(HTMLParser):
    """What a browser makes of a page: its tags, its attributes, and what it shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.shown = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.shown += data


def report(*lines: Line, **more: object) -> Report:
    """Make a report of these lines."""
    fields = {"kind": "apply", "source": "close", "account": "orga_1", "location_id": "loc", **more}
    return Report(lines=lines, **fields)  # type: ignore[arg-type] # whatever a test wants


def line(result: Result = "created", number: int = 1, **more: object) -> Line:
    """Make a line."""
    fields = {"key": f"close:acti_{number}", **more}
    return Line(result=result, **fields)  # type: ignore[arg-type] # whatever a test wants


# as text


def test_a_table_counts_results_and_says_what_they_mean() -> None:
    """The most frequent first, with a mark at what asks somebody to look."""
    told = table(report(line(), line("unmatched", 2), line("created", 3))).splitlines()

    assert told[0] == "Apply: 3 notes from close orga_1, in location loc"
    assert told[2].split() == ["2", "created", "written"]
    assert told[3].split(maxsplit=3) == ["!", "1", "unmatched", MEANINGS["unmatched"]]


def test_a_table_shows_what_asks_somebody_to_look() -> None:
    """Who and why; of the others there is the count alone."""
    one = line("conflict", 7, reason="two of them", source_contact="Jane Doe")
    told = table(report(line(number=8), one))

    assert "  conflict   close:acti_7  Jane Doe  two of them\n" in f"{told}\n"
    assert "acti_8" not in told


@pytest.mark.parametrize(("count", "said"), [(MOST, ""), (MOST + 1, "  and 1 more")])
def test_a_table_has_an_end(count: int, said: str) -> None:
    """Beyond twenty it says how many more there are."""
    told = table(report(*(line("missing", n) for n in range(count))))

    assert told.count("close:acti_") == MOST
    assert ("more" in told) is bool(said)
    assert said in told


def test_remarks_are_summed_up_by_note() -> None:
    """The parts of a long note, and one that goes to two people, are one at the source."""
    long = [line(key=f"close:acti_1:{n}/3", remarks=("3 parts",)) for n in (1, 2, 3)]
    twice = [line(number=2, contact_id=one, remarks=("formatting dropped",)) for one in "ab"]
    other = line(number=3, remarks=("formatting dropped", "3 parts"))

    assert remarks(report(*long, *twice, other)) == [
        "2 notes: 3 parts",
        "2 notes: formatting dropped",
    ]
    assert "2 notes: formatting dropped" in table(report(*long, *twice, other))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("plan", "Plan (nothing is written)"),
        ("apply", "Apply"),
        ("verify", "Verify"),
        ("undo", "Undo"),
    ],
)
def test_a_heading_says_no_more_than_is_true(kind: str, name: str) -> None:
    """The kind, and the notes of the source: their parts and their copies do not count."""
    long = [line("skipped", key=f"close:acti_1:{n}/2") for n in (1, 2)]
    twice = [line("created", 2, contact_id=one) for one in "ab"]
    told = heading(report(*long, *twice, kind=kind))

    assert told == f"{name}: 2 notes from close orga_1, in location loc"


@pytest.mark.parametrize("result", ["skip", "skipped"])
def test_why_nothing_is_done_is_summed_up(result: Result) -> None:
    """A note that is left out for good is not lost in a count; what was moved before needs none."""
    empty = [line(result, number, reason="it is empty") for number in (1, 2, 3)]
    there = [line(result, 4, reason="it is there"), line(result, 5, reason="moved before")]
    others = [line(result, 6), line("failed", 7, reason="a call failed")]
    told = report(*empty, *there, *others)

    assert remarks(told) == ["3 notes: it is empty"]
    assert "3 notes: it is empty" in Page(as_html(told)).shown


def test_outdated_notes_are_those_that_were_left_as_they_are() -> None:
    """Not what was written anew or is only planned; the parts of a long note are one."""
    reason = "it reads otherwise there; ask for updates to write it anew"
    long = [line("skipped", key=f"close:acti_1:{n}/2", reason=reason) for n in (1, 2)]
    others = [line("update", 2, reason=reason), line("updated", 3), line("skipped", 4)]

    assert outdated(report(*long, *others)) == 1


@pytest.mark.parametrize(
    ("known", "named"),
    [
        ({"source_contact": "Ada", "source_contact_id": "cont_1"}, "Ada"),
        ({"source_contact_id": "cont_1"}, "cont_1"),
        ({}, "lead lead_1"),
    ],
)
def test_where_there_is_no_contact_the_lead_is_named(known: dict[str, str], named: str) -> None:
    """Somebody who looks at the line can find the note at its source."""
    told = report(line("unmatched", source_lead_id="lead_1", **known))

    assert f"  {named}" in table(told)
    assert named in Page(as_html(told)).shown
    assert ("lead_1" in Page(as_html(told)).shown) is (not known)


def test_problems_stand_in_every_form() -> None:
    """What is wrong with the whole is not lost, even where no line is."""
    told = report(problems=("a list broke off",))

    assert "a list broke off" in table(told)
    assert "a list broke off" in Page(as_html(told)).shown
    assert json.loads(as_json(told))["problems"] == ["a list broke off"]


@given(reports)
def test_a_table_steers_no_terminal(told: Report) -> None:
    """Whatever the source and HighLevel say, there is no control character but its line breaks."""
    shown = table(told)

    assert not {one for one in shown if unicodedata.category(one) in ("Cc", "Cs")} - {"\n"}
    assert not set(shown) & set(
        "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


# as JSON


def test_json_has_every_field_of_every_line() -> None:
    """Under their names, times in UTC, in the order of the report."""
    first = line("failed", 1, reason="no", at=AT, author="Jane", remarks=("a", "b"))
    first = attrs.evolve(first, source_lead_id="lead_1")
    told = json.loads(as_json(report(first, line("skipped", 2))))

    assert list(told) == [
        "kind", "source", "account", "location_id", "counts", "problems", "remarks", "lines"
    ]  # fmt: skip
    assert told["counts"] == {"failed": 1, "skipped": 1}
    assert told["lines"][0] == {
        "result": "failed",
        "key": "close:acti_1",
        "reason": "no",
        "source_contact": None,
        "source_contact_id": None,
        "source_lead_id": "lead_1",
        "contact_id": None,
        "note_id": None,
        "at": "2026-05-01T10:30:00Z",
        "author": "Jane",
        "remarks": ["a", "b"],
    }
    assert [one["key"] for one in told["lines"]] == ["close:acti_1", "close:acti_2"]


@given(reports)
def test_json_is_the_report(told: Report) -> None:
    """It says the same, can be written as UTF-8, and is the same each time."""
    written = as_json(told)
    read = json.loads(written)

    assert written.encode()
    assert written == as_json(told)
    assert [one["key"] for one in read["lines"]] == [one.key for one in told.lines]
    assert [one["reason"] for one in read["lines"]] == [one.reason for one in told.lines]
    assert {name for one in read["lines"] for name in one} <= {f.name for f in attrs.fields(Line)}


@given(st.datetimes(timezones=ZONES))
def test_times_in_json_are_read_back(at: datetime) -> None:
    """To the same moment, also where there is no UTC for it."""
    (read,) = json.loads(as_json(report(line(at=at))))["lines"]

    assert datetime.fromisoformat(read["at"]).utcoffset() is not None
    assert datetime.fromisoformat(read["at"]) == at


# as a page


def test_a_page_has_all_lines_with_their_facts() -> None:
    """In the order of the report, those that nobody needs to look at as well."""
    one = line(
        "failed", 1, reason="a reason", at=AT, author="Jane", source_contact="Ada",
        source_contact_id="cont_1", contact_id="c1", note_id="n1", remarks=("a remark",),
    )  # fmt: skip
    shown = Page(as_html(report(one, line(number=2)))).shown

    for fact in ("a reason", "2026-05-01 10:30 UTC", "Jane", "Ada", "cont_1", "a remark"):
        assert fact in shown
    assert "contact c1" in shown
    assert "note n1" in shown
    assert shown.index("close:acti_1") < shown.index("close:acti_2")


@pytest.mark.parametrize("result", RESULTS)
def test_colours_of_a_page_are_words_and_marks_too(result: Result) -> None:
    """Who sees no colours, or has it on paper, is told the same."""
    page = as_html(report(line(result)))
    mark = {"trouble": "!", "good": "✓", "open": "→", "idle": "·"}[tone(result)]

    assert f'<span class="{tone(result)}"><i aria-hidden="true">{mark}</i> {result}' in page
    assert (tone(result) == "trouble") is (result in TROUBLE)
    assert MEANINGS[result] in page


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (report(line()), "All is well"),
        (report(line("missing"), line()), "1 note to be looked at"),
        (report(line(), problems=("p",)), "There are problems"),
    ],
)
def test_a_page_says_at_its_top_whether_all_is_well(told: Report, said: str) -> None:
    """In one sentence."""
    page = as_html(told)

    assert f">{said}<" in page
    assert ('<input type="checkbox" id="only">' in page) is (said.startswith("1"))


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    """No address in it leads anywhere, and its policy forbids what is not its own style."""
    page = as_html(report(line(), line("missing", 2)))

    assert not {"script", "link", "img", "a", "iframe"} & set(Page(page).tags)
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


@given(reports)
def test_a_text_is_no_part_of_a_page(told: Report) -> None:
    """Whatever stands in a report brings no tag, no attribute and no control character."""
    page = as_html(told)
    known = {"lang", "charset", "name", "content", "http-equiv", "class", "aria-hidden", "type"}

    assert page.encode()
    assert set(Page(page).tags) <= set(TAGS.split())
    assert Page(page).names <= known | {"data-name", "id"}
    assert not {one for one in page if unicodedata.category(one) in ("Cc", "Cs")} - {"\n"}


def test_a_report_of_nothing_is_a_report() -> None:
    """No line, no source: every form can still be had."""
    told = Report(kind="undo", source="", account="", location_id="loc")

    assert table(told).startswith("Undo: 0 notes from anywhere, in location loc")
    assert json.loads(as_json(told))["lines"] == []
    assert "All is well" in as_html(told)
