"""The plain text of an HTML body, in time that grows with its length and no faster.

A body is HTML if it has HTML's own tags: ``<jane@example.com>``, ``x <y> z`` and ``List<int>`` are
text wherever they stand.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from attrs import define, field


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Elements that begin and end a line of their own.
_BLOCKS: Final = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav"
    " ol optgroup option p pre search section summary table tbody tfoot thead title tr ul"
)
_CELLS: Final = frozenset(("td", "th"))
# What is in them is for machines. The first two hold text to the end if they are never closed.
_RAW: Final = frozenset(("script", "style"))
_HIDDEN: Final = _RAW | {"head", "template", "title"}
_INLINE: Final = _names(
    "a abbr acronym applet area audio b base basefont bdi bdo big blink br button canvas cite code"
    " col colgroup data datalist del dfn em embed font frame frameset i iframe img input ins kbd"
    " label link map mark marquee meta meter nobr noframes noscript object output param picture"
    " progress q rp rt ruby s samp select slot small source span strike strong sub sup svg textarea"
    " time track tt u var video wbr"
)
_KNOWN: Final = _BLOCKS | _CELLS | _HIDDEN | _INLINE
# One of these without attributes is a tag even if it is never closed. The others
# are also words between brackets: a <link>, an <address>, if a <b> c.
_TELLING: Final = _names(
    "blockquote body br div h1 h2 h3 h4 h5 h6 hr html img li ol p span table tbody td th thead tr"
    " ul"
)
_SPACE: Final = " \t\n\r\f"

# A quoted attribute may hold ">". Nothing here can be matched in two ways, so that half tags cost
# no square of the time.
_TOKEN: Final = re.compile(
    r"""<(?:
        !--(?P<comment>)
      | (?P<end>/?)(?P<name>[a-z][a-z0-9]*+)(?=[\s/>])
        (?:(?P<attributes>(?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>|(?P<odd>[^<>]*+)>)
      | /?(?:o|v|w|m|x|st1):[a-z0-9]++[^<>]*+>   # of Outlook and Word
      | ![a-z\[][^<>]*+>                         # a document type, a condition
      | \?[^<>]*+>
    )""",
    re.IGNORECASE | re.VERBOSE,
).match
# References of a length that there is: html.unescape would read a number of any length.
_REFERENCE: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE
).sub
_CLOSERS: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])[^<>]*+>", re.IGNORECASE).search for name in _HIDDEN
}


def stripped(body: str) -> str:
    """Return the text of ``body``, a line for each block; of a plain text, the text as it is."""
    if not _is_markup(body):
        return _characters(body)
    reader = _Reader(body)
    reader.read()
    return "".join(reader.text.parts).strip()


def _characters(text: str) -> str:
    """Put characters in the place of their references."""
    return _REFERENCE(lambda found: unescape(found[0]), text) if "&" in text else text


def _is_markup(body: str) -> bool:
    """Tell whether there is a tag that does not occur in plain text."""
    last_comment = body.rfind("-->")
    for found in _tokens(body):
        if found.end() <= last_comment if found["comment"] is not None else _tells(found):
            return True
    return False


def _tells(found: re.Match[str]) -> bool:
    name = (found["name"] or "").lower()
    if name not in _KNOWN:
        return found[0][:9].lower() == "<!doctype"
    return bool(found["end"]) or name in _TELLING or "=" in found[0] or found[0].endswith("/>")


def _tokens(body: str) -> Iterator[re.Match[str]]:
    """Find what may be markup; step by step, so that other threads have their turns meanwhile."""
    place = body.find("<")
    while place >= 0:
        found = _TOKEN(body, place)
        if found is not None:
            yield found
        place = body.find("<", place + 1)


@define
class _Lines:
    """Text as it grows; ``gap`` is what stands between it and the next word."""

    parts: list[str] = field(factory=list)
    gap: str = ""
    open: bool = False
    kept: int = 0  # how many <pre> are open

    def add(self, text: str) -> None:
        """Go on with the line. Where one begins, white space is layout of the markup."""
        if not self.open and not self.kept:
            text = text.lstrip(_SPACE)
        if text:
            self.parts += (self.gap, text)
            self.gap, self.open = "", True

    def end(self) -> None:
        """End the line if it has any text."""
        if self.open:
            self.parts[-1] = self.parts[-1] if self.kept else self.parts[-1].rstrip(_SPACE)
            self.gap = "\n"
        self.open = False

    def turn(self, gap: str, other: str) -> None:
        """Let another gap come before the next word."""
        self.gap = other if self.gap == gap else self.gap

    def feed(self) -> None:
        """Begin another line, even below an empty one."""
        self.parts += (self.gap, "\n")
        self.gap, self.open = "", False


@define
class _Reader:
    """Goes through a body, tag by tag."""

    body: str
    text: _Lines = field(factory=_Lines)
    _in_row: bool = False
    _unclosed: set[str] = field(factory=set)

    def read(self) -> None:
        """Read it to its end."""
        body, place = self.body, 0
        for found in _tokens(body):
            begin = found.start()
            if begin < place:  # it is hidden, or within what was taken already
                continue
            name = (found["name"] or "").lower()
            if name and name not in _KNOWN:  # text between brackets
                continue
            end = self._hidden(name, found)
            if end is None:
                continue
            if begin > place:
                self.text.add(_characters(body[place:begin]))
            if name:
                self._take(name, closing=bool(found["end"]))
            place = end
        self.text.add(_characters(body[place:]))

    def _hidden(self, name: str, found: re.Match[str]) -> int | None:
        """Tell where markup ends, with all that it hides; None for a comment that has no end."""
        if found["comment"] is not None:
            return self._closed("-->", found.end())
        if name not in _HIDDEN or found["end"]:
            return found.end()
        closed = self._closed(name, found.end())
        if closed is None:
            return len(self.body) if name in _RAW else found.end()
        return closed

    def _closed(self, name: str, place: int) -> int | None:
        """Find the end of what hides its content; what is not there is looked for once."""
        if name in self._unclosed:
            return None
        if name == "-->":
            end = self.body.find(name, place)
            closed = None if end < 0 else end + len(name)
        else:
            found = _CLOSERS[name](self.body, place)
            closed = None if found is None else found.end()
        if closed is None:
            self._unclosed.add(name)
        return closed

    def _take(self, name: str, *, closing: bool) -> None:
        text = self.text
        if name == "br":
            text.feed()
        elif name in _BLOCKS or name in _CELLS:
            text.end()
        if name in ("tr", "table"):
            text.turn("\t", "\n")
            self._in_row = False
        elif name in _CELLS:
            if self._in_row and not closing:
                text.turn("\n", "\t")
            self._in_row = True
        if name == "pre":
            text.kept = max(0, text.kept + (-1 if closing else 1))
