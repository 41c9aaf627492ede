"""Ids name records without a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghl_notes.testing.ids import Ids, Kind, Serial

numbers = st.integers(0, 2**24 - 1)
serials = st.builds(Serial, st.sampled_from(Kind), numbers, numbers, numbers)


@given(serials, st.integers())
def test_decoding_undoes_encoding(serial: Serial, seed: int) -> None:
    """An id tells exactly the record it was made for."""
    ids = Ids(seed)
    name = ids.encode(*serial)

    assert serial == ids.decode(name)
    assert len(name) == 20
    assert name.isascii()
    assert name.isalnum()


@given(serials, serials)
def test_ids_are_distinct(one: Serial, other: Serial) -> None:
    """Two records never share an id."""
    ids = Ids()

    assert (one == other) == (ids.encode(*one) == ids.encode(*other))


@given(st.text(max_size=24))
def test_strange_text_is_no_id(text: str) -> None:
    """What was never given out decodes to nothing, and never fails."""
    assert Ids().decode(text) is None


@pytest.mark.parametrize("text", ["z" * 20, "0" * 19 + "-", "0" * 21])
def test_numbers_beyond_all_ids_are_none(text: str) -> None:
    """Too large a number, a strange character or a wrong length is no id."""
    assert Ids().decode(text) is None


@given(st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0189", min_size=20, max_size=20))
def test_made_up_ids_decode_to_nothing(text: str) -> None:
    """An id of the right shape that was never given out is practically never one of ours."""
    serial = Ids().decode(text)

    assert serial is None or serial.location > 100


def test_a_seed_changes_the_ids() -> None:
    """Ids of one pretend HighLevel mean nothing in one with another seed."""
    assert Ids(1).decode(Ids(0).encode(Kind.CONTACT)) is None
