"""The plain text of an HTML body."""

from html import unescape
from html.parser import HTMLParser
from typing import Final


def stripped(body: str) -> str:
    """Return the text of ``body``, with a line break where a block begins."""
    stripper = _Stripper()
    # No tag ends behind the last ">", and looking for its end there takes the square of the time.
    markup, end, rest = body.rpartition(">")
    try:
        stripper.feed(markup + end)
        stripper.close()
    except AssertionError:  # what html.parser makes of "<![x]" before Python 3.14
        return body
    return ("".join(stripper.parts) + unescape(rest)).strip()


class _Stripper(HTMLParser):
    _BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base's name
        if tag in self._BREAKS and self.parts:
            self.parts.append("\n")
