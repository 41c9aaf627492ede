"""What the models have in common: JSON, lists that know what they left out, and what is unset."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, TypeAlias, TypeGuard, TypeVar

from ghl_notes.errors import UnexpectedResponse

T = TypeVar("T")

Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What a JSON document decodes to."""

Extra: TypeAlias = Mapping[str, Json]
"""Every field of an object that is newer than this library, under HighLevel's own names."""


def is_plain(value: object) -> TypeGuard[str]:
    """Tell whether it is a string of printable characters: no controls, no half of a surrogate.

    Others cannot stand in a header, in a form, in UTF-8, or in every database.
    """
    return isinstance(value, str) and value != "" and value.isprintable()


def is_bearer(value: object) -> TypeGuard[str]:
    """Tell whether a header can hold it as a token."""
    return is_plain(value) and value.isascii() and not value.isspace()


class Unset(Enum):
    """The default of arguments that are left as they are, since None would be sent."""

    UNSET = "leave as it is"


UNSET: Final = Unset.UNSET


class Listing(list[T]):
    """A list from HighLevel that also knows what it had to leave out.

    ``unreadable`` holds one error for each object that HighLevel sent in a form this library
    cannot read, with the JSON path of the trouble. It is empty in all normal life.
    """

    __slots__ = ("unreadable",)

    def __init__(
        self, items: Iterable[T] = (), *, unreadable: Iterable[UnexpectedResponse] = ()
    ) -> None:
        super().__init__(items)
        self.unreadable: tuple[UnexpectedResponse, ...] = tuple(unreadable)
