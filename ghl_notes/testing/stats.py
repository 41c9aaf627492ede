"""What the pretend HighLevel saw, for tests to look at."""

from array import array
from collections import Counter
from collections.abc import Callable

from attrs import define, field, frozen

from ghl_notes.testing.ids import Ids, Kind
from ghl_notes.testing.limiter import Trail

__all__ = ["SeenRequest", "Stats"]


@frozen
class SeenRequest:
    """One request as it was answered. ``status`` is None where no reply was begun."""

    method: str
    path: str
    query: str
    version: str | None
    status: int | None


@define(eq=False)
class Stats:
    """Counters since the start.

    ``requests`` counts all, ``by_route`` each route by its template such as ``GET
    /contacts/{contactId}/notes``. ``accepted`` and ``rejected_429`` are the limiter's view of the
    API calls. ``refreshes``, ``exchanges`` and ``mints`` count tokens handed out, repeats inside
    the grace period included. ``webhooks`` counts the webhooks that were sent, each attempt by its
    event's type.
    """

    requests: int = 0
    by_route: Counter[str] = field(factory=Counter)
    accepted: int = 0
    rejected_429: int = 0
    refreshes: int = 0
    exchanges: int = 0
    mints: int = 0
    invalid_grants: int = 0
    notes_created: int = 0
    webhooks: Counter[str] = field(factory=Counter)
    _ids: Ids = field(factory=Ids, repr=False)
    _trails: dict[str, Trail] = field(factory=dict, repr=False)
    _reads: dict[int, "array[int]"] = field(factory=dict, repr=False)

    @property
    def max_in_window(self) -> int:
        """The most requests of one location in any trailing interval, refused ones included."""
        return max((trail.most for trail in self._trails.values()), default=0)

    def max_in_window_of(self, owner_id: str) -> int:
        """Tell the same for one location or company."""
        trail = self._trails.get(owner_id)
        return 0 if trail is None else trail.most

    def reads(self, contact_id: str) -> int:
        """Tell how often the notes of this contact were listed."""
        serial = self._ids.decode(contact_id)
        if serial is None or serial.kind is not Kind.CONTACT:
            return 0
        counts = self._reads.get(serial.location, ())
        return counts[serial.contact] if serial.contact < len(counts) else 0

    def count_read(self, location: int, contact: int) -> None:
        """Count one listing of a contact's notes."""
        counts = self._reads.setdefault(location, array("I"))
        missing = contact + 1 - len(counts)
        # Grown in blocks: 4 bytes for each contact, and few copies.
        if missing > 0:
            counts.frombytes(bytes(counts.itemsize * (missing + 1024)))
        counts[contact] += 1

    def see(self, owner_id: str, now: float, make: Callable[[], Trail]) -> None:
        """See one request of a location or company at a monotonic time."""
        trail = self._trails.get(owner_id)
        if trail is None:
            trail = self._trails[owner_id] = make()
        trail.add(now)
