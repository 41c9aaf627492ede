"""What a refusal tells to programs is on its error, bounded and without credentials."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import HighLevelError, NotFound, RequestRejected
from ghl_notes.http.failures import failure
from ghl_notes.http.reply import Reply

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DUPLICATE = {
    "statusCode": 400,
    "message": "This location does not allow duplicated contacts.",
    "meta": {"contactName": "Jane", "contactId": "c1", "matchingField": "email"},
}


def refused(body: object, status: int = 400) -> HighLevelError:
    """Read a refusal."""
    return failure(Reply(status, {}, json.dumps(body).encode()))


def test_a_refused_duplicate_names_the_contact_that_exists() -> None:
    """What is in the way can be reached, and survives a journey."""
    error = pickle.loads(pickle.dumps(refused(DUPLICATE)))

    assert isinstance(error, RequestRejected)
    assert error.contact_id == "c1"
    assert error.meta == DUPLICATE["meta"]


@pytest.mark.parametrize(
    ("body", "code", "meta"),
    [
        ({"message": "no", "canonicalCode": "CONFLICT", "id": "x"}, "CONFLICT", {"id": "x"}),
        ({"message": "no", "contactId": "c"}, None, {"contactId": "c"}),
        (
            {"error": {"code": "INVALID_ARGUMENT", "message": "no", "details": {"field": "a"}}},
            "INVALID_ARGUMENT",
            {},
        ),
        ({"message": "no", "canonicalCode": 5, "meta": ["x"], "contactId": 7}, None, {}),
        ("no", None, {}),
        (["no"], None, {}),
    ],
)
def test_codes_and_facts_are_found_where_they_stand(
    body: object, code: str | None, meta: dict
) -> None:
    """Every shape of an error is looked through, and odd ones tell nothing."""
    error = refused(body)

    assert (error.canonical_code, error.meta) == (code, meta)


def test_a_body_that_names_another_status_is_read_by_its_words() -> None:
    """A contact that is not there is not found, whatever the shape."""
    error = refused({"error": "Contact with id X not found", "status": 400})

    assert isinstance(error, NotFound)
    assert (error.status, error.contact_id) == (400, None)


def test_no_credential_is_repeated() -> None:
    """What HighLevel echoes of a call is told without tokens, by their names and their looks."""
    meta = {
        "accessToken": "a-secret",
        "headers": {"authorization": "Bearer b-secret", "x": ["Bearer c-secret", "pit-d-secret"]},
        "jwt": "e-secret",
        "note": "eyJhbGciOi.eyJzdWIi.f-secret",
        "deep": {"a": {"b": {"c": {"d": "too deep"}}}},
    }
    error = refused({"message": "no", "meta": meta})

    assert "secret" not in repr((error.meta, vars(error)))
    assert "too deep" not in repr(error.meta)


@given(values, st.integers(300, 599))
def test_facts_are_plain_json_and_bounded(meta: object, status: int) -> None:
    """Whatever stands there, the error is made, small, and can be written as JSON."""
    error = refused({"message": "no", "meta": {"x": meta, "y" * 600: "z" * 10_000}}, status)

    assert len(json.dumps(error.meta)) < 20_000
    assert all(len(name) <= 500 for name in error.meta)
