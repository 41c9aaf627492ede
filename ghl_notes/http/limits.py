"""Where a limiter starts: the numbers that a user may give. ``window`` has the arithmetic."""

from math import isfinite

from attrs import Attribute, field, frozen

from ghl_notes.errors import ConfigurationError


def _count(_: object, attribute: "Attribute[int]", value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"Limits: {attribute.name} must be a whole number from 1, got {value!r}"
        raise ConfigurationError(msg)


def _seconds(_: object, attribute: "Attribute[float]", value: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and isfinite(value) and value > 0):
        msg = f"Limits: {attribute.name} must be a positive number of seconds, got {value!r}"
        raise ConfigurationError(msg)


def _share(_: object, attribute: "Attribute[float]", value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        msg = f"Limits: {attribute.name} must be a share from 0 to below 1, got {value!r}"
        raise ConfigurationError(msg)


@frozen(kw_only=True)
class Limits:
    """Where a location's limiter starts; what HighLevel's headers say wins over it.

    At most ``burst`` requests in any ``interval`` seconds, and ``daily`` in 24 hours.
    ``reserve`` is the share of ``burst`` that bulk work (the streams) leaves to single calls.
    """

    burst: int = field(default=100, validator=_count)
    interval: float = field(default=10.0, validator=_seconds)
    daily: int = field(default=200_000, validator=_count)
    reserve: float = field(default=0.0, validator=_share)
