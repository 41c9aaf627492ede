"""Whether a piece of work is under way, which several tasks may do at once."""

from typing import Self

from attrs import define, field

__all__ = ["AtWork"]


@define(eq=False)
class AtWork:
    """True while at least one task is inside it."""

    _count: int = field(default=0, init=False)

    def __bool__(self) -> bool:
        """Tell whether any task is."""
        return self._count > 0

    def __enter__(self) -> Self:
        """Begin."""
        self._count += 1
        return self

    def __exit__(self, *error: object) -> None:
        """End, however it ended."""
        self._count -= 1
