"""The table of what the versions of the API spell differently, and how paths are filled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import operations
from ghl_notes.http.operations import OPERATIONS, Operation
from ghl_notes.http.protocol import (
    VERSION,
    Request,
    any_request,
    dialect,
    filled,
    identified,
    location,
)

DATED = ["2021-04-15", "2021-07-28", "2023-02-21"]
IDS = ("first", "second")
# What version 3 has elsewhere, and what it has no more.
MOVED = {
    operations.CAMPAIGNS_REMOVE_ALL: "/contacts/first/campaigns/remove-all",
    operations.LOCATION_TOKEN: "/oauth/location-token",
    operations.INSTALLED_LOCATIONS: "/oauth/installed-locations",
}
GONE = [operations.CONTACTS_LIST]

dated = pytest.mark.parametrize("version", DATED)
every = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.template)


def ids_of(operation: Operation) -> tuple[str, ...]:
    return IDS[: operation.template.count("{")]


@settings(max_examples=30)
@given(st.dates())
def test_every_dated_version_has_one_spelling(day: object) -> None:
    """A date names a version, whichever it is, and goes into the header as it is."""
    one, usual = dialect(str(day)), dialect(VERSION)

    assert one.version == str(day)
    assert (one.paths, one.gone, one.channels) == (usual.paths, usual.gone, usual.channels)
    assert (one.field_value, one.token_form) == (usual.field_value, usual.token_form)


@pytest.mark.parametrize(
    "version",
    [
        *["", " ", "v2", "V3", "3", "v4", "v3 ", "latest", "2021", "2021-07-28\r\nX: y"],
        *["2021-7-28", "2021-07-28T00:00:00Z", "२०२१-०७-२८", None, 3, 20210728, ["v3"], b"v3"],
    ],
)
def test_what_is_no_version_is_refused(version: str) -> None:
    """A version that this library cannot spell is refused before any call is made."""
    with pytest.raises(ConfigurationError, match="api_version must be v3, or a date"):
        dialect(version)


@every
@dated
def test_a_dated_path_is_the_operation_s_own(version: str, operation: Operation) -> None:
    """Under a date every call is there, at the path that the operation names."""
    ids = ids_of(operation)
    request = dialect(version).request(operation, ids)

    assert request.path == filled(operation.template, ids)
    assert (request.method, request.operation) == (operation.method, operation)


@every
def test_a_path_of_version_3(operation: Operation) -> None:
    """Version 3 has three calls elsewhere, one no more, and all others where they were."""
    ids = ids_of(operation)
    if operation in GONE:
        with pytest.raises(ConfigurationError, match="v3 has no such call: search contacts"):
            dialect("v3").request(operation, ids)
    else:
        path = dialect("v3").request(operation, ids).path
        assert path == MOVED.get(operation, filled(operation.template, ids))


@every
@dated
def test_which_version_a_call_names(version: str, operation: Operation) -> None:
    """Calendars have their own date, what only version 3 has names it, the rest the client's."""
    request = dialect(version).request(operation, ids_of(operation))
    only = {"calendars": "2021-04-15", "notes": "v3"}.get(operation.template.split("/")[1], version)

    assert dialect(version).version_of(request) == only


@every
def test_version_3_is_one_for_all(operation: Operation) -> None:
    """Under version 3 every call names it."""
    assert dialect("v3").version_of(Request("GET", "/", operation=operation)) == "v3"


@pytest.mark.parametrize("version", [*DATED, "v3"])
@pytest.mark.parametrize("path", ["/calendars/appointments/a/notes", "/notes/search", "/x"])
def test_a_raw_call_names_the_client_s_version(version: str, path: str) -> None:
    """A call that this library does not know is its caller's, and so is its version."""
    request = any_request("GET", path, params=None, json=None, repeatable=None)

    assert dialect(version).version_of(request) == version


@pytest.mark.parametrize(
    ("version", "token", "page"),
    [
        *[(version, None, {"limit": 20, "skip": 40}) for version in DATED],
        ("2021-07-28", "t", {"limit": 20, "skip": 40}),
        ("v3", None, {"pageSize": 20, "pageToken": None}),
        ("v3", "t", {"pageSize": 20, "pageToken": "t"}),
    ],
)
def test_how_a_page_of_installs_is_asked(
    version: str, token: str | None, page: dict[str, object]
) -> None:
    """Under a date pages are counted, in version 3 each names the next."""
    assert dialect(version).page(size=20, skip=40, token=token) == page


# --- ids ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "quoted"),
    [
        *[
            ("abc", "abc"),
            ("a-b_c", "a-b_c"),
            ("é", "%C3%A9"),
            ("a:b", "a%3Ab"),
            ("{x}", "%7Bx%7D"),
        ],
        *[("a&b=c", "a%26b%3Dc"), ("a+b", "a%2Bb"), ("{second_id}", "%7Bsecond_id%7D")],
    ],
)
def test_an_id_fills_its_own_place(one: str, quoted: str) -> None:
    """An id is quoted in its place, even one that looks like the name of another."""
    assert filled("/x/{first_id}/y/{second_id}", (one, "b")) == f"/x/{quoted}/y/b"
    assert filled("/x/{first_id}/y/{second_id}/z", ("a", one)) == f"/x/a/y/{quoted}/z"
    assert identified("contact_id", one) == one


@pytest.mark.parametrize("one", ["", "..", "a/b", "a b", "%41", "a?b", "a#b", None, 5])
def test_what_is_no_id_is_refused_by_the_name_of_its_place(one: str) -> None:
    """The error names the argument, which is what the template calls the place."""
    with pytest.raises(ConfigurationError, match=r"^note_id must be a HighLevel id"):
        filled("/contacts/{contact_id}/notes/{note_id}", ("c", one))


@pytest.mark.parametrize("ids", [(), ("a",), ("a", "b", "c")])
def test_a_path_has_an_id_for_each_place(ids: tuple[str, ...]) -> None:
    """Too few or too many ids are a fault of this library, and make no path."""
    with pytest.raises(ValueError, match="zip"):
        filled("/x/{first_id}/y/{second_id}", ids)


@pytest.mark.parametrize("content", ["s3cr3t note", ["s3cr3t"], {"body": "s3cr3t"}])
def test_what_is_no_id_is_not_quoted_in_the_error(content: str) -> None:
    """A note where an id belongs is a mistake that can be made, and its text stays out of logs."""
    with pytest.raises(ConfigurationError) as caught:
        identified("contact_id", content)

    assert "s3cr3t" not in str(caught.value)
    assert isinstance(content, str) or type(content).__name__ in str(caught.value)


@pytest.mark.parametrize(
    ("given_id", "own", "named"),
    [("a", None, "a"), ("a", "b", "a"), (None, "b", "b"), ("a:b", "b", "a:b")],
)
def test_which_location_a_call_is_about(given_id: str | None, own: str | None, named: str) -> None:
    """The location of the call comes before the client's, and is not quoted twice in a query."""
    assert location(given_id, own) == named


@pytest.mark.parametrize(
    ("given_id", "own", "wrong"),
    [(None, None, "name a location_id"), ("", "b", "location_id must be"), (None, "", "must be")],
)
def test_a_call_about_no_location_is_refused(
    given_id: str | None, own: str | None, wrong: str
) -> None:
    """An empty id is a mistake, and does not fall back on the client's location."""
    with pytest.raises(ConfigurationError, match=wrong):
        location(given_id, own)
