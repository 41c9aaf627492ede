"""Models are values; those that hold a secret keep it."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError, NotFound, UnexpectedResponse
from ghl_notes.models import (
    App,
    Contact,
    ContactNotes,
    Install,
    InstalledLocation,
    Note,
    NoteList,
    Relation,
    StoredInstall,
    Token,
)

WHEN = datetime(2026, 7, 17, 10, 27, 18, 167_000, tzinfo=UTC)
SECRET = "s3cr3t"
APP = App(client_id="abc-x", client_secret=SECRET, redirect_uri="https://example.com/callback")
INSTALL = Install(user_type="Location", location_id="loc", company_id="com", scopes=("a", "b"))
TOKEN = Token(access_token=f"{SECRET}1", refresh_token=f"{SECRET}2", issued_at=0, expires_at=100)
NOTE = Note(id="n", body="<p>Hi</p>", text="Hi", date_added=WHEN, contact_id="c")

sealed = pytest.mark.parametrize("value", [APP, TOKEN, StoredInstall.of(INSTALL, TOKEN)])
times = st.floats(0, 4e9)


@sealed
@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format])
def test_no_form_of_text_shows_a_secret(value: object, show: Callable[[object], str]) -> None:
    """Whatever prints a value with a secret in it prints something else."""
    assert SECRET not in show(value)
    assert type(value).__name__ in show(value)


@sealed
@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_secrets_do_not_travel(value: object, way: Callable[[object], object]) -> None:
    """A value with a secret refuses to be pickled or copied, and says where it belongs."""
    with pytest.raises(TypeError, match=f"{type(value).__name__} holds secrets"):
        way(value)


@pytest.mark.parametrize(
    "value",
    [
        NOTE,
        Relation("contact", "c", extra={"new": 1}),
        Contact(id="c", tags=("a",), extra={"dnd": True}),
        INSTALL,
        InstalledLocation(id="l"),
        ContactNotes("c", NoteList([NOTE])),
    ],
)
def test_other_values_travel(value: object) -> None:
    """Notes and contacts go to process pools and task queues."""
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value


def test_what_is_newer_than_this_library_travels_too() -> None:
    """``extra`` does not count for equality, and is not lost on the way either."""
    note = attrs.evolve(NOTE, extra={"attachments": [1]})

    assert note == NOTE
    assert pickle.loads(pickle.dumps(note)).extra == {"attachments": [1]}


@pytest.mark.parametrize("value", [NOTE, INSTALL, TOKEN, APP, Contact(id="c"), Relation("o", "r")])
def test_values_do_not_change(value: object) -> None:
    """A value shared between tasks stays as it is, and can be a key."""
    first = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, first, "other")

    assert {value: 1}[value] == 1


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_list_of_notes_keeps_what_it_left_out(way: Callable[[NoteList], NoteList]) -> None:
    """A copied or pickled ``NoteList`` still tells which notes could not be read."""
    notes = NoteList([NOTE], unreadable=[UnexpectedResponse("odd", problems=["x @ $"])])
    back = way(notes)

    assert back == [NOTE]
    assert [error.problems for error in back.unreadable] == [("x @ $",)]


def test_a_failed_contact_has_no_notes_and_its_error() -> None:
    """An outcome with an error can be looped over like any other: it has no notes."""
    failed = ContactNotes("c", error=NotFound("no such contact"))

    assert failed.notes == []
    assert failed.notes.unreadable == ()


@given(issued=times, lifetime=st.floats(0.001, 4e8))
def test_a_token_is_renewed_before_it_ends(issued: float, lifetime: float) -> None:
    """Renewal is due a fiftieth of the lifetime ahead, and never over a minute ahead."""
    token = Token(access_token="a", issued_at=issued, expires_at=issued + lifetime)
    ahead = token.expires_at - token.renew_at

    assert issued <= token.renew_at <= token.expires_at
    assert ahead == pytest.approx(min(60.0, lifetime / 50), abs=1e-5)


@pytest.mark.parametrize(
    ("install", "key"),
    [
        (INSTALL, "location:loc"),
        (Install(user_type="Company", company_id="com"), "company:com"),
    ],
)
def test_an_install_is_kept_under_what_it_speaks_for(install: Install, key: str) -> None:
    """A location's install is kept by the location, also if its agency is known."""
    assert install.key == key


@given(expires=times)
def test_a_stored_install_tells_when_its_token_ends(expires: float) -> None:
    """``install.expires_at`` is the end of the token, as an aware datetime."""
    token = Token(access_token="a", issued_at=0, expires_at=expires)
    ends = StoredInstall.of(INSTALL, token).install.expires_at

    assert ends is not None
    assert ends.tzinfo is UTC
    assert ends.timestamp() == pytest.approx(expires, abs=1e-5)


@pytest.mark.parametrize("name", ["client_id", "client_secret", "redirect_uri"])
@pytest.mark.parametrize("value", ["", "  ", None, 5])
def test_an_app_needs_all_three(name: str, value: object) -> None:
    """An empty setting is refused where it is made, by name and without showing the others."""
    given = {"client_id": "a", "client_secret": SECRET, "redirect_uri": "https://x"}
    with pytest.raises(ConfigurationError, match=name) as caught:
        App(**{**given, name: value})

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scopes", ["a b", ("a", "b"), ["a", "b"], iter("ab")])
def test_scopes_are_given_as_words_or_as_a_list(scopes: object) -> None:
    """The portal shows scopes as one text, code holds them as a list: both are taken."""
    app = App(client_id="a", client_secret="s", redirect_uri="https://x", scopes=scopes)

    assert app.scopes == ("a", "b")


@pytest.mark.parametrize(("client_id", "app_id"), [("abc-x-y", "abc"), ("abc", "abc")])
def test_the_app_id_is_in_the_client_id(client_id: str, app_id: str) -> None:
    """HighLevel's client ids are the app's id, a dash, and eight characters."""
    assert attrs.evolve(APP, client_id=client_id).app_id == app_id
