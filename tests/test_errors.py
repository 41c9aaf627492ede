"""Errors are data: they travel between processes, and say in one line what happened."""

import copy
import inspect
import pickle
from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes import errors
from ghl_notes.errors import HighLevelError

CLASSES = [getattr(errors, name) for name in errors.__all__]
PARENTS = {
    "HighLevelError": (Exception,),
    "ConfigurationError": (HighLevelError, ValueError),
    "NotFound": (errors.RequestRejected,),
}

text = st.text(st.characters())  # every character there is, lone surrogates included
maybe_text = st.none() | text
FACTS = {
    "message": text,
    "status": st.none() | st.integers(100, 599),
    "messages": st.lists(text, max_size=3),
    "problems": st.lists(text, max_size=3),
    "trace_id": maybe_text,
    "method": maybe_text,
    "path": maybe_text,
    "location_id": maybe_text,
    "company_id": maybe_text,
    "scope": maybe_text,
    "reason": maybe_text,
    "retry_after": st.none() | st.floats(0, 1e9),
    "resets_at": st.none() | st.datetimes(timezones=st.just(UTC)),
    "daily": st.booleans(),
    "maybe_applied": st.booleans(),
    "settled": st.booleans(),
    "waited": st.booleans(),
    "garbled": st.booleans(),
    "page": st.booleans(),
}


def made(cls: type[HighLevelError]) -> st.SearchStrategy[HighLevelError]:
    """Make errors of a class with every fact that it takes."""
    taken = {name: FACTS[name] for name in inspect.signature(cls).parameters}
    return st.builds(cls, taken.pop("message"), **taken)


any_error = st.sampled_from(CLASSES).flatmap(made)

WAYS: dict[str, Callable[[HighLevelError], HighLevelError]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {n}": lambda error, n=n: pickle.loads(pickle.dumps(error, n))
        for n in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("way", WAYS)
@given(error=any_error)
def test_an_error_survives_a_journey(way: str, error: HighLevelError) -> None:
    """Pickled or copied, an error keeps its class, its message and all its facts."""
    error.add_note("seen on the way")
    back = WAYS[way](error)

    assert type(back) is type(error)
    assert back.args == error.args
    assert vars(back) == vars(error)
    assert str(back) == str(error)


@given(error=any_error)
def test_an_error_says_what_happened_in_one_line(error: HighLevelError) -> None:
    """Whatever HighLevel put into its messages, a log gets one line of it."""
    assert len(str(error).splitlines()) <= 1


@given(error=any_error)
def test_every_keyword_is_an_attribute(error: HighLevelError) -> None:
    """What a class takes by keyword can be read under the same name."""
    told = set(inspect.signature(type(error)).parameters) - {"message"}

    assert told <= set(vars(error))
    assert {"status", "messages", "trace_id", "method", "path", "retry_after"} <= set(vars(error))


def test_the_call_and_the_trace_id_are_told() -> None:
    """The one line has what HighLevel's support asks for."""
    error = errors.NotFound("no such contact", trace_id="t-1").at("GET", "/contacts/c")

    assert str(error) == "no such contact [GET /contacts/c] (trace t-1)"


def test_the_first_call_that_is_named_stays() -> None:
    """An error that names its call already is not renamed further up."""
    error = errors.Unavailable("down").at("POST", "/oauth/token").at("GET", "/contacts/c")

    assert (error.method, error.path) == ("POST", "/oauth/token")


@pytest.mark.parametrize("cls", CLASSES)
def test_the_tree_is_as_drawn(cls: type[HighLevelError]) -> None:
    """Every class hangs where the docstring of the room draws it."""
    assert cls.__bases__ == PARENTS.get(cls.__name__, (HighLevelError,))
    assert cls.__name__ in (errors.__doc__ or "")


def test_lists_of_messages_cannot_be_changed_afterwards() -> None:
    """An error holds its own copy of what it was given."""
    said = ["body should not be empty"]
    error = errors.RequestRejected("no", messages=said)
    said.clear()

    assert error.messages == ("body should not be empty",)
