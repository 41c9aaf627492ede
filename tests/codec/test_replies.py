"""What searches, upserts and bulk changes answer, and the pages of installs."""

import pytest

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.http import codec
from ghl_notes.models import TagOutcome
from tests.codec.payloads import CONTACT, LOCATION, OUTCOME


@pytest.mark.parametrize(
    ("told", "field"), [("contactId", "contactId"), (None, None), (5, None), ([], None)]
)
def test_a_duplicate_and_by_what_it_was_found(told: object, field: str | None) -> None:
    """A contact that was found is told with the field, if HighLevel names one."""
    found = codec.duplicate({"contact": CONTACT, "matchingField": told})

    assert found is not None
    assert (found.contact.id, found.matching_field) == ("c1", field)


def test_no_duplicate_is_none() -> None:
    """A null contact says that there is none."""
    assert codec.duplicate({"contact": None, "matchingField": "email"}) is None


@pytest.mark.parametrize(("told", "new"), [(True, True), (False, False), (None, False)])
def test_an_upsert_says_whether_it_is_new(told: object, *, new: bool) -> None:
    """Only true means that the contact was made."""
    upserted = codec.upserted({"contact": CONTACT, "new": told})

    assert (upserted.contact.id, upserted.new) == ("c1", new)


# --- tags -----------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", [[], ["a"], ["b", "a", "b"]])
def test_tags_are_told_as_they_came(tags: list[str]) -> None:
    """Order and repetition are HighLevel's."""
    assert codec.texts({"tags": tags, "tagsAdded": ["x"]}, "tags") == tuple(tags)


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        (None, "expected a list, got null @ $.tags"),
        ("s3cr3t", "expected a list, got text @ $.tags"),
        (["a", 5, None], "expected text, got int @ $.tags[1]"),
        ([{"s3cr3t": 1}], "expected text, got an object @ $.tags[0]"),
    ],
)
def test_odd_tags_are_told_by_their_place(tags: object, problem: str) -> None:
    """What is no text is told as what it is."""
    with pytest.raises(UnexpectedResponse) as raised:
        codec.texts({"tags": tags}, "tags")

    assert raised.value.problems == (problem,)
    assert "s3cr3t" not in str(raised.value)


def test_a_bulk_change_is_told_contact_by_contact() -> None:
    """As documented: one contact is done, and others are told with the reason."""
    failed = {"contactId": "c2", "message": "contact is deleted", "type": "error", "code": 5}
    updated = codec.tags_updated(
        {"succeded": True, "errorCount": 1, "responses": [OUTCOME, failed]}
    )

    assert updated.error_count == 1
    assert updated.responses == (
        TagOutcome(
            contact_id="c1",
            type="success",
            message="Tags updated",
            old_tags=("a",),
            tags_added=("b",),
        ),
        TagOutcome(contact_id="c2", type="error", message="contact is deleted"),
    )
    assert updated.responses[1].extra == {"code": 5}


@pytest.mark.parametrize(
    ("count", "got"),
    [("3", "text"), (None, "null"), (True, "bool"), (1.5, "float"), ([], "a list")],
)
def test_a_count_of_errors_is_not_made_up(count: object, got: str) -> None:
    """Some may have failed, so a count that cannot be read is not taken for none."""
    with pytest.raises(UnexpectedResponse) as raised:
        codec.tags_updated({"errorCount": count, "responses": []})

    assert raised.value.problems == (f"expected a whole number, got {got} @ $.errorCount",)


# --- pages of contacts and installs ---------------------------------------------------------


@pytest.mark.parametrize(
    ("meta", "total", "cursor"),
    [
        ({"total": 7, "startAfter": 5, "startAfterId": "c1"}, 7, [5, "c1"]),
        ({"total": 7, "startAfter": None, "startAfterId": None}, 7, None),
        ({"total": 7, "startAfter": 5}, 7, None),
        ({"startAfterId": "c1"}, None, None),
        ({}, None, None),
        (None, None, None),
        ("odd", None, None),
    ],
)
def test_the_older_list_leads_on_by_its_meta(
    meta: object, total: int | None, cursor: object
) -> None:
    """The next page begins after a moment and an id; without both there is none."""
    page = codec.listed_contacts({"contacts": [CONTACT], "meta": meta, "count": 9})

    assert [contact.id for contact in page.contacts] == ["c1"]
    assert (page.total, page.cursor) == (total, cursor)


@pytest.mark.parametrize(
    ("payload", "token"),
    [
        ({"locations": [LOCATION], "count": 1}, None),
        ({"items": [LOCATION], "pagination": {"nextPageToken": "t"}}, "t"),
        ({"items": [LOCATION], "pagination": {"nextPageToken": ""}}, None),
        ({"items": [LOCATION], "pagination": {"nextPageToken": None}}, None),
        ({"items": [LOCATION], "pagination": {"nextPageToken": 5}}, None),
        ({"items": [LOCATION], "pagination": None}, None),
        ({"items": [LOCATION]}, None),
    ],
)
def test_a_page_of_installs_in_both_versions(payload: object, token: str | None) -> None:
    """Version 3 has other names, and a token that leads to the next page."""
    page, following = codec.locations(payload)

    assert [(location.id, location.is_installed) for location in page] == [("l1", True)]
    assert following == token


def test_an_odd_install_of_version_3_is_told_by_its_place() -> None:
    """The path has the name of the version that answered."""
    with pytest.raises(UnexpectedResponse) as raised:
        codec.locations({"items": [LOCATION, {"_id": 5}]})

    assert raised.value.problems == ("expected text, got int @ $.items[1]._id",)
