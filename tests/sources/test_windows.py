# ruff: noqa: ANN001 - parameters are those of a table
"""The walk through Close's notes: each once, whatever is added and deleted on the way."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghl_notes.errors import RequestRejected, Unavailable
from ghl_notes.sources.close.windows import Ask, Walk
from tests.sources.lists import NOW, NoteServer, Others

SPREADS = [timedelta(minutes=1), timedelta(days=3), timedelta(days=400), timedelta(days=25_000)]
spreads = st.sampled_from(SPREADS)


def read(walk: Walk, server: NoteServer, others: Others | None = None) -> Counter[str]:
    """Go the whole way, and count how often each note was met."""
    met: Counter[str] = Counter()
    while (ask := walk.next()) is not None:
        page = server.page(ask)
        if page is None:
            walk.overflowed()
        else:
            met.update(told(walk, server, *page))
        if others is not None:
            others.write()
    return met


def told(walk: Walk, server: NoteServer, ids: list[str], more: bool) -> set[str]:  # noqa: FBT001
    """Tell the walk a page, and half of the time how old its notes are."""
    oldest = min(map(server.made.get, ids), default=None) if server.asked % 2 else None
    return walk.page(ids, received=len(ids), more=more, oldest=oldest)


def times(rng: Random, count: int, spread: timedelta) -> dict[str, datetime]:
    """Make notes, many of them of the same second."""
    steps = rng.randint(max(1, count // 4), 3 * count + 1)
    made = {}
    for number in range(count):
        when = NOW - rng.randrange(steps) * spread / steps
        made[f"n{number:04}"] = when if number % 3 else when.replace(microsecond=0)
    return made


@settings(max_examples=40)
@given(
    rng=st.randoms(use_true_random=False),
    count=st.integers(0, 120),
    spread=spreads,
    size=st.integers(3, 12),
    max_skip=st.integers(0, 60),
    since=st.sampled_from([None, 0.1, 0.5, 1.0]),
    whole=st.booleans(),
)
def test_every_note_is_met_once(rng, count, spread, size, max_skip, since, whole) -> None:
    """A list that stands still is read to its last note, for a bounded number of requests."""
    made = times(rng, count, spread)
    seconds = Counter(when.replace(microsecond=0) for when in made.values())
    crowd = max(seconds.values(), default=0)
    deep = max(max_skip, 2 * crowd + size)  # so deep that two seconds fit
    server = NoteServer(dict(made), deep, size, whole)
    begin = None if since is None else NOW - since * spread
    met = read(Walk(begin, NOW), server)
    wanted = {one for one, when in made.items() if begin is None or when >= begin}

    assert wanted <= met.keys()  # the walk goes by whole seconds, so it may meet a little more
    assert set(met.values()) <= {1}
    assert server.asked <= 60 + 12 * count


def read_among_others(rng, count, spread, size, max_skip, most) -> None:
    """Read while others write, and check that what stays was met once."""
    made = times(rng, count, spread)
    doomed = [one for one in made if rng.random() < 0.5]
    staying = made.keys() - set(doomed)
    server = NoteServer(dict(made), max_skip + 100, size)
    others = Others(server, rng, doomed, most, spread)
    try:
        met = read(Walk(None, NOW), server, others)
    except (Unavailable, RequestRejected):  # more of one second than can be read, and told so
        return

    assert staying <= met.keys()
    assert set(met.values()) <= {1}


@settings(max_examples=20)
@given(
    rng=st.randoms(use_true_random=False),
    count=st.integers(0, 60),
    spread=spreads,
    size=st.integers(3, 12),
    max_skip=st.integers(20, 200),
    most=st.integers(1, 12),
)
def test_what_stays_is_met_once_while_others_come_and_go(
    rng, count, spread, size, max_skip, most
) -> None:
    """Whatever is added or deleted between two pages, nothing that stays is missed or doubled."""
    read_among_others(rng, count, spread, size, max_skip, most)


@pytest.mark.slow
@settings(max_examples=300)
@given(
    rng=st.randoms(use_true_random=False),
    count=st.integers(0, 120),
    spread=spreads,
    size=st.integers(3, 12),
    max_skip=st.integers(20, 200),
    most=st.integers(1, 12),
)
def test_what_stays_in_long_lists_is_met_once(rng, count, spread, size, max_skip, most) -> None:
    """The same in lists twice as long, with many more ways through them."""
    read_among_others(rng, count, spread, size, max_skip, most)


def test_many_deletes_do_not_stop_it() -> None:
    """A window that changes with every page is narrowed until it holds still for one."""
    made = {f"n{number:04}": NOW - timedelta(minutes=number) for number in range(600)}
    server = NoteServer(made, size=10)
    doomed = sorted(made)[:240]  # the newest, so that all others move
    staying = made.keys() - set(doomed)
    walk, met = Walk(None, NOW), set()
    while (ask := walk.next()) is not None:
        met |= told(walk, server, *server.page(ask))
        for _ in range(min(len(doomed), 8)):
            server.made.pop(doomed.pop(0))

    assert not doomed
    assert staying <= met


def test_a_page_after_many_deletes_begins_its_window_anew() -> None:
    """A page that joins nowhere counts for nothing, and the window is read from its start."""
    walk = Walk(None, NOW)
    first = walk.page([f"n{number}" for number in range(100)], received=100, more=True)
    skipped = walk.next().skip
    lost = walk.page([f"n{number}" for number in range(110, 210)], received=100, more=True)

    assert (len(first), skipped, lost, walk.next().skip) == (100, 95, set(), 0)


def test_entries_without_an_id_do_not_stop_it() -> None:
    """Whether a page follows is not asked of entries that cannot tell."""
    walk = Walk(None, NOW)
    for page in range(20):
        assert walk.next().skip == page * 95
        walk.page([f"n{page}"] * (page % 3 == 0), received=100, more=True)


def test_more_notes_of_one_second_than_can_be_listed_are_told() -> None:
    """No window is smaller than a second, so what does not fit says where else it can be read."""
    made = {f"n{number}": NOW for number in range(50)}
    with pytest.raises(RequestRejected, match=r"2026-11-01 12:00:00 UTC.*CloseExport"):
        read(Walk(None, NOW), NoteServer(made, max_skip=20, size=10))


def test_a_list_that_never_holds_still_is_told() -> None:
    """Pages that never join end in an error which says to come again."""
    walk = Walk(NOW, NOW)

    def read_on() -> None:
        for page in range(50):
            walk.page([f"p{page}n{number}" for number in range(100)], received=100, more=True)

    with pytest.raises(Unavailable, match="later"):
        read_on()


def test_a_deep_window_is_narrowed_unasked() -> None:
    """Ten thousand notes deep the window is halved, before Close refuses to go on."""
    made = {f"n{number:05}": NOW - timedelta(seconds=number) for number in range(12_000)}
    server = NoteServer(made, size=400)
    deepest = 0
    walk, met = Walk(None, NOW), set()
    while (ask := walk.next()) is not None:
        deepest = max(deepest, ask.skip)
        met |= told(walk, server, *server.page(ask))

    assert len(met) == 12_000
    assert deepest <= 10_400
    assert server.asked < 72


def test_sparse_years_cost_few_requests() -> None:
    """Windows grow while they are nearly empty, back to the oldest note that can be."""
    server = NoteServer(
        {"old": datetime(1985, 1, 1, tzinfo=UTC), "older": datetime(1930, 1, 1, tzinfo=UTC)}
    )

    assert read(Walk(None, NOW), server) == {"old": 1, "older": 1}
    assert server.asked < 15


def test_what_overflowed_once_is_not_provoked_again() -> None:
    """A window that just fits is not doubled: the ceiling that was met is remembered."""
    made = {f"n{number:04}": NOW - timedelta(minutes=10 * number) for number in range(3_000)}
    server, overflows = NoteServer(made, max_skip=300, size=100), 0
    walk, met = Walk(None, NOW), set()
    while (ask := walk.next()) is not None:
        page = server.page(ask)
        if page is None:
            overflows += 1
            walk.overflowed()
        else:
            met |= told(walk, server, *page)

    assert len(met) == 3_000
    assert overflows <= 6
    assert server.asked < 100


@pytest.mark.parametrize("since", [NOW, NOW + timedelta(days=1)])
def test_an_empty_span_is_one_request(since: datetime) -> None:
    """Nothing between its ends, or ends that cross, is asked for once."""
    server = NoteServer({})
    read(Walk(since, NOW), server)

    assert server.asked == 1


@pytest.mark.parametrize(
    "since",
    [datetime.min.replace(tzinfo=UTC), datetime(1, 1, 2, tzinfo=timezone(timedelta(hours=5)))],
)
def test_the_beginning_of_time_is_a_lower_end(since: datetime) -> None:
    """The arithmetic of windows stays inside the calendar."""
    assert read(Walk(since, NOW), NoteServer({"n": NOW})) == {"n": 1}


def test_ends_are_widened_to_whole_seconds() -> None:
    """What Close compares by the second is asked for so that nothing at the ends is lost."""
    ends = NOW.replace(microsecond=5), NOW.replace(second=9, microsecond=5)
    ask = Walk(*ends).next()

    assert ask == Ask(NOW, NOW.replace(second=10), 0)
