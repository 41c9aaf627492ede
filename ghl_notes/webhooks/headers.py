"""The headers of a request, in whichever form a framework holds them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from ghl_notes.errors import ConfigurationError

__all__ = ["Found", "Headers", "find"]

Headers: TypeAlias = (
    Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[str | bytes, str | bytes]]
)
"""Headers as a mapping, in any case, or as pairs, such as ``scope["headers"]`` of ASGI."""

Found: TypeAlias = Mapping[str, Sequence[str]]
"""The values of each header that was looked for and is there, by its name in lower case."""

_FORM: Final = "headers must be a mapping of str or bytes, or pairs of a name and a value"


def find(headers: Headers, names: frozenset[str]) -> Found:
    """Find headers by their names in lower case, with every value of each, in their order.

    Raises ``ConfigurationError`` for what cannot be headers.
    """
    found: dict[str, list[str]] = {}
    for name, value in _pairs(headers):
        key = _decoded(name).lower()
        if key in names:
            found.setdefault(key, []).append(_decoded(value))
    return found


def _pairs(headers: Headers) -> Iterator[tuple[object, object]]:
    items = getattr(headers, "items", None)  # mappings, and what only looks like one
    pairs = items() if callable(items) else headers
    if isinstance(pairs, str | bytes) or not isinstance(pairs, Iterable):
        raise ConfigurationError(_FORM)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:  # noqa: PLR2004 - a pair
            raise ConfigurationError(_FORM)
        yield pair[0], pair[1]


def _decoded(one: object) -> str:
    if isinstance(one, str):
        return one
    if isinstance(one, bytes):
        return one.decode("latin-1")  # as HTTP's headers are: every byte is a letter
    raise ConfigurationError(_FORM)
