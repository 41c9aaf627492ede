# ruff: noqa: ANN001, ANN201 - parameters are fixtures
"""Times as people say and read them."""

import time
from datetime import UTC, datetime

import pytest

from ghl_notes.cli.statuses import Refused
from ghl_notes.cli.times import clock, moment


@pytest.fixture
def new_york(monkeypatch):
    """Be where local time is not UTC, and has a summer of its own."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-01-15", "2026-01-15T05:00Z"),
        ("2026-07-15", "2026-07-15T04:00Z"),
        ("2026-07-15T14:30", "2026-07-15T18:30Z"),
        (" 2026-07-15 14:30:15 ", "2026-07-15T18:30:15Z"),
        ("2026-07-15T14:30+02:00", "2026-07-15T12:30Z"),
        ("2026-07-15T14:30Z", "2026-07-15T14:30Z"),
    ],
)
def test_what_has_no_zone_is_local(new_york, said, meant) -> None:
    """A day alone is its midnight here, in summer and in winter."""
    assert moment("--due", said) == datetime.fromisoformat(meant)


@pytest.mark.parametrize("said", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31T23:59"])
def test_what_is_no_time_is_refused(new_york, said) -> None:
    """So are the ends of the calendar, which a zone may push over the edge."""
    with pytest.raises(Refused, match="--due must be a date such as"):
        moment("--due", said)


def test_times_are_told_by_the_clock_on_the_wall(new_york) -> None:
    """Without seconds, which nobody needs in a table."""
    assert clock(datetime(2026, 7, 15, 18, 30, 15, tzinfo=UTC)) == "2026-07-15 14:30"


def test_the_end_of_the_calendar_can_be_told(new_york) -> None:
    """Some set a task for the end of time, and it need not exist on the wall of who reads it."""
    assert clock(datetime.min.replace(tzinfo=UTC)) == "0001-01-01 00:00"
    assert clock(datetime(9999, 12, 31, 12, tzinfo=UTC)) == "9999-12-31 07:00"
