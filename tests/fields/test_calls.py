"""What a call sends of what it was given: names, nulls, and what is left out."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.fields import (
    Rule,
    changes,
    color,
    day,
    fields,
    filled_text,
    flag,
    moment,
    nullable,
    text,
)
from ghl_notes.http.fields import inbound_dnd as inbound
from ghl_notes.models import UNSET, DndSetting
from tests.fields.anything import outcome

RULES: Mapping[str, Rule] = {
    "first_name": nullable(text),
    "title": filled_text,
    "color": nullable(color),
    "date_of_birth": nullable(day),
    "due_date": moment,
    "dnd": flag,
}
NULLABLE = ["first_name", "color", "date_of_birth"]


def test_names_are_spelled_as_highlevel_does() -> None:
    """Our names become camelCase, and the one that is no such form has its own spelling."""
    given = {"first_name": "Jane", "dnd": True, "inbound_dnd": DndSetting("active")}

    assert fields(given, {**RULES, "inbound_dnd": inbound}) == {
        "firstName": "Jane",
        "dnd": True,
        "inboundDndSettings": {"all": {"status": "active"}},
    }


@pytest.mark.parametrize("spell", [fields, changes])
def test_an_unknown_field_is_refused_by_name(spell: Callable[..., object]) -> None:
    """A misspelt keyword is told beside those that the call takes."""
    with pytest.raises(ConfigurationError, match=r"^frist_name is no field .* first_name, title,"):
        spell({"frist_name": "s3cr3t"}, RULES)


@settings(max_examples=20)
@given(st.dictionaries(st.sampled_from([*RULES]), st.none()))
def test_a_create_sends_no_null(given: dict[str, None]) -> None:
    """What is None was not given."""
    assert fields(given, RULES) == {}


@pytest.mark.parametrize("name", [*RULES])
def test_an_update_sends_null_only_where_it_clears(name: str) -> None:
    """Text, a color and a day can be cleared; a title, a due date and a flag cannot."""
    update = outcome(lambda: changes({name: None}, RULES))

    if name in NULLABLE:
        assert isinstance(update, dict)
        assert list(update.values()) == [None]
    else:
        assert str(update).startswith(f"{name} must be ")


@pytest.mark.parametrize("name", ["title", "due_date", "dnd"])
def test_what_is_required_is_not_null(name: str) -> None:
    """None for what a call needs is refused, and not left out."""
    with pytest.raises(ConfigurationError, match=f"^{name} must be "):
        fields({name: None}, RULES, required=(name,))


def test_an_update_sends_what_was_passed() -> None:
    """What is left as it is is not sent, and an empty text is."""
    assert changes({"first_name": "", "title": UNSET}, RULES) == {"firstName": ""}


@pytest.mark.parametrize("given", [{}, {"title": UNSET, "color": UNSET}])
def test_an_update_of_nothing_is_refused(given: dict[str, object]) -> None:
    """An update that would change nothing names all that it could change."""
    with pytest.raises(ConfigurationError, match="something to change: first_name, title, color"):
        changes(given, RULES)
