"""How a path finds its answer."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from attrs import field, frozen

from ghl_notes.testing.grants import Grant
from ghl_notes.testing.replies import Call, Reply

__all__ = ["Route", "Routes"]

Act = Callable[[Call, Grant, tuple[str, ...]], Reply]


@frozen
class Route:
    """One API route: what it needs, and what answers it.

    ``company`` wants the token of an agency, all others that of a location.
    """

    method: str
    template: str
    act: Act
    scope: str = field(kw_only=True)
    company: bool = field(default=False, kw_only=True)
    only_v3: bool = field(default=False, kw_only=True)

    @property
    def parts(self) -> tuple[str, ...]:
        """The template, taken apart like the path of a call."""
        return tuple(self.template[1:].split("/"))

    @property
    def name(self) -> str:
        """The name of the route in the counters."""
        return f"{self.method} {self.template}"

    def fits(self, call: Call) -> bool:
        """Tell whether this route answers a call of its length."""
        if self.only_v3 and call.version != "v3":
            return False
        pairs = zip(self.parts, call.segments, strict=True)
        return all(part == segment or (part[0] == "{" and segment) for part, segment in pairs)

    def values(self, call: Call) -> tuple[str, ...]:
        """Give what stands in the place of the template's names."""
        pairs = zip(self.parts, call.segments, strict=True)
        return tuple(segment for part, segment in pairs if part[0] == "{")


class Routes:
    """All API routes, found by method and length first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take the routes in; the first that fits a call wins."""
        self._by_shape: dict[tuple[str, int], list[Route]] = defaultdict(list)
        for route in routes:
            self._by_shape[route.method, len(route.parts)].append(route)

    def find(self, call: Call) -> Route | None:
        """Give the route of a call, or None."""
        candidates = self._by_shape.get((call.method, len(call.segments)), ())
        return next((route for route in candidates if route.fits(call)), None)
