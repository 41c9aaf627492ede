"""Which scopes an app must ask for, by what it wants to do."""

import pytest

from ghl_notes import App, ConfigurationError
from ghl_notes.http.operations import OPERATIONS


@pytest.mark.parametrize(
    ("uses", "scopes"),
    [
        (["notes.list"], ("contacts.readonly",)),
        (["notes.update"], ("contacts.write",)),
        (["notes.create"], ("contacts.readonly", "contacts.write")),  # a lost reply is looked up
        (["notes"], ("contacts.readonly", "contacts.write")),
        (["tags"], ("contacts.write",)),
        (["appointments"], ("contacts.readonly",)),
        (["appointment_notes.list"], ("calendars/events.readonly",)),
        (["location_notes.restore"], ("notes.write",)),
        (["highlevel"], ("oauth.readonly", "oauth.write")),
        (["tasks.get", "tasks.get", "location_notes"],
         ("contacts.readonly", "notes.readonly", "notes.write")),
    ],
)  # fmt: skip
def test_scopes_of_methods_and_kinds(uses: list[str], scopes: tuple[str, ...]) -> None:
    """A method needs what its calls need, a kind what all of its methods need, each named once."""
    assert App.scopes_for(*uses) == scopes


def test_all_scopes_are_those_of_the_operations() -> None:
    """An app that does everything asks for every scope there is."""
    kinds = {kind for one in OPERATIONS for kind in one.kinds}

    assert App.scopes_for(*kinds) == tuple(sorted({one.scope for one in OPERATIONS}))


@pytest.mark.parametrize(
    ("use", "meant"),
    [
        *[("note.list", "notes.list"), ("Notes", "notes"), ("notes.lst", "notes.list")],
        *[("contact", "contacts"), ("qqqqqq", "tasks"), ("", "tasks"), (None, "notes")],
    ],
)
def test_an_unknown_name_is_met_with_near_ones(use: str, meant: str) -> None:
    """A misspelt method brings those that are meant, and one like none brings all kinds."""
    with pytest.raises(ConfigurationError, match="no method of a client") as caught:
        App.scopes_for("notes.list", use)

    assert meant in str(caught.value).partition("; ")[2]


def test_a_long_name_is_cut() -> None:
    """An error is a sentence, whatever was passed."""
    with pytest.raises(ConfigurationError) as caught:
        App.scopes_for("x" * 10_000)

    assert len(str(caught.value)) < 400


def test_no_use_has_no_scopes() -> None:
    """To ask for nothing is a mistake, as an app without scopes can do nothing."""
    with pytest.raises(ConfigurationError, match="name at least one method"):
        App.scopes_for()
