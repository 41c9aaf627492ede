"""Models are values; those that hold a secret keep it."""

import copy
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError, NotFound, UnexpectedResponse
from ghl_notes.models import (
    AllOf,
    AnyOf,
    App,
    Appointment,
    AppointmentNote,
    Attachment,
    Author,
    Between,
    Contact,
    ContactAppointments,
    ContactNotes,
    ContactPage,
    ContactTasks,
    CustomField,
    DndSetting,
    Duplicate,
    Filter,
    Install,
    InstalledLocation,
    Listing,
    LocationNote,
    LocationNotePage,
    Note,
    NoteList,
    Owner,
    Relation,
    Sort,
    StoredInstall,
    TagOutcome,
    TagsUpdated,
    Task,
    Token,
    Upserted,
    company_key,
    location_key,
)
from ghl_notes.models.installs import former_key, owner_of

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
        (attrs.evolve(INSTALL, client_id="65-x"), "highlevel:65-x:location:loc"),
        (attrs.evolve(INSTALL, client_id="a:/%"), "highlevel:a%3A%2F%25:location:loc"),
        (
            Install(user_type="Company", provider="close", client_id="oa2", company_id="orga_1"),
            "close:oa2:company:orga_1",
        ),
    ],
)
def test_an_install_is_kept_under_its_app_and_what_it_speaks_for(
    install: Install, key: str
) -> None:
    """A location's install is kept by the location, also if its agency is known."""
    assert install.key == key


@given(
    provider=st.text().filter(lambda name: name not in ("location", "company")),
    client_id=st.text(),
    ours=st.text(),
    kind=st.sampled_from([location_key, company_key]),
)
def test_a_key_tells_its_app(
    provider: str, client_id: str, ours: str, kind: Callable[..., str]
) -> None:
    """No two apps share a key, whatever they are called, and the key of version 0.1 is in it."""
    owner = Owner(provider, client_id)
    key = kind(ours, owner)

    assert owner_of(key) == owner
    assert owner_of(kind(ours)) is None
    assert former_key(key) == former_key(kind(ours)) == kind(ours)


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


@pytest.mark.parametrize("name", ["client_id", "client_secret", "redirect_uri"])
@pytest.mark.parametrize("odd", [f"{SECRET}\n", f"{SECRET}\0", f"\ud800{SECRET}", f"{SECRET}\x7f"])
def test_an_app_holds_no_control_characters(name: str, odd: str) -> None:
    """What no form could hold is refused where it is given, and not shown."""
    given = {"client_id": "a", "client_secret": "b", "redirect_uri": "https://x", name: odd}
    with pytest.raises(ConfigurationError, match=f"{name} holds a control character") as caught:
        App(**given)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("odd", ["", f"{SECRET}\n", f"{SECRET}\0", f"\ud800{SECRET}", 5, b"x"])
def test_a_token_can_be_sent(name: str, odd: object) -> None:
    """Whichever store a token comes from, one that no request can hold is refused, not shown."""
    given = {"access_token": "a", "issued_at": 0.0, "expires_at": 1.0, name: odd}
    with pytest.raises(ConfigurationError, match=name) as caught:
        Token(**given)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("scopes", ["a b", ("a", "b"), ["a", "b"], iter("ab")])
def test_scopes_are_given_as_words_or_as_a_list(scopes: object) -> None:
    """The portal shows scopes as one text, code holds them as a list: both are taken."""
    app = App(client_id="a", client_secret="s", redirect_uri="https://x", scopes=scopes)

    assert app.scopes == ("a", "b")


@pytest.mark.parametrize(("client_id", "app_id"), [("abc-x-y", "abc"), ("abc", "abc")])
def test_the_app_id_is_in_the_client_id(client_id: str, app_id: str) -> None:
    """HighLevel's client ids are the app's id, a dash, and eight characters."""
    assert attrs.evolve(APP, client_id=client_id).app_id == app_id


# --- what a search asks ---------------------------------------------------------------------

EMAIL = Filter("email", "eq", "jane@example.com")
NAN = float("nan")


@pytest.mark.parametrize("field", ["", "  ", None, 5, ["email"]])
@pytest.mark.parametrize("make", [lambda name: Filter(name, "exists"), Sort])
def test_a_filter_and_an_order_name_a_field(
    make: Callable[[object], object], field: object
) -> None:
    """A field is HighLevel's own name for it."""
    with pytest.raises(ConfigurationError, match="field must name a field of contacts"):
        make(field)


@pytest.mark.parametrize(
    ("make", "known"),
    [
        (lambda: Filter("f", "equals", "x"), "operator must be one of eq, not_eq, contains"),
        (lambda: Filter("f", None, "x"), "operator must be one of eq"),
        (lambda: Filter("f", ["eq"], "x"), "operator must be one of eq"),
        (lambda: Sort("f", "up"), "direction must be one of asc, desc"),
        (lambda: Sort("f", None), "direction must be one of asc, desc"),
    ],
)
def test_what_is_unknown_is_told_with_what_is_known(make: Callable[[], object], known: str) -> None:
    """A misspelt operator or direction fails where it is written."""
    with pytest.raises(ConfigurationError, match=known):
        make()


@pytest.mark.parametrize(
    ("operator", "value", "wanted"),
    [
        *[
            ("exists", "x", "no value"),
            ("not_exists", False, "no value"),
            ("exists", (), "no value"),
        ],
        *[
            ("range", "x", "a Between"),
            ("range", None, "a Between"),
            ("range", (1, 2), "a Between"),
        ],
        *[("eq", None, "a text"), ("eq", Between(gt=1), "a text"), ("eq", NAN, "a text")],
        *[("eq", b"ab", "a text"), ("eq", {"a": 1}, "a text"), ("eq", [["a"]], "a text")],
        *[("contains", [None], "a text"), ("eq", ["a", NAN], "a text"), ("eq", object(), "a text")],
    ],
)
def test_an_operator_takes_its_kind_of_value(operator: str, value: object, wanted: str) -> None:
    """What an operator cannot compare with is refused, by the field it was meant for."""
    with pytest.raises(
        ConfigurationError, match=rf"^Filter on dateAdded: {operator} takes {wanted}"
    ):
        Filter("dateAdded", operator, value)


@pytest.mark.parametrize("value", ["x", "", 0, 1.5, False, WHEN, [], ["a", 1], ("a",)])
def test_a_filter_takes_a_value_or_a_list(value: object) -> None:
    """Nothing that says something is taken for nothing, and a list is kept as a tuple."""
    assert Filter("f", "eq", value).value == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    "ends", [{}, {"gt": None}, {"gt": "a", "lt": [1]}, {"gte": NAN}, {"lte": Between(gt=1)}]
)
def test_a_range_has_a_bound(ends: dict[str, object]) -> None:
    """A range without any bound, or with one that compares with nothing, is a mistake."""
    with pytest.raises(
        ConfigurationError, match="Between needs at least one of gt, gte, lt and lte"
    ):
        Between(**ends)


@pytest.mark.parametrize("bound", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("end", [0, "", False, WHEN])
def test_a_bound_may_be_anything_but_none(bound: str, end: object) -> None:
    """Zero and the empty text are bounds."""
    assert getattr(Between(**{bound: end}), bound) == end


@pytest.mark.parametrize("group", [AllOf, AnyOf])
@pytest.mark.parametrize("filters", [(), ("email",), (EMAIL, None), (Sort("f"),), ([EMAIL],)])
def test_a_group_is_of_filters(group: type, filters: tuple[object, ...]) -> None:
    """A group has at least one filter, and nothing that is none."""
    with pytest.raises(ConfigurationError, match=f"{group.__name__} needs at least one filter"):
        group(*filters)


def test_groups_are_values() -> None:
    """Groups of the same filters are equal, of another kind they are not, and they read well."""
    group = AllOf(EMAIL, AnyOf(Filter("f", "exists")))

    assert group == AllOf(EMAIL, AnyOf(Filter("f", "exists")))
    assert group != AnyOf(*group.filters)
    assert AllOf(EMAIL) != AllOf({"field": "email"})
    assert repr(group) == f"AllOf({EMAIL!r}, AnyOf({Filter('f', 'exists')!r}))"


# --- the models of the Contacts API ---------------------------------------------------------

NEWER = {"newer": ["s3cr3t"]}
TASK = Task(id="t", title="Call", contact_id="c", extra=NEWER)
APPOINTMENT = Appointment(id="e", start_time=WHEN.replace(tzinfo=None), extra=NEWER)
CONTACT = Contact(
    id="c",
    dnd_settings={"sms": DndSetting("active")},
    custom_fields=(CustomField("f", ["x"]),),
    extra=NEWER,
)
LOCATION_NOTE = LocationNote(id="n", body="x", text="x", extra=NEWER)
OUTCOME = TagOutcome(contact_id="c", type="error", message="no", extra=NEWER)
WITH_EXTRA = [
    TASK,
    APPOINTMENT,
    CONTACT,
    LOCATION_NOTE,
    OUTCOME,
    attrs.evolve(NOTE, extra=NEWER),
    Relation("contact", "c", extra=NEWER),
    Author("u", "Jane", extra=NEWER),
    AppointmentNote(id="n", body="x", text="x", date_added=WHEN, extra=NEWER),
    Attachment(id="a", extra=NEWER),
    CustomField("f", {"a": 1}, extra=NEWER),
    DndSetting("active", extra=NEWER),
    InstalledLocation(id="l", extra=NEWER),
]
VALUES = [
    *WITH_EXTRA,
    ContactPage(contacts=(CONTACT,), total=1, cursor=[5, "c"]),
    Duplicate(contact=CONTACT, matching_field="email"),
    Upserted(contact=CONTACT, new=True),
    TagsUpdated(error_count=1, responses=(OUTCOME,)),
    EMAIL,
    Filter("tags", "eq", ["a", "b"]),
    Filter("dateAdded", "range", Between(gte=WHEN)),
    Sort("dateAdded", "desc"),
    AllOf(EMAIL, AnyOf(EMAIL)),
]
# These hold lists, as their users want to sort and extend them.
HOLDERS = [
    LocationNotePage(notes=Listing([LOCATION_NOTE]), total=1),
    ContactTasks("c", Listing([TASK])),
    ContactAppointments("c", Listing([APPOINTMENT])),
    ContactNotes("c", NoteList([NOTE])),
]

by_name = pytest.mark.parametrize("value", [*VALUES, *HOLDERS], ids=lambda one: type(one).__name__)
ways = pytest.mark.parametrize(
    "way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)


def whole(value: object) -> object:
    """Give all that a value holds, ``extra`` too, which does not count for equality."""
    return attrs.asdict(value)


@by_name
@ways
def test_a_value_travels_whole(value: object, way: Callable[[object], object]) -> None:
    """A copied or pickled value is equal to the first, and has all that it had."""
    back = way(value)

    assert back == value
    assert type(back) is type(value)
    assert whole(back) == whole(value)


@by_name
def test_a_value_is_frozen(value: object) -> None:
    """No attribute of a value can be set, or another one added."""
    for name in [attrs.fields(type(value))[0].name, "another"]:
        with pytest.raises(AttributeError):
            setattr(value, name, "x")


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_a_value_can_be_a_key(value: object) -> None:
    """Values that are equal are one key, whatever lists HighLevel put into them."""
    assert {value: 1}[copy.deepcopy(value)] == 1


@pytest.mark.parametrize("value", WITH_EXTRA, ids=lambda one: type(one).__name__)
def test_what_is_newer_is_kept_apart(value: object) -> None:
    """``extra`` is in no repr, and two values that differ in it are equal."""
    assert "s3cr3t" not in repr(value)
    assert attrs.evolve(value, extra={}) == value
    assert value.extra == NEWER


@pytest.mark.parametrize("outcome", [ContactTasks, ContactAppointments])
def test_a_failed_contact_has_an_empty_listing(outcome: type) -> None:
    """An outcome with an error has nothing, each a list of its own."""
    failed, other = outcome("c", error=NotFound("no such contact")), outcome("d")
    (listing,) = [value for value in attrs.astuple(failed, recurse=False) if value == []]
    (another,) = [value for value in attrs.astuple(other, recurse=False) if value == []]

    assert isinstance(listing, Listing)
    assert listing.unreadable == ()
    assert listing is not another


# --- lists that know what they left out -----------------------------------------------------

LEFT_OUT = UnexpectedResponse("odd", problems=["x @ $"])

listings = pytest.mark.parametrize("cls", [Listing, NoteList])


@listings
@ways
def test_a_listing_travels_with_what_it_left_out(
    cls: type[Listing[object]], way: Callable[[Listing[object]], Listing[object]]
) -> None:
    """A copy is of the same class, equal, and still tells what could not be read."""
    first = cls([NOTE, NOTE], unreadable=[LEFT_OUT])
    back = way(first)
    back.append(NOTE)

    assert type(back) is cls
    assert back[:2] == first
    assert len(first) == 2
    assert [error.problems for error in back.unreadable] == [("x @ $",)]


@listings
def test_a_listing_is_a_list(cls: type[Listing[object]]) -> None:
    """It equals a list of the same, whatever it left out, and its slices are plain lists."""
    listing = cls((one for one in ("b", "a")), unreadable=(one for one in [LEFT_OUT]))

    assert listing == ["b", "a"] == cls(["b", "a"])
    assert (listing[0], listing[-1], len(listing), "a" in listing) == ("b", "a", 2, True)
    assert type(listing[:1]) is type(listing * 2) is type(listing.copy()) is list
    assert sorted(listing) == [*reversed(listing)] == ["a", "b"]
    assert repr(listing) == "['b', 'a']"
    assert listing.unreadable == (LEFT_OUT,)


@listings
def test_a_listing_may_be_empty(cls: type[Listing[object]]) -> None:
    """Without anything it is false, as a list is, and takes no other attribute."""
    assert not cls()
    assert cls().unreadable == ()
    with pytest.raises(AttributeError):
        cls().problems = ()
    with pytest.raises(TypeError, match="unhashable"):
        hash(cls())
