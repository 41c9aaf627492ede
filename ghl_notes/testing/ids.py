"""Ids that look like HighLevel's and can be counted: 20 letters and digits, from an integer.

An id is a serial number scrambled by a small keyed permutation, so that 200,000 contacts need no
memory: their ids are computed, and every id tells which record it stands for.
"""

import random
import string
import uuid
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from attrs import field, frozen

__all__ = ["Ids", "Kind", "Serial", "make_uuid"]

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_VALUES = {pair: value for value, pair in enumerate(_PAIRS)}
_LENGTH = 20
_HALF = 59  # bits: two halves make 118, and 62**20 has room for 119
_MASK = (1 << _HALF) - 1
_MULTIPLIER = 0x9E3779B97F4A7C15
_CONTACT_BITS = 36
_NOTE_BITS = 36
_LOCATION_BITS = 24


class Kind(IntEnum):
    """What an id stands for."""

    COMPANY = 1
    LOCATION = 2
    USER = 3
    CONTACT = 4
    NOTE = 5
    TASK = 6
    APPOINTMENT = 7
    APPOINTMENT_NOTE = 8
    CALENDAR = 9
    CUSTOM_FIELD = 10


class Serial(NamedTuple):
    """The number behind an id: which record of which contact of which location."""

    kind: Kind
    location: int = 0
    contact: int = 0
    note: int = 0


def make_uuid(rng: random.Random) -> str:
    """Make a random UUID that is the same in every run of a seeded ``rng``."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _keys(seed: int) -> tuple[int, ...]:
    rng = random.Random(f"ids {seed}")  # noqa: S311 - looks, not secrecy
    return tuple(rng.getrandbits(_HALF) for _ in range(4))


@frozen
class Ids:
    """The ids of one pretend HighLevel; another seed gives others."""

    seed: int = 0
    _round_keys: Sequence[int] = field(init=False, repr=False, eq=False)

    @_round_keys.default
    def _make_keys(self) -> Sequence[int]:
        return _keys(self.seed)

    def encode(self, kind: Kind, location: int = 0, contact: int = 0, note: int = 0) -> str:
        """Name a record; the same numbers always give the same id."""
        number = kind << _LOCATION_BITS | location
        number = (number << _CONTACT_BITS | contact) << _NOTE_BITS | note
        number = self._scramble(number)
        pairs = []
        for _ in range(_LENGTH // 2):
            number, pair = divmod(number, len(_PAIRS))
            pairs.append(_PAIRS[pair])
        return "".join(pairs)

    def decode(self, text: str) -> Serial | None:
        """Tell which record an id stands for, or None when this HighLevel never gave it out."""
        if len(text) != _LENGTH:
            return None
        number = 0
        for at in range(_LENGTH - 2, -1, -2):
            value = _VALUES.get(text[at : at + 2])
            if value is None:
                return None
            number = number * len(_PAIRS) + value
        return _parts(self._unscramble(number)) if number >> 2 * _HALF == 0 else None

    def _scramble(self, number: int) -> int:
        left, right = number >> _HALF, number & _MASK
        for key in self._round_keys:
            left, right = right, left ^ _mix(right, key)
        return left << _HALF | right

    def _unscramble(self, number: int) -> int:
        left, right = number >> _HALF, number & _MASK
        for key in reversed(self._round_keys):
            left, right = right ^ _mix(left, key), left
        return left << _HALF | right


def _mix(half: int, key: int) -> int:
    return ((half + key) * _MULTIPLIER >> 40) & _MASK


def _parts(number: int) -> Serial | None:
    note, number = number & (1 << _NOTE_BITS) - 1, number >> _NOTE_BITS
    contact, number = number & (1 << _CONTACT_BITS) - 1, number >> _CONTACT_BITS
    location, kind = number & (1 << _LOCATION_BITS) - 1, number >> _LOCATION_BITS
    if kind not in Kind.__members__.values():  # a random id has 18 spare bits that must be zero
        return None
    return Serial(Kind(kind), location, contact, note)
