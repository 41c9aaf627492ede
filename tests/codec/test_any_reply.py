"""Whatever HighLevel sends is read or told by its place, and never breaks a reader."""

import re

import attrs
import pytest
from hypothesis import given, settings

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.converter import misread
from tests.codec.payloads import MARKER, READERS, Reader, odd, put, spoiled, told

# The problem, and where in the reply: HighLevel's own names and the places in lists.
PROBLEM = re.compile(r"[^@]+ @ \$(\.\w+(\[\d+\])?)*").fullmatch

readers = pytest.mark.parametrize("name", READERS)


def errors_of(read: Reader, payload: object) -> list[UnexpectedResponse]:
    """Give what could not be read, whether it was raised or stands beside the rest."""
    try:
        found = read(payload)
    except UnexpectedResponse as error:
        return [error]
    found = found[0] if isinstance(found, tuple) and found else found
    found = getattr(found, "notes", found)
    return list(getattr(found, "unreadable", ()))


@readers
def test_a_good_reply_is_read(name: str) -> None:
    """No reply of these examples holds anything odd."""
    read, payload = READERS[name]

    assert errors_of(read, payload) == []


@given(spoiled())
def test_a_spoiled_reply_is_told_by_its_place(case: tuple[Reader, object]) -> None:
    """An error has a JSON path for each problem, and nothing of what the reply says."""
    for error in errors_of(*case):
        assert error.problems
        assert all(PROBLEM(problem) for problem in error.problems), error.problems
        assert MARKER not in told(error)


@settings(max_examples=15)
@given(payload=odd)
def test_no_payload_breaks_a_reader(payload: object) -> None:
    """JSON of any form, alone or in the envelope, is read or called unreadable."""
    for read, good in READERS.values():
        for whole in (payload, {**good, next(iter(good)): payload}, dict.fromkeys(good, payload)):
            assert all(MARKER not in told(error) for error in errors_of(read, whole))


@readers
@pytest.mark.parametrize("payload", [None, [], "x", 5, {}, {"traceId": "t"}])
def test_a_reply_of_another_form_is_one_error(name: str, payload: object) -> None:
    """A reply without its envelope is told by what is missing."""
    (error,) = errors_of(READERS[name][0], payload)

    assert len(error.problems) == 1
    assert error.problems[0].startswith(
        "required field missing @ $." if isinstance(payload, dict) else "expected an object, got "
    )


@readers
def test_what_is_newer_than_this_library_is_no_trouble(name: str) -> None:
    """A new field, in the envelope or beside the others, changes nothing and is kept."""
    read, payload = READERS[name]
    (first, content), *_ = payload.items()
    newer = {"brandNew": [1], "extra": MARKER}
    one = content[0] if isinstance(content, list) else content
    path = (first, 0) if isinstance(content, list) else (first,)
    if isinstance(one, dict):
        changed = put(payload, path, {**one, **newer})
        assert errors_of(read, {**changed, "newEnvelope": 1}) == []
        assert extras(read(changed)) == newer | extras(read(payload))


@pytest.mark.parametrize("kind", [ValueError, TypeError, AttributeError])
def test_the_words_of_another_error_are_not_repeated(kind: type[Exception]) -> None:
    """What Python says of a value may quote it, so that only its class is told."""
    error = misread("a Note", kind(MARKER), "$.note")

    assert error.problems == (f"unreadable value ({kind.__name__}) @ $.note",)
    assert MARKER not in str(error)


def extras(found: object) -> dict[str, object]:
    """Find what the first of the things read keeps in ``extra``."""
    while not hasattr(found, "extra"):
        found = found[0] if isinstance(found, tuple | list) else attrs.astuple(
            found, recurse=False)[0]  # fmt: skip
    return dict(found.extra)
