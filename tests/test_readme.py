"""The README's table of the API is what the library does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghl_notes.http.operations import OPERATIONS

README = (Path(__file__).parents[1] / "README.md").read_text()
DOCS = "https://marketplace.gohighlevel.com/docs/ghl/"
ROW = re.compile(r"^\| \[`([\w.]+)`\]\((\S+)\) \| `(\w+ \S+)` \| `(\S+)` \|", re.MULTILINE)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Say for each method of a client which page, call and scope are its own."""
    for one in OPERATIONS:
        for method in one.served_by:
            looks = method.endswith(".create") and one.method != "POST"  # after a lost reply
            if not looks:
                yield method, DOCS + one.docs, f"{one.method} {one.template}", one.scope


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row[0]} {row[2]}")
def test_every_method_stands_in_the_table(row: tuple[str, str, str, str]) -> None:
    """The table links each method to what documents it, and names its call and its scope."""
    assert row in ROW.findall(README)


def test_the_table_promises_no_more() -> None:
    """No row is there twice, or for a method that is not."""
    assert sorted(ROW.findall(README)) == sorted(rows())
