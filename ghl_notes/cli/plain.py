"""Text of others, made fit to be shown: what could steer a terminal is taken out."""

import re
from typing import Final

from rich.text import Text

__all__ = ["STEERING", "block", "cell", "one_line"]

STEERING: Final = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
"""Beyond ASCII: more control characters, line breaks, and marks that turn text round."""

# Escapes move the cursor, change titles and keys; halves of surrogate pairs cannot be written.
_UNFIT: Final = re.compile(rf"[\x00-\x08\x0b-\x1f{STEERING}\ud800-\udfff]")


def block(text: str) -> str:
    """Keep the lines of a text, and put a mark in the place of what must not be shown."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Say a text in one line."""
    return " ".join(block(text).split())


def cell(text: str, most: int | None = None, style: str = "") -> Text:
    """Say a text in one line, cut off after so many columns of a screen."""
    told = Text(one_line(text), style=style)
    if most is not None:
        told.truncate(most, overflow="ellipsis")
    return told
