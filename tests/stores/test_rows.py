"""Rows of a table, and what is done about one that cannot be read."""

import pytest

from ghl_notes.errors import ConfigurationError
from ghl_notes.stores.rows import COLUMNS, readable, to_row, to_stored
from tests.stores.installs import install


def test_what_cannot_be_read_comes_last() -> None:
    """One damaged install costs no other: it is raised after all that are good."""
    rows = [to_row(install("a")), ("short",), to_row(install("b"))]
    seen = []
    with pytest.raises(ConfigurationError, match="damaged"):
        seen.extend(readable(rows, to_stored))

    assert seen == [install("a"), install("b")]


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("odd", ["hush\n", "hush\0", "\ud800hush", 5, ""])
def test_a_row_with_a_token_that_cannot_be_sent(name: str, odd: object) -> None:
    """It is damaged, which is said without the token, and nothing that led to it tells it."""
    row = list(to_row(install("a")))
    row[COLUMNS.index(name)] = odd
    with pytest.raises(ConfigurationError, match="damaged") as raised:
        to_stored(row)

    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
