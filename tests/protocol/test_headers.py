"""Headers are hints: believed when they make sense, and never a reason to fail."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghl_notes.http.failures import retry_after
from ghl_notes.http.rate import RateSnapshot, rate
from ghl_notes.http.reply import Answer

MAX, INTERVAL, REMAINING = (
    "X-RateLimit-Max",
    "X-RateLimit-Interval-Milliseconds",
    "X-RateLimit-Remaining",
)
DAILY, DAILY_LEFT, DAILY_RESET = (
    "X-RateLimit-Limit-Daily",
    "X-RateLimit-Daily-Remaining",
    "X-RateLimit-Daily-Reset",
)
RECORDED = {
    MAX: "100",
    INTERVAL: "10000",
    REMAINING: "83",
    DAILY: "200000",
    DAILY_LEFT: "199925",
    DAILY_RESET: "83680000",
}

some_text = st.text(st.characters(codec="latin-1")) | st.integers().map(str) | st.from_regex(r"\d+")
when = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def values(snapshot: RateSnapshot) -> tuple[object, ...]:
    names = "limit interval remaining daily_limit daily_remaining daily_reset".split()  # noqa: SIM905
    return tuple(getattr(snapshot, name) for name in names)


def test_a_recorded_reply() -> None:
    """The headers of a recorded reply read as counts and seconds."""
    snapshot = rate(RECORDED)

    assert snapshot is not None
    assert values(snapshot) == (100, 10.0, 83, 200_000, 199_925, 83_680.0)


@pytest.mark.parametrize("missing", [MAX, INTERVAL, REMAINING])
def test_without_one_of_the_three_there_is_no_reading(missing: str) -> None:
    """The short window is known by all of its three headers or not at all."""
    assert rate({k: v for k, v in RECORDED.items() if k != missing}) is None


@pytest.mark.parametrize("name", [MAX, INTERVAL, REMAINING])
@pytest.mark.parametrize(
    "value",
    ["", " ", "x", "-1", "+5", "1.5", "1e3", "0x10", "²", "1_0", "9" * 16, "9" * 5_000, "10, 20"],
)
def test_nonsense_is_no_reading(name: str, value: str) -> None:
    """A value that is not a plain count of sensible size makes the whole reading void."""
    assert rate({**RECORDED, name: value}) is None


@pytest.mark.parametrize(
    ("name", "value"), [(MAX, "0"), (INTERVAL, "0"), (INTERVAL, "86400001"), (INTERVAL, "9" * 15)]
)
def test_a_limit_that_would_stop_everything_is_not_believed(name: str, value: str) -> None:
    """No requests ever, no time at all, or a window of more than a day make no limit."""
    assert rate({**RECORDED, name: value}) is None


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        (DAILY, "x", "daily_limit"),
        (DAILY_LEFT, "-5", "daily_remaining"),
        (DAILY_RESET, "soon", "daily_reset"),
        (DAILY_RESET, "9" * 15, "daily_reset"),
    ],
)
def test_the_day_is_read_apart(name: str, value: str, field: str) -> None:
    """Nonsense about the day, such as one that never ends, costs only what it is about."""
    snapshot = rate({**RECORDED, name: value})

    assert snapshot is not None
    assert getattr(snapshot, field) is None
    assert snapshot.remaining == 83


def test_none_left_is_a_reading() -> None:
    """Zero is what is left before a 429, not a missing value."""
    snapshot = rate({**RECORDED, REMAINING: "0", DAILY_LEFT: "0", DAILY_RESET: "0"})

    assert snapshot is not None
    assert (snapshot.remaining, snapshot.daily_remaining, snapshot.daily_reset) == (0, 0, 0.0)


@given(st.dictionaries(st.sampled_from(list(RECORDED)), some_text))
@example(dict.fromkeys(RECORDED, "\u0661\u0660\u0660"))
def test_whatever_the_headers_hold_a_reading_makes_sense(headers: dict[str, str]) -> None:
    """No header can make the limiter stop for ever, or fail."""
    snapshot = rate({**RECORDED, **headers})

    if snapshot is not None:
        assert snapshot.limit >= 1
        assert 0 < snapshot.interval <= 86_400
        assert snapshot.remaining >= 0
        assert 0 <= (snapshot.daily_reset or 0.0) <= 86_400


# --- Retry-After ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *[("0", 0.0), ("7", 7.0), (" 7 ", 7.0), ("1.5", 1.5), ("-3", 0.0), ("86400", 86_400.0)],
        *[("", None), ("soon", None), ("nan", None), ("inf", None), ("1e400", None)],
        *[("99999999999", None), ("Mon, 32 Foo 2026", None), ("tomorrow 10:00", None)],
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +9999999999", None),
    ],
)
def test_seconds_of_retry_after(value: str, seconds: float | None) -> None:
    """Seconds are taken as they are, the past is now, and nonsense or years are nothing."""
    assert retry_after({"Retry-After": value}) == seconds


@given(now=when, seconds=st.integers(-1_000_000, 1_000_000))
def test_a_date_counts_from_highlevels_own_clock(now: datetime, seconds: int) -> None:
    """A date is measured against the reply's own date, so that our clock may be wrong."""
    then = datetime.fromtimestamp(now.timestamp() + seconds, UTC)
    headers = {
        "Date": format_datetime(now, usegmt=True),
        "Retry-After": format_datetime(then, usegmt=True),
    }

    assert retry_after(headers) == pytest.approx(max(0, seconds), abs=1)


def test_a_date_alone_counts_from_now() -> None:
    """Without a date of the reply, our clock must do."""
    year_2000 = "Sat, 01 Jan 2000 00:00:00 GMT"

    assert retry_after({"Retry-After": year_2000}) == 0.0
    assert retry_after({}) is None


@given(value=some_text, date=some_text)
def test_no_header_breaks_the_reading(value: str, date: str) -> None:
    """Whatever stands there, the wait is nothing, or seconds of less than about a year."""
    seconds = retry_after({"Retry-After": value, "Date": date})

    assert seconds is None or 0 <= seconds < 366 * 86_400


@pytest.mark.parametrize(
    ("date", "server_time"),
    [
        ("Fri, 17 Jul 2026 13:21:30 GMT", datetime(2026, 7, 17, 13, 21, 30, tzinfo=UTC)),
        ("Fri, 17 Jul 2026 13:21:30 -0000", datetime(2026, 7, 17, 13, 21, 30, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_time_of_an_answer(date: str | None, server_time: datetime | None) -> None:
    """HighLevel's clock is an aware datetime, or None where it is not told."""
    headers = {} if date is None else {"Date": date}

    assert Answer(None, 200, headers).server_time == server_time
