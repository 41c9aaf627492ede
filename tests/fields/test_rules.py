"""A value is brought into HighLevel's form, or refused by the name of its argument."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import ConfigurationError
from ghl_notes.http import fields as rules
from ghl_notes.http.fields import Rule, changes, fields
from tests.fields.anything import DIALECTS, MARKER, anything, json_values, outcome, told

RULES: Mapping[str, Rule] = {
    "text": rules.text,
    "filled_text": rules.filled_text,
    "short_text": rules.short_text(5),
    "flag": rules.flag,
    "color": rules.color,
    "moment": rules.moment,
    "day": rules.day,
    "texts": rules.texts,
    "any_json": rules.any_json,
    "relations": rules.relations,
    "attachments": rules.attachments,
    "inbound_dnd": rules.inbound_dnd,
    **{f"custom_fields_{name}": rules.custom_fields(one) for name, one in DIALECTS.items()},
    **{f"dnd_settings_{name}": rules.dnd_settings(one) for name, one in DIALECTS.items()},
}


class Undecided(tzinfo):
    """A zone that names no offset, which makes a time as naive as none would."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


def sent(rule: Rule, value: object) -> object:
    """Give what a call sends for one value."""
    (spelled,) = fields({"it": value}, {"it": rule}, required=("it",)).values()
    return spelled


@given(value=anything, once=st.booleans())
def test_any_value_is_json_or_refused(value: object, *, once: bool) -> None:
    """Whatever is passed becomes JSON, or an error that names the argument and not the content."""
    for name, rule in RULES.items():
        passed = iter(value) if once and isinstance(value, list) else value
        wire = outcome(partial(changes, {name: passed}, {name: rule}))
        if isinstance(wire, ConfigurationError):
            assert str(wire).startswith(f"{name} must be ")
            assert MARKER not in told(wire)
        else:
            assert json.loads(json.dumps(wire, allow_nan=False)) == wire


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("text", ""), ("text", " a\n"), ("filled_text", " a "), ("short_text", "12345")],
        *[("flag", True), ("flag", False), ("color", "#fff"), ("color", "#12abEF")],
        *[("day", "1990-09-25"), ("day", "09/25/1990"), ("texts", []), ("texts", ["a", "b"])],
    ],
)
def test_what_fits_is_sent_as_it_is(name: str, value: object) -> None:
    """A value in HighLevel's own form is not touched."""
    assert sent(RULES[name], value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("text", 5), ("text", b"a"), ("filled_text", ""), ("filled_text", " \n")],
        *[("short_text", "123456"), ("short_text", " "), ("flag", 1), ("flag", "true")],
        *[("color", "FFAA00"), ("color", "#FFAA0"), ("color", "#FFAA00\n"), ("color", "red")],
        *[("day", ""), ("day", 5), ("moment", "2026-07-17T10:00:00Z"), ("moment", 5)],
        *[("moment", date(2026, 7, 17)), ("texts", "vip"), ("texts", [""]), ("texts", {"a": 1})],
        *[("texts", b"ab"), ("texts", [b"a"]), ("texts", None)],
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: object) -> None:
    """No value is taken for another: no number for truth, no text for a list, no day for a time."""
    with pytest.raises(ConfigurationError, match=r"^it must be "):
        sent(RULES[name], value)


# --- times ----------------------------------------------------------------------------------


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - bounds have none
def test_an_aware_time_comes_back(when: datetime) -> None:
    """A time keeps its moment, to the millisecond, and is sent in UTC."""
    wire = sent(rules.moment, when)
    assert isinstance(wire, str)
    lost = when.astimezone(UTC) - datetime.fromisoformat(wire)

    assert wire.endswith("Z")
    assert timedelta(0) <= lost < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 7, 17, 10),  # noqa: DTZ001 - the point of it
        datetime(2026, 7, 17, 10, tzinfo=Undecided()),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_a_time_that_is_no_moment_is_refused(when: datetime) -> None:
    """Without an offset a time could mean any, and beyond the years there is no UTC."""
    with pytest.raises(ConfigurationError, match=r"^it must be a datetime"):
        sent(rules.moment, when)


@settings(max_examples=20)
@given(st.dates() | st.datetimes())
def test_a_day_is_a_day(day: date) -> None:
    """A date, or the date of a datetime, is sent as year, month and day."""
    assert date.fromisoformat(str(sent(rules.day, day))) == date(day.year, day.month, day.day)


# --- numbers --------------------------------------------------------------------------------


@settings(max_examples=50)
@given(value=anything, least=st.integers(-3, 3), most=st.none() | st.integers(4, 9))
def test_a_count_keeps_to_its_bounds(value: int, least: int, most: int | None) -> None:
    """A whole number within the bounds is taken, and all else is refused by name."""
    taken = outcome(lambda: rules.count("limit", value, least=least, most=most))

    if isinstance(taken, ConfigurationError):
        assert str(taken).startswith(f"limit must be a whole number from {least}")
        assert most is None or str(taken).endswith(f" to {most}")
        assert MARKER not in told(taken)
    else:
        assert type(taken) is int
        assert least <= taken <= (taken if most is None else most)


@pytest.mark.parametrize("value", [0, 1, 100, 101])
def test_bounds_are_counted_in(value: int) -> None:
    """The least and the most that are named may be asked for."""
    assert rules.count("limit", value, least=value, most=value) == value


def test_a_number_of_any_length_is_refused() -> None:
    """Python would not even write a number of 5,000 digits."""
    with pytest.raises(ConfigurationError, match="limit must be a whole number from 1 to 100"):
        rules.count("limit", 10**5000, most=100)


# --- any JSON -------------------------------------------------------------------------------


@settings(max_examples=40)
@given(json_values)
def test_any_json_is_sent_as_it_is(value: object) -> None:
    """What JSON can say is sent, and read back it is the same."""
    assert json.loads(json.dumps(sent(rules.any_json, value))) == value


def test_what_python_has_for_lists_and_objects_is_json_too() -> None:
    """A tuple is a list, and any mapping an object, at any depth."""
    assert sent(rules.any_json, ({"a": (1, 2)},)) == [{"a": [1, 2]}]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1: "a"}, {"a"}, b"a", datetime.now(UTC), [[object()]]]
)
def test_what_json_cannot_say_is_refused(value: object) -> None:
    """A number that JSON has not, a key that is no text, or a time, is not sent as another."""
    with pytest.raises(ConfigurationError, match=r"^it must be made of texts"):
        sent(rules.any_json, value)


def test_a_list_that_holds_itself_is_refused() -> None:
    """Nesting without end is the caller's to fix, and no crash."""
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(ConfigurationError, match=r"^it must be of a depth"):
        sent(rules.any_json, endless)
