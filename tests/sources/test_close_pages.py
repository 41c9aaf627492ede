# ruff: noqa: ANN001 - parameters are those of a table
"""A page of one of Close's lists."""

import pytest

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http.reply import Answer
from ghl_notes.sources.close.calls import Page


def page(payload: object) -> Page:
    """Read the answer to a list."""
    return Page.of(Answer(payload, 200, {}, "GET", "/activity/note/"))


@pytest.mark.parametrize(
    ("told", "more"),
    [({"has_more": True}, True), ({"has_more": False}, False), ({}, True), ({"has_more": 0}, True)],
)
def test_only_a_plain_no_ends_a_list(told, more) -> None:
    """A page that does not say whether there are more is followed by another one."""
    assert page({"data": [{"id": "acti_1"}], **told}) == Page([{"id": "acti_1"}], more)


def test_an_empty_page_ends_a_list() -> None:
    """Whatever it says, nothing is behind it."""
    assert not page({"data": [], "has_more": True}).more


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"data": None}, {"data": {}}])
def test_what_is_no_page_is_told_with_its_call(payload) -> None:
    """And is not taken for an empty one."""
    with pytest.raises(UnexpectedResponse, match=r"Close.*GET /activity/note/") as raised:
        page(payload)

    assert raised.value.problems == ("expected a list @ $.data",)
