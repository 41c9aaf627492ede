"""How a path finds its answer."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Generic, Literal, TypeVar

from attrs import field, frozen

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.replies import Call, Reply

__all__ = ["Path", "Route", "Routes"]

Act = Callable[[Call, Grant, tuple[str, ...]], Reply]


@frozen
class Path:
    """A method and a path with names in it, such as ``/contacts/{contactId}``.

    ``parts`` is the template, taken apart like the path of a call.
    """

    method: str
    template: str
    parts: tuple[str, ...] = field(init=False, repr=False)

    @parts.default
    def _take_apart(self) -> tuple[str, ...]:
        return tuple(self.template[1:].split("/"))

    @property
    def name(self) -> str:
        """The name of the route in the counters."""
        return f"{self.method} {self.template}"

    def fits(self, call: Call) -> bool:
        """Tell whether a call of its length is on this path."""
        pairs = zip(self.parts, call.segments, strict=True)
        return all(part == segment or (part.startswith("{") and segment) for part, segment in pairs)

    def knows(self, call: Call) -> bool:  # noqa: ARG002 - for those that look at it
        """Tell whether the version of a call has this path."""
        return True

    def values(self, call: Call) -> tuple[str, ...]:
        """Give what stands in the place of the template's names."""
        pairs = zip(self.parts, call.segments, strict=True)
        return tuple(segment for part, segment in pairs if part.startswith("{"))


@frozen
class Route(Path):
    """One API route of HighLevel: what it needs, and what answers it.

    ``company`` wants the token of an agency, all others that of a location. ``only`` is for the
    one generation of versions that knows the route. ``flagged`` tells that its reply has a flag
    such as ``succeded``.
    """

    act: Act
    scope: str = field(kw_only=True)
    company: bool = field(default=False, kw_only=True)
    only: Literal["v2", "v3"] | None = field(default=None, kw_only=True)
    flagged: bool = field(default=False, kw_only=True)

    def knows(self, call: Call) -> bool:
        """Tell whether the version of a call has this route."""
        return self.only is None or (self.only == "v3") is call.v3


P = TypeVar("P", bound=Path)


class Routes(Generic[P]):
    """All API routes, found by method and length first."""

    def __init__(self, routes: Iterable[P]) -> None:
        """Take the routes in; the first on whose path a call is wins, whatever its version."""
        self._by_shape: dict[tuple[str, int], list[P]] = defaultdict(list)
        for route in routes:
            self._by_shape[route.method, len(route.parts)].append(route)

    def find(self, call: Call) -> P | None:
        """Give the route of a call, or None."""
        candidates = self._by_shape.get((call.method, len(call.segments)), ())
        found = next((route for route in candidates if route.fits(call)), None)
        return found if found is not None and found.knows(call) else None
