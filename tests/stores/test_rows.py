"""Rows of a table, and what is done about one that cannot be read."""

import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.stores.rows import readable, to_row, to_stored
from tests.stores.installs import install


def test_what_cannot_be_read_comes_last() -> None:
    """One damaged install costs no other: it is raised after all that are good."""
    rows = [to_row(install("a")), ("short",), to_row(install("b"))]
    seen = []
    with pytest.raises(ConfigurationError, match="damaged"):
        seen.extend(readable(rows, to_stored))

    assert seen == [install("a"), install("b")]
