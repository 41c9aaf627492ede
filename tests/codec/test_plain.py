"""The plain text of a note whose reply came without one."""

import time
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.http.codec import plain

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
