"""The plain text of a note whose reply came without one."""

import re
import time
from html import escape
from itertools import cycle

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ghl_notes.http.note_texts import plain

markup = st.text(st.sampled_from(["<", ">", "!", "[", "]", "-", "/", "&", "#", "?", "a", "p", " "]))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Spoke with Jane", "Spoke with Jane"),
        ("  kept as it is\n", "  kept as it is\n"),
        ("", ""),
        ("<p>Hi <b>Jane</b></p>", "Hi Jane"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<div>a<br>b<br/>c</div>", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<h1>a</h1><table><tr><td>b</td></tr></table>", "a\nb"),
        ("<P CLASS='x'>a</P>", "a"),
        ('<a href="https://example.com/?a=1&b=2">a</a>', "a"),
        ("a &amp; b &lt;c&gt; &eacute;&#233;&#xe9;", "a & b <c> \xe9\xe9\xe9"),
        ("R&D", "R&D"),
        ("1 < 2", "1 < 2"),
        ("<p></p>", ""),
        ("<!-- hidden -->a", "a"),
    ],
)
def test_the_text_of_a_body(body: str, text: str) -> None:
    """Tags go, entities become characters, and blocks begin a new line."""
    assert plain(body) == text


@pytest.mark.parametrize("body", ["<![x]>", "<![ x", "<!ELEMENT", "<![CDATA[x", "</", "<a", "&#"])
def test_broken_markup_is_still_a_text(body: str) -> None:
    """What Python's own parser gives up on is no reason to lose a note."""
    assert isinstance(plain(f"Hi {body}"), str)
    assert plain(f"Hi {body}").startswith("Hi")


@given(markup)
def test_no_markup_breaks_it(body: str) -> None:
    """Any body has a plain text, and never more of it than body, but for references."""
    assert len(plain(body)) <= len(body)


@given(st.text())
def test_an_escaped_text_comes_back(text: str) -> None:
    """A text that was made safe for HTML reads as it was."""
    assert plain(f"<p>{escape(text)}</p>") == text.strip()


def test_tags_that_never_end_cost_no_square_of_the_time() -> None:
    """A text full of half tags, which anyone may write into a note, is read at once."""
    began = time.process_time()
    assert plain("<a " * 100_000).startswith("<a <a")
    assert plain("<b>x</b> &amp; <i") == "x & <i"
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>a</p>tail", "a\ntail"),
        ("head<p>a</p>", "head\na"),
        ("<p>a</p>\n  <p>b</p>\n", "a\nb"),
        ("<p>a</p><p><br></p><p>b</p>", "a\n\nb"),
        ("<p>a<br></p><p>b</p>", "a\nb"),
        ("<table><tr><td>a</td><td><p>b</p></td></tr><tr><td>c</td></tr></table>d", "a\tb\nc\nd"),
        ("<table><tr><td>a</td><td></td></tr><tr><th>b<td>c</table>", "a\nb\tc"),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</ul>d", "a\nb\nc\nd"),
        ("<dl><dt>a<dd>b</dl><blockquote>c</blockquote>d<hr>e", "a\nb\nc\nd\ne"),
        ("a<b>b</b> <i>c</i>", "ab c"),
        ("<pre>  a\n   b</pre>", "a\n   b"),
        ("<html><head><title>t</title><style>p{}</style></head><body>a</body></html>", "a"),
        ("<style type='text/css'>p > a {}</style><p>a</p><SCRIPT>if (1<2) b()</SCRIPT >c", "a\nc"),
        ("<p>a</p><script>never closed", "a"),
        ("<p>a</p><title>never closed", "a\nnever closed"),
        ("<p>a<!-- b > <p>c</p> --></p>d", "a\nd"),
        ("<p>a</p><!-- never closed", "a\n<!-- never closed"),
        ("<!DOCTYPE html><p>a<o:p>&nbsp;</o:p></p><![if !x]>b<![endif]>", "a\xa0\nb"),
        ('<img alt="1 > 2" src="x">a', "a"),
        ("<p title='it's'>a</p>", "a"),
        ("<p>from Jane <jane@example.com>, see <https://example.com></p>",
         "from Jane <jane@example.com>, see <https://example.com>"),
        (f"<p>&#{'9' * 5000};</p>", f"&#{'9' * 5000};"),
        ("<p>a&copy=2&copy;</p>", "a&copy=2\xa9"),
    ],
)  # fmt: skip
def test_blocks_and_what_is_hidden(body: str, text: str) -> None:
    """Words of different blocks and cells stay apart, and what is for machines goes."""
    assert plain(body) == text


PLAIN = [
    "From: Jane Doe <jane@example.com>\nTo: <tom@example.com>",
    "Budget <500 and >200, see <https://example.com/q?a=1&b=2>",
    "a < b > c, x <y> z, <3, List<int>, Map<String, List<b>>, if a <b> c",
    "fill in <name>, <address>, <time> and <link>",
    "<!-- never closed",
    "AT&T, R&D, ?a=1&copy=2&lt",
]


@pytest.mark.parametrize("body", PLAIN)
def test_brackets_of_a_plain_text_stay(body: str) -> None:
    """What stands between brackets is a tag only where HTML has one."""
    assert plain(body) == body


@given(st.text(st.characters() | st.sampled_from("<>&;=/\"' ")))
def test_a_text_without_tags_is_its_own_text(text: str) -> None:
    """A plain text comes back as it is, whatever brackets it has."""
    assume(not re.search(r"<[/!a-z]|&[#0-9a-z]+;", text, re.IGNORECASE))
    assert plain(text) == text


@given(st.lists(st.text("abc ", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_no_two_blocks_are_fused(words: list[str]) -> None:
    """The lines of a text are its blocks, whichever elements they are."""
    blocks = cycle(["<p>{}</p>", "<div>{}</div>", "<li>{}", "<tr><td>{}</td></tr>", "<h2>{}</h2>"])
    body = "".join(block.format(word) for block, word in zip(blocks, words, strict=False))
    assert plain(body).split("\n") == words


UNITS = [
    *("<", "<a ", "<!--", "<p>", '<p "', "<p \"'", "<p><style>", "<p><title>", "</style ", "<td>a"),
    *("<pre>", "<x ", "<!", "<o:", "&#", "<a b='", '<p a=""\'', "-->", "<p><!--", "<p>a &amp; "),
]


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_markup_costs_no_square_of_the_time(unit: str) -> None:
    """Half a megabyte of what is never closed is read at once."""
    body = f"<p>{unit * (500_000 // len(unit))}</p>"
    began = time.process_time()
    plain(body)
    assert time.process_time() - began < 2
