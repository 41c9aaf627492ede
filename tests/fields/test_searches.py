"""Filters and the order of a search, spelled as HighLevel does."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http.query import filters, order
from ghl_notes.models import AllOf, AnyOf, Between, Filter, Sort
from tests.fields.anything import MARKER, anything, json_values, outcome, told

NOON = datetime(2026, 7, 17, 12, 0, 0, 500, tzinfo=timezone(timedelta(hours=2)))
WIRE_NOON = "2026-07-17T10:00:00.000Z"
ENDS = ("gt", "gte", "lt", "lte")
EMAIL = Filter("email", "eq", "jane@example.com")
WIRE_EMAIL = {"field": "email", "operator": "eq", "value": "jane@example.com"}

# Each strategy gives what is asked beside its spelling on the wire.
scalars = (
    st.text(max_size=3) | st.integers() | st.booleans() | st.floats(allow_nan=False, width=16)
).filter(lambda x: x not in (float("inf"), float("-inf"))).map(lambda x: (x, x)) | st.just(
    (NOON, WIRE_NOON)
)
bounds = st.dictionaries(st.sampled_from(ENDS), scalars, min_size=1).map(
    lambda ends: (
        Between(**{end: asked for end, (asked, _) in ends.items()}),
        {end: wire for end, (_, wire) in ends.items()},
    )
)
many = st.lists(scalars, max_size=3).map(
    lambda pairs: ([asked for asked, _ in pairs], [wire for _, wire in pairs])
)
compared = (
    st.tuples(st.sampled_from(["eq", "not_eq", "contains", "not_contains"]), scalars | many)
    | st.tuples(st.just("range"), bounds)
).map(
    lambda pair: (
        Filter("f", pair[0], pair[1][0]),
        {"field": "f", "operator": pair[0], "value": pair[1][1]},
    )
)
valueless = st.sampled_from(["exists", "not_exists"]).map(
    lambda operator: (Filter("f", operator), {"field": "f", "operator": operator})
)
mappings = st.dictionaries(st.text(max_size=3), json_values, max_size=2).map(lambda m: (m, m))
queries = st.recursive(
    compared | valueless | mappings,
    lambda inner: st.tuples(
        st.sampled_from([(AllOf, "AND"), (AnyOf, "OR")]),
        st.lists(inner, min_size=1, max_size=3),
    ).map(
        lambda pair: (
            pair[0][0](*[asked for asked, _ in pair[1]]),
            {"group": pair[0][1], "filters": [wire for _, wire in pair[1]]},
        )
    ),
    max_leaves=6,
)


@settings(max_examples=50)
@given(st.lists(queries, max_size=2))
def test_filters_are_spelled_as_highlevel_does(pairs: list[tuple[object, object]]) -> None:
    """Filters, groups at any depth and HighLevel's own spelling say on the wire what they mean."""
    asked = [one for one, _ in pairs]

    assert filters(asked) == filters(iter(asked)) == [wire for _, wire in pairs]
    assert json.dumps(filters(asked), allow_nan=False)


def test_an_order_is_spelled_as_highlevel_does() -> None:
    """An order is by a field and a direction, the first one upward unless it says otherwise."""
    asked = [Sort("dateAdded"), Sort("email", "desc"), {"field": "x", "direction": "asc"}]

    assert order(asked) == [
        {"field": "dateAdded", "direction": "asc"},
        {"field": "email", "direction": "desc"},
        {"field": "x", "direction": "asc"},
    ]


def test_a_filter_can_be_asked_again() -> None:
    """A filter takes its values once, so that every page of a sweep asks the same."""
    asked = Filter("tags", "eq", (tag for tag in ("a", "b")))

    assert filters([asked]) == filters([asked])
    assert filters([asked])[0]["value"] == ["a", "b"]


def test_a_list_that_changes_later_changes_no_filter() -> None:
    """A filter is a value: what it was made of may go on living."""
    tags = ["a"]
    asked = Filter("tags", "eq", tags)
    tags.append("b")

    assert filters([asked])[0]["value"] == ["a"]


@pytest.mark.parametrize(
    "asked",
    [
        Filter("f", "eq", NOON.replace(tzinfo=None)),
        Filter("f", "eq", [NOON, NOON.replace(tzinfo=None)]),
        Filter("f", "range", Between(gte=NOON.replace(tzinfo=None))),
        AllOf(EMAIL, AnyOf(Filter("f", "eq", NOON.replace(tzinfo=None)))),
        Filter("f", "eq", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    ],
)
def test_a_time_without_a_zone_is_refused_at_any_depth(asked: object) -> None:
    """A filter's times are moments, wherever in it they stand."""
    with pytest.raises(ConfigurationError, match="a datetime in a filter must be a datetime"):
        filters([EMAIL, asked])


@pytest.mark.parametrize("asked", [EMAIL, AllOf(EMAIL), WIRE_EMAIL, "email", MARKER, None, 5])
def test_filters_are_a_list(asked: object) -> None:
    """One filter that stands alone is refused, as is a text."""
    with pytest.raises(ConfigurationError, match="filters must be a list") as caught:
        filters(asked)

    assert MARKER not in told(caught.value)


@pytest.mark.parametrize("asked", [Sort("email"), {"field": "email"}, "email", MARKER, None, 5])
def test_an_order_is_a_list(asked: object) -> None:
    """One order that stands alone is refused, as is a text."""
    with pytest.raises(ConfigurationError, match="sort must be a list") as caught:
        order(asked)

    assert MARKER not in told(caught.value)


def test_filters_and_order_are_not_mistaken() -> None:
    """What is given in the place of the other is refused by name."""
    with pytest.raises(ConfigurationError, match=r"filters must hold .* not Sort"):
        filters([Sort("email")])
    with pytest.raises(ConfigurationError, match=r"sort must hold .* not Filter"):
        order([EMAIL])


@given(st.lists(anything, min_size=1, max_size=2))
def test_whatever_is_asked_is_json_or_refused(asked: list[object]) -> None:
    """What is no filter is refused without being quoted, and never sent as something else."""
    wire = outcome(lambda: filters(asked))

    if isinstance(wire, ConfigurationError):
        assert MARKER not in told(wire)
    else:
        assert all(isinstance(one, dict) for one in asked)
        assert json.dumps(wire, allow_nan=False)


@pytest.mark.parametrize(
    "asked", [{"field": "f", "value": {MARKER}}, {"value": float("nan")}, {"value": NOON}, {5: "f"}]
)
def test_a_mapping_is_json(asked: dict[object, object]) -> None:
    """A filter in HighLevel's own spelling is passed on as it is, if JSON can say it."""
    with pytest.raises(ConfigurationError, match=r"^a filter must be made of") as caught:
        filters([asked])

    assert MARKER not in told(caught.value)


def test_times_keep_their_moment() -> None:
    """A time in a filter is sent in UTC."""
    wire = filters([Filter("dateAdded", "range", Between(gte=NOON))])[0]["value"]["gte"]

    assert datetime.fromisoformat(wire) == NOON.astimezone(UTC).replace(microsecond=0)
