# ruff: noqa: ANN001 - parameters are those of a table
"""The ways through lists that only have offsets."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.errors import Unavailable
from ghl_notes.sources.cinnox.paging import Pages


def read(
    pages: Pages, entries: list[str], *, size: int, total: bool, rng: Random | None = None
) -> tuple[list[str], int]:
    """Read a list to its end, while every second entry may go; return what was met, and pages."""
    met, asked = [], 0
    while not pages.done:
        asked += 1
        page = entries[pages.offset : pages.offset + size]
        told, full = len(entries) if total else None, len(page) == size
        met += pages.page(page, received=len(page), total=told, full=full)
        for _ in range(rng.randint(0, 9) if rng else 0):
            going = [one for one in entries if one.startswith("x")]
            if going:
                entries.remove(rng.choice(going))
    return met, asked


@given(count=st.integers(0, 60), size=st.integers(2, 20), total=st.booleans())
def test_every_entry_is_met_once(count: int, size: int, total: bool) -> None:  # noqa: FBT001
    """A list is read to its end, whether it tells its total or not."""
    entries = [f"e{number}" for number in range(count)]
    met, asked = read(Pages(), list(entries), size=size, total=total)

    assert sorted(met) == sorted(entries)
    assert asked <= 2 + count


@given(
    rng=st.randoms(use_true_random=False),
    kinds=st.lists(st.sampled_from("ox"), max_size=80),
    size=st.integers(3, 20),
    total=st.booleans(),
)
def test_what_stays_is_met_while_others_go(rng, kinds, size, total) -> None:
    """Deletes on the way move what is behind them; nothing that stays is lost by it."""
    entries = [f"{kind}{number}" for number, kind in enumerate(kinds)]
    staying = {one for one in entries if one.startswith("o")}
    try:
        met, _ = read(Pages(), entries, size=size, total=total, rng=rng)
    except Unavailable:  # too much at once, and told so
        return

    assert staying <= set(met)
    assert len(met) == len(set(met))


def test_a_server_that_does_not_skip_is_read_once() -> None:
    """A list that comes whole whatever is asked for, without a total, does not go on for ever."""
    pages, whole = Pages(), [f"e{number}" for number in range(30)]
    met, asked = [], 0
    while not pages.done and asked < 9:
        asked += 1
        met += pages.page(whole, received=30, total=None)

    assert pages.done
    assert asked == 5
    assert sorted(met) == sorted(whole)


def test_what_is_added_on_the_way_is_no_end() -> None:
    """Pages that only bring what was met, as others add before them, are followed to the end."""
    pages, entries, met = Pages(), [f"e{number}" for number in range(40)], set[str]()
    for asked in range(200):
        if pages.done:
            break
        met |= pages.page(page := entries[pages.offset :][:10], received=len(page), total=None)
        entries[:0] = [f"new{asked}.{number}" for number in range(5 if asked < 30 else 0)]

    assert pages.done
    assert met >= {f"e{number}" for number in range(40)}


def test_a_list_that_never_holds_still_is_told() -> None:
    """Pages that never join end in an error which says to come again."""
    pages = Pages()

    def read_on() -> None:
        for asked in range(20):
            pages.page([f"p{asked}n{number}" for number in range(9)], received=9, total=1_000)

    with pytest.raises(Unavailable, match="later"):
        read_on()
