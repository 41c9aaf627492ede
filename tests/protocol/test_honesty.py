"""A success that says of itself that it failed is an error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.failures import honest
from ghl_notes.http.reply import Answer

SPELLINGS = ["succeded", "succeeded", "success"]
BULK = "/contacts/bulk/tags/update/add"

spellings = pytest.mark.parametrize("name", SPELLINGS)


def answer(payload: object) -> Answer:
    return Answer(payload, 201, {}, "POST", BULK)


def refusal(payload: object) -> UnexpectedResponse:
    with pytest.raises(UnexpectedResponse) as caught:
        honest(answer(payload))
    return caught.value


@spellings
def test_a_success_that_says_it_failed_is_refused(name: str) -> None:
    """Each of HighLevel's spellings is believed, beside another that says the opposite too."""
    error = refusal({**dict.fromkeys(SPELLINGS, True), name: False})

    assert (error.status, error.method, error.path) == (201, "POST", BULK)
    assert error.problems == ()


@spellings
@pytest.mark.parametrize("said", [True, None, 0, 0.0, "", "false", [], {}])
def test_only_false_is_a_failure(name: str, said: object) -> None:
    """What is odd, empty or not there says nothing of a failure."""
    told = answer({name: said})

    assert honest(told) is told


@pytest.mark.parametrize("payload", [None, [], [False], "success", False, {"failed": False}, {}])
def test_what_says_nothing_is_a_success(payload: object) -> None:
    """A reply of another form is for its reader to judge."""
    assert honest(answer(payload)).payload is payload


def test_what_a_bulk_reply_says_of_each_contact_is_told() -> None:
    """The problems of a failed bulk change name the contact and HighLevel's reason, in bounds."""
    responses = [
        {"contactId": "c1", "message": "contact is deleted", "type": "error"},
        {"contactId": "c2", "message": "x" * 1000},
        {"contactId": "c3"},
        {"contactId": "c4", "message": {"odd": 1}},
        "odd",
    ]
    problems = refusal({"succeded": False, "responses": responses}).problems

    assert problems[0] == "c1: contact is deleted"
    assert problems[1].startswith("c2: xxx")
    assert [len(one) for one in problems] == [22, 500]


@settings(max_examples=20)
@given(st.recursive(st.none() | st.booleans() | st.text(), st.lists) | st.dictionaries(
    st.sampled_from(["contactId", "message"]), st.integers()))  # fmt: skip
def test_no_reply_breaks_the_judging(responses: object) -> None:
    """A failure is told whatever else the reply holds."""
    assert refusal({"success": False, "responses": responses}).status == 201
    assert refusal({"success": False, "responses": [responses]}).status == 201
